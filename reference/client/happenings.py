"""What happens to a client: what it tells its user of what it has received."""

from dataclasses import dataclass
from typing import TypeAlias

from mimi_conformance.reference.content.franking.verification import FrankedMessage
from mimi_conformance.reference.content.message import MessageId, MimiContent
from mimi_conformance.reference.content.timeline.timeline import Outcome
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.changes import Act
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry


@dataclass(frozen=True, slots=True)
class Said:
    """A message.

    Attributes:
        room_id: the room.
        message_id: its id.
        sender: the user that its sender's credential names.
        content: what it says.
        accepted: when the hub accepted it, in milliseconds of the Unix epoch.
        outcome: what it means for the timeline.
        franked: what it can be reported with; None when the hub's stamp is missing.

    """

    room_id: MimiUri
    message_id: MessageId
    sender: MimiUri
    content: MimiContent
    accepted: int
    outcome: Outcome
    franked: FrankedMessage | None


@dataclass(frozen=True, slots=True)
class Joined:
    """The client is in a room, from this epoch on."""

    room_id: MimiUri
    epoch: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """Proposals were accepted, and wait for a commit."""

    room_id: MimiUri
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Changed:
    """A commit has begun an epoch, with changes that nobody had proposed before."""

    room_id: MimiUri
    epoch: int
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class Removed:
    """The client is in the room no longer."""

    room_id: MimiUri


@dataclass(frozen=True, slots=True)
class Discarded:
    """Something came that counts for nothing, and why (architecture 4.4); None when it is of no room."""

    room_id: MimiUri | None
    reason: str


@dataclass(frozen=True, slots=True)
class Asked:
    """An entry about consent came (PROTO 5.7)."""

    entry: ConsentEntry


Happening: TypeAlias = Said | Joined | Proposed | Changed | Removed | Discarded | Asked
