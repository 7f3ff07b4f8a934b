# ruff: noqa: D102  # the methods are described in storage.Transaction
"""What has come in from hubs, and what waits for our clients."""

from collections.abc import Iterable

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.inbox import Delivery, DeliveryKind
from mimi_conformance.reference.provider.storage import BodyWindow
from mimi_conformance.reference.provider.tables.table import Table


class InboxTables(Table):
    """The tables ``notify_body`` and ``delivery``."""

    def remember_body(self, hub: str, room: MimiUri, digest: bytes, now: int, window: BodyWindow) -> bool:
        self._execute("DELETE FROM notify_body WHERE hub = ? AND received <= ?", (hub, now - window.milliseconds))
        newest = "SELECT coalesce(max(position), 0) FROM notify_body WHERE hub = ?"
        [position] = self._execute(newest, (hub,)).fetchone()
        values = (hub, position + 1, room.text, digest, now)
        if not self._changes("INSERT OR IGNORE INTO notify_body VALUES (?, ?, ?, ?, ?)", values):
            return False
        oldest = position + 1 - window.count
        self._execute("DELETE FROM notify_body WHERE hub = ? AND position <= ?", (hub, oldest))
        return True

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
