"""Defects of a hub in what it accepts for its rooms, and whom it tells (PROTO 3, 5.3 to 5.6)."""

from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.fanout import Audience
from mimi_conformance.reference.provider.founding import NewRoom
from mimi_conformance.reference.provider.group_info import GroupInfoQuestion
from mimi_conformance.reference.provider.handshakes import HandshakeRule, NotAccepted, not_allowed
from mimi_conformance.reference.provider.messages import Answer, Call
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.derivation import view_of
from mimi_conformance.reference.room.participants import ParticipantList, provider_of
from mimi_conformance.reference.room.policy import NO_ROLE, RoomPolicy, RoomRole
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.updates import CommitAccepted, Handshake, ProposalsAccepted, accept_commit
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.framing import SenderType
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoCode
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageRequest
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import SingleSourceRoleChangeTargets

OTHERS = frozenset({"b.example", "c.example"})
"""The followers of the reference when it is the hub."""
NOBODY: frozenset[str] = frozenset()


@defect("makes-rooms-in-name-only", breaks=("PROTO-3.1-01",))
class MakesRoomsInNameOnly(Provider):
    """Says that it has made a room, and has not."""

    def create_room(self, transaction: Transaction, new: NewRoom) -> None:
        pass


class Telling(Provider):
    """Tells some events to others than it should; the class that derives from this one says which, and whom."""

    event: FanoutEvent

    def tell(self, transaction: Transaction, state: RoomState, audience: Audience, event: FanoutMessage) -> None:
        told = self.audience_of(audience, state) if event.event is self.event else audience
        super().tell(transaction, state, told, event)

    def audience_of(self, audience: Audience, state: RoomState) -> Audience:
        """Whom it tells instead."""
        raise NotImplementedError


class TellingNoFollower(Telling):
    """Tells its own clients only."""

    def audience_of(self, audience: Audience, state: RoomState) -> Audience:
        return replace(audience, providers=NOBODY)


class TellingNoClient(Telling):
    """Tells other providers only."""

    def audience_of(self, audience: Audience, state: RoomState) -> Audience:
        return replace(audience, clients=())


class TellingEverybody(Telling):
    """Tells every provider that it has heard of."""

    def audience_of(self, audience: Audience, state: RoomState) -> Audience:
        return replace(audience, providers=audience.providers | OTHERS)


@defect(
    "sends-nobody-a-welcome",
    breaks=("PROTO-3.2-05", "PROTO-3.2-06", "PROTO-3.3-03", "PROTO-5.5-05"),
)
class SendsNobodyAWelcome(TellingNoFollower):
    """Does not know which provider a Welcome is for."""

    event = FanoutEvent.welcome


@defect("sends-everybody-a-welcome", breaks=("PROTO-3.2-06",))
class SendsEverybodyAWelcome(TellingEverybody):
    """Sends a Welcome to whomever it knows, as it does not look into it."""

    event = FanoutEvent.welcome


@defect("sends-newcomers-the-commit", breaks=("PROTO-3.3-05",))
class SendsNewcomersTheCommit(TellingEverybody):
    """Sends a commit to those whom it adds, too."""

    event = FanoutEvent.commit


@defect("tells-followers-of-no-commit", breaks=("PROTO-3.3-05", "PROTO-3.5-06", "PROTO-3.6-06", "PROTO-5.5-02"))
class TellsFollowersOfNoCommit(TellingNoFollower):
    """Keeps commits from other providers."""

    event = FanoutEvent.commit


@defect("tells-its-clients-of-no-commit", breaks=("PROTO-5.5-03",))
class TellsItsClientsOfNoCommit(TellingNoClient):
    """Keeps commits from its own clients."""

    event = FanoutEvent.commit


@defect("tells-followers-of-no-message", breaks=("PROTO-3.4-03",))
class TellsFollowersOfNoMessage(TellingNoFollower):
    """Keeps messages from other providers."""

    event = FanoutEvent.application


@defect("tells-its-clients-of-no-message", breaks=("PROTO-3.4-04",))
class TellsItsClientsOfNoMessage(TellingNoClient):
    """Keeps messages from its own clients."""

    event = FanoutEvent.application


@defect("tells-followers-of-no-proposal", breaks=("PROTO-3.5-05",))
class TellsFollowersOfNoProposal(TellingNoFollower):
    """Keeps proposals to itself until they are committed."""

    event = FanoutEvent.proposal


@defect("goes-on-telling-those-who-have-left", breaks=("PROTO-5.3-08", "ARCH-2-10"))
class GoesOnTellingThoseWhoHaveLeft(TellingEverybody):
    """Sends messages to whoever was in the room once."""

    event = FanoutEvent.application


