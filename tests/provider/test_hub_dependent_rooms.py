"""Whoever leaves a room leaves the rooms that depend on it, which the hub proposes there (POLICY 5, AMB-168)."""

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.changes import RemoveParticipant
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent
from mimi_conformance.reference.wire.protocol.room_metadata import Uri
from tests.exercised import exercises
from tests.provider.hub_scene import HUB, ROOM, Hub
from tests.provider.test_hub_departures import delete
from tests.provider.test_hub_update import accepted
from tests.room.house import user

CALL = MimiUri.room(HUB, "call")
CHAT = MimiUri.room(HUB, "chat")
ROLES = {"alice": 4, "adam": 2, "bob": 2, "carol": 3, "dora": 2}
CLIENTS = ("alice1", "adam1", "bob1", "carol1")
PROPOSAL = FanoutEvent.proposal


def depending_on(room_id: MimiUri) -> dict[str, object]:
    return {"parent_dependant": True, "parent_room": (Uri(bytes(room_id)),)}


@pytest.fixture
def hub() -> Hub:
    """A room in which the clients are, a call that depends on it, and a chat that depends on the call."""
    hub = Hub().found(ROLES, *CLIENTS)
    clubhouse = hub.members
    hub.found(ROLES | {"dora": 1}, *CLIENTS, room_id=CALL, base=depending_on(ROOM))
    hub.found({"alice": 4, "bob": 2}, "alice1", "bob1", room_id=CHAT, base=depending_on(CALL))
    hub.members = clubhouse
    return hub


def leaving(hub: Hub, room_id: MimiUri) -> set[bytes]:
    """Who is about to leave a room, with all clients."""
    state = hub.room(room_id).state
    changes = [change for change in state.pending_changes if isinstance(change, RemoveParticipant)]
    assert all(
        change.leaves == {each.leaf_index for each in state.committed.participants.clients(change.user)}
        for change in changes
    )
    return {change.user for change in changes}


@exercises("POLICY-5-10")
@pytest.mark.parametrize("how", ["commit", "propose"])
def test_whoever_is_removed_leaves_the_rooms_below_and_those_below_them(hub, how):
    accepted(getattr(hub, how)("carol1", *hub.removals("bob"), hub.listed(removed=["bob"])))
    assert (leaving(hub, CALL), leaving(hub, CHAT)) == ({user("bob")}, {user("bob")})
    for room_id in (CALL, CHAT):
        assert [event.event for event in hub.notified("b.example", room_id)] == [PROPOSAL]


@exercises("POLICY-5-10")
def test_whoever_leaves_or_is_banned_leaves_them_as_well(hub):
    accepted(hub.propose("bob1", *hub.removals("bob"), hub.listed(removed=["bob"])))
    accepted(hub.commit("carol1", *hub.removals("adam"), hub.listed(changed={"adam": 1})))
    assert leaving(hub, CALL) == {user("bob"), user("adam")}


def test_a_hub_that_may_remove_nobody_above_still_may_below(hub):
    delete(hub, "adam")
    assert leaving(hub, ROOM) == leaving(hub, CALL) == set()
    accepted(hub.commit("carol1", *hub.removals("adam"), hub.listed(removed=["adam"])))
    assert leaving(hub, CALL) == {user("adam")}


def test_it_is_proposed_once_in_an_epoch(hub):
    accepted(hub.commit("carol1", *hub.removals("bob"), hub.listed(removed=["bob"])))
    hub.notified("c.example", CALL)
    accepted(hub.commit("carol1"))
    assert hub.notified("c.example", CALL) == ()


def test_those_who_are_banned_below_stay_banned(hub):
    accepted(hub.commit("carol1", hub.listed(removed=["dora"])))
    assert leaving(hub, CALL) == set()


def test_nothing_else_in_the_room_above_matters(hub):
    accepted(hub.commit("carol1", hub.listed(changed={"adam": 3})))
    accepted(hub.propose("alice1", hub.listed(added={"dana": 2})))
    assert leaving(hub, CALL) == leaving(hub, CHAT) == set()
    assert hub.notified("b.example", CALL) == ()


def test_a_hub_that_might_remove_others_leaves_them():
    hub = Hub().found(ROLES | {HUB: 2}, *CLIENTS)
    clubhouse = hub.members
    hub.found({"alice": 4, "adam": 2, "bob": 2, HUB: 3}, *CLIENTS[:3], room_id=CALL, base=depending_on(ROOM))
    hub.members = clubhouse
    accepted(hub.commit("carol1", *hub.removals("bob"), hub.listed(removed=["bob"])))
    assert leaving(hub, CALL) == {user("bob")}
