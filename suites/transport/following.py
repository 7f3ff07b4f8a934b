"""The target as a follower: rooms of our peers that its users are in, and what their clients see (PROTO 5.5)."""

from mimi_conformance.mocks.control.client import Delivery
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.inbox import Condition, Inbox
from mimi_conformance.suites.target.judgement import expect, inconclusive
from mimi_conformance.suites.target.users import TargetUser
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import must_accept
from mimi_conformance.suites.transport.fanout import HostedRoom


def joined_room(world: World, hub: AddressedPeer | None = None, *, clients: int = 1) -> tuple[HostedRoom, TargetUser]:
    """A room of a peer of ours (by default the first), and a user of the target whose clients were welcomed to it."""
    hub = hub or world.peer
    alice, room = world.peer_user(hub), HostedRoom.of(hub)
    bob = world.user(clients=clients, key_packages=True, consent_for=alice.uri)
    must_accept(hub.notify(room.uri.text, [room.welcome(world.claim(bob, alice, room.uri))]))
    return room, bob


def carries(event: FanoutMessage) -> Condition:
    """Whether a delivery is of this event, that is, holds its MLSMessage."""
    octets = event.message.encode()
    return lambda delivery: delivery.kind == "fanout" and octets in delivery.body


def expect_delivered(inbox: Inbox, event: FanoutMessage, *ids: str) -> Delivery:
    """Judge that an event reaches a client, in the time that the target's description allows."""
    delivery = inbox.wait_for(carries(event))
    expect(delivery is not None, *ids, expected=f"the event to be delivered to {inbox.client}", got="no such delivery")
    assert delivery is not None  # expect has ended the test otherwise
    return delivery


def expect_kept_from(inbox: Inbox, event: FanoutMessage, *ids: str, fence: FanoutMessage) -> None:
    """Judge that an event has not reached a client when one that was sent later has."""
    before = inbox.until(carries(fence))
    seen = [delivery for delivery in before if carries(event)(delivery)]
    expect(not seen, *ids, expected=f"nothing of the event to be delivered to {inbox.client}", got=seen)


def expect_delivered_once(inbox: Inbox, event: FanoutMessage, *ids: str, fence: FanoutMessage) -> None:
    """Judge that an event has reached a client no more than once when one that was sent later has.

    That it has not reached the client at all is no answer to how often it does: inconclusive.
    """
    inbox.until(carries(fence))
    if inbox.wait_for(carries(event)) is None:
        inconclusive(f"the event was not delivered to {inbox.client}", *ids)
    times = sum(carries(event)(delivery) for delivery in inbox.all())
    expect(times == 1, *ids, expected=f"one delivery to {inbox.client}", got=f"{times} deliveries of the same event")
