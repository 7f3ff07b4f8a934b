# ruff: noqa: D102  # the methods are described in storage.Transaction
"""Who may ask whom: decisions, and requests that wait for one."""

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.tables.table import Table
from mimi_conformance.reference.provider.users import ConsentDecision
from mimi_conformance.reference.wire.protocol.consent import ConsentScope


class ConsentTables(Table):
    """The tables ``consent_decision`` and ``consent_request``."""

    def record_decision(self, decision: ConsentDecision) -> None:
        room = decision.room.text if decision.room else ""
        self._execute(
            "INSERT OR REPLACE INTO consent_decision VALUES (?, ?, ?, ?)",
            (decision.requester.text, decision.target.text, room, decision.granted),
        )

    def decisions(self, requester: MimiUri, target: MimiUri) -> tuple[ConsentDecision, ...]:
        rows = self._execute(
            "SELECT room, granted FROM consent_decision WHERE requester = ? AND target = ? ORDER BY room",
            (requester.text, target.text),
        )
        return tuple(
            ConsentDecision(requester, target, MimiUri.parse(room) if room else None, bool(granted))
            for room, granted in rows
        )

    def add_request(self, scope: ConsentScope) -> bool:
        return self._changes("INSERT OR IGNORE INTO consent_request VALUES (?, ?, ?)", _columns(scope))

    def remove_request(self, scope: ConsentScope) -> bool:
        return self._changes(
            "DELETE FROM consent_request WHERE requester = ? AND target = ? AND room = ?", _columns(scope)
        )


def _columns(scope: ConsentScope) -> tuple[object, ...]:
    return scope.requester_uri.uri, scope.target_uri.uri, scope.room_id.uri if scope.room_id else b""
