"""The policy of a room, ready for decisions: base policy, roles, preauthorisation, and the other components."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import Claim, PreAuthData, Role, RoleData
from mimi_conformance.reference.wire.structure import Struct

NO_ROLE: Final = 0
"""The role of whoever is not, not yet or no longer on the participant list (POLICY 3)."""
BANNED: Final = 1
"""The role of banned users, where the role with this index is called so (POLICY 8.1.3)."""
BANNED_NAME: Final = b"banned"


@dataclass(frozen=True, slots=True)
class RoomRole:
    """A role, with what decisions look up in it.

    Attributes:
        role: as the component holds it.
        capabilities: what its holders can do.
        changes: from each role, the roles to which its holders may change somebody.

    """

    role: Role
    capabilities: frozenset[CapabilityType] = field(init=False, compare=False, repr=False)
    changes: Mapping[int, frozenset[int]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        changes: dict[int, frozenset[int]] = {}
        for each in self.role.authorized_role_changes:
            targets = changes.get(each.from_role_index, frozenset())
            changes[each.from_role_index] = targets.union(each.target_role_indexes)
        object.__setattr__(self, "capabilities", frozenset(self.role.role_capabilities))
        object.__setattr__(self, "changes", changes)

    @property
    def index(self) -> int:
        """Its index."""
        return self.role.role_index

    @property
    def name(self) -> str:
        """What people call it."""
        return self.role.role_name.decode(errors="replace")

    @property
    def is_banned(self) -> bool:
        """Whether this is the role of banned users: index 1, and called so (POLICY 8.1.3, AMB-161)."""
        return self.index == BANNED and self.role.role_name == BANNED_NAME

    def changes_to(self, before: int, after: int) -> bool:
        """Whether its holders may change somebody from one role to another (POLICY 3)."""
        return after in self.changes.get(before, ())


NOBODY: Final = RoomRole(Role(NO_ROLE, b"", b"", (), 0, None, 0, None, ()))
"""Role zero where the room does not define it (AMB-160)."""


_NO_COMPONENTS: Final[Mapping[str, Struct]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class RoomPolicy:
    """The policy of a room.

    Attributes:
        base: `base_room_policy` (POLICY 5).
        roles: `roles_list` (POLICY 3), by role index.
        preauthorization: `preauth_list` (POLICY 4); None when the room has none.
        components: every other component that a decision or a client looks at, by its name.

    """

    base: BaseRoomPolicy
    roles: Mapping[int, RoomRole]
    preauthorization: PreAuthData | None = None
    components: Mapping[str, Struct] = field(default_factory=lambda: _NO_COMPONENTS)

    @classmethod
    def of(
        cls,
        base: BaseRoomPolicy,
        roles: RoleData,
        preauthorization: PreAuthData | None = None,
        components: Mapping[str, Struct] = _NO_COMPONENTS,
    ) -> "RoomPolicy":
        """The policy that the data of the components makes."""
        return cls(base, {role.role_index: RoomRole(role) for role in roles.roles}, preauthorization, components)

    def role(self, index: int) -> RoomRole | None:
        """A role that the room defines; role zero is always there, if only without any capability."""
        return self.roles.get(index, NOBODY if index == NO_ROLE else None)

    @property
    def no_role(self) -> RoomRole:
        """The role of those who are not on the participant list."""
        return self.roles.get(NO_ROLE, NOBODY)

    def is_banned(self, index: int | None) -> bool:
        """Whether a role index is that of banned users (POLICY 8.1.3)."""
        return index == BANNED and BANNED in self.roles and self.roles[BANNED].is_banned

    def preauthorized_roles(self, claims: frozenset[Claim]) -> Iterator[int]:
        """The roles that claims give, in the order in which they count (POLICY 4)."""
        if self.preauthorization is not None:
            for entry in self.preauthorization.preauthorized_entries:
                if claims.issuperset(entry.claimset):
                    yield entry.target_role.role_index
