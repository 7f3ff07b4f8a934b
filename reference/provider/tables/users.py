# ruff: noqa: D102  # the methods are described in storage.Transaction
"""Local users, their profiles and their clients."""

from collections.abc import Iterable

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.tables.table import Table
from mimi_conformance.reference.provider.users import EVERY_SEARCH_TYPE, ProfileEntry, User
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType

_REMOVE_CLIENT = (
    "DELETE FROM key_package WHERE client = ?",
    "DELETE FROM delivery WHERE client = ?",
    "DELETE FROM room_client WHERE client = ?",
    "DELETE FROM room_leaver WHERE client = ?",
    "DELETE FROM client WHERE uri = ?",
)


class UserTables(Table):
    """The tables ``user``, ``profile_entry`` and ``client``."""

    def add_user(self, user: MimiUri) -> None:
        self._execute("INSERT OR IGNORE INTO user VALUES (?, ?, 0)", (user.text, _to_bits(EVERY_SEARCH_TYPE)))

    def add_client(self, user: MimiUri, client: MimiUri) -> None:
        self._execute("INSERT OR IGNORE INTO client VALUES (?, ?)", (client.text, user.text))

    def remove_client(self, client: MimiUri) -> None:
        for statement in _REMOVE_CLIENT:
            self._execute(statement, (client.text,))

    def set_profile(self, user: MimiUri, profile: Iterable[ProfileEntry]) -> None:
        self._execute("DELETE FROM profile_entry WHERE user = ?", (user.text,))
        self._connection.executemany(
            "INSERT INTO profile_entry VALUES (?, ?, ?, ?, ?, ?)",
            ((user.text, int(e.type), e.name, e.value, e.searchable, e.shared) for e in profile),
        )

    def set_search_types(self, user: MimiUri, types: frozenset[SearchIdentifierType]) -> None:
        self._execute("UPDATE user SET search_types = ? WHERE uri = ?", (_to_bits(types), user.text))

    def set_deleted(self, user: MimiUri, *, deleted: bool) -> None:
        self._execute("UPDATE user SET deleted = ? WHERE uri = ?", (deleted, user.text))

    def user(self, uri: MimiUri) -> User | None:
        row = self._execute("SELECT uri, search_types, deleted FROM user WHERE uri = ?", (uri.text,)).fetchone()
        return None if row is None else self._user(*row)

    def users(self) -> tuple[User, ...]:
        rows = self._execute("SELECT uri, search_types, deleted FROM user ORDER BY rowid").fetchall()
        return tuple(self._user(*row) for row in rows)

    def _user(self, uri: str, search_types: int, deleted: int) -> User:
        clients = self._execute("SELECT uri FROM client WHERE user = ? ORDER BY rowid", (uri,))
        entries = self._execute(
            "SELECT type, value, name, searchable, shared FROM profile_entry WHERE user = ? ORDER BY rowid", (uri,)
        )
        return User(
            uri=MimiUri.parse(uri),
            clients=tuple(MimiUri.parse(client) for (client,) in clients),
            profile=tuple(
                ProfileEntry(SearchIdentifierType(type_), value, name, bool(searchable), bool(shared))
                for type_, value, name, searchable, shared in entries
            ),
            search_types=frozenset(t for t in SearchIdentifierType if search_types >> t & 1),
            deleted=bool(deleted),
        )

    def user_of(self, client: MimiUri) -> MimiUri | None:
        return self._uri("SELECT user FROM client WHERE uri = ?", (client.text,))


def _to_bits(types: frozenset[SearchIdentifierType]) -> int:
    return sum(1 << search_type for search_type in types)
