"""The database: all or nothing, kept in a file, and refused when it is somebody else's."""

import asyncio
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.sqlite_storage import SCHEMA_VERSION, SQLiteStorage, StorageError
from mimi_conformance.reference.provider.users import ProfileEntry, User
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType
from tests.provider.test_follower_own_events import application

ALICE = MimiUri.user("a.example", "alice")


def users(storage: SQLiteStorage) -> tuple[User, ...]:
    with storage.transaction() as transaction:
        return transaction.users()


@pytest.fixture
def storage():
    storage = SQLiteStorage()
    yield storage
    storage.close()


def test_what_was_committed_is_there_after_reopening(tmp_path):
    path = tmp_path / "mimi.sqlite"
    storage = SQLiteStorage(path)
    profile = (ProfileEntry(SearchIdentifierType.vcard_field, "ACME", "ORG", searchable=False, shared=True),)
    types = frozenset({SearchIdentifierType.handle, SearchIdentifierType.vcard_field})
    with storage.transaction() as transaction:
        transaction.add_user(ALICE)
        transaction.add_client(ALICE, MimiUri.client("a.example", "alice", "phone"))
        transaction.set_profile(ALICE, profile)
        transaction.set_search_types(ALICE, types)
        transaction.set_deleted(ALICE, deleted=True)
    expected = users(storage)
    storage.close()
    reopened = SQLiteStorage(path)
    assert users(reopened) == expected
    [user] = expected
    assert (user.profile, user.search_types, user.deleted) == (profile, types, True)
    reopened.close()


def add_and_fail(storage: SQLiteStorage, before_failing=lambda: None) -> None:
    with storage.transaction() as transaction:
        transaction.add_user(ALICE)
        before_failing()
        raise LookupError


def test_a_block_left_by_an_exception_leaves_nothing(storage):
    with pytest.raises(LookupError):
        add_and_fail(storage)
    assert users(storage) == ()


def test_rollback_undoes_and_lets_go_on(storage):
    bob = MimiUri.user("a.example", "bob")
    with storage.transaction() as transaction:
        transaction.add_user(ALICE)
        transaction.rollback()
        transaction.add_user(bob)
    assert [user.uri for user in users(storage)] == [bob]


def test_transactions_of_several_threads_do_not_mix(storage):
    inside, leave = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        leave.wait(5)

    with ThreadPoolExecutor() as threads:
        failing = threads.submit(add_and_fail, storage, wait)
        inside.wait(5)
        reading = threads.submit(users, storage)
        leave.set()
        assert isinstance(failing.exception(), LookupError)
        assert reading.result() == ()


def test_only_changes_count_as_commits(storage):
    seen = storage.commits
    users(storage)
    assert storage.commits == seen
    with storage.transaction() as transaction:
        transaction.add_user(ALICE)
    assert storage.commits != seen
    storage.wait_for_commit(seen, 0)


def test_a_database_of_another_version_is_refused(tmp_path):
    path = tmp_path / "mimi.sqlite"
    SQLiteStorage(path).close()
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(StorageError, match=f"database version {SCHEMA_VERSION + 1}; this one reads version"):
        SQLiteStorage(path)


def test_a_database_of_another_program_is_refused(tmp_path):
    path = tmp_path / "other.sqlite"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    with pytest.raises(StorageError, match="of another program"):
        SQLiteStorage(path)


