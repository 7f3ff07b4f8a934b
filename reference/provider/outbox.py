"""What followers are still to be told, and when it is tried (PROTO 5.5): decisions, without clock, sockets or storage.

A *lane* is what one provider is told about one room. A lane's events go out in the order in which they were accepted,
one request at a time (AMB-087); lanes of different rooms and providers don't wait for each other, up to
`RetryPolicy.in_flight` requests per provider. After a failure that is the provider's rather than the room's, all of its
lanes wait, and then a single request finds out whether it is back.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from heapq import heappop, heappush
from http import HTTPStatus
from itertools import count

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Outgoing, Unanswered, may_change

SECOND = 1000
DAY = 24 * 60 * 60 * SECOND


@dataclass(frozen=True, slots=True)
class Lane:
    """What one provider is told about one room."""

    provider: str
    room: MimiUri


@dataclass(frozen=True, slots=True)
class NotifyBody:
    """The next thing to send in a lane: a notify body, the same bytes each time it is tried.

    Attributes:
        lane: where it goes.
        last: the position of its last event in the outbox.
        events: how many FanoutMessages it is made of.
        accepted: when the hub accepted the first of them, in milliseconds of the Unix epoch.
        body: their bytes.

    """

    lane: Lane
    last: int
    events: int
    accepted: int
    body: bytes = field(repr=False)

    @property
    def outgoing(self) -> Outgoing:
        """The request that takes it there."""
        return Outgoing(self.lane.provider, Endpoint.NOTIFY, self.lane.room.text, self.body)


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many events wait in a lane, and since when, in milliseconds of the Unix epoch."""

    lane: Lane
    events: int
    since: int


