"""Requests that go wrong below the level of MIMI: each fault is a function that sends one and records it.

    exchange = slow_body(peer, peer.url("a.example", "notify", room), body)

They connect, pick certificates and record like `Peer.send`, and like it they never raise for what the network does.
The exchange has the name of the fault in ``fault``, and in ``request_body`` what was really sent.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from mimi_conformance.mocks.faults.connection import RawConnection, ResponseError
from mimi_conformance.mocks.network.addresses import address_of
from mimi_conformance.mocks.network.exchange import Direction, Exchange, Headers
from mimi_conformance.mocks.network.failure import classify
from mimi_conformance.mocks.network.recorder import new_exchange_id
from mimi_conformance.mocks.network.tls import client_tls_context
from mimi_conformance.mocks.peers.peer import Peer
from mimi_conformance.mocks.peers.sender import DEADLINE_SECONDS

_BLOCK = bytes(64 * 1024)


@dataclass(frozen=True)
class _Faulty:
    """One faulty request: what it is in HTTP, and what is wrong around it."""

    fault: str
    peer: Peer
    url: str
    headers: Headers = ()
    body: bytes = b""
    method: str = "POST"
    version: str = "HTTP/1.1"
    endpoint: str | None = None
    deadline_seconds: float = DEADLINE_SECONDS
    tls: bool = True
    anonymous: bool = False

    @property
    def target(self) -> str:
        parts = urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    @property
    def head(self) -> bytes:
        lines = [f"{self.method} {self.target} {self.version}", *(f"{name}: {value}" for name, value in self.headers)]
        return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("latin-1")

    def with_length(self, length: int) -> "_Faulty":
        """The same with Host, the peer's own header fields and this Content-Length in front of its own ones."""
        host = ("Host", urlsplit(self.url).netloc)
        fields = (host, *self.peer.default_headers(self.body), ("Content-Length", str(length)), *self.headers)
        return replace(self, headers=fields)