@defect("hides-the-last-commit-from-those-it-removes", breaks=("PROTO-3.5-06",))
class HidesTheLastCommitFromThoseItRemoves(Telling):
    """Tells only those of a commit who stay."""

    event = FanoutEvent.commit

    def audience_of(self, audience: Audience, state: RoomState) -> Audience:
        staying = {provider_of(user) for user in self.present_users(state)}
        return replace(audience, providers=audience.providers & staying)


@defect("lets-everybody-speak", breaks=("PROTO-3.4-02",))
class LetsEverybodySpeak(Provider):
    """Takes messages of whoever has the keys of the group."""

    def sender(self, transaction: Transaction, state: RoomState, call: Call, request: SubmitMessageRequest) -> MimiUri:
        return MimiUri.parse(request.sending_uri.uri)


class Judging(Provider):
    """Judges commits by other rooms than it has; the class that derives from this one says by which."""

    def decided_commit(self, transaction: Transaction, room: Room, commit: Handshake, now: int) -> CommitAccepted:
        try:
            return super().decided_commit(transaction, room, commit, now)
        except NotAccepted:
            answer = accept_commit(self.judged_by(room.state), commit, now // 1000)
            if not isinstance(answer, CommitAccepted):
                raise
        view = view_of(room.room_id, answer.staged.group.state, room.state.mapping)
        state = replace(room.state, group=answer.staged.group, committed=view, updated=view, pending=())
        return replace(answer, state=state)

    def judged_by(self, state: RoomState) -> RoomState:
        """The room that a commit is judged by, when that in which it was made is against it."""
        raise NotImplementedError


@defect("has-no-policy", breaks=("PROTO-3.2-09",))
class HasNoPolicy(Judging):
    """Lets every participant do whatever the most powerful may."""

    def judged_by(self, state: RoomState) -> RoomState:
        highest = max(state.committed.policy.roles) - 1
        return _changed(state, lambda view: replace(view, participants=_all_in(view, highest)))


@defect("requires-no-queued-proposals", breaks=("PROTO-3.5-04",))
class RequiresNoQueuedProposals(Judging):
    """Takes a commit that has nothing of what waits."""

    def judged_by(self, state: RoomState) -> RoomState:
        group = replace(state.group, pending=MappingProxyType({}))
        return replace(state, group=group, updated=state.committed, pending=())


@defect("lets-everybody-in", breaks=("PROTO-3.6-05",))
class LetsEverybodyIn(Judging):
    """Takes every room for one that anybody may join."""

    def judged_by(self, state: RoomState) -> RoomState:
        return _changed(state, lambda view: replace(view, policy=_open(view)))


@defect("lets-nobody-in", breaks=("PROTO-3.6-05",))
class LetsNobodyIn(Provider):
    """Refuses every external commit."""

    def decided_commit(self, transaction: Transaction, room: Room, commit: Handshake, now: int) -> CommitAccepted:
        if commit.content.sender.sender_type is SenderType.new_member_commit:
            raise not_allowed(HandshakeRule.FORMAT, "It comes from outside.")
        return super().decided_commit(transaction, room, commit, now)


@defect("lets-nobody-go", breaks=("PROTO-3.5-03",))
class LetsNobodyGo(Provider):
    """Refuses every proposal."""

    def decided_proposals(
        self, transaction: Transaction, room: Room, proposals: list[Handshake], now: int
    ) -> ProposalsAccepted:
        raise not_allowed(HandshakeRule.PROPOSALS_TOGETHER, f"{len(proposals)} proposals are too many.")


@defect("has-no-group-info", breaks=("PROTO-3.6-01", "PROTO-3.6-02"))
class HasNoGroupInfo(Provider):
    """Keeps no GroupInfo: newcomers have to ask a member."""

    def answer_to_group_info(self, transaction: Transaction, call: Call) -> Answer:
        return self.refusal_of_group_info(call.subject.encode(), GroupInfoCode.not_authorized, "There is none.")


@defect("gives-the-group-info-to-anybody", breaks=("PROTO-3.6-03",))
class GivesTheGroupInfoToAnybody(Provider):
    """Lets whoever asks have the GroupInfo."""

    def check_may_have_it(self, transaction: Transaction, question: GroupInfoQuestion) -> None:
        pass


def _changed(state: RoomState, change: Callable[[RoomView], RoomView]) -> RoomState:
    return replace(state, committed=change(state.committed), updated=change(state.updated))


def _all_in(view: RoomView, role_index: int) -> ParticipantList:
    return view.participants.changed(dict.fromkeys(range(len(view.participants.entries)), role_index))


def _open(view: RoomView) -> RoomPolicy:
    """The policy, but for the role of those outside: they may take any."""
    policy = view.policy
    targets = tuple(index for index in policy.roles if not policy.is_banned(index))
    role = replace(
        policy.no_role.role,
        role_capabilities=(CapabilityType.can_open_join,),
        authorized_role_changes=(SingleSourceRoleChangeTargets(NO_ROLE, targets),),
    )
    return replace(policy, roles={**policy.roles, NO_ROLE: RoomRole(role)})
