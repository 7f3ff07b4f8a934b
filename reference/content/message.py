"""The structures of a MIMI content message (mimi-content-08, section 4), named as the draft names them.

They hold what was said and check nothing: `codec` refuses what the draft forbids, on the way in and on the way out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NewType

from cbor2 import frozendict

from mimi_conformance.reference.content.deterministic import Value
from mimi_conformance.reference.wire.enumerations import Enumeration, Registry

MessageId = NewType("MessageId", bytes)
"""32 octets: the number of a hash function and the first 31 octets of its output; `message_id` makes them."""

SENDER_URI: Final = 1
"""The key of the extension that names the sender."""
ROOM_URI: Final = 2
"""The key of the extension that names the room."""

ExtensionKey = int | str
Extensions = Mapping[ExtensionKey, Value]


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


NestedPart = NullPart | SinglePart | ExternalPart | MultiPart


@dataclass(frozen=True, slots=True)
class AbsoluteExpiration:
    """The message is to be deleted at `time`, in seconds since the UNIX epoch."""

    time: int


@dataclass(frozen=True, slots=True)
class RelativeExpiration:
    """The message is to be deleted `time` seconds after it was read."""

    time: int


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
        mimi_extensions: what else the message says, by key.
    """

    salt: bytes
    nested_part: NestedPart
    replaces: MessageId | None = None
    topic_id: bytes = b""
    expires: Expiration | None = None
    in_reply_to: MessageId | None = None
    mimi_extensions: Extensions = field(default_factory=frozendict)

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
