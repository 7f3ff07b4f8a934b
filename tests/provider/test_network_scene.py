"""The network of whole providers without sockets is one: it delivers, it fails when told to, and time stands still."""

import pytest

from mimi_conformance.reference.client.errors import HTTPRefusalError, UnansweredError
from mimi_conformance.reference.provider.messages import Endpoint
from tests.provider.network_scene import (
    Exchange,
    Network,
    answered,
    killed_after,
    killed_before,
    late,
    lost,
    twice,
    unheard,
)

A, B, C = "a.example", "b.example", "c.example"


@pytest.fixture
def network():
    with Network(A, B, C) as network:
        yield network


@pytest.fixture
def pair(network):
    """A room of Alice, who is at its hub, and Bob, who is not, as each of them has it."""
    alice, bob = network.client(A, "alice", "phone"), network.client(B, "bob", "phone")
    bob.grant_consent(alice.user)
    room = alice.create_room()
    room.add(bob.user)
    return room, bob.room(room.uri)


def test_three_providers_play_the_example_of_the_draft(network):
    alice, bob = network.client(A, "alice", "phone"), network.client(B, "bob", "phone")
    cathy, laptop = network.client(C, "cathy", "phone"), network.client(C, "cathy", "laptop")
    room = alice.create_room()
    alice.request_consent(bob.user)
    bob.wait_for_more()
    bob.grant_consent(alice.user)
    cathy.grant_consent(bob.user)
    room.add(bob.user)
    bobs = bob.room(room.uri)
    bobs.add(cathy.user)
    cathys, on_laptop = cathy.room(room.uri), laptop.room(room.uri)
    cathys.send("hello")
    assert [each.next_message().sender for each in (room, bobs, on_laptop)] == [cathy.user] * 3
    bobs.leave()
    cathy.wait_until(lambda: cathys.membership.group.public.pending)
    cathys.commit()
    bob.wait_until(lambda: bobs.membership.is_over)
    watch = network.client(C, "cathy", "watch").join(room.uri)
    watch.send("from the watch")
    assert room.next_message().content.nested_part.content == b"from the watch"
    network.settle()
    followed = network.instances[C].room(room.uri).state.group.context
    assert followed == network.instances[A].room(room.uri).state.group.context == room.membership.group.context


def test_time_passes_when_told_to_only(network, pair):
    before = network.loop.time()
    network.loop.pass_time(3600)
    assert network.loop.time() == before + 3600


def test_the_clock_never_says_the_same_twice(network):
    first, second = network.clock(), network.clock()
    network.loop.pass_time(3600)
    assert first < second < network.clock() - 3_000_000


@pytest.mark.parametrize("fault", [lost, unheard, twice, killed_before, killed_after, answered(500), late(3)])
def test_what_is_tried_again_arrives_once(network, pair, fault):
    room, bobs = pair

    async def once(exchange: Exchange):
        if exchange.endpoint != Endpoint.NOTIFY:
            return await exchange.deliver()
        network.fault = Exchange.deliver
        return await fault(exchange)

    network.fault = once
    room.send("hello")
    network.settle()
    bobs.next_message()
    assert network.fault is Exchange.deliver, "there was a notify"
    assert len(bobs.messages) == 1


@pytest.mark.parametrize("fault", [lost, unheard, twice, killed_before, killed_after, answered(500), late(3)])
def test_clients_of_followers_ask_again_too(network, pair, fault):
    room, bobs = pair

    async def once(exchange: Exchange):
        network.fault = Exchange.deliver
        return await fault(exchange)

    network.fault = once
    bobs.send("hello")
    network.settle()
    room.next_message()
    assert len(room.messages) == 1


def test_a_provider_that_is_out_of_reach_is_an_error_of_the_client_that_asks(network, pair):
    network.fault = lost
    with pytest.raises(UnansweredError):
        pair[1].send("hello")


def test_other_answers_reach_the_client_that_asks(network, pair):
    network.fault = answered(429, Retry_After="7")
    with pytest.raises(HTTPRefusalError, match="429"):
        pair[1].send("hello")


def test_what_is_late_takes_its_time(network, pair):
    network.fault = late(3, answer=2)
    before = network.loop.time()
    pair[1].send("hello")
    assert network.loop.time() == before + 5


def test_the_same_seed_gives_the_same_network():
    def played():
        with Network(A, B, seed=1) as network:
            bob = network.client(B, "bob", "phone")
            alice = network.client(A, "alice", "phone")
            bob.grant_consent(alice.user)
            alice.create_room().add(bob.user)
            network.settle()
            return [exchange.request for exchange in network.exchanges]

    assert played() == played()
