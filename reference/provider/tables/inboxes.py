# ruff: noqa: D102  # the methods are described in storage.Transaction
"""What has come in from other providers, and what waits for our clients."""

from collections.abc import Iterable

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.inbox import Delivery, DeliveryKind
from mimi_conformance.reference.provider.tables.table import Table


class InboxTables(Table):
    """The tables ``seen_request`` and ``delivery``."""

    def seen_request(self, provider: str, digest: bytes, since: int) -> bytes | None:
        row = self._execute(
            "SELECT answer FROM seen_request WHERE provider = ? AND digest = ? AND received > ?",
            (provider, digest, since),
        ).fetchone()
        return None if row is None else bytes(row[0])

    def remember_request(self, provider: str, digest: bytes, answer: bytes, now: int, count: int) -> None:
        newest = "SELECT coalesce(max(position), 0) FROM seen_request WHERE provider = ?"
        [position] = self._execute(newest, (provider,)).fetchone()
        values = (provider, position + 1, digest, now, answer)
        self._execute("INSERT OR REPLACE INTO seen_request VALUES (?, ?, ?, ?, ?)", values)
        oldest = position + 1 - count
        self._execute("DELETE FROM seen_request WHERE provider = ? AND position <= ?", (provider, oldest))

    def deliver(
        self, clients: Iterable[MimiUri], kind: DeliveryKind, provider: str, room: MimiUri | None, body: bytes
    ) -> None:
        self._connection.executemany(
            "INSERT INTO delivery (client, kind, provider, room, body) VALUES (?, ?, ?, ?, ?)",
            ((client.text, kind, provider, room and room.text, body) for client in clients),
        )

    def deliveries(self, client: MimiUri, after: int) -> tuple[Delivery, ...]:
        rows = self._execute(
            "SELECT cursor, kind, provider, room, body FROM delivery WHERE client = ? AND cursor > ? ORDER BY cursor",
            (client.text, after),
        )
        return tuple(
            Delivery(cursor, DeliveryKind(kind), provider, MimiUri.parse(room) if room else None, body)
            for cursor, kind, provider, room, body in rows
        )
