"""What a room as a whole, the rooms around it and its hub put limits to, whoever acts."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.actors import ExternalJoiner
from mimi_conformance.reference.room.application import after
from mimi_conformance.reference.room.authorization.authorize import authorize
from mimi_conformance.reference.room.authorization.limits import LimitRule
from mimi_conformance.reference.room.authorization.metadata import MetadataRule
from mimi_conformance.reference.room.authorization.policy_changes import PolicyRule
from mimi_conformance.reference.room.authorization.presence import PresenceRule
from mimi_conformance.reference.room.authorization.removing import RemovingRule
from mimi_conformance.reference.room.changes import (
    SEND_MESSAGE,
    AddClients,
    AddParticipant,
    Change,
    ChangeBasePolicy,
    ChangeComponent,
    ChangeMetadata,
    ChangePreauthorization,
    ChangeRoles,
    MaintainGroup,
    RemoveClients,
    RemoveParticipant,
)
from mimi_conformance.reference.room.decision import Allowed
from mimi_conformance.reference.room.envelope import EnvelopeRule, PolicyEnvelope
from mimi_conformance.reference.room.participants import Client
from mimi_conformance.reference.room.policy import BANNED, RoomPolicy
from mimi_conformance.reference.room.surroundings import Surroundings
from mimi_conformance.reference.wire.protocol.participant_list import UserRolePair
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData, Uri, UTF8String
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy, Optionality
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.messages import LoggingPolicy
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, RoleData
from tests.exercised import exercises
from tests.room.small_room import (
    ALICE,
    ALICES_CLIENT,
    BOB,
    BOBS_CLIENT,
    CAROL,
    CAROL_OUTSIDE,
    EVE,
    HUB,
    HUB_SERVER,
    MALLORY,
    PARTICIPANTS,
    ROOM,
    SUPER_ADMIN,
    USER,
    client,
    refused,
    role,
    with_base,
    with_role,
)


@exercises("POLICY-2-02", "POLICY-5-21")
def test_nobody_joins_a_temporary_room_after_the_last_client_left() -> None:
    empty = after(ROOM, [RemoveClients(ALICE, frozenset({0})), RemoveClients(BOB, frozenset({1, 2}))])
    own = AddClients(CAROL, (CAROL_OUTSIDE.client,))
    assert isinstance(authorize(empty, CAROL_OUTSIDE, own), Allowed)
    temporary = with_base(empty, replace(empty.policy.base, persistent_room=False))
    refused(authorize(temporary, CAROL_OUTSIDE, own), PresenceRule.ACCESSIBLE)


def test_nothing_happens_in_a_room_that_was_ended() -> None:
    ended = replace(ROOM, destroyed=True)
    for change in (SEND_MESSAGE, RemoveParticipant(BOB, frozenset({1, 2})), MaintainGroup()):
        refused(authorize(ended, ALICES_CLIENT, change), PresenceRule.NOT_DESTROYED)


number = code_points().component_id
PARENT = replace(
    ROOM, room_id=MimiUri.room(HUB, "everybody"), participants=PARTICIPANTS.changed(added=[UserRolePair(EVE, USER)])
)
SURROUNDINGS = Surroundings(find_room=lambda room_id: PARENT if room_id == PARENT.room_id else None)


def dependent_on(parent: MimiUri) -> BaseRoomPolicy:
    return replace(ROOM.policy.base, parent_dependant=True, parent_room=(Uri(bytes(parent)),))


@exercises("POLICY-5-09", "POLICY-5-11")
def test_a_room_depends_on_a_room_of_this_hub_that_has_its_participants_and_more() -> None:
    change = ChangeBasePolicy(dependent_on(PARENT.room_id))
    assert isinstance(authorize(ROOM, ALICES_CLIENT, change, SURROUNDINGS), Allowed)
    stranger = after(ROOM, [AddParticipant(b"mimi://f.example/u/frank", USER)])
    assert refused(authorize(stranger, ALICES_CLIENT, change, SURROUNDINGS), LimitRule.SUBSET_OF_PARENT) == (
        "mimi://f.example/u/frank is no participant of the parent, mimi://hub.example/r/everybody."
    )
    everybody = after(ROOM, [AddParticipant(EVE, USER)])
    assert refused(authorize(everybody, ALICES_CLIENT, change, SURROUNDINGS), LimitRule.SUBSET_OF_PARENT) == (
        "The room would have 4 users, as many as mimi://hub.example/r/everybody."
    )
    elsewhere = ChangeBasePolicy(dependent_on(MimiUri.room(HUB, "nowhere")))
    assert refused(authorize(ROOM, ALICES_CLIENT, elsewhere, SURROUNDINGS), LimitRule.PARENT_ON_THIS_HUB) == (
        "This hub has no room mimi://hub.example/r/nowhere."
    )


def test_nobody_is_added_to_a_room_whose_parent_is_gone() -> None:
    orphan = with_base(ROOM, dependent_on(MimiUri.room(HUB, "nowhere")))
    refused(authorize(orphan, ALICES_CLIENT, AddParticipant(EVE, USER), SURROUNDINGS), LimitRule.PARENT_ON_THIS_HUB)


@exercises("POLICY-5-10", "POLICY-5-14")
def test_the_hub_removes_whoever_left_the_parent_even_where_membership_is_fixed() -> None:
    stranger = b"mimi://f.example/u/frank"
    base = replace(dependent_on(PARENT.room_id), fixed_membership=True)
    room = with_base(after(ROOM, [AddParticipant(stranger, USER, (Client(leaf_index=5),))]), base)
    removal = RemoveParticipant(stranger, frozenset({5}))
    assert authorize(room, HUB_SERVER, removal, SURROUNDINGS) == Allowed(RemovingRule.PARENT_LEFT)
    refused(authorize(room, HUB_SERVER, RemoveParticipant(stranger), SURROUNDINGS), RemovingRule.REMOVED_CLIENTS)
    refused(authorize(room, ALICES_CLIENT, removal, SURROUNDINGS), LimitRule.FIXED_MEMBERSHIP_STAYS)
    stays = RemoveParticipant(BOB, frozenset({1, 2}))
    refused(authorize(room, HUB_SERVER, stays, SURROUNDINGS), RemovingRule.CAN_REMOVE_PARTICIPANT)
    independent = with_base(room, ROOM.policy.base)
    refused(authorize(independent, HUB_SERVER, removal, SURROUNDINGS), RemovingRule.CAN_REMOVE_PARTICIPANT)


@exercises("POLICY-5-08")
def test_membership_is_not_fixed_where_another_room_has_the_same_users() -> None:
    roles = {index: replace(each.role, role_capabilities=()) for index, each in ROOM.policy.roles.items()}
    style = (CapabilityType.can_change_room_membership_style,)
    roles[SUPER_ADMIN] = replace(roles[SUPER_ADMIN], role_capabilities=style)
    room = replace(ROOM, policy=RoomPolicy.of(ROOM.policy.base, RoleData(tuple(roles.values())), PreAuthData(())))
    change = ChangeBasePolicy(replace(ROOM.policy.base, fixed_membership=True))
    assert isinstance(authorize(room, ALICES_CLIENT, change), Allowed)
    other = Surroundings(find_fixed_room=lambda participants: PARENT.room_id if ALICE in participants else None)
    assert refused(authorize(room, ALICES_CLIENT, change, other), PolicyRule.FIXED_MEMBERSHIP_ONCE) == (
        "mimi://hub.example/r/everybody is a fixed-membership room with the same participants."
    )
    fixed = with_base(room, change.base)
    assert isinstance(authorize(fixed, ALICES_CLIENT, change, other), Allowed)


@exercises("POLICY-2.1-01")
def test_a_banned_user_has_no_client_even_where_its_role_would_let_it() -> None:
    lenient = replace(
        role(ROOM, BANNED),
        role_capabilities=(CapabilityType.can_add_own_client,),
        maximum_active_participants_constraint=None,
    )
    joiner = ExternalJoiner(MALLORY, client(MALLORY))
    decision = authorize(with_role(ROOM, lenient), joiner, AddClients(MALLORY, (joiner.client,)))
    assert refused(decision, LimitRule.BANNED_STAY_OUT) == (
        "mimi://m.example/u/mallory would have a client in the group, and be banned."
    )


@exercises("POLICY-5-19", "POLICY-5-20")
def test_pseudonyms_come_where_the_room_allows_them() -> None:
    nobody = bytes(MimiUri.pseudonym("p.example", "nobody"))
    add = AddParticipant(nobody, USER, (Client(),))
    refused(authorize(ROOM, ALICES_CLIENT, add), LimitRule.LONG_TERM_IDENTIFIERS)
    masked = with_base(ROOM, replace(ROOM.policy.base, pseudonyms_allowed=True))
    assert isinstance(authorize(masked, ALICES_CLIENT, add), Allowed)
    assert isinstance(authorize(ROOM, ALICES_CLIENT, AddParticipant(b"an internal number", USER, (Client(),))), Allowed)


# Components


def test_the_first_metadata_of_a_room_name_the_room() -> None:
    nothing = UTF8String(b"")
    metadata = RoomMetaData(Uri(bytes(ROOM.room_id)), UTF8String(b"Club"), (), Uri(b""), nothing, nothing)
    assert isinstance(authorize(ROOM, BOBS_CLIENT, ChangeMetadata(metadata)), Allowed)
    other = ChangeMetadata(replace(metadata, room_uri=Uri(bytes(PARENT.room_id))))
    assert refused(authorize(ROOM, ALICES_CLIENT, other), MetadataRule.ROOM_URI) == (
        "The URI of the room would change from mimi://hub.example/r/clubhouse to mimi://hub.example/r/everybody."
    )


def test_changing_preauthorised_users_takes_a_capability() -> None:
    change = ChangePreauthorization(PreAuthData(()))
    refused(authorize(ROOM, BOBS_CLIENT, change), PolicyRule.CAN_CHANGE_PREAUTHORIZED_USER_LIST)
    assert isinstance(authorize(ROOM, ALICES_CLIENT, change), Allowed)


@exercises("ARCH-4.4-06", "POLICY-1-01")
@pytest.mark.parametrize(
    ("component", "change"),
    [
        ("preauth_list", ChangePreauthorization(PreAuthData(()))),
        ("roles_list", ChangeRoles(RoleData(tuple(each.role for each in ROOM.policy.roles.values())))),
        ("base_room_policy", ChangeBasePolicy(replace(ROOM.policy.base, discoverable=True))),
        ("logging_policy", ChangeComponent(number("logging_policy"), LoggingPolicy(logging=Optionality.forbidden))),
    ],
)
def test_policy_changes_as_far_as_the_hub_accepts_it(component: str, change: Change) -> None:
    everything = (
        CapabilityType.can_change_role_definitions,
        CapabilityType.can_change_preauthorized_user_list,
        CapabilityType.can_change_room_membership_style,
        CapabilityType.can_change_other_policy_attribute,
    )
    listed = replace(
        ROOM.policy.base, policy_component_ids=(*ROOM.policy.base.policy_component_ids, number("logging_policy"))
    )
    room = with_base(with_role(ROOM, replace(role(ROOM, SUPER_ADMIN), role_capabilities=everything)), listed)
    changed = replace(change, base=listed) if isinstance(change, ChangeBasePolicy) else change
    assert isinstance(authorize(room, ALICES_CLIENT, changed), Allowed)
    accepted = frozenset({"preauth_list", "roles_list", "base_room_policy", "logging_policy"} - {component})
    surroundings = Surroundings(envelope=PolicyEnvelope(components=accepted))
    refused(authorize(room, ALICES_CLIENT, changed, surroundings), EnvelopeRule.COMPONENT_ACCEPTED)


@exercises("POLICY-8.1.3-09")
@pytest.mark.parametrize(("old", "new", "what"), [("banned", "guest", "unbanned"), ("guest", "banned", "banned")])
def test_nobody_is_banned_or_unbanned_by_the_name_of_a_role(old: str, new: str, what: str) -> None:
    able = (CapabilityType.can_change_role_definitions,)
    room = with_role(ROOM, replace(role(ROOM, SUPER_ADMIN), role_capabilities=able))
    room = with_role(room, replace(role(ROOM, BANNED), role_name=old.encode()))
    renamed = with_role(room, replace(role(ROOM, BANNED), role_name=new.encode()))
    change = ChangeRoles(RoleData(tuple(each.role for each in renamed.policy.roles.values())))
    assert refused(authorize(room, ALICES_CLIENT, change), PolicyRule.NOBODY_BANNED_BY_NAME) == (
        f"By the new name of role 1, whoever has it (1) would be {what}."
    )
    assert isinstance(authorize(after(room, [RemoveParticipant(MALLORY)]), ALICES_CLIENT, change), Allowed)


@exercises("PROTO-7.5-17")
def test_policy_is_not_removed_and_what_is_about_mls_may_be() -> None:
    able = replace(
        role(ROOM, SUPER_ADMIN),
        role_capabilities=(
            CapabilityType.can_change_other_policy_attribute,
            CapabilityType.can_change_mls_operational_policies,
        ),
    )
    room = with_role(ROOM, able)
    removal = ChangeComponent(number("participant_list"), removed=True)
    assert refused(authorize(room, ALICES_CLIENT, removal), PolicyRule.STAYS) == "participant_list would go."
    assert isinstance(authorize(room, ALICES_CLIENT, ChangeComponent(number("safe_aad"), removed=True)), Allowed)
    assert isinstance(authorize(room, ALICES_CLIENT, ChangeComponent(0xABCD, removed=True)), Allowed)
