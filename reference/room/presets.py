"""Policies for new rooms, by name: the worked examples of the room policy draft, and conversations between fixed users.

    preset("moderated").roles

Each is one TOML file of ``presets/``, with the draft's names for everything. Its tables are

- ``base_room_policy``: the fields of BaseRoomPolicy that a preset decides. None has a parent room or limits clients.
- ``roles``, by role name. ``includes`` names a role whose capabilities this one has besides its own ``capabilities``.
  In ``authorized_role_changes`` each role index has the indexes that it may change to. Minimums are 0 and maximums
  absent unless they are given.

``creator`` is the role for whoever creates the room and ``hub`` that for the hub, if it has one. ``preauth_list`` says
that the room has the component of that name; it starts without entries, because the claims of credentials are the
room's own.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Final

from mimi_conformance.reference.drafts.catalogue import Table
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, Role, RoleData, SingleSourceRoleChangeTargets

PRESETS: Final = (
    "cooperative",
    "strict",
    "moderated",
    "multi-organization",
    "direct-message",
    "group-direct-message",
)
"""The names of all presets."""


class UnknownPreset(LookupError):  # noqa: N818 - reads as what it is
    """No preset has this name."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(f"there is no preset {name!r}; there are {', '.join(PRESETS)}")


@dataclass(frozen=True, slots=True)
class Preset:
    """The policy of a new room.

    Attributes:
        name: what it is called here.
        title: what people call such a room.
        section: where in the drafts it comes from.
        base_room_policy: POLICY 5.
        roles_list: POLICY 3.
        preauth_list: POLICY 4; None when the room has no such component.
        creator_role_index: the role of the user who creates the room.
        hub_role_index: the role of the hub, as an entry in the participant list (AMB-166); None when it needs none.
    """

    name: str
    title: str
    section: str
    base_room_policy: BaseRoomPolicy
    roles_list: RoleData
    preauth_list: PreAuthData | None
    creator_role_index: int
    hub_role_index: int | None


@cache
def preset(name: str) -> Preset:
    """The policy of a new room, by name.

    Raises:
        UnknownPreset: there is none of this name.
        CatalogueError: its file is damaged.
    """
    if name not in PRESETS:
        raise UnknownPreset(name)
    table = Table.read(files(__package__) / "presets" / f"{name}.toml")
    written = table.table("roles").each(lambda roles, role_name: _read_role(role_name, roles.table(role_name)))
    roles = {
        role_name: replace(role, role_capabilities=_capabilities(role_name, written))
        for role_name, (role, _) in written.items()
    }
    components = ("roles_list", "preauth_list") if table.truth("preauth_list", default=False) else ("roles_list",)
    made = Preset(
        name=name,
        title=table.text("title"),
        section=table.text("section"),
        base_room_policy=_read_base_room_policy(table.table("base_room_policy"), components),
        roles_list=RoleData(tuple(roles.values())),
        preauth_list=PreAuthData(()) if "preauth_list" in components else None,
        creator_role_index=roles[table.text("creator")].role_index,
        hub_role_index=roles[table.text("hub")].role_index if table.holds("hub") else None,
    )
    table.finish()
    return made


def _read_base_room_policy(table: Table, components: tuple[str, ...]) -> BaseRoomPolicy:
    made = BaseRoomPolicy(
        fixed_membership=table.truth("fixed_membership"),
        parent_dependant=False,
        parent_room=(),
        multi_device=table.truth("multi_device"),
        max_clients=None,
        max_users=_limit(table, "max_users"),
        pseudonyms_allowed=table.truth("pseudonyms_allowed"),
        persistent_room=table.truth("persistent_room"),
        discoverable=table.truth("discoverable"),
        policy_component_ids=tuple(code_points().component_id(each) for each in components),
    )
    table.finish()
    return made


def _read_role(name: str, table: Table) -> tuple[Role, str]:
    """A role with its own capabilities, and the name of the role that it includes, or the empty string."""
    own = (CapabilityType(code_points().capability(each)) for each in table.texts("capabilities"))
    made = Role(
        role_index=table.number("index"),
        role_name=name.encode(),
        role_description=table.text("description").encode(),
        role_capabilities=tuple(own),
        minimum_participants_constraint=_limit(table, "minimum_participants") or 0,
        maximum_participants_constraint=_limit(table, "maximum_participants"),
        minimum_active_participants_constraint=_limit(table, "minimum_active_participants") or 0,
        maximum_active_participants_constraint=_limit(table, "maximum_active_participants"),
        authorized_role_changes=_read_changes(table),
    )
    includes = table.text("includes", default="")
    table.finish()
    return made, includes


def _capabilities(name: str, written: Mapping[str, tuple[Role, str]]) -> tuple[CapabilityType, ...]:
    """What a role holds, that of the role that it includes first."""
    role, includes = written[name]
    return (*(_capabilities(includes, written) if includes else ()), *role.role_capabilities)


def _read_changes(table: Table) -> tuple[SingleSourceRoleChangeTargets, ...]:
    if not table.holds("authorized_role_changes"):
        return ()
    targets = table.table("authorized_role_changes").each(lambda changes, source: changes.numbers(source))
    return tuple(SingleSourceRoleChangeTargets(int(source), each) for source, each in targets.items())


def _limit(table: Table, key: str) -> int | None:
    return table.number(key) if table.holds(key) else None
