"""Connections to other providers: kept while both sides like, and dropped whatever goes wrong."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable

import pytest

from mimi_conformance.reference.provider import peer_connections
from mimi_conformance.reference.provider.messages import Answer
from mimi_conformance.reference.provider.peer_connections import ExchangeError, PeerConnections, Place

DEADLINE_SECONDS = 10
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """A server that says to each request what the test wants said, byte for byte, and counts its connections.

    It closes each of them after so many requests.
    """

    def __init__(self, *replies: bytes | None, close_after: int = 100) -> None:
        self.replies = list(replies)
        self.close_after = close_after
        self.connections = 0
        self.requests: list[bytes] = []
        self.closed = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            for _ in range(self.close_after):
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0] or 0)
                reply = self.replies.pop(0) if self.replies else OK
                if length < 1_000_000:  # a larger one is answered before it is read
                    head += await reader.readexactly(length)
                self.requests.append(head)
                writer.write(reply or b"")
                if reply is None or length >= 1_000_000:
                    await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.closed.set()
            writer.close()


def play(
    server: Server, script: Callable[[Callable[..., Awaitable[Answer]], PeerConnections], Awaitable[None]]
) -> None:
    """Run a script that sends requests to a server."""

    async def main() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        place = Place(*listening.sockets[0].getsockname()[:2], None)
        connections = PeerConnections(ssl.create_default_context(), seconds=0.2)

        async def send(body: bytes = b"body", method: str = "POST", host: str = "b.example") -> Answer:
            return await connections.exchange(place, method, "/a%2Fb?c", {"Host": host}, body)

        async with asyncio.timeout(DEADLINE_SECONDS):
            await script(send, connections)
        connections.close()
        listening.close()

    asyncio.run(main())


def test_requests_one_after_the_other_share_a_connection():
    async def script(send, _):
        for _ in range(3):
            assert await send() == Answer(200, b"ok", "", (("content-length", "2"),))
        assert server.connections == 1
        assert server.requests[0] == b"POST /a%2Fb?c HTTP/1.1\r\nHost: b.example\r\nContent-Length: 4\r\n\r\nbody"

    server = Server()
    play(server, script)


def test_requests_at_the_same_time_have_connections_of_their_own():
    async def script(send, connections):
        answers = await asyncio.gather(*(send() for _ in range(5)))
        assert [answer.status for answer in answers] == [200] * 5
        assert server.connections == 5
        assert len(connections._idle) == 1

    server = Server()
    play(server, script)


def test_a_get_has_no_length_and_an_empty_post_has_one():
    async def script(send, _):
        await send(b"", "GET")
        await send(b"")
        assert b"Content-Length" not in server.requests[0]
        assert b"Content-Length: 0\r\n" in server.requests[1]

    server = Server()
    play(server, script)


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["close", "HTTP/1.0"],
)
def test_a_connection_that_the_server_does_not_keep_is_not_kept(reply):
    async def script(send, _):
        assert (await send()).body == b"ok"
        assert (await send()).body == b"ok"
        assert server.connections == 2

    server = Server(reply)
    play(server, script)


def test_a_connection_that_was_closed_while_nobody_used_it_is_replaced():
    async def script(send, connections):
        await send()
        [[(connection, _)]] = connections._idle.values()
        await connection._reader.read()
        assert (await send()).status == 200
        assert server.connections == 2

    server = Server(close_after=1)
    play(server, script)


def test_a_connection_that_nobody_uses_is_closed_in_the_end(monkeypatch):
    async def script(send, connections):
        await send()
        await server.closed.wait()
        assert connections._idle == {}

    monkeypatch.setattr(peer_connections, "IDLE_SECONDS", 0.01)
    server = Server()
    play(server, script)


@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200, b"ok"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 201, b"ok"),
    ],
    ids=["interim", "no content", "chunked"],
)
def test_every_form_of_answer_is_understood(reply, status, body):
    async def script(send, _):
        answer = await send()
        assert (answer.status, answer.body) == (status, body)
        assert (await send()).status == 200
        assert server.connections == 1

    server = Server(reply)
    play(server, script)


def test_names_and_media_type_of_the_headers_are_for_comparison():
    async def script(send, _):
        answer = await send()
        assert answer.content_type == "a/type"
        assert answer.header("retry-after") == ("7",)

    play(Server(b"HTTP/1.1 503 \r\nRETRY-AFTER: 7\r\nContent-TYPE: a/type\r\nContent-Length: 0\r\n\r\n"), script)


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (b"\x16\x03\x01 this is TLS\r\n\r\n", "illegal status line"),
        (b"HTTP/1.1 200 OK\r\nX: " + bytes(70_000), "Receive buffer too long"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n" + bytes(30), "longer than 20 bytes"),
        (None, "nothing came for 0.2 seconds"),
    ],
    ids=["no HTTP", "endless header", "endless body", "silence"],
)
def test_what_is_no_answer_is_said_and_the_connection_dropped(monkeypatch, reply, reason):
    async def script(send, connections):
        with pytest.raises(ExchangeError, match=reason):
            await send()
        assert connections._idle == {}
        assert (await send()).status == 200

    monkeypatch.setattr(peer_connections, "MAX_ANSWER_BYTES", 20)
    play(Server(reply), script)


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok"], ids=["nothing", "a part"])
def test_an_answer_that_is_cut_off_is_none(reply):
    async def script(send, _):
        with pytest.raises(ExchangeError):
            await send()

    play(Server(reply, close_after=1), script)


def test_an_answer_before_the_request_was_read_is_an_answer():
    async def script(send, connections):
        answer = await send(bytes(50_000_000))
        assert answer.status == 413
        assert connections._idle == {}

    play(Server(b"HTTP/1.1 413 Too large\r\nContent-Length: 0\r\n\r\n"), script)


def test_a_request_that_is_given_up_leaves_no_connection():
    async def script(send, connections):
        sending = asyncio.create_task(send())
        while not server.requests:
            await asyncio.sleep(0)
        sending.cancel()
        await server.closed.wait()
        assert connections._idle == {}

    server = Server(None)
    play(server, script)


def test_a_header_that_would_be_two_is_not_sent():
    async def script(send, _):
        with pytest.raises(ExchangeError, match="header"):
            await send(host="a\r\nFrom: b")
        assert server.requests == []

    server = Server()
    play(server, script)
