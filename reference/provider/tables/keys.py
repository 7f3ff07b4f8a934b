# ruff: noqa: D102  # the methods are described in storage.Transaction
"""The provider's secret, its clients' KeyPackages, and where those of others came from."""

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.tables.table import LATEST, Table
from mimi_conformance.reference.wire.mls.key_package import KeyPackage


class KeyTables(Table):
    """The tables ``secret``, ``key_package`` and ``key_package_route``."""

    def secret(self) -> bytes | None:
        row = self._execute("SELECT value FROM secret").fetchone()
        return None if row is None else bytes(row[0])

    def keep_secret(self, secret: bytes) -> None:
        self._execute("INSERT INTO secret VALUES (1, ?)", (secret,))

    def add_key_package(self, client: MimiUri, reference: bytes, key_package: KeyPackage) -> bool:
        values = (reference, client.text, key_package.encode())
        return self._changes("INSERT OR IGNORE INTO key_package VALUES (?, ?, ?, 0)", values)

    def unused_key_packages(self, client: MimiUri) -> tuple[tuple[bytes, KeyPackage], ...]:
        rows = self._execute(
            "SELECT reference, body FROM key_package WHERE client = ? AND NOT used ORDER BY rowid", (client.text,)
        )
        return tuple((reference, KeyPackage.decode(body)) for reference, body in rows)

    def use_key_package(self, reference: bytes) -> None:
        self._execute("UPDATE key_package SET used = 1 WHERE reference = ?", (reference,))

    def client_of_key_package(self, reference: bytes) -> MimiUri | None:
        return self._uri("SELECT client FROM key_package WHERE reference = ?", (reference,))

    def route_key_package(self, reference: bytes, provider: str, expires: int, now: int) -> None:
        self._execute("DELETE FROM key_package_route WHERE expires < ?", (now // 1000,))
        values = (reference, provider, min(expires, LATEST))
        self._execute("INSERT OR REPLACE INTO key_package_route VALUES (?, ?, ?)", values)

    def provider_of_key_package(self, reference: bytes) -> str | None:
        row = self._execute("SELECT provider FROM key_package_route WHERE reference = ?", (reference,)).fetchone()
        return None if row is None else str(row[0])

    def forget_route(self, reference: bytes) -> None:
        self._execute("DELETE FROM key_package_route WHERE reference = ?", (reference,))
