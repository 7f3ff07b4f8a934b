"""A whole provider in one object: logic, storage, server, client. Starts and stops as a context manager."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.provider.app import ServedRequest, create_app
from mimi_conformance.reference.provider.asset_client import AssetClient
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.event_loop import EventLoopThread
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.local import LocalService
from mimi_conformance.reference.provider.outbox import Outbox
from mimi_conformance.reference.provider.outbox_worker import NotifyAttempt
from mimi_conformance.reference.provider.outgoing import PeerClient
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.server import TLSServer
from mimi_conformance.reference.provider.sqlite_storage import IN_MEMORY, SQLiteStorage
from mimi_conformance.reference.provider.working import WorkingProvider, milliseconds_now


@dataclass(frozen=True, slots=True)
class Parts:
    """The classes that a provider is put together from; a subclass does its part in another way.

    Attributes:
        provider: the protocol logic.
        server: what listens for other providers.
        peers: what sends to them.
        assets: what fetches assets for them.
        service: what local clients are offered.
        outbox: when followers are sent what waits for them.

    """

    provider: type[Provider] = Provider
    server: type[TLSServer] = TLSServer
    peers: type[PeerClient] = PeerClient
    assets: type[AssetClient] = AssetClient
    service: type[LocalService] = LocalService
    outbox: type[Outbox] = Outbox


class ReferenceInstance:
    """A running provider. ``with ReferenceInstance(...) as instance: instance.service, instance.address``.

    Attributes:
        settings: the provider's settings.
        working: the provider without its server.
        service: what it offers its clients.

    Args:
        settings: the provider's settings, or only its domain.
        certificate_chain: certificate of the provider and intermediates, PEM, used as a server and as a client.
        private_key: the certificate's key, PEM.
        trust: authorities for the certificates of other providers, PEM.
        parts: what it is put together from.
        host: where to listen.
        port: where to listen; 0 for any free port.
        database: an SQLite file, or ``:memory:``.
        served: told of each request and its answer.
        notified: told of each attempt to notify a follower.
        clock: milliseconds of the Unix epoch.
        random: where keys and nonces come from.
        grace_seconds: how long requests in progress, of others and of its own, may take once it is to stop.

    Raises:
        IdentifierError: the domain is none.
        TLSConfigurationError: one of the PEM files can't be used.
        StorageError: the database can't be used.

    """

    def __init__(
        self,
        settings: ProviderSettings | str,
        *,
        certificate_chain: Path,
        private_key: Path,
        trust: Path,
        parts: Parts = Parts(),
        host: str = "127.0.0.1",
        port: int = 0,
        database: Path | str = IN_MEMORY,
        served: Callable[[ServedRequest], None] | None = None,
        notified: Callable[[NotifyAttempt], None] = lambda _: None,
        clock: Callable[[], int] = milliseconds_now,
        random: Random = os.urandom,
        grace_seconds: float = 1.0,
    ) -> None:
        self.settings = ProviderSettings(settings) if isinstance(settings, str) else settings
        self._grace_seconds = grace_seconds
        self._peers = parts.peers(
            self.settings.domain, certificate_chain=certificate_chain, private_key=private_key, authorities=trust
        )
        storage = SQLiteStorage(database)
        with storage.transaction() as transaction:
            keys = ProviderKeys.kept(transaction, random)
        self._thread = EventLoopThread(f"provider {self.settings.domain}")
        self.working = WorkingProvider(
            parts.provider(self.settings, keys, random),
            storage,
            self._peers,
            parts.outbox(self.settings.retry, lambda: int.from_bytes(random(4)) / 2**32),
            run=self._thread.run,
            service=parts.service,
            trust_clients=self._trust_clients,
            notified=notified,
            clock=clock,
        )
        self.service = self.working.service
        self._server = parts.server(
            create_app(self.working, parts.assets(self.settings.downloads, self._peers), served=served),
            certificate_chain=certificate_chain,
            private_key=private_key,
            client_authorities=trust,
            host=host,
            port=port,
            thread=self._thread,
            grace_seconds=grace_seconds,
        )

    @property
    def domain(self) -> str:
        """The provider's domain."""
        return self.settings.domain

    @property
    def address(self) -> tuple[str, int]:
        """Host and port that it listens on, once started."""
        return self._server.address

    def _trust_clients(self, authorities: str) -> None:
        self._server.trust(authorities)

    def start(self) -> None:
        """Accept requests.

        Raises:
            OSError: the address is in use or not ours.

        """
        self._thread.start()
        try:
            self._server.start()
        except OSError:
            self._thread.stop()
            raise
        self._thread.run(self.working.start())

    def stop(self) -> None:
        """Finish the requests in progress and let go of everything. Harmless when it was stopped, or never started."""
        if self._thread.running:
            self._server.stop()
            self._thread.run(self.working.stop(self._grace_seconds))
            self._thread.run(self._peers.close())
            self._thread.stop()
        self.working.storage.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
