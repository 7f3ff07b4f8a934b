"""What the members of a room have reported of its messages (message-status, section 3)."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from mimi_conformance.reference.content.message import MessageId
from mimi_conformance.reference.content.status.policy import optionality
from mimi_conformance.reference.content.status.report import MessageStatus, MessageStatusReport, PerMessageStatus
from mimi_conformance.reference.mls.rules import Rule, RuleText
from mimi_conformance.reference.wire.room_policy.base import Optionality
from mimi_conformance.reference.wire.room_policy.messages import StatusNotificationPolicy


class StatusRule(Rule):
    """Why an entry of a report counts for nothing."""

    SAME_ROOM = RuleText("message-status, section 3", "A report is about messages of the room that it is sent to.")
    ALLOWED = RuleText(
        "message-status, section 6", "A report says nothing that the policy of the room forbids to be said."
    )
    STEP = RuleText("message-status, section 3", "The status of a message does not go back (AMB-198).")


@dataclass(frozen=True, slots=True)
class Ignored:
    """An entry of a report that changed nothing.

    Attributes:
        entry: what was reported.
        rule: why it does not count.
    """

    entry: PerMessageStatus
    rule: StatusRule


@dataclass(frozen=True, slots=True)
class StatusRecord:
    """The status of every message of a room, by message and by the user who reported it.

    Attributes:
        by_message: for each message, what each reporter's URI says it is.
    """

    by_message: Mapping[MessageId, Mapping[str, MessageStatus]] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, message_id: MessageId) -> Mapping[str, MessageStatus]:
        """What each reporter says of one message."""
        return self.by_message.get(message_id, MappingProxyType({}))


def may_follow(old: MessageStatus | None, new: MessageStatus) -> bool:
    """Whether a reporter's message can go from one status to another (AMB-198).

    Reading can be undone. What is deleted is gone, and so is what has expired, except that it may be deleted as well.
    How a message was received matters until somebody has done something with it.

    Args:
        old: what was reported last; None for nothing.
        new: what is reported now.

    """
    if old is None or old == new:
        return True
    if old in (MessageStatus.deleted, MessageStatus.expired):
        return old is MessageStatus.expired and new is MessageStatus.deleted
    if new in (MessageStatus.delivered, MessageStatus.error):
        return old is MessageStatus.error
    return True


def record(
    known: StatusRecord,
    reporter: str,
    report: MessageStatusReport,
    *,
    messages: Container[MessageId],
    policy: StatusNotificationPolicy | None = None,
) -> tuple[StatusRecord, tuple[Ignored, ...]]:
    """Take in a report.

    Args:
        known: what was reported before.
        reporter: the URI of the user who sent it, from the credential.
        report: the report.
        messages: the messages of the room.
        policy: the room's `status_notification_policy`, if it has one.

    Returns:
        What is known now, and the entries that changed nothing although they are new.

    """
    by_message, ignored = dict(known.by_message), []
    for entry in report.statuses:
        statuses = by_message.get(entry.message_id, {})
        if entry.message_id not in messages:
            ignored.append(Ignored(entry, StatusRule.SAME_ROOM))
        elif optionality(entry.status, policy) is Optionality.forbidden:
            ignored.append(Ignored(entry, StatusRule.ALLOWED))
        elif not may_follow(statuses.get(reporter), entry.status):
            ignored.append(Ignored(entry, StatusRule.STEP))
        else:
            by_message[entry.message_id] = MappingProxyType({**statuses, reporter: entry.status})
    return StatusRecord(MappingProxyType(by_message)), tuple(ignored)
