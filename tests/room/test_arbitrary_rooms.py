"""What holds in every room, under any policy, whoever wants whatever.

Half of `MIMI_FUZZ_EXAMPLES` says in how many rooms each of it is tried.
"""

import os
from dataclasses import replace
from random import Random

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from mimi_conformance.reference.room.application import after
from mimi_conformance.reference.room.authorization.authorize import authorize, authorize_commit
from mimi_conformance.reference.room.authorization.outcome import Outcome
from mimi_conformance.reference.room.changes import Act, Change
from mimi_conformance.reference.room.decision import Allowed
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.view import RoomView
from tests.exercised import exercises
from tests.room import arbitrary_rooms as arbitrary

in_many_rooms = settings(
    max_examples=-(-int(os.environ.get("MIMI_FUZZ_EXAMPLES", "200")) // 2), deadline=None, database=None
)


def check_change(before: RoomView, changes: list[Change], room: RoomView) -> None:
    """What allowed changes leave of a room keeps to everything that they bear on, counted by other means."""
    old, new = arbitrary.count(before), arbitrary.count(room)
    users = [entry.user for entry in room.participants.entries]
    assert len(users) == len({*users}), "a user is listed twice"
    assert {*room.participants.clients_by_user} <= {*users}, "a client's user is no participant"
    for entry in room.participants.entries:
        assert entry.role_index != NO_ROLE, "a participant has role zero"
        assert entry.role_index in room.policy.roles, "a participant has a role that is not defined"
        assert not (room.is_banned(entry.user) and new.clients[entry.user]), "a banned user has a client"
    if room.policy is before.policy:
        outcome = Outcome(before, changes)
        assert (outcome.user_count, outcome.client_count) == (new.users, sum(new.clients.values()))
        _check_constraints(before, old, new, outcome)
        _check_base_policy(before, old, new)
    if before.policy.base.fixed_membership:
        assert {*users} == {entry.user for entry in before.participants.entries}, "a fixed membership changed"


def _check_constraints(before: RoomView, old: arbitrary.Numbers, new: arbitrary.Numbers, outcome: Outcome) -> None:
    for index, each in before.policy.roles.items():
        role = each.role
        for was, now, expected, minimum, maximum in (
            (
                old.participants[index],
                new.participants[index],
                outcome.participants_in(index),
                role.minimum_participants_constraint,
                role.maximum_participants_constraint,
            ),
            (
                old.active[index],
                new.active[index],
                outcome.active_in(index),
                role.minimum_active_participants_constraint,
                role.maximum_active_participants_constraint,
            ),
        ):
            assert now == expected, f"a decision counted {expected} in role {index}, and there are {now}"
            assert now >= was or now >= minimum, f"role {index} sank from {was} to {now}, below {minimum}"
            assert now <= was or maximum is None or now <= maximum, f"role {index} rose to {now}, above {maximum}"


def _check_base_policy(before: RoomView, old: arbitrary.Numbers, new: arbitrary.Numbers) -> None:
    base = before.policy.base
    assert new.users <= old.users or base.max_users is None or new.users <= base.max_users
    clients = sum(new.clients.values())
    assert clients <= sum(old.clients.values()) or base.max_clients is None or clients <= base.max_clients
    for who, number in new.clients.items():
        assert base.multi_device or number <= max(1, old.clients.get(who, 0)), "a user has a second client"


@in_many_rooms
@given(st.data())
@exercises("POLICY-3-15", "PROTO-7.5-01", "ARCH-4.2-01", "ARCH-4.2-03", "POLICY-1-03")
def test_what_is_allowed_can_be_made_and_breaks_nothing(data: st.DataObject) -> None:
    room = data.draw(arbitrary.rooms(), label="room")
    for step in range(data.draw(st.integers(1, 6))):
        leaf = 20 + 3 * step
        actor = data.draw(arbitrary.actors(room, leaf), label="actor")
        change = data.draw(arbitrary.changes(room, actor, leaf + 1), label="change")
        before = repr(room)
        decision = authorize(room, actor, change)
        event(f"{type(change).__name__} {type(decision).__name__}")
        assert repr(room) == before, "a decision changed the room"
        if isinstance(decision, Allowed):
            changed = after(room, [change])
            assert repr(room) == before, "what was applied to the room changed it in place"
            check_change(room, [change], changed)
            room = changed


@in_many_rooms
@given(st.data())
@exercises("POLICY-3-15", "PROTO-7.5-12")
def test_what_a_commit_may_do_can_be_made_and_breaks_nothing(data: st.DataObject) -> None:
    room = data.draw(arbitrary.rooms(), label="room")
    committer = data.draw(arbitrary.committers(room), label="committer")
    drawn = [
        Act(committer, data.draw(arbitrary.changes(room, committer, 30 + 3 * each), label="change"))
        for each in range(data.draw(st.integers(1, 6)))
    ]
    sensible = [act for act in drawn if isinstance(authorize(room, committer, act.change), Allowed)]
    acts = sensible or drawn[:2]
    if data.draw(st.booleans(), label="once for each user"):
        acts = list({getattr(act.change, "user", act.change): act for act in acts}.values())
    coming = [client for act in acts for client in getattr(act.change, "clients", ())]
    assume(len(coming) == len({*coming}))  # MLS sees to it that nobody is added twice
    decision = authorize_commit(room, committer, acts)
    event(f"{len(acts)} changes {type(decision).__name__}")
    backwards = authorize_commit(room, committer, acts[::-1])
    assert isinstance(backwards, Allowed) == isinstance(decision, Allowed), "the order of the changes matters"
    if isinstance(decision, Allowed):
        changes = [act.change for act in acts]
        check_change(room, changes, after(room, changes))


@in_many_rooms
@given(st.data())
def test_no_decision_depends_on_an_order_that_means_nothing(data: st.DataObject) -> None:
    room = data.draw(arbitrary.rooms(), label="room")
    actor = data.draw(arbitrary.actors(room, 20), label="actor")
    change = data.draw(arbitrary.changes(room, actor, 21), label="change")
    other = arbitrary.shuffled(room, Random(data.draw(st.integers(0, 9), label="order")))
    assert authorize(other, actor, change) == authorize(room, actor, change)


@in_many_rooms
@given(st.data())
@exercises("POLICY-8-02")
def test_more_capabilities_never_forbid(data: st.DataObject) -> None:
    room = data.draw(arbitrary.rooms(), label="room")
    actor = data.draw(arbitrary.actors(room, 20), label="actor")
    change = data.draw(arbitrary.changes(room, actor, 21), label="change")
    index = data.draw(st.sampled_from(sorted(room.policy.roles)), label="role")
    role = room.policy.roles[index].role
    lost = data.draw(st.sampled_from([*role.role_capabilities, None]), label="lost")
    less = replace(role, role_capabilities=tuple(each for each in role.role_capabilities if each is not lost))
    poorer = replace(
        room, policy=replace(room.policy, roles={**room.policy.roles, index: type(room.policy.roles[index])(less)})
    )
    if isinstance(authorize(poorer, actor, change), Allowed):
        assert isinstance(authorize(room, actor, change), Allowed)
