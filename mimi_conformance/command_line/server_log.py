"""What a running provider tells its operator: one line per event, as text or as JSON."""

import json
import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import UTC, datetime

import click

from mimi_conformance.reference.provider.app import ServedRequest
from mimi_conformance.reference.provider.messages import Answer
from mimi_conformance.reference.provider.outbox import Backlog, Delivered, GivenUp, Loss, Retry
from mimi_conformance.reference.provider.outbox_worker import NotifyAttempt

LONGEST_PART = 300


class TextLog:
    """One readable line per event. What peers send can neither write lines or colours of its own nor fill the disk."""

    def said(self, sentence: str) -> None:
        """Something about the server itself."""
        self._line(sentence)

    def failed(self, text: str) -> None:
        """A failure of the server itself, with its traceback."""
        _write(text)

    def served(self, served: ServedRequest) -> None:
        """A request: when, who, what, the status, how long it took, and why it was refused."""
        request, answer = served.request, served.answer
        sender = _short(", ".join(request.header("from"))) or "nobody"
        self._line(
            f"{_clock()} {sender} {_short(request.method)} {_short(request.raw_path)} "
            f"-> {int(answer.status)} ({served.seconds * 1000:.0f} ms){_because(answer.reason)}"
        )

    def notified(self, attempt: NotifyAttempt) -> None:
        """A notify to a follower: when, whom, about what, how much, what came of it and what follows."""
        body, outcome = attempt.body, attempt.outcome
        status = int(outcome.status) if isinstance(outcome, Answer) else "no answer"
        self._line(
            f"{_clock()} to {body.lane.provider} notify {body.lane.room}: {count_events(body.events)}, "
            f"{len(body.body):,} bytes -> {status} ({attempt.seconds * 1000:.0f} ms){_consequence(attempt)}"
        )

    def listed(self, backlogs: Iterable[Backlog], losses: Iterable[Loss]) -> None:
        """What followers are still to be told, and what they never will be."""
        for backlog in backlogs:
            self._line(
                f"{count_events(backlog.events)} for {backlog.lane.provider} about {backlog.lane.room} "
                f"since {_moment(backlog.since)}"
            )
        for loss in losses:
            self._line(
                f"given up at {_moment(loss.given_up)}: {count_events(loss.events)} for {loss.lane.provider} "
                f"about {loss.lane.room} since {_moment(loss.accepted)}: {_short(loss.reason)}"
            )

    def _line(self, text: str) -> None:
        _write("".join(c if c.isascii() and c.isprintable() else ascii(c)[1:-1] for c in text))


class JSONLog(TextLog):
    """One JSON object per event and line, with the time as RFC 3339 writes it."""

    def said(self, sentence: str) -> None:
        """``server``."""
        self._object("server", {"says": sentence})

    def failed(self, text: str) -> None:
        """``failure``."""
        self._object("failure", {"says": text})

    def served(self, served: ServedRequest) -> None:
        """``request``."""
        request, answer = served.request, served.answer
        self._object(
            "request",
            {
                "from": _short(", ".join(request.header("from"))),
                "method": _short(request.method),
                "path": _short(request.raw_path),
                "status": int(answer.status),
                "milliseconds": round(served.seconds * 1000, 3),
                "reason": _short(answer.reason) or None,
            },
        )

    def notified(self, attempt: NotifyAttempt) -> None:
        """``notify``; ``then`` is ``delivered``, ``retry`` or ``given-up``."""
        body, outcome, verdict = attempt.body, attempt.outcome, attempt.verdict
        self._object(
            "notify",
            {
                "to": body.lane.provider,
                "room": str(body.lane.room),
                "events": body.events,
                "bytes": len(body.body),
                "status": int(outcome.status) if isinstance(outcome, Answer) else None,
                "milliseconds": round(attempt.seconds * 1000, 3),
                "then": _THEN[type(verdict)],
                "again": _moment(verdict.at) if isinstance(verdict, Retry) else None,
                "reason": None if isinstance(verdict, Delivered) else _short(verdict.reason),
            },
        )

    def listed(self, backlogs: Iterable[Backlog], losses: Iterable[Loss]) -> None:
        """``waiting`` and ``given-up``."""
        for backlog in backlogs:
            self._object("waiting", _place(backlog) | {"since": _moment(backlog.since)})
        for loss in losses:
            self._object(
                "given-up",
                _place(loss)
                | {"since": _moment(loss.accepted), "at": _moment(loss.given_up), "reason": _short(loss.reason)},
            )

    def _object(self, event: str, members: Mapping[str, object]) -> None:
        present = {name: value for name, value in members.items() if value is not None}
        _write(json.dumps({"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event} | present))


class LogHandler(logging.Handler):
    """Puts what libraries and failures of our own log among the other lines."""

    def __init__(self, lines: TextLog) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record, with its traceback if it has one."""
        self._lines.failed(self.format(record))


_THEN = {Delivered: "delivered", Retry: "retry", GivenUp: "given-up"}


def _write(line: str) -> None:
    with suppress(OSError):  # a log that nobody reads any more is no reason not to answer
        click.echo(line)


def _clock() -> str:
    return datetime.now(UTC).strftime("%H:%M:%S")


def _moment(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(timespec="seconds")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_PART else f"{text[:LONGEST_PART]}... ({len(text)} characters)"


def _because(reason: str) -> str:
    return f": {_short(reason)}" if reason else ""


def count_events(count: int) -> str:
    """A number of events in words."""
    return "1 event" if count == 1 else f"{count} events"


def _place(entry: Backlog | Loss) -> dict[str, object]:
    return {"to": entry.lane.provider, "room": str(entry.lane.room), "events": entry.events}


def _consequence(attempt: NotifyAttempt) -> str:
    match attempt.verdict:
        case Delivered():
            return ""
        case Retry(at=at, reason=reason):
            return f": {_short(reason)} Again at {_moment(at)}."
        case GivenUp(reason=reason):
            return f": given up. {_short(reason)}"
