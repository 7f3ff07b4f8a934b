"""The client side of a peer: one request over mutual TLS, recorded whatever becomes of it (PROTO 4.1)."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from mimi_conformance.mocks.network.addresses import Address, address_of, show_address
from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.mocks.network.exchange import Direction, Exchange, Failure, Headers
from mimi_conformance.mocks.network.failure import classify
from mimi_conformance.mocks.network.recorder import Recorder, new_exchange_id
from mimi_conformance.mocks.network.tls import client_tls_context

DEADLINE_SECONDS = 10.0
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
KEEP_ALIVE_SECONDS = 2.0
"""Shorter than any server's patience, so that an idle connection is not reused while the server closes it."""


@dataclass(frozen=True)
class _Route:
    """Requests may share a TLS connection when all of this agrees."""

    identity: Identity | None
    server_name: str


class Sender:
    """Sends requests in the name of one provider; connections are kept per certificate and server name.

    Thread-safe: requests from several threads go out at the same time, over connections of their own.
    """

    def __init__(self, domain: str, trust: Path | None, addresses: Mapping[str, Address], recorder: Recorder) -> None:
        self._domain = domain
        self._trust = trust
        self._addresses = addresses
        self._recorder = recorder
        self._transports: dict[_Route, httpx.HTTPTransport] = {}
        self._lock = threading.Lock()

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes,
        headers: Sequence[tuple[str, str]],
        identity: Identity | None,
        server_name: str | None = None,
        endpoint: str | None = None,
        subject: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> Exchange:
        """Send one request, and record it with its response or failure.

        The request line's target is the URL's path and query, octet for octet: nothing is decoded or encoded.
        ``headers`` are all there are, except that ``Host`` (from the URL) and ``Content-Length`` are added when
        missing. ``server_name`` goes into the TLS handshake, and the server's certificate must carry it; by default it
        is the URL's host.
        The deadline holds for connecting, and for each wait for the server after that.

        Raises:
            httpx.LocalProtocolError: the request is not HTTP; what is wrong on purpose belongs in mocks/faults.
            TLSConfigurationError: the identity's files can't be used.
        """
        request, exchange = self._prepare(method, url, body=body, headers=headers, identity=identity)
        exchange = replace(exchange, endpoint=endpoint, subject=subject)
        route = _Route(identity, server_name or exchange.host)
        request.extensions |= {
            "sni_hostname": route.server_name,
            "timeout": httpx.Timeout(deadline_seconds).as_dict(),
        }
        try:
            exchange = self._receive(self._transport(route), request, exchange, deadline_seconds)
        except httpx.LocalProtocolError:
            raise
        except (httpx.HTTPError, OSError) as error:
            failure, explanation = classify(error)
            exchange = replace(exchange, failure=failure, error=explanation, ended=time.time())
        self._recorder.record(exchange)
        return exchange

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            for transport in self._transports.values():
                transport.close()
            self._transports.clear()

    def _prepare(
        self,
        method: str,
        url: str,
        *,
        body: bytes,
        headers: Sequence[tuple[str, str]],
        identity: Identity | None,
    ) -> tuple[httpx.Request, Exchange]:
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fields = list(headers)
        if not any(name.lower() == "host" for name, _ in fields):
            fields.insert(0, ("Host", parts.netloc))
        # The connection goes to the address; what the URL says stays in Host, in the target and in the handshake.
        request = httpx.Request(
            method,
            f"https://{show_address(address_of(url, self._addresses))}/",
            headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields],
            content=body,
            extensions={"target": target.encode("latin-1")},
        )
        exchange = Exchange(
            id=new_exchange_id(self._domain),
            direction=Direction.TO_TARGET,
            peer=self._domain,
            method=method,
            url=url,
            request_target=target,
            request_headers=_text(request.headers),
            request_body=body,
            certificate_names=None if identity is None else identity.domains,
            started=time.time(),
        )
        return request, exchange

    def _receive(
        self, transport: httpx.HTTPTransport, request: httpx.Request, exchange: Exchange, deadline_seconds: float
    ) -> Exchange:
        give_up = time.monotonic() + deadline_seconds
        response = transport.handle_request(request)
        received = bytearray()
        failure: Failure | None = None
        error: str | None = None
        try:
            for chunk in response.iter_raw():
                received += chunk
                if len(received) > MAX_RESPONSE_BYTES:
                    failure = Failure.PROTOCOL_ERROR
                    error = f"{failure.value}: the response body is longer than {MAX_RESPONSE_BYTES} bytes"
                    break
                if time.monotonic() > give_up:
                    failure = Failure.TIMEOUT
                    error = f"{failure.value}: the response body was not complete after {deadline_seconds:g} seconds"
                    break
        except (httpx.HTTPError, OSError) as problem:
            failure, error = classify(problem)
        finally:
            response.close()
        return replace(
            exchange,
            status=response.status_code,
            response_headers=_text(response.headers),
            response_body=bytes(received),
            failure=failure,
            error=error,
            ended=time.time(),
        )

    def _transport(self, route: _Route) -> httpx.HTTPTransport:
        with self._lock:
            if route not in self._transports:
                self._transports[route] = httpx.HTTPTransport(
                    verify=client_tls_context(route.identity, self._trust),
                    trust_env=False,
                    limits=httpx.Limits(keepalive_expiry=KEEP_ALIVE_SECONDS),
                )
            return self._transports[route]


def _text(headers: httpx.Headers) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw)
