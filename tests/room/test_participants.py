import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.room.participants import Client, ParticipantError, ParticipantList, User
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair
from tests.exercised import exercises
from tests.room.small_room import ALICE, BOB, CAROL, EVE, MALLORY, PARTICIPANTS, SUPER_ADMIN, USER


@exercises("PROTO-7.5-04", "ARCH-4.2-02")
def test_a_participant_may_have_no_client_in_the_group() -> None:
    assert CAROL in PARTICIPANTS
    assert not PARTICIPANTS.is_active(CAROL)
    assert PARTICIPANTS.clients(CAROL) == ()


def test_participants_and_active_ones_are_counted_by_role() -> None:
    assert (PARTICIPANTS.participants_in(USER), PARTICIPANTS.active_in(USER)) == (2, 1)
    assert (PARTICIPANTS.participants_in(SUPER_ADMIN), PARTICIPANTS.active_in(SUPER_ADMIN)) == (1, 1)
    assert (PARTICIPANTS.participants_in(77), PARTICIPANTS.active_in(77)) == (0, 0)


def test_participants_are_counted_by_provider_and_clients_as_a_whole() -> None:
    assert PARTICIPANTS.participants_of("b.example") == 1
    assert PARTICIPANTS.participants_of("nobody.example") == 0
    assert PARTICIPANTS.client_count == 3


@exercises("PROTO-5.5-02")
def test_a_provider_is_active_while_a_participant_of_its_is() -> None:
    assert PARTICIPANTS.active_providers == {"a.example", "b.example"}
    assert PARTICIPANTS.without_leaves([1]).active_providers == {"a.example", "b.example"}
    assert PARTICIPANTS.without_leaves([1, 2]).active_providers == {"a.example"}
    assert PARTICIPANTS.changed(removed=[0]).active_providers == {"b.example"}


def test_a_leaf_belongs_to_a_user() -> None:
    assert [PARTICIPANTS.user_at(leaf) for leaf in range(4)] == [ALICE, BOB, BOB, None]


@exercises("PROTO-7.5-09", "PROTO-7.5-10", "PROTO-7.5-08", "PROTO-4.3.2-01")
def test_roles_change_then_users_leave_then_others_are_appended() -> None:
    changed = PARTICIPANTS.changed({1: 7}, [0, 2], [UserRolePair(EVE, USER), UserRolePair(ALICE, USER)])
    assert changed.entries == (
        UserRolePair(BOB, 7),
        UserRolePair(MALLORY, 1),
        UserRolePair(EVE, USER),
        UserRolePair(ALICE, USER),
    )


@exercises("ARCH-4.3-04", "PROTO-5.3-05")
def test_clients_leave_with_their_user() -> None:
    changed = PARTICIPANTS.changed(removed=[1])
    assert changed.user_at(1) is changed.user_at(2) is None
    assert changed.clients(BOB) == ()
    assert changed.client_count == 1


def test_a_user_who_comes_back_has_no_clients() -> None:
    changed = PARTICIPANTS.changed(removed=[1], added=[UserRolePair(BOB, USER)])
    assert not changed.is_active(BOB)


def test_a_user_is_active_until_its_last_client_leaves() -> None:
    one_left = PARTICIPANTS.without_leaves([1])
    assert one_left.is_active(BOB)
    assert not one_left.without_leaves([2]).is_active(BOB)


def test_a_client_that_waits_for_a_commit_counts_without_a_leaf() -> None:
    changed = PARTICIPANTS.with_clients({CAROL: [Client()]})
    assert changed.is_active(CAROL)
    assert changed.client_count == 4


@exercises("PROTO-7.5-01", "POLICY-1-03")
def test_a_user_is_not_listed_twice() -> None:
    with pytest.raises(ParticipantError, match=r"listed already: b'mimi://b.example/u/bob'"):
        PARTICIPANTS.changed(added=[UserRolePair(BOB, USER)])


