# ruff: noqa: D102  # the methods of a transaction are described in storage.Transaction
"""The provider's memory in SQLite: a file, or ``:memory:`` for a provider that lives as long as its process.

A transaction that has been left is on the disk (write-ahead log, synchronous=FULL), so that an answer sent after it
survives ``kill -9`` and a power cut.
"""

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.inbox import Delivery, DeliveryKind
from mimi_conformance.reference.provider.storage import BodyWindow
from mimi_conformance.reference.provider.users import EVERY_SEARCH_TYPE, ConsentDecision, ProfileEntry, User
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.consent import ConsentScope
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType

SCHEMA_VERSION = 2
IN_MEMORY = ":memory:"

# "MIMI", so that a database of somebody else is not taken for an empty one of ours.
_APPLICATION_ID = 0x4D494D49
_TABLES = (
    "delivery",
    "room_client",
    "notify_body",
    "consent_request",
    "consent_decision",
    "key_package",
    "client",
    "profile_entry",
    "user",
)


class StorageError(Exception):
    """The database can't be used; the message names it and says why."""


class SQLiteStorage:
    """Storage in one SQLite database that only this process writes.

    Args:
        path: the database file, made when missing, or ``:memory:``.

    Raises:
        StorageError: the file can't be opened, is no database of ours or belongs to another version.

    """

    def __init__(self, path: Path | str = IN_MEMORY) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._committed = threading.Condition()
        self._commits = 0
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
            self._prepare()
        except sqlite3.Error as error:
            raise StorageError(f"The database {path} can't be used: {error}.") from error

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        [version] = connection.execute("PRAGMA user_version").fetchone()
        [application] = connection.execute("PRAGMA application_id").fetchone()
        [tables] = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        if tables and application != _APPLICATION_ID:
            raise StorageError(f"{self._path} is a database of another program.")
        if tables and version != SCHEMA_VERSION:
            raise StorageError(
                f"{self._path} was written by a version of this program with database version {version}; "
                f"this one reads version {SCHEMA_VERSION}. Choose another file, or remove this one."
            )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        if not tables:
            schema = (files("mimi_conformance.reference.provider") / "schema.sql").read_text(encoding="utf-8")
            marks = f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"
            connection.executescript(f"BEGIN IMMEDIATE; {schema} {marks} COMMIT;")

    @contextmanager
    def transaction(self) -> Iterator["SQLiteTransaction"]:
        """A transaction that is durable once the block has been left, and undone when it is left by an exception."""
        with self._lock:
            before = self._connection.total_changes
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield SQLiteTransaction(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:  # a full disk may have ended it already
                    self._connection.execute("ROLLBACK")
                raise
            changed = self._connection.total_changes != before
        if changed:
            with self._committed:
                self._commits += 1
                self._committed.notify_all()

    @property
    def commits(self) -> int:
        """How many transactions have changed something since the start."""
        return self._commits

    def wait_for_commit(self, seen: int, seconds: float) -> None:
        """Wait until ``commits`` differs from ``seen``, or the time is over."""
        with self._committed:
            self._committed.wait_for(lambda: self._commits != seen, seconds)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()


class SQLiteTransaction:
    """The reads and writes of one transaction; `storage.Transaction` says what each does."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    def rollback(self) -> None:
        self._execute("ROLLBACK")
        self._execute("BEGIN IMMEDIATE")

    def clear(self) -> None:
        for table in _TABLES:
            self._execute(f"DELETE FROM {table}")  # noqa: S608  # a name from the list above

    def secret(self) -> bytes | None:
        row = self._execute("SELECT value FROM secret").fetchone()
        return None if row is None else bytes(row[0])

    def keep_secret(self, secret: bytes) -> None:
        self._execute("INSERT INTO secret VALUES (1, ?)", (secret,))

    def add_user(self, user: MimiUri) -> None:
        self._execute("INSERT OR IGNORE INTO user VALUES (?, ?, 0)", (user.text, _to_bits(EVERY_SEARCH_TYPE)))

    def add_client(self, user: MimiUri, client: MimiUri) -> None:
        self._execute("INSERT OR IGNORE INTO client VALUES (?, ?)", (client.text, user.text))

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
        return _uri(self._execute("SELECT user FROM client WHERE uri = ?", (client.text,)).fetchone())

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
        return _uri(self._execute("SELECT client FROM key_package WHERE reference = ?", (reference,)).fetchone())

    def record_decision(self, decision: ConsentDecision) -> None:
        self._execute(
            "INSERT OR REPLACE INTO consent_decision VALUES (?, ?, ?, ?)",
            (decision.requester.text, decision.target.text, _text(decision.room), decision.granted),
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

    def join_room(self, room: MimiUri, client: MimiUri) -> None:
        self._execute("INSERT OR IGNORE INTO room_client VALUES (?, ?)", (room.text, client.text))

    def clients_in(self, room: MimiUri) -> tuple[MimiUri, ...]:
        rows = self._execute("SELECT client FROM room_client WHERE room = ? ORDER BY rowid", (room.text,))
        return tuple(MimiUri.parse(client) for (client,) in rows)

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

    def _changes(self, statement: str, values: tuple[object, ...]) -> bool:
        return self._execute(statement, values).rowcount > 0


def _uri(row: tuple[str] | None) -> MimiUri | None:
    return None if row is None else MimiUri.parse(row[0])


def _text(room: MimiUri | None) -> str:
    return room.text if room else ""


def _columns(scope: ConsentScope) -> tuple[object, ...]:
    return scope.requester_uri.uri, scope.target_uri.uri, scope.room_id.uri if scope.room_id else b""


def _to_bits(types: frozenset[SearchIdentifierType]) -> int:
    return sum(1 << search_type for search_type in types)
