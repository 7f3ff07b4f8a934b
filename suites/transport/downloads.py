"""Downloads through the target as the hub, and what came of them (PROTO 5.10)."""

import os
from dataclasses import dataclass

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.asset_host import AssetHost
from mimi_conformance.reference.oblivious_http.binary_message import Request, Response, decode, encode
from mimi_conformance.reference.oblivious_http.encapsulation import (
    REQUEST_MEDIA_TYPE,
    RESPONSE_MEDIA_TYPE,
    Context,
    EncapsulationError,
    KeyConfiguration,
    decode_key_configurations,
)
from mimi_conformance.reference.provider.messages import GATEWAY_PATH
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.judgement import blocked, expect
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import must_accept

PROXY = "proxyDownload"


def download(peer: AddressedPeer, url: str, method: str = "GET") -> Exchange:
    """Ask the target for the asset at a URL, as a provider whose client wants it."""
    return peer.send(method, peer.url(PROXY, url), endpoint=PROXY)


def must_download(peer: AddressedPeer, host: AssetHost) -> None:
    """Go on only when the target fetches assets of this host, so that it knows the host for one."""
    must_accept(download(peer, host.keep(b"a cat")))


@dataclass(frozen=True)
class ObliviousOutcome:
    """What came of an encapsulated request.

    `exchange` is the relay's; `response` is what the client reads in it, or None, with the `problem` in words.
    """

    exchange: Exchange
    response: Response | None
    problem: str = ""


class ObliviousClient:
    """A client of a provider of ours, whose relay that provider is, with the target as its gateway."""

    def __init__(self, world: World, relay: AddressedPeer) -> None:
        self._url = f"https://{world.domain}{GATEWAY_PATH}"
        self._relay = relay

    def fetch_keys(self) -> Exchange:
        """Ask for the gateway's keys (RFC 9540, AMB-130)."""
        return self._relay.send("GET", self._url)

    def key(self) -> KeyConfiguration:
        """A key of the gateway; blocked when there is none that can be used."""
        try:
            configurations = decode_key_configurations(must_accept(self.fetch_keys()).response_body)
        except EncapsulationError as error:
            blocked(f"the gateway's keys can't be read: {error}")
        if not configurations:
            blocked("a gateway key for a KEM that is known here")
        return configurations[0]

    def ask(self, host: str, path: str) -> ObliviousOutcome:
        """GET a path of a host through the gateway."""
        try:
            request = encode(Request("GET", "https", host, path))
            encapsulated, context = self.key().encapsulate(request, os.urandom)
        except EncapsulationError as error:
            blocked(str(error))
        headers = [*self._relay.peer.default_headers(), ("Content-Type", REQUEST_MEDIA_TYPE)]
        return _opened(self._relay.send("POST", self._url, body=encapsulated, headers=headers), context)


def _opened(exchange: Exchange, context: Context) -> ObliviousOutcome:
    if exchange.status != 200:
        return ObliviousOutcome(exchange, None, f"status {exchange.status}")
    kinds = exchange.response_header("content-type")
    if kinds != (RESPONSE_MEDIA_TYPE,):
        return ObliviousOutcome(exchange, None, f"the media type {', '.join(kinds) or 'of nothing'}")
    try:
        message = decode(context.open_response(exchange.response_body))
    except (EncapsulationError, DecodeError) as error:
        return ObliviousOutcome(exchange, None, str(error))
    if not isinstance(message, Response):
        return ObliviousOutcome(exchange, None, "a request")
    return ObliviousOutcome(exchange, message)


def expect_response(outcome: ObliviousOutcome, *ids: str) -> Response:
    """Judge that the client can read a response in what the gateway answers."""
    expect(outcome.response, *ids, expected="an encapsulated response, with status 200", got=outcome.problem)
    assert outcome.response is not None  # expect has ended the test otherwise
    return outcome.response
