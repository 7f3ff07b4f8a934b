"""A network of three providers in one process, and people at two of them."""

import pytest

from tests.provider.network_scene import Network

A, B, C = "a.example", "b.example", "c.example"


@pytest.fixture
def network():
    with Network(A, B, C) as network:
        yield network


@pytest.fixture
def alice(network):
    """Somebody at the hub."""
    return network.client(A, "alice", "phone")


@pytest.fixture
def bob(network, alice):
    """Somebody at another provider, who may be added by Alice."""
    bob = network.client(B, "bob", "phone")
    bob.grant_consent(alice.user)
    return bob


@pytest.fixture
def rooms(alice, bob):
    """A room as Alice and Bob have it."""
    room = alice.create_room()
    room.add(bob.user)
    return room, bob.room(room.uri)
