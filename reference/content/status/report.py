"""The format of a status report (message-status, sections 3 and 4)."""

from dataclasses import dataclass
from typing import Final

from mimi_conformance.reference.content import deterministic
from mimi_conformance.reference.content.media_type import is_one_of
from mimi_conformance.reference.content.message import MESSAGE_ID_OCTETS, Disposition, MessageId, NestedPart, SinglePart
from mimi_conformance.reference.content.rules import ContentError
from mimi_conformance.reference.mls.rules import Rule, RuleText
from mimi_conformance.reference.wire.enumerations import Registry

MEDIA_TYPE: Final = "application/mimi-message-status"  # section 7.1


class MessageStatus(Registry, octets=1):
    """What a message is to the sender of a report. Values without a name are kept."""

    unread = 0
    """Not read yet, or marked as such."""
    delivered = 1
    """Received by a client of the reporter's."""
    read = 2
    """Read by the reporter."""
    expired = 3
    """Gone, because it expired; if it was read before, nobody says."""
    deleted = 4
    """Deleted, by the reporter or by somebody who may retract messages."""
    hidden = 5
    """Hidden by the reporter's client, as when archived."""
    error = 6
    """The message id is known, but something went wrong with the message."""


class ReportRule(Rule):
    """What a status report keeps to, besides the encoding."""

    ARRAY = RuleText("message-status, section 4", "A status report is an array.")
    PAIR = RuleText("message-status, section 4", "An entry is an array of a message id and a status.")
    MESSAGE_ID = RuleText("message-status, section 4", "A message id is a byte string of 32 octets.")
    STATUS = RuleText("message-status, section 4", "A status is an integer from 0 to 255.")


@dataclass(frozen=True, slots=True)
class PerMessageStatus:
    """The status of one message.

    Attributes:
        message_id: the message.
        status: what it is to the reporter.
    """

    message_id: MessageId
    status: MessageStatus


@dataclass(frozen=True, slots=True)
class MessageStatusReport:
    """What one member reports of messages of one room.

    Attributes:
        statuses: in order: of two that are about the same message, the later one counts (AMB-199). There may be none.
    """

    statuses: tuple[PerMessageStatus, ...]


def encode(report: MessageStatusReport) -> bytes:
    """The one encoding of a report.

    Raises:
        ContentError: a message id is none.
    """
    for index, entry in enumerate(report.statuses):
        _check_message_id(entry.message_id, index)
    return deterministic.encode([[entry.message_id, int(entry.status)] for entry in report.statuses])


def decode(data: bytes) -> MessageStatusReport:
    """The report that some bytes encode; it encodes to the same bytes.

    Raises:
        ContentError: they break an `EncodingRule` or a `ReportRule`.
    """
    entries = deterministic.decode(data)
    if not isinstance(entries, tuple):
        raise ContentError(ReportRule.ARRAY, entries)
    return MessageStatusReport(tuple(_entry(entry, index) for index, entry in enumerate(entries)))


def _entry(entry: deterministic.Value, index: int) -> PerMessageStatus:
    if not isinstance(entry, tuple) or len(entry) != 2:
        raise ContentError(ReportRule.PAIR, entry, f"entry {index}")
    message_id, status = entry
    if type(status) is not int or not 0 <= status <= 255:
        raise ContentError(ReportRule.STATUS, status, f"entry {index}")
    return PerMessageStatus(_check_message_id(message_id, index), MessageStatus(status))


def _check_message_id(message_id: deterministic.Value, index: int) -> MessageId:
    if not isinstance(message_id, bytes) or len(message_id) != MESSAGE_ID_OCTETS:
        raise ContentError(ReportRule.MESSAGE_ID, message_id, f"entry {index}")
    return MessageId(message_id)


def as_part(report: MessageStatusReport) -> SinglePart:
    """The body of the MIMI content that carries a report (AMB-197).

    Raises:
        ContentError: a message id is none.
    """
    return SinglePart(MEDIA_TYPE, encode(report), Disposition.unspecified)


def read_part(part: NestedPart) -> MessageStatusReport | None:
    """The report that is the body of a message; None when the body is something else.

    Raises:
        ContentError: it says that it is a report, and is none.
    """
    if not isinstance(part, SinglePart) or not is_one_of(part.content_type, (MEDIA_TYPE,)):
        return None
    return decode(part.content)
