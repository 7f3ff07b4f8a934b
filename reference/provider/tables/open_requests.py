# ruff: noqa: D102  # the methods are described in storage.Transaction
"""Requests of local clients to the hubs of rooms that have no answer yet."""

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Endpoint, Outgoing
from mimi_conformance.reference.provider.open_requests import OpenRequest
from mimi_conformance.reference.provider.tables.table import Table


class OpenRequestTables(Table):
    """The table ``open_request``."""

    def begin_request(self, client: MimiUri, room: MimiUri, outgoing: Outgoing) -> int:
        request = (client.text, room.text, outgoing.endpoint, outgoing.body)
        same = "SELECT number FROM open_request WHERE client = ? AND room = ? AND endpoint = ? AND body = ?"
        begin = "INSERT INTO open_request (client, room, endpoint, body) VALUES (?, ?, ?, ?) RETURNING number"
        [number] = self._execute(same, request).fetchone() or self._execute(begin, request).fetchone()
        return int(number)

    def end_request(self, number: int) -> None:
        self._execute("DELETE FROM open_request WHERE number = ?", (number,))

    def has_request(self, number: int) -> bool:
        return self._execute("SELECT 1 FROM open_request WHERE number = ?", (number,)).fetchone() is not None

    def open_requests(self) -> tuple[OpenRequest, ...]:
        rows = self._execute("SELECT number, client, room, endpoint, body FROM open_request ORDER BY number")
        return tuple(_open_request(*row) for row in rows)

    def newest_request(self, room: MimiUri) -> int:
        [newest] = self._execute("SELECT max(number) FROM open_request WHERE room = ?", (room.text,)).fetchone()
        return newest or 0

    def is_request_open(self, room: MimiUri, until: int) -> bool:
        statement = "SELECT 1 FROM open_request WHERE room = ? AND number <= ?"
        return self._execute(statement, (room.text, until)).fetchone() is not None


def _open_request(number: int, client: str, room: str, endpoint: str, body: bytes) -> OpenRequest:
    room_id = MimiUri.parse(room)
    outgoing = Outgoing(room_id.provider, Endpoint(endpoint), room, body)
    return OpenRequest(MimiUri.parse(client), outgoing, room_id, number)
