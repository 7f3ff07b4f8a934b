"""Events of a followed room on their way to local clients, in the order in which the hub accepted them."""

from dataclasses import dataclass

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage


@dataclass(frozen=True, slots=True)
class Arrival:
    """An event that the hub of a room has accepted.

    Attributes:
        room_id: the room.
        event: what the hub notifies, or would notify us of.
        sender: the local client that has sent it, and got the hub's acceptance; None for what was notified.

    """

    room_id: MimiUri
    event: FanoutMessage
    sender: MimiUri | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An arrival that waits for its turn.

    Attributes:
        position: by which it is found again.
        epoch: the epoch of its message; None for one that has none to be seen.
        behind: the last of our requests that may turn out to have been accepted before it; 0 when there is none.
        received: when it came, in milliseconds of the Unix epoch.

    """

    position: int
    epoch: int | None
    behind: int
    received: int


def epoch_of(message: MLSMessage) -> int | None:
    """The epoch that a message says it is of; None for a Welcome."""
    if message.public_message is not None:
        return message.public_message.content.epoch
    if message.semiprivate_message is not None:
        return message.semiprivate_message.epoch
    return None if message.private_message is None else message.private_message.epoch
