"""The participant list: indices count in the list at the start, removals are a set, nobody is touched twice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import mutated
from mimi_conformance.reference.mls.proposals.components import ComponentRefusal
from mimi_conformance.reference.room.components.participant_list import ParticipantListComponent, ParticipantsRule
from mimi_conformance.reference.room.components.rules import ComponentError, ComponentRule
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.participant_list import (
    ParticipantListData,
    ParticipantListUpdate,
    UserindexRolePair,
    UserRolePair,
)
from tests.exercised import exercises
from tests.room.component_examples import SENDER, contributions


def user(number: int) -> bytes:
    return b"mimi://b.example/u/user%d" % number


def listed(*numbers: int, role_index: int = 2) -> ParticipantListData:
    return ParticipantListData(tuple(UserRolePair(user(number), role_index) for number in numbers))


def update(changed: dict[int, int] | None = None, removed: tuple[int, ...] = (), added: dict[int, int] | None = None):
    return ParticipantListUpdate(
        tuple(UserindexRolePair(index, role_index) for index, role_index in (changed or {}).items()),
        removed,
        tuple(UserRolePair(user(number), role_index) for number, role_index in (added or {}).items()),
    )


def after(before: ParticipantListData | None, *updates: ParticipantListUpdate) -> list[tuple[bytes, int]]:
    data = None if before is None else before.encode()
    made = ParticipantListComponent().updated(data, contributions(*(each.encode() for each in updates)))
    return [(each.user, each.role_index) for each in ParticipantListData.decode(made).participants]


def refusal(before: ParticipantListData, *updates: ParticipantListUpdate) -> ComponentError:
    with pytest.raises(ComponentError) as caught:
        after(before, *updates)
    return caught.value


@exercises("PROTO-7.5-07", "PROTO-7.5-08", "PROTO-7.5-09", "PROTO-7.5-10", "PROTO-7.5-16")
def test_roles_change_users_leave_as_a_set_and_others_are_appended():
    assert after(listed(0, 1, 2, 3), update({3: 4}, (0, 2), {9: 5, 8: 6})) == [
        (user(1), 2),
        (user(3), 4),
        (user(9), 5),
        (user(8), 6),
    ]


@exercises("PROTO-7.5-08", "PROTO-7.5-16")
def test_the_order_of_removals_has_no_meaning():
    assert after(listed(0, 1, 2), update(removed=(2, 0))) == after(listed(0, 1, 2), update(removed=(0, 2)))


@exercises("PROTO-7.5-08", "PROTO-7.5-16")
def test_every_update_of_a_commit_counts_in_the_list_at_its_start():
    updates = update(removed=(0,)), update({2: 3}), update(added={7: 4}), update(removed=(1,))
    assert after(listed(0, 1, 2), *updates) == [(user(2), 3), (user(7), 4)]
    assert refusal(listed(0), update(added={1: 2}), update({1: 3})).rule is ParticipantsRule.INDEX_IN_LIST


@exercises("PROTO-7.5-16")
def test_an_update_begins_a_list_where_there_is_none():
    assert after(None, update(added={0: 2})) == [(user(0), 2)]


@pytest.mark.parametrize(
    "updates",
    [
        (update({0: 3}, (0,)),),
        (update(removed=(1, 1)),),
        (update(removed=(1,), added={1: 3}),),
        (update({0: 3}), update({0: 4})),
        (update({0: 3}), update(removed=(0,))),
        (update(removed=(0,)), update(removed=(0,))),
        (update(added={5: 2}), update(added={5: 3})),
        (ParticipantListUpdate(added_participants=(UserRolePair(user(5), 2),) * 2),),
        (ParticipantListUpdate((UserindexRolePair(0, 2), UserindexRolePair(0, 2))),),
    ],
)
@exercises("PROTO-7.5-01", "PROTO-7.5-13")
def test_a_commit_touches_a_user_once(updates):
    assert refusal(listed(0, 1), *updates).rule is ParticipantsRule.TOUCHED_ONCE


@exercises("PROTO-7.5-14")
@pytest.mark.parametrize("updates", [update({2: 3}), update(removed=(0, 2)), update(removed=(2**32 - 1,))])
def test_an_index_beyond_the_list_is_refused(updates):
    assert refusal(listed(0, 1), updates).rule is ParticipantsRule.INDEX_IN_LIST


@exercises("PROTO-7.5-01", "PROTO-7.5-15")
def test_a_participant_is_not_added_again():
    assert refusal(listed(0, 1), update(added={1: 3})).rule is ParticipantsRule.LISTED_ONCE


@exercises("POLICY-3-02", "PROTO-7.5-15")
@pytest.mark.parametrize("made", [update({1: 0}), update(added={5: 0})])
def test_nobody_on_the_list_gets_role_zero(made):
    assert refusal(listed(0, 1), made).rule is ParticipantsRule.IN_A_ROLE


@pytest.mark.parametrize(
    "name", [b"", b"alice", b"mimi://b.example/d/alice/1", b"mimi://b.example/r/room", b"im:alice@b.example", b"\xff"]
)
@exercises("PROTO-7.5-06")
def test_a_participant_is_named_by_the_uri_of_a_user(name):
    made = ParticipantListUpdate(added_participants=(UserRolePair(name, 2),))
    assert refusal(listed(0), made).rule is ParticipantsRule.NAMED_BY_URI


@pytest.mark.parametrize("name", [b"mimi://b.example/u/bob", b"mimi://b.example/p/f81d4fae", b"mimi://hub.example"])
@exercises("PROTO-7.5-06")
def test_users_pseudonyms_and_servers_can_be_participants(name):
    made = ParticipantListUpdate(added_participants=(UserRolePair(name, 2),))
    assert after(listed(0), made)[-1] == (name, 2)


@pytest.mark.parametrize(
    ("data", "rule"),
    [
        (listed(0, 1, 0), ParticipantsRule.LISTED_ONCE),
        (listed(0, role_index=0), ParticipantsRule.IN_A_ROLE),
        (ParticipantListData((UserRolePair(b"bob", 2),)), ParticipantsRule.NAMED_BY_URI),
    ],
)
@exercises("PROTO-7.5-01", "PROTO-7.5-06")
def test_a_list_that_breaks_a_rule_is_not_read(data, rule):
    component = ParticipantListComponent()
    assert {found for found, _ in component.faults(data)} == {rule}
    with pytest.raises(ComponentError) as caught:
        component.read(data.encode())
    assert caught.value.rule is rule


@exercises("PROTO-7.5-17", "EXT-4.7-11")
def test_the_list_is_never_removed_and_takes_nothing_but_updates():
    component = ParticipantListComponent()
    with pytest.raises(ComponentError) as caught:
        component.check_removal(listed(0).encode(), SENDER)
    assert caught.value.rule is ComponentRule.NOT_REMOVED
    with pytest.raises(ComponentError) as caught:
        component.updated(listed(0).encode(), contributions(listed(0).encode()))
    assert caught.value.rule is ComponentRule.DECODABLE


@given(mutated(listed(0, 1, 2).encode()), mutated(update({0: 3}, (1,), {7: 4}).encode()))
def test_tampered_lists_and_updates_are_refused_or_give_a_list(data, updated):
    try:
        made = ParticipantListComponent().updated(data, contributions(updated))
    except ComponentRefusal:
        return
    assert ParticipantListComponent().read(made).encode() == made


def naive(before: list[tuple[bytes, int]], updates: list[ParticipantListUpdate]) -> list[tuple[bytes, int]]:
    """What the draft says, in the plainest words."""
    roles = {index: pair.role_index for each in updates for index, pair in _changes(each)}
    removed = {index for each in updates for index in each.removed_indices}
    kept = [(name, roles.get(index, role)) for index, (name, role) in enumerate(before) if index not in removed]
    return kept + [(pair.user, pair.role_index) for each in updates for pair in each.added_participants]


def _changes(made: ParticipantListUpdate):
    return ((pair.user_index, pair) for pair in made.changed_role_participants)


@st.composite
def histories(draw):
    """A list and valid commits upon it, each of several updates."""
    size = draw(st.integers(1, 8))
    current, unused = [(user(number), 2) for number in range(size)], size
    commits = []
    for _ in range(draw(st.integers(1, 4))):
        fates = [draw(st.sampled_from(("stay", "go", "change"))) for _ in current]
        updates = []
        for fate in ("go", "change"):
            indices = draw(st.permutations([index for index, each in enumerate(fates) if each == fate]))
            updates.append(
                update(
                    {i: draw(st.integers(1, 5)) for i in indices} if fate == "change" else None,
                    tuple(indices) if fate == "go" else (),
                )
            )
        newcomers = draw(st.integers(0, 3))
        updates.append(update(added={unused + number: 3 for number in range(newcomers)}))
        unused += newcomers
        updates = draw(st.permutations(updates))
        commits.append(updates)
        current = naive(current, updates)
    return listed(*range(size)), commits


@exercises("PROTO-7.5-09", "PROTO-7.5-10", "PROTO-7.5-16")
@given(histories())
def test_a_component_that_remembers_lists_gives_what_the_draft_says(history):
    before, commits = history
    component, data = ParticipantListComponent(), before.encode()
    for updates in commits:
        expected = naive([(each.user, each.role_index) for each in before.participants], updates)
        parts = contributions(*(each.encode() for each in updates))
        made = component.updated(data, parts)
        assert component.updated(data, parts) == made
        before, data = ParticipantListData.decode(made), made
        assert [(each.user, each.role_index) for each in before.participants] == expected


def test_a_list_is_decoded_once_however_many_updates_are_tried_on_it(monkeypatch):
    component, data = ParticipantListComponent(), listed(*range(50)).encode()
    made = component.updated(data, contributions(update(removed=(3,)).encode()))

    def no_more(_data):
        raise DecodeError("the list is decoded again", 0)

    monkeypatch.setattr(ParticipantListData, "decode", no_more)
    for index in range(4):
        component.updated(data, contributions(update(removed=(index,)).encode()))
    assert component.updated(data, contributions(update(removed=(3,)).encode())) == made
    component.updated(made, contributions(update(removed=(48,)).encode()))
