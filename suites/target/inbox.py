"""What a client of the target was delivered, and how to wait for more without sleeping."""

import time
from collections.abc import Callable

from mimi_conformance.mocks.control.client import ControlClient, Delivery
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.suites.target.judgement import inconclusive

Condition = Callable[[Delivery], bool]


class Inbox:
    """The deliveries to one client of the target, from the moment that this was made; see `World.inbox`.

    Attributes:
        client: the client's URI.
    """

    def __init__(self, control: ControlClient, client: MimiUri, delivery_seconds: float) -> None:
        self.client = client
        self._control = control
        self._delivery_seconds = delivery_seconds
        self._seen: list[Delivery] = []
        self._cursor = max((delivery.cursor for delivery in control.deliveries(client)), default=0)

    def all(self) -> tuple[Delivery, ...]:
        """What has been delivered so far, in order; does not wait."""
        self._fetch(0.0)
        return tuple(self._seen)

    def wait_for(self, wanted: Condition, *, seconds: float | None = None) -> Delivery | None:
        """The first delivery, earlier ones included, that is ``wanted``; None when none comes in time.

        ``seconds`` is how long a target may take to deliver, when it is not given.
        """
        deadline = time.monotonic() + (self._delivery_seconds if seconds is None else seconds)
        looked_at = 0
        self._fetch(0.0)
        while True:
            for delivery in self._seen[looked_at:]:
                if wanted(delivery):
                    return delivery
            looked_at = len(self._seen)
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                return None
            self._fetch(remaining)

    def until(self, fence: Condition) -> tuple[Delivery, ...]:
        """Everything that was delivered before the fence, an event that comes after the one a test must not see.

        A fence that does not come in time ends the test as inconclusive: nothing can be said about what is absent.
        """
        found = self.wait_for(fence)
        if found is None:
            inconclusive(
                f"{self.client} was not delivered what should have come last within {self._delivery_seconds:g} s"
            )
        return tuple(self._seen[: self._seen.index(found)])

    def _fetch(self, wait_seconds: float) -> None:
        fetched = self._control.deliveries(self.client, self._cursor, wait_seconds)
        self._seen += fetched
        if fetched:
            self._cursor = fetched[-1].cursor
