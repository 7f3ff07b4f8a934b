from dataclasses import replace

import pytest

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.room.application import after
from mimi_conformance.reference.room.changes import (
    AddClients,
    AddParticipant,
    Change,
    ChangeBasePolicy,
    ChangeComponent,
    ChangeMetadata,
    ChangePreauthorization,
    ChangeRole,
    ChangeRoles,
    DestroyRoom,
    MaintainGroup,
    RemoveClients,
    RemoveParticipant,
)
from mimi_conformance.reference.room.participants import Client, ParticipantError
from mimi_conformance.reference.wire.protocol.participant_list import UserRolePair
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData, Uri, UTF8String
from mimi_conformance.reference.wire.room_policy.base import Optionality
from mimi_conformance.reference.wire.room_policy.messages import LoggingPolicy
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, RoleData
from tests.exercised import exercises
from tests.room.small_room import ADMIN, ALICE, BOB, CAROL, EVE, MALLORY, PRESET, ROOM, USER, client

METADATA = RoomMetaData(Uri(bytes(ROOM.room_id)), UTF8String(b"Club"), (), Uri(b""), UTF8String(b""), UTF8String(b""))
LOGGING = code_points().component_id("logging_policy")


@exercises("PROTO-7.5-16")
def test_an_added_user_comes_last_with_its_clients() -> None:
    changed = after(ROOM, [AddParticipant(EVE, USER, (client(EVE),))]).participants
    assert changed.entries[-1] == UserRolePair(EVE, USER)
    assert changed.clients(EVE) == (client(EVE),)


def test_a_removed_user_goes_with_its_clients() -> None:
    changed = after(ROOM, [RemoveParticipant(BOB, frozenset({1, 2}))]).participants
    assert BOB not in changed
    assert changed.client_count == 1


@exercises("POLICY-8.1.2-15", "POLICY-2.1-02")
def test_a_kicked_user_stays_on_the_list() -> None:
    changed = after(ROOM, [RemoveClients(BOB, frozenset({1, 2}))]).participants
    assert changed.role_index(BOB) == USER
    assert not changed.is_active(BOB)


def test_a_banned_user_keeps_its_place_and_loses_its_clients() -> None:
    changed = after(ROOM, [ChangeRole(BOB, 1, frozenset({1, 2}))])
    assert changed.is_banned(BOB)
    assert changed.participants.index(BOB) == ROOM.participants.index(BOB)
    assert not changed.participants.is_active(BOB)
    assert changed.user_count == ROOM.user_count - 1


def test_a_client_that_joins_once_more_takes_the_place_of_its_former_self() -> None:
    again = client(BOB)
    changed = after(ROOM, [AddClients(BOB, (again,), replaced=frozenset({2}))]).participants
    assert changed.clients(BOB) == (Client(leaf_index=1), again)


def test_changes_that_are_made_together_do_not_depend_on_their_order() -> None:
    changes: list[Change] = [
        AddClients(CAROL, (client(CAROL),)),
        ChangeRole(MALLORY, USER),
        RemoveParticipant(BOB, frozenset({1, 2})),
        AddParticipant(EVE, ADMIN),
        ChangeMetadata(METADATA),
    ]
    assert after(ROOM, changes) == after(ROOM, changes[::-1])


@exercises("POLICY-3-12", "POLICY-4-10", "PROTO-7.6-06")
def test_an_update_replaces_the_whole_component() -> None:
    roles, preauthorization = RoleData(PRESET.roles_list.roles[:2]), PreAuthData(())
    base = replace(PRESET.base_room_policy, max_users=7)
    changed = after(
        ROOM,
        [
            ChangeRoles(roles),
            ChangePreauthorization(preauthorization),
            ChangeBasePolicy(base),
            ChangeMetadata(METADATA),
        ],
    )
    assert {*changed.policy.roles} == {0, 1}
    assert changed.policy.preauthorization == preauthorization
    assert changed.policy.base == base
    assert changed.metadata == METADATA


def test_another_component_is_kept_by_its_name() -> None:
    logging = LoggingPolicy(logging=Optionality.forbidden)
    changed = after(ROOM, [ChangeComponent(LOGGING, logging)])
    assert changed.policy.components == {"logging_policy": logging}
    assert after(changed, [ChangeComponent(LOGGING, removed=True)]).policy.components == {}


def test_a_component_that_nobody_here_knows_changes_nothing() -> None:
    assert after(ROOM, [ChangeComponent(0xABCD), MaintainGroup()]) == ROOM


def test_a_destroyed_room_is_marked() -> None:
    assert after(ROOM, [DestroyRoom()]).destroyed


def test_what_does_not_fit_the_room_is_an_error() -> None:
    with pytest.raises(ParticipantError):
        after(ROOM, [RemoveParticipant(EVE)])
    with pytest.raises(ParticipantError):
        after(ROOM, [AddParticipant(ALICE, USER)])
