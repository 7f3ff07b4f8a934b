"""The `participant_list` component (mimi-protocol-06, section 7.5)."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque, uint32
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class UserRolePair(Struct):
    """A user, by URI, and its role (mimi-protocol-06, section 7.5; AMB-136)."""

    user: opaque
    role_index: uint32


@dataclass(frozen=True, slots=True)
class ParticipantListData(Struct):
    """Who is in the room (mimi-protocol-06, section 7.5)."""

    participants: tuple[UserRolePair, ...]


@dataclass(frozen=True, slots=True)
class UserindexRolePair(Struct):
    """A participant, by its place in the list, and its new role (mimi-protocol-06, section 7.5)."""

    user_index: uint32
    role_index: uint32


@dataclass(frozen=True, slots=True)
class ParticipantListUpdate(Struct):
    """A change to the list; all indices are those of the committed list (mimi-protocol-06, section 7.5; AMB-133)."""

    changed_role_participants: tuple[UserindexRolePair, ...] = ()
    removed_indices: tuple[uint32, ...] = ()
    added_participants: tuple[UserRolePair, ...] = ()
