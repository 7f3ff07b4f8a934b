"""Followers that are down, slow, overloaded or wrong, over mutual TLS: what a hub has accepted gets there all the same.

The follower is a whole one, behind a peer that fails by script. The hub's clock goes on when a test says so.
"""

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass

import pytest

from mimi_conformance.mocks.faults.answering import connection_dropped, not_http, truncated
from mimi_conformance.mocks.network.authority import CertificateAuthority
from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.mocks.peers.answer import Answer, Reply
from mimi_conformance.reference.provider.messages import PeerRequest, Unanswered
from mimi_conformance.reference.provider.outbox import DAY, SECOND, Delivered, GivenUp, Lane, Retry
from tests.exercised import exercises
from tests.provider.follower_scene import FOLLOWER, Follower
from tests.provider.hub_scene import HUB, ROOM
from tests.provider.served_scene import DEADLINE_SECONDS, ServedHub
from tests.provider.test_hub_submit_message import accepted, encrypted, submit

MINUTE = 60 * SECOND
LANE = Lane(FOLLOWER, ROOM)


@dataclass
class Fails:
    """An answer, and whether the follower has taken what it is an answer to."""

    answer: Answer
    taken: bool = False


class Scene:
    """A room of Alice at the hub, Bob at the failing follower, and Carol at one that never fails."""

    def __init__(self, network: Network, **how) -> None:
        self.network = network
        self.peer = network.add_peer(FOLLOWER)
        network.add_peer("c.example")
        self.hub = ServedHub(network, **how)
        self.hub.found({"alice": 4, "bob": 2, "carol": 2}, "alice1", "bob1", "carol1")
        self.follower = Follower(self.hub)
        self.follower.put_in("bob1")
        self.follower.follow()
        self.said: list[bytes] = []
        self.fail()

    def fail(self, *faults: Fails) -> None:
        """Answer the next notifies like this, and the others well."""
        remaining = list(faults)

        def answer(exchange: Exchange) -> Answer:
            fault = remaining.pop(0) if remaining else Fails(Reply(201), taken=True)
            status = self.take(exchange) if fault.taken else None
            assert status in (201, None)
            return fault.answer

        self.peer.on("notify", answer)

    def take(self, exchange: Exchange) -> int:
        """Let the follower have a request."""
        headers = tuple((name.lower(), value) for name, value in exchange.request_headers)
        path = exchange.request_target
        request = PeerRequest(exchange.method, path, headers, None, exchange.request_body)
        with self.follower.storage.transaction() as transaction:
            return self.follower.provider.handle(transaction, request, self.hub.now).status

    def say(self, *texts: bytes) -> None:
        """Let Alice say something, which the hub accepts."""
        for text in texts:
            message = encrypted(self.hub, "alice1", text)
            accepted(submit(self.hub, "alice1", message))
            self.said.append(message.encode())

    def attempt(self, provider: str = FOLLOWER):
        """What comes of the next notify of one of the followers."""
        while (attempt := self.hub.attempt()).body.lane.provider != provider:
            pass
        return attempt

    def attempts(self, kind: type) -> list[object]:
        """What comes of the next notifies, the last one of which comes to this."""
        outcomes = []
        while not (outcomes and isinstance(outcomes[-1], kind)):
            outcomes.append(self.attempt().verdict)
        return outcomes

    def waiting(self) -> int:
        """How many events the hub shows that wait for the follower."""
        return sum(each.events for each in self.hub.service.backlogs() if each.lane == LANE)

    def arrived(self, provider: str) -> list[bytes]:
        """The bodies that a follower was sent, answered or not."""
        exchanges = self.network.recorder.exchanges
        return [each.request_body for each in exchanges if (each.peer, each.endpoint) == (provider, "notify")]

    def check(self) -> None:
        """In the end, the hub has nothing left to do, and Bob has everything once and in order."""
        self.hub.wait_until(lambda: not self.hub.service.backlogs())
        assert [event.message.encode() for event in self.follower.delivered("bob1")] == self.said
        assert self.hub.service.losses() == ()


@pytest.fixture
def scene() -> Iterator[Scene]:
    with Network() as network:
        scene = Scene(network)
        with scene.hub:
            yield scene


FAULTS = {
    "answers 500": Fails(Reply(500)),
    "answers 503": Fails(Reply(503)),
    "answers 429": Fails(Reply(429)),
    "answers 500 though it has it": Fails(Reply(500), taken=True),
    "drops the connection": Fails(connection_dropped()),
    "drops the connection after accepting": Fails(connection_dropped(), taken=True),
    "cuts its answer short after accepting": Fails(truncated(201, b""), taken=True),
    "speaks another language": Fails(not_http()),
}


@exercises("PROTO-5.5-18", "PROTO-5.5-27")
@pytest.mark.parametrize("fault", FAULTS)
def test_a_follower_that_fails_gets_everything_once_and_in_order(scene, fault):
    scene.fail(*[FAULTS[fault]] * 3)
    scene.say(b"1")
    for text in (b"2", b"3", b"4"):
        assert isinstance(scene.attempt().verdict, Retry)
        scene.say(text)
        scene.hub.let_pass(5 * MINUTE)
    assert scene.attempt().verdict == Delivered()
    scene.check()
    first, *again = scene.arrived(FOLLOWER)[:4]
    assert again == [first] * 3


