# ruff: noqa: D102  # the methods are described in storage.Transaction
"""Events on their way to followers.

An event is stored once, with an entry for each provider that it goes to. Which entries of a lane form one notify body
is decided when they are added: an entry joins the body before it, unless that is full or somebody has begun to send it.
That a body has been begun is remembered in memory only: after a restart all are taken for begun. So a body that was
tried stays the same bytes, whatever happens, and nothing has to be written before it is sent.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.outbox import Backlog, Lane, Loss, NotifyBody
from mimi_conformance.reference.provider.tables.table import Table
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage

MAX_BODY_BYTES = 256 * 1024
"""A body that is longer than this holds a single event."""


@dataclass(slots=True)
class OutboxMemory:
    """What outlives a transaction, but not the process.

    Attributes:
        restart: the position of the last entry of earlier processes.
        begun: per lane, the position of the last entry in the newest body that somebody has begun to send.
        filled: lanes that got something new by transactions that wait for their COMMIT.
        drained: lanes that lost the last they had, likewise.

    """

    restart: int = 0
    begun: dict[Lane, int] = field(default_factory=dict)
    filled: set[Lane] = field(default_factory=set)
    drained: set[Lane] = field(default_factory=set)

    def committed(self) -> set[Lane]:
        """What was changed is on the disk; the lanes that got something new."""
        for lane in self.drained:
            self.begun.pop(lane, None)
        filled = self.filled
        self.abandoned()
        return filled

    def abandoned(self) -> None:
        """What was changed is not on the disk."""
        self.filled, self.drained = set(), set()


class OutboxTables(Table):
    """The tables ``outbox_event``, ``outbox_entry`` and ``outbox_loss``.

    Attributes:
        filled_lanes: those to which this transaction has added something.
        drained_lanes: those from which it has taken the last thing.

    """

    _outbox: OutboxMemory
    filled_lanes: set[Lane]
    drained_lanes: set[Lane]

    def send_later(self, providers: Iterable[str], room: MimiUri, event: FanoutMessage) -> None:
        lanes = [Lane(provider, room) for provider in providers]
        if not lanes:
            return
        body = event.encode()
        stored = self._execute("INSERT INTO outbox_event (body) VALUES (?)", (body,)).lastrowid
        for lane in lanes:
            first, size = self._open_body(lane, len(body))
            self._execute(
                "INSERT INTO outbox_entry (provider, room, event, accepted, first, size) VALUES (?, ?, ?, ?, ?, ?)",
                (lane.provider, room.text, stored, event.timestamp, first, size),
            )
        self.filled_lanes.update(lanes)

    def _open_body(self, lane: Lane, size: int) -> tuple[int | None, int]:
        """The first entry of the body that an event of ``size`` bytes joins, or None, and that body's size then."""
        last = self._execute(
            "SELECT position, coalesce(first, position), size FROM outbox_entry WHERE provider = ? AND room = ? "
            "ORDER BY position DESC LIMIT 1",
            (lane.provider, lane.room.text),
        ).fetchone()
        if last is None:
            return None, size
        position, first, before = last
        begun = self._outbox.begun.get(lane, self._outbox.restart)
        if position <= begun or before + size > MAX_BODY_BYTES:
            return None, size
        return first, before + size

    def next_body(self, lane: Lane) -> NotifyBody | None:
        rows = self._execute(
            "SELECT entry.position, entry.accepted, event.body FROM outbox_entry AS entry "
            "JOIN outbox_event AS event ON event.id = entry.event "
            "WHERE entry.provider = ?1 AND entry.room = ?2 AND coalesce(entry.first, entry.position) = "
            "(SELECT min(position) FROM outbox_entry WHERE provider = ?1 AND room = ?2) ORDER BY entry.position",
            (lane.provider, lane.room.text),
        ).fetchall()
        if not rows:
            self._outbox.begun.pop(lane, None)
            return None
        last = rows[-1][0]
        self._outbox.begun[lane] = max(last, self._outbox.begun.get(lane, 0))
        return NotifyBody(
            lane=lane,
            last=last,
            events=len(rows),
            accepted=rows[0][1],
            body=b"".join(body for _, _, body in rows),
        )

    def remove_body(self, body: NotifyBody) -> bool:
        lane = body.lane.provider, body.lane.room.text
        gone = self._execute(
            "DELETE FROM outbox_entry WHERE provider = ? AND room = ? AND position <= ? RETURNING event",
            (*lane, body.last),
        ).fetchall()
        self._connection.executemany(
            "DELETE FROM outbox_event WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM outbox_entry WHERE event = ?1)", gone
        )
        any_left = "SELECT EXISTS (SELECT 1 FROM outbox_entry WHERE provider = ? AND room = ?)"
        [more] = self._execute(any_left, lane).fetchone()
        if not more:
            self.drained_lanes.add(body.lane)
        return bool(more)

    def give_up(self, body: NotifyBody, reason: str, now: int) -> bool:
        self._execute(
            "INSERT INTO outbox_loss VALUES (?, ?, ?, ?, ?, ?)",
            (body.lane.provider, body.lane.room.text, body.events, body.accepted, now, reason),
        )
        return self.remove_body(body)

    def backlogs(self) -> tuple[Backlog, ...]:
        rows = self._execute(
            "SELECT provider, room, count(*), min(accepted) FROM outbox_entry GROUP BY provider, room "
            "ORDER BY min(position)"
        )
        return tuple(
            Backlog(Lane(provider, MimiUri.parse(room)), events, since) for provider, room, events, since in rows
        )

    def losses(self) -> tuple[Loss, ...]:
        rows = self._execute(
            "SELECT provider, room, events, accepted, given_up, reason FROM outbox_loss ORDER BY rowid"
        )
        return tuple(Loss(Lane(provider, MimiUri.parse(room)), *rest) for provider, room, *rest in rows)
