"""Roles and preauthorisation (mimi-room-policy-03, sections 3 and 4): `roles_list` and `preauth_list`."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque, optional, uint32
from mimi_conformance.reference.wire.mls.registries import CredentialType
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class SingleSourceRoleChangeTargets(Struct):
    """The roles that holders of one role can be changed to (mimi-room-policy-03, section 3)."""

    from_role_index: uint32
    target_role_indexes: tuple[uint32, ...]


@dataclass(frozen=True, slots=True)
class Role(Struct):
    """What holders of a role may do, and how many there may be (mimi-room-policy-03, section 3)."""

    role_index: uint32
    role_name: opaque
    role_description: opaque
    role_capabilities: tuple[CapabilityType, ...]
    minimum_participants_constraint: uint32
    maximum_participants_constraint: optional[uint32]
    minimum_active_participants_constraint: uint32
    maximum_active_participants_constraint: optional[uint32]
    authorized_role_changes: tuple[SingleSourceRoleChangeTargets, ...]


@dataclass(frozen=True, slots=True)
class RoleData(Struct):
    """The `roles_list` component (mimi-room-policy-03, section 3)."""

    roles: tuple[Role, ...]


RoleUpdate = RoleData


@dataclass(frozen=True, slots=True)
class ClaimId(Struct):
    """The name of a claim in a credential (mimi-room-policy-03, section 4)."""

    credential_type: CredentialType
    id: opaque


@dataclass(frozen=True, slots=True)
class Claim(Struct):
    """A claim that a credential has to make, byte for byte (mimi-room-policy-03, section 4; AMB-150)."""

    claim_id: ClaimId
    claim_value: opaque


@dataclass(frozen=True, slots=True)
class PreAuthRoleEntry(Struct):
    """Claims that give a role (mimi-room-policy-03, section 4). Of the Role only the index counts (AMB-149)."""

    claimset: tuple[Claim, ...]
    target_role: Role


@dataclass(frozen=True, slots=True)
class PreAuthData(Struct):
    """The `preauth_list` component (mimi-room-policy-03, section 4)."""

    preauthorized_entries: tuple[PreAuthRoleEntry, ...]


PreAuthUpdate = PreAuthData
