"""``mimi-conformance serve`` and its followers: what it promised to send survives every way of stopping (PROTO 5.5)."""

import json
import os
import signal
from concurrent.futures import Future
from contextlib import contextmanager

import pytest

from mimi_conformance.mocks.control.client import ControlClient
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.mocks.peers.answer import Reply, in_turn
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from tests.exercised import exercises
from tests.provider.outbox_examples import CLUBHOUSE, fanout
from tests.provider.test_serve import DEADLINE_SECONDS, serve


class Follower:
    """b.example, which follows the rooms of a served a.example."""

    def __init__(self, network: Network, folder) -> None:
        self.network = network
        self.peer = network.add_peer("b.example")
        self.folder = folder
        self.identity = network.issue("a.example")

    def put_into_outbox(self, *texts: bytes) -> None:
        """Promise b.example events, as an earlier run of the server would have."""
        storage = SQLiteStorage(self.folder / "mimi.sqlite")
        with storage.transaction() as transaction:
            for text in texts:
                transaction.send_later(["b.example"], CLUBHOUSE, fanout(text))
        storage.close()

    def waiting(self) -> int:
        storage = SQLiteStorage(self.folder / "mimi.sqlite")
        with storage.transaction() as transaction:
            found = sum(backlog.events for backlog in transaction.backlogs())
        storage.close()
        return found

    @contextmanager
    def served(self, **changes):
        """A running server that knows where b.example is."""
        with serve(self.identity, self.network, self.folder, control_port=0, **changes) as served:
            url = served.line(r"control interface listens on (http://[\d.:]+)\.")[1]
            with ControlClient(url) as control:
                control.peers(self.network.host_map, self.network.trust.read_text())
            yield served

    def notified(self, count: int) -> list[bytes]:
        """The bodies of so many notifies, answered or not."""

        def bodies() -> list[bytes]:
            return [it.request_body for it in self.network.recorder.exchanges if it.endpoint == "notify"]

        self.network.recorder.wait_for(lambda _: len(bodies()) >= count, DEADLINE_SECONDS)
        return bodies()


@pytest.fixture
def follower(tmp_path):
    with Network() as network:
        yield Follower(network, tmp_path)


def events(*texts: bytes) -> bytes:
    return b"".join(fanout(text).encode() for text in texts)


@exercises("PROTO-5.5-18", "PROTO-5.5-27")
def test_what_was_under_way_at_kill_9_is_sent_again_byte_for_byte_and_the_rest_after_it(follower):
    unanswered = Future()
    follower.peer.on("notify", in_turn(Reply(201, held_by=unanswered), Reply(201)))
    follower.put_into_outbox(b"1", b"2")
    with follower.served() as served:
        assert follower.notified(1) == [events(b"1", b"2")]
        os.kill(served.process.pid, signal.SIGKILL)
        served.process.wait(DEADLINE_SECONDS)
    follower.put_into_outbox(b"3")
    with follower.served() as served:
        served.line(r"to b\.example notify mimi://a\.example/r/clubhouse: 2 events, [\d,]+ bytes -> 201 \(\d+ ms\)$")
        served.line(r"to b\.example notify mimi://a\.example/r/clubhouse: 1 event, [\d,]+ bytes -> 201 \(\d+ ms\)$")
    unanswered.set_result(None)
    assert follower.notified(3) == [events(b"1", b"2"), events(b"1", b"2"), events(b"3")]
    assert follower.waiting() == 0


def test_stopping_finishes_what_is_under_way_and_the_next_run_does_the_rest(follower):
    answer = Future()
    follower.peer.on("notify", lambda _: Reply(201, held_by=answer))
    follower.put_into_outbox(b"1")
    follower.put_into_outbox(b"2")
    with follower.served() as served:
        follower.notified(1)
        served.process.send_signal(signal.SIGTERM)
        served.line("Stopping")
        answer.set_result(None)
        served.line("Stopped")
        assert served.process.wait(DEADLINE_SECONDS) == 0
    sent = follower.notified(1)
    assert follower.waiting() == 2 - len(sent)
    with follower.served():
        assert follower.notified(2) == [events(b"1"), events(b"2")]


def test_an_operator_sees_what_waits_what_fails_and_what_was_given_up(follower):
    follower.peer.on("notify", in_turn(Reply(403), Reply(503, headers=(("Retry-After", "3000"),))))
    follower.put_into_outbox(b"1")
    follower.put_into_outbox(b"2", b"3")
    with follower.served() as served:
        served.line(r"1 event, \d+ bytes -> 403 \(\d+ ms\): given up\. b\.example refuses it with 403\.$")
        served.line(r"2 events, \d+ bytes -> 503 \(\d+ ms\): b\.example answers 503\. Again at 20[-T\d:]+\+00:00\.$")
        served.process.send_signal(signal.SIGUSR1)
        served.line(r"^2 events for b\.example about mimi://a\.example/r/clubhouse since 2027-01-15T08:00:00\+00:00$")
        served.line(r"^given up at .*: 1 event for b\.example about .* since 2027-\S+: .* refuses it with 403\.$")


def test_every_line_is_json_for_those_who_want_that(follower):
    follower.peer.on("notify", in_turn(Reply(403), Reply(500)))
    follower.put_into_outbox(b"1")
    follower.put_into_outbox(b"2")
    lines = []
    with follower.served(log="json") as served:
        while not lines or lines[-1].get("status") != 500:
            lines.append(json.loads(served.line(".*")[0]))
        served.process.send_signal(signal.SIGUSR1)
        while lines[-1]["event"] != "given-up":
            lines.append(json.loads(served.line(".*")[0]))
    assert [line["then"] for line in lines if line.get("status")] == ["given-up", "retry"]
    gone = lines[-1]
    assert (gone["to"], gone["room"], gone["events"]) == ("b.example", CLUBHOUSE.text, 1)
    assert gone["reason"] == "b.example refuses it with 403."
