# ruff: noqa: D102  # the methods are described in storage.Transaction
"""What is known of other providers."""

from mimi_conformance.reference.provider.tables.table import Table


class PeerTables(Table):
    """The table ``asset_host``."""

    def add_asset_host(self, provider: str, host: str) -> None:
        self._execute("INSERT OR IGNORE INTO asset_host VALUES (?, ?)", (provider, host))

    def asset_hosts(self) -> frozenset[str]:
        return frozenset(host for (host,) in self._execute("SELECT host FROM asset_host"))
