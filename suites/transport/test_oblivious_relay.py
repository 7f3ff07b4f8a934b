"""The oblivious relay: what a follower does for clients that let nobody see what they download (PROTO 5.10.3)."""

from random import Random

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.answer import Reply
from mimi_conformance.mocks.peers.directory import OBLIVIOUS_GATEWAY
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.oblivious_http.encapsulation import REQUEST_MEDIA_TYPE, RESPONSE_MEDIA_TYPE
from mimi_conformance.suites.target.judgement import checks, expect, feature, inconclusive, observe, role
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.outgoing import sent_for_client

pytestmark = [role("follower"), feature("oblivious-relay")]

SEALED, REPLY = Random(1).randbytes(500), Random(2).randbytes(70_000)
"""What a relay can't read; it need not make sense to it."""


def relayed(world: World, client: MimiUri) -> Exchange:
    """An encapsulated request of a client of the target, as it comes to the gateway of our peer."""
    return sent_for_client(world, client, world.peer, endpoint=OBLIVIOUS_GATEWAY, about=world.peer.domain, body=SEALED)


@checks("PROTO-5.10.3-04", "PROTO-5.10.3-05")
def test_an_encapsulated_request_reaches_the_gateway_of_the_hub_as_it_is(world: World) -> None:
    """The relay posts a client's encapsulated request to the hub's gateway, octet for octet, with its media type."""
    exchange = relayed(world, world.user(clients=1).clients[0])
    expect(exchange.request_body == SEALED, expected=f"the request: {SEALED.hex()}", got=exchange.request_body)
    kind = exchange.request_header("content-type")
    observe(kind == (REQUEST_MEDIA_TYPE,), "PROTO-5.10.3-04", expected=REQUEST_MEDIA_TYPE, got=kind)


@checks("PROTO-5.10.3-04")
def test_nothing_beside_the_encapsulated_request_tells_who_asks(world: World) -> None:
    """Neither in the URL nor in the header fields does the relay name the client or its user (RFC 9458, 6.1)."""
    client = world.user(clients=1).clients[0]
    exchange = relayed(world, client)
    told = [exchange.url, *(value for _, value in exchange.request_headers)]
    name = client.path[0]  # letters and digits that occur nowhere else
    expect(not any(name in each for each in told), expected=f"nothing about {name}", got=told)


@checks("PROTO-5.10.3-04")
def test_the_encapsulated_response_comes_back_to_the_client(world: World) -> None:
    """What the gateway answers, the client gets, octet for octet."""
    client = world.user(clients=1).clients[0]
    world.peer.on(OBLIVIOUS_GATEWAY, Reply(200, REPLY, (("Content-Type", RESPONSE_MEDIA_TYPE),)))
    relayed(world, client)
    outcome = world.control.requests(client, OBLIVIOUS_GATEWAY, world.peer.domain, world.peer.domain, SEALED)
    if outcome.failure:
        inconclusive(outcome.failure)
    expect(outcome.body == REPLY, expected=f"the response of {len(REPLY)} octets", got=outcome.body)
