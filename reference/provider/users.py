"""Local users: what the provider knows about the people and clients it speaks for (PROTO 4.3.1, 5.8)."""

from dataclasses import dataclass
from typing import TypeAlias

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.participants import User as RoomUser
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType

EVERY_SEARCH_TYPE = frozenset(SearchIdentifierType)


@dataclass(frozen=True, slots=True)
class ProfileEntry:
    """One field of a user's profile.

    Attributes:
        type: the kind of field; ``partial_name`` and ``whole_profile`` are ways to search, not kinds of field.
        value: its text.
        name: the OpenID Connect claim or vCard property; empty for the other types.
        searchable: whether the user lets queries look at this field.
        shared: whether a match shows the field; only named fields can be shown (PROTO 5.8, FieldSource).

    """

    type: SearchIdentifierType
    value: str
    name: str = ""
    searchable: bool = True
    shared: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """A local user.

    Attributes:
        uri: the user's URI.
        clients: the user's clients, in the order they were added.
        profile: what identifier queries may find the user by, or show.
        search_types: the searches that may find the user at all.
        deleted: whether the account is gone and the provider still knows it was there.

    """

    uri: MimiUri
    clients: tuple[MimiUri, ...] = ()
    profile: tuple[ProfileEntry, ...] = ()
    search_types: frozenset[SearchIdentifierType] = EVERY_SEARCH_TYPE
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class ClientInRoom:
    """A local client that gets what happens in a room.

    Attributes:
        client: the client, by the name under which the provider knows it.
        leaf_index: its leaf in the room's group; None in rooms of other hubs.

    """

    client: MimiUri
    leaf_index: int | None = None


Departure: TypeAlias = RoomUser | int
"""Who has to leave a room of ours: a participant with all clients, or the client at a leaf."""


@dataclass(frozen=True, slots=True)
class ConsentDecision:
    """A target user's answer to a requester, for one room or, when ``room`` is None, for any (PROTO 5.7)."""

    requester: MimiUri
    target: MimiUri
    room: MimiUri | None
    granted: bool
