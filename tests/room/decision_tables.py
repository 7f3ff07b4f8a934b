"""Decision tables: who may do what in which room, as data. decisions/README.md says how to read them."""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.room.actors import (
    Actor,
    ExternalJoiner,
    ExternalProposer,
    ExternalSender,
    JoinCode,
    Member,
)
from mimi_conformance.reference.room.changes import (
    Act,
    AddClients,
    AddParticipant,
    Change,
    ChangeBasePolicy,
    ChangeComponent,
    ChangeExtensions,
    ChangeMetadata,
    ChangePreauthorization,
    ChangeRole,
    ChangeRoles,
    DestroyRoom,
    MaintainGroup,
    Reinitialize,
    RemoveClients,
    RemoveParticipant,
    Use,
)
from mimi_conformance.reference.room.participants import Client
from mimi_conformance.reference.room.surroundings import Surroundings
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.room_policy.roles import RoleData
from tests.room.described_rooms import (
    COMPONENTS,
    HUB,
    Table,
    base_from,
    capability,
    claim,
    client_uri,
    merged,
    metadata_from,
    preauthorized_from,
    roles_from,
    room_from,
    surroundings_from,
    user,
)

DECISIONS: Final = Path(__file__).parent / "decisions"
NO_LEAF: Final = 1000
"""The leaf that a client had which is no longer there."""


@dataclass(frozen=True)
class Row:
    """One decision.

    Attributes:
        table: the file it stands in.
        name: what it shows.
        room: the room.
        actor: who wants it; the committer where it is about a commit.
        acts: what is wanted, and by whose right.
        allowed: whether that may be, in the reading that the reference takes.
        rule: the requirement that decides.
        exercises: other requirements that it shows.
        readings: what other readings say, by the number of the ambiguity: whether it may be, and what decides.
        surroundings: what lies outside the room.
        is_commit: whether it is about a commit as a whole.
    """

    table: str
    name: str
    room: RoomView
    actor: Actor
    acts: tuple[Act, ...]
    allowed: bool
    rule: str
    exercises: tuple[str, ...]
    readings: Mapping[str, tuple[bool, str]]
    surroundings: Surroundings
    is_commit: bool

    def __str__(self) -> str:
        return f"{self.table}: {self.name}"


def rows() -> Iterator[Row]:
    """Every decision of every table."""
    for file in sorted(DECISIONS.glob("*.toml")):
        table = tomllib.loads(file.read_text(encoding="utf-8"))
        for entry in table["decisions"]:
            yield row_from(file.stem, merged(table["room"], entry.get("room", {})), entry)


def row_from(table: str, room: Table, entry: Table) -> Row:
    """One decision about a room, made from its entry in a table."""
    view = room_from(room)
    changes = entry["changes"] if "changes" in entry else [entry["change"]]
    acts = ((actor_from(view, each.get("by", entry["actor"])), each) for each in changes)
    readings = entry.get("readings", {}).items()
    return Row(
        table=table,
        name=entry["name"],
        room=view,
        actor=actor_from(view, entry["actor"]),
        acts=tuple(Act(actor, change_from(view, actor, each)) for actor, each in acts),
        allowed=entry["allowed"],
        rule=entry["rule"],
        exercises=tuple(entry.get("exercises", ())),
        readings={ambiguity: (reading["allowed"], reading["rule"]) for ambiguity, reading in readings},
        surroundings=surroundings_from(room),
        is_commit="changes" in entry,
    )


def actor_from(view: RoomView, named: str | Table) -> Actor:
    """Who acts: a member by name, or a table."""
    table: Table = {"member": named} if isinstance(named, str) else named
    claims = frozenset(map(claim, table.get("claims", ())))
    match table:
        case {"member": name}:
            clients = view.participants.clients(user(name))
            leaf = clients[0].leaf_index if clients else NO_LEAF
            assert leaf is not None
            return Member(user(name), leaf, claims)
        case {"joins": name}:
            code = JoinCode(b"open sesame", table["code_for_role"]) if "code_for_role" in table else None
            return ExternalJoiner(user(name), Client(client_uri(name, 0)), claims, code)
        case {"proposes": name}:
            return ExternalProposer(user(name), Client(client_uri(name, 0)), claims)
        case {"server": name}:
            return ExternalSender(user(name), HUB if name == "hub" else name, claims)
    raise AssertionError(f"{named!r} is no actor")


def change_from(view: RoomView, actor: Actor, table: Table) -> Change:
    """What is wanted; the first key of the table that names a change tells which one it is."""
    kind = next(key for key in table if key in _CHANGES)
    return _CHANGES[kind](view, actor, table)


def _add(view: RoomView, actor: Actor, table: Table) -> Change:
    clients = _new_clients(actor, table["add"], table.get("clients", 1))
    return AddParticipant(user(table["add"]), table["role"], clients)


def _add_clients(view: RoomView, actor: Actor, table: Table) -> Change:
    name = table["add_clients"]
    clients = _new_clients(actor, name, table["clients"])
    return AddClients(user(name), clients, _leaves(view, name, table.get("replaces", 0)))


def _change_role(view: RoomView, actor: Actor, table: Table) -> Change:
    name, role_index = table["change_role"], table["role"]
    leaves = _leaves(view, name, table.get("clients", None if view.policy.is_banned(role_index) else 0))
    return ChangeRole(user(name), role_index, leaves)


def _change_roles(view: RoomView, actor: Actor, table: Table) -> Change:
    roles = RoleData(tuple(each.role for each in view.policy.roles.values()))
    return ChangeRoles(roles_from(roles, table["roles"]))


_CHANGES: Final[Mapping[str, Callable[[RoomView, Actor, Table], Change]]] = MappingProxyType(
    {
        "add": _add,
        "add_clients": _add_clients,
        "remove": lambda view, _, table: RemoveParticipant(
            user(table["remove"]), _leaves(view, table["remove"], table.get("clients"))
        ),
        "remove_clients": lambda view, _, table: RemoveClients(
            user(table["remove_clients"]), _leaves(view, table["remove_clients"], table["clients"])
        ),
        "change_role": _change_role,
        "metadata": lambda _view, _, table: ChangeMetadata(metadata_from(table["metadata"])),
        "roles": _change_roles,
        "preauthorized": lambda _view, _, table: ChangePreauthorization(preauthorized_from(table["preauthorized"])),
        "base": lambda view, _, table: ChangeBasePolicy(base_from(view.policy.base, table["base"])),
        "component": lambda _view, _, table: ChangeComponent(
            code_points().component_id(table["component"]), COMPONENTS[table["component"]]
        ),
        "external_senders": lambda _view, _, table: ChangeExtensions(
            None if table["external_senders"] is False else tuple(table["external_senders"])
        ),
        "use": lambda _view, _, table: Use(capability(table["use"])),
        "destroy": lambda _view, _, _table: DestroyRoom(),
        "reinitialize": lambda _view, _, _table: Reinitialize(),
        "maintain": lambda _view, _, _table: MaintainGroup(),
    }
)


def _new_clients(actor: Actor, name: str, count: int) -> tuple[Client, ...]:
    """Clients that come: whoever joins brings itself, and others are new."""
    if isinstance(actor, ExternalJoiner | ExternalProposer):
        return (actor.client,)
    return tuple(Client(client_uri(name, 100 + each)) for each in range(count))


def _leaves(view: RoomView, name: str, count: int | None) -> frozenset[int]:
    """The leaves of a user's first clients; all of them for None."""
    leaves = [each.leaf_index for each in view.participants.clients(user(name)) if each.leaf_index is not None]
    return frozenset(leaves if count is None else leaves[:count])
