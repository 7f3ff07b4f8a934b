"""What lies outside a room and yet decides what may happen in it: other rooms, and what the hub accepts at all."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.participants import ParticipantList
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.structure import Struct

FindRoom: TypeAlias = Callable[[MimiUri], RoomView | None]
"""Finds a room of this hub, or None."""

FindFixedRoom: TypeAlias = Callable[[ParticipantList], MimiUri | None]
"""Finds a fixed-membership room of this hub with exactly these users, or None."""


class Envelope(Protocol):
    """The policies that the hub accepts in this room (architecture 4.4)."""

    def refusal(self, component: str, value: Struct) -> Refused | None:
        """Why a component may not have a value; None when it may."""


class AnyPolicy:
    """The envelope of a hub that accepts every policy."""

    def refusal(self, component: str, value: Struct) -> Refused | None:  # noqa: ARG002
        """Nothing is against it."""
        return None


ANY_POLICY: Final = AnyPolicy()


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies outside a room.

    Attributes:
        find_room: for the parent of a parent-dependent room (POLICY 5).
        find_fixed_room: for the one fixed-membership room of a set of users (POLICY 5).
        envelope: what policies the hub accepts.

    """

    find_room: FindRoom = lambda _room_id: None
    find_fixed_room: FindFixedRoom = lambda _participants: None
    envelope: Envelope = ANY_POLICY


ALONE = Surroundings()
"""The surroundings of a hub's only room, for which it accepts every policy."""
