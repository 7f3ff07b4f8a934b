"""The `room_metadata` component (mimi-protocol-06, section 7.6)."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class Uri(Struct):
    """A URI (mimi-protocol-06, section 7.6)."""

    uri: opaque


@dataclass(frozen=True, slots=True)
class UTF8String(Struct):
    """UTF-8 without NUL; kept as bytes, for a reader to judge (mimi-protocol-06, section 7.6)."""

    string: opaque


@dataclass(frozen=True, slots=True)
class RichDescription(Struct):
    """A description; without `media_type` it is text/plain;charset=utf-8 (mimi-protocol-06, section 7.6)."""

    media_type: opaque
    language_tag: opaque
    description_content: opaque


@dataclass(frozen=True, slots=True)
class RoomMetaData(Struct):
    """What people see of a room (mimi-protocol-06, section 7.6)."""

    room_uri: Uri
    room_name: UTF8String
    room_descriptions: tuple[RichDescription, ...]
    room_avatar: Uri
    room_subject: UTF8String
    room_mood: UTF8String


RoomMetaUpdate = RoomMetaData
