"""What waits for a local client to fetch it."""

from dataclasses import dataclass
from enum import StrEnum

from mimi_conformance.reference.identity.uri import MimiUri


class DeliveryKind(StrEnum):
    """What a delivery holds."""

    FANOUT = "fanout"
    """One FanoutMessage (PROTO 5.5)."""
    CONSENT = "consent"
    """One ConsentEntry (PROTO 5.7)."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One thing for one client.

    Attributes:
        cursor: position in the client's inbox; grows with every delivery.
        kind: what ``body`` holds.
        provider: the domain of the provider that it came from.
        room: the room that a fanout belongs to.
        body: the structure's bytes, exactly as they came.

    """

    cursor: int
    kind: DeliveryKind
    provider: str
    room: MimiUri | None
    body: bytes
