"""A message that has arrived, and whether it is one to look at (mimi-content-08, sections 4.6 and 9.1)."""

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Final

from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    Disposition,
    MessageId,
    MimiContent,
    NullPart,
    RelativeExpiration,
)
from mimi_conformance.reference.content.message_id import check_hash_known
from mimi_conformance.reference.content.timeline.rules import HandlingRule, TimelineError
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType

WITHOUT_ROLES: Final = frozenset(
    {
        CapabilityType.can_reply_to_message,
        CapabilityType.can_react_to_message,
        CapabilityType.can_edit_reaction,
        CapabilityType.can_delete_own_reaction,
        CapabilityType.can_edit_own_message,
        CapabilityType.can_delete_own_message,
        CapabilityType.can_start_topic,
        CapabilityType.can_reply_in_topic,
    }
)
"""What everybody may do with messages where no role says otherwise (mimi-content-08, section 9.3)."""

FUTURE_TOLERANCE: Final = 5 * 60 * 1000
"""How far a clock may be behind the hub's, in milliseconds: the draft says a few minutes."""

FIRST_FORMAT: Final = 1_644_364_800_000
"""9 February 2022, in milliseconds: the draft does not say when its format began, but its oldest example is of then."""

YEAR: Final = 366 * 24 * 3600
"""In seconds."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message, and what its receiver knows of it besides.

    Attributes:
        message_id: its id, which the receiver has computed.
        content: what was sent.
        sender: the URI of the user in the credential of the sender's LeafNode.
        accepted_timestamp: when the hub accepted it, in milliseconds of the Unix epoch.
        capabilities: what the sender's role allowed when the message was sent.
    """

    message_id: MessageId
    content: MimiContent
    sender: str
    accepted_timestamp: int
    capabilities: frozenset[CapabilityType] = WITHOUT_ROLES

    @property
    def place(self) -> tuple[int, MessageId]:
        """Where the message stands among others: by time, then by the lexically lowest id (sections 4.2 and 5.11)."""
        return self.accepted_timestamp, self.message_id

    @property
    def is_reaction(self) -> bool:
        """Whether it is a reaction to another message (section 5.3); one to nothing is a message like any other."""
        content = self.content
        return content.in_reply_to is not None and content.nested_part.disposition is Disposition.reaction

    @property
    def is_deletion(self) -> bool:
        """Whether it deletes a message, or takes back a reaction (sections 5.6 and 5.7)."""
        return self.content.replaces is not None and isinstance(self.content.nested_part, NullPart)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a receiver knows when a message arrives.

    Attributes:
        now: milliseconds of the Unix epoch.
        room_uri: the room that the message was sent to.
        members: the URIs of the users who had a client in the MLS group in the message's epoch.
        room_created: when the room was created, in milliseconds of the Unix epoch; None if that is not known.
    """

    now: int
    room_uri: str
    members: Container[str] = field(repr=False)
    room_created: int | None = None


def check_arrival(arrival: Arrival, circumstances: Circumstances, seen: Container[MessageId]) -> None:
    """Check that a message is not nonsense (mimi-content-08, section 9.1).

    Args:
        arrival: the message.
        circumstances: what the receiver knows.
        seen: the ids of the messages before it.

    Raises:
        TimelineError: a `HandlingRule` is broken.
        ContentError: an id in it was made with an unknown hash function.
    """
    content = arrival.content
    if arrival.sender not in circumstances.members:
        raise TimelineError(HandlingRule.MEMBER, arrival.sender)
    if content.sender_uri not in (None, arrival.sender):
        raise TimelineError(HandlingRule.SENDER_URI, content.sender_uri)
    if content.room_uri not in (None, circumstances.room_uri):
        raise TimelineError(HandlingRule.ROOM_URI, content.room_uri)
    for place, id_ in (("", arrival.message_id), ("replaces", content.replaces), ("inReplyTo", content.in_reply_to)):
        if id_ is not None:
            check_hash_known(id_, place)
    if arrival.message_id in seen:
        raise TimelineError(HandlingRule.NEW_ID, arrival.message_id)
    _check_time(arrival.accepted_timestamp, circumstances)
    _check_expiry(content, circumstances.now // 1000)


def _check_time(accepted_timestamp: int, circumstances: Circumstances) -> None:
    if accepted_timestamp > circumstances.now + FUTURE_TOLERANCE:
        raise TimelineError(HandlingRule.NOT_IN_FUTURE, accepted_timestamp)
    if accepted_timestamp < FIRST_FORMAT:
        raise TimelineError(HandlingRule.AFTER_FORMAT, accepted_timestamp)
    if circumstances.room_created is not None and accepted_timestamp < circumstances.room_created:
        raise TimelineError(HandlingRule.AFTER_ROOM, accepted_timestamp)


def _check_expiry(content: MimiContent, now: int) -> None:
    match content.expires:
        case AbsoluteExpiration(time) if time < now - YEAR:
            raise TimelineError(HandlingRule.EXPIRY_NOT_PAST, time)
        case AbsoluteExpiration(time) if time > now + YEAR:
            raise TimelineError(HandlingRule.EXPIRY_NOT_FAR, time)
        case RelativeExpiration(time) if time > YEAR:
            raise TimelineError(HandlingRule.EXPIRY_NOT_FAR, time)
