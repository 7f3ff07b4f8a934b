"""Who goes: participants and their clients (POLICY 8.1.2)."""

from mimi_conformance.reference.room.actors import ExternalSender, Member
from mimi_conformance.reference.room.authorization.limits import LimitRule, fixed, parent_room
from mimi_conformance.reference.room.authorization.question import Question, shown
from mimi_conformance.reference.room.changes import RemoveClients, RemoveParticipant
from mimi_conformance.reference.room.decision import Allowed, Decision, Refused
from mimi_conformance.reference.room.participants import User
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType


class RemovingRule(RoomRule):
    """Who goes."""

    CAN_REMOVE_PARTICIPANT = ("POLICY-8.1.2-01", "canRemoveParticipant allows removing another user from the list.")
    REMOVED_CLIENTS = ("POLICY-8.1.2-03", "No client of a removed user is left in the group.")
    REMOVE_ROLE_CHANGE = ("POLICY-8.1.2-04", "The remover's role changes that of the removed user into role 0.")
    REMOVE_MINIMUM = ("POLICY-8.1.2-05", "Removing a user keeps to both minimums of its role.", "AMB-162")
    PARENT_LEFT = (
        "POLICY-5-10",
        "The hub removes whoever left the parent from the rooms that depend on it.",
        "AMB-168",
    )
    CAN_REMOVE_OWN_CLIENT = ("POLICY-8.1.2-06", "canRemoveOwnClient allows removing a client of one's own.")
    OWN_CLIENT_MINIMUM = ("POLICY-8.1.2-07", "Removing one's own client keeps to the minimum of active participants.")
    LEAVER_COMMITS = ("POLICY-8.1.2-08", "A client that leaves doesn't commit its own removal.")
    CAN_REMOVE_SELF = ("POLICY-8.1.2-09", "canRemoveSelf allows leaving the list.")
    OWN_CLIENTS = ("POLICY-8.1.2-10", "Who leaves the list takes along all of its clients.")
    LEAVE_ROLE_CHANGE = ("POLICY-8.1.2-11", "The leaver's role changes itself into role 0.")
    LEAVE_MINIMUM = ("POLICY-8.1.2-12", "Leaving keeps to both minimums of the leaver's role.", "AMB-162")
    CAN_KICK = ("POLICY-8.1.2-13", "canKick allows removing clients of another participant.")
    KICK_MINIMUM = ("POLICY-8.1.2-14", "Kicking keeps to the minimum of active participants.", "AMB-163")
    PARTICIPANT = ("PROTO-7.5-14", "Who is removed is on the participant list.")


def remove_participant(question: Question, change: RemoveParticipant) -> Decision:
    """Whether a user may be taken off the participant list."""
    if change.user == question.actor.user:
        return can_remove_self(question, change)
    if _left_parent(question, change.user):
        return question.clients_left(change.user, RemovingRule.REMOVED_CLIENTS) or Allowed(RemovingRule.PARENT_LEFT)
    return can_remove_participant(question, change)


def _left_parent(question: Question, user: User) -> bool:
    """Whether the hub removes a user who is in the room, and no longer in the one that it depends on."""
    actor = question.actor
    if not isinstance(actor, ExternalSender) or actor.domain != question.view.hub:
        return False
    if not question.policy.base.parent_dependant or user not in question.view.participants:
        return False
    parent = parent_room(question, question.policy.base)
    return isinstance(parent, RoomView) and not parent.takes_part(user)


def can_remove_participant(question: Question, change: RemoveParticipant) -> Decision:
    """The holder can remove another user from the list and all of its clients from the group, as a single action."""
    current = question.current_role(change.user)
    return (
        question.lacks(CapabilityType.can_remove_participant, RemovingRule.CAN_REMOVE_PARTICIPANT)
        or question.unlisted(change.user, RemovingRule.PARTICIPANT)
        or fixed(question, LimitRule.FIXED_MEMBERSHIP_STAYS)
        or question.cannot_change(change.user, current, NO_ROLE, RemovingRule.REMOVE_ROLE_CHANGE)
        or question.not_leaves_of(change.user, change.leaves, RemovingRule.CAN_REMOVE_PARTICIPANT)
        or question.clients_left(change.user, RemovingRule.REMOVED_CLIENTS)
        or question.too_few(current, RemovingRule.REMOVE_MINIMUM)
        or question.too_few_active(current, RemovingRule.REMOVE_MINIMUM)
        or Allowed(RemovingRule.CAN_REMOVE_PARTICIPANT)
    )


def can_remove_self(question: Question, change: RemoveParticipant) -> Decision:
    """The holder can leave the list; at the same time all of its clients leave the group, by somebody else's commit."""
    current = question.current_role(change.user)
    return (
        question.lacks(CapabilityType.can_remove_self, RemovingRule.CAN_REMOVE_SELF)
        or question.unlisted(change.user, RemovingRule.PARTICIPANT)
        or fixed(question, LimitRule.FIXED_MEMBERSHIP_STAYS)
        or _commits_own_removal(question, change.leaves)
        or question.cannot_change(change.user, current, NO_ROLE, RemovingRule.LEAVE_ROLE_CHANGE)
        or question.not_leaves_of(change.user, change.leaves, RemovingRule.CAN_REMOVE_SELF)
        or question.clients_left(change.user, RemovingRule.OWN_CLIENTS)
        or question.too_few(current, RemovingRule.LEAVE_MINIMUM)
        or question.too_few_active(current, RemovingRule.LEAVE_MINIMUM)
        or Allowed(RemovingRule.CAN_REMOVE_SELF)
    )


def remove_clients(question: Question, change: RemoveClients) -> Decision:
    """Whether clients may be removed from the group, while their user stays on the list."""
    own = change.user == question.actor.user
    return can_remove_own_client(question, change) if own else can_kick(question, change)


def can_remove_own_client(question: Question, change: RemoveClients) -> Decision:
    """The holder can remove its own client without changing the participant list, by somebody else's commit.

    That is so in a fixed-membership room as well (POLICY 5).
    """
    return (
        question.lacks(CapabilityType.can_remove_own_client, RemovingRule.CAN_REMOVE_OWN_CLIENT)
        or _commits_own_removal(question, change.leaves)
        or question.not_leaves_of(change.user, change.leaves, RemovingRule.CAN_REMOVE_OWN_CLIENT)
        or question.too_few_active(question.current_role(change.user), RemovingRule.OWN_CLIENT_MINIMUM)
        or Allowed(RemovingRule.CAN_REMOVE_OWN_CLIENT)
    )


def can_kick(question: Question, change: RemoveClients) -> Decision:
    """The holder can remove another participant's clients without changing the participant list."""
    return (
        question.lacks(CapabilityType.can_kick, RemovingRule.CAN_KICK)
        or question.unlisted(change.user, RemovingRule.PARTICIPANT)
        or question.not_leaves_of(change.user, change.leaves, RemovingRule.CAN_KICK)
        or question.too_few_active(question.current_role(change.user), RemovingRule.KICK_MINIMUM)
        or Allowed(RemovingRule.CAN_KICK)
    )


def _commits_own_removal(question: Question, leaves: frozenset[int]) -> Refused | None:
    committer = question.committer
    if not isinstance(committer, Member) or committer.leaf_index not in leaves:
        return None
    return Refused(
        RemovingRule.LEAVER_COMMITS,
        f"{shown(committer.user)} commits the removal of its own client at leaf {committer.leaf_index}.",
    )
