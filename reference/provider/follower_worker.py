"""The thin edge of a follower: lets events go on that have waited long enough, and asks hubs for lost rooms."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from mimi_conformance.reference.provider.group_info_question import Question
from mimi_conformance.reference.provider.messages import Answer, Outgoing, Unanswered
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Storage, Transaction

# Often enough for what waits some seconds at most, and next to nothing when nothing waits.
_PERIOD_SECONDS = 1.0

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
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin with the rooms that were lost in an earlier run."""
        await self._storage.run(self._provider.find_lost_rooms)
        self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """Look no longer. Harmless when it does not run."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

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

    async def _regain(self, question: Question) -> None:
        outcome = await self._ask(question.outgoing)
        await self._storage.run(lambda transaction: self._provider.take_answer(transaction, question, outcome))
