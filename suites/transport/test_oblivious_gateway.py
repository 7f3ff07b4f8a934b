"""The oblivious gateway: assets of our peers for clients whose provider may not watch (PROTO 5.10.3, RFC 9458)."""

from random import Random

import pytest

from mimi_conformance.mocks.peers.answer import Reply
from mimi_conformance.reference.oblivious_http.encapsulation import (
    KEYS_MEDIA_TYPE,
    EncapsulationError,
    decode_key_configurations,
)
from mimi_conformance.suites.target.judgement import checks, expect, feature, other_reading, role
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import described, expect_accepted
from mimi_conformance.suites.transport.downloads import ObliviousClient, expect_response

pytestmark = [role("hub"), feature("oblivious-gateway")]

CAT = Random(1).randbytes(100_000)


@checks("PROTO-5.10-03", "PROTO-5.10.3-01")
def test_the_gateway_tells_its_keys(world: World) -> None:
    """At the well-known location there are key configurations, one at least that can be read (RFC 9458, 3.2)."""
    exchange = expect_accepted(ObliviousClient(world, world.peer).fetch_keys())
    kind = exchange.response_header("content-type")
    expect(kind == (KEYS_MEDIA_TYPE,), "PROTO-5.10.3-01", expected=KEYS_MEDIA_TYPE, got=kind)
    try:
        found = decode_key_configurations(exchange.response_body) or "no key for a KEM that is known here"
    except EncapsulationError as error:
        found = str(error)
    expect(not isinstance(found, str), "PROTO-5.10.3-01", expected="key configurations", got=found)


@checks("PROTO-5.10.3-01", "PROTO-5.10.3-06")
@pytest.mark.parametrize("content", [pytest.param(CAT, id="100-kB"), pytest.param(b"", id="nothing")])
def test_an_asset_comes_encapsulated(world: World, content: bytes) -> None:
    """The gateway GETs the asset that an encapsulated request asks for, and encapsulates the response to it."""
    with world.new_asset_host(world.other_peer) as host:
        path = host.keep(content).removeprefix(f"https://{host.domain}")
        mark = world.recorder.mark()
        outcome = ObliviousClient(world, world.peer).ask(host.domain, path)
        asked = [(each.method, each.request_target) for each in host.received(mark)]
    response = expect_response(outcome, "PROTO-5.10.3-01", "PROTO-5.10.3-06")
    expect(response.status == 200, "PROTO-5.10.3-01", expected="200 inside", got=response.status)
    expect(asked == [("GET", path)], "PROTO-5.10.3-06", expected=f"one GET of {path}", got=asked)
    same = response.content == content
    expect(same, "PROTO-5.10.3-06", expected=f"the {len(content)} octets of the asset", got=response.content)


@checks("PROTO-5.10.3-06")
def test_an_error_of_the_asset_host_comes_encapsulated(world: World) -> None:
    """That the asset host has no such asset is for the client to read, and for nobody else (RFC 9458, 5.2)."""
    with world.new_asset_host(world.other_peer) as host:
        host.on("/missing", Reply(404))
        response = expect_response(ObliviousClient(world, world.peer).ask(host.domain, "/missing"))
    expect(response.status >= 400, expected="an HTTP error code inside", got=response.status)


@checks("PROTO-5.10.3-02")
def test_a_target_that_is_no_asset_host_is_not_asked(world: World) -> None:
    """The gateway asks no host but those where its peers keep assets."""
    with world.new_asset_host(world.other_peer) as host, world.new_asset_host(None) as stranger:
        client = ObliviousClient(world, world.peer)
        path = host.keep(CAT).removeprefix(f"https://{host.domain}")
        expect_response(client.ask(host.domain, path))
        stranger.on(path, Reply(200, CAT))
        mark = world.recorder.mark()
        outcome = client.ask(stranger.domain, path)
        asked = stranger.received(mark)
    expect(not asked, expected="nobody to be asked", got=asked)
    status = outcome.exchange.status if outcome.response is None else outcome.response.status
    expect(status is not None and status >= 400, expected="an error", got=status or described(outcome.exchange))
    if outcome.response is None:
        other_reading("AMB-130", f"the gateway refuses a target in the open, with {status}")


@checks("PROTO-5.10.3-03")
def test_every_peer_can_use_the_gateway(world: World) -> None:
    """Two providers relay to the gateway, and both get what their clients ask for."""
    with world.new_asset_host(world.other_peer) as host:
        path = host.keep(CAT).removeprefix(f"https://{host.domain}")
        expect_response(ObliviousClient(world, world.peer).ask(host.domain, path))
        other = ObliviousClient(world, world.other_peer)
        expect_accepted(other.fetch_keys())
        response = expect_response(other.ask(host.domain, path))
    expect(response.status == 200, expected="200 inside", got=response.status)
