# ruff: noqa: D102  # the methods are described in storage.Transaction
"""Events of followed rooms that wait for their turn, and those of our own that others may have to hear later."""

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.arrival import Arrival, Waiting, epoch_of
from mimi_conformance.reference.provider.tables.table import LATEST, Table
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage


class ArrivalTables(Table):
    """The tables ``arrival`` and ``own_event``."""

    def hold(self, arrival: Arrival, behind: int, now: int) -> None:
        room, own = arrival.room_id.text, arrival.sender is not None
        last = "SELECT coalesce(max(place), 0) FROM arrival WHERE room = ? AND notified"
        [earliest] = (0,) if own else self._execute(last, (room,)).fetchone()
        place = max(earliest, min(arrival.event.timestamp, LATEST))
        epoch = epoch_of(arrival.event.message)
        self._execute(
            "INSERT INTO arrival (room, place, notified, epoch, behind, received, sender, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                room,
                place,
                not own,
                None if epoch is None else min(epoch, LATEST),
                behind,
                now,
                None if arrival.sender is None else arrival.sender.text,
                arrival.event.encode(),
            ),
        )

    def waiting(self, room: MimiUri, most: int) -> tuple[Waiting, ...]:
        rows = self._execute(
            "SELECT position, epoch, behind, received FROM arrival WHERE room = ? "
            "ORDER BY place, notified, position LIMIT ?",
            (room.text, most),
        )
        return tuple(Waiting(*row) for row in rows)

    def release(self, position: int) -> Arrival:
        room, sender, body = self._execute(
            "DELETE FROM arrival WHERE position = ? RETURNING room, sender, body", (position,)
        ).fetchone()
        return Arrival(
            MimiUri.parse(room), FanoutMessage.decode(body), None if sender is None else MimiUri.parse(sender)
        )

    def waits(self, room: MimiUri, message: bytes) -> bool:
        row = self._execute(
            "SELECT 1 FROM arrival WHERE room = ?1 AND substr(body, 9, length(?2)) = ?2", (room.text, message)
        ).fetchone()
        return row is not None

    def rooms_waited_in(self) -> tuple[MimiUri, ...]:
        return tuple(MimiUri.parse(room) for (room,) in self._execute("SELECT DISTINCT room FROM arrival"))

    def keep_own_event(self, room: MimiUri, event: FanoutMessage, most: int) -> None:
        self._execute(
            "INSERT INTO own_event (room, accepted, body) VALUES (?, ?, ?)",
            (room.text, min(event.timestamp, LATEST), event.encode()),
        )
        self._execute(
            "DELETE FROM own_event WHERE room = ?1 AND position <= "
            "(SELECT position FROM own_event WHERE room = ?1 ORDER BY position DESC LIMIT 1 OFFSET ?2)",
            (room.text, most),
        )

    def own_events(self, room: MimiUri, after: int) -> tuple[bytes, ...]:
        rows = self._execute(
            "SELECT body FROM own_event WHERE room = ? AND accepted > ? ORDER BY position",
            (room.text, min(after, LATEST)),
        )
        return tuple(bytes(body) for (body,) in rows)

    def forget_own_events(self, room: MimiUri) -> None:
        self._execute("DELETE FROM own_event WHERE room = ?", (room.text,))
