"""Messages from bytes and back (mimi-content-08, sections 4 and 6).

Any bytes give a message that encodes to the same bytes, or one `ContentError`. What the draft says to tolerate is kept
as it came: unknown dispositions, content types, languages and extensions. What section 9.1 calls malicious and can be
seen in the message alone is refused here, too; what takes a clock or a group to see is for the timeline.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from functools import partial
from operator import attrgetter
from typing import Any, Final, TypeGuard

from cbor2 import CBORTag

from mimi_conformance.reference.content import deterministic
from mimi_conformance.reference.content.deterministic import Value
from mimi_conformance.reference.content.language import is_language_list
from mimi_conformance.reference.content.message import (
    ROOM_URI,
    SENDER_URI,
    AbsoluteExpiration,
    Cardinality,
    Disposition,
    Expiration,
    Extensions,
    ExternalPart,
    MessageId,
    MimiContent,
    MultiPart,
    NestedPart,
    NullPart,
    PartSemantics,
    RelativeExpiration,
    SinglePart,
)
from mimi_conformance.reference.content.rules import ContentError, ContentRule

MEDIA_TYPE: Final = "application/mimi-content"  # section 8.1

SALT_OCTETS: Final = 16
MESSAGE_ID_OCTETS: Final = 32
LONGEST_TOPIC_ID: Final = 4096
"""Octets of the longest topic id that is not taken for an attack (section 9.1)."""
LONGEST_KEY: Final = 255
"""Octets of the longest extension key that is text (section 6.2)."""
DEEPEST: Final = 4
"""Levels of parts, and of extensions (section 6.3). The outermost part is level 1 (AMB-183); so is the map itself."""
MOST_PARTS: Final = 1024
"""Parts of a message that is not taken for an attack (section 9.1), of whatever kind."""


def decode_content(data: bytes, *, largest: int | None = None) -> MimiContent:
    """Return the message that some bytes encode.

    `largest` is the most octets that local policy allows a message to have.

    Raises:
        ContentError: they break an `EncodingRule` or a `ContentRule`.
    """
    if largest is not None and len(data) > largest:
        raise ContentError(ContentRule.SIZE, len(data))
    return _content(deterministic.decode(data))


def encode_content(content: MimiContent) -> bytes:
    """Return the bytes of a message.

    Raises:
        ContentError: the message breaks a rule, so that receivers would refuse it.
    """
    values = _content_values(content)
    _content(values)
    return deterministic.encode(values)


def _content(values: Value) -> MimiContent:
    """Read the outermost array; also how a message is checked before it is sent."""
    if not isinstance(values, tuple) or len(values) != 7:
        raise ContentError(ContentRule.ARRAY, values)
    salt, replaces, topic_id, expires, in_reply_to, extensions, nested_part = values
    if type(salt) is not bytes or len(salt) != SALT_OCTETS:
        raise ContentError(ContentRule.SALT, salt, "salt")
    if type(topic_id) is not bytes:
        raise ContentError(ContentRule.TOPIC_ID, topic_id, "topicId")
    if len(topic_id) > LONGEST_TOPIC_ID:
        raise ContentError(ContentRule.TOPIC_ID_LENGTH, len(topic_id), "topicId")
    return MimiContent(
        salt=salt,
        replaces=_message_id(replaces, "replaces"),
        topic_id=topic_id,
        expires=_expiration(expires),
        in_reply_to=_message_id(in_reply_to, "inReplyTo"),
        mimi_extensions=_extensions(extensions),
        nested_part=_outermost_part(nested_part),
    )


def _message_id(value: Value, place: str) -> MessageId | None:
    if value is None:
        return None
    if type(value) is not bytes or len(value) != MESSAGE_ID_OCTETS:
        raise ContentError(ContentRule.MESSAGE_ID, value, place)
    return MessageId(value)


def _expiration(value: Value) -> Expiration | None:
    match value:
        case None:
            return None
        case (bool() as relative, int() as time) if _is_unsigned(time, 4):
            return RelativeExpiration(time) if relative else AbsoluteExpiration(time)
    raise ContentError(ContentRule.EXPIRATION, value, "expires")


def _extensions(value: Value) -> Extensions:
    if not isinstance(value, Mapping):
        raise ContentError(ContentRule.EXTENSIONS, value, "mimiExtensions")
    for key, each in value.items():
        if type(key) is not int and not (type(key) is str and len(key.encode("utf-8", "surrogatepass")) <= LONGEST_KEY):
            raise ContentError(ContentRule.EXTENSION_KEY, key, "mimiExtensions")
        if key in (SENDER_URI, ROOM_URI) and type(each) is not str:
            raise ContentError(ContentRule.EXTENSION_URI, each, f"mimiExtensions[{key}]")
        if _nests_below(each, 2):
            raise ContentError(ContentRule.EXTENSION_DEPTH, each, f"mimiExtensions[{key!r}]")
    return value


def _nests_below(value: Value, level: int) -> bool:
    """Whether a value that is found at a level of the extensions holds containers below the deepest level."""
    inner: Iterable[Value] = ()
    match value:
        case Mapping():
            inner = value.values()
        case tuple() | list():
            inner = value
        case CBORTag():
            inner = (value.value,)
        case int() if -(2**64) <= value < 2**64:
            return False
        case int():  # a bignum is a tag
            return level > DEEPEST
        case _:
            return False
    return level > DEEPEST or any(_nests_below(each, level + 1) for each in inner)


def _outermost_part(value: Value) -> NestedPart:
    part = _part(value, 1, "nestedPart")
    if isinstance(part, MultiPart) and (count := _count(part)) > MOST_PARTS:
        raise ContentError(ContentRule.PART_COUNT, count, "nestedPart")
    return part


def _count(part: NestedPart) -> int:
    return 1 + (sum(map(_count, part.parts)) if isinstance(part, MultiPart) else 0)


def _is_text(value: Value) -> bool:
    return type(value) is str


def _is_octets(value: Value) -> bool:
    return type(value) is bytes


def _is_unsigned(value: Value, octets: int) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < 256**octets


_Fields = tuple[tuple[str, Callable[[Value], bool]], ...]

_SINGLE_PART: Final[_Fields] = (("contentType", _is_text), ("content", _is_octets))
_EXTERNAL_PART: Final[_Fields] = (
    ("contentType", _is_text),
    ("url", _is_text),
    ("expires", partial(_is_unsigned, octets=4)),
    ("size", partial(_is_unsigned, octets=8)),
    ("encAlg", partial(_is_unsigned, octets=2)),
    ("key", _is_octets),
    ("nonce", _is_octets),
    ("aad", _is_octets),
    ("hashAlg", partial(_is_unsigned, octets=1)),
    ("contentHash", _is_octets),
    ("description", _is_text),
    ("filename", _is_text),
)
_MULTI_PART: Final[_Fields] = (
    ("partSemantics", lambda value: type(value) is int),
    ("parts", lambda value: isinstance(value, tuple)),
)


def _checked(values: tuple[Value, ...], expected: _Fields, place: str) -> Any:
    """Return the values after the first three of a part, which are those of some fields."""
    if len(values) != 3 + len(expected):
        raise ContentError(ContentRule.PART_FIELDS, values, place)
    found = values[3:]
    for value, (name, holds) in zip(found, expected, strict=True):
        if not holds(value):
            raise ContentError(ContentRule.PART_FIELDS, value, f"{place}.{name}")
    return found


def _part(values: Value, level: int, place: str) -> NestedPart:
    """Read a part that is at a level of nesting, and all that is in it."""
    if level > DEEPEST:
        raise ContentError(ContentRule.PART_DEPTH, values, place)
    if not isinstance(values, tuple) or len(values) < 3 or type(values[2]) is not int:
        raise ContentError(ContentRule.PART, values, place)
    disposition, language, cardinality = values[:3]
    if not _is_unsigned(disposition, 1):
        raise ContentError(ContentRule.DISPOSITION, disposition, f"{place}.disposition")
    if type(language) is not str or not is_language_list(language):
        raise ContentError(ContentRule.LANGUAGE, language, f"{place}.language")
    meant: Any = (Disposition(disposition), language)
    match cardinality:
        case Cardinality.nullpart:
            _checked(values, (), place)
            return NullPart(*meant)
        case Cardinality.single:
            return SinglePart(*_checked(values, _SINGLE_PART, place), *meant)
        case Cardinality.external:
            return _encryption_checked(ExternalPart(*_checked(values, _EXTERNAL_PART, place), *meant), place)
        case Cardinality.multi:
            semantics, parts = _checked(values, _MULTI_PART, place)
            return MultiPart(*_multi_part(semantics, parts, level, place), *meant)
    raise ContentError(ContentRule.PART, values, place)


def _encryption_checked(part: ExternalPart, place: str) -> ExternalPart:
    if not part.enc_alg and (part.key or part.nonce or part.aad):
        raise ContentError(ContentRule.NOT_ENCRYPTED, part, place)
    return part


def _multi_part(
    semantics: int, parts: tuple[Value, ...], level: int, place: str
) -> tuple[PartSemantics, tuple[NestedPart, ...]]:
    if not 0 <= semantics < len(PartSemantics):
        raise ContentError(ContentRule.PART_SEMANTICS, semantics, f"{place}.partSemantics")
    if len(parts) < 2:
        raise ContentError(ContentRule.TWO_PARTS, parts, f"{place}.parts")
    inner = tuple(_part(each, level + 1, f"{place}.parts[{index}]") for index, each in enumerate(parts))
    return PartSemantics(semantics), inner


_external_fields: Final = attrgetter(*[each.name for each in fields(ExternalPart)][: len(_EXTERNAL_PART)])


def _content_values(content: MimiContent) -> tuple[Value, ...]:
    expires = content.expires
    return (
        content.salt,
        content.replaces,
        content.topic_id,
        None if expires is None else (isinstance(expires, RelativeExpiration), expires.time),
        content.in_reply_to,
        content.mimi_extensions,
        _part_values(content.nested_part),
    )


def _part_values(part: NestedPart) -> tuple[Value, ...]:
    meant = (int(part.disposition), part.language)
    match part:
        case NullPart():
            return *meant, 0
        case SinglePart():
            return *meant, 1, part.content_type, part.content
        case ExternalPart():
            return *meant, 2, *_external_fields(part)
        case MultiPart():
            return *meant, 3, int(part.part_semantics), tuple(map(_part_values, part.parts))
