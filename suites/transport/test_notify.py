"""notify: what a follower accepts from a hub, and how it answers (PROTO 5.5)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.suites.target.judgement import checks, feature, observe, role
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import expect_acknowledged, expect_refusal, must_accept
from mimi_conformance.suites.transport.examples import OVER_THE_WIRE
from mimi_conformance.suites.transport.fanout import HostedRoom, tree_of
from mimi_conformance.suites.transport.following import joined_room

pytestmark = [role("follower"), feature("key-material")]

AT_ONCE = 8


@checks("PROTO-5.5-24", "PROTO-5.5-25")
@pytest.mark.parametrize(
    ("event", "rule"),
    [
        pytest.param(HostedRoom.application, "PROTO-5.5-12", marks=checks("PROTO-5.5-12"), id="application"),
        pytest.param(HostedRoom.franked, "PROTO-5.5-13", marks=checks("PROTO-5.5-13"), id="application-with-frank"),
        pytest.param(HostedRoom.proposal, "PROTO-5.5-15", marks=checks("PROTO-5.5-15"), id="proposal"),
        pytest.param(HostedRoom.proposals, "PROTO-5.5-15", marks=checks("PROTO-5.5-15"), id="several-proposals"),
        pytest.param(HostedRoom.commit, "PROTO-5.5-16", marks=checks("PROTO-5.5-16"), id="commit"),
    ],
)
def test_an_event_is_acknowledged_without_a_body(
    world: World, event: Callable[[HostedRoom], FanoutMessage], rule: str
) -> None:
    """Each kind of event in a room is read, and accepted with 201 and nothing more."""
    room, _ = joined_room(world)
    exchange = world.peer.notify(room.uri.text, [event(room)])
    expect_acknowledged(exchange, rule, "PROTO-5.5-25")
    observe(not exchange.response_body, "PROTO-5.5-24", expected="no body", got=exchange.response_body)


@checks("PROTO-5.5-12", "PROTO-5.5-14", "PROTO-5.5-24", "PROTO-5.5-25")
@pytest.mark.parametrize("inline", [pytest.param(True, id="tree-inline"), pytest.param(False, id="tree-elsewhere")])
def test_a_welcome_is_acknowledged_without_a_body(world: World, *, inline: bool) -> None:
    """A Welcome is read with its RatchetTreeOption, and accepted with 201 and nothing more."""
    alice, room = world.peer_user(), HostedRoom.of(world.peer)
    bob = world.user(key_packages=True, consent_for=alice.uri)
    key_packages = world.claim(bob, alice, room.uri)
    welcome = room.welcome(key_packages)
    if inline:
        welcome = room.welcome(key_packages, tree_of([alice.device.key_package().key_package, *key_packages]))
    exchange = world.peer.notify(room.uri.text, [welcome])
    expect_acknowledged(exchange, "PROTO-5.5-12", "PROTO-5.5-14", "PROTO-5.5-25")
    observe(not exchange.response_body, "PROTO-5.5-24", expected="no body", got=exchange.response_body)


@checks("PROTO-5.5-10", "PROTO-5.5-25")
def test_several_events_in_one_request_are_acknowledged(world: World) -> None:
    """FanoutMessages of one room can follow each other in a request, whatever their kinds."""
    room, _ = joined_room(world)
    events = [room.application(), room.proposals(), room.commit(), room.franked()]
    expect_acknowledged(world.peer.notify(room.uri.text, events))


@checks("PROTO-5.5-29")
def test_a_repeated_request_is_acknowledged_again(world: World) -> None:
    """A request with the same octets as an earlier one is answered with 201 as the first was, now and later."""
    room, _ = joined_room(world)
    event, others = room.application(), [room.application() for _ in range(3)]
    must_accept(world.peer.notify(room.uri.text, [event]))
    expect_acknowledged(world.peer.notify(room.uri.text, [event]), repeated=True)
    for other in others:
        must_accept(world.peer.notify(room.uri.text, [other]))
    expect_acknowledged(world.peer.notify(room.uri.text, [event]), repeated=True)


@checks("PROTO-5.5-29")
def test_requests_repeated_at_the_same_time_are_all_acknowledged(world: World) -> None:
    """Requests of the same octets that overtake one another are all answered with 201."""
    room, _ = joined_room(world)
    event = room.application()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        exchanges = list(pool.map(lambda _: world.peer.notify(room.uri.text, [event]), range(AT_ONCE)))
    for exchange in exchanges:
        expect_acknowledged(exchange, repeated=True)


@checks("PROTO-5.5-32")
def test_an_event_from_another_provider_than_the_hub_is_refused(world: World) -> None:
    """Only the provider that the room's URI names can notify of its events."""
    room, _ = joined_room(world, world.other_peer)
    must_accept(world.other_peer.notify(room.uri.text, [room.application()]))
    expect_refusal(world.peer.notify(room.uri.text, [room.application()]), "PROTO-5.5-32", ambiguity="AMB-090")


@checks("PROTO-5.5-33")
def test_a_truncated_event_is_refused(world: World) -> None:
    """A FanoutMessage that ends too early, wherever that is, is answered with an error."""
    room, _ = joined_room(world)
    must_accept(world.peer.notify(room.uri.text, [room.proposals()]))
    octets = room.proposals().encode()

    @OVER_THE_WIRE
    @given(st.integers(1, len(octets) - 1))
    def is_refused(length: int) -> None:
        expect_refusal(world.peer.notify(room.uri.text, octets[:length]))

    is_refused()


@checks("PROTO-5.5-33")
@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(lambda octets: b"\x01" + octets, id="octet-before-the-timestamp"),
        pytest.param(lambda octets: octets[:-1] + b"\x02", id="presence-octet-of-two"),
        pytest.param(lambda octets: octets[:10] + b"\xff\xfe" + octets[12:], id="unknown-wire-format"),
        pytest.param(lambda octets: octets + octets[:-1], id="second-event-cut-off"),
    ],
)
def test_octets_that_are_no_events_are_refused(world: World, broken: Callable[[bytes], bytes]) -> None:
    """A body that is not one FanoutMessage after the other, to its end, is answered with an error."""
    room, _ = joined_room(world)
    must_accept(world.peer.notify(room.uri.text, [room.application()]))
    expect_refusal(world.peer.notify(room.uri.text, broken(room.application().encode())))
