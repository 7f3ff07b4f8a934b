"""What a running provider prints: a line per event that peers can't forge and a program can read."""

import json
import logging

import pytest

from mimi_conformance.command_line import server_log
from mimi_conformance.command_line.server_log import JSONLog, LogHandler, TextLog
from mimi_conformance.reference.provider.app import ServedRequest
from mimi_conformance.reference.provider.messages import Answer, PeerRequest, Unanswered
from mimi_conformance.reference.provider.outbox import Delivered, GivenUp, Retry
from mimi_conformance.reference.provider.outbox_worker import NotifyAttempt
from tests.provider.outbox_examples import ACCEPTED, body_of, lane


def served(method="POST", path="/", sender=None, answer=Answer(404)) -> ServedRequest:  # noqa: B008
    headers = () if sender is None else (("from", sender),)
    return ServedRequest(PeerRequest(method, path, headers, None), answer, 0.0015)


def attempt(outcome, verdict) -> NotifyAttempt:
    return NotifyAttempt(body_of(lane(), b"1", b"2"), outcome, verdict, 0.0123)


@pytest.fixture
def line(capsys):
    """The only line that was printed."""

    def line() -> str:
        [printed] = capsys.readouterr().out.splitlines()
        return printed

    return line


def test_a_line_shows_what_peers_send_without_doing_what_it_says(line):
    TextLog().served(served(path="/\x1b[31m", sender="é\r\nfake", answer=Answer(400, reason="because")))
    assert line().endswith(r" \xe9\r\nfake POST /\x1b[31m -> 400 (2 ms): because")


@pytest.mark.parametrize("log", [TextLog(), JSONLog()])
def test_a_line_has_a_length_that_peers_do_not_choose(line, log):
    log.served(served("x" * 60_000, "/" * 60_000, "x" * 60_000, Answer(404, reason="y" * 60_000)))
    printed = line()
    assert len(printed) < 1500
    assert printed.count("... (60000 characters)") == 4


@pytest.mark.parametrize("log", [TextLog(), JSONLog()])
def test_a_log_that_nobody_reads_does_not_stop_the_answers(monkeypatch, log):
    def broken(_: str) -> None:
        raise BrokenPipeError

    monkeypatch.setattr(server_log.click, "echo", broken)
    log.served(served())


RETRY = Retry(ACCEPTED + 5000, None, "b.example answers 500.")


@pytest.mark.parametrize(
    ("outcome", "verdict", "end"),
    [
        (Answer(201), Delivered(), "-> 201 (12 ms)"),
        (Answer(500), RETRY, "-> 500 (12 ms): b.example answers 500. Again at 2027-01-15T08:00:05+00:00."),
        (Unanswered("It is down."), GivenUp("It is down."), "-> no answer (12 ms): given up. It is down."),
    ],
)
def test_a_notify_is_a_line_that_says_what_follows(line, outcome, verdict, end):
    TextLog().notified(attempt(outcome, verdict))
    printed = line()
    assert "to b.example notify mimi://a.example/r/clubhouse: 2 events" in printed
    assert printed.endswith(end)


def test_json_has_what_the_text_has(line):
    JSONLog().notified(attempt(Answer(500), RETRY))
    read = json.loads(line())
    assert read.pop("time").endswith("+00:00")
    assert read == {
        "event": "notify",
        "to": "b.example",
        "room": "mimi://a.example/r/clubhouse",
        "events": 2,
        "bytes": len(attempt(Answer(500), RETRY).body.body),
        "status": 500,
        "milliseconds": 12.3,
        "then": "retry",
        "again": "2027-01-15T08:00:05+00:00",
        "reason": "b.example answers 500.",
    }
    JSONLog().served(served("GET", "/é", "mimi@b.example", Answer(200)))
    read = json.loads(line())
    assert (read["event"], read["from"], read["path"], read["status"]) == ("request", "mimi@b.example", "/é", 200)
    assert "reason" not in read


def test_failures_of_the_server_are_lines_too(line):
    logger = logging.Logger("test")
    logger.addHandler(LogHandler(JSONLog()))
    try:
        {}["nothing there"]
    except KeyError:
        logger.exception("It failed.")
    read = json.loads(line())
    assert read["event"] == "failure"
    assert read["says"].startswith("It failed.\nTraceback")
