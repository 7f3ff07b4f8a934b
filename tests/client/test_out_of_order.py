"""Events reach a client in another order than that in which the hub accepted them; it is none the worse for that."""

import pytest

from mimi_conformance.reference.client import changes
from mimi_conformance.reference.client.errors import NotSentError
from mimi_conformance.reference.client.happenings import Discarded
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Endpoint
from tests.client.conftest import A, B, C
from tests.provider.agreement import check_rooms
from tests.provider.network_scene import Exchange, late


def delay_what_the_hub_notifies(network):
    """From now on that comes seven seconds late."""

    async def fault(exchange: Exchange):
        return await (late(7)(exchange) if exchange.endpoint == Endpoint.NOTIFY else exchange.deliver())

    network.fault = fault


def texts(room) -> list[bytes]:
    return [each.content.nested_part.content for each in room.messages]


def discarded(client) -> list[Discarded]:
    return [each for each in client.happenings if isinstance(each, Discarded)]


def test_a_welcome_from_before_a_client_came_in_by_itself_is_late(network, alice, bob):
    room = alice.create_room()
    delay_what_the_hub_notifies(network)
    room.add(bob.user)
    joined = bob.join(room.uri)
    assert joined.epoch == 2
    network.settle()
    bob.catch_up()
    assert joined.epoch == 2


def test_what_a_sibling_did_waits_for_what_came_before_it(network, alice, bob):
    room = alice.create_room()
    room.add(bob.user)
    bobs = bob.room(room.uri)
    delay_what_the_hub_notifies(network)
    room.commit()
    room.send("before the tablet")
    tablet = network.client(B, "bob", "tablet")
    on_tablet = tablet.join(room.uri)
    on_tablet.send("from the tablet")
    bob.catch_up()
    assert (bobs.epoch, texts(bobs)) == (1, [])
    network.settle()
    bob.catch_up()
    assert bobs.membership.group.context == on_tablet.membership.group.context
    assert sorted(texts(bobs)) == [b"before the tablet", b"from the tablet"]
    assert not discarded(bob)


def test_messages_from_before_a_device_came_are_not_for_it(network, alice, bob):
    room = alice.create_room()
    room.add(bob.user)
    bob.room(room.uri)
    delay_what_the_hub_notifies(network)
    room.send("before the tablet")
    tablet = network.client(B, "bob", "tablet")
    on_tablet = tablet.join(room.uri)
    network.settle()
    tablet.catch_up()
    assert texts(on_tablet) == []
    assert not discarded(tablet)


def test_what_is_no_commit_is_not_sent(network, alice, bob):
    room = alice.create_room()
    room.add(bob.user)
    with pytest.raises(NotSentError, match="no commit"):
        room.change_role(bob.user, "no_role")
    assert room.epoch == 1


def test_what_a_sibling_did_waits_for_the_welcome_of_who_comes_back(network, alice, bob):
    room = alice.create_room()
    room.add(bob.user)
    bobs = bob.room(room.uri)
    delay_what_the_hub_notifies(network)
    room.remove(bob.user)
    room.add(bob.user)
    tablet = network.client(B, "bob", "tablet")
    on_tablet = tablet.join(room.uri)
    bob.catch_up()
    network.settle()
    bob.catch_up()
    assert bobs.membership.group.context == on_tablet.membership.group.context


def test_a_proposal_counts_that_ones_own_has_overtaken(network, alice, bob):
    dave, cathy, laptop = (network.client(*each) for each in ((A, "dave", "pc"), (C, "cathy", "pc"), (C, "cathy", "2")))
    room = alice.create_room()
    for client in (bob, cathy, dave):
        client.grant_consent(alice.user)
        room.add(client.user, "ordinary_user" if client is dave else "group_admin")
    bobs, cathys = bob.room(room.uri), cathy.room(room.uri)
    cathys.commit()  # so that their provider knows the room
    bob.catch_up()
    delay_what_the_hub_notifies(network)
    bobs.propose(lambda membership: changes.removing(membership, dave.user))
    cathys.propose(lambda membership: changes.removing(membership, bob.user))
    network.settle()
    everybody = (alice, bob, cathy, laptop, dave)
    for client in everybody:
        client.catch_up()
    assert len(room.membership.group.public.pending) == 4
    check_rooms(network, [room.uri], everybody)
    assert not [each for client in everybody for each in discarded(client)]


def test_a_commit_waits_for_the_proposals_that_it_covers(network, alice, bob):
    room = alice.create_room()
    room.add(bob.user)
    joined, tablet = bob.room(room.uri), network.client(B, "bob", "tablet")
    on_tablet = tablet.join(room.uri)
    network.settle()
    alice.catch_up()
    events, receive = [], room.receive
    room.receive = lambda event: events.append(event) or ()
    bob.catch_up()
    tablet.catch_up()
    joined.propose(lambda membership: (changes.listing(membership, added={MimiUri.user(B, "dora"): 2}),))
    network.settle()
    on_tablet.commit()
    network.settle()
    alice.catch_up()
    proposal, commit = events
    receive(commit)
    assert room.epoch == 2
    receive(proposal)
    assert room.epoch == on_tablet.epoch == 3
    assert discarded(alice) == []
