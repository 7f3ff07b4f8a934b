"""Policies about messages (mimi-room-policy-03, sections 6.1, 6.5, 6.6 and 6.8).

`status_notification_policy`, `logging_policy`, `chat_history_policy` and `message_expiration_policy`. That `forbidden`
is followed by nothing is up to the codec (AMB-147).
"""

from collections.abc import Iterator

from mimi_conformance.reference.room.components.component import ReplacedComponent
from mimi_conformance.reference.room.components.rules import Fault
from mimi_conformance.reference.room.components.uris import host, is_uri, is_uri_or_empty
from mimi_conformance.reference.room.policy import BANNED, NO_ROLE
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.room_policy.base import Optionality
from mimi_conformance.reference.wire.room_policy.messages import (
    HistoryPolicy,
    LoggingPolicy,
    MessageExpiration,
    StatusNotificationPolicy,
)


class MessagesRule(RoomRule):
    """What makes policies about messages valid by themselves."""

    LOGGING_CLIENT_PRESENT = ("POLICY-6.5-03", "Where logging is required, there is a logging client.")
    LOGGING_CLIENT_IS_URI = ("POLICY-6.5-07", "Each logging client is a valid URI.")
    ONE_LOGGING_CLIENT_PER_PROVIDER = ("POLICY-6.5-04", "A provider has at most one logging client.")
    LOGGING_POLICY_IS_URI = ("POLICY-6.5-05", "A pointer to a logging policy is a valid URI, or empty.")
    HISTORY_SHARED_BY_ROLES = ("POLICY-6.6-04", "Neither role zero nor role one shares history.")
    EXPIRATION_BOUNDS = ("POLICY-6.8-02", "The shortest expiration is not above the longest.")
    EXPIRATION_DEFAULT = ("POLICY-6.8-03", "The default expiration lies within the bounds.")


def logging_faults(policy: LoggingPolicy) -> Iterator[Fault]:
    """What is wrong with a logging policy."""
    clients = policy.logging_clients or ()
    if policy.logging is Optionality.required and not clients:
        yield MessagesRule.LOGGING_CLIENT_PRESENT, "no logging client"
    providers = set()
    for client in clients:
        if not is_uri(client):
            yield MessagesRule.LOGGING_CLIENT_IS_URI, client.uri
        elif (provider := host(client)) in providers:
            yield MessagesRule.ONE_LOGGING_CLIENT_PER_PROVIDER, client.uri
        else:
            providers.add(provider)
    for pointer in (policy.machine_readable_policy, policy.human_readable_policy):
        if pointer is not None and not is_uri_or_empty(pointer):
            yield MessagesRule.LOGGING_POLICY_IS_URI, pointer.uri


def history_faults(policy: HistoryPolicy) -> Iterator[Fault]:
    """What is wrong with a chat history policy by itself."""
    for role_index in policy.roles_that_can_share or ():
        if role_index in (NO_ROLE, BANNED):
            yield MessagesRule.HISTORY_SHARED_BY_ROLES, f"role {role_index}"


def expiration_faults(policy: MessageExpiration) -> Iterator[Fault]:
    """What is wrong with a message expiration policy."""
    shortest, longest = policy.min_expiration_duration, policy.max_expiration_duration
    default = policy.default_expiration_duration
    if shortest is None or longest is None:
        return
    if shortest > longest:
        yield MessagesRule.EXPIRATION_BOUNDS, f"{shortest} to {longest} seconds"
    elif default is not None and not shortest <= default <= longest:
        yield MessagesRule.EXPIRATION_DEFAULT, f"{default} seconds, with {shortest} to {longest} allowed"


STATUS_NOTIFICATION_POLICY = ReplacedComponent("status_notification_policy", StatusNotificationPolicy)
"""Every policy is valid."""

LOGGING_POLICY = ReplacedComponent("logging_policy", LoggingPolicy, logging_faults)
CHAT_HISTORY_POLICY = ReplacedComponent("chat_history_policy", HistoryPolicy, history_faults)
MESSAGE_EXPIRATION_POLICY = ReplacedComponent("message_expiration_policy", MessageExpiration, expiration_faults)
