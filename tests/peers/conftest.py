"""Two peers of ours on loopback sockets: ``b`` asks, ``c`` answers."""

import pytest

from mimi_conformance.mocks.network.network import Network


@pytest.fixture(scope="package")
def network():
    with Network() as network:
        network.add_peer("b.example")
        network.add_peer("c.example")
        yield network


@pytest.fixture
def b(network):
    yield network.peers["b.example"]
    network.peers["b.example"].reset()


@pytest.fixture
def c(network):
    yield network.peers["c.example"]
    network.peers["c.example"].reset()
