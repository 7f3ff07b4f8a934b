"""Who changes which part of the metadata (POLICY 8.2, PROTO 7.6)."""

from collections.abc import Iterator
from typing import Final

from mimi_conformance.reference.room.authorization.question import Question, shown
from mimi_conformance.reference.room.changes import ChangeMetadata
from mimi_conformance.reference.room.decision import Allowed, Decision, Refused
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData, Uri, UTF8String
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType


class MetadataRule(RoomRule):
    """Who changes the metadata."""

    CAN_CHANGE_ROOM_NAME = ("POLICY-8.2-01", "canChangeRoomName allows changing the name of the room.", "AMB-139")
    CAN_CHANGE_ROOM_DESCRIPTION = (
        "POLICY-8.2-02",
        "canChangeRoomDescription allows changing the descriptions of the room.",
        "AMB-139",
    )
    CAN_CHANGE_ROOM_AVATAR = ("POLICY-8.2-03", "canChangeRoomAvatar allows changing the avatar of the room.", "AMB-139")
    CAN_CHANGE_ROOM_SUBJECT = ("POLICY-8.2-04", "canChangeRoomSubject allows changing the subject.", "AMB-139")
    CAN_CHANGE_ROOM_MOOD = ("POLICY-8.2-05", "canChangeRoomMood allows changing the mood of the room.", "AMB-139")
    ROOM_URI = ("PROTO-7.6-07", "No capability covers the URI of the room, which stays what it is.", "AMB-139")
    UPDATE = (
        "PROTO-7.6-07",
        "An update of the metadata takes the capability for each field that it changes.",
        "AMB-139",
    )


_BY_FIELD: Final = {
    "room_name": (CapabilityType.can_change_room_name, MetadataRule.CAN_CHANGE_ROOM_NAME),
    "room_descriptions": (CapabilityType.can_change_room_description, MetadataRule.CAN_CHANGE_ROOM_DESCRIPTION),
    "room_avatar": (CapabilityType.can_change_room_avatar, MetadataRule.CAN_CHANGE_ROOM_AVATAR),
    "room_subject": (CapabilityType.can_change_room_subject, MetadataRule.CAN_CHANGE_ROOM_SUBJECT),
    "room_mood": (CapabilityType.can_change_room_mood, MetadataRule.CAN_CHANGE_ROOM_MOOD),
}


def change_metadata(question: Question, change: ChangeMetadata) -> Decision:
    """Whether the metadata may be replaced: the actor needs the capability for each field that differs (AMB-139)."""
    old, new = question.view.metadata or _empty(question), change.metadata
    if new.room_uri != old.room_uri:
        return Refused(
            MetadataRule.ROOM_URI,
            f"The URI of the room would change from {shown(old.room_uri.uri)} to {shown(new.room_uri.uri)}.",
        )
    refusals = (question.lacks(capability, rule) for capability, rule in _needed(old, new))
    return next(filter(None, refusals), None) or Allowed(MetadataRule.UPDATE)


def _empty(question: Question) -> RoomMetaData:
    """What a room without metadata would have if it had any."""
    nothing = UTF8String(b"")
    return RoomMetaData(Uri(bytes(question.view.room_id)), nothing, (), Uri(b""), nothing, nothing)


def _needed(old: RoomMetaData, new: RoomMetaData) -> Iterator[tuple[CapabilityType, MetadataRule]]:
    return (needed for field, needed in _BY_FIELD.items() if getattr(old, field) != getattr(new, field))
