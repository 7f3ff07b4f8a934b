"""notify: which clients of a follower's users are delivered what, in which order and how often (PROTO 5.5, 3.2)."""

from concurrent.futures import ThreadPoolExecutor

from mimi_conformance.mocks.peers.defaults import body_reply
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)
from mimi_conformance.suites.target.judgement import blocked, checks, expect, feature, inconclusive, role
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import expect_acknowledged, must_accept
from mimi_conformance.suites.transport.consents import claim, key_packages_in
from mimi_conformance.suites.transport.fanout import HostedRoom, tree_of
from mimi_conformance.suites.transport.following import (
    carries,
    expect_delivered,
    expect_delivered_once,
    expect_kept_from,
    joined_room,
)
from mimi_conformance.suites.transport.outgoing import sent_for_client

pytestmark = [role("follower"), feature("key-material")]

AT_ONCE = 8


@checks("PROTO-3.2-07", "PROTO-3.2-08", "PROTO-5.2-42")
def test_a_welcome_reaches_the_clients_whose_key_packages_it_names(world: World) -> None:
    """A Welcome for one of a user's two clients is delivered to that one, with the room, and not to the other."""
    alice, room = world.peer_user(), HostedRoom.of(world.peer)
    bob = world.user(clients=2, key_packages=True, consent_for=alice.uri)
    invited, other = (world.inbox(client) for client in bob.clients)
    given = key_packages_in(claim(world, alice, bob, room.uri))
    if not given.keys() >= {client.text for client in bob.clients}:
        blocked("a KeyPackage of each of the user's clients")
    welcome, later = (room.welcome([given[client.text]]) for client in bob.clients)
    must_accept(world.peer.notify(room.uri.text, [welcome]))
    must_accept(world.peer.notify(room.uri.text, [later]))
    delivery = expect_delivered(invited, welcome, "PROTO-3.2-07", "PROTO-3.2-08", "PROTO-5.2-42")
    expect(delivery.room == room.uri.text, "PROTO-3.2-07", expected=f"the room {room.uri}", got=delivery.room)
    expect_kept_from(other, welcome, "PROTO-3.2-07", "PROTO-5.2-42", fence=later)


@checks("PROTO-3.2-08")
def test_a_welcome_is_delivered_with_its_tree(world: World) -> None:
    """A ratchet tree that comes with a Welcome reaches the client with it."""
    alice, room = world.peer_user(), HostedRoom.of(world.peer)
    bob = world.user(clients=1, key_packages=True, consent_for=alice.uri)
    key_packages, inbox = world.claim(bob, alice, room.uri), world.inbox(bob.clients[0])
    tree = tree_of([alice.device.key_package().key_package, *key_packages])
    welcome = room.welcome(key_packages, tree)
    must_accept(world.peer.notify(room.uri.text, [welcome]))
    delivery = expect_delivered(inbox, welcome)
    expect(tree.encode() in delivery.body, expected=f"the tree: {tree.encode().hex()}", got=delivery.body)


@checks("PROTO-5.5-34")
def test_a_welcome_for_an_unknown_key_package_reaches_no_client(world: World) -> None:
    """A Welcome whose KeyPackageRef is none of the target's goes nowhere; the next one, for a known one, arrives."""
    alice, room = world.peer_user(), HostedRoom.of(world.peer)
    bob = world.user(clients=1, key_packages=True, consent_for=alice.uri)
    key_packages, inbox = world.claim(bob, alice, room.uri), world.inbox(bob.clients[0])
    unknown, known = room.welcome([alice.device.key_package().key_package]), room.welcome(key_packages)
    world.peer.notify(room.uri.text, [unknown])
    must_accept(world.peer.notify(room.uri.text, [known]))
    expect_kept_from(inbox, unknown, fence=known)


