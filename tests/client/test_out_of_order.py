"""Events reach a client in another order than that in which the hub accepted them; it is none the worse for that."""

import pytest

from mimi_conformance.reference.client.errors import NotSentError
from mimi_conformance.reference.client.happenings import Discarded
from mimi_conformance.reference.provider.messages import Endpoint
from tests.provider.network_scene import Exchange, Network, late

A, B = "a.example", "b.example"


@pytest.fixture
def network():
    with Network(A, B) as network:
        yield network


@pytest.fixture
def alice(network):
    return network.client(A, "alice", "phone")


@pytest.fixture
def bob(network, alice):
    """Somebody at another provider, who may be added."""
    bob = network.client(B, "bob", "phone")
    bob.grant_consent(alice.user)
    return bob


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
