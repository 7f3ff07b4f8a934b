"""The worker empties the outbox, at the right times and without a thread per follower; no sockets here (PROTO 5.5)."""

import asyncio
import threading

import pytest

from mimi_conformance.reference.provider.messages import Answer, Unanswered
from mimi_conformance.reference.provider.outbox import SECOND, Delivered, GivenUp, Outbox, Retry, RetryPolicy
from mimi_conformance.reference.provider.outbox_worker import OutboxWorker
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from tests.exercised import exercises
from tests.provider.outbox_examples import ACCEPTED, CLUBHOUSE, LIBRARY, fanout, lane

DEADLINE_SECONDS = 10


class Followers:
    """Other providers that answer by script, a worker that sends to them, and a clock that the test moves on."""

    def __init__(self, storage) -> None:
        self.storage = storage
        self.now = ACCEPTED
        self.answers: dict[str, list] = {}
        self.asked: list = []
        self.attempts: asyncio.Queue = asyncio.Queue()
        self.arrived = asyncio.Event()
        self.worker = OutboxWorker(
            Outbox(RetryPolicy(give_up=1000 * SECOND), lambda: 1.0),
            storage,
            self.ask,
            clock=lambda: self.now,
            attempted=self.attempts.put_nowait,
        )

    async def ask(self, outgoing):
        self.asked.append(outgoing)
        self.arrived.set()
        script = self.answers.get(outgoing.provider, [])
        answer = script.pop(0) if script else Answer(201)
        return await answer if asyncio.isfuture(answer) else answer

    def add(self, *providers, text=b"1", room=CLUBHOUSE) -> None:
        with self.storage.transaction() as transaction:
            transaction.send_later(providers or ["b.example"], room, fanout(text))

    async def attempt(self):
        return await asyncio.wait_for(self.attempts.get(), DEADLINE_SECONDS)

    async def asked_times(self, times: int) -> None:
        async with asyncio.timeout(DEADLINE_SECONDS):
            while len(self.asked) < times:
                self.arrived.clear()
                await self.arrived.wait()

    def move_clock(self, milliseconds: int) -> None:
        """Let time pass, and have the worker look at its clock, as its timer would have."""
        self.now += milliseconds
        self.worker._go_on()

    def waiting(self) -> set:
        with self.storage.transaction() as transaction:
            return {backlog.lane for backlog in transaction.backlogs()}


def play(script, storage=None, stop=True):
    """Run a script with a worker on an event loop of its own."""
    storage = storage or SQLiteStorage()

    async def main():
        followers = Followers(storage)
        await followers.worker.start()
        await script(followers)
        if stop:
            await followers.worker.stop(DEADLINE_SECONDS)

    asyncio.run(main())
    return storage


@exercises("PROTO-5.5-18")
def test_an_event_is_sent_as_soon_as_it_is_durable_and_then_forgotten():
    async def script(followers):
        followers.add("b.example", "c.example")
        assert {(await followers.attempt()).body.lane for _ in range(2)} == {lane("b.example"), lane("c.example")}
        assert [outgoing.body for outgoing in followers.asked] == [fanout(b"1").encode()] * 2
        assert followers.waiting() == set()

    play(script)


@exercises("PROTO-5.5-18")
def test_what_an_earlier_run_left_is_sent_first_thing(tmp_path):
    async def crash(followers):
        followers.answers["b.example"] = [asyncio.get_running_loop().create_future()]
        followers.add()
        await followers.asked_times(1)
        followers.add(text=b"2")

    async def resume(followers):
        first, second = await followers.attempt(), await followers.attempt()
        assert (first.body.body, second.body.body) == (fanout(b"1").encode(), fanout(b"2").encode())

    path = tmp_path / "mimi.sqlite"
    play(crash, SQLiteStorage(path), stop=False).close()
    play(resume, SQLiteStorage(path)).close()


@exercises("PROTO-5.5-04", "PROTO-5.5-27")
def test_a_retry_comes_at_its_time_with_the_same_bytes_and_before_what_came_later():
    async def script(followers):
        followers.answers["b.example"] = [Answer(500), Answer(503, headers=(("retry-after", "30"),))]
        followers.add(text=b"1")
        assert (await followers.attempt()).verdict == Retry(ACCEPTED + SECOND, None, "b.example answers 500.")
        followers.add(text=b"2")
        followers.move_clock(SECOND)
        held = (await followers.attempt()).verdict
        assert (held.at, held.hold) == (followers.now + 30 * SECOND,) * 2
        followers.move_clock(30 * SECOND - 1)
        followers.add("c.example")
        assert (await followers.attempt()).body.lane == lane("c.example")
        followers.move_clock(1)
        assert [(await followers.attempt()).verdict for _ in range(2)] == [Delivered()] * 2
        ours = [outgoing.body for outgoing in followers.asked if outgoing.provider == "b.example"]
        assert ours == [fanout(b"1").encode()] * 3 + [fanout(b"2").encode()]

    play(script)


