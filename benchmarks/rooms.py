"""What it costs a hub to keep a commit, and a room: `python -m benchmarks.rooms`.

Each commit is judged and kept as a hub does it, in a database on the disk. Beside that, in the same run, the whole room
is written for the same commit, as a store would that knows nothing of trees; and the work is taken apart:

- tree: merging the path of the commit and hashing what has changed of the tree, which grows with its height;
- context: encoding and hashing the GroupContext of the new epoch, in which the participant list is: a linear share
  that MLS itself has, and which any implementation pays, more than once, and once more where it is kept.

The fastest of all commits counts, because whatever else runs can only add time.
"""

import os
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from benchmarks.large_rooms import ROOM, large_room
from mimi_conformance.reference.mls.group.group_commit import commit
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.tree.update_path import merge_update_path
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.provider.tables.rooms import RoomMemory
from mimi_conformance.reference.room.updates import CommitAccepted, accept_commit
from mimi_conformance.reference.wire.mls.framing import PublicMessage
from mimi_conformance.reference.wire.mls.message import MLSMessage

SIZES = (10, 1_000, 10_000)
COMMITS = 30


def seconds(work: Callable[..., object], *values: object) -> float:
    """How long something takes, once."""
    started = time.perf_counter()
    work(*values)
    return time.perf_counter() - started


def kept(storage: SQLiteStorage, room: Room) -> None:
    """Write what has changed."""
    with storage.transaction() as transaction:
        transaction.record_room(room)


def kept_whole(storage: SQLiteStorage, room: Room) -> None:
    """Write everything."""
    with storage.transaction() as transaction:
        transaction.clear()
        transaction.found_room(room)


def tree_work(before: PublicGroup, accepted: CommitAccepted, message: PublicMessage) -> None:
    """Merge the path of a commit that was accepted, and hash the tree."""
    assert message.content.commit is not None
    path = message.content.commit.path
    assert path is not None
    merged = merge_update_path(before.tree, accepted.staged.committer, path)
    assert merged.tree.tree_hash == accepted.state.group.context.tree_hash


def context_work(after: PublicGroup) -> None:
    """Encode the GroupContext of an epoch, and hash it."""
    sha256(after.context.encode()).digest()


def memory_of(storage: SQLiteStorage) -> int:
    """How many bytes the room takes in memory."""
    storage._rooms = RoomMemory()  # noqa: SLF001  # as after a restart
    tracemalloc.start()
    with storage.transaction() as transaction:
        transaction.room(ROOM)
    memory, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return memory


def report(leaves: int, folder: Path) -> int:
    """Measure and print one line; how many bytes the room takes in memory."""
    made = large_room(leaves)
    state, member = made.state, made.member
    by_changes, whole = SQLiteStorage(folder / f"changes{leaves}"), SQLiteStorage(folder / f"whole{leaves}")
    for storage in (by_changes, whole):
        with storage.transaction() as transaction:
            transaction.found_room(Room(state))
    times: list[tuple[float, ...]] = []
    for _ in range(COMMITS):
        committed = commit(member, now=int(time.time()), random=os.urandom)
        member = committed.after
        message = MLSMessage.decode(committed.message.encode()).public_message
        assert message is not None
        started = time.perf_counter()
        answer = accept_commit(state, message, int(time.time()))
        judging = time.perf_counter() - started
        assert isinstance(answer, CommitAccepted), answer
        before, state = state.group, answer.state
        room = Room(state)
        times.append(
            (
                judging,
                seconds(tree_work, before, answer, message),
                seconds(context_work, state.group),
                seconds(kept, by_changes, room),
                seconds(kept_whole, whole, room),
            )
        )
    memory = memory_of(by_changes)
    by_changes._rooms = RoomMemory()  # noqa: SLF001
    with by_changes.transaction() as transaction:
        reading = seconds(transaction.room, ROOM)
    judging, tree, context, changes, everything = (min(column) * 1e3 for column in zip(*times, strict=True))
    print(
        f"{leaves:8,} {judging:9.2f} ms {tree:9.2f} ms {context:9.2f} ms {changes:9.2f} ms {everything:11.2f} ms "
        f"{everything / changes:6.1f} {reading * 1e3:11.1f} ms {memory:12,}",
        flush=True,
    )
    by_changes.close()
    whole.close()
    return memory


def main() -> None:
    """Measure and print."""
    titles = (
        ("judged", 12),
        ("tree", 12),
        ("context", 12),
        ("kept", 12),
        ("kept whole", 14),
        ("ratio", 6),
        ("read back", 14),
        ("bytes", 12),
    )
    print(" ".join([f"{'members':>8}", *(f"{title:>{width}}" for title, width in titles)]))
    with tempfile.TemporaryDirectory(prefix="mimi-benchmark-", dir=Path.cwd()) as folder:
        memory = {leaves: report(leaves, Path(folder)) for leaves in SIZES}
    least, most = min(SIZES), max(SIZES)
    per_member = (memory[most] - memory[least]) / (most - least)
    print(
        f"in memory: {memory[least] - per_member * least:,.0f} bytes for an idle room, "
        f"and {per_member:,.0f} bytes for each member with one client"
    )


if __name__ == "__main__":
    main()
