"""Whole providers in one process, without sockets: a network on which everything that can go wrong does when told to.

    with Network("a.example", "b.example") as network:
        alice, bob = network.client("a.example", "alice", "phone"), network.client("b.example", "bob", "phone")
        network.fault = lost

Everything of a provider is the real thing, the workers, the ASGI app and its SQLite file included; only its server and
its connections are not, and its clock. The network has one clock. Time passes when a test lets it, or a client waits.
"""

import asyncio
import sqlite3
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.connection import Reply
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.errors import UnansweredError
from mimi_conformance.reference.client.local_connection import LocalConnection
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.app import create_app
from mimi_conformance.reference.provider.asset_client import AssetClient
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.inbox import Delivery
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.local import LocalService
from mimi_conformance.reference.provider.messages import Answer, Endpoint, PeerRequest
from mimi_conformance.reference.provider.outbox import Outbox
from mimi_conformance.reference.provider.outgoing import PeerClient
from mimi_conformance.reference.provider.peer_connections import ExchangeError, Place
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.server import PEER_CERTIFICATE
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.provider.working import WorkingProvider
from tests.provider.hub_scene import NOW_MILLISECONDS, Trusting
from tests.provider.virtual_time import VirtualTimeLoop


@dataclass(frozen=True)
class Exchange:
    """A request from one provider to another.

    Attributes:
        source: who sends it.
        target: who is to answer it.
        request: the request.

    """

    source: str
    target: "Instance"
    request: PeerRequest

    @property
    def endpoint(self) -> str:
        """What is asked: an endpoint's name in URLs, or ``.well-known``."""
        return self.request.raw_path.removeprefix("/v1").split("/")[1]

    async def deliver(self) -> Answer:
        """What the target answers.

        Raises:
            ExchangeError: it is killed before it does.

        """
        return await self.target.answer(self.request)


Fault = Callable[[Exchange], Awaitable[Answer]]
"""What becomes of an exchange; `Exchange.deliver` when nothing goes wrong."""


async def lost(exchange: Exchange) -> Answer:
    """The request gets lost."""
    raise ExchangeError("the request was lost")


async def unheard(exchange: Exchange) -> Answer:
    """The answer gets lost."""
    await exchange.deliver()
    raise ExchangeError("the answer was lost")


async def twice(exchange: Exchange) -> Answer:
    """The request comes twice."""
    await exchange.deliver()
    return await exchange.deliver()


async def killed_before(exchange: Exchange) -> Answer:
    """The provider that is asked is killed, and starts again, before it has done anything."""
    await exchange.target.kill()
    raise ExchangeError("the provider was killed")


async def killed_after(exchange: Exchange) -> Answer:
    """The provider that is asked is killed, and starts again, when it was about to answer."""
    await exchange.deliver()
    await exchange.target.kill()
    raise ExchangeError("the provider was killed")


def late(seconds: float, *, answer: float = 0) -> Fault:
    """The request takes so long, and its answer; others may be faster."""

    async def fault(exchange: Exchange) -> Answer:
        await asyncio.sleep(seconds)
        result = await exchange.deliver()
        await asyncio.sleep(answer)
        return result

    return fault


def answered(status: int, **headers: str) -> Fault:
    """Something in front of the provider answers."""

    async def fault(exchange: Exchange) -> Answer:
        named = tuple((name.replace("_", "-").lower(), value) for name, value in headers.items())
        return Answer(status, headers=named)

    return fault


class Network:
    """Providers that can reach each other.

    Attributes:
        instances: the providers, by domain.
        loop: on which all of them run.
        random: where all keys and nonces come from.
        fault: what becomes of each exchange.
        exchanges: those that there were, whatever became of them.

    Args:
        domains: of the providers.
        seed: of all that is random.
        kind: the logic of the providers.

    """

    def __init__(self, *domains: str, seed: int = 0, kind: type[Provider] = Trusting) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.loop = VirtualTimeLoop()
        self.random = Random(seed)
        self.fault: Fault = Exchange.deliver
        self._told = 0
        self.exchanges: list[Exchange] = []
        databases = {domain: Path(self._folder.name) / f"{domain}.sqlite" for domain in domains}
        self.instances = {domain: Instance(self, domain, databases[domain], kind) for domain in domains}

    def __enter__(self) -> Self:
        for instance in self.instances.values():
            self.loop.run(instance.start())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for instance in self.instances.values():
            self.loop.run(instance.stop())
        self.loop.close()
        self._folder.cleanup()

    def clock(self) -> int:
        """The time, in milliseconds of the Unix epoch; later each time, as nothing happens at once."""
        self._told = max(self._told + 1, NOW_MILLISECONDS + round(self.loop.time() * 1000))
        return self._told

    def client(self, domain: str, user: str, client: str) -> Client:
        """A new client of a user at a provider, which both become known there."""
        uris = MimiUri.user(domain, user), MimiUri.client(domain, user, client)
        device = Device(*uris, random=self.random.randbytes, clock=self.clock)
        made = Client(device, Line(self.instances[domain], self.loop), pause=self.loop.pass_time)
        made.register()
        return made

    def settle(self) -> None:
        """Have everything arrive that is under way: no faults from now on, and nobody waits for a better time."""
        self.fault = Exchange.deliver
        for _ in range(100):
            for instance in self.instances.values():
                instance.working.retry_now()
            self.loop.pass_time(2)
            if not any(instance.service.backlogs() for instance in self.instances.values()):
                break
        self.loop.pass_time(61)  # followers have asked for lost rooms by then

    async def exchange(self, source: str, place: Place, request: PeerRequest) -> Answer:
        """What becomes of a request; for those who send one."""
        if place.server_name not in self.instances:
            raise ExchangeError(f"there is no {place.server_name}")
        exchange = Exchange(source, self.instances[place.server_name], request)
        self.exchanges.append(exchange)
        return await self.fault(exchange)


