"""What waits for followers is in order, all or nothing, and the same bytes whenever it is tried (PROTO 5.5)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.provider.outbox import Backlog, Loss
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.provider.tables import outbox as outbox_tables
from tests.exercised import exercises
from tests.provider.outbox_examples import ACCEPTED, CLUBHOUSE, LIBRARY, fanout, lane


class Box:
    """An outbox in a file, one operation per transaction; it can be opened again as after a crash."""

    def __init__(self, path) -> None:
        self._path = path
        self.storage = SQLiteStorage(path)

    def restart(self) -> None:
        self.storage.close()
        self.storage = SQLiteStorage(self._path)

    def add(self, text: bytes, *providers: str, room=CLUBHOUSE, timestamp=ACCEPTED) -> None:
        with self.storage.transaction() as transaction:
            transaction.send_later(providers or ("b.example",), room, fanout(text, timestamp))

    def next(self, where=None):
        with self.storage.transaction() as transaction:
            return transaction.next_body(where or lane())

    def remove(self, body) -> bool:
        with self.storage.transaction() as transaction:
            return transaction.remove_body(body)

    def rows(self, table: str) -> int:
        return self.storage._connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


@pytest.fixture
def box(tmp_path):
    box = Box(tmp_path / "mimi.sqlite")
    yield box
    box.storage.close()


def bytes_of(*texts: bytes) -> bytes:
    return b"".join(fanout(text).encode() for text in texts)


@exercises("PROTO-5.5-04", "PROTO-5.5-10")
def test_events_that_wait_together_go_together_in_their_order(box):
    for text in (b"1", b"2", b"3"):
        box.add(text)
    body = box.next()
    assert (body.body, body.events, body.accepted) == (bytes_of(b"1", b"2", b"3"), 3, ACCEPTED)
    assert body.outgoing.subject == CLUBHOUSE.text


@exercises("PROTO-5.5-10")
def test_lanes_do_not_mix(box):
    box.add(b"1", "b.example", "c.example")
    box.add(b"2", "c.example", room=LIBRARY)
    assert box.next(lane("b.example")).body == box.next(lane("c.example")).body == bytes_of(b"1")
    assert box.next(lane("c.example", LIBRARY)).body == bytes_of(b"2")
    assert box.next(lane("b.example", LIBRARY)) is None


@exercises("PROTO-5.5-04")
def test_an_event_that_comes_while_another_is_being_sent_goes_after_it(box):
    box.add(b"1")
    being_sent = box.next()
    box.add(b"2")
    box.add(b"3")
    assert box.next() == being_sent
    assert box.remove(being_sent) is True
    following = box.next()
    assert following.body == bytes_of(b"2", b"3")
    assert box.remove(following) is False
    assert box.next() is None


@exercises("PROTO-5.5-18", "PROTO-5.5-27")
def test_what_was_tried_before_a_crash_is_tried_again_byte_for_byte(box):
    box.add(b"1")
    being_sent = box.next()
    box.add(b"2")
    box.restart()
    box.add(b"3")
    assert box.next() == being_sent
    box.remove(being_sent)
    assert box.next().body == bytes_of(b"2")


def test_a_body_is_bounded_but_takes_one_event_of_any_size(box, monkeypatch):
    monkeypatch.setattr(outbox_tables, "MAX_BODY_BYTES", len(bytes_of(b"1", b"2")))
    for text in (b"1", b"2", b"3", b"long" * 100, b"5"):
        box.add(text)
    bodies = []
    while body := box.next():
        bodies.append(body.body)
        box.remove(body)
    assert bodies == [bytes_of(b"1", b"2"), bytes_of(b"3"), bytes_of(b"long" * 100), bytes_of(b"5")]


def test_an_event_is_kept_once_and_until_its_last_follower_has_it(box):
    box.add(b"1", "b.example", "c.example")
    assert box.rows("outbox_event") == 1
    box.remove(box.next(lane("b.example")))
    assert box.rows("outbox_event") == 1
    box.remove(box.next(lane("c.example")))
    assert (box.rows("outbox_event"), box.rows("outbox_entry")) == (0, 0)


def test_an_event_for_nobody_is_not_kept(box):
    with box.storage.transaction() as transaction:
        transaction.send_later((), CLUBHOUSE, fanout())
    assert box.rows("outbox_event") == 0


def test_what_is_undone_was_never_to_be_sent(box):
    with box.storage.transaction() as transaction:
        transaction.send_later(["b.example"], CLUBHOUSE, fanout())
        transaction.rollback()
    assert box.next() is None
    assert box.rows("outbox_event") == 0


def test_an_operator_sees_what_waits_and_what_was_lost(box):
    box.add(b"1", "c.example", timestamp=ACCEPTED + 5)
    box.add(b"2", "b.example", "c.example", timestamp=ACCEPTED + 7)
    with box.storage.transaction() as transaction:
        assert transaction.backlogs() == (
            Backlog(lane("c.example"), 2, ACCEPTED + 5),
            Backlog(lane("b.example"), 1, ACCEPTED + 7),
        )
        body = transaction.next_body(lane("c.example"))
        assert transaction.give_up(body, "It is down.", ACCEPTED + 9) is False
        assert transaction.backlogs() == (Backlog(lane("b.example"), 1, ACCEPTED + 7),)
        assert transaction.losses() == (Loss(lane("c.example"), 2, ACCEPTED + 5, ACCEPTED + 9, "It is down."),)


def test_lanes_that_are_empty_take_no_memory(box):
    for text in (b"1", b"2"):
        box.add(text, "b.example", "c.example")
        for provider in ("b.example", "c.example"):
            box.remove(box.next(lane(provider)))
    assert box.storage._outbox_memory.begun == {}


def test_whoever_watches_hears_of_lanes_once_their_events_are_durable(box):
    heard = []
    box.storage.watch_outbox(lambda lanes: heard.append((lanes, box.storage.commits)))
    before = box.storage.commits
    box.add(b"1", "b.example", "c.example")
    assert heard == [({lane("b.example"), lane("c.example")}, before + 1)]
    box.remove(box.next())
    with contextlib.suppress(LookupError), box.storage.transaction() as transaction:
        transaction.send_later(["b.example"], CLUBHOUSE, fanout())
        raise LookupError
    assert len(heard) == 1


@exercises("PROTO-5.5-04", "PROTO-5.5-18", "PROTO-5.5-27")
@given(steps=st.lists(st.sampled_from(["add", "try", "sent", "restart"]), max_size=25))
def test_every_event_arrives_once_and_in_order_however_often_it_is_tried(tmp_path_factory, steps):
    box = Box(tmp_path_factory.mktemp("outbox") / "mimi.sqlite")
    added, arrived, tried = [], [], {}
    for step in [*steps, *["sent"] * len(steps)]:
        if step == "add":
            added.append(b"%d" % len(added))
            box.add(added[-1])
        elif step == "restart":
            box.restart()
        elif body := box.next():
            first = len(b"".join(arrived))
            assert tried.setdefault(first, body.body) == body.body, "a retry differs from the first attempt"
            if step == "sent":
                arrived.append(body.body)
                box.remove(body)
    box.storage.close()
    assert b"".join(arrived) == bytes_of(*added)
