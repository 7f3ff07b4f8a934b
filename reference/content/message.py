"""The structures of a MIMI content message (mimi-content-08, section 4), named as the draft names them.

Making one that the draft forbids raises a `ContentError` whose place is the field. What the draft says to tolerate is a
value like any other: unknown dispositions, content types, languages and extensions.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NewType

from cbor2 import frozendict

from mimi_conformance.reference.content.deterministic import is_octets, is_text, is_unsigned
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI, Extensions, checked_extensions
from mimi_conformance.reference.content.language import is_language_list
from mimi_conformance.reference.content.rules import ContentError, ContentRule
from mimi_conformance.reference.wire.enumerations import Enumeration, Registry

MessageId = NewType("MessageId", bytes)
"""32 octets: the number of a hash function and the first 31 octets of its output; `message_id` makes them."""

SALT_OCTETS: Final = 16
MESSAGE_ID_OCTETS: Final = 32
LONGEST_TOPIC_ID: Final = 4096
"""Octets of the longest topic id that is not taken for an attack (section 9.1)."""
DEEPEST: Final = 4
"""Levels of parts (section 6.3). The outermost part is level 1 (AMB-183)."""
MOST_PARTS: Final = 1024
"""Parts of a message that is not taken for an attack (section 9.1), of whatever kind."""


class Disposition(Registry, octets=1):
    """What a part is meant for (section 8.2.2). Values without a name are kept, and shown as `render` says."""

    unspecified = 0
    render = 1
    reaction = 2
    profile = 3
    inline = 4
    icon = 5
    attachment = 6
    session = 7
    preview = 8

    @property
    def understood(self) -> "Disposition":
        """The disposition to treat this one as: itself, or `render` when it is unknown (section 9.1)."""
        return self if self.known else Disposition.render


class Cardinality(Enumeration):
    """What a part consists of."""

    nullpart = 0
    single = 1
    external = 2
    multi = 3


class PartSemantics(Enumeration):
    """What a receiver does with the parts of a MultiPart."""

    choose_one = 0
    """It picks exactly one."""
    single_unit = 1
    """It processes all of them as one unit, or none."""
    process_all = 2
    """It processes each of them by itself."""


@dataclass(frozen=True, slots=True)
class NullPart:
    """No content, as when something is deleted.

    Attributes:
        disposition: what the part is meant for.
        language: empty, or language tags of RFC 5646 separated by commas.
    """

    disposition: Disposition = Disposition.render
    language: str = ""

    def __post_init__(self) -> None:
        _check_part(self)


@dataclass(frozen=True, slots=True)
class SinglePart:
    """Content that is in the message itself.

    Attributes:
        content_type: IANA media type with its parameters.
        content: the content, encoded as the media type says.
        disposition: what the part is meant for.
        language: empty, or language tags of RFC 5646 separated by commas.
    """

    content_type: str
    content: bytes
    disposition: Disposition = Disposition.render
    language: str = ""

    def __post_init__(self) -> None:
        _check_part(self, content_type=is_text(self.content_type), content=is_octets(self.content))


@dataclass(frozen=True, slots=True)
class ExternalPart:
    """Content that is somewhere else (section 4.5).

    Attributes:
        content_type: IANA media type with its parameters; empty when `url` is a service.
        url: where the content can be fetched.
        expires: when it can't any more, in seconds since the UNIX epoch; 0 for never.
        size: octets of the content; 0 when unknown.
        enc_alg: IANA number of the AEAD algorithm that it is encrypted with; 0 for none.
        key: of that algorithm.
        nonce: of that algorithm.
        aad: of that algorithm, empty unless an extension says otherwise.
        hash_alg: IANA Named Information number of the hash function of `content_hash`; 0 for none.
        content_hash: of the octets at the URL (AMB-189).
        description: a text for people.
        filename: a name to store the content under.
        disposition: what the part is meant for.
        language: empty, or language tags of RFC 5646 separated by commas.
    """

    content_type: str
    url: str
    expires: int = 0
    size: int = 0
    enc_alg: int = 0
    key: bytes = b""
    nonce: bytes = b""
    aad: bytes = b""
    hash_alg: int = 0
    content_hash: bytes = b""
    description: str = ""
    filename: str = ""
    disposition: Disposition = Disposition.render
    language: str = ""

    def __post_init__(self) -> None:
        _check_part(
            self,
            content_type=is_text(self.content_type),
            url=is_text(self.url),
            expires=is_unsigned(self.expires, 4),
            size=is_unsigned(self.size, 8),
            enc_alg=is_unsigned(self.enc_alg, 2),
            key=is_octets(self.key),
            nonce=is_octets(self.nonce),
            aad=is_octets(self.aad),
            hash_alg=is_unsigned(self.hash_alg, 1),
            content_hash=is_octets(self.content_hash),
            description=is_text(self.description),
            filename=is_text(self.filename),
        )
        if not self.enc_alg and (self.key or self.nonce or self.aad):
            raise ContentError(ContentRule.NOT_ENCRYPTED, self)


@dataclass(frozen=True, slots=True)
class MultiPart:
    """Two parts or more.

    Attributes:
        part_semantics: what a receiver does with them.
        parts: the parts, in the order of the sender's preference.
        disposition: what they are meant for together.
        language: empty, or language tags of RFC 5646 separated by commas.
    """

    part_semantics: PartSemantics
    parts: tuple["NestedPart", ...]
    disposition: Disposition = Disposition.render
    language: str = ""

    def __post_init__(self) -> None:
        _check_part(self, parts=_are_parts(self.parts))
        if not isinstance(self.part_semantics, PartSemantics):
            raise ContentError(ContentRule.PART_SEMANTICS, self.part_semantics, "partSemantics")
        if len(self.parts) < 2:
            raise ContentError(ContentRule.TWO_PARTS, self.parts, "parts")


NestedPart = NullPart | SinglePart | ExternalPart | MultiPart


def _are_parts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(part, NestedPart) for part in value)


def _check_part(part: NestedPart, **right: bool) -> None:
    """Check the fields that all parts have, and those of one kind: by name, whether they are of the right type."""
    if not isinstance(part.disposition, Disposition):
        raise ContentError(ContentRule.DISPOSITION, part.disposition, "disposition")
    if not is_text(part.language) or not is_language_list(part.language):
        raise ContentError(ContentRule.LANGUAGE, part.language, "language")
    for name, is_right in right.items():
        if not is_right:
            raise ContentError(ContentRule.PART_FIELDS, getattr(part, name), _draft_name(name))


def _draft_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


@dataclass(frozen=True, slots=True)
class AbsoluteExpiration:
    """The message is to be deleted at `time`, in seconds since the UNIX epoch."""

    time: int

    def __post_init__(self) -> None:
        _check_time(self.time)


@dataclass(frozen=True, slots=True)
class RelativeExpiration:
    """The message is to be deleted `time` seconds after it was read."""

    time: int

    def __post_init__(self) -> None:
        _check_time(self.time)


def _check_time(time: int) -> None:
    if not is_unsigned(time, 4):
        raise ContentError(ContentRule.EXPIRATION, time, "time")


Expiration = AbsoluteExpiration | RelativeExpiration


@dataclass(frozen=True, slots=True)
class MimiContent:
    """One message (section 4.1).

    Attributes:
        salt: 16 octets, cryptographically random.
        nested_part: what is said.
        replaces: the message that this one edits, deletes or takes back.
        topic_id: what the messages of a thread have in common; empty for none.
        expires: when the receiver should delete the message.
        in_reply_to: the message that this one answers or reacts to.
        mimi_extensions: what else the message says, by key; kept in the order of the encoding, lists as tuples.
    """

    salt: bytes
    nested_part: NestedPart
    replaces: MessageId | None = None
    topic_id: bytes = b""
    expires: Expiration | None = None
    in_reply_to: MessageId | None = None
    mimi_extensions: Extensions = field(default_factory=frozendict)

    def __post_init__(self) -> None:
        if not is_octets(self.salt) or len(self.salt) != SALT_OCTETS:
            raise ContentError(ContentRule.SALT, self.salt, "salt")
        for name, id_ in (("replaces", self.replaces), ("inReplyTo", self.in_reply_to)):
            if id_ is not None and not (is_octets(id_) and len(id_) == MESSAGE_ID_OCTETS):
                raise ContentError(ContentRule.MESSAGE_ID, id_, name)
        if not is_octets(self.topic_id):
            raise ContentError(ContentRule.TOPIC_ID, self.topic_id, "topicId")
        if len(self.topic_id) > LONGEST_TOPIC_ID:
            raise ContentError(ContentRule.TOPIC_ID_LENGTH, len(self.topic_id), "topicId")
        if self.expires is not None and not isinstance(self.expires, Expiration):
            raise ContentError(ContentRule.EXPIRATION, self.expires, "expires")
        object.__setattr__(self, "mimi_extensions", checked_extensions(self.mimi_extensions))
        _check_body(self.nested_part)

    @property
    def sender_uri(self) -> str | None:
        """The URI of the sender as the message gives it, if it does."""
        uri = self.mimi_extensions.get(SENDER_URI)
        return uri if isinstance(uri, str) else None

    @property
    def room_uri(self) -> str | None:
        """The URI of the room as the message gives it, if it does."""
        uri = self.mimi_extensions.get(ROOM_URI)
        return uri if isinstance(uri, str) else None


def _check_body(part: NestedPart) -> None:
    if not isinstance(part, NestedPart):
        raise ContentError(ContentRule.PART, part, "nestedPart")
    levels = list(_levels(part, 1))
    if max(levels) > DEEPEST:
        raise ContentError(ContentRule.PART_DEPTH, max(levels), "nestedPart")
    if len(levels) > MOST_PARTS:
        raise ContentError(ContentRule.PART_COUNT, len(levels), "nestedPart")


def _levels(part: NestedPart, level: int) -> Iterator[int]:
    """Yield the level of a part and of every part in it."""
    yield level
    if isinstance(part, MultiPart):
        for inner in part.parts:
            yield from _levels(inner, level + 1)