class Instance:
    """A provider that runs on the network's loop.

    Attributes:
        provider: its logic.
        storage: what it remembers.
        working: what answers, and sends.
        service: what its clients are offered.

    """

    def __init__(self, network: Network, domain: str, database: Path, kind: type[Provider]) -> None:
        self._network, self._domain, self._database, self._kind = network, domain, database, kind
        self._answering: set[asyncio.Task[Answer]] = set()
        self._restarting = asyncio.Lock()
        self._make()

    def _make(self) -> None:
        network, clock = self._network, self._network.clock
        random = network.random.randbytes
        peers = Peers(self._domain, network)
        self.storage = SQLiteStorage(self._database)
        with self.storage.transaction() as transaction:
            keys = ProviderKeys.kept(transaction, random)
        settings = ProviderSettings(self._domain)
        self.provider = self._kind(settings, keys, random)
        outbox = Outbox(settings.retry, network.random.random)
        self.working = WorkingProvider(self.provider, self.storage, peers, outbox, run=network.loop.run, clock=clock)
        self.service = self.working.service
        self._app = create_app(self.working, AssetClient(settings.downloads, peers))

    async def start(self) -> None:
        """Begin to send what waits."""
        await self.working.start()

    async def stop(self) -> None:
        """Drop everything, as `kill -9` does: what is not durable is gone."""
        for task in self._answering:
            task.cancel()
        await self.working.stop(0)
        self.storage.close()

    async def kill(self) -> None:
        """Stop at once, and start again with what is in the database, whatever becomes of whoever wants it."""
        await asyncio.shield(self._network.loop.create_task(self._restart()))

    async def _restart(self) -> None:
        async with self._restarting:
            await self.stop()
            self._make()
            await self.start()

    async def answer(self, request: PeerRequest) -> Answer:
        """What it answers to another provider.

        Raises:
            ExchangeError: it is killed before it does.

        """
        task = self._network.loop.create_task(called(self._app, request))
        self._answering.add(task)
        task.add_done_callback(self._answering.discard)
        await asyncio.wait([task])
        if task.cancelled():
            raise ExchangeError("the provider was killed")
        return task.result()

    def room(self, room_id: MimiUri) -> Room | None:
        """A room as it has it."""
        with self.storage.transaction() as transaction:
            return transaction.room(room_id)


class Line(LocalConnection):
    """A client's connection to its provider, whatever becomes of that; while a client waits, time passes."""

    def __init__(self, instance: Instance, loop: VirtualTimeLoop) -> None:
        self._instance, self._loop = instance, loop

    @property
    def _service(self) -> LocalService:
        return self._instance.service

    def request(self, client: MimiUri, endpoint: Endpoint, provider: str, about: str, body: bytes) -> Reply:
        try:
            return super().request(client, endpoint, provider, about, body)
        except sqlite3.ProgrammingError as error:  # of a connection that is closed
            raise UnansweredError(f"{self.domain} was killed.") from error

    def deliveries(self, client: MimiUri, after: int, wait_seconds: float) -> tuple[Delivery, ...]:
        deadline = self._loop.time() + wait_seconds
        while True:
            self._loop.settle()
            found = super().deliveries(client, after, 0)
            if found or self._loop.time() >= deadline:
                return found
            self._loop.step(deadline - self._loop.time())


class Peers(PeerClient):
    """Sends requests over the network of the test."""

    def __init__(self, domain: str, network: Network) -> None:
        super().__init__(domain, certificate_chain=Path(), private_key=Path(), authorities=Path())
        self._connections = Connections(partial(network.exchange, domain))

    def tls_context(self, authorities: Path) -> Any:
        return None

    def authenticate(self, context: Any, certificate_chain: Path, private_key: Path) -> None:
        pass


class Connections:
    """In place of `PeerConnections`."""

    def __init__(self, exchange: Callable[[Place, PeerRequest], Awaitable[Answer]]) -> None:
        self._exchange = exchange

    async def exchange(self, place: Place, method: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
        fields = tuple((name.lower(), value) for name, value in headers.items())
        return await self._exchange(place, PeerRequest(method, target, fields, None, body))

    def close(self) -> None:
        pass


async def called(app: Any, request: PeerRequest) -> Answer:
    """What an ASGI app answers to a request."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": request.body}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    scope = {
        "method": request.method,
        "raw_path": request.raw_path.encode("latin-1"),
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in request.headers],
        "extensions": {PEER_CERTIFICATE: request.certificate},
    }
    await app(scope, receive, send)
    start, *content = sent
    fields = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start["headers"])
    return Answer(start["status"], b"".join(each.get("body", b"") for each in content), headers=fields)
