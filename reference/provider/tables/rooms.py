# ruff: noqa: D102  # the methods are described in storage.Transaction
"""Rooms: what has changed of one is written, not the room, so that a commit costs what it changes.

The rooms that were used last are in memory as well, as they are on the disk. What a transaction changes is seen by it
at once, by others that share its COMMIT once it is done, and is in memory for good when it is on the disk.
"""

import json
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.tree.tree_changes import changed_nodes
from mimi_conformance.reference.provider.rooms import (
    KeptRoom,
    Room,
    asset_hosts_of,
    fixed_members,
    fixed_members_of,
    kept_group_info,
    parent_of,
    restored,
)
from mimi_conformance.reference.provider.tables.table import Table
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.participants import ParticipantList, User
from mimi_conformance.reference.wire.protocol.group_info import PendingProposal

MAX_SIZE = 50_000
"""How large the rooms in memory are together, unless a single one is larger; 1 is about three kilobytes."""

_SIZE_WITHOUT_MEMBERS = 10
_FORGET_ROOM = (
    "DELETE FROM room_proposal WHERE room = ?",
    "DELETE FROM room_node WHERE room = ?",
    "DELETE FROM room_asset_host WHERE room = ?",
    "DELETE FROM room WHERE id = ?",
)


@dataclass(slots=True)
class RoomMemory:
    """The rooms in memory.

    Attributes:
        application: makes the application of a room's group.
        rooms: the rooms as they are on the disk, the one that was used last at the end.
        changed: what transactions have changed that wait for their COMMIT; None for a room that is gone.
        size: how large the rooms are together, by `MAX_SIZE`.

    """

    application: Callable[[], Application] = room_application
    rooms: OrderedDict[MimiUri, Room] = field(default_factory=OrderedDict)
    changed: dict[MimiUri, Room | None] = field(default_factory=dict)
    size: int = 0

    def committed(self) -> None:
        """What was changed is on the disk."""
        for uri, room in self.changed.items():
            self.put(uri, room)
        self.changed.clear()

    def abandoned(self) -> None:
        """What was changed is not on the disk."""
        self.changed.clear()

    def get(self, uri: MimiUri) -> Room | None:
        """A room as it is on the disk, if it is here."""
        room = self.rooms.get(uri)
        if room is not None:
            self.rooms.move_to_end(uri)
        return room

    def put(self, uri: MimiUri, room: Room | None) -> None:
        """Have a room here as it is on the disk now; others make way for it."""
        before = self.rooms.pop(uri, None)
        self.size += _size(room) - _size(before)
        if room is not None:
            self.rooms[uri] = room
        while self.size > MAX_SIZE and len(self.rooms) > 1:
            _, oldest = self.rooms.popitem(last=False)
            self.size -= _size(oldest)


def _encoded(pending: PendingProposal | None) -> bytes | None:
    return None if pending is None else pending.encode()


def _size(room: Room | None) -> int:
    return 0 if room is None else _SIZE_WITHOUT_MEMBERS + room.state.group.tree.member_count


