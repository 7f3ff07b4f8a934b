"""Everything that our peers sent and received, in order, for all threads to see."""

import itertools
import threading
import time
from collections.abc import Callable

from mimi_conformance.mocks.network.exchange import Exchange

_numbers = itertools.count(1)


def new_exchange_id(peer: str) -> str:
    """An id for an exchange of ``peer``, unique in this process."""
    return f"{peer}/{next(_numbers)}"


class Recorder:
    """A thread-safe record of exchanges.

    An exchange is recorded when its request is complete, and once more, in the same place, when it has ended: a test
    can wait for a request that is not answered yet.
    """

    def __init__(self) -> None:
        self._exchanges: dict[str, Exchange] = {}
        self._changed = threading.Condition()

    def record(self, exchange: Exchange) -> None:
        """Add an exchange, or put its later state in the place of its earlier one."""
        with self._changed:
            self._exchanges[exchange.id] = exchange
            self._changed.notify_all()

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """Everything so far, in the order in which requests were complete."""
        return self.since(0)

    def mark(self) -> int:
        """A place in the record, for ``since`` and ``wait_for``: everything recorded from now on comes after it."""
        with self._changed:
            return len(self._exchanges)

    def since(self, mark: int) -> tuple[Exchange, ...]:
        """What was recorded after ``mark``."""
        with self._changed:
            return tuple(itertools.islice(self._exchanges.values(), mark, None))

    def wait_for(
        self, predicate: Callable[[Exchange], bool], deadline_seconds: float, *, since: int = 0
    ) -> Exchange | None:
        """The first exchange after the mark ``since`` for which ``predicate`` holds, or None when the deadline passes.

        The predicate sees exchanges that are still under way, and sees them again when they have ended.
        """
        deadline = time.monotonic() + deadline_seconds
        with self._changed:
            while True:
                for exchange in self.since(since):
                    if predicate(exchange):
                        return exchange
                if not self._changed.wait(deadline - time.monotonic()) and time.monotonic() >= deadline:
                    return None
