"""HTTPS connections to other providers that are kept for the next request: h11 for HTTP/1.1, asyncio for the rest.

A hub with many followers spends its time on little requests. This takes a quarter of the time that httpx takes for one.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from dataclasses import dataclass

import h11

from mimi_conformance.reference.provider.messages import Answer

IDLE_SECONDS = 5.0
"""How long a connection is kept: less than any server's patience, so that it is not used while that one closes it."""

MAX_HEADER_BYTES = 64 * 1024
MAX_ANSWER_BYTES = 64 * 1024 * 1024
"""The largest answer that is read: a GroupInfo with the ratchet tree of a very large room fits many times."""

_CHUNK = 256 * 1024


class ExchangeError(Exception):
    """There is no usable answer; the message says why, in words that follow a colon."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a connection leads. What has been said to one server is never said to another one at the same address.

    Attributes:
        address: an IP address or a host name.
        port: the port.
        server_name: whom the certificate has to name; None for a connection without TLS.

    """

    address: str
    port: int
    server_name: str | None


class PeerConnections:
    """Connections that show one certificate and trust the same authorities. For one event loop.

    Args:
        tls: whom they trust, and what they show.
        seconds: how long to wait for a connection, and for each part of an answer.

    """

    def __init__(self, tls: ssl.SSLContext, seconds: float) -> None:
        self._tls = tls
        self._seconds = seconds
        self._idle: dict[Place, list[tuple[_Connection, asyncio.TimerHandle]]] = {}

    async def exchange(self, place: Place, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Send a request over a connection that nobody uses, and receive the answer.

        Args:
            place: where to.
            method: the HTTP method.
            target: path and query, as they are to be sent.
            headers: all header fields but those about the body's length.
            body: the body.

        Raises:
            ExchangeError: there is no usable answer.

        """
        connection = self._take(place)
        try:
            if connection is None:
                connection = await self._connect(place)
            answer = await connection.exchange(method, target, headers, body, self._seconds)
        except TimeoutError as error:
            raise ExchangeError(f"nothing came for {self._seconds:g} seconds") from error
        except (h11.ProtocolError, OSError, ValueError) as error:
            raise ExchangeError(str(error) or type(error).__name__) from error
        finally:
            if connection is not None:
                self._put_back(place, connection)
        return answer

    def close(self) -> None:
        """Close the connections that nobody uses."""
        for place in list(self._idle):
            while connection := self._take(place):
                connection.close()

    async def _connect(self, place: Place) -> "_Connection":
        async with asyncio.timeout(self._seconds):
            reader, writer = await asyncio.open_connection(
                place.address,
                place.port,
                ssl=None if place.server_name is None else self._tls,
                server_hostname=place.server_name,
                happy_eyeballs_delay=0.25,
            )
        return _Connection(reader, writer)

    def _take(self, place: Place) -> "_Connection | None":
        """A connection that nobody uses and the other side has not closed, if there is one."""
        idle = self._idle.get(place, [])
        while idle:
            connection, timer = idle.pop()
            timer.cancel()
            if connection.open:
                return connection
            connection.close()
        self._idle.pop(place, None)
        return None

    def _put_back(self, place: Place, connection: "_Connection") -> None:
        if not connection.open:
            connection.close()
            return
        timer = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._expire, place, connection)
        self._idle.setdefault(place, []).append((connection, timer))

    def _expire(self, place: Place, connection: "_Connection") -> None:
        connection.close()
        kept = [entry for entry in self._idle.get(place, []) if entry[0] is not connection]
        if kept:
            self._idle[place] = kept
        else:
            self._idle.pop(place, None)


class _Connection:
    """One connection, with one request on it at a time."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=MAX_HEADER_BYTES)

    @property
    def open(self) -> bool:
        """Whether it can take another request."""
        idle = self._http.our_state is h11.IDLE and self._http.their_state is h11.IDLE
        return idle and not self._reader.at_eof() and not self._writer.transport.is_closing()

    async def exchange(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, seconds: float
    ) -> Answer:
        """Send a request and receive the answer; each part of that may take ``seconds``."""
        length = {"Content-Length": str(len(body))} if body or method != "GET" else {}
        request = h11.Request(method=method, target=target, headers=[*headers.items(), *length.items()])
        # The answer may come, and be all there is to come, before the other side has read the request to its end.
        for event in (request, h11.Data(body), h11.EndOfMessage()) if body else (request, h11.EndOfMessage()):
            self._writer.write(self._http.send(event) or b"")
        answer = await self._answer(seconds)
        unsent = self._writer.transport.get_write_buffer_size()
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE and not unsent:
            self._http.start_next_cycle()
        return answer

    async def _answer(self, seconds: float) -> Answer:
        head: h11.Response | None = None
        body = bytearray()
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                async with asyncio.timeout(seconds):
                    self._http.receive_data(await self._reader.read(_CHUNK))
            elif isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
                if len(body) > MAX_ANSWER_BYTES:
                    raise ValueError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
            elif isinstance(event, h11.EndOfMessage) and head is not None:
                return _answer(head, bytes(body))
            elif isinstance(event, h11.ConnectionClosed) or event is h11.PAUSED:
                raise ValueError("the connection was closed without an answer")

    def close(self) -> None:
        """Drop it."""
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._writer.transport.abort()


def _answer(head: h11.Response, body: bytes) -> Answer:
    headers = tuple((name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in head.headers)
    media_type = next((value for name, value in headers if name == "content-type"), "")
    return Answer(head.status_code, body, media_type, headers)
