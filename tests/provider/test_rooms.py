"""A room is after a restart what it was before, whatever happened to it, and a change of it costs what it changes."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.provider.rooms import Room, envelope_of
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.provider.tables import rooms as room_tables
from mimi_conformance.reference.provider.tables.rooms import RoomMemory
from mimi_conformance.reference.room.actors import Member
from mimi_conformance.reference.room.state import RoomState, destroy, found, policy_components, start_group
from mimi_conformance.reference.room.updates import CommitAccepted, ProposalsAccepted, accept_commit
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.proposals import Add, SelfRemove
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from tests.mls.group_examples import NOW
from tests.room.component_examples import METADATA
from tests.room.house import ROOM, House, as_received, client, user
from tests.room.test_state_endings import USERS, ended, follow_up, newcomer

ROLES = {"alice": 4, "bob": 2, "carol": 3, "dora": 2}
RATCHET_TREE = ExtensionType.ratchet_tree
REPOSITORY = Path(__file__).parents[2]


def seen(view: RoomView) -> tuple[object, ...]:
    """A view to compare; the order of a user's clients has no meaning."""
    clients = {user: frozenset(clients) for user, clients in view.participants.clients_by_user.items()}
    return view.room_id, view.policy, view.metadata, view.participants.entries, clients


def essence(state: RoomState) -> dict[str, object]:
    """What a room is, to compare; the rest follows from it."""
    group = state.group
    return {
        "context": group.context,
        "tree": (group.tree.tree_hash, group.tree.to_wire()),
        "leaves": [group.state.leaves_of(leaf_node) for _, leaf_node in group.tree.members()],
        "tag": (group.confirmation_tag, group.interim_transcript_hash, group.committer),
        "reinit": group.reinit,
        "proposals": dict(group.pending),
        "committed": seen(state.committed),
        "updated": seen(state.updated),
        "pending": state.pending,
        "destroyed": (state.committed.destroyed, state.updated.destroyed),
        "envelope": state.envelope.description(),
    }


class KeptHouse(House):
    """A house whose hub keeps the room, and reads it anew after each change."""

    storage: SQLiteStorage

    def keep(self, storage: SQLiteStorage, **more) -> "KeptHouse":
        self.storage = storage
        with storage.transaction() as transaction:
            assert transaction.found_room(Room(self.state, **more))
        self.check_kept()
        return self

    def _now(self, state: RoomState) -> None:
        super()._now(state)
        with self.storage.transaction() as transaction:
            transaction.record_room(replace(transaction.room(ROOM), state=state))
        self.check_kept()

    def check_kept(self) -> None:
        with self.storage.transaction() as transaction:
            assert essence(transaction.room(ROOM).state) == essence(self.state)
        self.storage._rooms = RoomMemory()
        with self.storage.transaction() as transaction:
            again = transaction.room(ROOM).state
        assert essence(again) == essence(self.state)
        assert again.group.tree.tree_hash == again.group.context.tree_hash


@pytest.fixture
def storage(tmp_path):
    storage = SQLiteStorage(tmp_path / "mimi.sqlite")
    yield storage
    storage.close()


@pytest.fixture
def house(storage) -> KeptHouse:
    house = KeptHouse.of(ROLES, "alice1", "bob1", "bob2", "carol1", components={"room_metadata": METADATA})
    return house.keep(storage)


def accepted(answer):
    assert isinstance(answer, ProposalsAccepted | CommitAccepted), answer
    return answer


def test_a_room_is_kept_through_everything_that_happens_to_it(house):
    accepted(house.propose("alice1", house.listed(added={"dave": 2}), Add(client("dave1").key_package().key_package)))
    accepted(house.propose("carol1", house.listed(changed={"bob": 3})))
    accepted(house.propose("bob2", SelfRemove()))
    accepted(house.commit("alice1"))
    accepted(house.join("alice2"))
    for number in range(1, 9):
        accepted(house.join(f"dora{number}"))
    accepted(house.propose("alice1", house.listed(removed=["dora"]), *house.removals("dora")))
    accepted(house.commit("carol1"))
    assert house.state.group.tree.leaf_count == 8
    house._now(destroy(house.state, Member(user("alice"), 0)))


def test_what_was_accepted_together_counts_as_one_action_after_a_restart(house):
    adding = Add(client("dave1").key_package().key_package)
    accepted(house.propose("alice1", house.listed(added={"dave": 2}), adding))
    accepted(house.propose("alice1", house.listed(removed=["bob"]), *house.removals("bob")))
    assert [type(act.act.change).__name__ for act in house.state.pending] == ["AddParticipant", "RemoveParticipant"]


def test_a_group_that_has_ended_and_the_one_after_it_are_kept(storage):
    house = KeptHouse.of(USERS, "alice1", "bob1", "carol1", policy="strict").keep(storage)
    house._now(start_group(ended(house).state, follow_up(house), newcomer("carol")))
    with house.storage.transaction() as transaction:
        assert transaction.room(ROOM).state.group.context.group_id == b"next"


def test_the_group_info_of_the_epoch_is_kept_with_it(house):
    def record(info):
        with house.storage.transaction() as transaction:
            transaction.record_room(replace(transaction.room(ROOM), state=house.state, group_info=info))
        house.check_kept()
        with house.storage.transaction() as transaction:
            return transaction.room(ROOM).group_info

    for _ in range(2):
        info = group_info(house.group("alice1"))
        plain = replace(info, extensions=tuple(it for it in info.extensions if it.extension_type != RATCHET_TREE))
        assert record(plain) == plain
        accepted(house.commit("alice1"))
    assert record(None) is None