def slow_body(
    peer: Peer,
    url: str,
    body: bytes,
    *,
    seconds_between_bytes: float = 0.5,
    endpoint: str | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Exchange:
    """Send the body one byte at a time, until the server answers or closes, or the deadline passes (a timeout)."""
    request = _Faulty("slow body", peer, url, (), body, endpoint=endpoint, deadline_seconds=deadline_seconds)

    def play(connection: RawConnection, sent: bytearray) -> None:
        for byte in body:
            if connection.answered(min(seconds_between_bytes, connection.remaining_seconds)):
                return
            connection.send(bytes([byte]))
            sent.append(byte)

    return _send(request.with_length(len(body)), play)


def truncated_body(
    peer: Peer,
    url: str,
    body: bytes,
    *,
    missing: int = 1,
    endpoint: str | None = None,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Exchange:
    """Announce ``missing`` bytes more than ``body`` has, send it, and end our half of the connection."""
    request = _Faulty("truncated body", peer, url, (), body, endpoint=endpoint, deadline_seconds=deadline_seconds)

    def play(connection: RawConnection, sent: bytearray) -> None:
        connection.send(body)
        sent += body
        connection.finish_sending()

    return _send(request.with_length(len(body) + missing), play)


def oversize_body(
    peer: Peer, url: str, size: int, *, endpoint: str | None = None, deadline_seconds: float = DEADLINE_SECONDS
) -> Exchange:
    """Send ``size`` zero bytes, or as many as it takes until the server answers or closes.

    Only the first block of them is kept in the record.
    """
    request = _Faulty("oversize body", peer, url, endpoint=endpoint, deadline_seconds=deadline_seconds)

    def play(connection: RawConnection, sent: bytearray) -> None:
        for start in range(0, size, len(_BLOCK)):
            block = _BLOCK[: size - start]
            connection.send(block)
            if not sent:
                sent += block
            if connection.answered(_GLANCE_SECONDS):
                return

    return _send(request.with_length(size), play)


_GLANCE_SECONDS = 0.0005
"""Long enough to see an answer that is there already."""


def two_hosts(peer: Peer, url: str, body: bytes, other: str, *, endpoint: str | None = None) -> Exchange:
    """Name a second host in a second Host field (RFC 9112, 3.2: to be refused with 400)."""
    return _send_whole(_Faulty("two Host fields", peer, url, (("Host", other),), body, endpoint=endpoint))


def two_froms(peer: Peer, url: str, body: bytes, other: str, *, endpoint: str | None = None) -> Exchange:
    """Name a second provider in a second From field, after our own (PROTO 4.1)."""
    return _send_whole(_Faulty("two From fields", peer, url, (("From", other),), body, endpoint=endpoint))


def without_host(peer: Peer, url: str, body: bytes, *, endpoint: str | None = None) -> Exchange:
    """Leave out the Host field (RFC 9112, 3.2: to be refused with 400)."""
    return _send_without("Host", peer, url, body, endpoint)


def without_from(peer: Peer, url: str, body: bytes, *, endpoint: str | None = None) -> Exchange:
    """Leave out the From field (PROTO 4.1)."""
    return _send_without("From", peer, url, body, endpoint)


def without_certificate(peer: Peer, url: str, body: bytes, *, endpoint: str | None = None) -> Exchange:
    """Show no client certificate (PROTO 4.1); everything else is in order."""
    return _send_whole(_Faulty("no client certificate", peer, url, (), body, endpoint=endpoint, anonymous=True))


def old_http(peer: Peer, url: str, body: bytes, *, endpoint: str | None = None) -> Exchange:
    """Send the request as HTTP/1.0, which is old but not wrong."""
    return _send_whole(_Faulty("HTTP/1.0", peer, url, (), body, version="HTTP/1.0", endpoint=endpoint))


def plain_http(peer: Peer, url: str, body: bytes = b"", *, endpoint: str | None = None) -> Exchange:
    """Send the request without TLS to the port where TLS is expected (PROTO 4.1)."""
    return _send_whole(_Faulty("plain HTTP", peer, url, (), body, endpoint=endpoint, tls=False))


def silence(peer: Peer, url: str, *, deadline_seconds: float = DEADLINE_SECONDS) -> Exchange:
    """Finish the TLS handshake and send nothing; whether the server gives up before the deadline is in the failure."""
    request = _Faulty("silence", peer, url, deadline_seconds=deadline_seconds)
    return _play(request, lambda _connection, _sent: None)


def _send_without(field: str, peer: Peer, url: str, body: bytes, endpoint: str | None) -> Exchange:
    request = _Faulty(f"no {field} field", peer, url, (), body, endpoint=endpoint).with_length(len(body))
    headers = tuple((name, value) for name, value in request.headers if name != field)
    return _send(replace(request, headers=headers), _whole_body(body))


def _send_whole(request: _Faulty) -> Exchange:
    return _send(request.with_length(len(request.body)), _whole_body(request.body))


_Play = Callable[[RawConnection, bytearray], None]
"""Sends a body, noting in the second argument what was sent."""


def _whole_body(body: bytes) -> _Play:
    def play(connection: RawConnection, sent: bytearray) -> None:
        connection.send(body)
        sent += body

    return play


def _send(request: _Faulty, play_body: _Play) -> Exchange:
    """Send the head, let ``play_body`` do its worst, and read what the server makes of it."""

    def play(connection: RawConnection, sent: bytearray) -> None:
        connection.send(request.head)
        play_body(connection, sent)

    return _play(request, play)


def _play(request: _Faulty, play: _Play) -> Exchange:
    peer = request.peer
    identity = None if request.anonymous or not request.tls else peer.identity
    exchange = Exchange(
        id=new_exchange_id(peer.domain),
        direction=Direction.TO_TARGET,
        peer=peer.domain,
        method=request.method,
        url=request.url,
        request_target=request.target,
        request_headers=request.headers,
        request_body=b"",
        endpoint=request.endpoint,
        certificate_names=None if identity is None else identity.domains,
        fault=request.fault,
        started=time.time(),
    )
    context = client_tls_context(identity, peer.trust) if request.tls else None
    sent = bytearray()
    try:
        with RawConnection(
            address_of(request.url, peer.addresses),
            request.deadline_seconds,
            context=context,
            server_name=exchange.host,
        ) as connection:
            try:
                play(connection, sent)
            except ConnectionError:
                # A server that has answered may close before it has read everything; its answer counts.
                connection.answered(connection.remaining_seconds)
            response = connection.read_response(request.method)
        exchange = replace(
            exchange, status=response.status, response_headers=response.headers, response_body=response.body
        )
    except (OSError, ResponseError) as error:
        failure, explanation = classify(error)
        exchange = replace(exchange, failure=failure, error=explanation)
    exchange = replace(exchange, request_body=bytes(sent), ended=time.time())
    peer.recorder.record(exchange)
    return exchange
