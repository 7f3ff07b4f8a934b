"""An HTTPS server with mutual TLS for any ASGI app, in a thread of its own or together with others (PROTO 4.1).

Uvicorn's HTTP/1.1 protocol does the parsing. What it does not do is done here: it shows the peer's certificate to the
app, gives up on a connection that never finishes a request's headers, and starts and stops in milliseconds, so that a
test can afford several servers.
"""

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from pathlib import Path
from typing import Any, Self

import h11
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from mimi_conformance.reference.provider.event_loop import EventLoopThread

PEER_CERTIFICATE = "mimi.peer_certificate"
"""Key in ``scope["extensions"]``: the DER bytes of the peer's certificate, or None when it showed none."""

MAX_HEADER_BYTES = 64 * 1024
HANDSHAKE_TIMEOUT_SECONDS = 10
HEADER_TIMEOUT_SECONDS = 10
IDLE_TIMEOUT_SECONDS = 30

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# A peer that speaks no HTTP is the peer's business; only failures of our own app are worth a line.
_logger = logging.getLogger(__name__)
_logger.setLevel(logging.ERROR)


class TLSConfigurationError(ValueError):
    """A certificate, key or trust file can't be used; the message names the file and says why."""


def server_tls_context(
    certificate_chain: Path, private_key: Path, client_authorities: Path | None, *, require_client_certificate: bool
) -> ssl.SSLContext:
    """A TLS 1.2+ server context that asks clients for a certificate (PROTO 4.1).

    All three files are PEM. Without ``client_authorities`` no certificate is asked for; with
    ``require_client_certificate`` false one is asked for, but may be absent.

    Raises:
        TLSConfigurationError: a file is missing, is not PEM, or the key is not the certificate's.

    """
    if require_client_certificate and client_authorities is None:
        raise TLSConfigurationError("A server that requires client certificates needs the authorities to trust.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    load_identity(context, certificate_chain, private_key)
    if client_authorities is not None:
        load_authorities(context, client_authorities)
        context.verify_mode = ssl.CERT_REQUIRED if require_client_certificate else ssl.CERT_OPTIONAL
    return context


def load_identity(context: ssl.SSLContext, certificate_chain: Path, private_key: Path) -> None:
    """Give ``context`` a certificate chain and its private key, both PEM files.

    Raises:
        TLSConfigurationError: a file is missing, is not PEM, or the key is not the certificate's.

    """
    for path in (certificate_chain, private_key):
        _require_readable(path)
    try:
        context.load_cert_chain(certificate_chain, private_key)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            reason = f"{private_key} is not the private key of the certificate in {certificate_chain}."
        else:
            reason = f"{certificate_chain} and {private_key} are not a PEM certificate chain and its key: {error}."
        raise TLSConfigurationError(reason) from error


def load_authorities(context: ssl.SSLContext, authorities: Path) -> None:
    """Make ``context`` trust the certificates of a PEM file.

    Raises:
        TLSConfigurationError: the file is missing or holds no PEM certificate.

    """
    _require_readable(authorities)
    try:
        context.load_verify_locations(authorities)
    except ssl.SSLError as error:
        raise TLSConfigurationError(f"{authorities} holds no PEM certificate to trust: {error}.") from error


def add_authorities(context: ssl.SSLContext, authorities: str) -> None:
    """Make ``context`` trust the certificates of a PEM text as well.

    Raises:
        TLSConfigurationError: there is none in it.

    """
    try:
        context.load_verify_locations(cadata=authorities)
    except (ssl.SSLError, ValueError) as error:
        raise TLSConfigurationError(f"The text holds no PEM certificate to trust: {error}.") from error


def _require_readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise TLSConfigurationError(f"Can't read {path}: {error.strerror}.") from error


class _Protocol(H11Protocol):
    """Uvicorn's HTTP/1.1 connection, plus the peer's certificate and a deadline for the headers."""

    _peer_certificate: bytes | None = None
    _header_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn declares it
        super().connection_made(transport)
        self.logger = _logger
        tls = transport.get_extra_info("ssl_object")
        self._peer_certificate = tls.getpeercert(binary_form=True) if tls else None
        self.app = self._app_seeing_certificate
        self._watch_headers()

    async def _app_seeing_certificate(self, scope: Any, receive: Any, send: Any) -> None:
        scope["extensions"] = {PEER_CERTIFICATE: self._peer_certificate}
        await self.config.loaded_app(scope, receive, send)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching_headers()
        super().connection_lost(exc)

    def _watch_headers(self) -> None:
        """Keep one timer running from the first byte until a request's headers are complete."""
        if self.conn.their_state is not h11.IDLE:
            self._stop_watching_headers()
        elif self._header_timer is None and self.timeout_keep_alive_task is None:
            self._header_timer = self.loop.call_later(HEADER_TIMEOUT_SECONDS, self.transport.close)

    def _stop_watching_headers(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def send_400_response(self, msg: str) -> None:
        # Uvicorn answers a malformed chunk itself; the app must then see a disconnect, not answer a second time.
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        try:
            super().send_400_response(msg)
        except h11.LocalProtocolError:
            self.transport.abort()


class TLSServer:
    """Serves an ASGI app over mutual TLS from a background thread with an event loop.

    ``with TLSServer(app, ...) as server: server.address`` gives the host and the real port, also when ``port`` is 0.
    The thread is the server's own unless it is given a ``thread`` to share, which somebody else starts and stops.
    A ready ``tls_context`` replaces the one built from the files, for servers whose TLS is wrong on purpose.
    ``stop`` lets requests in progress finish for ``grace_seconds``, then drops them.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        certificate_chain: Path,
        private_key: Path,
        client_authorities: Path | None,
        require_client_certificate: bool = True,
        host: str = "127.0.0.1",
        port: int = 0,
        tls_context: ssl.SSLContext | None = None,
        grace_seconds: float = 1.0,
        thread: EventLoopThread | None = None,
    ) -> None:
        self._tls_context = tls_context or server_tls_context(
            certificate_chain,
            private_key,
            client_authorities,
            require_client_certificate=require_client_certificate,
        )
        self._config = Config(
            app=app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            interface="asgi3",
            log_config=None,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=IDLE_TIMEOUT_SECONDS,
            h11_max_incomplete_event_size=MAX_HEADER_BYTES,
        )
        self._host = host
        self._port = port
        self._grace_seconds = grace_seconds
        self._state = ServerState()
        self._address: tuple[str, int] | None = None
        self._shared = thread
        self._thread = thread or EventLoopThread(f"TLSServer {host}")
        self._stop_listening: Callable[[], None] | None = None
        self._clock: asyncio.Task[None] | None = None

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that the server listens on.

        Raises:
            RuntimeError: the server has not been started.

        """
        if self._address is None:
            raise RuntimeError("The server has no address before it is started.")
        return self._address

    def start(self) -> None:
        """Listen and serve; returns when connections are accepted.

        Raises:
            OSError: the address is in use or not ours.

        """
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.create_server((self._host, self._port), family=family, backlog=128)
        # asyncio leaves Nagle's algorithm on for sockets made like this; accepted connections inherit the option.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        host, port = listener.getsockname()[:2]
        self._address = (host, port)
        if self._shared is None:
            self._thread.start()
        self._thread.run(self._begin(listener))

    def trust(self, authorities: str) -> None:
        """Accept client certificates of further authorities, given as PEM; also while running.

        Raises:
            TLSConfigurationError: ``authorities`` holds no certificate.

        """
        add_authorities(self._tls_context, authorities)

    def stop(self) -> None:
        """Stop accepting, and finish or drop what is in progress. Harmless when not running."""
        if self._stop_listening is not None:
            self._thread.run(self._end(self._stop_listening))
            self._stop_listening = None
        if self._shared is None:
            self._thread.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _begin(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self._stop_listening = await self.listen(loop, listener)
        self._clock = loop.create_task(self._keep_date_header())

    async def _end(self, stop_listening: Callable[[], None]) -> None:
        if self._clock is not None:
            self._clock.cancel()
        stop_listening()
        await self._finish_connections()

    async def listen(self, loop: asyncio.AbstractEventLoop, listener: socket.socket) -> Callable[[], None]:
        """Begin to serve the connections that come in at ``listener``, and return what ends that."""
        server = await loop.create_server(
            self.connection,
            sock=listener,
            ssl=self._tls_context,
            ssl_handshake_timeout=HANDSHAKE_TIMEOUT_SECONDS,
            ssl_shutdown_timeout=self._grace_seconds,
        )
        return server.close

    def connection(self) -> asyncio.Protocol:
        """HTTP/1.1 for one connection."""
        return _Protocol(self._config, self._state, {})

    async def _keep_date_header(self) -> None:
        """Put the current second into every response's Date header (RFC 9110, 6.6.1)."""
        while True:
            now = time.time()
            self._state.default_headers = [(b"date", formatdate(now, usegmt=True).encode())]
            await asyncio.sleep(1 - now % 1)

    async def _finish_connections(self) -> None:
        for connection in list(self._state.connections):
            connection.shutdown()
        if self._state.tasks:
            await asyncio.wait(set(self._state.tasks), timeout=self._grace_seconds)
        for connection in list(self._state.connections):
            connection.transport.abort()
        # An aborted TLS transport tells its protocol in a later turn of the loop.
        for _ in range(3):
            await asyncio.sleep(0)