def test_what_may_change_in_a_room_is_as_its_hub_has_said(storage):
    house = KeptHouse.of(ROLES, "alice1", components={"room_metadata": METADATA})
    changeable = frozenset({"room_metadata"})
    envelope = envelope_of(house.state.committed, changeable)
    house.state = replace(house.state, envelope=envelope)
    house.keep(storage, changeable=changeable)
    view = house.state.committed
    components = policy_components(view)
    assert list(envelope.refusals(components)) == []
    other = replace(components["base_room_policy"], max_users=7)
    assert envelope.refusal("base_room_policy", other) is not None
    assert envelope.refusal("room_metadata", replace(METADATA, room_name=None)) is None
    assert envelope.refusal("logging_policy", METADATA) is not None


def test_a_room_is_founded_once(house):
    with house.storage.transaction() as transaction:
        assert not transaction.found_room(Room(house.state))


def kept_epoch(transaction) -> int | None:
    room = transaction.room(ROOM)
    return None if room is None else room.state.group.context.epoch


def test_what_is_undone_has_not_happened_in_memory_either(house):
    before = house.state
    after = accepted(accept_commit_of(house, "alice1")).state
    with house.storage.transaction() as transaction:
        room = transaction.room(ROOM)
        transaction.record_room(replace(room, state=after))
        assert kept_epoch(transaction) == after.group.context.epoch
        transaction.rollback()
        assert transaction.room(ROOM) == room
    with contextlib.suppress(LookupError), house.storage.transaction() as transaction:
        transaction.record_room(replace(room, state=after))
        raise LookupError
    house.state = before
    house.check_kept()


def accept_commit_of(house, name):
    """What the hub would answer to a member's commit, which nobody learns of."""
    sender, group = house.members[name]
    committed = commit(group, Covering(()), now=NOW, random=sender.random)
    return accept_commit(house.state, as_received(committed.message.public_message), NOW)


def test_requests_that_share_a_commit_see_each_other_and_nobody_sees_one_that_fails(house):
    after = accepted(accept_commit_of(house, "alice1")).state
    epoch = after.group.context.epoch

    def record(transaction):
        transaction.record_room(replace(transaction.room(ROOM), state=after))

    def fail(transaction):
        record(transaction)
        raise LookupError

    async def main():
        run = house.storage.run
        return await asyncio.gather(run(fail), run(kept_epoch), run(record), run(kept_epoch), return_exceptions=True)

    failed, first, _, second = asyncio.run(main())
    assert isinstance(failed, LookupError)
    assert (first, second) == (epoch - 1, epoch)
    house.state = after
    house.check_kept()


def test_a_room_is_in_memory_as_it_is_on_the_disk_when_a_commit_fails(house, monkeypatch):
    after = accepted(accept_commit_of(house, "alice1")).state

    def full_disk():
        house.storage._connection.execute("ROLLBACK")
        house.storage._abandon()
        raise OSError("the disk is full")

    monkeypatch.setattr(house.storage, "_commit", full_disk)
    with pytest.raises(OSError, match="full"), house.storage.transaction() as transaction:
        transaction.record_room(replace(transaction.room(ROOM), state=after))
    monkeypatch.undo()
    house.check_kept()


def test_forgetting_everything_forgets_rooms(house):
    with house.storage.transaction() as transaction:
        transaction.clear()
        assert transaction.room(ROOM) is None
        transaction.rollback()
        assert transaction.room(ROOM) is not None
        transaction.clear()
    with house.storage.transaction() as transaction:
        assert transaction.room(ROOM) is None
        assert transaction.found_room(Room(house.state))
    house.check_kept()


def test_rooms_make_way_for_each_other_and_come_back(storage, monkeypatch):
    monkeypatch.setattr(room_tables, "MAX_SIZE", 22)
    states = {}
    for name in ("one", "two", "three"):
        house = House.of({"alice": 4}, "alice1")
        room_id = MimiUri.room("hub.example", name)
        state = found(house.state.group, room_id)
        states[room_id] = state
        with storage.transaction() as transaction:
            transaction.found_room(Room(state))
    for _ in range(2):
        for room_id, state in states.items():
            with storage.transaction() as transaction:
                assert essence(transaction.room(room_id).state) == essence(state)
            assert (len(storage._rooms.rooms), storage._rooms.size) == (2, 22)


def test_a_commit_writes_what_it_changes_whatever_the_size_of_the_room(storage):
    def written(size: int) -> int:
        names = [f"alice{number}" for number in range(1, size + 1)]
        house = KeptHouse.of({"alice": 4}, *names)
        state = replace(
            house.state, committed=replace(house.state.committed, room_id=MimiUri.room("a.example", names[-1]))
        )
        with storage.transaction() as transaction:
            transaction.found_room(Room(state))
        after = accepted(accept_commit_of(house, "alice1")).state
        changes = storage._connection.total_changes
        with storage.transaction() as transaction:
            transaction.record_room(Room(replace(after, committed=state.committed)))
        return storage._connection.total_changes - changes

    assert written(32) - written(8) <= 2


def test_rooms_survive_kill_9(tmp_path):
    path = tmp_path / "mimi.sqlite"
    command = [sys.executable, "-m", "tests.provider.keeping_rooms", str(path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(12):
            told = int(process.stdout.readline())
        process.kill()
        told = max([told, *map(int, process.stdout.read().split())])
    assert process.returncode == -signal.SIGKILL
    storage = SQLiteStorage(path)
    with storage.transaction() as transaction:
        state = transaction.room(ROOM).state
    storage.close()
    assert state.group.context.epoch in (told, told + 1)
    assert state.group.tree.tree_hash == state.group.context.tree_hash
