"""Random histories of a room with real clients: group and room stay in step, and nothing happens by halves."""

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import event, given, settings
from hypothesis import strategies as st

from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.room.application import after
from mimi_conformance.reference.room.changes import Act
from mimi_conformance.reference.room.updates import CommitAccepted, ProposalsAccepted
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.proposals import ProposalBody, SelfRemove
from tests.exercised import exercises
from tests.room.house import HUB, House
from tests.room.test_state_joins import open_to_all

USERS = ("alice", "bob", "carol", "dora", "dave", "dan")
START = {"alice": 4, "bob": 2, "carol": 3, "dora": 2, HUB: 5}
CLIENTS = ("alice1", "bob1", "bob2", "carol1")
ROLES = (1, 2, 3, 4)


@dataclass(frozen=True)
class Step:
    """Something that somebody tries.

    Attributes:
        actor: who, as a number that chooses among the members.
        kind: what.
        target: to whom.
        role: in which role.
        inline: whether in a commit, or as proposals.

    """

    actor: int
    kind: str
    target: str
    role: int
    inline: bool

    def bodies(self, house: House) -> tuple[ProposalBody, ...]:
        """The proposals that it takes; none for what nobody would send."""
        gone = house.removals(self.target)
        listed = self.target in names(house)
        match self.kind:
            case "add":
                found: tuple[ProposalBody, ...] = (house.listed(added={self.target: self.role}),)
            case "remove" if listed:
                found = (*gone, house.listed(removed=[self.target]))
            case "ban" if listed:
                found = (*gone, house.listed(changed={self.target: 1}))
            case "promote" if listed:
                found = (house.listed(changed={self.target: self.role}),)
            case "kick":
                found = gone
            case "leave" if not self.inline:
                found = (SelfRemove(),)
            case _:
                found = ()
        return found


def names(house: House) -> set[str]:
    """The users on the list of the epoch."""
    return {each.user.decode().rpartition("/")[2] for each in house.state.committed.participants.entries}


STEPS = st.builds(
    Step,
    st.integers(0, 7),
    st.sampled_from(("add", "remove", "ban", "promote", "kick", "leave", "join", "commit", "server")),
    st.sampled_from(USERS),
    st.sampled_from(ROLES),
    st.booleans(),
)


def take(house: House, step: Step, number: int):
    """Let a step be tried; None when it is none that a client would send."""
    name = sorted(house.members)[step.actor % len(house.members)]
    bodies = step.bodies(house)
    try:
        if step.kind == "join":
            known = step.target in names(house)
            own = () if known else (house.listed(added={step.target: step.role}),)
            return house.join(f"{step.target}{number}", *own)
        if step.kind == "commit":
            return house.commit(name)
        if step.kind == "server" and house.removals(step.target):
            return house.server_proposes(*house.removals(step.target), house.listed(changed={step.target: 1}))
        if not bodies:
            return None
        return house.commit(name, *bodies) if step.inline else house.propose(name, *bodies)
    except RuleError:
        return None


def essence(view: RoomView) -> tuple[object, ...]:
    """What a room is, without orders that have no meaning, and without leaves that nobody knows yet."""
    listed = view.participants
    clients = {user: {each.uri for each in listed.clients(user)} for user in listed.clients_by_user}
    return {(each.user, each.role_index) for each in listed.entries}, clients, view.policy, view.metadata


def changed(view: RoomView, acts: Sequence[Act]) -> RoomView:
    return after(view, [act.change for act in acts])


@exercises(
    "PROTO-5.3-33",
    "PROTO-7.1-04",
    "PROTO-7.3-04",
    "ARCH-4.2-03",
    "ARCH-4.4-07",
    "ARCH-5.1-03",
    "ARCH-5.3-02",
)
@settings(max_examples=15)
@given(st.lists(STEPS, min_size=4, max_size=9))
def test_room_and_group_stay_in_step_whatever_is_tried(steps):
    house = House.of(START, *CLIENTS, roles=open_to_all())
    for number, step in enumerate(steps, start=10):
        before = house.state
        answer = take(house, step, number)
        event(f"{step.kind}: {type(answer).__name__}")
        match answer:
            case ProposalsAccepted():
                assert essence(house.state.updated) == essence(changed(before.updated, answer.acts))
                assert house.state.committed is before.committed
            case CommitAccepted():
                assert house.state.group.context.epoch == before.group.context.epoch + 1
                if not answer.lapsed:
                    assert essence(house.state.committed) == essence(changed(before.updated, answer.acts))
                assert house.state.updated is house.state.committed
                assert house.state.pending == ()
            case _:
                assert house.state is before
        house.check()
        banned = (each.user for each in house.state.updated.participants.entries if each.role_index == 1)
        assert not any(house.state.updated.participants.is_active(user) for user in banned)
