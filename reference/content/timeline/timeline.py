"""A room as one of its members sees it: messages in their order, whatever order they came in."""

from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mimi_conformance.reference.content.message import MessageId, NestedPart
from mimi_conformance.reference.content.rules import ContentError
from mimi_conformance.reference.content.status.report import MessageStatusReport, read_part
from mimi_conformance.reference.content.timeline.arrival import Arrival, Circumstances, check_arrival
from mimi_conformance.reference.content.timeline.conversation import Conversation
from mimi_conformance.reference.content.timeline.entry import Entry
from mimi_conformance.reference.content.timeline.rules import TimelineError


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that counts: it is an entry, or has changed one.

    Attributes:
        entry: the id of the entry's first version.
    """

    entry: MessageId


@dataclass(frozen=True, slots=True)
class Waiting:
    """A message that changes another one which has not arrived, and may never: it may be older than the membership.

    Attributes:
        replaced: the id of the other one.
    """

    replaced: MessageId


@dataclass(frozen=True, slots=True)
class Reported:
    """A message that is a status report, which `status.record` takes, with `Timeline.seen` as the room's messages.

    Attributes:
        report: what it says.
    """

    report: MessageStatusReport


@dataclass(frozen=True, slots=True)
class Discarded:
    """A message that counts for nothing, and is to be logged.

    Attributes:
        error: the rule that it breaks.
    """

    error: TimelineError | ContentError


Outcome = Taken | Waiting | Reported | Discarded


@dataclass(frozen=True, slots=True)
class Present:
    """Something to show.

    Attributes:
        nested_part: what it says.
    """

    nested_part: NestedPart


@dataclass(frozen=True, slots=True)
class Deleted:
    """Something that was deleted, in whose place a client shows just that (mimi-content-08, section 5.6).

    Attributes:
        by: the URI of the user who did it.
    """

    by: str


@dataclass(frozen=True, slots=True)
class Expired:
    """Something that is to be disregarded (mimi-content-08, section 4.1)."""


State = Present | Deleted | Expired


@dataclass(frozen=True, slots=True)
class Timeline:
    """What a member has of a room's messages.

    Attributes:
        conversation: what they add up to.
        log: all that count or may count one day, in their order.
        seen: the ids of all that were accepted, so that none is taken twice.
        forgotten: the ids of those in the log of which nothing is left but that they were there.
        read_at: when the user first read an entry, in milliseconds of the Unix epoch.
    """

    conversation: Conversation = field(default_factory=Conversation)
    log: tuple[Arrival, ...] = ()
    seen: frozenset[MessageId] = frozenset()
    forgotten: frozenset[MessageId] = frozenset()
    read_at: Mapping[MessageId, int] = field(default_factory=lambda: MappingProxyType({}))

    def state(self, entry: Entry, now: int) -> State:
        """What an entry is at a time, in milliseconds of the Unix epoch."""
        if entry.deletion is not None:
            return Deleted(entry.deletion.sender)
        forgotten = any(version.message_id in self.forgotten for version in entry.versions)
        if forgotten or entry.expired(now, self.read_at.get(entry.message_id)):
            return Expired()
        return Present(entry.nested_part)

    def messages(self, now: int) -> tuple[Entry, ...]:
        """The messages that there are at a time, deleted ones among them, in their order.

        A message of which only later versions have arrived is there for each user who sent some, until it is deleted.
        """
        standing_in = (entry for entry in self.conversation.standing_in() if entry.deletion is None)
        entries = (*self.conversation.entries.values(), *standing_in)
        return self._in_order((entry for entry in entries if not entry.first.is_reaction), now)

    def reactions(self, entry: Entry, now: int) -> tuple[Entry, ...]:
        """The reactions to a message that there are at a time, in their order.

        Each says in its `in_reply_to` which version it is a reaction to.
        """
        versions = {entry.message_id, *(each.message_id for each in entry.versions)}
        ids = (id_ for version in versions for id_ in self.conversation.reactions.get(version, ()))
        reactions = (self.conversation.entries[id_] for id_ in ids)
        return self._in_order((each for each in reactions if each.deletion is None), now)

    def topics(self, now: int) -> Mapping[bytes, tuple[Entry, ...]]:
        """The messages of each thread at a time, in their order (mimi-content-08, section 5.11)."""
        topics: dict[bytes, list[Entry]] = {}
        for entry in self.messages(now):
            if entry.topic_id:
                topics.setdefault(entry.topic_id, []).append(entry)
        return {topic_id: tuple(entries) for topic_id, entries in topics.items()}

    def _in_order(self, entries: Iterable[Entry], now: int) -> tuple[Entry, ...]:
        there = (entry for entry in entries if not isinstance(self.state(entry, now), Expired))
        return tuple(sorted(there, key=lambda entry: entry.first.place))


def receive(timeline: Timeline, arrival: Arrival, circumstances: Circumstances) -> tuple[Timeline, Outcome]:
    """Take in a message.

    Messages may come in any order: what they add up to depends on when the hub accepted them. So a message that comes
    late can make others count, or not count any more, as `Conversation.discarded` then says.

    Args:
        timeline: what the member has.
        arrival: the message.
        circumstances: what the member knows otherwise.

    Returns:
        What the member has then, and what became of the message. One that is discarded for a `HandlingRule` changes
        nothing, not even which ids have been seen.
    """
    try:
        check_arrival(arrival, circumstances, timeline.seen)
        report = read_part(arrival.content.nested_part)
    except (TimelineError, ContentError) as error:
        return timeline, Discarded(error)
    seen = timeline.seen | {arrival.message_id}
    if report is not None:
        return replace(timeline, seen=seen), Reported(report)
    after = replace(_with(timeline, arrival), seen=seen)
    return after, _outcome(after.conversation, arrival)


def _with(timeline: Timeline, arrival: Arrival) -> Timeline:
    if not timeline.log or timeline.log[-1].place < arrival.place:
        return replace(timeline, log=(*timeline.log, arrival), conversation=timeline.conversation.after(arrival))
    log = [*timeline.log]
    insort(log, arrival, key=lambda each: each.place)
    return replace(timeline, log=tuple(log), conversation=Conversation().after(*log))


def _outcome(conversation: Conversation, arrival: Arrival) -> Outcome:
    if arrival.message_id in conversation.discarded:
        return Discarded(conversation.discarded[arrival.message_id])
    if arrival.message_id in conversation.first_versions:
        return Taken(conversation.first_versions[arrival.message_id])
    replaced = arrival.content.replaces
    assert replaced is not None
    return Waiting(replaced)


def mark_read(timeline: Timeline, message_id: MessageId, at: int) -> Timeline:
    """Note when the user read a message, so that a relative expiration begins (mimi-content-08, section 5.8).

    Args:
        timeline: what the member has.
        message_id: any version of the message. What was read before stays read since then.
        at: milliseconds of the Unix epoch.
    """
    entry = timeline.conversation.first_version(message_id)
    return replace(timeline, read_at=MappingProxyType({entry: at, **timeline.read_at}))


def forget(timeline: Timeline, now: int) -> Timeline:
    """Drop what messages said that are deleted or have expired, for good (mimi-content-08, sections 5.6 and 5.8).

    Nothing that is seen changes. A message that comes later is judged by what is left.

    Args:
        timeline: what the member has.
        now: milliseconds of the Unix epoch.
    """
    conversation = timeline.conversation
    entries = (*conversation.entries.values(), *conversation.standing_in())
    gone = [entry for entry in entries if not isinstance(timeline.state(entry, now), Present)]
    emptied = {version.message_id: version for entry in gone for version in entry.emptied()}
    ids = {entry.message_id for entry in gone}
    refused = {
        arrival.message_id
        for arrival in timeline.log
        if arrival.content.replaces is not None
        and arrival.message_id in conversation.discarded
        and conversation.first_version(arrival.content.replaces) in ids
    }
    log = tuple(emptied.get(each.message_id, each) for each in timeline.log if each.message_id not in refused)
    return replace(
        timeline, log=log, conversation=Conversation().after(*log), forgotten=timeline.forgotten | emptied.keys()
    )
