"""What of a message's status a room wants to be reported (mimi-room-policy-03, 6.1; message-status, 6).

The policy speaks of delivery notifications and read receipts, the format has seven statuses. Taken here: `delivered`
and `error` tell of delivery, all others of what the reader did. A room that requires receipts is owed `delivered` and
`read`, and the rest stays with the reader.
"""

from collections.abc import Callable, Iterable
from typing import Final

from mimi_conformance.reference.content.status.report import MessageStatus, MessageStatusReport, PerMessageStatus
from mimi_conformance.reference.wire.room_policy.base import Optionality
from mimi_conformance.reference.wire.room_policy.messages import StatusNotificationPolicy

_OF_DELIVERY: Final = (MessageStatus.delivered, MessageStatus.error)
_OWED: Final = (MessageStatus.delivered, MessageStatus.read)


def optionality(status: MessageStatus, policy: StatusNotificationPolicy | None) -> Optionality:
    """Whether a room requires, leaves open or forbids that a status is reported.

    Args:
        status: the status.
        policy: the room's `status_notification_policy`; None when it has none and leaves everything open.

    """
    if policy is None:
        return Optionality.optional
    wanted = policy.delivery_notifications if status in _OF_DELIVERY else policy.read_receipts
    return Optionality.optional if wanted is Optionality.required and status not in _OWED else wanted


def report_of(
    changes: Iterable[PerMessageStatus],
    policy: StatusNotificationPolicy | None,
    shares: Callable[[MessageStatus], bool],
) -> MessageStatusReport | None:
    """The report that a client sends to a room of what has become of its messages; None when there is nothing to send.

    Args:
        changes: messages of this room, and what they have become.
        policy: the room's `status_notification_policy`, if it has one.
        shares: whether the user shares a status where the room leaves it open.

    """
    statuses = tuple(change for change in changes if _is_sent(change.status, policy, shares))
    return MessageStatusReport(statuses) if statuses else None


def _is_sent(
    status: MessageStatus, policy: StatusNotificationPolicy | None, shares: Callable[[MessageStatus], bool]
) -> bool:
    wanted = optionality(status, policy)
    return shares(status) if wanted is Optionality.optional else wanted is Optionality.required
