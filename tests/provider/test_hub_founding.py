"""How a room begins: by a local client, with a group that has all that a room of this hub needs (PROTO 3.1)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.provider.founding import RoomExistsError
from mimi_conformance.reference.provider.local import UserChange
from mimi_conformance.reference.provider.messages import LocalRequestError
from mimi_conformance.reference.provider.rooms import envelope_of
from mimi_conformance.reference.room.actors import JoinCode
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import ExternalSender
from mimi_conformance.reference.wire.room_policy.roles import RoleData
from tests.exercised import exercises
from tests.mls.group_examples import SUITE
from tests.provider.hub_scene import HUB, ROOM, Hub, follower
from tests.room.house import user

USERS = {"alice": 4, "bob": 2}


@pytest.fixture
def hub() -> Hub:
    return Hub()


def clients_in(hub: Hub) -> dict[MimiUri, int]:
    with hub.storage.transaction() as transaction:
        return {each.client: each.leaf_index for each in transaction.clients_in(ROOM)}


def refused(hub: Hub, new) -> str:
    before = hub.dump()
    with pytest.raises(LocalRequestError) as raised:
        hub.service.create_room(new)
    assert hub.dump() == before
    return str(raised.value)


@exercises("PROTO-3.1-01", "PROTO-4.3.1-03", "PROTO-4.3.1-04", "PROTO-7.1-01", "PROTO-7.2-01", "ARCH-4-03", "ARCH-4-04")
def test_a_room_begins_with_its_group_its_participants_and_its_policy(hub):
    hub.found(USERS, "alice1", "alice2")
    state = hub.room().state
    assert [(each.user, each.role_index) for each in state.committed.participants.entries] == [
        (user("alice"), 4),
        (user("bob"), 2),
    ]
    assert state.committed.room_id == ROOM
    assert state.group.context == hub.members["alice1"][1].context
    assert state.committed.policy.roles.keys() == {0, 1, 2, 3, 4, 5}


@exercises("PROTO-3.1-02")
def test_clients_of_local_users_are_known_by_their_leaves_from_the_start(hub):
    hub.found(USERS, "alice1", "alice2")
    assert clients_in(hub) == {hub.uri("alice1"): 0, hub.uri("alice2"): 1}


@exercises("PROTO-7.4-02", "PROTO-7.4-03")
def test_the_hub_is_an_external_sender_with_the_key_that_it_has(hub):
    impostor = ExternalSender(follower("b.example").external_sender(SUITE).signature_key, hub.provider.credential)
    assert "do not have the key of hub.example" in refused(hub, hub.new_room(USERS, "alice1", hub_entry=impostor))
    nobody = ExternalSender(impostor.signature_key, Credential.basic(b"mimi://b.example"))
    assert "hub.example is none" in refused(hub, hub.new_room(USERS, "alice1", hub_entry=nobody))


@exercises("POLICY-2-01")
def test_a_room_is_made_once(hub):
    new = hub.new_room(USERS, "alice1")
    hub.service.create_room(new)
    before = hub.dump()
    with pytest.raises(RoomExistsError):
        hub.service.create_room(new)
    assert hub.dump() == before


@exercises("PROTO-5.3-16", "PROTO-5.6-21")
def test_the_group_info_comes_without_the_tree(hub):
    new = hub.new_room(USERS, "alice1")
    with_tree = replace(new, group_info=group_info(hub.members["alice1"][1], tree=True))
    assert "has the ratchet tree in it" in refused(hub, with_tree)


def test_who_makes_a_room_is_a_client_of_a_local_user_and_the_one_that_made_its_group(hub):
    new = hub.new_room(USERS, "alice1", "alice2")
    assert "is signed by mimi://hub.example/d/alice/1" in refused(hub, replace(new, creator=hub.uri("alice2")))
    assert "no client of a user" in refused(hub, replace(new, creator=hub.uri("adam1")))
    hub.service.change_user(UserChange(MimiUri.parse(user("alice")), deleted=True))
    assert "no client of a user" in refused(hub, new)


@pytest.mark.parametrize("room_id", ["mimi://b.example/r/clubhouse", "mimi://hub.example/u/alice"])
def test_a_room_is_one_of_this_hub(hub, room_id):
    assert "is no room of hub.example" in refused(hub, replace(hub.new_room(USERS, "alice1"), room_id=MimiUri(room_id)))


def test_a_damaged_group_is_none(hub):
    new = hub.new_room(USERS, "alice1", "alice2")
    other = hub.new_room(USERS, "alice1")
    assert "can't be made" in refused(hub, replace(new, ratchet_tree=other.ratchet_tree))


@exercises("POLICY-5-08")
def test_the_same_users_have_one_fixed_membership_room(hub):
    fixed = {"policy": "direct-message", "base": {"fixed_membership": True}}
    hub.found({"alice": 2, "bob": 2}, "alice1", **fixed)
    again = hub.new_room({"bob": 2, "alice": 2}, "alice1", room_id=MimiUri.room(HUB, "again"), **fixed)
    assert "has the same participants" in refused(hub, again)
    hub.found({"alice": 2, "carol": 2}, "alice1", room_id=MimiUri.room(HUB, "again"), **fixed)


@exercises("ARCH-4.4-05", "ARCH-4.4-06")
def test_a_policy_envelope_says_what_may_still_change(hub):
    changeable = frozenset({"room_metadata"})
    hub.found(USERS, "alice1", changeable=changeable)
    state = hub.room().state
    assert state.envelope == envelope_of(state.committed, changeable)
    assert state.envelope.refusal("roles_list", object()) is not None


def test_joining_codes_lead_to_the_lowest_role_that_outsiders_may_change_into(hub):
    hub.found(USERS, "alice1", policy="moderated", joining_codes=(b"sesame", b"abracadabra"))
    with hub.storage.transaction() as transaction:
        assert transaction.joining_code(ROOM, b"sesame") == JoinCode(b"sesame", 2)
        assert transaction.joining_code(ROOM, b"open") is None


def test_codes_where_nobody_may_use_them_are_refused(hub):
    no_role, *others = preset("moderated").roles_list.roles
    for useless in ({"role_capabilities": ()}, {"authorized_role_changes": ()}):
        roles = RoleData((replace(no_role, **useless), *others))
        new = hub.new_room(USERS, "alice1", components={"roles_list": roles}, joining_codes=(b"sesame",))
        assert "nobody in by a code" in refused(hub, new)
