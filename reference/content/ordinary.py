"""Ordinary messages, read quickly.

Naming what is wrong with a message, and where, costs ten times as much as reading it with cbor2. Most messages have
nothing wrong with them and no rare features, and take the way through this module; whatever is not read here is read
by `codec`, so nothing would change but the speed if this module went away. What makes it fast: the heads of CBOR items
are compared, not interpreted, and what has been compared is not checked again.
"""

import re
from dataclasses import fields, make_dataclass
from typing import Any, Final

from cbor2 import frozendict

from mimi_conformance.reference.content.attachment import AES_128_GCM, SHA_256
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI
from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    Disposition,
    ExternalPart,
    MimiContent,
    MultiPart,
    NestedPart,
    NullPart,
    PartSemantics,
    SinglePart,
)


def _fillable(kind: type) -> Any:
    """Return a class with the fields of a frozen dataclass and no checks; what it makes becomes one of that class."""
    return make_dataclass(kind.__name__, [each.name for each in fields(kind)], slots=True)


_MimiContent: Final = _fillable(MimiContent)
_NullPart: Final = _fillable(NullPart)
_SinglePart: Final = _fillable(SinglePart)
_ExternalPart: Final = _fillable(ExternalPart)
_MultiPart: Final = _fillable(MultiPart)

_DISPOSITIONS: Final = tuple(Disposition)
_SEMANTICS: Final = tuple(PartSemantics)

_NULL_OR_ID: Final = rb"(?:\xf6|\x58\x20(.{32}))"
_BEGINNING: Final = re.compile(
    rb"\x87\x50(.{16})"
    + _NULL_OR_ID  # replaces
    + rb"(?:\x40|\x58\x20(.{32}))"  # topicId: none, or a message id
    + rb"(?:\xf6|\x82\xf4\x1a([\x01-\xff].{3}))"  # expires: never, or at a time after July 1970
    + _NULL_OR_ID  # inReplyTo
    + rb"\xa2\x01",  # mimiExtensions: senderUri, and one more
    re.DOTALL,
)
_MEANT: Final = rb"([\x00-\x08])(?:\x60|\x62([A-Za-z]{2}))"  # disposition, and a language of two letters or none
_NULL_PART: Final = re.compile(rb"\x83" + _MEANT + rb"\x00")
_SINGLE_PART: Final = re.compile(rb"\x85" + _MEANT + rb"\x01")
_EXTERNAL_PART: Final = re.compile(rb"\x8f" + _MEANT + rb"\x02")
_MULTI_PART: Final = re.compile(rb"\x85" + _MEANT + rb"\x03([\x00-\x02])([\x82-\x97])")  # with 2 to 23 parts
_ENCRYPTION: Final = re.compile(
    rb"(?:\x00|\x1a([\x01-\xff].{3}))"  # expires: never, or at a time after July 1970
    rb"([\x00-\x17]|\x18[\x18-\xff]|\x19[\x01-\xff].|\x1a(?:[\x01-\xff].|.[\x01-\xff])..)"  # size
    rb"\x01\x50(.{16})\x4c(.{12})\x40"  # encAlg 1, key, nonce, no aad
    rb"\x01\x58\x20(.{32})",  # hashAlg 1, contentHash
    re.DOTALL,
)


class _NotOrdinary(Exception):  # noqa: N818 - not an error
    """The message is to be read by `codec`."""


def ordinary_content(data: bytes) -> MimiContent | None:
    """Return the message that some bytes encode, if it is an ordinary one, otherwise None."""
    beginning = _BEGINNING.match(data)
    if beginning is None:
        return None
    salt, replaces, topic_id, expires, in_reply_to = beginning.groups()
    try:
        sender_uri, at = _text(data, beginning.end())
        if data[at] != ROOM_URI:
            return None
        room_uri, at = _text(data, at + 1)
        part, at = _part(data, at, outermost=True)
    except (_NotOrdinary, IndexError, UnicodeDecodeError):
        return None
    if at != len(data):
        return None
    content: MimiContent = _MimiContent(
        salt,
        part,
        replaces,
        topic_id or b"",
        expires and AbsoluteExpiration(int.from_bytes(expires)),
        in_reply_to,
        frozendict({SENDER_URI: sender_uri, ROOM_URI: room_uri}),
    )
    content.__class__ = MimiContent
    return content


def _part(data: bytes, at: int, *, outermost: bool = False) -> tuple[NestedPart, int]:
    """Read the part that begins at a byte; return it and where it ends, as the functions below do."""
    if head := _SINGLE_PART.match(data, at):
        disposition, language = head.groups()
        content_type, at = _text(data, head.end())
        content, at = _octets(data, at)
        spoken = language.decode() if language else ""
        part = _SinglePart(content_type, content, _DISPOSITIONS[disposition[0]], spoken)
        part.__class__ = SinglePart
        return part, at
    if outermost and (head := _MULTI_PART.match(data, at)):
        return _multi(data, head)
    if head := _NULL_PART.match(data, at):
        part = _NullPart(*_meant(*head.groups()))
        part.__class__ = NullPart
        return part, head.end()
    if head := _EXTERNAL_PART.match(data, at):
        return _external(data, head.end(), _meant(*head.groups()))
    raise _NotOrdinary


def _meant(disposition: bytes, language: bytes | None) -> tuple[Disposition, str]:
    return _DISPOSITIONS[disposition[0]], language.decode() if language else ""


def _multi(data: bytes, head: re.Match[bytes]) -> tuple[NestedPart, int]:
    disposition, language, semantics, count = head.groups()
    at = head.end()
    parts = []
    for _ in range(count[0] - 0x80):
        inner, at = _part(data, at)
        parts.append(inner)
    part = _MultiPart(_SEMANTICS[semantics[0]], tuple(parts), *_meant(disposition, language))
    part.__class__ = MultiPart
    return part, at


def _external(data: bytes, at: int, meant: tuple[Disposition, str]) -> tuple[NestedPart, int]:
    content_type, at = _text(data, at)
    url, at = _text(data, at)
    encryption = _ENCRYPTION.match(data, at)
    if encryption is None:
        raise _NotOrdinary
    expires, size, key, nonce, content_hash = encryption.groups()
    description, at = _text(data, encryption.end())
    filename, at = _text(data, at)
    part = _ExternalPart(
        content_type,
        url,
        0 if expires is None else int.from_bytes(expires),
        int.from_bytes(size[1:] or size),
        AES_128_GCM,
        key,
        nonce,
        b"",
        SHA_256,
        content_hash,
        description,
        filename,
        *meant,
    )
    part.__class__ = ExternalPart
    return part, at


def _text(data: bytes, at: int) -> tuple[str, int]:
    length = data[at] - 0x60
    at += 1
    if length == 24 and data[at] >= 24:
        length = data[at]
        at += 1
    elif not 0 <= length < 24:
        length, at = _long(data, at, length)
    end = at + length
    return data[at:end].decode(), end


def _octets(data: bytes, at: int) -> tuple[bytes, int]:
    length = data[at] - 0x40
    at += 1
    if length == 24 and data[at] >= 24:
        length = data[at]
        at += 1
    elif not 0 <= length < 24:
        length, at = _long(data, at, length)
    end = at + length
    return data[at:end], end


def _long(data: bytes, at: int, information: int) -> tuple[int, int]:
    """Read a length of two octets, from 256 to 65,535; `information` is what the head before it says."""
    length = int.from_bytes(data[at : at + 2])
    if information != 25 or length < 256:
        raise _NotOrdinary
    return length, at + 2
