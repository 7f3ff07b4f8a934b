"""A thread with an event loop, in which a provider's server, client and outbox live side by side."""

import asyncio
import contextlib
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, Self, TypeVar

T = TypeVar("T")


class EventLoopThread:
    """An event loop in a thread of its own; other threads hand it coroutines to run.

    ``with EventLoopThread("name") as thread: thread.run(coroutine)``. It can be started again after it was stopped.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping = asyncio.Event()

    def start(self) -> None:
        """Begin to run what comes in."""
        started = threading.Event()
        self._stopping = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main(started)), name=self._name, daemon=True)
        self._thread.start()
        started.wait()

    @property
    def running(self) -> bool:
        """Whether it runs what comes in."""
        return self._loop is not None and not self._loop.is_closed()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine in the loop and wait for what it returns or raises; from any thread but the loop's own.

        Raises:
            RuntimeError: the thread is not running.

        """
        return self.submit(coroutine).result()

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Run a coroutine in the loop; from any thread.

        Raises:
            RuntimeError: the thread is not running.

        """
        if self._loop is None or not self.running:
            coroutine.close()
            raise RuntimeError(f"{self._name} is not running.")
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def stop(self) -> None:
        """Cancel what still runs, and wait for the thread. Harmless when it is not running."""
        if self._thread is None or self._loop is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _main(self, started: threading.Event) -> None:
        self._loop = asyncio.get_running_loop()
        started.set()
        await self._stopping.wait()
