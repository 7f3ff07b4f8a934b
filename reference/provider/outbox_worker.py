"""The thin edge of the outbox: sends what waits for followers, from the storage over the network, on one event loop."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from mimi_conformance.reference.provider.messages import Answer, Outgoing, Unanswered
from mimi_conformance.reference.provider.outbox import (
    Delivered,
    GivenUp,
    Lane,
    NotifyBody,
    Outbox,
    Retry,
    Verdict,
)
from mimi_conformance.reference.provider.storage import Storage, Transaction

# After a failure of our own, such as a full disk.
_PAUSE_SECONDS = 10

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class NotifyAttempt:
    """A notify that was sent, what came of it, and what followed; for a log."""

    body: NotifyBody
    outcome: Answer | Unanswered
    verdict: Verdict
    seconds: float


class OutboxWorker:
    """Empties the outbox while it runs, and goes on where it stopped when it runs again, also after a crash.

    Start and stop it on one event loop, of which it needs no thread per follower: what hangs is a suspended coroutine.

    Args:
        outbox: the decisions.
        storage: where the events are, and what followers have received is forgotten.
        ask: sends a request to another provider.
        clock: milliseconds of the Unix epoch.
        attempted: told of each attempt, once what follows from it is stored.

    """

    def __init__(
        self,
        outbox: Outbox,
        storage: Storage,
        ask: Callable[[Outgoing], Awaitable[Answer | Unanswered]],
        *,
        clock: Callable[[], int],
        attempted: Callable[[NotifyAttempt], None] = lambda _: None,
    ) -> None:
        self._outbox = outbox
        self._storage = storage
        self._ask = ask
        self._clock = clock
        self._attempted = attempted
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Begin with what is there."""
        loop = self._loop = asyncio.get_running_loop()

        def wake(lanes: set[Lane]) -> None:
            loop.call_soon_threadsafe(self._wake, lanes)

        self._storage.watch_outbox(wake)
        backlogs = await self._storage.run(lambda transaction: transaction.backlogs())
        self._wake({backlog.lane for backlog in backlogs})

    async def stop(self, grace_seconds: float) -> None:
        """Send nothing more, and let what is under way finish for so long. Harmless when it does not run."""
        self._storage.watch_outbox(lambda _: None)
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
        if self._sending:
            await asyncio.wait(self._sending, timeout=grace_seconds)
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)

    def retry_now(self) -> None:
        """Wait for nobody any longer: something has changed that may make them reachable. From any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._end_pauses)

    def _end_pauses(self) -> None:
        self._outbox.end_pauses()
        self._go_on()

    def _wake(self, lanes: set[Lane]) -> None:
        for lane in sorted(lanes, key=lambda lane: (lane.provider, lane.room.text)):
            self._outbox.wake(lane)
        self._go_on()

    def _go_on(self) -> None:
        """Send whatever is due, and come back when something else is."""
        loop = self._loop
        if loop is None:
            return
        for lane in self._outbox.due(self._clock()):
            task = loop.create_task(self._send(lane))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        if self._timer is not None:
            self._timer.cancel()
        due = self._outbox.next_due()
        self._timer = None if due is None else loop.call_later(max(0, due - self._clock()) / 1000, self._go_on)

    async def _send(self, lane: Lane) -> None:
        """Send the next body of a lane that is due. Also one that is stopped meanwhile is there for the next run."""
        result: Verdict | None = None
        more = True
        try:
            body = await self._storage.run(lambda transaction: transaction.next_body(lane))
            if body is None:
                more = False
            else:
                started = time.perf_counter()
                outcome = await self._ask(body.outgoing)
                now = self._clock()
                result = self._outbox.judge(body, outcome, now)
                more = await self._store(body, result, now)
                self._attempted(NotifyAttempt(body, outcome, result, time.perf_counter() - started))
        except Exception:
            _logger.exception("Sending to %s about %s failed here.", lane.provider, lane.room)
            result = Retry(self._clock() + _PAUSE_SECONDS * 1000, None, "It failed here.")
        finally:
            self._outbox.finish(lane, result, more=more)
        self._go_on()

    async def _store(self, body: NotifyBody, result: Verdict, now: int) -> bool:
        """Remember what follows from an attempt; whether something else waits in the lane."""

        def store(transaction: Transaction) -> bool:
            match result:
                case Delivered():
                    return transaction.remove_body(body)
                case GivenUp(reason):
                    return transaction.give_up(body, reason, now)
                case Retry():
                    return True

        return await self._storage.run(store)
