"""Requests of our own clients to the hubs of rooms that have no answer yet."""

from dataclasses import dataclass

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Outgoing


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A request that is on its way to the hub of a room, where it may become an event.

    Attributes:
        client: the local client that asks.
        outgoing: the request.
        room_id: the room.
        number: requests that began later have higher ones, also after a restart.

    """

    client: MimiUri
    outgoing: Outgoing
    room_id: MimiUri
    number: int
