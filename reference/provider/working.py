"""A provider at work: logic, storage, and what goes on between requests, whatever these come in and go out by."""

import time
from collections.abc import Callable

from mimi_conformance.reference.provider.follower_worker import FollowerWorker
from mimi_conformance.reference.provider.local import LocalService, OtherProviders, Run
from mimi_conformance.reference.provider.messages import Answer, PeerRequest, Relay
from mimi_conformance.reference.provider.outbox import Outbox
from mimi_conformance.reference.provider.outbox_worker import NotifyAttempt, OutboxWorker
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.proxy_download import Download
from mimi_conformance.reference.provider.storage import Storage


def milliseconds_now() -> int:
    """The time in milliseconds of the Unix epoch."""
    return time.time_ns() // 1_000_000


class WorkingProvider:
    """Answers other providers, tells followers what they are to know, and follows rooms itself.

    Attributes:
        provider: the protocol logic.
        storage: what it remembers.
        service: what local clients are offered.

    Args:
        provider: the protocol logic.
        storage: what it remembers.
        peers: how it reaches other providers.
        outbox: when followers are sent what waits for them.
        run: waits for what local clients send to other providers.
        service: makes what local clients are offered.
        trust_clients: told the PEM certificates of authorities that peers' client certificates may come from.
        notified: told of each attempt to notify a follower.
        clock: milliseconds of the Unix epoch.

    """

    def __init__(
        self,
        provider: Provider,
        storage: Storage,
        peers: OtherProviders,
        outbox: Outbox,
        *,
        run: Run,
        service: type[LocalService] = LocalService,
        trust_clients: Callable[[str], None] = lambda _: None,
        notified: Callable[[NotifyAttempt], None] = lambda _: None,
        clock: Callable[[], int] = milliseconds_now,
    ) -> None:
        self.provider = provider
        self.storage = storage
        self._peers = peers
        self._clock = clock
        self._outbox = OutboxWorker(outbox, storage, peers.ask, clock=clock, attempted=notified)
        self._follower = FollowerWorker(provider, storage, peers.ask, clock=clock)
        self.service = service(
            provider,
            storage,
            peers,
            trust_clients=trust_clients,
            retry_now=self.retry_now,
            ask_again=self._follower.ask_again,
            run=run,
            clock=clock,
        )

    async def start(self) -> None:
        """Go on where it stopped. Start and stop it on one event loop."""
        await self._outbox.start()
        await self._follower.start()

    async def stop(self, grace_seconds: float) -> None:
        """Send nothing more, and let what is under way finish for so long. Harmless when it does not run."""
        await self._follower.stop()
        await self._outbox.stop(grace_seconds)

    def retry_now(self) -> None:
        """Wait for nobody any longer: something has changed that may make them reachable. From any thread."""
        self._outbox.retry_now()

    async def answer(self, request: PeerRequest) -> Answer | Download:
        """What is answered to another provider, or which asset is; others are asked first where it depends on them.

        They are asked between two transactions, and what is answered is durable.
        """
        provider, storage, clock = self.provider, self.storage, self._clock
        answer = await storage.run(lambda transaction: provider.handle(transaction, request, clock()))
        if not isinstance(answer, Relay):
            return answer
        relay = answer
        outcome = await self._peers.ask(relay.outgoing)
        return await storage.run(lambda transaction: provider.answer_to_relayed(transaction, relay, outcome, clock()))