@exercises("PROTO-5.5-27")
@pytest.mark.parametrize("status", [429, 503])
def test_a_follower_that_says_when_to_come_back_is_left_alone_until_then(scene, status):
    scene.fail(Fails(Reply(status, headers=(("Retry-After", "600"),))))
    scene.say(b"1")
    retry = scene.attempt().verdict
    assert retry.hold == retry.at >= scene.hub.now + 600 * SECOND
    scene.say(b"2")
    scene.hub.let_pass(600 * SECOND - MINUTE)
    assert (scene.attempt("c.example").verdict, len(scene.arrived(FOLLOWER))) == (Delivered(), 1)
    assert scene.waiting() == 2
    scene.hub.let_pass(2 * MINUTE)
    assert scene.attempt().verdict == Delivered()
    scene.check()


def test_a_follower_that_is_down_gets_everything_when_it_is_back(scene):
    scene.peer.stop()
    scene.say(b"1", b"2", b"3")
    assert isinstance(scene.attempt().outcome, Unanswered)
    assert scene.waiting() == 3
    scene.peer.start()
    scene.hub.let_pass(5 * MINUTE)
    assert scene.attempt().verdict == Delivered()
    scene.check()


def test_a_slow_follower_holds_up_nobody_else(scene):
    slow = Future[None]()
    scene.fail(Fails(Reply(201, held_by=slow), taken=True))
    scene.say(b"1")
    scene.network.recorder.wait_for(lambda each: (each.peer, each.endpoint) == (FOLLOWER, "notify"), DEADLINE_SECONDS)
    scene.say(b"2", b"3")
    sent = 0
    while sent < 3:
        sent += scene.attempt("c.example").body.events
    assert (scene.waiting(), len(scene.arrived(FOLLOWER))) == (3, 1)
    slow.set_result(None)
    scene.check()


def expired(scene: Scene) -> None:
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    scene.peer.present(scene.network.issue(FOLLOWER, not_after=yesterday))


def of_another_authority(scene: Scene) -> None:
    scene.peer.present(scene.network.issue(FOLLOWER, authority=CertificateAuthority.create("stranger")))


def of_another_domain(scene: Scene) -> None:
    scene.peer.present(scene.network.issue("other.example"))


@pytest.mark.parametrize("certificate", [expired, of_another_authority, of_another_domain])
def test_a_follower_whose_certificate_is_good_no_longer_gets_nothing_until_it_has_another(scene, certificate):
    scene.say(b"1")
    assert scene.attempt().verdict == Delivered()
    certificate(scene)
    scene.say(b"2", b"3")
    failed = scene.attempt()
    assert isinstance(failed.outcome, Unanswered)
    assert "certificate" in failed.outcome.reason
    assert scene.waiting() == 2
    scene.peer.present(scene.network.issue(FOLLOWER))
    scene.hub.let_pass(5 * MINUTE)
    assert scene.attempts(Delivered)
    scene.check()


def test_a_hub_whose_own_certificate_expires_goes_on_with_a_new_one_after_a_restart(tmp_path):
    """Each answer ends the connection, so that each notify shows the certificate again: until it is refused."""
    with Network() as network:
        soon = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=2)
        scene = Scene(network, identity=network.issue(HUB, not_after=soon), path=tmp_path / "mimi.sqlite")
        with scene.hub:
            scene.fail(*[Fails(Reply(201, headers=(("Connection", "close"),)), taken=True)] * 100_000)
            outcome = None
            while not isinstance(outcome, Unanswered):
                scene.say(b"again")
                outcome = scene.attempt().outcome
            scene.say(b"later")
            assert scene.waiting() == 2
        scene.hub.start()
        with scene.hub:
            assert scene.attempts(Delivered)
            scene.check()


@exercises("PROTO-5.5-27")
def test_what_a_follower_refuses_is_given_up_at_once_for_the_operator_to_see(scene):
    scene.fail(Fails(Reply(403)))
    scene.say(b"1")
    assert scene.attempt().verdict == GivenUp("b.example refuses it with 403.")
    [loss] = scene.hub.service.losses()
    assert (loss.lane, loss.events, loss.reason) == (LANE, 1, "b.example refuses it with 403.")
    scene.said.clear()
    scene.say(b"2")
    assert scene.attempt().verdict == Delivered()
    assert [event.message.encode() for event in scene.follower.delivered("bob1")] == scene.said


def test_a_follower_that_stays_away_is_given_up_after_days_and_told_what_comes_after_that(scene):
    scene.peer.stop()
    scene.say(b"1", b"2")
    assert isinstance(scene.attempt().verdict, Retry)
    scene.hub.let_pass(4 * DAY)
    given_up = scene.attempts(GivenUp)[-1]
    assert given_up.reason.startswith("It has been tried for too long.")
    scene.hub.wait_until(lambda: sum(loss.events for loss in scene.hub.service.losses()) == 2)
    scene.peer.start()
    scene.said.clear()
    scene.say(b"3")
    scene.hub.let_pass(5 * MINUTE)
    assert scene.attempts(Delivered)
    assert [event.message.encode() for event in scene.follower.delivered("bob1")] == scene.said
