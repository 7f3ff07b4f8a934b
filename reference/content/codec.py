"""Messages from bytes and back (mimi-content-08, sections 4 and 6).

Any bytes give a message that encodes to the same bytes, or one `ContentError`. What section 9.1 calls malicious and can
be seen in the message alone is refused here; what takes a clock or a group to see is for the timeline.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

from cbor2 import dumps

from mimi_conformance.reference.content import deterministic
from mimi_conformance.reference.content.deterministic import Value, is_unsigned
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI
from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    Cardinality,
    Disposition,
    Expiration,
    ExternalPart,
    MimiContent,
    MultiPart,
    NestedPart,
    NullPart,
    PartSemantics,
    RelativeExpiration,
    SinglePart,
)
from mimi_conformance.reference.content.ordinary import ordinary_content
from mimi_conformance.reference.content.rules import ContentError, ContentRule

_PLAIN_EXTENSIONS: Final = frozenset({SENDER_URI, ROOM_URI})
"""Extensions that cbor2 encodes deterministically by itself: texts, in the order that they are kept in."""

_KINDS: Final[Mapping[int, tuple[type[NestedPart], int]]] = {
    Cardinality.nullpart: (NullPart, 0),
    Cardinality.single: (SinglePart, 2),
    Cardinality.external: (ExternalPart, 12),
    Cardinality.multi: (MultiPart, 2),
}
"""What a part of a cardinality is, and how many fields it has besides disposition, language and cardinality."""

_EXTERNAL_FIELDS: Final = attrgetter(*[each.name for each in fields(ExternalPart)][: _KINDS[Cardinality.external][1]])


def decode_content(data: bytes, *, largest: int | None = None) -> MimiContent:
    """Return the message that some bytes encode.

    `largest` is the most octets that local policy allows a message to have.

    Raises:
        ContentError: they break an `EncodingRule` or a `ContentRule`.
    """
    if largest is not None and len(data) > largest:
        raise ContentError(ContentRule.SIZE, len(data))
    return ordinary_content(data) or _content(deterministic.decode(data))


def encode_content(content: MimiContent) -> bytes:
    """Return the bytes of a message."""
    expires = content.expires
    extensions = content.mimi_extensions
    values = [
        content.salt,
        content.replaces,
        content.topic_id,
        None if expires is None else [isinstance(expires, RelativeExpiration), expires.time],
        content.in_reply_to,
        dict(extensions),
        _part_values(content.nested_part),
    ]
    return dumps(values) if extensions.keys() <= _PLAIN_EXTENSIONS else deterministic.encode(values)


def _content(values: Any) -> MimiContent:
    if not isinstance(values, tuple) or len(values) != 7:
        raise ContentError(ContentRule.ARRAY, values)
    salt, replaces, topic_id, expires, in_reply_to, extensions, nested_part = values
    part = _part(nested_part, "nestedPart")
    return MimiContent(salt, part, replaces, topic_id, _expiration(expires), in_reply_to, extensions)


def _expiration(value: Any) -> Expiration | None:
    match value:
        case None:
            return None
        case (bool() as relative, time):
            expiration: Expiration = _placed("expires", RelativeExpiration if relative else AbsoluteExpiration, time)
            return expiration
    raise ContentError(ContentRule.EXPIRATION, value, "expires")


def _part(values: Any, place: str) -> NestedPart:
    if not isinstance(values, tuple) or len(values) < 3 or type(values[2]) is not int or values[2] not in _KINDS:
        raise ContentError(ContentRule.PART, values, place)
    disposition, language, cardinality, *own = values
    kind, count = _KINDS[cardinality]
    if len(own) != count:
        raise ContentError(ContentRule.PART_FIELDS, values, place)
    if kind is MultiPart:
        own = [_semantics(own[0]), _parts(own[1], f"{place}.parts")]
    meant = Disposition(disposition) if is_unsigned(disposition, 1) else disposition
    part: NestedPart = _placed(place, kind, *own, meant, language)
    return part


def _semantics(value: Any) -> Any:
    return PartSemantics(value) if type(value) is int and 0 <= value < len(PartSemantics) else value


def _parts(values: Any, place: str) -> Any:
    if not isinstance(values, tuple):
        return values
    return tuple(_part(each, f"{place}[{index}]") for index, each in enumerate(values))


def _placed(place: str, make: Callable[..., Any], *own: Any) -> Any:
    """Make something of fields whose types it checks itself; its errors get the place that it is at."""
    try:
        return make(*own)
    except ContentError as error:
        raise ContentError(error.rule, error.value, f"{place}.{error.place}".removesuffix(".")) from None


def _part_values(part: NestedPart) -> list[Value]:
    values: list[Value] = [int(part.disposition), part.language]
    match part:
        case NullPart():
            values.append(0)
        case SinglePart():
            values += (1, part.content_type, part.content)
        case ExternalPart():
            values += (2, *_EXTERNAL_FIELDS(part))
        case MultiPart():
            values += (3, int(part.part_semantics), list(map(_part_values, part.parts)))
    return values