def test_a_file_that_is_no_database_is_refused(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("These are no tables. " * 100)
    with pytest.raises(StorageError, match="not a database"):
        SQLiteStorage(path)
    with pytest.raises(StorageError, match="unable to open"):
        SQLiteStorage(tmp_path / "missing" / "mimi.sqlite")


def test_a_database_has_one_process_at_a_time(tmp_path):
    storage = SQLiteStorage(tmp_path / "mimi.sqlite")
    with pytest.raises(StorageError, match="locked"):
        SQLiteStorage(tmp_path / "mimi.sqlite")
    storage.close()


def failing(transaction) -> None:
    transaction.add_user(MimiUri.user("a.example", "nobody"))
    raise LookupError


def refused(transaction) -> str:
    transaction.add_user(MimiUri.user("a.example", "nobody"))
    transaction.rollback()
    return "refused"


def test_requests_of_the_same_moment_share_a_commit_and_are_undone_alone(storage):
    others = [MimiUri.user("a.example", f"user{number}") for number in range(3)]

    async def serve():
        seen = storage.commits
        results = await asyncio.gather(
            storage.run(failing),
            storage.run(refused),
            *(storage.run(lambda transaction, user=user: transaction.add_user(user)) for user in others),
            return_exceptions=True,
        )
        return results, storage.commits - seen

    results, commits = asyncio.run(serve())
    assert isinstance(results[0], LookupError)
    assert results[1:] == ["refused", None, None, None]
    assert commits == 1
    assert [user.uri for user in users(storage)] == others


def test_nobody_is_answered_before_it_is_durable(tmp_path):
    path = tmp_path / "mimi.sqlite"
    storage = SQLiteStorage(path)
    on_disk = []

    async def add(user):
        await storage.run(lambda transaction: transaction.add_user(user))
        # A copy of the files as they are now is what a crash would leave.
        crashed = tmp_path / f"crashed-{len(on_disk)}.sqlite"
        for suffix in ("", "-wal"):
            Path(f"{crashed}{suffix}").write_bytes(Path(f"{path}{suffix}").read_bytes())
        reopened = SQLiteStorage(crashed)
        on_disk.append(user in {known.uri for known in users(reopened)})
        reopened.close()

    async def serve():
        await asyncio.gather(*(add(MimiUri.user("a.example", f"user{number}")) for number in range(5)))

    asyncio.run(serve())
    storage.close()
    assert on_disk == [True] * 5


def test_when_the_commit_fails_everybody_who_shares_it_hears_of_it(storage):
    class FullDisk:
        """A connection that can't commit."""

        def __init__(self, connection) -> None:
            self.connection = connection

        def __getattr__(self, name):
            return getattr(self.connection, name)

        def execute(self, statement, *values):
            if statement == "COMMIT":
                raise sqlite3.OperationalError("database or disk is full")
            return self.connection.execute(statement, *values)

    async def serve():
        storage._connection = FullDisk(storage._connection)
        return await asyncio.gather(
            *(storage.run(lambda transaction: transaction.add_user(ALICE)) for _ in range(2)), return_exceptions=True
        )

    results = asyncio.run(serve())
    storage._connection = storage._connection.connection
    assert [str(error) for error in results] == ["database or disk is full"] * 2
    assert users(storage) == ()


def test_an_error_that_ends_the_transaction_ends_it_for_everybody_who_shares_it(storage):
    def meet_a_full_disk(transaction) -> None:
        storage._connection.execute("ROLLBACK")  # as SQLite does by itself
        raise sqlite3.OperationalError("database or disk is full")

    async def serve():
        def add(transaction):
            transaction.add_user(ALICE)

        return await asyncio.gather(*map(storage.run, (add, meet_a_full_disk, add)), return_exceptions=True)

    results = asyncio.run(serve())
    assert [type(result) for result in results] == [sqlite3.OperationalError] * 3
    assert users(storage) == ()


def test_times_of_other_providers_may_be_of_64_bits(storage):
    latest = 2**64 - 1
    room, phone = MimiUri.room("b.example", "clubhouse"), MimiUri.client("a.example", "alice", "phone")
    with storage.transaction() as transaction:
        transaction.add_user(ALICE)
        transaction.add_client(ALICE, phone)
        transaction.join_room(room, phone, since=latest)
        assert transaction.readers_in(room, latest) == (phone,)
        transaction.note_leaving(room, phone, latest, latest)
        assert transaction.readers_in(room, latest) == (phone,)
        transaction.keep_own_event(room, application(b"hello", latest), 1)
        assert transaction.own_events(room, latest) == ()


def test_of_the_events_of_our_own_the_newest_of_each_room_are_kept(storage):
    room, other = MimiUri.room("b.example", "clubhouse"), MimiUri.room("b.example", "bar")
    events = [application(b"message %d" % number, number) for number in range(4)]
    with storage.transaction() as transaction:
        transaction.keep_own_event(other, events[0], 2)
        for event in events:
            transaction.keep_own_event(room, event, 2)
        assert transaction.own_events(room, 0) == tuple(event.encode() for event in events[2:])
        assert transaction.own_events(room, 2) == (events[3].encode(),)
        transaction.forget_own_events(room)
        assert transaction.own_events(room, 0) == ()
        assert transaction.own_events(other, -1) == (events[0].encode(),)
