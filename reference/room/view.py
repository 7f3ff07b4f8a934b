"""What a decision about a room depends on, and nothing else."""

from dataclasses import dataclass

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.participants import ParticipantList, User
from mimi_conformance.reference.room.policy import BANNED, RoomPolicy
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room as seen by whoever judges a change to it: no MLS, no messages.

    Attributes:
        room_id: its identifier, at its hub.
        policy: who may do what.
        participants: who is in it, in which role, with which clients.
        metadata: what people see of it; None when it has no such component.
        destroyed: whether somebody ended it (POLICY 8.6).

    """

    room_id: MimiUri
    policy: RoomPolicy
    participants: ParticipantList
    metadata: RoomMetaData | None = None
    destroyed: bool = False

    @property
    def hub(self) -> str:
        """The domain of the hub."""
        return self.room_id.provider

    def is_banned(self, user: User) -> bool:
        """Whether a user is listed as banned (POLICY 2.1)."""
        return self.policy.is_banned(self.participants.role_index(user))

    def takes_part(self, user: User) -> bool:
        """Whether a user is on the participant list, and not as banned."""
        return user in self.participants and not self.is_banned(user)

    @property
    def user_count(self) -> int:
        """How many entries of the participant list are not banned ones (POLICY 5)."""
        banned = self.participants.participants_in(BANNED) if self.policy.is_banned(BANNED) else 0
        return len(self.participants) - banned
