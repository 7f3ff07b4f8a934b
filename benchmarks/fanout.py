"""What submitMessage costs a hub, beside the same server that answers a fixed 200: `python -m benchmarks.fanout`.

The server has one core, and everybody else the others: a provider that sends messages of ordinary size on connections
that it keeps, and followers that accept whatever comes. Everything is mutual TLS. A message is answered when it has
been judged and stamped, and is on the disk for every follower. The time from there to its arrival is measured, too.
"""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from statistics import quantiles
from typing import Any

from benchmarks.large_rooms import HUB, ROOM, franked, large_room, user
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.reference.content.codec import encode_content
from mimi_conformance.reference.content.features import Uris, plain_text, say
from mimi_conformance.reference.content.franking.commitment import commit
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.provider.instance import ReferenceInstance
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.server import Receive, Scope, Send, TLSServer
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.wire.mls.framing import ContentType, PrivateMessage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)

SENDER = "b.example"
SPEAKER = 1
"""The number of the user who sends all messages; the leaf of number 0 is blank."""
CONNECTIONS = 32
SECONDS = 4.0
TURNS = 5
ANSWER = bytes(100)
MESSAGE_BYTES = 600
NUMBER_BYTES = 8


@dataclass(frozen=True)
class Case:
    """A room: how many providers follow it besides the sender's, and how many users take part, one client each."""

    followers: int
    participants: int

    def domain(self, number: int) -> str:
        """The provider of a user: one is the sender, the others are spread over the followers."""
        return SENDER if number == SPEAKER or not self.followers else f"follower{number % self.followers}.example"


CASES = (Case(0, 100), Case(1, 100), Case(10, 100), Case(50, 100), Case(1, 10), Case(1, 1_000))
MOST_FOLLOWERS = max(case.followers for case in CASES)