@dataclass(frozen=True, slots=True)
class Loss:
    """Events that a provider was never told: the provider is out of step with the room from here on.

    Attributes:
        lane: where they should have gone.
        events: how many.
        accepted: when the hub accepted the first of them, in milliseconds of the Unix epoch.
        given_up: when the hub stopped trying.
        reason: why, as a sentence.

    """

    lane: Lane
    events: int
    accepted: int
    given_up: int
    reason: str


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How patient the hub is with followers; all times in milliseconds.

    Attributes:
        first: the pause after the first failure; it doubles with each further one.
        longest: what it grows to.
        give_up: how old an event becomes before the hub stops trying.
        in_flight: how many requests one provider gets at the same time.

    """

    first: int = SECOND
    longest: int = 300 * SECOND
    give_up: int = 3 * DAY
    in_flight: int = 8


@dataclass(frozen=True, slots=True)
class Delivered:
    """The follower has it."""


@dataclass(frozen=True, slots=True)
class Retry:
    """It is to be tried again.

    Attributes:
        at: not before this time, in milliseconds of the Unix epoch; until then nothing goes on in the lane.
        hold: until when nothing goes to the provider at all; None when the failure is the lane's own.
        reason: what has failed, as a sentence.

    """

    at: int
    hold: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class GivenUp:
    """It will never get there."""

    reason: str


Verdict = Delivered | Retry | GivenUp


@dataclass(frozen=True, slots=True)
class Failures:
    """How often in a row a lane has failed, and the provider as a whole."""

    lane: int = 0
    provider: int = 0


# The follower says that it is not well, rather than that something about this room fails.
_UNWELL = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)


def verdict(
    body: NotifyBody, outcome: Answer | Unanswered, now: int, *, policy: RetryPolicy, before: Failures, chance: float
) -> Verdict:
    """What follows from an attempt to deliver a body.

    Any 2xx is success (AMB-009). Errors of transport, 429 and 5xx are retried, and Retry-After is heeded (AMB-089);
    what the follower refuses otherwise, it would refuse again.

    Args:
        body: what was sent.
        outcome: what came of it.
        now: milliseconds of the Unix epoch.
        policy: how patient the hub is.
        before: the failures before this attempt.
        chance: where between half of a pause and all of it to end, from 0 to 1.

    """

    def after_pause(failures: int) -> int:
        pause = min(policy.longest, policy.first * 2 ** min(failures, 30))
        return now + int(pause * (1 + chance) / 2)

    guidance = None
    if isinstance(outcome, Unanswered):
        unwell, reason = True, outcome.reason
    elif 200 <= outcome.status < 300:
        return Delivered()
    elif may_change(outcome.status):
        guidance = retry_after(outcome, now)
        unwell = guidance is not None or outcome.status in _UNWELL
        reason = f"{body.lane.provider} answers {outcome.status}."
    else:
        return GivenUp(f"{body.lane.provider} refuses it with {outcome.status}.")
    hold = max(after_pause(before.provider), guidance or 0) if unwell else None
    at = max(after_pause(before.lane), hold or 0)
    if at > body.accepted + policy.give_up:
        return GivenUp(f"It has been tried for too long. {reason}")
    return Retry(at, hold, reason)


def retry_after(answer: Answer, now: int) -> int | None:
    """When an answer says to come back, in milliseconds of the Unix epoch; None when it says nothing that makes sense.

    Both forms of RFC 9110, section 10.2.3, are understood: seconds and a date.
    """
    values = answer.header("retry-after")
    if len(values) != 1:
        return None
    value = values[0].strip()
    if value.isascii() and value.isdigit():
        return now + int(value[:12]) * SECOND
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()) * SECOND


@dataclass(slots=True)
class _LaneState:
    woken: bool = False
    failures: int = 0


@dataclass(slots=True)
class _ProviderState:
    ready: deque[Lane] = field(default_factory=deque)
    in_flight: int = 0
    failures: int = 0
    held_until: int = 0


class Outbox:
    """Which lanes may send, and when. It knows nothing of what is in them.

    Whoever puts something into a lane tells `wake`. `due` hands out lanes whose next body is to be sent now. Each comes
    back: to `judge`, with what came of the attempt, and to `finish`, once what follows from that is stored.

    Args:
        policy: how patient the hub is.
        chance: gives a number from 0 to 1, another one each time, so that hubs don't come back all at once.

    """

    def __init__(self, policy: RetryPolicy, chance: Callable[[], float]) -> None:
        self._policy = policy
        self._chance = chance
        # A lane that is known here is in exactly one place: in its provider's queue, in flight, or with an alarm.
        self._lanes: dict[Lane, _LaneState] = {}
        self._providers: dict[str, _ProviderState] = {}
        self._alarms: list[tuple[int, int, Lane | str]] = []
        self._numbers = count()
        self._movable: dict[str, None] = {}  # in order, so that what is sent does not depend on hashes

    def wake(self, lane: Lane) -> None:
        """There is something new in a lane."""
        if lane in self._lanes:
            self._lanes[lane].woken = True
        else:
            self._lanes[lane] = _LaneState()
            self._queue(lane)

    def due(self, now: int) -> tuple[Lane, ...]:
        """The lanes in which to send now; they are in flight from here on."""
        while self._alarms and self._alarms[0][0] <= now:
            _, _, sleeper = heappop(self._alarms)
            if isinstance(sleeper, Lane):
                self._queue(sleeper)
            else:
                self._movable[sleeper] = None
        movable, self._movable = self._movable, {}
        return tuple(lane for provider in movable for lane in self._start(provider, now))

    def next_due(self) -> int | None:
        """When `due` will have something although nothing else happens; None when never."""
        return self._alarms[0][0] if self._alarms else None

    def judge(self, body: NotifyBody, outcome: Answer | Unanswered, now: int) -> Verdict:
        """What follows from an attempt in a lane that was due; see `verdict`."""
        lane, provider = self._lanes[body.lane], self._providers[body.lane.provider]
        # What fails while the provider is being held was sent before: it has met the failure that is counted already.
        failures = max(0, provider.failures - (provider.held_until > now))
        result = self.verdict(body, outcome, now, Failures(lane.failures, failures))
        lane.failures = lane.failures + 1 if isinstance(result, Retry) else 0
        if isinstance(result, Retry) and result.hold is not None:
            provider.failures = failures + 1
            provider.held_until = max(provider.held_until, result.hold)
            self._alarm(provider.held_until, body.lane.provider)
        elif isinstance(outcome, Answer):
            provider.failures = 0
        return result

    def verdict(self, body: NotifyBody, outcome: Answer | Unanswered, now: int, before: Failures) -> Verdict:
        """The rules of `verdict`, with this outbox's patience."""
        return verdict(body, outcome, now, policy=self._policy, before=before, chance=self._chance())

    def finish(self, lane: Lane, result: Verdict | None, *, more: bool) -> None:
        """What follows from an attempt is stored.

        Args:
            lane: a lane that was due.
            result: what `judge` has said; None when there was nothing to send.
            more: whether something waits in the lane.

        """
        provider = self._providers[lane.provider]
        provider.in_flight -= 1
        self._movable[lane.provider] = None
        if isinstance(result, Retry):
            self._alarm(result.at, lane)
        elif more or self._lanes[lane].woken:
            self._queue(lane)
        else:
            del self._lanes[lane]

    def end_pauses(self) -> None:
        """Let everything that waits for a time be due now."""
        self._alarms = sorted((0, number, sleeper) for _, number, sleeper in self._alarms)
        for provider in self._providers.values():
            provider.failures = provider.held_until = 0

    def _start(self, name: str, now: int) -> list[Lane]:
        provider = self._providers[name]
        limit = 1 if provider.failures else self._policy.in_flight
        lanes: list[Lane] = []
        while provider.ready and provider.in_flight < limit and provider.held_until <= now:
            lane = provider.ready.popleft()
            self._lanes[lane].woken = False
            provider.in_flight += 1
            lanes.append(lane)
        return lanes

    def _queue(self, lane: Lane) -> None:
        self._providers.setdefault(lane.provider, _ProviderState()).ready.append(lane)
        self._movable[lane.provider] = None

    def _alarm(self, at: int, sleeper: Lane | str) -> None:
        heappush(self._alarms, (at, next(self._numbers), sleeper))
