"""MIMI URIs: ``mimi://a.example/u/alice`` and its kin (PROTO 3, draft-mahy-mimi-identity).

The drafts give the form by example only (AMB-023). The grammar taken here is the part of RFC 3986 that every
example stays within:

    MIMI-URI   = "mimi://" host [ "/" marker "/" segment-nz [ "/" segment-nz ] ]
    host       = a domain name in canonical form (see `provider_domain`)
    marker     = "u" / "p" / "d" / "r" / "g" / "t"
    segment-nz = 1*pchar

where only a client (``d``) may have the second segment. User information, port, query and fragment have no
meaning in the drafts; two URIs that differ in nothing else would name the same thing twice, so they are refused. So
are dot segments, which generic URI software removes. Comparison is byte-exact (AMB-022): ``%61lice`` is a legal
name, and another one than ``alice``.
"""

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Self
from urllib.parse import quote, unquote_to_bytes

from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.errors import IdentifierError

KIND: Final = "a MIMI URI"
SCHEME: Final = "mimi://"

_SUB_DELIMITERS_COLON_AT: Final = "!$&'()*+,;=:@"
_NOT_IN_SEGMENT: Final = re.compile(
    r"%(?![0-9A-Fa-f]{2})|[^A-Za-z0-9\-._~%" + re.escape(_SUB_DELIMITERS_COLON_AT) + "]"
)
_DOT_SEGMENTS: Final = (b".", b"..")


class IdentifierType(Enum):
    """What a MIMI URI names; the value is the first path segment (draft-mahy-mimi-identity, table of types)."""

    PROVIDER = ""
    USER = "u"
    PSEUDONYM = "p"
    CLIENT = "d"
    ROOM = "r"
    GROUP = "g"
    TEAM = "t"


_NAMED_TYPES: Final = {kind.value: kind for kind in IdentifierType if kind is not IdentifierType.PROVIDER}


@dataclass(frozen=True, slots=True)
class MimiUri:
    """One MIMI URI. Made from its text, and equal to another exactly when the texts are.

    >>> MimiUri("mimi://a.example/d/alice/ClientA1").user_of_client()
    MimiUri('mimi://a.example/u/alice')

    Attributes:
        text: the URI itself, ASCII.
        provider: the domain of the provider that the identifier belongs to, in lower case.
        type: what the URI names.
        path: the segments after the marker, percent-encoded as they stand: none for a provider, one or two for a
            client, one for everything else.

    Raises:
        IdentifierError: the text is no MIMI URI.
    """

    text: str
    provider: str = field(init=False, compare=False)
    type: IdentifierType = field(init=False, compare=False)
    path: tuple[str, ...] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        text = self.text
        _check_scheme(text)
        authority, slash, rest = text[len(SCHEME) :].partition("/")
        _check_authority(text, authority)
        kind, path = IdentifierType.PROVIDER, tuple[str, ...]()
        if slash:
            kind, path = _split_path(text, rest, len(SCHEME) + len(authority) + 1)
        object.__setattr__(self, "provider", authority)
        object.__setattr__(self, "type", kind)
        object.__setattr__(self, "path", path)

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"MimiUri({self.text!r})"

    def __bytes__(self) -> bytes:
        return self.text.encode("ascii")

    @classmethod
    def parse(cls, text: str | bytes) -> Self:
        """The MIMI URI that a text, or the bytes of an ``IdentifierUri``, hold.

        Raises:
            IdentifierError: they hold none.
        """
        return cls(text if isinstance(text, str) else text.decode("latin-1"))

    @classmethod
    def of_provider(cls, domain: str) -> Self:
        """The URI of the provider at a domain."""
        return cls(f"{SCHEME}{provider_domain(domain)}")

    @classmethod
    def user(cls, domain: str, name: str) -> Self:
        """The URI of a user. Here as below, names are plain text and get percent-encoded where they need it."""
        return cls._named(IdentifierType.USER, domain, name)

    @classmethod
    def pseudonym(cls, domain: str, name: str) -> Self:
        """The URI of a user who conceals another identity."""
        return cls._named(IdentifierType.PSEUDONYM, domain, name)

    @classmethod
    def client(cls, domain: str, *names: str) -> Self:
        """The URI of a client, from its own name or from those of its user and itself."""
        return cls._named(IdentifierType.CLIENT, domain, *names)

    @classmethod
    def room(cls, domain: str, name: str) -> Self:
        """The URI of a room at its hub."""
        return cls._named(IdentifierType.ROOM, domain, name)

    @classmethod
    def group(cls, domain: str, name: str) -> Self:
        """The URI of an MLS group at its hub."""
        return cls._named(IdentifierType.GROUP, domain, name)

    @classmethod
    def team(cls, domain: str, name: str) -> Self:
        """The URI of a set of users."""
        return cls._named(IdentifierType.TEAM, domain, name)

    @classmethod
    def _named(cls, kind: IdentifierType, domain: str, *names: str) -> Self:
        segments = (_encode_segment(name) for name in names)
        return cls("/".join((f"{SCHEME}{provider_domain(domain)}", kind.value, *segments)))

    @property
    def names_user(self) -> bool:
        """Whether this is a user, under the real name or a pseudonym."""
        return self.type in (IdentifierType.USER, IdentifierType.PSEUDONYM)

    def user_of_client(self) -> "MimiUri | None":
        """The user that a client URI of two segments names along with the client (AMB-024), otherwise None."""
        if self.type is not IdentifierType.CLIENT or len(self.path) != 2:
            return None
        return MimiUri(f"{SCHEME}{self.provider}/{IdentifierType.USER.value}/{self.path[0]}")


