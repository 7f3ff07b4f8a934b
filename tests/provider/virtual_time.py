"""An event loop on which time passes only when it is told to, and then at once: nothing sleeps, nothing is random."""

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Runs what is ready whenever it runs; what waits for a time runs when that has come.

    Whoever uses it is outside of it: each method returns when nothing is ready any longer.
    """

    def __init__(self) -> None:
        self._now = self._until = 0.0
        self._next: float | None = None
        super().__init__(_Selector(self))

    def time(self) -> float:
        """Seconds since the beginning."""
        return self._now

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """What a coroutine returns; as much time passes as it takes."""
        task = self.create_task(coroutine)
        self.settle()
        while not task.done():
            assert self._next is not None, "it waits for something that nobody will do"
            self.pass_time(self._next - self._now)
        return task.result()

    def settle(self) -> None:
        """Run what is ready, and what becomes ready by that."""
        self.pass_time(0)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, and everything happen that waits for it."""
        self._until = self._now + seconds
        self.run_forever()

    def step(self, seconds: float) -> None:
        """Let time pass up to when something happens, or so long."""
        self.settle()
        upcoming = float("inf") if self._next is None else self._next - self._now
        self.pass_time(min(seconds, upcoming))

    def nothing_is_ready(self, seconds: float | None) -> None:
        """Nothing is, for some seconds or for good: go on to the next thing, or stop; for the selector."""
        self._next = None if seconds is None else self._now + seconds
        if self._next is not None and self._next <= self._until:
            self._now = self._next
        else:
            self._now = self._until
            self.stop()


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None):
        if timeout is None or timeout > 0:
            self._loop.nothing_is_ready(timeout)
        return super().select(0)
