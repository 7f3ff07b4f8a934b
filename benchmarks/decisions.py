"""How fast a hub decides who may do what, in small and large rooms: `python -m benchmarks.decisions`.

A decision must not look at every participant: in the largest room it may cost at most 1.5 times what it does in the
smallest. Beside it, in the same run, stands what deciding would cost at least if it went through the participant list.
What an allowed change makes of a room is another list, so that grows with the room, like one copy of that list.

Everything takes turns, and the fastest turn of each counts, because whatever else runs can only add time. What it takes
to keep a room is the matter of `benchmarks.rooms`.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.actors import Actor, ExternalJoiner, Member
from mimi_conformance.reference.room.application import after
from mimi_conformance.reference.room.authorization.authorize import authorize
from mimi_conformance.reference.room.changes import (
    SEND_MESSAGE,
    AddParticipant,
    Change,
    ChangeMetadata,
    ChangeRole,
    Reinitialize,
    RemoveClients,
    RemoveParticipant,
)
from mimi_conformance.reference.room.decision import Allowed
from mimi_conformance.reference.room.participants import Client, ParticipantList, User
from mimi_conformance.reference.room.policy import BANNED, RoomPolicy
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData, Uri, UTF8String
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, PreAuthRoleEntry, RoleData

HUB = "hub.example"
ROOM = MimiUri.room(HUB, "large")
SIZES = (10, 1_000, 100_000)
USER, SUPER_ADMIN = 2, 4
MOST_GROWTH = 1.5
ROUNDS = 15
SECONDS_A_TURN = 0.02

NOTHING = UTF8String(b"")
METADATA = RoomMetaData(Uri(bytes(ROOM)), UTF8String(b"Large"), (), Uri(b""), NOTHING, NOTHING)


def user(number: int) -> User:
    """The participant at a place of the list."""
    return bytes(MimiUri.user(HUB, f"user{number}"))


def client(number: int, leaf_index: int | None = None) -> Client:
    """The client of a participant."""
    return Client(MimiUri.client(HUB, f"user{number}", "phone"), leaf_index)


def room(size: int) -> RoomView:
    """A cooperative room, run by the participant at place 0, in which everybody has a client; strangers may join."""
    made = preset("cooperative")
    roles = {role.role_index: role for role in made.roles_list.roles}
    joins = replace(roles[USER], role_capabilities=(*roles[USER].role_capabilities, JOIN))
    limited = replace(joins, maximum_participants_constraint=2 * size, minimum_active_participants_constraint=1)
    components = (code_points().component_id("roles_list"), code_points().component_id("preauth_list"))
    policy = RoomPolicy.of(
        replace(made.base_room_policy, policy_component_ids=components, max_users=2 * size, max_clients=3 * size),
        RoleData(tuple((roles | {USER: limited}).values())),
        PreAuthData((PreAuthRoleEntry((), limited),)),
    )
    entries = tuple(UserRolePair(user(each), USER if each else SUPER_ADMIN) for each in range(size))
    clients = {user(each): (client(each, each),) for each in range(size)}
    return RoomView(ROOM, policy, ParticipantList.of(ParticipantListData(entries), clients), METADATA)


JOIN = code_points().capability("canJoinIfPreauthorized")
RUNS_IT, TAKES_PART = Member(user(0), 0), Member(user(5), 5)
STRANGER = 1_000_000
JOINER = ExternalJoiner(user(STRANGER), client(STRANGER))
NAMED = ChangeMetadata(replace(METADATA, room_name=UTF8String(b"Riverside")))
BROUGHT = (client(STRANGER),)


@dataclass(frozen=True)
class Case:
    """Something that somebody may want of a room."""

    name: str
    actor: Actor
    change: Change
    allowed: bool = True


CASES = (
    Case("send a message", TAKES_PART, SEND_MESSAGE),
    Case("add a participant", TAKES_PART, AddParticipant(user(STRANGER), USER, BROUGHT)),
    Case("join, preauthorised", JOINER, AddParticipant(user(STRANGER), USER, BROUGHT)),
    Case("remove a participant", TAKES_PART, RemoveParticipant(user(6), frozenset({6}))),
    Case("ban", RUNS_IT, ChangeRole(user(6), BANNED, frozenset({6}))),
    Case("name the room", TAKES_PART, NAMED),
    Case("kick, refused", TAKES_PART, RemoveClients(user(0), frozenset({0})), allowed=False),
    Case("reinitialise, refused", RUNS_IT, Reinitialize(), allowed=False),
)
APPLIED = tuple(case for case in CASES if case.name in ("add a participant", "ban", "name the room"))


def scan(view: RoomView) -> tuple[int | None, int]:
    """The least that a decision which scans the list does: find the role of who acts, and count those who have it."""
    held = next((entry.role_index for entry in view.participants.entries if entry.user == TAKES_PART.user), None)
    return held, sum(entry.role_index == held for entry in view.participants.entries)


class Turns:
    """Operations that take turns; the fastest turn of each counts."""

    def __init__(self) -> None:
        self._operations: dict[tuple[str, int], Callable[[], object]] = {}

    def add(self, name: str, size: int, operation: Callable[[], object]) -> None:
        """Have an operation measured in a room of a size."""
        self._operations[name, size] = operation

    def seconds(self) -> dict[tuple[str, int], float]:
        """Measure all of them: the seconds of one run of each."""
        times = {key: _once(operation) for key, operation in self._operations.items()}
        for _ in range(ROUNDS):
            for key, operation in self._operations.items():
                times[key] = min(times[key], _turn(operation, max(1, int(SECONDS_A_TURN / times[key]))))
        return times


def _once(operation: Callable[[], object]) -> float:
    return _turn(operation, 1)


def _turn(operation: Callable[[], object], runs: int) -> float:
    start = time.perf_counter()
    for _ in range(runs):
        operation()
    return (time.perf_counter() - start) / runs


def main() -> int:
    """Measure and print; an error when deciding grows with the room."""
    turns = Turns()
    for size in SIZES:
        view = room(size)
        for case in CASES:
            assert isinstance(authorize(view, case.actor, case.change), Allowed) == case.allowed, case
            turns.add(case.name, size, lambda view=view, case=case: authorize(view, case.actor, case.change))
        for case in APPLIED:
            turns.add(f"apply: {case.name}", size, lambda view=view, case=case: after(view, [case.change]))
        turns.add("scan the list", size, lambda view=view: scan(view))
        turns.add("copy the list", size, lambda view=view: [*view.participants.entries])
    seconds = turns.seconds()
    small, largest = min(SIZES), max(SIZES)
    print(f"{'microseconds in a room of':30}" + "".join(f"{size:>12,}" for size in SIZES) + f"{'growth':>10}")
    for name in dict.fromkeys(name for name, _ in seconds):
        row = "".join(f"{seconds[name, size] * 1e6:12.1f}" for size in SIZES)
        print(f"{name:30}{row}{seconds[name, largest] / seconds[name, small]:10.2f}")
    growth = max(seconds[case.name, largest] / seconds[case.name, small] for case in CASES)
    mean = sum(seconds[case.name, largest] for case in CASES) / len(CASES)
    print(f"{1 / mean:,.0f} decisions a second in a room of {largest:,}; the most that one grows is {growth:.2f} times")
    print(f"a decision that scans would take {seconds['scan the list', largest] / mean:,.0f} times as long, or more")
    return growth > MOST_GROWTH


if __name__ == "__main__":
    sys.exit(main())
