"""The thin edge of a follower: lets events go on that have waited long enough, and asks hubs for lost rooms.

Where the answer to a request is lost, or the provider ends before it comes, nobody but the hub knows whether it was
accepted, and the hub does not tell by itself (AMB-086). It answers the same request alike, so that is sent again.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from mimi_conformance.reference.provider.group_info_question import Question
from mimi_conformance.reference.provider.messages import Answer, Outgoing, Unanswered, may_change
from mimi_conformance.reference.provider.open_requests import OpenRequest
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Storage, Transaction

# Often enough for what waits some seconds at most, and next to nothing when nothing waits.
_PERIOD_SECONDS = 1.0
# Before each time that a request is sent again while there is no answer; then what waits behind it waits no longer.
_PAUSES_SECONDS = (1, 2, 4, 8, 15, 30)

_logger = logging.getLogger(__name__)


class FollowerWorker:
    """Looks around every second while it runs. Start and stop it on one event loop.

    Args:
        provider: the protocol logic.
        storage: what it remembers.
        ask: sends a request to another provider.
        clock: milliseconds of the Unix epoch.

    """

    def __init__(
        self,
        provider: Provider,
        storage: Storage,
        ask: Callable[[Outgoing], Awaitable[Answer | Unanswered]],
        *,
        clock: Callable[[], int],
    ) -> None:
        self._provider = provider
        self._storage = storage
        self._ask = ask
        self._clock = clock
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._asking: set[int] = set()

    async def start(self) -> None:
        """Begin with the rooms that were lost in an earlier run, and with the requests that had no answer."""
        await self._storage.run(self._provider.find_lost_rooms)
        unanswered = await self._storage.run(lambda transaction: transaction.open_requests())
        self._loop = asyncio.get_running_loop()
        self._begin(self._run())
        for request in unanswered:
            self._begin_asking(request)

    async def stop(self) -> None:
        """Look no longer. Harmless when it does not run."""
        self._loop = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def ask_again(self, request: OpenRequest) -> None:
        """Send a request again that had no answer. From any thread; where this does not run, when it starts again."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._begin_asking, request)

    def _begin_asking(self, request: OpenRequest) -> None:
        if self._loop is not None and request.number not in self._asking:
            self._asking.add(request.number)
            self._begin(self._ask_again(request))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something by itself: a hub that hangs holds up nothing but what it is asked for."""
        task = asyncio.get_running_loop().create_task(self._safely(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _safely(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            _logger.exception("Following rooms failed here.")

    async def _run(self) -> None:
        while True:
            await self._safely(self._look_around())
            await asyncio.sleep(_PERIOD_SECONDS)

    async def _look_around(self) -> None:
        for question in await self._storage.run(self._questions):
            self._begin(self._regain(question))

    def _questions(self, transaction: Transaction) -> tuple[Question, ...]:
        now = self._clock()
        self._provider.go_on_everywhere(transaction, now)
        return self._provider.questions(transaction, now)

    async def _ask_again(self, request: OpenRequest) -> None:
        try:
            outcome = await self._insistently(request)
            if outcome is not None:
                await self._storage.run(
                    lambda transaction: self._provider.end_own_request(transaction, request, outcome, self._clock())
                )
        finally:
            self._asking.remove(request.number)

    async def _insistently(self, request: OpenRequest) -> Answer | Unanswered | None:
        """What comes of a request at last; None when that is known already, as its client has asked again."""
        outcome: Answer | Unanswered | None = None
        for pause in _PAUSES_SECONDS:
            await asyncio.sleep(pause)
            if not await self._storage.run(lambda transaction: transaction.has_request(request.number)):
                return None
            outcome = await self._ask(request.outgoing)
            if isinstance(outcome, Answer) and not may_change(outcome.status):
                break
        return outcome

    async def _regain(self, question: Question) -> None:
        outcome = await self._ask(question.outgoing)
        await self._storage.run(lambda transaction: self._provider.take_answer(transaction, question, outcome))
