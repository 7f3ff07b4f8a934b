"""What people do in rooms with a client, and what comes of it (PROTO 3, 5.3, 5.6, 5.9; POLICY 8)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.client.connection import HubKeys
from mimi_conformance.reference.client.errors import ClientError, NotInRoomError, RefusedError
from mimi_conformance.reference.client.new_group import RoomPlan
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.mls.app_data import WireFormats
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.registries import ExtensionType, WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import ExternalReceivers
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoCode
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.operational import ExtendedCapabilities
from mimi_conformance.reference.wire.room_policy.roles import SingleSourceRoleChangeTargets
from tests.client.conftest import A, B
from tests.exercised import exercises
from tests.provider.network_scene import Network
from tests.room.component_examples import OPERATIONAL


def users(room) -> dict[str, str]:
    return {uri.rpartition("/")[2]: role for uri, role in room.participants.items() if "/u/" in uri}


def open_room(alice, *codes: bytes):
    """A room that others may come into, by themselves or with a code."""
    plain = preset("cooperative")
    outside, *others = plain.roles_list.roles
    way = CapabilityType.can_use_join_code if codes else CapabilityType.can_open_join
    outside = replace(
        outside, role_capabilities=(way,), authorized_role_changes=(SingleSourceRoleChangeTargets(0, (2,)),)
    )
    roles = replace(plain.roles_list, roles=(outside, *others))
    return alice.create_room(plan=RoomPlan(replace(plain, roles_list=roles)), joining_codes=codes)


class TestComingIn:
    def test_a_further_device_is_added_by_the_user_itself(self, network, rooms, alice):
        room, bobs = rooms
        tablet = network.client(A, "alice", "tablet")
        room.add(alice.user)
        assert tablet.room(room.uri).epoch == room.epoch
        bobs.send("hello")
        assert tablet.rooms[room.uri].next_message().sender == bobs._client.user

    @exercises("PROTO-3.6-04")
    def test_a_device_joins_by_itself_and_again_in_place_of_itself(self, network, rooms, bob):
        room, bobs = rooms
        tablet = network.client(B, "bob", "tablet")
        tablet.join(room.uri)
        again = network.client(B, "bob", "tablet")
        joined = again.join(room.uri)
        assert [each.uri.path[-1] for each in joined.membership.clients_of(bob.user)] == ["phone", "tablet"]
        bobs.send("hello")
        assert joined.next_message().accepted == bobs.messages[-1].accepted

    def test_a_stranger_comes_into_an_open_room(self, network, alice):
        room = open_room(alice)
        carl = network.client(B, "carl", "phone")
        joined = carl.join(room.uri)
        network.settle()
        alice.catch_up()
        assert users(room) == users(joined) == {"alice": "super_admin", "carl": "ordinary_user"}

    def test_a_code_lets_a_stranger_in_and_no_code_does_not(self, network, alice):
        room = open_room(alice, b"sesame")
        carl = network.client(B, "carl", "phone")
        for code in (b"", b"barley"):
            with pytest.raises(RefusedError) as refused:
                carl.join(room.uri, joining_code=code)
            assert refused.value.code is GroupInfoCode.not_authorized
        carl.join(room.uri, joining_code=b"sesame")
        network.settle()
        alice.catch_up()
        assert users(room)["carl"] == "ordinary_user"

    def test_a_stranger_does_not_come_into_a_closed_room(self, network, rooms):
        with pytest.raises(RefusedError, match="not_authorized"):
            network.client(B, "carl", "phone").join(rooms[0].uri)


class TestGoing:
    @exercises("PROTO-3.5-02", "POLICY-8.1.2-10")
    def test_a_user_leaves_with_all_devices(self, network, rooms, alice, bob):
        room, bobs = rooms
        tablet = network.client(B, "bob", "tablet")
        on_tablet = tablet.join(room.uri)
        network.settle()
        bob.catch_up()
        bobs.leave()
        with pytest.raises(NotInRoomError, match="about to leave"):
            bobs.send("bye")
        network.settle()
        alice.catch_up()
        room.commit()
        network.settle()
        for device in (bob, tablet):
            device.catch_up()
        assert (bobs.membership.is_over, on_tablet.membership.is_over) == (True, True)
        assert users(room) == {"alice": "super_admin"}

    def test_who_was_removed_may_be_added_again(self, network, rooms, bob):
        room, bobs = rooms
        room.remove(bob.user)
        network.settle()
        bob.catch_up()
        room.add(bob.user)
        assert bob.room(room.uri) is bobs
        assert bobs.epoch == room.epoch
        bobs.send("back")
        assert room.next_message().sender == bob.user

    @exercises("PROTO-5.3-06")
    def test_who_is_banned_does_not_come_back(self, network, rooms, bob):
        room, _ = rooms
        room.ban(bob.user)
        assert users(room) == {"alice": "super_admin", "bob": "banned"}
        network.settle()
        with pytest.raises(RefusedError):
            network.client(B, "bob", "tablet").join(room.uri)
        with pytest.raises(ClientError):
            room.add(bob.user)


def test_a_role_is_given_by_its_name(network, rooms, alice, bob):
    room, bobs = rooms
    room.change_role(bob.user, "group_admin")
    network.settle()
    bob.catch_up()
    assert users(bobs) == {"alice": "super_admin", "bob": "group_admin"}
    with pytest.raises(ClientError, match="no role 'king'; it has no_role, banned, ordinary_user"):
        room.change_role(bob.user, "king")
    assert alice.rooms[room.uri] is room


def test_what_waits_is_committed_before_something_is_said(network, rooms, alice, bob):
    room, bobs = rooms
    bobs.leave()
    network.settle()
    said = room.send("he has left")
    assert room.epoch == 2
    assert users(room) == {"alice": "super_admin"}
    assert room.messages == (said,)
    assert (alice.uri, bob.uri) == (alice.device.uri, bob.device.uri)


@exercises("PROTO-5.9-01", "PROTO-5.9-09")
def test_what_was_said_is_reported_with_its_stamp(network, rooms, bob):
    room, bobs = rooms
    said = bobs.send("You are all fools.")
    room.next_message()
    room.report(bob.user, said.message_id, note="Again.")
    [received] = network.instances[A].service.abuse_reports()
    assert (received.report.note, received.doubts) == (b"Again.", ("",))
    with pytest.raises(ClientError, match="no frank, so it proves nothing"):
        room.report(bob.user, bytes(33))


def test_a_room_without_a_franking_agent_works_without_stamps(network, alice, bob, monkeypatch):
    keys = alice.connection.hub_keys
    monkeypatch.setattr(alice.connection, "hub_keys", lambda suite: HubKeys(keys(suite).external_sender))
    room = alice.create_room()
    room.add(bob.user)
    bobs = bob.room(room.uri)
    assert bobs.send("hello").franked is None
    assert room.next_message().franked is None


def test_handshakes_are_half_private_where_the_policy_wants_that(network, alice, bob):
    hub = network.instances[A].provider
    formats = WireFormats((WireFormat.mls_semiprivate_message,))
    operational = replace(OPERATIONAL, handshake_formats=(formats,), forbidden_capabilities=ExtendedCapabilities())
    plan = RoomPlan(
        components={
            "external_receivers": ExternalReceivers((hub.external_receiver(alice.device.cipher_suite),)),
            "mls_operational_policy": operational,
        },
        extensions=(Extension(ExtensionType.required_wire_formats, formats.encode()),),
    )
    room = alice.create_room(plan=plan)
    room.add(bob.user)
    bobs = bob.room(room.uri)
    bobs.commit()
    network.settle()
    alice.catch_up()
    assert room.epoch == bobs.epoch == 2
    sent = [each.request.body for each in network.exchanges if each.endpoint == "update"]
    assert sent, "Bob's commit has gone to the hub"
    assert isinstance(network, Network)
