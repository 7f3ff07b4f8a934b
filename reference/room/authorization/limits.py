"""What holds for the whole room, whoever acts in whatever role (POLICY 3 and 5)."""

from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.reference.room.authorization.question import Question, shown
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.participants import User
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy


class LimitRule(RoomRule):
    """What a room as a whole puts limits to."""

    FIXED_MEMBERSHIP = ("POLICY-5-03", "Nobody joins a fixed-membership room once it exists.", "AMB-169")
    FIXED_MEMBERSHIP_STAYS = ("POLICY-5-06", "Nobody leaves a fixed-membership room, or is removed.", "AMB-169")
    PARENT_ON_THIS_HUB = ("POLICY-5-11", "A parent-dependent room is on the same hub as its parent.")
    SUBSET_OF_PARENT = (
        "POLICY-5-09",
        "The participants of a parent-dependent room are participants of its parent, and fewer.",
        "AMB-167",
    )
    ONE_CLIENT_EACH = ("POLICY-5-16", "Without multi_device, a user has one client in the group.")
    MAX_CLIENTS = ("POLICY-5-17", "The group has no more clients than max_clients.", "AMB-172")
    MAX_USERS = (
        "POLICY-5-18",
        "The participant list has no more entries than max_users, banned ones aside.",
        "AMB-172",
    )
    LONG_TERM_IDENTIFIERS = ("POLICY-5-20", "Without pseudonyms_allowed, credentials carry long-term identifiers.")
    BANNED_STAY_OUT = ("POLICY-2.1-01", "A banned user has no client in the group.")
    CONSTRAINTS = ("POLICY-3-15", "The constraints of a role hold after each change.", "AMB-162")


def fixed(question: Question, rule: LimitRule) -> Refused | None:
    """Whether the room has a fixed membership, which overrides every capability (AMB-169)."""
    if not question.policy.base.fixed_membership:
        return None
    return Refused(rule, "The room has a fixed membership.")


def no_admission(question: Question, user: User, role_index: int) -> Refused | None:
    """Whether the room has no place for another participant in a role; for banned users there always is one."""
    if question.policy.is_banned(role_index):
        return None
    return _outside_parent(question, user) or _too_many_users(question)


def _too_many_users(question: Question) -> Refused | None:
    maximum, users = question.policy.base.max_users, question.outcome.user_count
    if maximum is None or users <= maximum:
        return None
    return Refused(LimitRule.MAX_USERS, f"The room would have {users} users, and takes {maximum}.")


def _outside_parent(question: Question, user: User) -> Refused | None:
    if not question.policy.base.parent_dependant:
        return None
    parent = parent_room(question, question.policy.base)
    if isinstance(parent, Refused):
        return parent
    if not parent.takes_part(user):
        return _no_participant_of(parent, user)
    return _as_many_as(parent, question.outcome.user_count)


def not_within(view: RoomView, parent: RoomView) -> Refused | None:
    """Whether a room cannot depend on another, because its participants are not some of the other's.

    Nothing else that decides about a room looks at every participant; there is no other way to know.
    """
    for entry in view.participants.entries:
        if not view.is_banned(entry.user) and not parent.takes_part(entry.user):
            return _no_participant_of(parent, entry.user)
    return _as_many_as(parent, view.user_count)


def _no_participant_of(parent: RoomView, user: User) -> Refused:
    return Refused(LimitRule.SUBSET_OF_PARENT, f"{shown(user)} is no participant of the parent, {parent.room_id}.")


def _as_many_as(parent: RoomView, users: int) -> Refused | None:
    if users < parent.user_count:
        return None
    return Refused(LimitRule.SUBSET_OF_PARENT, f"The room would have {users} users, as many as {parent.room_id}.")


def parent_room(question: Question, base: BaseRoomPolicy) -> RoomView | Refused:
    """The room that a room depends on under a base policy."""
    for parent in base.parent_room:
        if (found := question.surroundings.find_room(MimiUri.parse(parent.uri))) is not None:
            return found
    names = ", ".join(shown(parent.uri) for parent in base.parent_room)
    return Refused(LimitRule.PARENT_ON_THIS_HUB, f"This hub has no room {names}.")


def no_more_clients(question: Question, user: User) -> Refused | None:
    """Whether the clients that a user would have are too many, or not such as the room allows."""
    base, clients = question.policy.base, question.outcome.clients(user)
    if not clients:
        return None
    if question.policy.is_banned(question.outcome.role_index(user)):
        return Refused(LimitRule.BANNED_STAY_OUT, f"{shown(user)} would have a client in the group, and be banned.")
    if not base.multi_device and len(clients) > 1:
        return Refused(
            LimitRule.ONE_CLIENT_EACH,
            f"{shown(user)} would have {len(clients)} clients in the group, and may have one.",
        )
    if base.max_clients is not None and question.outcome.client_count > base.max_clients:
        return Refused(
            LimitRule.MAX_CLIENTS,
            f"The group would have {question.outcome.client_count} clients, and takes {base.max_clients}.",
        )
    if not base.pseudonyms_allowed and is_pseudonym(user):
        return Refused(LimitRule.LONG_TERM_IDENTIFIERS, f"{shown(user)} is a pseudonym.")
    return None


def is_pseudonym(user: User) -> bool:
    """Whether a user has a pseudonym for a name."""
    try:
        return MimiUri.parse(user).type is IdentifierType.PSEUDONYM
    except IdentifierError:
        return False
