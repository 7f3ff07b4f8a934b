"""The hub's acceptance of a request overtakes what the hub notifies, as it comes by another way (PROTO 5.5)."""

import pytest

from mimi_conformance.reference.provider.messages import Answer, Endpoint
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from tests.provider.network_scene import Exchange, Network

HUB, FOLLOWER = "a.example", "b.example"


async def notifying_late(exchange: Exchange) -> Answer:
    """What the hub notifies does not come for now."""
    if exchange.endpoint == Endpoint.NOTIFY:
        return Answer(503)
    return await exchange.deliver()


@pytest.fixture
def network():
    with Network(HUB, FOLLOWER) as network:
        yield network


@pytest.fixture
def clients(network):
    """Alice at the hub, Bob at the follower in her room, and Carl there, too, who will come."""
    alice, bob = network.client(HUB, "alice", "phone"), network.client(FOLLOWER, "bob", "phone")
    carl = network.client(FOLLOWER, "carl", "phone")
    bob.grant_consent(alice.user)
    alice.create_room().add(bob.user)
    network.settle()
    return alice, bob, carl


@pytest.mark.parametrize("is_room_known", [False, True])
def test_who_is_let_in_by_a_welcome_has_what_siblings_have_sent_meanwhile(network, clients, is_room_known):
    alice, bob, carl = clients
    [uri] = alice.rooms
    bobs = bob.room(uri)
    if is_room_known:
        bobs.commit()
    bobs.send("nobody else is here")
    carl.grant_consent(bob.user)
    network.fault = notifying_late
    bobs.add(carl.user)
    bobs.send("welcome")
    bobs.commit()
    network.settle()
    carls = carl.room(uri)
    for each in clients:
        each.catch_up()
    assert carls.membership.group.context == bobs.membership.group.context
    assert [len(each.rooms[uri].messages) for each in clients] == [2, 2, 1]
    delivered = network.instances[FOLLOWER].service.deliveries(carl.uri)
    assert [FanoutMessage.decode(each.body).event.name for each in delivered] == ["welcome", "application", "commit"]


def test_a_message_is_for_whom_it_was_accepted_though_it_comes_after_they_have_left(network, clients):
    alice, bob, _ = clients
    [uri] = alice.rooms
    bobs = bob.room(uri)
    bobs.commit()
    alice.wait_until(lambda: alice.rooms[uri].epoch == bobs.epoch)
    network.fault = notifying_late
    alice.rooms[uri].send("good bye")
    bobs.leave()
    network.settle()
    bob.catch_up()
    assert len(bobs.messages) == 1
