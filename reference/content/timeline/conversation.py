"""What messages add up to when they are taken in their order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import reduce
from heapq import heappop, heappush
from types import MappingProxyType

from mimi_conformance.reference.content.message import MessageId, NullPart
from mimi_conformance.reference.content.timeline.arrival import Arrival
from mimi_conformance.reference.content.timeline.entry import Entry, can_only_edit_own, require, revised
from mimi_conformance.reference.content.timeline.rules import ConversationRule, TimelineError
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType


@dataclass(frozen=True, slots=True)
class Conversation:
    """The entries of a room.

    Attributes:
        entries: messages and reactions, by the id of their first version.
        first_versions: the id of the first version, by the id of any version or deletion.
        reactions: the reactions to a version of a message, by its id, in their order.
        waiting: versions and deletions of messages that have not arrived, by the id that they replace.
        discarded: why each message counts for nothing that does not.
    """

    entries: Mapping[MessageId, Entry] = field(default_factory=lambda: MappingProxyType({}))
    first_versions: Mapping[MessageId, MessageId] = field(default_factory=lambda: MappingProxyType({}))
    reactions: Mapping[MessageId, tuple[MessageId, ...]] = field(default_factory=lambda: MappingProxyType({}))
    waiting: Mapping[MessageId, tuple[Arrival, ...]] = field(default_factory=lambda: MappingProxyType({}))
    discarded: Mapping[MessageId, TimelineError] = field(default_factory=lambda: MappingProxyType({}))

    def after(self, *arrivals: Arrival) -> "Conversation":
        """What they add up to with more messages, which are in their order and come after all others."""
        taking = _Taking(self)
        for arrival in arrivals:
            taking.take(arrival)
        return taking.taken()

    def first_version(self, message_id: MessageId) -> MessageId:
        """The id of the first version of what this is the id of a version of; the same one when it is unknown."""
        return self.first_versions.get(message_id, message_id)

    def entry(self, message_id: MessageId) -> Entry | None:
        """The message or reaction of which this is the id of a version; None when it has not arrived."""
        return self.entries.get(self.first_version(message_id))

    def standing_in(self) -> Iterable[Entry]:
        """What there is of messages and reactions of which only later versions have arrived, for each who sent some."""
        return (entry for arrivals in self.waiting.values() for entry in _standing_in(arrivals))


def _standing_in(arrivals: tuple[Arrival, ...]) -> Iterable[Entry]:
    """What to show for a message that has not arrived: for each sender, what it wants the message to say.

    Nobody knows whose message it is. So each sender's versions stand for themselves, if they can only be of a message
    of its own, and only what may delete anybody's message deletes all of them.
    """
    entries: dict[str, Entry] = {}
    deletions: list[Arrival] = []
    for arrival in arrivals:
        if arrival.is_deletion:
            deletions.append(arrival)
            entries = {sender: _revised_if_allowed(entry, arrival) for sender, entry in entries.items()}
        elif arrival.sender in entries:
            entries[arrival.sender] = _revised_if_allowed(entries[arrival.sender], arrival)
        elif can_only_edit_own(arrival):
            entries[arrival.sender] = reduce(_revised_if_allowed, deletions, Entry.of(arrival))
    return entries.values()


def _revised_if_allowed(entry: Entry, arrival: Arrival) -> Entry:
    try:
        return revised(entry, arrival)
    except TimelineError:
        return entry


class _Taking:
    """A conversation while messages are added to it."""

    def __init__(self, conversation: Conversation) -> None:
        self.entries = dict(conversation.entries)
        self.first_versions = dict(conversation.first_versions)
        self.reactions = dict(conversation.reactions)
        self.waiting = dict(conversation.waiting)
        self.discarded = dict(conversation.discarded)

    def taken(self) -> Conversation:
        return Conversation(
            MappingProxyType(self.entries),
            MappingProxyType(self.first_versions),
            MappingProxyType(self.reactions),
            MappingProxyType(self.waiting),
            MappingProxyType(self.discarded),
        )

    def take(self, arrival: Arrival) -> None:
        """Add a message, and those that have waited for it, in their order."""
        ready = [(arrival.place, arrival)]
        while ready:
            _, each = heappop(ready)
            try:
                if each.content.replaces is None:
                    self.add(each)
                else:
                    self.revise(each, each.content.replaces)
            except TimelineError as error:
                self.discarded[each.message_id] = error
            if each.message_id in self.first_versions:
                for waiting in self.waiting.pop(each.message_id, ()):
                    heappush(ready, (waiting.place, waiting))

    def add(self, arrival: Arrival) -> None:
        replied_to = arrival.content.in_reply_to
        if isinstance(arrival.content.nested_part, NullPart):
            raise TimelineError(ConversationRule.SOMETHING_SAID, arrival.content.nested_part)
        self.check_no_loop(arrival, replied_to)
        _check_allowed(arrival, None if replied_to is None else self.entry(replied_to))
        self.entries[arrival.message_id] = Entry.of(arrival)
        self.first_versions[arrival.message_id] = arrival.message_id
        if arrival.is_reaction and replied_to is not None:
            self.reactions[replied_to] = (*self.reactions.get(replied_to, ()), arrival.message_id)

    def revise(self, arrival: Arrival, replaced: MessageId) -> None:
        entry = self.entry(replaced)
        if entry is None:
            self.waiting[replaced] = (*self.waiting.get(replaced, ()), arrival)
            return
        self.check_no_loop(arrival, entry.first.content.in_reply_to, entry.message_id)
        self.entries[entry.message_id] = revised(entry, arrival)
        self.first_versions[arrival.message_id] = entry.message_id

    def entry(self, message_id: MessageId) -> Entry | None:
        return self.entries.get(self.first_versions.get(message_id, message_id))

    def check_no_loop(self, arrival: Arrival, replied_to: MessageId | None, *same: MessageId) -> None:
        """Follow the chain of replies from a message to its beginning (mimi-content-08, section 4.1).

        `replied_to` is what the message replies to, `same` other ids of it.
        """
        passed = {arrival.message_id, *same}
        while replied_to is not None:
            first_version = self.first_versions.get(replied_to, replied_to)
            if not passed.isdisjoint((replied_to, first_version)):
                raise TimelineError(ConversationRule.NO_LOOP, replied_to, "inReplyTo")
            passed.update((replied_to, first_version))
            entry = self.entry(replied_to)
            replied_to = entry.first.content.in_reply_to if entry else None


def _check_allowed(arrival: Arrival, target: Entry | None) -> None:
    """Check that the sender of a new message may reply, react, and put it into its topic."""
    content = arrival.content
    if content.in_reply_to is not None:
        reaction = arrival.is_reaction
        require(arrival, CapabilityType.can_react_to_message if reaction else CapabilityType.can_reply_to_message)
    if not content.topic_id:
        return
    if content.in_reply_to is None:
        require(arrival, CapabilityType.can_start_topic)
    elif target is None:
        if CapabilityType.can_start_topic not in arrival.capabilities:
            require(arrival, CapabilityType.can_reply_in_topic)
    else:
        topics = {target.topic_id, *(each.content.topic_id for each in target.versions)}
        same = content.topic_id in topics
        require(arrival, CapabilityType.can_reply_in_topic if same else CapabilityType.can_start_topic)