@exercises("ARCH-4.2-01")
def test_the_user_of_a_client_is_a_participant() -> None:
    with pytest.raises(ParticipantError, match="no participant"):
        PARTICIPANTS.with_clients({EVE: [Client(leaf_index=9)]})


@exercises("PROTO-7.5-14")
@pytest.mark.parametrize("index", [4, -1])
def test_an_index_has_a_user(index: int) -> None:
    for changes in ({"new_roles": {index: USER}}, {"removed": [index]}):
        with pytest.raises(ParticipantError, match="4 participants"):
            PARTICIPANTS.changed(**changes)  # type: ignore[arg-type]


def test_what_does_not_fit_the_list_is_an_error() -> None:
    with pytest.raises(ParticipantError, match="removed twice"):
        PARTICIPANTS.changed(removed=[1, 1])
    with pytest.raises(ParticipantError, match="no client at the leaf: 7"):
        PARTICIPANTS.without_leaves([7])
    with pytest.raises(ParticipantError, match="a client at the leaf already"):
        PARTICIPANTS.with_clients({CAROL: [Client(leaf_index=0)]})
    with pytest.raises(ParticipantError, match="not listed"):
        PARTICIPANTS.index(EVE)


def test_a_users_place_is_an_index() -> None:
    assert PARTICIPANTS.entries[PARTICIPANTS.index(CAROL)].user == CAROL


def test_a_refused_change_leaves_the_list_as_it_was() -> None:
    before = ParticipantList.of(PARTICIPANTS.data(), PARTICIPANTS.clients_by_user)
    with pytest.raises(ParticipantError):
        PARTICIPANTS.changed({0: 9}, [1], [UserRolePair(MALLORY, USER)])
    assert before == PARTICIPANTS
    assert PARTICIPANTS.participants_in(9) == 0


users = st.sampled_from([b"mimi://x.example/u/%d" % number for number in range(5)] + [b"no uri"])


@st.composite
def lists(draw: st.DrawFn) -> ParticipantList:
    """A list with some history: every count was kept, none was made from the whole."""
    made = ParticipantList()
    free = iter(range(60))
    for _ in range(draw(st.integers(1, 8))):
        listed = [entry.user for entry in made.entries]
        new = [UserRolePair(user, draw(st.integers(1, 3))) for user in draw(st.sets(users)) if user not in listed]
        indices = draw(st.sets(st.sampled_from(range(len(listed))))) if listed else set()
        roles = {index: draw(st.integers(1, 3)) for index in indices}
        gone = draw(st.sets(st.sampled_from(range(len(listed))))) if listed else set()
        made = made.changed(roles, gone, new)
        made = made.with_clients({entry.user: [Client(leaf_index=next(free))] for entry in new if draw(st.booleans())})
        leaves = [c.leaf_index for clients in made.clients_by_user.values() for c in clients]
        made = made.without_leaves(draw(st.sets(st.sampled_from(leaves))) if leaves else ())  # type: ignore[arg-type]
    return made


@given(lists())
def test_what_is_kept_along_the_way_is_what_the_whole_list_says(kept: ParticipantList) -> None:
    made = ParticipantList.of(ParticipantListData(kept.entries), kept.clients_by_user)
    assert made == kept
    assert made.client_count == kept.client_count
    assert made.roles_in_use == kept.roles_in_use

    def seen(participants: ParticipantList, user: User) -> tuple[object, ...]:
        return participants.role_index(user), participants.clients(user), participants.is_active(user)

    for user in [entry.user for entry in kept.entries] + [EVE]:
        assert seen(made, user) == seen(kept, user)
    for role_index in range(5):
        assert made.participants_in(role_index) == kept.participants_in(role_index)
        assert made.active_in(role_index) == kept.active_in(role_index)
    assert made.participants_of("x.example") == kept.participants_of("x.example")
    assert made.active_providers == kept.active_providers
    for leaf in range(60):
        assert made.user_at(leaf) == kept.user_at(leaf)