def test_the_workers_own_timer_brings_it_back():
    async def script(followers):
        followers.worker._outbox._policy = RetryPolicy(first=1)
        followers.worker._clock = lambda: ACCEPTED + int(asyncio.get_running_loop().time() * 1000)
        followers.answers["b.example"] = [Answer(500)]
        followers.add()
        assert isinstance((await followers.attempt()).verdict, Retry)
        assert (await followers.attempt()).verdict == Delivered()

    play(script)


@exercises("PROTO-5.5-26")
def test_followers_that_hang_hold_up_nobody_and_need_no_threads():
    async def script(followers):
        hanging = [f"hangs{number}.example" for number in range(300)]
        never = asyncio.get_running_loop().create_future()
        followers.answers |= {provider: [never] for provider in hanging}
        threads = threading.active_count()
        followers.add(*hanging, "b.example")
        assert (await followers.attempt()).body.lane == lane("b.example")
        await followers.asked_times(301)
        assert threading.active_count() == threads
        never.set_result(Unanswered("It hung."))

    play(script)


def test_giving_up_is_told_and_remembered_and_the_rest_goes_on():
    async def script(followers):
        followers.answers["b.example"] = [Answer(403)]
        followers.add(text=b"1")
        attempt = await followers.attempt()
        assert attempt.verdict == GivenUp("b.example refuses it with 403.")
        followers.add(text=b"2")
        assert (await followers.attempt()).verdict == Delivered()
        with followers.storage.transaction() as transaction:
            [loss] = transaction.losses()
        assert (loss.lane, loss.events, loss.reason) == (lane(), 1, "b.example refuses it with 403.")

    play(script)


def test_news_of_peers_are_reason_to_try_again_at_once():
    async def script(followers):
        followers.answers["b.example"] = [Unanswered("It is nowhere.")] * 8
        followers.add()
        for _ in range(8):
            await followers.attempt()
            followers.worker.retry_now()
        assert (await followers.attempt()).verdict == Delivered()
        assert followers.now == ACCEPTED

    play(script)


def test_stopping_lets_a_request_finish_and_starts_no_other():
    async def script(followers):
        under_way = asyncio.get_running_loop().create_future()
        followers.answers["b.example"] = [under_way]
        followers.add(text=b"1")
        await followers.asked_times(1)
        followers.add(text=b"2")
        stopping = asyncio.create_task(followers.worker.stop(DEADLINE_SECONDS))
        await asyncio.sleep(0)
        under_way.set_result(Answer(201))
        await stopping
        assert len(followers.asked) == 1
        followers.add("c.example", text=b"3")
        with followers.storage.transaction() as transaction:
            assert transaction.next_body(lane()).body == fanout(b"2").encode()

    play(script, stop=False)


def test_stopping_does_not_wait_for_those_who_hang_and_forgets_nothing():
    async def script(followers):
        followers.answers["b.example"] = [asyncio.get_running_loop().create_future()]
        followers.add()
        await followers.asked_times(1)
        await followers.worker.stop(0)
        assert followers.waiting() == {lane()}

    play(script, stop=False)


def test_a_worker_that_runs_again_sends_what_was_under_way_when_it_was_stopped():
    async def script(followers):
        followers.answers["b.example"] = [asyncio.get_running_loop().create_future()]
        followers.add()
        await followers.asked_times(1)
        await followers.worker.stop(0)
        await followers.worker.start()
        assert (await followers.attempt()).body.body == fanout(b"1").encode()
        assert followers.waiting() == set()

    play(script)


def test_a_worker_that_does_not_run_can_be_told_to_retry_and_to_stop():
    async def script(followers):
        await followers.worker.stop(DEADLINE_SECONDS)
        followers.worker.retry_now()
        await followers.worker.stop(DEADLINE_SECONDS)
        followers.add()
        assert followers.waiting() == {lane()}

    play(script, stop=False)


def test_a_failure_of_our_own_is_logged_and_forgets_nothing(monkeypatch, caplog):
    async def script(followers):
        remove = followers.storage.run

        async def full_disk(work):
            if followers.asked:
                raise OSError("the disk is full")
            return await remove(work)

        monkeypatch.setattr(followers.storage, "run", full_disk)
        followers.add()
        await followers.asked_times(1)
        monkeypatch.setattr(followers.storage, "run", remove)
        followers.add("c.example", room=LIBRARY)
        await followers.attempt()
        assert lane() in followers.waiting()
        followers.move_clock(10 * SECOND)
        assert (await followers.attempt()).body.lane == lane()
        assert "Sending to b.example about mimi://a.example/r/clubhouse failed here." in caplog.text
        assert "the disk is full" in caplog.text

    play(script)


@exercises("PROTO-5.5-10")
@pytest.mark.parametrize("count", [1, 40])
def test_events_that_pile_up_while_one_is_being_sent_go_in_one_request(count):
    async def script(followers):
        under_way = asyncio.get_running_loop().create_future()
        followers.answers["b.example"] = [under_way]
        followers.add(text=b"first")
        await followers.asked_times(1)
        for number in range(count):
            followers.add(text=b"%d" % number)
        under_way.set_result(Answer(201))
        assert [(await followers.attempt()).body.events for _ in range(2)] == [1, count]

    play(script)
