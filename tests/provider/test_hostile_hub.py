"""A hub that means harm to its followers, over mutual TLS: no notify is answered as a failure of the follower's."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.mocks.network.network import Network
from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree
from mimi_conformance.reference.provider.arrivals import MOST_WAITING
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from tests.content.strategies import mutated
from tests.provider.hub_scene import HUB, ROOM, Hub
from tests.provider.served_scene import FOLLOWER, ServedFollower
from tests.provider.test_follower_own_events import application
from tests.provider.test_hostile_peer import examples, with_another_length


class Attacked:
    """A follower with two clients in a room of the hub, which it follows.

    Attributes:
        bodies: notifies that are good, by name.

    """

    def __init__(self, network: Network) -> None:
        self.attacker = network.add_peer(HUB)
        network.add_peer("c.example")
        self.hub = Hub().found({"alice": 4, "bob": 2, "carl": 2}, "alice1", "bob1", "bob2", "carl1")
        self.follower = ServedFollower(network, self.hub)
        self.begin()
        self.bodies = {name: event.encode() for name, event in self.good_events()}

    def begin(self) -> None:
        """Have the follower know nothing but the room, in which nothing has happened."""
        self.follower.service.reset()
        self.follower.put_in("bob1", "bob2")
        self.follower.follow()

    def good_events(self) -> Iterator[tuple[str, FanoutMessage]]:
        hub = self.hub
        yield "message", application(b"hello", hub.now)
        (first, *more), _ = hub.proposals("carl1", hub.listed(removed=["carl"]), *hub.removals("carl"))
        yield "proposals", FanoutMessage(timestamp=hub.now, message=first, more_proposals=tuple(more))
        _, package = hub.claimed("bob3")
        made = hub.made_commit("alice1", newcomers=[package])
        yield "commit", FanoutMessage(timestamp=hub.now, message=made.message, external_proposals=())
        tree, welcome = full_tree(made.after.public.tree), MLSMessage.of(made.welcome)
        yield "welcome", FanoutMessage(timestamp=hub.now, message=welcome, ratchet_tree_option=tree)

    def check(self, body: bytes, source: str | None = None) -> int:
        """Notify, and see that it is answered, and changes nothing unless it is taken; the status."""
        before = self.follower.dump(), self.follower.room()
        peer = self.attacker if source is None else self.follower.network.peers[source]
        exchange = peer.notify(FOLLOWER, ROOM.text, body)
        assert exchange.status in (201, 400, 403), exchange
        if exchange.status == 201:
            self.begin()
        else:
            assert (self.follower.dump(), self.follower.room()) == before
        return exchange.status


@pytest.fixture(scope="module")
def attacked() -> Iterator[Attacked]:
    with Network() as network:
        attacked = Attacked(network)
        with attacked.follower:
            yield attacked


NAMES = ("message", "proposals", "commit", "welcome")


@pytest.mark.parametrize("name", NAMES)
def test_the_bodies_to_damage_are_good(attacked, name):
    assert attacked.check(attacked.bodies[name]) == 201


@examples
@given(body=st.binary(max_size=300))
def test_any_bytes(attacked, body):
    attacked.check(body)


@pytest.mark.parametrize("name", NAMES)
@examples
@given(data=st.data())
def test_a_good_body_that_is_damaged(attacked, name, data):
    attacked.check(data.draw(mutated(st.just(attacked.bodies[name]))))


@pytest.mark.parametrize("name", NAMES)
@examples
@given(data=st.data())
def test_a_good_body_in_which_a_vector_claims_another_length(attacked, name, data):
    attacked.check(data.draw(with_another_length(attacked.bodies[name])))


@pytest.mark.parametrize("name", NAMES)
def test_a_good_body_that_comes_from_somebody_else(attacked, name):
    assert attacked.check(attacked.bodies[name], "c.example") == 403


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_comes_again_and_again_is_delivered_once(attacked, name):
    for _ in range(3):
        assert attacked.attacker.notify(FOLLOWER, ROOM.text, attacked.bodies[name]).status == 201
    delivered = len(attacked.follower.delivered("bob2"))
    attacked.begin()
    assert delivered <= 1


def test_half_of_what_is_good_and_the_rest_damaged_is_refused_as_a_whole(attacked):
    assert attacked.check(attacked.bodies["message"] + attacked.bodies["commit"][:-1]) == 400


def test_ten_thousand_messages_of_epochs_to_come(attacked):
    """They do not wait without end, and what is in time afterwards is taken."""
    future = [application(b"%d" % number, attacked.hub.now, epoch=2 + number) for number in range(10_000)]
    for first in range(0, len(future), 1000):
        body = b"".join(event.encode() for event in future[first : first + 1000])
        assert attacked.attacker.notify(FOLLOWER, ROOM.text, body).status == 201
    with attacked.follower.storage.transaction() as transaction:
        assert len(transaction.waiting(ROOM, len(future))) <= MOST_WAITING
    assert attacked.attacker.notify(FOLLOWER, ROOM.text, attacked.bodies["message"]).status == 201
    delivered = attacked.follower.delivered("bob2")
    attacked.begin()
    assert attacked.bodies["message"] in [each.encode() for each in delivered]
