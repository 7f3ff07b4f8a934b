"""What a client has of a room: its group, the room as everybody follows it, and the messages."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mimi_conformance.reference.content.franking.verification import FrankedMessage
from mimi_conformance.reference.content.message import MessageId
from mimi_conformance.reference.content.timeline.timeline import Timeline
from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.room.derivation import view_of
from mimi_conformance.reference.room.participants import Client as ClientInRoom
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.view import RoomView


@dataclass(frozen=True, slots=True)
class Membership:
    """A room as one of its clients has it. It never changes: what happens gives another one.

    Attributes:
        group: the MLS group.
        state: the room, as the hub has it if both are right.
        since: the epoch in which the client has come into it.
        timeline: the messages.
        franked: those with a frank that was verified, by which they can be reported (PROTO 5.9).

    """

    group: Group = field(repr=False)
    state: RoomState = field(repr=False)
    since: int = 0
    timeline: Timeline = field(default_factory=Timeline, repr=False)
    franked: Mapping[MessageId, FrankedMessage] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    @classmethod
    def begun(cls, room_id: MimiUri, group: Group) -> "Membership":
        """A room at the point where a client has come into it.

        Raises:
            GroupError: the group is not one of a room.
            ComponentError: the data of a component is invalid.

        """
        return cls(group, state_of(room_id, group), group.context.epoch)

    @property
    def room_id(self) -> MimiUri:
        """The room."""
        return self.state.room_id

    @property
    def epoch(self) -> int:
        """The epoch of the group."""
        return self.group.context.epoch

    @property
    def view(self) -> RoomView:
        """The room with all that was accepted."""
        return self.state.updated

    @property
    def is_over(self) -> bool:
        """Whether the client is in the group no longer, or the group is not used any more."""
        return self.group.removed or self.group.public.reinit is not None

    def follows(self, other: "Membership") -> bool:
        """Whether this is what came after another one of the room, rather than something from before it."""
        own, others = self.group.context, other.group.context
        return own.group_id != others.group_id or own.epoch > others.epoch

    def clients_of(self, user: MimiUri) -> tuple[ClientInRoom, ...]:
        """The clients of a user in the group."""
        return self.state.committed.participants.clients(bytes(user))

    def user_index(self, user: MimiUri) -> int | None:
        """The place of a user in the participant list of the epoch, by which an update names it (PROTO 7.5)."""
        participants = self.state.committed.participants
        return participants.index(bytes(user)) if bytes(user) in participants else None

    def at(self, group: Group, state: RoomState) -> "Membership":
        """The room after something that has changed both group and room; they share what they hold."""
        return replace(self, group=group, state=replace(state, group=group.public))


def state_of(room_id: MimiUri, group: Group) -> RoomState:
    """The room that a group has, nobody asked whether it may.

    Raises:
        GroupError: it has none.
        ComponentError: the data of a component is invalid.

    """
    view = view_of(room_id, group.public.state, DEFAULT_MAPPING)
    return RoomState(group.public, view, view)