async def fixed(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # ASGI
    """Read the request, and answer the same 200 each time."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(ANSWER))]})
    await send({"type": "http.response.body", "body": ANSWER})


def prepare(case: Case, database: Path) -> None:
    """Put a room into a database, in which the hub stamps messages."""
    storage = SQLiteStorage(database)
    with storage.transaction() as transaction:
        transaction.keep_secret(HUB.keys.secret)
        transaction.found_room(Room(large_room(case.participants, case.domain, franked()).state))
    storage.close()


def serve(case: Case | None, folder: Path, address: tuple[str, int]) -> None:
    """Be the server on one core; say where it listens, and after each line that comes in how much it has worked."""
    os.sched_setaffinity(0, {0})
    files: dict[str, Any] = {"certificate_chain": folder / "chain.pem", "private_key": folder / "key.pem"}
    trust = folder / "trust.pem"
    if case is None:
        server: TLSServer | ReferenceInstance = TLSServer(fixed, client_authorities=trust, **files)
    else:
        server = ReferenceInstance(HUB.domain, trust=trust, database=database(case, folder), **files)
        server.service.add_peers(dict.fromkeys(follower_domains(), address))
    with server:
        print(json.dumps(server.address), flush=True)
        for _ in sys.stdin:
            print(time.process_time(), flush=True)


def database(case: Case, folder: Path) -> Path:
    """Where the hub of a case keeps everything."""
    return folder / f"{case.followers}-{case.participants}.sqlite"


def follower_domains() -> Iterator[str]:
    """The domains of all followers that there may be."""
    return (f"follower{number}.example" for number in range(MOST_FOLLOWERS))


@dataclass
class Followers:
    """An app that is every follower at once, and keeps how long some events took from acceptance to arrival."""

    bodies: int = 0
    milliseconds: list[int] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Give the directory, or accept."""
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        status, answer = 201, b""
        if scope["method"] == "GET":
            host = dict(scope["headers"])[b"host"].decode()
            status, answer = 200, json.dumps({"notify": f"https://{host}/{{roomId}}"}).encode()
        elif self.bodies % 10 == 0:
            now = time.time_ns() // 1_000_000
            self.milliseconds += [now - event.timestamp for event in FanoutMessage.decode_all(body)]
        self.bodies += 1
        headers = [(b"content-length", b"%d" % len(answer))]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": answer})


class Requests:
    """Requests that submit messages, each another one: the hub recognises those that come again."""

    def __init__(self) -> None:
        sender = user(SPEAKER, lambda _: SENDER)
        content = encode_content(
            say(plain_text("x" * MESSAGE_BYTES), salt=bytes(16), uris=Uris(sender.text, ROOM.text))
        )
        authenticated = encode_safe_aad(commit(content, None))
        number = b"\xee" * NUMBER_BYTES
        message = PrivateMessage(
            b"a large group", 1, ContentType.application, authenticated, bytes(28), number + bytes(len(content))
        )
        body = SubmitMessageRequest(Protocol.mls10, MLSMessage.of(message), IdentifierUri(bytes(sender))).encode()
        head = (
            f"POST /v1/submitMessage/{_percent_encoded(ROOM)} HTTP/1.1\r\nHost: {HUB.domain}\r\n"
            f"From: mimi@{SENDER}\r\nContent-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._before, _, self._after = (head.encode() + body).partition(number)
        # Another run sends other messages.
        self._numbers = count(time.time_ns())

    def __next__(self) -> bytes:
        """The next one."""
        return self._before + next(self._numbers).to_bytes(NUMBER_BYTES) + self._after


def _percent_encoded(uri: MimiUri) -> str:
    return uri.text.replace(":", "%3A").replace("/", "%2F")


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def load(connections: list[Connection], requests: Requests, seconds: float) -> int:
    """Send requests on every connection, one after the other, for so long; how many were answered."""
    answered, deadline = 0, time.perf_counter() + seconds

    async def client(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal answered
        while time.perf_counter() < deadline:
            writer.write(next(requests))
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head.partition(b"\r\n")[0], head
            body = await reader.readexactly(int(head.partition(b"ontent-length: ")[2].partition(b"\r\n")[0]))
            if body != ANSWER:
                assert SubmitMessageResponse.decode(body).status_code is SubmitResponseCode.accepted, body
            answered += 1

    await asyncio.gather(*(client(*connection) for connection in connections))
    return answered


@dataclass
class Measured:
    """What a server did in all its turns, and how long its core took for that."""

    answered: int = 0
    elapsed: float = 0.0
    worked: float = 0.0

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.answered / self.elapsed

    @property
    def cost(self) -> float:
        """Seconds of the core for a request, fan-out included."""
        return self.worked / self.answered


class Server:
    """A server in a process of its own, with connections to it."""

    def __init__(self, process: "subprocess.Popen[str]", connections: list[Connection]) -> None:
        self._process = process
        self._connections = connections
        self._requests = Requests()
        self.measured = Measured()

    async def turn(self, seconds: float, quiet: Callable[[], Awaitable[None]]) -> None:
        """Load it, and wait until it has told everybody everything."""
        before, started = worked(self._process), time.perf_counter()
        self.measured.answered += await load(self._connections, self._requests, seconds)
        self.measured.elapsed += time.perf_counter() - started
        await quiet()
        self.measured.worked += worked(self._process) - before

    def forget(self) -> None:
        """What was until now is not to count: what is done for the first time, and the certificates of followers."""
        self.measured = Measured()


@dataclass(frozen=True)
class Laboratory:
    """Where servers are measured."""

    folder: Path
    followers: Followers
    address: tuple[str, int]
    tls: ssl.SSLContext

    def measure(self, case: Case) -> tuple[Measured, Measured]:
        """Load the server with the fixed answer and the hub in turns."""
        return asyncio.run(self._measure(case))

    async def _measure(self, case: Case) -> tuple[Measured, Measured]:
        with ExitStack() as stack:
            bound, hub = [await self._server(stack, each) for each in (None, case)]
            for number in range(1 + TURNS):
                for server in (bound, hub):
                    await server.turn(SECONDS / TURNS, self._quiet)
                    if number == 0:
                        server.forget()
                        self.followers.milliseconds.clear()
            return bound.measured, hub.measured

    async def _server(self, stack: ExitStack, case: Case | None) -> Server:
        room = "" if case is None else f"{case.followers}-{case.participants}"
        command = [sys.executable, "-m", "benchmarks.fanout", room, str(self.folder), *map(str, self.address)]
        process = stack.enter_context(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        )
        assert process.stdin is not None
        assert process.stdout is not None
        stack.callback(process.stdin.close)
        host, port = json.loads(process.stdout.readline())
        return Server(
            process,
            [
                await asyncio.open_connection(host, port, ssl=self.tls, server_hostname=HUB.domain)
                for _ in range(CONNECTIONS)
            ],
        )

    async def _quiet(self) -> None:
        """Nothing comes to the followers any longer."""
        bodies = -1
        while bodies != self.followers.bodies:
            bodies = self.followers.bodies
            await asyncio.sleep(0.1)


def worked(process: "subprocess.Popen[str]") -> float:
    """How many seconds a server has had its core."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return float(process.stdout.readline())


@contextmanager
def laboratory() -> Iterator[Laboratory]:
    """Certificates, followers and a folder on this disk."""
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mimi-benchmark-", dir=Path.cwd())))
        hub, sender, theirs = network.issue(HUB.domain), network.issue(SENDER), network.issue(*follower_domains())
        (folder / "chain.pem").write_bytes(hub.certificate_chain.read_bytes())
        (folder / "key.pem").write_bytes(hub.private_key.read_bytes())
        (folder / "trust.pem").write_bytes(network.trust.read_bytes())
        app = Followers()
        server = stack.enter_context(
            TLSServer(
                app,
                certificate_chain=theirs.certificate_chain,
                private_key=theirs.private_key,
                client_authorities=network.trust,
            )
        )
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(network.trust)
        tls.load_cert_chain(sender.certificate_chain, sender.private_key)
        yield Laboratory(folder, app, server.address, tls)


def main() -> None:
    """Measure and print."""
    os.sched_setaffinity(0, set(range(1, os.cpu_count() or 1)) or {0})
    titles = "followers", "participants", "accepted", "ratio", "core time", "ratio", "fan-out p50, p99"
    widths = 9, 12, 11, 6, 10, 6, 18
    print(" ".join(f"{title:>{width}}" for title, width in zip(titles, widths, strict=True)))
    with laboratory() as place:
        for case in CASES:
            prepare(case, database(case, place.folder))
            place.followers.milliseconds.clear()
            bound, hub = place.measure(case)
            late = place.followers.milliseconds
            percentiles = quantiles(late, n=100) if len(late) > 1 else []
            times = f"{percentiles[49]:7,.0f} {percentiles[98]:7,.0f} ms" if percentiles else ""
            print(
                f"{case.followers:9} {case.participants:12,} {hub.rate:9,.0f}/s {hub.rate / bound.rate:6.2f} "
                f"{hub.cost * 1e6:7,.0f} us {bound.cost / hub.cost:6.2f} {times:>18}",
                flush=True,
            )
    print(f"ratios are to a fixed 200, which took turns with the hub; {CONNECTIONS} connections; fan-out is under load")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        room = [int(number) for number in sys.argv[1].split("-") if number]
        serve(Case(*room) if room else None, Path(sys.argv[2]), (sys.argv[3], int(sys.argv[4])))
    else:
        main()
