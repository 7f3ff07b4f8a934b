"""What a client does with the events of a room: it judges them as the hub does (architecture 4.4)."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from types import MappingProxyType

from mimi_conformance.reference.client.happenings import Changed, Discarded, Happening, Proposed, Removed, Said
from mimi_conformance.reference.client.membership import Membership
from mimi_conformance.reference.content.application_data import MIMI_CONTENT, unframe
from mimi_conformance.reference.content.codec import decode_content
from mimi_conformance.reference.content.franking.agent import FrankingRoom
from mimi_conformance.reference.content.franking.rules import FrankingError, VerificationRule
from mimi_conformance.reference.content.franking.verification import FrankedMessage, Received, verify
from mimi_conformance.reference.content.message import MimiContent
from mimi_conformance.reference.content.message_id import message_id
from mimi_conformance.reference.content.rules import ContentError
from mimi_conformance.reference.content.timeline.arrival import Arrival, Circumstances
from mimi_conformance.reference.content.timeline.timeline import receive as receive_message
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group_processing import (
    ReceivedApplicationData,
    ReceivedCommit,
    ReceivedProposal,
    process,
)
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.provider.arrival import epoch_of
from mimi_conformance.reference.room.actors import JoinCode
from mimi_conformance.reference.room.credentials import client_identity
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.updates import (
    CommitAccepted,
    Handshake,
    ProposalsAccepted,
    Refusal,
    accept_commit,
    accept_overtaken,
)
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.framing import SenderType
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.franking import Frank
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType

_NEVER_FRANKED = {
    VerificationRule.TAG_PRESENT,
    VerificationRule.FRANK_PRESENT,
    VerificationRule.AGENT_PRESENT,
}


class NotTaken(Exception):  # noqa: N818  # it is a finding, not an error of this program
    """An event counts for nothing; the text is a sentence."""


@dataclass(frozen=True, slots=True)
class Step:
    """A room after something, and what a user is told of it."""

    membership: Membership
    happenings: tuple[Happening, ...] = ()


def receive(membership: Membership, event: FanoutMessage, now: int) -> Step:
    """Take in an event of the room, which is not a Welcome.

    What does not count changes nothing. What is of an epoch that has passed is no news: the client has it already. Nor
    are messages from before it came into the room.

    Args:
        membership: the room before it.
        event: what the hub tells.
        now: milliseconds of the Unix epoch.

    """
    first = membership.since if event.event is FanoutEvent.application else membership.epoch
    if membership.is_over or (epoch_of(event.message) or 0) < first:
        return Step(membership)
    try:
        match event.event:
            case FanoutEvent.application:
                return _message(membership, event, now)
            case FanoutEvent.proposal:
                return _proposals(membership, (event.message, *(event.more_proposals or ())), event.timestamp)
            case _:
                return _commit(membership, event)
    except (NotTaken, RuleError, ContentError, CredentialError, DecodeError) as error:
        return Step(membership, (Discarded(membership.room_id, str(error)),))


def _message(membership: Membership, event: FanoutMessage, now: int) -> Step:
    received = process(membership.group, event.message, None)
    assert isinstance(received, ReceivedApplicationData), "an event of this kind is"
    membership = replace(membership, group=received.group)
    sender = _sender(membership, received)
    extensions = _extensions(membership, received.epoch)
    media_type, encoded = unframe(received.data, extensions.media_types)
    if media_type.type.lower() != MIMI_CONTENT.type:
        raise NotTaken(f"A message of type {media_type.type!r} is nothing that this client can read.")
    content = decode_content(encoded)
    franked = _verified(membership, received, sender, event)
    return with_message(membership, content, sender, accepted=event.timestamp, franked=franked, now=now)


def with_message(
    membership: Membership,
    content: MimiContent,
    sender: MimiUri,
    *,
    accepted: int,
    franked: FrankedMessage | None,
    now: int,
) -> Step:
    """A room with one more message, whoever has sent it.

    Args:
        membership: the room before it.
        content: what it says.
        sender: the user that its sender's credential names.
        accepted: when the hub accepted it, in milliseconds of the Unix epoch.
        franked: the message with its frank, which was verified; None without one.
        now: milliseconds of the Unix epoch.

    """
    id_ = message_id(content, sender_uri=sender.text, room_uri=membership.room_id.text)
    view = membership.view
    role = view.policy.role(view.participants.role_index(bytes(sender)) or NO_ROLE)
    arrival = Arrival(id_, content, sender.text, accepted, frozenset() if role is None else role.capabilities)
    users = {user.decode() for user in membership.state.committed.participants.clients_by_user}
    circumstances = Circumstances(now, membership.room_id.text, users | {sender.text})
    timeline, outcome = receive_message(membership.timeline, arrival, circumstances)
    kept = membership.franked if franked is None else MappingProxyType({**membership.franked, id_: franked})
    said = Said(membership.room_id, id_, sender, content, accepted, outcome, franked)
    return Step(replace(membership, timeline=timeline, franked=kept), (said,))


def _sender(membership: Membership, received: ReceivedApplicationData) -> MimiUri:
    """The user in the credential of whoever sent a message, in the epoch in which it was sent."""
    keys = {each.framing.group_context.epoch: each for each in (*membership.group.late, membership.group.keys)}
    leaf_node = keys[received.epoch].tree.member(received.sender)
    return client_identity(leaf_node.credential, membership.state.mapping).user


def _extensions(membership: Membership, epoch: int) -> GroupExtensions:
    contexts = (each.framing.group_context for each in (*membership.group.late, membership.group.keys))
    return GroupExtensions.read(next(each for each in contexts if each.epoch == epoch).extensions)


def _verified(
    membership: Membership, received: ReceivedApplicationData, sender: MimiUri, event: FanoutMessage
) -> FrankedMessage | None:
    """The message with its frank; None without one. A frank that is wrong makes the message suspicious (PROTO 5.4.1.3).

    Raises:
        FrankingError: the frank is wrong.

    """
    context = membership.group.context
    room = FrankingRoom.of(membership.room_id, context.cipher_suite, _extensions(membership, received.epoch))
    frank: Frank | None = event.frank
    try:
        return verify(
            Received(received.data, received.authenticated_data, sender, event.timestamp, frank),
            room,
        )
    except FrankingError as error:
        if error.rule in _NEVER_FRANKED and frank is None:
            return None
        raise


def _proposals(membership: Membership, messages: tuple[MLSMessage, ...], accepted: int) -> Step:
    group, handshakes = membership.group, list[Handshake]()
    for message in messages:
        received = process(group, message, None)
        assert isinstance(received, ReceivedProposal), "an event of this kind is"
        group = received.group
        handshakes.append(message.public_message or received.content)
    answer = accept_overtaken(membership.state, handshakes, accepted // 1000)
    if not isinstance(answer, ProposalsAccepted):
        raise NotTaken(f"The policy is against it: {answer}")
    after = membership.at(group, answer.state)
    return Step(after, (Proposed(membership.room_id, answer.acts),) if answer.acts else ())


def _commit(membership: Membership, event: FanoutMessage) -> Step:
    received = process(membership.group, event.message, None)
    assert isinstance(received, ReceivedCommit), "an event of this kind is"
    handshake = event.message.public_message or received.staged.content
    answer = judged_commit(membership, handshake, event.timestamp)
    if not isinstance(answer, CommitAccepted):
        raise NotTaken(f"The policy is against it: {answer}")
    if received.group.removed:
        return Step(replace(membership, group=received.group), (Removed(membership.room_id),))
    after = membership.at(received.group, answer.state)
    happenings: tuple[Happening, ...] = (Changed(after.room_id, after.epoch, answer.acts),)
    if event.external_proposals:
        along = receive(after, _alone(event), event.timestamp)
        return Step(along.membership, (*happenings, *along.happenings))
    return Step(after, happenings)


def _alone(event: FanoutMessage) -> FanoutMessage:
    first, *more = event.external_proposals or ()
    return FanoutMessage(timestamp=event.timestamp, message=first, more_proposals=tuple(more))


def judged_commit(membership: Membership, commit: Handshake, accepted: int) -> CommitAccepted | Refusal:
    """What the room says to a commit. Only the hub sees joining codes: others believe that there was one (AMB-164).

    Args:
        membership: the room before it.
        commit: the commit.
        accepted: when the hub has accepted it, in milliseconds of the Unix epoch.

    """
    answer = accept_commit(membership.state, commit, accepted // 1000)
    joins = commit.content.sender.sender_type is SenderType.new_member_commit
    if isinstance(answer, CommitAccepted) or not joins:
        return answer
    with_code = (
        accept_commit(membership.state, commit, accepted // 1000, join_code=each) for each in _codes(membership)
    )
    return next((each for each in with_code if isinstance(each, CommitAccepted)), answer)


def _codes(membership: Membership) -> Iterator[JoinCode]:
    no_role = membership.view.policy.no_role
    if CapabilityType.can_use_join_code in no_role.capabilities and NO_ROLE in no_role.changes:
        yield JoinCode(b"", min(no_role.changes[NO_ROLE]))
