"""Users of the server under test, as ``target.toml`` declares them and as a test sees them.

No reading of files and no requests; those are in description.py and world.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mimi_conformance.reference.identity.uri import MimiUri

ANYBODY = "*"
"""The requester of a :class:`Consent` that every user of every provider has."""


class ProfileType(StrEnum):
    """What kind of field a profile entry is: the SearchIdentifierType that finds it exactly (PROTO 5.8)."""

    HANDLE = "handle"
    NICK = "nick"
    EMAIL = "email"
    PHONE = "phone"
    OIDC_STD_CLAIM = "oidcStdClaim"
    VCARD_FIELD = "vcardField"

    @property
    def is_named(self) -> bool:
        """Whether a field of this type has a name besides its value: a claim name or a vCard property."""
        return self in (ProfileType.OIDC_STD_CLAIM, ProfileType.VCARD_FIELD)


@dataclass(frozen=True)
class ProfileEntry:
    """One field of a user's profile.

    Attributes:
        type: what it is.
        name: the OpenID Connect claim or the vCard property; empty for the other types.
        value: its text; empty, in what a test asks for, means whatever is there.
        searchable: whether the user lets queries on this field find them.
        shared: whether a user who was found is shown with this field (only named types can be, PROTO 5.8 FieldSource).
    """

    type: ProfileType
    value: str = ""
    name: str = ""
    searchable: bool = True
    shared: bool = False


@dataclass(frozen=True)
class Consent:
    """What a user allows: the scope of PROTO 5.7, ConsentScope, with the user as the target.

    Attributes:
        requester: a user URI, a provider's domain (each of its users), or ``*`` (everybody).
        room: the one room it is for; None for any room.
    """

    requester: str
    room: MimiUri | None = None

    def covers(self, requester: MimiUri, room: MimiUri | None) -> bool:
        """Whether this lets ``requester`` fetch KeyPackages for ``room`` (None: for no room in particular)."""
        return self.requester in (ANYBODY, requester.provider, requester.text) and self.room in (None, room)


@dataclass(frozen=True)
class TargetUser:
    """A user of the server under test.

    Attributes:
        name: what reports call the user; for a fixture, its key in ``target.toml``.
        uri: the user's URI.
        clients: the URIs of the user's clients.
        key_packages: whether each client has KeyPackages waiting to be claimed.
        consent: what the user allows.
        profile: the fields that an identifier query may look at.
    """

    name: str
    uri: MimiUri
    clients: tuple[MimiUri, ...] = ()
    key_packages: bool = False
    consent: tuple[Consent, ...] = ()
    profile: tuple[ProfileEntry, ...] = ()

    @property
    def is_searchable(self) -> bool:
        """Whether any query may find this user."""
        return any(entry.searchable for entry in self.profile)

    def entry(self, type_: ProfileType, name: str = "", *, searchable: bool | None = None) -> ProfileEntry | None:
        """The first profile field of a type (and name, where types have names), or None."""
        for entry in self.profile:
            if entry.type is type_ and name in ("", entry.name) and searchable in (None, entry.searchable):
                return entry
        return None

    def consents_to(self, requester: MimiUri, room: MimiUri | None = None) -> bool:
        """Whether the user lets ``requester`` fetch KeyPackages for ``room``."""
        return any(consent.covers(requester, room) for consent in self.consent)


class RoomEntry(StrEnum):
    """How a peer of ours gets into a room of the target."""

    PARTICIPANT = "participant"
    JOIN_CODE = "join-code"
    OPEN = "open"
    PREAUTHORISED = "preauthorised"


@dataclass(frozen=True)
class TargetRoom:
    """A room that the server under test is the hub of.

    Attributes:
        name: its key in ``target.toml``.
        uri: its URI.
        entry: how a peer of ours gets in.
        joining_code: the code to join with, when ``entry`` is JOIN_CODE; empty otherwise.
    """

    name: str
    uri: MimiUri
    entry: RoomEntry
    joining_code: str = ""


@dataclass(frozen=True)
class Fixtures:
    """What the target has made ready for the tests, by the names of ``target.toml``."""

    users: Mapping[str, TargetUser] = field(default_factory=dict)
    rooms: Mapping[str, TargetRoom] = field(default_factory=dict)
