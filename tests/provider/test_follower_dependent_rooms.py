"""A follower judges a room that depends on another by what it knows of that one, if anything (POLICY 5, AMB-168)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Remove
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate
from mimi_conformance.reference.wire.protocol.update import UpdateRequest, UpdateRoomResponse
from tests.exercised import exercises
from tests.provider.follower_scene import FollowedHub
from tests.provider.hub_scene import HUB, Code
from tests.provider.test_follower_following import same_room
from tests.provider.test_hub_dependent_rooms import depending_on
from tests.room.house import update

PARENT = MimiUri.room(HUB, "parent")


@pytest.fixture
def known() -> bool:
    """Whether the follower knows the parent room."""
    return True


@pytest.fixture
def hub(known):
    """A room that depends on another, with Bob's client at the follower; `above` are the clients in the other."""
    roles = {"alice": 4, "bob": 2, "carl": 2}
    hub = FollowedHub().found(roles | {"adam": 2, "anna": 2}, "alice1", "carl1", room_id=PARENT)
    hub.above = hub.members
    hub.found(roles, "alice1", "bob1", "carl1", base=depending_on(PARENT))
    hub.follower.put_in("bob1")
    if known:
        hub.follower.follow(PARENT)
    hub.follower.follow()
    return hub


@exercises("POLICY-5-10")
@pytest.mark.parametrize("known", [True, False])
def test_what_follows_from_a_parent_room_is_delivered_though_we_have_not_heard_what_happened_there(hub):
    hub.members, below = hub.above, hub.members
    listed = ParticipantListUpdate(removed_indices=(2,))
    made = hub.made_commit("alice1", Remove(hub.group("carl1").leaf_index), update("participant_list", listed))
    answer = hub.ask(Endpoint.UPDATE, UpdateRequest(hub.bundle(made)).encode(), "alice1", PARENT.text)
    assert UpdateRoomResponse.decode(answer.body).response_code is Code.success
    hub.members = below
    hub.follower.catch_up()
    [event] = hub.follower.delivered("bob1")
    assert event.event is FanoutEvent.proposal
    assert hub.follower.room() is None


@exercises("POLICY-5-10")
@pytest.mark.parametrize("known", [True, False])
def test_who_comes_from_the_parent_room_is_known_where_that_is(hub, known):
    assert hub.commit("alice1", hub.listed({"adam": 2})).response_code is Code.success
    assert [event.event for event in hub.follower.delivered("bob1")] == [FanoutEvent.commit]
    assert same_room(hub) if known else hub.follower.room() is None


@exercises("ARCH-4.4-08")
def test_what_is_invalid_in_any_room_is_discarded(hub):
    public = hub.made_commit("alice1").message.public_message
    forged = replace(public, auth=replace(public.auth, signature=bytes(64)))
    hub.follower.notify(FanoutMessage(timestamp=hub.now, message=MLSMessage.of(forged), external_proposals=()))
    assert hub.follower.delivered("bob1") == []
    assert same_room(hub)
