"""A hub's outbox over real connections: followers that are down, slow, unwell, or hang up (PROTO 5.5)."""

import queue
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import formatdate

import pytest

from mimi_conformance.mocks.faults.answering import connection_dropped, not_http, truncated
from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.mocks.peers.answer import Reply, in_turn
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.instance import ReferenceInstance
from mimi_conformance.reference.provider.messages import Unanswered
from mimi_conformance.reference.provider.outbox import SECOND, Delivered, RetryPolicy
from mimi_conformance.reference.provider.outbox_worker import NotifyAttempt
from tests.exercised import exercises
from tests.provider.outbox_examples import ACCEPTED, CLUBHOUSE, LIBRARY, fanout, lane

DEADLINE_SECONDS = 20
QUICK = RetryPolicy(first=1, longest=2)
PATIENT = RetryPolicy(first=3600 * SECOND, longest=3600 * SECOND)


class Hub:
    """a.example as a hub whose clock the test moves, and b.example and c.example, which follow its rooms."""

    def __init__(self, network: Network, retry: RetryPolicy) -> None:
        self.network = network
        self.b, self.c = network.add_peer("b.example"), network.add_peer("c.example")
        self.now = ACCEPTED
        self._attempts: queue.Queue[NotifyAttempt] = queue.Queue()
        identity = network.issue("a.example")
        self.instance = ReferenceInstance(
            ProviderSettings("a.example", retry=retry),
            certificate_chain=identity.certificate_chain,
            private_key=identity.private_key,
            trust=network.trust,
            notified=self._attempts.put,
            clock=lambda: self.now,
        )
        self.instance.service.add_peers(network.host_map)

    def say(self, text: bytes, *providers: str, room=CLUBHOUSE) -> None:
        with self.instance.working.storage.transaction() as transaction:
            transaction.send_later(providers or ["b.example"], room, fanout(text))

    def attempt(self) -> NotifyAttempt:
        """The next attempt of the hub that has ended."""
        return self._attempts.get(timeout=DEADLINE_SECONDS)

    def seen(self, provider: str, until: Callable[[list[bytes]], bool]) -> list[bytes]:
        """The bodies that a provider was notified with, as soon as they are those that the test waits for."""

        def bodies() -> list[bytes]:
            return [it.request_body for it in self.network.recorder.exchanges if is_notify(it, provider)]

        self.network.recorder.wait_for(lambda _: until(bodies()), DEADLINE_SECONDS)
        return bodies()

    def let_pass(self, milliseconds: int) -> None:
        """Move the hub's clock, and have it look at it, as its timer would have."""
        self.now += milliseconds

        async def look() -> None:
            self.instance.working._outbox._go_on()

        self.instance._thread.run(look())


def is_notify(exchange: Exchange, provider: str) -> bool:
    return (exchange.peer, exchange.endpoint) == (provider, "notify")


def event(text: bytes) -> bytes:
    return fanout(text).encode()


@contextmanager
def a_hub(retry: RetryPolicy):
    with Network() as network:
        hub = Hub(network, retry)
        with hub.instance:
            yield hub


@pytest.fixture
def quick():
    with a_hub(QUICK) as hub:
        yield hub


@pytest.fixture
def patient():
    with a_hub(PATIENT) as hub:
        yield hub


@exercises("PROTO-5.5-04", "PROTO-5.5-10")
def test_every_event_arrives_at_everybody_in_order(quick):
    texts = [b"%d" % number for number in range(30)]
    for text in texts:
        quick.say(text, "b.example", "c.example")
    everything = b"".join(map(event, texts))
    for provider in ("b.example", "c.example"):
        bodies = quick.seen(provider, lambda bodies: len(b"".join(bodies)) >= len(everything))
        assert b"".join(bodies) == everything


@exercises("PROTO-5.5-18")
def test_a_follower_that_is_down_gets_everything_when_it_is_back(patient):
    patient.b.stop()
    patient.say(b"1")
    assert isinstance(patient.attempt().outcome, Unanswered)
    patient.say(b"2")
    patient.say(b"3", "c.example")
    assert patient.attempt().verdict == Delivered()
    patient.b.start()
    patient.instance.service.add_peers(patient.network.host_map)
    assert patient.seen("b.example", lambda bodies: len(bodies) == 2) == [event(b"1"), event(b"2")]


@exercises("PROTO-5.5-27")
@pytest.mark.parametrize(
    "failure",
    [Reply(500), Reply(503), Reply(429), connection_dropped(), not_http(), truncated(201, b"")],
    ids=["500", "503", "429", "drops the connection after accepting", "no HTTP", "cut off"],
)
def test_a_follower_that_fails_is_sent_the_same_bytes_until_it_succeeds(quick, failure):
    quick.b.on("notify", in_turn(failure, failure, Reply(201)))
    quick.say(b"1")
    quick.now += SECOND
    while quick.attempt().verdict != Delivered():
        quick.let_pass(SECOND)
    quick.say(b"2")
    bodies = quick.seen("b.example", lambda bodies: len(bodies) == 4)
    assert bodies == [event(b"1")] * 3 + [event(b"2")]


@exercises("PROTO-5.5-28")
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_follower_that_says_when_is_not_asked_before(quick, status, form):
    after = "120" if form == "seconds" else formatdate(ACCEPTED / 1000 + 120, usegmt=True)
    quick.b.on("notify", in_turn(Reply(status, headers=(("Retry-After", after),)), Reply(201)))
    quick.say(b"1")
    assert quick.attempt().verdict.at == ACCEPTED + 120 * SECOND
    quick.let_pass(120 * SECOND - 1)
    quick.say(b"2", "c.example")
    assert quick.attempt().body.lane == lane("c.example")
    quick.let_pass(1)
    assert quick.attempt().body.lane == lane("b.example")


def test_a_slow_follower_holds_up_its_own_room_only(patient):
    answer = Future()
    patient.b.on("notify", lambda exchange: Reply(201, held_by=answer if CLUBHOUSE.text == exchange.subject else None))
    patient.say(b"1", "b.example", "c.example")
    patient.seen("b.example", lambda bodies: len(bodies) == 1)
    patient.say(b"2", "b.example", "c.example")
    patient.say(b"3", "b.example", room=LIBRARY)
    assert patient.seen("b.example", lambda bodies: len(bodies) == 2) == [event(b"1"), event(b"3")]
    assert patient.seen("c.example", lambda bodies: len(bodies) == 2) == [event(b"1"), event(b"2")]
    answer.set_result(None)
    assert patient.seen("b.example", lambda bodies: len(bodies) == 3)[2] == event(b"2")


def test_a_certificate_that_has_expired_is_waited_for(patient):
    yesterday = datetime.now(UTC) - timedelta(days=1)
    good = patient.b.identity
    patient.b.present(patient.network.issue("b.example", not_before=yesterday - timedelta(days=1), not_after=yesterday))
    patient.say(b"1")
    assert "certificate has expired" in patient.attempt().outcome.reason
    patient.b.present(good)
    patient.instance.service.add_peers(patient.network.host_map)
    assert patient.attempt().verdict == Delivered()


def test_what_a_follower_refuses_is_on_record_and_the_rest_arrives(quick):
    quick.b.on("notify", in_turn(Reply(403), Reply(201)))
    quick.say(b"1")
    quick.attempt()
    quick.say(b"2")
    assert quick.attempt().verdict == Delivered()
    [loss] = quick.instance.service.losses()
    assert (loss.lane, loss.reason) == (lane(), "b.example refuses it with 403.")
    assert quick.instance.service.backlogs() == ()
