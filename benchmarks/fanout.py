"""What durable fan-out costs a hub, beside the same server that answers a fixed 200: `python -m benchmarks.fanout`.

The server has one core, and everybody else the others: clients on connections that they keep, and followers that accept
whatever comes. A request is answered when its event is on the disk for every follower. What a hub does beyond that,
which is to judge a message and to frank it, is not in here.
"""

import asyncio
import json
import os
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import quantiles
from typing import Any

from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.instance import Parts, ReferenceInstance
from mimi_conformance.reference.provider.messages import Answer, Call
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.server import Receive, Scope, Send, TLSServer
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.mls.framing import ContentType, PrivateMessage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageRequest

HUB, SENDER = "a.example", "b.example"
FOLLOWERS = (0, 1, 10, 50)
CONNECTIONS = 32
SECONDS = 4.0
ANSWER = bytes(100)
MESSAGE_BYTES = 600
FIXED = -1


class Accepting(Provider):
    """Has everything that it is notified of go to its followers, as if it were a message to a room of its own."""

    followers: tuple[str, ...] = ()

    def answer(self, transaction: Transaction, call: Call, now: int) -> Answer:
        """Promise it to the followers."""
        request = SubmitMessageRequest.decode(call.body)
        event = FanoutMessage(timestamp=now, message=request.app_message)
        transaction.send_later(self.followers, MimiUri.parse(call.subject), event)
        return Answer(200, ANSWER)


async def fixed(scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG001  # ASGI
    """Read the request, and answer the same 200 each time."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(ANSWER))]})
    await send({"type": "http.response.body", "body": ANSWER})


def serve(followers: int, folder: Path, address: tuple[str, int]) -> None:
    """Be the server on one core; say where it listens, and after each line that comes in how much it has worked."""
    os.sched_setaffinity(0, {0})
    files: dict[str, Any] = {"certificate_chain": folder / "chain.pem", "private_key": folder / "key.pem"}
    trust = folder / "trust.pem"
    if followers == FIXED:
        server: TLSServer | ReferenceInstance = TLSServer(fixed, client_authorities=trust, **files)
    else:
        Accepting.followers = tuple(names(followers))
        server = ReferenceInstance(
            HUB, trust=trust, parts=Parts(provider=Accepting), database=folder / f"{followers}.sqlite", **files
        )
        server.service.add_peers(dict.fromkeys(Accepting.followers, address))
    with server:
        print(json.dumps(server.address), flush=True)
        for _ in sys.stdin:
            print(time.process_time(), flush=True)


def names(followers: int) -> Iterator[str]:
    """The domains of the followers."""
    return (f"follower{number}.example" for number in range(followers))


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


def request() -> bytes:
    """A request that submits a message of ordinary size."""
    message = PrivateMessage(b"group", 1, ContentType.application, bytes(40), bytes(28), bytes(MESSAGE_BYTES))
    framed = MLSMessage(wire_format=WireFormat.mls_private_message, private_message=message)
    body = SubmitMessageRequest(Protocol.mls10, framed, IdentifierUri.of(f"mimi://{SENDER}/u/bob")).encode()
    head = (
        f"POST /v1/notify/mimi%3A%2F%2F{HUB}%2Fr%2Fclubhouse HTTP/1.1\r\nHost: {HUB}\r\nFrom: mimi@{SENDER}\r\n"
        f"Content-Type: application/octet-stream\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(address: tuple[str, int], tls: ssl.SSLContext, seconds: float) -> int:
    """Send requests on every connection, one after the other, for so long; how many were answered."""
    answered, deadline, message = 0, time.perf_counter() + seconds, request()

    async def client() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection(*address, ssl=tls, server_hostname=HUB)
        while time.perf_counter() < deadline:
            writer.write(message)
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head.partition(b"\r\n")[0], head
            await reader.readexactly(len(ANSWER))
            answered += 1
        writer.close()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    return answered


@dataclass(frozen=True)
class Measured:
    """What a server did: requests per second, and seconds of its core for each."""

    rate: float
    cost: float


@dataclass(frozen=True)
class Laboratory:
    """Where servers are measured."""

    folder: Path
    followers: Followers
    address: tuple[str, int]
    tls: ssl.SSLContext

    def measure(self, followers: int) -> Measured:
        """Start a server, load it, and stop it."""
        command = [sys.executable, "-m", "benchmarks.fanout", str(followers), str(self.folder), *map(str, self.address)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            host, port = json.loads(process.stdout.readline())
            asyncio.run(load((host, port), self.tls, SECONDS / 8))
            before = worked(process)
            self.followers.bodies, self.followers.milliseconds = 0, []
            started = time.perf_counter()
            answered = asyncio.run(load((host, port), self.tls, SECONDS))
            elapsed = time.perf_counter() - started
            measured = Measured(answered / elapsed, (worked(process) - before) / answered)
            process.stdin.close()
        return measured


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
        hub, sender, theirs = network.issue(HUB), network.issue(SENDER), network.issue(*names(max(FOLLOWERS)))
        (folder / "chain.pem").write_bytes(hub.certificate_chain.read_bytes())
        (folder / "key.pem").write_bytes(hub.private_key.read_bytes())
        (folder / "trust.pem").write_bytes(network.trust.read_bytes())
        app = Followers()
        server = stack.enter_context(served(app, theirs, network.trust))
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        tls.load_verify_locations(network.trust)
        tls.load_cert_chain(sender.certificate_chain, sender.private_key)
        yield Laboratory(folder, app, server.address, tls)


def served(app: Followers, identity: Identity, trust: Path) -> TLSServer:
    """The followers' server."""
    return TLSServer(
        app, certificate_chain=identity.certificate_chain, private_key=identity.private_key, client_authorities=trust
    )


def main() -> None:
    """Measure and print."""
    os.sched_setaffinity(0, set(range(1, os.cpu_count() or 1)) or {0})
    with laboratory() as place:
        print(f"{'followers':>9} {'requests':>11} {'ratio':>6} {'core time':>10} {'ratio':>6} {'fan-out p50, p99':>18}")
        for followers in FOLLOWERS:
            bound, hub = place.measure(FIXED), place.measure(followers)
            line = f"{followers:9} {hub.rate:9,.0f}/s {hub.rate / bound.rate:6.2f} {hub.cost * 1e6:7,.0f} us"
            late = place.followers.milliseconds
            percentiles = quantiles(late, n=100) if len(late) > 1 else []
            times = f"{percentiles[49]:7,.0f} {percentiles[98]:7,.0f} ms" if percentiles else ""
            print(f"{line} {bound.cost / hub.cost:6.2f} {times:>18}", flush=True)
    print(
        f"ratios are to a fixed 200, measured before each line; {CONNECTIONS} connections; times of fan-out under load"
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        serve(int(sys.argv[1]), Path(sys.argv[2]), (sys.argv[3], int(sys.argv[4])))
    else:
        main()
