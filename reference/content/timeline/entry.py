"""What is shown as one message or one reaction, and who may change it (mimi-content-08, section 9.3)."""

from dataclasses import dataclass, replace
from typing import Final

from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI, Extensions
from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    MessageId,
    MimiContent,
    NestedPart,
    RelativeExpiration,
    SinglePart,
)
from mimi_conformance.reference.content.timeline.arrival import Arrival
from mimi_conformance.reference.content.timeline.rules import ConversationRule, TimelineError
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType

_DELETE: Final = {
    (True, True): CapabilityType.can_delete_own_reaction,
    (True, False): CapabilityType.can_delete_own_message,
    (False, True): CapabilityType.can_delete_other_reaction,
    (False, False): CapabilityType.can_delete_other_message,
}
"""What it takes to delete something, by whether it is one's own and whether it is a reaction."""

_EDIT: Final = {True: CapabilityType.can_edit_reaction, False: CapabilityType.can_edit_own_message}
"""What it takes to change what one has said, by whether it is a reaction. Nobody changes what others say."""

_EDIT_TOPIC: Final = {True: CapabilityType.can_edit_own_topic, False: CapabilityType.can_edit_other_topic}
"""What it takes to change the topic of something, by whether it is one's own."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message or a reaction, with all that has become of it.

    Attributes:
        message_id: the id of its first version, by which later versions call it.
        versions: what has arrived of it, oldest first: the first one, if it has, and those that replaced it.
        nested_part: what it says now.
        topic_id: the thread that it is in now; empty for none.
        deletion: the message that deleted it.
    """

    message_id: MessageId
    versions: tuple[Arrival, ...]
    nested_part: NestedPart
    topic_id: bytes
    deletion: Arrival | None = None

    @classmethod
    def of(cls, arrival: Arrival) -> "Entry":
        """What a message is before others change it. A version whose predecessors have not arrived stands for them."""
        content = arrival.content
        return cls(content.replaces or arrival.message_id, (arrival,), content.nested_part, content.topic_id)

    @property
    def first(self) -> Arrival:
        """The oldest version that has arrived: its sender, its time, and what versions can't change are the entry's."""
        return self.versions[0]

    @property
    def newest(self) -> MessageId:
        """The version that a reply written now should name (section 4.1)."""
        return self.versions[-1].message_id

    @property
    def edited(self) -> bool:
        """Whether its sender has changed what was said first; a client shows that (section 9.3)."""
        return any(each.sender == self.first.sender and each.message_id != self.message_id for each in self.versions)

    def expired(self, now: int, read_at: int | None) -> bool:
        """Whether its time is over (section 5.8).

        Args:
            now: milliseconds of the Unix epoch.
            read_at: when the user read it, in the same way; None before.
        """
        match self.first.content.expires:
            case AbsoluteExpiration(time):
                return now >= 1000 * time
            case RelativeExpiration(time):
                return read_at is not None and now >= read_at + 1000 * time
        return False

    def emptied(self) -> tuple[Arrival, ...]:
        """Its versions without what they say. Where two said the same they still do, for that decides what they did."""
        bodies = [each.content.nested_part for each in self.versions]
        return tuple(
            replace(
                each,
                content=replace(
                    each.content,
                    nested_part=SinglePart("", b"%d" % bodies.index(body), body.disposition),
                    mimi_extensions={},
                ),
            )
            for each, body in zip(self.versions, bodies, strict=True)
        )


def require(arrival: Arrival, capability: CapabilityType) -> None:
    """Check that the sender of a message had a capability.

    Raises:
        TimelineError: it had not.
    """
    if capability not in arrival.capabilities:
        raise TimelineError(ConversationRule.CAPABILITY, capability)


def can_only_edit_own(arrival: Arrival) -> bool:
    """Whether the sender of a version may have one of its own messages changed, and nobody else's in any way."""
    allowed = arrival.capabilities
    return _EDIT[arrival.is_reaction] in allowed and CapabilityType.can_edit_other_topic not in allowed


def revised(entry: Entry, arrival: Arrival) -> Entry:
    """An entry after a message that edits or deletes it, or changes its topic.

    Raises:
        TimelineError: it is too late, or the sender may not.
    """
    if entry.deletion is not None:
        raise TimelineError(ConversationRule.NOT_DELETED, entry.message_id)
    if arrival.is_deletion:
        require(arrival, _DELETE[arrival.sender == entry.first.sender, entry.first.is_reaction])
        return replace(entry, deletion=arrival)
    _check_rest(entry.first, arrival)
    return replace(
        entry,
        versions=(*entry.versions, arrival),
        nested_part=_new_body(entry, arrival),
        topic_id=_new_topic(entry, arrival),
    )


def _check_rest(first: Arrival, arrival: Arrival) -> None:
    """Check that a version says the same as the first one, but for its body and its topic."""
    if arrival.is_reaction != first.is_reaction:
        raise TimelineError(ConversationRule.SAME_KIND, arrival.content.nested_part.disposition)
    for name, old, new in (
        ("inReplyTo", first.content.in_reply_to, arrival.content.in_reply_to),
        ("expires", first.content.expires, arrival.content.expires),
        ("mimiExtensions", _other_extensions(first.content), _other_extensions(arrival.content)),
    ):
        if old != new:
            raise TimelineError(ConversationRule.ONLY_BODY, new, name)


def _other_extensions(content: MimiContent) -> Extensions:
    return {key: value for key, value in content.mimi_extensions.items() if key not in (SENDER_URI, ROOM_URI)}


def _new_body(entry: Entry, arrival: Arrival) -> NestedPart:
    """What the entry says after a version. Somebody else's version repeats what any version before it said."""
    said = arrival.content.nested_part
    if arrival.sender != entry.first.sender:
        retold = said in (each.content.nested_part for each in entry.versions)
        if not retold or arrival.content.topic_id == entry.topic_id:
            raise TimelineError(ConversationRule.ORIGINAL_SENDER, arrival.sender)
        return entry.nested_part
    if said != entry.nested_part or arrival.content.topic_id == entry.topic_id:
        require(arrival, _EDIT[entry.first.is_reaction])
    return said


def _new_topic(entry: Entry, arrival: Arrival) -> bytes:
    """The topic after a version. A topic that the entry had before is not a change where nobody may change it."""
    topic_id = arrival.content.topic_id
    if topic_id == entry.topic_id:
        return topic_id
    own = arrival.sender == entry.first.sender
    known = topic_id in (each.content.topic_id for each in entry.versions)
    if own and known and _EDIT_TOPIC[own] not in arrival.capabilities:
        return entry.topic_id
    require(arrival, _EDIT_TOPIC[own])
    return topic_id