def _encode_segment(name: str) -> str:
    try:
        return quote(name, safe=_SUB_DELIMITERS_COLON_AT)
    except UnicodeEncodeError as error:
        raise IdentifierError("a name", name, "it holds half of a surrogate pair", error.start) from error


def _check_scheme(text: str) -> None:
    if text.startswith(SCHEME):
        return
    if text[: len(SCHEME)].lower() == SCHEME:
        raise IdentifierError(KIND, text, "the scheme is written in lower case: mimi", 0)
    raise IdentifierError(KIND, text, f"it does not begin with {SCHEME}", 0)


def _check_authority(text: str, authority: str) -> None:
    """Refuse an authority that is anything more, or other, than a provider's domain."""
    start = len(SCHEME)
    for delimiter, component in (("#", "fragment"), ("?", "query"), ("@", "user information")):
        if delimiter in authority:
            position = start + authority.index(delimiter)
            raise IdentifierError(KIND, text, f"a MIMI URI has no {component}", position)
    try:
        provider_domain(authority)
    except IdentifierError as error:
        position = start + (error.position or 0)
        raise IdentifierError(KIND, text, f"its host {authority!r}: {error.reason}", position) from error


def _split_path(text: str, path: str, start: int) -> tuple[IdentifierType, tuple[str, ...]]:
    """The type and the segments of a path that begins at ``start`` of ``text``."""
    marker, *segments = path.split("/")
    kind = _NAMED_TYPES.get(marker)
    if not path:
        raise IdentifierError(KIND, text, "it ends in a slash that nothing follows", start - 1)
    if kind is None:
        known = ", ".join(_NAMED_TYPES)
        raise IdentifierError(KIND, text, f"its path begins with {marker!r}, which is none of {known}", start)
    most = 2 if kind is IdentifierType.CLIENT else 1
    if not 1 <= len(segments) <= most:
        wanted = "one or two segments" if most == 2 else "one segment"
        reason = f"after /{marker} comes {wanted}, and here are {len(segments)}"
        raise IdentifierError(KIND, text, reason, start)
    position = start + len(marker) + 1
    for segment in segments:
        _check_segment(text, segment, position)
        position += len(segment) + 1
    return kind, tuple(segments)


def _check_segment(text: str, segment: str, position: int) -> None:
    """Hold one segment, which begins at ``position`` of ``text``, against ``segment-nz`` of RFC 3986 3.3."""
    if not segment:
        raise IdentifierError(KIND, text, "a path segment is empty", position)
    if found := _NOT_IN_SEGMENT.search(segment):
        raise IdentifierError(KIND, text, _why_forbidden(found.group()), position + found.start())
    if unquote_to_bytes(segment) in _DOT_SEGMENTS:
        raise IdentifierError(KIND, text, f"{segment!r} is a dot segment, which URI software may remove", position)


def _why_forbidden(character: str) -> str:
    match character:
        case "%":
            return "a percent sign must be followed by two hexadecimal digits"
        case "?":
            return "a MIMI URI has no query"
        case "#":
            return "a MIMI URI has no fragment"
        case _ if not character.isascii():
            return f"{character!r} is not ASCII; it has to be percent-encoded as UTF-8"
        case _:
            return f"{character!r} does not occur in a path segment unless percent-encoded"
