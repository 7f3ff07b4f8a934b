"""What somebody wants of a room, as one action even where it takes several proposals.

A change says what happens to whom, never by which right: adding oneself is an `AddParticipant` like any other, and a
ban is a `ChangeRole`. Which capability that takes is for `authorization` to say.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

from mimi_conformance.reference.room.actors import Actor
from mimi_conformance.reference.room.participants import Client, User
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, RoleData
from mimi_conformance.reference.wire.structure import Struct

NO_LEAVES: Final[frozenset[int]] = frozenset()


@dataclass(frozen=True, slots=True)
class AddParticipant:
    """A user is put on the participant list, along with clients of theirs, if any: somebody else, or the actor itself.

    Attributes:
        user: who.
        role_index: in which role.
        clients: the clients that the same action adds to the group.

    """

    user: User
    role_index: int
    clients: tuple[Client, ...] = ()


@dataclass(frozen=True, slots=True)
class AddClients:
    """Clients of a user are added to the group, while the participant list stays as it is.

    To start a group for a persistent room that has none is such a change, too (POLICY 5).

    Attributes:
        user: whose clients.
        clients: the clients.
        replaced: the leaf that an external commit removes, because its client joins once more (RFC 9420, 12.4.3.2).

    """

    user: User
    clients: tuple[Client, ...]
    replaced: frozenset[int] = NO_LEAVES


@dataclass(frozen=True, slots=True)
class RemoveParticipant:
    """A user is taken off the participant list, along with its clients: somebody else, or the actor itself.

    Attributes:
        user: who.
        leaves: the leaves that the same action removes from the group.

    """

    user: User
    leaves: frozenset[int] = NO_LEAVES


@dataclass(frozen=True, slots=True)
class RemoveClients:
    """Clients are removed from the group, while their user stays on the participant list.

    Attributes:
        user: whose clients: somebody else's, or the actor's own.
        leaves: their leaves.

    """

    user: User
    leaves: frozenset[int]


@dataclass(frozen=True, slots=True)
class ChangeRole:
    """A participant gets another role: somebody else, or the actor itself. To ban and to unban are such changes.

    Attributes:
        user: who.
        role_index: the new role.
        leaves: the leaves that the same action removes from the group.

    """

    user: User
    role_index: int
    leaves: frozenset[int] = NO_LEAVES


ParticipantListChange: TypeAlias = AddParticipant | RemoveParticipant | ChangeRole


@dataclass(frozen=True, slots=True)
class ChangeMetadata:
    """The metadata is replaced (PROTO 7.6)."""

    metadata: RoomMetaData


@dataclass(frozen=True, slots=True)
class ChangeRoles:
    """The definitions of roles are replaced (POLICY 3)."""

    roles: RoleData


@dataclass(frozen=True, slots=True)
class ChangePreauthorization:
    """The preauthorised users are replaced (POLICY 4)."""

    preauthorization: PreAuthData


@dataclass(frozen=True, slots=True)
class ChangeBasePolicy:
    """The base policy is replaced (POLICY 5)."""

    base: BaseRoomPolicy


@dataclass(frozen=True, slots=True)
class ChangeComponent:
    """Another component of the group gets new data, or goes (POLICY 6, 7).

    Attributes:
        component_id: its number.
        value: what it holds afterwards; None for a component that nobody here knows, and for one that goes.
        removed: whether the component goes.

    """

    component_id: int
    value: Struct | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class ChangeExtensions:
    """The GroupContext extensions are replaced (RFC 9420, section 12.1.7).

    Attributes:
        external_senders: the domains of the servers in the new external_senders extension; None when it goes.

    """

    external_senders: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Reinitialize:
    """The group is to be started afresh, with a ReInit proposal (RFC 9420, section 12.1.5)."""


@dataclass(frozen=True, slots=True)
class MaintainGroup:
    """What keeps a group going and leaves the room as it is: Update and PSK proposals, a commit with none (AMB-222)."""


@dataclass(frozen=True, slots=True)
class DestroyRoom:
    """The room is ended for good (POLICY 8.6)."""


_RESERVED: Final = frozenset({CapabilityType.can_send_direct_message, CapabilityType.can_target_message})
USABLE: Final = frozenset(
    capability
    for capability in CapabilityType
    if (0x0100 <= capability < 0x0300 or 0x0400 <= capability < 0x0500) and capability not in _RESERVED
)
"""The capabilities about messages, assets and calls (POLICY 8.3 to 8.5)."""


@dataclass(frozen=True, slots=True)
class Use:
    """A capability is used that leaves the room as it is: something about messages, assets or calls.

    Raises:
        ValueError: the capability is none of those.

    """

    capability: CapabilityType

    def __post_init__(self) -> None:
        if self.capability not in USABLE:
            raise ValueError(f"{self.capability.name} is no capability about messages, assets or calls.")


SEND_MESSAGE: Final = Use(CapabilityType.can_send_message)
RECEIVE_MESSAGE: Final = Use(CapabilityType.can_receive_message)
REPORT_ABUSE: Final = Use(CapabilityType.can_report_abuse)

Change: TypeAlias = (
    AddParticipant
    | AddClients
    | RemoveParticipant
    | RemoveClients
    | ChangeRole
    | ChangeMetadata
    | ChangeRoles
    | ChangePreauthorization
    | ChangeBasePolicy
    | ChangeComponent
    | ChangeExtensions
    | Reinitialize
    | MaintainGroup
    | DestroyRoom
    | Use
)


@dataclass(frozen=True, slots=True)
class Act:
    """A change, and who wants it: the proposer, or for what a commit has inline, the committer (AMB-224).

    Attributes:
        actor: who.
        change: what.

    """

    actor: Actor
    change: Change