@checks("ARCH-2-06", "ARCH-5.4-04")
def test_an_event_reaches_every_client_in_the_room(world: World) -> None:
    """What happens in a room is delivered to each of a user's clients in it, and to no client outside."""
    room, bob = joined_room(world, clients=2)
    other_room, dave = joined_room(world)
    inboxes, outside = [world.inbox(client) for client in bob.clients], world.inbox(dave.clients[0])
    event, fence = room.application(), other_room.application()
    must_accept(world.peer.notify(room.uri.text, [event]))
    must_accept(world.peer.notify(other_room.uri.text, [fence]))
    for inbox in inboxes:
        expect_delivered(inbox, event)
    expect_kept_from(outside, event, fence=fence)


@checks("PROTO-5.5-11")
def test_the_events_of_a_request_are_delivered_in_their_order(world: World) -> None:
    """Every FanoutMessage of a request is processed, in the order in which they stand there."""
    room, bob = joined_room(world)
    inbox = world.inbox(bob.clients[0])
    events = [room.application(), room.proposal(), room.application(), room.franked()]
    must_accept(world.peer.notify(room.uri.text, events))
    inbox.wait_for(carries(events[-1]))
    delivered = inbox.all()
    order = [number for delivery in delivered for number, event in enumerate(events) if carries(event)(delivery)]
    if not order:
        inconclusive(f"nothing was delivered to {inbox.client}")
    expect(order == list(range(len(events))), expected="the events 0, 1, 2 and 3", got=order)


@checks("PROTO-5.5-30", "PROTO-5.5-31")
def test_a_repeated_request_is_processed_once(world: World) -> None:
    """A request with the same octets as an earlier one delivers nothing, at once as well as after others."""
    room, bob = joined_room(world)
    inbox = world.inbox(bob.clients[0])
    event, other, fence = (room.application() for _ in range(3))
    for sent in (event, event, other, event, fence):
        must_accept(world.peer.notify(room.uri.text, [sent]))
    expect_delivered_once(inbox, event, fence=fence)


@checks("PROTO-5.5-30", "PROTO-5.5-31")
def test_requests_repeated_at_the_same_time_are_processed_once(world: World) -> None:
    """Of requests of the same octets that overtake one another, one delivers its event."""
    room, bob = joined_room(world)
    inbox = world.inbox(bob.clients[0])
    event, fence = room.application(), room.application()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for exchange in pool.map(lambda _: world.peer.notify(room.uri.text, [event]), range(AT_ONCE)):
            must_accept(exchange)
    must_accept(world.peer.notify(room.uri.text, [fence]))
    expect_delivered_once(inbox, event, fence=fence)


@checks("PROTO-5.5-32")
def test_an_event_from_another_provider_than_the_hub_reaches_no_client(world: World) -> None:
    """Whatever the answer to an event that the hub did not send, the room's clients do not see it."""
    room, bob = joined_room(world, world.other_peer)
    inbox = world.inbox(bob.clients[0])
    forged, fence = room.application(), room.application()
    world.peer.notify(room.uri.text, [forged])
    must_accept(world.other_peer.notify(room.uri.text, [fence]))
    expect_kept_from(inbox, forged, fence=fence)


@checks("PROTO-5.5-20")
def test_a_client_s_own_message_can_come_back(world: World) -> None:
    """A follower accepts from the hub a message that one of its own clients has sent there."""
    room, bob = joined_room(world)
    client = bob.clients[0]
    own = room.application()
    accepted = SubmitMessageResponse(
        protocol=Protocol.mls10, status_code=SubmitResponseCode.accepted, accepted_timestamp=own.timestamp
    )
    world.peer.on("submitMessage", body_reply(accepted))
    request = SubmitMessageRequest(Protocol.mls10, own.message, IdentifierUri.of(bob.uri.text))
    sent = sent_for_client(
        world, client, world.peer, endpoint="submitMessage", about=room.uri.text, body=request.encode()
    )
    if own.message.encode() not in sent.request_body:
        blocked("the client's message in what the target submits")
    expect_acknowledged(world.peer.notify(room.uri.text, [own]))
