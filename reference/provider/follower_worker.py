"""The thin edge of a follower: lets events go on that have waited long enough, and asks hubs for lost rooms.

Where an earlier run has ended before a request had its answer, nobody but the hub knows whether it was accepted, and
the hub does not tell by itself (AMB-086). It answers the same request alike, so that is sent once more.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from mimi_conformance.reference.provider.group_info_question import Question
from mimi_conformance.reference.provider.messages import Answer, Outgoing, Unanswered
from mimi_conformance.reference.provider.open_requests import OpenRequest
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Storage, Transaction

# Often enough for what waits some seconds at most, and next to nothing when nothing waits.
_PERIOD_SECONDS = 1.0
# How often a request of an earlier run is sent again while there is no answer: what waits behind it waits no longer.
_ATTEMPTS = 60

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
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin with the rooms that were lost in an earlier run, and with the requests that had no answer."""
        await self._storage.run(self._provider.find_lost_rooms)
        unanswered = await self._storage.run(lambda transaction: transaction.open_requests())
        loop = asyncio.get_running_loop()
        self._tasks = [loop.create_task(each) for each in (self._run(), *map(self._ask_again, unanswered))]

    async def stop(self) -> None:
        """Look no longer. Harmless when it does not run."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                questions = await self._storage.run(self._look_around)
                async with asyncio.TaskGroup() as asking:
                    for question in questions:
                        asking.create_task(self._regain(question))
            except Exception:
                _logger.exception("Following rooms failed here.")
            await asyncio.sleep(_PERIOD_SECONDS)

    def _look_around(self, transaction: Transaction) -> tuple[Question, ...]:
        now = self._clock()
        self._provider.go_on_everywhere(transaction, now)
        return self._provider.questions(transaction, now)

    async def _ask_again(self, request: OpenRequest) -> None:
        try:
            outcome = await self._insistently(request.outgoing)
            await self._storage.run(
                lambda transaction: self._provider.end_own_request(transaction, request, outcome, self._clock())
            )
        except Exception:
            _logger.exception("Asking %s again failed here.", request.outgoing.provider)

    async def _insistently(self, outgoing: Outgoing) -> Answer | Unanswered:
        for _ in range(_ATTEMPTS):
            outcome = await self._ask(outgoing)
            if isinstance(outcome, Answer) and not outcome.may_change:
                return outcome
            await asyncio.sleep(_PERIOD_SECONDS)
        return Unanswered("It was not answered in time.")

    async def _regain(self, question: Question) -> None:
        outcome = await self._ask(question.outgoing)
        await self._storage.run(lambda transaction: self._provider.take_answer(transaction, question, outcome))
