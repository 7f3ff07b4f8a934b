"""Roles and preauthorisation: `roles_list` and `preauth_list` (mimi-room-policy-03, sections 3 and 4)."""

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from typing import TypeVar

from mimi_conformance.reference.room.components.component import ReplacedComponent
from mimi_conformance.reference.room.components.rules import Fault
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, Role, RoleData


class RolesRule(RoomRule):
    """What makes a list of roles valid by itself."""

    INDEX_ONCE = ("POLICY-3-14", "No two roles have the same index.", "AMB-171")
    CAPABILITY_ONCE = ("POLICY-3-14", "A role has each of its capabilities once.", "AMB-171")
    NAME_IS_TEXT = ("POLICY-3-03", "Name and description of a role are UTF-8 text.")
    OPEN_JOIN_FOR_NO_ROLE = ("POLICY-8.1.1-14", "Only role zero has canOpenJoin.")
    CONSTRAINTS_CAN_BE_MET = ("POLICY-3-15", "No minimum of a role is above a maximum that goes with it.")
    CHANGES_BETWEEN_ROLES = ("POLICY-3-08", "Role changes are authorised between roles that there are, and role zero.")


def roles_faults(data: RoleData) -> Iterator[Fault]:
    """What is wrong with a list of roles."""
    indices = {NO_ROLE, *(role.role_index for role in data.roles)}
    for index in _repeated(role.role_index for role in data.roles):
        yield RolesRule.INDEX_ONCE, f"role {index}"
    for role in data.roles:
        yield from _role_faults(role, indices)


def _role_faults(role: Role, indices: set[int]) -> Iterator[Fault]:
    place = f"role {role.role_index}"
    for capability in _repeated(role.role_capabilities):
        yield RolesRule.CAPABILITY_ONCE, f"{capability.name} of {place}"
    for text in (role.role_name, role.role_description):
        try:
            text.decode()
        except UnicodeDecodeError:
            yield RolesRule.NAME_IS_TEXT, f"{text!r} of {place}"
    if role.role_index != NO_ROLE and CapabilityType.can_open_join in role.role_capabilities:
        yield RolesRule.OPEN_JOIN_FOR_NO_ROLE, place
    yield from _constraint_faults(role, place)
    for change in role.authorized_role_changes:
        for index in (change.from_role_index, *change.target_role_indexes):
            if index not in indices:
                yield RolesRule.CHANGES_BETWEEN_ROLES, f"role {index} in the changes that {place} may make"


def _constraint_faults(role: Role, place: str) -> Iterator[Fault]:
    """Whoever is active is a participant, so that the number of participants bounds that of active ones."""
    participants, active = role.maximum_participants_constraint, role.maximum_active_participants_constraint
    for minimum, maximum in (
        (role.minimum_participants_constraint, participants),
        (role.minimum_active_participants_constraint, active),
        (role.minimum_active_participants_constraint, participants),
    ):
        if maximum is not None and minimum > maximum:
            yield RolesRule.CONSTRAINTS_CAN_BE_MET, f"{minimum} to {maximum} holders of {place}"


_H = TypeVar("_H", bound=Hashable)


def _repeated(items: Iterable[_H]) -> Iterator[_H]:
    return (item for item, count in Counter(items).items() if count > 1)


ROLES_LIST = ReplacedComponent("roles_list", RoleData, roles_faults)

PREAUTH_LIST = ReplacedComponent("preauth_list", PreAuthData)
"""Every list is valid by itself: an entry without claims matches everybody, and one may lead to role zero."""