class RoomTables(Table):
    """The tables ``room``, ``room_node``, ``room_asset_host`` and ``room_proposal``.

    Attributes:
        changed_rooms: what this transaction has changed; None for a room that is gone.

    """

    _rooms: RoomMemory
    changed_rooms: dict[MimiUri, Room | None]

    def room(self, uri: MimiUri) -> Room | None:
        for changes in (self.changed_rooms, self._rooms.changed):
            if uri in changes:
                return changes[uri]
        room = self._rooms.get(uri)
        if room is None:
            room = self._read(uri)
            if room is not None:
                self._rooms.put(uri, room)
        return room

    def found_room(self, room: Room) -> bool:
        if self.room(room.room_id) is not None:
            return False
        changeable = None if room.changeable is None else json.dumps(sorted(room.changeable))
        self._execute("INSERT INTO room (uri, changeable) VALUES (?, ?)", (room.room_id.text, changeable))
        self._write(None, room)
        return True

    def record_room(self, room: Room) -> None:
        before = self.room(room.room_id)
        assert before is not None, f"{room.room_id} was never founded"
        self._write(before, room)

    def forget_room(self, uri: MimiUri) -> None:
        row = self._execute("SELECT id FROM room WHERE uri = ?", (uri.text,)).fetchone()
        if row is None:
            return
        for statement in _FORGET_ROOM:
            self._execute(statement, row)
        self.changed_rooms[uri] = None

    def rooms_lost(self) -> tuple[MimiUri, ...]:
        rows = self._execute(
            "SELECT DISTINCT room FROM room_client AS inside "
            "WHERE NOT EXISTS (SELECT 1 FROM room WHERE room.uri = inside.room)"
        )
        return tuple(MimiUri.parse(uri) for (uri,) in rows)

    def rooms_naming(self, user: User) -> tuple[MimiUri, ...]:
        rows = self._execute(
            "SELECT uri FROM room WHERE instr(context, ?) "
            "OR EXISTS (SELECT 1 FROM room_proposal WHERE room = id AND instr(content, ?)) ORDER BY id",
            (user, user),
        )
        return tuple(MimiUri.parse(uri) for (uri,) in rows)

    def rooms_below(self, parent: MimiUri) -> tuple[MimiUri, ...]:
        rows = self._execute("SELECT uri FROM room WHERE parent = ? ORDER BY id", (parent.text,))
        return tuple(MimiUri.parse(uri) for (uri,) in rows)

    def asset_hosts_in_rooms(self, hub: str) -> frozenset[str]:
        prefix = f"{MimiUri.of_provider(hub)}/"
        rows = self._execute(
            "SELECT DISTINCT host FROM room_asset_host JOIN room ON room = id WHERE substr(uri, 1, ?) = ?",
            (len(prefix), prefix),
        )
        return frozenset(host for (host,) in rows)

    def fixed_rooms(self, participants: ParticipantList) -> tuple[MimiUri, ...]:
        rows = self._execute("SELECT uri FROM room WHERE fixed_members = ?", (fixed_members(participants),))
        return tuple(MimiUri.parse(uri) for (uri,) in rows)

    def forget_rooms(self) -> None:
        """Let no room be there any longer for this transaction; its rows are for `clear` to delete."""
        for (uri,) in self._execute("SELECT uri FROM room"):
            self.changed_rooms[MimiUri.parse(uri)] = None

    def _write(self, before: Room | None, after: Room) -> None:
        [number] = self._execute("SELECT id FROM room WHERE uri = ?", (after.room_id.text,)).fetchone()
        old, new = None if before is None else before.state.group, after.state.group
        same_epoch = old is not None and old.context == new.context
        if before is None or not same_epoch or before.group_info != after.group_info:
            reinit = None if new.reinit is None else new.reinit.encode()
            self._execute(
                "UPDATE room SET context = ?, confirmation_tag = ?, committer = ?, reinit = ?, group_info = ? "
                "WHERE id = ?",
                (new.context.encode(), new.confirmation_tag, new.committer, reinit, kept_group_info(after), number),
            )
        derived = parent_of(after.state.committed), fixed_members_of(after.state.committed)
        if before is None or derived != (parent_of(before.state.committed), fixed_members_of(before.state.committed)):
            self._execute("UPDATE room SET parent = ?, fixed_members = ? WHERE id = ?", (*derived, number))
        hosts = asset_hosts_of(after.state.committed)
        if hosts != (frozenset() if before is None else asset_hosts_of(before.state.committed)):
            self._execute("DELETE FROM room_asset_host WHERE room = ?", (number,))
            self._connection.executemany(
                "INSERT INTO room_asset_host VALUES (?, ?)", ((number, host) for host in sorted(hosts))
            )
        if before is None or before.state.committed.destroyed != after.state.committed.destroyed:
            self._execute("UPDATE room SET destroyed = ? WHERE id = ?", (after.state.committed.destroyed, number))
        for node, value in changed_nodes(None if old is None else old.tree, new.tree):
            if value is None:
                self._execute("DELETE FROM room_node WHERE room = ? AND node = ?", (number, node))
            else:
                self._execute("INSERT OR REPLACE INTO room_node VALUES (?, ?, ?)", (number, node, value.encode()))
        self._write_proposals(number, old if same_epoch else None, after)
        self.changed_rooms[after.room_id] = after

    def _write_proposals(self, number: int, old: PublicGroup | None, after: Room) -> None:
        """Write what waits in an epoch and did not before, as accepted together; without ``old``, the epoch is new."""
        if old is None:
            self._execute("DELETE FROM room_proposal WHERE room = ?", (number,))
        waited = {} if old is None else old.pending
        batch = len(waited)
        self._connection.executemany(
            "INSERT INTO room_proposal VALUES (?, ?, ?, ?, ?)",
            (
                (number, position, batch, content.encode(), _encoded(after.proposals.get(reference)))
                for position, (reference, content) in enumerate(after.state.group.pending.items())
                if reference not in waited
            ),
        )

    def _read(self, uri: MimiUri) -> Room | None:
        row = self._execute(
            "SELECT id, context, confirmation_tag, committer, reinit, destroyed, group_info, changeable FROM room "
            "WHERE uri = ?",
            (uri.text,),
        ).fetchone()
        if row is None:
            return None
        number, context, confirmation_tag, committer, reinit, destroyed, group_info, changeable = row
        proposals = self._execute(
            "SELECT batch, content, pending FROM room_proposal WHERE room = ? ORDER BY position", (number,)
        ).fetchall()
        kept = KeptRoom(
            room_id=uri,
            context=context,
            nodes=dict(self._execute("SELECT node, body FROM room_node WHERE room = ?", (number,))),
            confirmation_tag=confirmation_tag,
            committer=committer,
            reinit=reinit,
            destroyed=bool(destroyed),
            proposals=[[each[1:] for each in batch] for _, batch in groupby(proposals, itemgetter(0))],
            group_info=group_info,
            changeable=None if changeable is None else frozenset(json.loads(changeable)),
        )
        return restored(kept, self._rooms.application())
