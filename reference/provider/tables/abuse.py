# ruff: noqa: D102  # the methods are described in storage.Transaction
"""What was reported of our rooms."""

import json

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.abuse_reports import ReceivedReport
from mimi_conformance.reference.provider.tables.table import Table
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport


class AbuseTables(Table):
    """The table ``abuse_report``."""

    def add_abuse_report(self, received: ReceivedReport) -> None:
        values = received.room.text, received.source, received.received, received.report.encode()
        self._execute(
            "INSERT INTO abuse_report (room, source, received, body, doubts) VALUES (?, ?, ?, ?, ?)",
            (*values, json.dumps(received.doubts)),
        )

    def abuse_reports(self) -> tuple[ReceivedReport, ...]:
        rows = self._execute("SELECT room, source, received, body, doubts FROM abuse_report ORDER BY id")
        return tuple(
            ReceivedReport(MimiUri.parse(room), source, received, AbuseReport.decode(body), tuple(json.loads(doubts)))
            for room, source, received, body, doubts in rows
        )
