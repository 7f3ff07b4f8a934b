"""The provider's memory in SQLite: a file, or ``:memory:`` for a provider that lives as long as its process.

A transaction that has been left is on the disk (write-ahead log, synchronous=FULL), so that an answer sent after it
survives ``kill -9`` and a power cut. Transactions of requests that are served at the same time share one COMMIT: each
is undone alone when it fails, and none is answered before all are on the disk.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from mimi_conformance.reference.provider.outbox import Lane
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.tables.abuse import AbuseTables
from mimi_conformance.reference.provider.tables.arrivals import ArrivalTables
from mimi_conformance.reference.provider.tables.consent import ConsentTables
from mimi_conformance.reference.provider.tables.entrances import EntranceTables
from mimi_conformance.reference.provider.tables.inboxes import InboxTables
from mimi_conformance.reference.provider.tables.keys import KeyTables
from mimi_conformance.reference.provider.tables.open_requests import OpenRequestTables
from mimi_conformance.reference.provider.tables.outbox import OutboxMemory, OutboxTables
from mimi_conformance.reference.provider.tables.peers import PeerTables
from mimi_conformance.reference.provider.tables.rooms import RoomMemory, RoomTables
from mimi_conformance.reference.provider.tables.users import UserTables

T = TypeVar("T")

SCHEMA_VERSION = 17
IN_MEMORY = ":memory:"

# "MIMI", so that a database of somebody else is not taken for an empty one of ours.
_APPLICATION_ID = 0x4D494D49
# What `clear` empties, in the order that foreign keys allow; the provider's own secret stays, and where peers are.
_CLEARED = (
    "room_proposal",
    "room_node",
    "room_asset_host",
    "room",
    "outbox_loss",
    "outbox_entry",
    "outbox_event",
    "arrival",
    "own_event",
    "open_request",
    "delivery",
    "shown_code",
    "joining_code",
    "abuse_report",
    "departure",
    "room_client",
    "room_leaver",
    "seen_request",
    "consent_request",
    "consent_decision",
    "key_package_route",
    "key_package",
    "client",
    "profile_entry",
    "user",
)


class StorageError(Exception):
    """The database can't be used; the message names it and says why."""


class SQLiteTransaction(
    PeerTables,
    UserTables,
    KeyTables,
    ConsentTables,
    InboxTables,
    ArrivalTables,
    OpenRequestTables,
    EntranceTables,
    AbuseTables,
    RoomTables,
    OutboxTables,
):
    """The reads and writes of one transaction; `storage.Transaction` says what each does."""

    def __init__(self, connection: sqlite3.Connection, rooms: RoomMemory, outbox: OutboxMemory) -> None:
        super().__init__(connection)
        self._rooms, self.changed_rooms = rooms, {}
        self._outbox, self.filled_lanes, self.drained_lanes = outbox, set(), set()

    def rollback(self) -> None:
        """Undo every write of this transaction so far."""
        self._execute("ROLLBACK TO request")
        self.changed_rooms.clear()

    def clear(self) -> None:
        """Forget everything, but for the secret and for where peers are."""
        self.forget_rooms()
        for table in _CLEARED:
            self._execute(f"DELETE FROM {table}")  # noqa: S608  # a name from the list above


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
        self._changes_before = 0
        self._durable: asyncio.Future[None] | None = None
        self._rooms = RoomMemory()
        self._outbox_memory = OutboxMemory()
        self._watch_outbox: Callable[[set[Lane]], None] = lambda _: None
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
        # What a request would have to undo is kept aside while it runs; a file is no safer for that, only slower.
        connection.execute("PRAGMA temp_store = MEMORY")
        if not tables:
            schema = (files("mimi_conformance.reference.provider") / "schema.sql").read_text(encoding="utf-8")
            marks = f"PRAGMA application_id = {_APPLICATION_ID}; PRAGMA user_version = {SCHEMA_VERSION};"
            connection.executescript(f"BEGIN IMMEDIATE; {schema} {marks} COMMIT;")
        [self._outbox_memory.restart] = connection.execute(
            "SELECT coalesce(max(position), 0) FROM outbox_entry"
        ).fetchone()

    @contextmanager
    def transaction(self) -> Iterator[SQLiteTransaction]:
        """A transaction that is durable once the block has been left, and undone when it is left by an exception."""
        self._begin()
        try:
            with self._request() as transaction:
                yield transaction
        except BaseException:
            self._abandon()
            raise
        self._commit()

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """Do ``work`` in a transaction, and return what it returns once that is durable.

        An exception of ``work`` undoes what it has written, and nothing else.

        Raises:
            sqlite3.Error: the database can't be written to; everybody who shares the COMMIT gets this.

        """
        durable = self._durable
        if durable is None:
            self._begin()
            loop = asyncio.get_running_loop()
            durable = self._durable = loop.create_future()
            # Requests that the loop gets to before that share the COMMIT: those of this turn and of the next.
            loop.call_soon(loop.call_soon, self._commit_shared, durable)
        with self._request() as transaction:
            result = work(transaction)
        await asyncio.shield(durable)
        return result

    def _commit_shared(self, durable: asyncio.Future[None]) -> None:
        self._durable = None
        try:
            self._commit()
        except sqlite3.Error as error:
            durable.set_exception(error)
        else:
            durable.set_result(None)

    def _begin(self) -> None:
        """Keep other threads out until `_commit` or `_abandon`, and begin."""
        self._lock.acquire()
        try:
            self._changes_before = self._connection.total_changes
            self._connection.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._lock.release()
            raise

    @contextmanager
    def _request(self) -> Iterator[SQLiteTransaction]:
        """What one request does after `_begin`, undone when the block is left by an exception."""
        if not self._connection.in_transaction:  # by itself, a savepoint would be a transaction that nobody waits for
            raise sqlite3.OperationalError("an earlier request has met an error that ended the common transaction")
        self._connection.execute("SAVEPOINT request")
        transaction = SQLiteTransaction(self._connection, self._rooms, self._outbox_memory)
        try:
            yield transaction
        except BaseException:
            if self._connection.in_transaction:  # a full disk may have ended it already
                transaction.rollback()
                self._connection.execute("RELEASE request")
            raise
        self._connection.execute("RELEASE request")
        self._rooms.changed |= transaction.changed_rooms
        self._outbox_memory.filled |= transaction.filled_lanes
        self._outbox_memory.drained |= transaction.drained_lanes

    def _commit(self) -> None:
        try:
            self._connection.execute("COMMIT")
        except BaseException:
            self._abandon()
            raise
        changed = self._connection.total_changes != self._changes_before
        self._rooms.committed()
        filled = self._outbox_memory.committed()
        self._lock.release()
        if changed:
            with self._committed:
                self._commits += 1
                self._committed.notify_all()
        if filled:
            self._watch_outbox(filled)

    def _abandon(self) -> None:
        try:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        finally:
            self._rooms.abandoned()
            self._outbox_memory.abandoned()
            self._lock.release()

    def watch_outbox(self, watch: Callable[[set[Lane]], None]) -> None:
        """Tell ``watch`` of lanes that got something new, once it is durable; in whatever thread that happens."""
        self._watch_outbox = watch

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
