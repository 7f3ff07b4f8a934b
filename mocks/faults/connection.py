"""A connection that takes any bytes, and reads one HTTP response from it."""

import socket
import ssl
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import h11

from mimi_conformance.mocks.network.addresses import Address
from mimi_conformance.mocks.network.exchange import Headers

_CHUNK = 64 * 1024


class ResponseError(Exception):
    """What came back is not an HTTP response."""


@dataclass(frozen=True)
class Response:
    """An HTTP response as it came."""

    status: int
    headers: Headers
    body: bytes


class RawConnection:
    """A TCP connection, with TLS on it when there is a ``context``; everything on it ends at one deadline.

    Whatever goes wrong is an OSError of `socket` or `ssl`.
    """

    def __init__(
        self, address: Address, deadline_seconds: float, *, context: ssl.SSLContext | None, server_name: str
    ) -> None:
        self._deadline = time.monotonic() + deadline_seconds
        self._received = bytearray()
        self._ended = False
        self._socket = socket.create_connection(address, timeout=deadline_seconds)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context is not None:
            try:
                self._socket = context.wrap_socket(self._socket, server_hostname=server_name)
            except OSError:
                self._socket.close()
                raise

    @property
    def remaining_seconds(self) -> float:
        """Time left until the deadline; not negative."""
        return max(0.0, self._deadline - time.monotonic())

    def send(self, data: bytes) -> None:
        """Send all of ``data``."""
        self._socket.settimeout(self._until_deadline())
        self._socket.sendall(data)

    def finish_sending(self) -> None:
        """End our half of the TCP connection, without the close_notify that a proper end of TLS has."""
        # ssl.SSLSocket.shutdown would take the TLS off the other half as well.
        socket.socket.shutdown(self._socket, socket.SHUT_WR)

    def answered(self, seconds: float) -> bool:
        """Wait that long at most, and say whether the other side has begun to answer or has closed the connection."""
        if not self._received and not self._ended and seconds > 0:
            try:
                self._receive(seconds)
            except TimeoutError:
                return False
        return bool(self._received) or self._ended

    def read_response(self, method: str = "POST") -> Response:
        """The response to the request that was sent with ``method``.

        Raises:
            TimeoutError: it was not complete at the deadline.
            ConnectionError: the connection ended before it was complete.
            ResponseError: what came is no HTTP response.
        """
        parser = h11.Connection(h11.CLIENT)
        # h11 reads a response only after a request; this one goes nowhere.
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "unused.invalid")]))
        parser.send(h11.EndOfMessage())
        head: h11.Response | None = None
        body = bytearray()
        while True:
            event = self._next_event(parser)
            match event:
                case h11.Response():
                    head = event
                case h11.Data():
                    body += event.data
                case h11.EndOfMessage() if head is not None:
                    return Response(head.status_code, _text(head.headers.raw_items()), bytes(body))

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _next_event(self, parser: h11.Connection) -> object:
        while True:
            try:
                event = parser.next_event()
            except h11.RemoteProtocolError as error:
                if self._ended and not self._received:
                    raise ConnectionResetError("the connection was closed before a response was complete") from error
                raise ResponseError(str(error)) from error
            if event is not h11.NEED_DATA:
                return event
            if not self._received and not self._ended:
                self._receive(self._until_deadline())
            parser.receive_data(bytes(self._received))
            self._received.clear()

    def _receive(self, seconds: float) -> None:
        self._socket.settimeout(seconds)
        data = self._socket.recv(_CHUNK)
        self._received += data
        self._ended = not data

    def _until_deadline(self) -> float:
        remaining = self.remaining_seconds
        if not remaining:
            raise TimeoutError("the deadline has passed")
        return remaining


def _text(headers: list[tuple[bytes, bytes]]) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
