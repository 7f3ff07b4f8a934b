"""Policies about messages: status notifications, history, expiration and logging (mimi-room-policy-03, section 6)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, optional, uint32
from mimi_conformance.reference.wire.protocol.room_metadata import Uri
from mimi_conformance.reference.wire.room_policy.base import ALLOWED, Optionality
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class StatusNotificationPolicy(Struct):
    """The `status_notification_policy` component (mimi-room-policy-03, section 6.1)."""

    delivery_notifications: Optionality
    read_receipts: Optionality


StatusNotificationPolicyData = StatusNotificationPolicy
StatusNotificationPolicyUpdate = StatusNotificationPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggingPolicy(Struct):
    """The `logging_policy` component (mimi-room-policy-03, section 6.5)."""

    logging: Optionality
    logging_clients: Annotated[tuple[Uri, ...] | None, When("logging", *ALLOWED)] = None
    machine_readable_policy: Annotated[Uri | None, When("logging", *ALLOWED)] = None
    human_readable_policy: Annotated[Uri | None, When("logging", *ALLOWED)] = None


LoggingPolicyData = LoggingPolicy
LoggingPolicyUpdate = LoggingPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPolicy(Struct):
    """The `chat_history_policy` component; the period in seconds (mimi-room-policy-03, section 6.6)."""

    history_sharing: Optionality
    roles_that_can_share: Annotated[tuple[uint32, ...] | None, When("history_sharing", *ALLOWED)] = None
    automatically_share: Annotated[bool | None, When("history_sharing", *ALLOWED)] = None
    max_time_period: Annotated[uint32 | None, When("history_sharing", *ALLOWED)] = None


HistoryPolicyData = HistoryPolicy
HistoryPolicyUpdate = HistoryPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageExpiration(Struct):
    """The `message_expiration_policy` component; durations in seconds (mimi-room-policy-03, section 6.8)."""

    expiring_messages: Optionality
    min_expiration_duration: Annotated[uint32 | None, When("expiring_messages", *ALLOWED)] = None
    max_expiration_duration: Annotated[uint32 | None, When("expiring_messages", *ALLOWED)] = None
    default_expiration_duration: Annotated[optional[uint32], When("expiring_messages", *ALLOWED)] = None


MessageExpirationData = MessageExpiration
MessageExpirationUpdate = MessageExpiration
