# ruff: noqa: D102  # the methods are described in storage.Transaction
"""Who of our clients is in which room, who has to leave ours, and the codes that let others in."""

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.tables.table import LATEST, Table
from mimi_conformance.reference.provider.users import ClientInRoom, Departure
from mimi_conformance.reference.room.actors import JoinCode
from mimi_conformance.reference.room.participants import User


class EntranceTables(Table):
    """The tables ``room_client``, ``room_leaver``, ``departure``, ``joining_code`` and ``shown_code``."""

    def join_room(self, room: MimiUri, client: MimiUri, leaf_index: int | None = None, since: int = 0) -> None:
        self._execute(
            "INSERT INTO room_client VALUES (?, ?, ?, ?) ON CONFLICT DO UPDATE SET leaf_index = excluded.leaf_index",
            (room.text, client.text, leaf_index, min(since, LATEST)),
        )
        self.note_staying(room, client)

    def leave_room(self, room: MimiUri, client: MimiUri) -> None:
        self._execute("DELETE FROM room_client WHERE room = ? AND client = ?", (room.text, client.text))

    def clients_in(self, room: MimiUri) -> tuple[ClientInRoom, ...]:
        rows = self._execute("SELECT client, leaf_index FROM room_client WHERE room = ? ORDER BY rowid", (room.text,))
        return tuple(ClientInRoom(MimiUri.parse(client), leaf_index) for client, leaf_index in rows)

    def note_leaving(self, room: MimiUri, client: MimiUri, since: int, forgotten: int) -> None:
        self._execute(
            "INSERT OR IGNORE INTO room_leaver VALUES (?, ?, ?)", (room.text, client.text, min(since, LATEST))
        )
        self._execute(
            "DELETE FROM room_leaver WHERE room = ?1 AND since < ?2 "
            "AND client NOT IN (SELECT client FROM room_client WHERE room = ?1)",
            (room.text, min(forgotten, LATEST)),
        )

    def note_staying(self, room: MimiUri, client: MimiUri) -> None:
        self._execute("DELETE FROM room_leaver WHERE room = ? AND client = ?", (room.text, client.text))

    def readers_in(self, room: MimiUri, accepted: int) -> tuple[MimiUri, ...]:
        rows = self._execute(
            "SELECT client FROM room_client WHERE room = ?1 AND since <= ?2 "
            "AND client NOT IN (SELECT client FROM room_leaver WHERE room = ?1) "
            "UNION SELECT client FROM room_leaver WHERE room = ?1 AND since >= ?2",
            (room.text, min(accepted, LATEST)),
        )
        return tuple(MimiUri.parse(client) for (client,) in rows)

    def rooms_of(self, client: MimiUri) -> tuple[MimiUri, ...]:
        rows = self._execute("SELECT room FROM room_client WHERE client = ? ORDER BY rowid", (client.text,))
        return tuple(MimiUri.parse(room) for (room,) in rows)

    def add_departure(self, room: MimiUri, departure: Departure) -> None:
        self._execute("INSERT OR IGNORE INTO departure VALUES (?, ?)", (room.text, departure))

    def departures(self, room: MimiUri) -> tuple[Departure, ...]:
        return tuple(who for (who,) in self._execute("SELECT who FROM departure WHERE room = ?", (room.text,)))

    def remove_departure(self, room: MimiUri, departure: Departure) -> None:
        self._execute("DELETE FROM departure WHERE room = ? AND who = ?", (room.text, departure))

    def add_joining_code(self, room: MimiUri, code: JoinCode) -> None:
        self._execute("INSERT OR REPLACE INTO joining_code VALUES (?, ?, ?)", (room.text, code.code, code.role_index))

    def joining_code(self, room: MimiUri, code: bytes) -> JoinCode | None:
        row = self._execute(
            "SELECT code, role_index FROM joining_code WHERE room = ? AND code = ?", (room.text, code)
        ).fetchone()
        return None if row is None else JoinCode(*row)

    def show_code(self, room: MimiUri, user: User, code: JoinCode) -> None:
        self._execute("INSERT OR REPLACE INTO shown_code VALUES (?, ?, ?)", (room.text, user, code.code))

    def shown_code(self, room: MimiUri, user: User) -> JoinCode | None:
        row = self._execute(
            "SELECT code, role_index FROM shown_code NATURAL JOIN joining_code WHERE room = ? AND user = ?",
            (room.text, user),
        ).fetchone()
        return None if row is None else JoinCode(*row)
