"""Which groups begin a room, and what the room is then."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.proposals.components import with_component
from mimi_conformance.reference.room.authorization.limits import LimitRule
from mimi_conformance.reference.room.authorization.policy_changes import PolicyRule
from mimi_conformance.reference.room.components.agreement import AgreementRule
from mimi_conformance.reference.room.components.participant_list import ParticipantsRule
from mimi_conformance.reference.room.components.rules import ComponentError
from mimi_conformance.reference.room.derivation import GroupError, GroupRule
from mimi_conformance.reference.room.envelope import EnvelopeRule, Fixed, Limit, PolicyEnvelope
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.presets import PRESETS, preset
from mimi_conformance.reference.room.state import found
from mimi_conformance.reference.room.surroundings import Surroundings
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.protocol.room_metadata import Uri
from tests.exercised import exercises
from tests.mls.group_examples import NOW
from tests.room.component_examples import ASSETS, METADATA
from tests.room.house import HUB, NUMBERS, ROOM, House, client, user

TWO = {"alice": 4, "bob": 2}


def refusal(*arguments, **how) -> GroupError:
    with pytest.raises(GroupError) as caught:
        House.of(*arguments, **how)
    return caught.value


@exercises(
    "PROTO-4.2-01",
    "PROTO-4.3.1-03",
    "PROTO-4.3.1-04",
    "PROTO-4.3.1-05",
    "PROTO-7.1-01",
    "PROTO-7.2-01",
    "PROTO-7.2-02",
    "PROTO-7.5-02",
    "PROTO-7.5-03",
    "PROTO-7.5-04",
    "POLICY-1-03",
    "ARCH-2-07",
    "ARCH-2-11",
    "ARCH-3-06",
    "ARCH-4-04",
    "ARCH-4.1-02",
    "ARCH-4.1-03",
    "ARCH-4.2-02",
)
def test_a_room_is_what_its_group_has():
    house = House.of({**TWO, "carol": 1}, "alice1", "bob1", "bob2", components={"room_metadata": METADATA})
    view = house.state.committed
    assert (view.room_id, view.hub) == (ROOM, HUB)
    assert [(entry.user, entry.role_index) for entry in view.participants.entries] == [
        (user("alice"), 4),
        (user("bob"), 2),
        (user("carol"), 1),
    ]
    assert [each.leaf_index for each in view.participants.clients(user("bob"))] == [1, 2]
    assert not view.participants.is_active(user("carol"))
    assert view.metadata == METADATA
    assert view.policy.base.policy_component_ids == (0x25,)
    assert house.state.updated is view
    assert house.state.pending == ()


@exercises("ARCH-4.2-01", "ARCH-4.2-03")
def test_the_user_of_every_client_is_a_participant():
    assert refusal({"alice": 4}, "alice1", "bob1").rule is GroupRule.PARTICIPANT_FOR_CLIENT


@exercises("PROTO-5.3-06", "POLICY-2.1-01")
def test_a_banned_user_has_no_client():
    assert refusal({"alice": 4, "bob": 1}, "alice1", "bob1").rule is GroupRule.CLIENTS_GO_WITH_USER


@exercises("ARCH-5.1-02")
def test_a_server_is_no_member():
    house = House.of(TWO, "alice1")
    server = replace(client("alice1"), name=f"mimi://{HUB}")
    group = server.create(b"group", extensions=house.group("alice1").context.extensions)
    with pytest.raises(GroupError) as caught:
        found(follow(group_info(group), room_application(), NOW), ROOM)
    assert caught.value.rule is GroupRule.MEMBER_IS_CLIENT


@pytest.mark.parametrize("missing", ["participant_list", "roles_list", "base_room_policy"])
@exercises("PROTO-7.2-02", "PROTO-4.3.1-03", "PROTO-4.3.1-04")
def test_every_group_carries_three_components(missing):
    house = House.of(TWO, "alice1")
    creator = client("alice1")
    extensions = tuple(_without(each, missing) for each in house.group("alice1").context.extensions)
    group = creator.create(b"group", extensions=extensions)
    with pytest.raises(GroupError) as caught:
        found(follow(group_info(group), room_application(), NOW), ROOM)
    assert (caught.value.rule, caught.value.rule.ambiguity) == (GroupRule.COMPONENTS, "AMB-138")


def _without(extension: Extension, component: str) -> Extension:
    if extension.extension_type is not ExtensionType.app_data_dictionary:
        return extension
    dictionary = AppDataDictionary.decode(extension.extension_data)
    return Extension(extension.extension_type, with_component(dictionary, NUMBERS[component], None).encode())


@exercises("PROTO-7.4-02", "PROTO-7.4-03")
def test_the_hub_is_one_of_the_external_senders():
    assert House.of(TWO, "alice1", servers=("b.example", HUB)).state.external_senders == ("b.example", HUB)
    for servers in ((), ("b.example",)):
        refused = refusal(TWO, "alice1", servers=servers)
        assert refused.rule is PolicyRule.HUB_IS_EXTERNAL_SENDER


@exercises("PROTO-7.5-01")
def test_a_list_with_the_same_user_twice_begins_no_room():
    with pytest.raises(ComponentError) as caught:
        House.of({"alice": 4, "alice1": 2}, "alice1")
    assert caught.value.rule is ParticipantsRule.LISTED_ONCE


@exercises("PROTO-7.5-15", "POLICY-3-14")
def test_components_that_do_not_go_together_begin_no_room():
    with pytest.raises(ComponentError) as caught:
        House.of({"alice": 9}, "alice1")
    assert caught.value.rule is AgreementRule.PARTICIPANTS_HAVE_ROLES


@exercises("ARCH-2-12", "ARCH-4.4-05", "POLICY-1-01")
def test_a_policy_outside_the_envelope_begins_no_room():
    envelope = PolicyEnvelope(
        (Limit("base_room_policy.persistent_room", Fixed(False)),), required=frozenset({"asset_policy"})
    )
    assert refusal(TWO, "alice1", envelope=envelope).rule is EnvelopeRule.COMPONENT_REQUIRED
    refused = refusal(TWO, "alice1", envelope=replace(envelope, required=frozenset()))
    assert refused.rule is EnvelopeRule.FIXED
    assert "base_room_policy.persistent_room" in str(refused)
    inside = House.of(
        TWO, "alice1", envelope=envelope, base={"persistent_room": False}, components={"asset_policy": ASSETS}
    )
    assert inside.state.envelope is envelope


@exercises("POLICY-5-08")
def test_one_fixed_membership_room_has_a_set_of_users():
    other = MimiUri.room(HUB, "dm")
    alike = Surroundings(find_fixed_room=lambda participants: other if len(participants) == 2 else None)
    pair = {"alice": 2, "bob": 2}
    assert refusal(pair, "alice1", policy="direct-message", surroundings=alike).rule is PolicyRule.FIXED_MEMBERSHIP_ONCE
    House.of(pair, "alice1", surroundings=alike)
    House.of(pair, "alice1", policy="direct-message")


@exercises("POLICY-5-09", "POLICY-5-11", "POLICY-5-12")
def test_a_parent_dependent_room_has_a_parent_here_with_its_users_and_more():
    parent = House.of({"alice": 4, "bob": 2, "carol": 2}, "alice1").state.committed
    depends = {"parent_dependant": True, "parent_room": (Uri(bytes(ROOM)),)}
    beside = Surroundings(find_room=lambda room_id: parent if room_id == ROOM else None)
    House.of(TWO, "alice1", base=depends, surroundings=beside)
    assert refusal(TWO, "alice1", base=depends).rule is LimitRule.PARENT_ON_THIS_HUB
    for users in ({"alice": 4, "dave": 2}, {"alice": 4, "bob": 2, "carol": 2}):
        refused = refusal(users, "alice1", base=depends, surroundings=beside)
        assert refused.rule is LimitRule.SUBSET_OF_PARENT
    elsewhere = {"parent_dependant": True, "parent_room": (Uri(b"mimi://b.example/r/other"),)}
    with pytest.raises(ComponentError) as caught:
        House.of(TWO, "alice1", base=elsewhere, surroundings=beside)
    assert caught.value.rule is AgreementRule.PARENT_AT_SAME_HUB


@pytest.mark.parametrize(
    ("base", "rule"),
    [
        ({"max_users": 1}, LimitRule.MAX_USERS),
        ({"max_clients": 2}, LimitRule.MAX_CLIENTS),
        ({"multi_device": False}, LimitRule.ONE_CLIENT_EACH),
    ],
)
@exercises("POLICY-5-16", "POLICY-5-17", "POLICY-5-18")
def test_a_room_begins_within_its_limits(base, rule):
    assert refusal({**TWO, "carol": 1}, "alice1", "bob1", "bob2", base=base).rule is rule


@exercises("POLICY-5-15", "POLICY-5-17", "POLICY-5-18")
def test_a_room_may_begin_at_its_limits():
    House.of({**TWO, "carol": 1}, "alice1", "bob1", "bob2", base={"max_users": 2, "max_clients": 3})


def test_rooms_do_not_share_what_they_remember():
    number = NUMBERS["participant_list"]
    one, other = (room_application().components.component(number) for _ in range(2))
    assert one is not other


@pytest.mark.parametrize("name", PRESETS)
@exercises("ARCH-4-03", "POLICY-A.1-01", "POLICY-A.2-01", "POLICY-A.3-01", "POLICY-A.4-01")
def test_every_preset_begins_a_room(name):
    made = preset(name)
    server = {} if made.hub_role_index is None else {HUB: made.hub_role_index}
    house = House.of({"alice": made.creator_role_index, **server}, "alice1", policy=name)
    assert {role.role for role in house.state.committed.policy.roles.values()} == {*made.roles_list.roles}
