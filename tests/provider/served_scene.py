"""The scenes of hub_scene.py and follower_scene.py with sockets between the providers: mutual TLS, one real server.

The server is a whole `ReferenceInstance`. Whoever talks to it, and whom it talks to, are scripted peers of a `Network`.
"""

import time
from collections.abc import Callable
from pathlib import Path
from queue import Queue
from random import Random
from typing import Self

from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.instance import ReferenceInstance
from mimi_conformance.reference.provider.messages import Answer, Endpoint
from mimi_conformance.reference.provider.outbox_worker import NotifyAttempt
from mimi_conformance.reference.provider.sqlite_storage import IN_MEMORY
from tests.provider.follower_scene import FOLLOWER, Follower
from tests.provider.hub_scene import HUB, ROOM, Hub

DEADLINE_SECONDS = 20
PATIENCE_SECONDS = 120
"""For answers to what takes long: a machine that has much else to do is no fault of the hub's."""


def served(network: Network, domain: str, clock, settings=None, **options) -> ReferenceInstance:
    """A running provider that everybody in a network can find, and that can find everybody."""
    identity = options.pop("identity", None) or network.issue(domain)
    instance = ReferenceInstance(
        ProviderSettings(domain, **settings or {}),
        certificate_chain=identity.certificate_chain,
        private_key=identity.private_key,
        trust=network.trust,
        clock=clock,
        random=Random(domain).randbytes,
        **options,
    )
    instance.start()
    network.addresses[domain] = instance.address
    instance.service.add_peers(network.host_map)
    return instance


class ServedHub(Hub):
    """A hub behind sockets. Other providers ask it as peers of the network; its own clients have a shorter way.

    Args:
        network: where it lives.
        identity: its certificate, if it is to be a special one.
        path: its database.
        settings: of the hub.

    Attributes:
        attempts: what has come of each notify, for tests to wait for.

    """

    def __init__(
        self, network: Network, *, identity: Identity | None = None, path: Path | str = IN_MEMORY, **settings
    ) -> None:
        super().__init__()
        self.network = network
        self.path = path
        self.settings = settings
        self.attempts: Queue[NotifyAttempt] = Queue()
        self._started = time.monotonic()
        self.storage.close()
        self.start(identity)

    def start(self, identity: Identity | None = None) -> None:
        """Begin with what is in the database."""
        self.instance = served(
            self.network,
            HUB,
            self.clock,
            self.settings,
            identity=identity,
            database=self.path,
            notified=self.attempts.put,
        )
        self.storage, self.provider, self.service = (
            self.instance.working.storage,
            self.instance.working.provider,
            self.instance.service,
        )

    def attempt(self) -> NotifyAttempt:
        """What comes of the next notify."""
        return self.attempts.get(timeout=DEADLINE_SECONDS)

    def let_pass(self, milliseconds: int) -> None:
        """Let time pass, and have the hub look at its clock, as its timer would have."""

        async def look() -> None:
            self.instance.working._outbox._go_on()

        self.now += milliseconds
        self.instance._thread.run(look())

    def clock(self) -> int:
        """The time when the scene plays, which goes on."""
        return self.now + int((time.monotonic() - self._started) * 1000)

    def dump(self) -> list[str]:
        """Everything in the database, once everybody has been told everything."""
        self.wait_until(lambda: not self.service.backlogs())
        with self.storage.transaction():
            return super().dump()

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something to be so in the database."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while True:
            seen = self.storage.commits
            if condition():
                return
            assert time.monotonic() < deadline, "It has not come to that in time."
            self.storage.wait_for_commit(seen, 1)

    def ask(self, endpoint: Endpoint, body: bytes, source: str, subject: str = ROOM.text) -> Answer:
        """Ask the hub something, as a local client, or as a peer."""
        if source not in self.network.peers:
            return super().ask(endpoint, body, source, subject)
        exchange = self.network.peers[source].call(HUB, endpoint, subject, body, deadline_seconds=PATIENCE_SECONDS)
        assert exchange.status is not None, exchange.error
        return Answer(exchange.status, exchange.response_body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.instance.stop()


class ServedFollower(Follower):
    """A follower behind sockets, of a hub without any, in whose name a peer of the network notifies it."""

    def __init__(self, network: Network, hub: Hub) -> None:
        self.network = network
        super().__init__(hub)

    def start(self) -> None:
        """Begin with what is in the database."""
        self.instance = served(self.network, FOLLOWER, lambda: self.hub.now, database=self.path)
        self.storage, self.provider, self.service = (
            self.instance.working.storage,
            self.instance.working.provider,
            self.instance.service,
        )

    def dump(self) -> list[str]:
        """Everything in the database, when nobody writes."""
        with self.storage.transaction():
            return list(self.storage._connection.iterdump())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.instance.stop()
