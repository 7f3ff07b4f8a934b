"""How a message becomes what the hub is sent: content, tag, encryption (PROTO 5.4; mimi-content-08)."""

from dataclasses import dataclass, field

from mimi_conformance.reference.client.membership import Membership
from mimi_conformance.reference.client.receiving import Step, with_message
from mimi_conformance.reference.content.application_data import frame
from mimi_conformance.reference.content.codec import encode_content
from mimi_conformance.reference.content.franking.agent import FrankingRoom
from mimi_conformance.reference.content.franking.commitment import commit
from mimi_conformance.reference.content.franking.verification import FrankedMessage, Received, verify
from mimi_conformance.reference.content.message import MimiContent
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_messages import send
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageRequest, SubmitMessageResponse


@dataclass(frozen=True, slots=True)
class Letter:
    """A message on its way.

    Attributes:
        content: what it says.
        sender: who says it.
        application_data: as MLS encrypts it.
        authenticated_data: what goes along in the clear.
        request: what the hub is sent.
        after: the group in which the message's key is used up.

    """

    content: MimiContent
    sender: MimiUri
    application_data: bytes = field(repr=False)
    authenticated_data: bytes = field(repr=False)
    request: SubmitMessageRequest = field(repr=False)
    after: Group = field(repr=False)


def sealed(membership: Membership, content: MimiContent, sender: MimiUri, random: Random) -> Letter:
    """A message for a room, with a tag for the hub to stamp where the room has a franking agent (PROTO 5.4.1.1).

    Raises:
        ContentError: the content is not what it should be.
        FrankingError: it lacks what franking needs.
        RuleError: the member can't send now, as when there are proposals to commit first.

    """
    group, extensions = membership.group, membership.group.public.state.extensions
    data = frame(encode_content(content), extensions.media_types)
    room = FrankingRoom.of(membership.room_id, group.context.cipher_suite, extensions)
    items = {} if room.agent is None else commit(data, extensions.media_types)
    authenticated = encode_safe_aad(items) if room.safe_aad else b""
    message, after = send(group, data, random=random, authenticated_data=authenticated)
    request = SubmitMessageRequest(Protocol.mls10, message, IdentifierUri(bytes(sender)))
    return Letter(content, sender, data, authenticated, request, after)


def own_message(membership: Membership, letter: Letter, response: SubmitMessageResponse) -> Step:
    """A room with a message of one's own that the hub has accepted.

    Raises:
        FrankingError: the frank is not the hub's, or not for this message.

    """
    accepted, franked = response.accepted_timestamp or 0, _franked(membership, letter, response)
    return with_message(membership, letter.content, letter.sender, accepted=accepted, franked=franked, now=accepted)


def _franked(membership: Membership, letter: Letter, response: SubmitMessageResponse) -> FrankedMessage | None:
    if response.frank is None:
        return None
    group = membership.group
    room = FrankingRoom.of(membership.room_id, group.context.cipher_suite, group.public.state.extensions)
    received = Received(
        letter.application_data,
        letter.authenticated_data,
        letter.sender,
        response.accepted_timestamp or 0,
        response.frank,
    )
    return verify(received, room)
