"""What every module of this folder stands on."""

import sqlite3

from mimi_conformance.reference.identity.uri import MimiUri

LATEST = 2**63 - 1
"""The largest number that the database takes, where those of others go up to 2^64."""


class Table:
    """Statements of one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    def _changes(self, statement: str, values: tuple[object, ...]) -> bool:
        return self._execute(statement, values).rowcount > 0

    def _uri(self, statement: str, values: tuple[object, ...]) -> MimiUri | None:
        row = self._execute(statement, values).fetchone()
        return None if row is None else MimiUri.parse(row[0])
