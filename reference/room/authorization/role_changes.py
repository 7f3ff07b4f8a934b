"""Who changes roles, bans and unbans (POLICY 8.1.3)."""

from collections.abc import Iterator

from mimi_conformance.reference.room.authorization.limits import LimitRule, fixed, no_admission
from mimi_conformance.reference.room.authorization.question import Question, shown
from mimi_conformance.reference.room.authorization.removing import remove_clients
from mimi_conformance.reference.room.changes import ChangeRole, RemoveClients
from mimi_conformance.reference.room.decision import Allowed, Decision, Refused, first_allowed
from mimi_conformance.reference.room.policy import BANNED
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType


class RoleChangeRule(RoomRule):
    """Who changes roles."""

    CAN_CHANGE_USER_ROLE = ("POLICY-8.1.3-01", "canChangeUserRole allows changing the role of another participant.")
    ROLE_CHANGE = ("POLICY-8.1.3-02", "The changer's role changes the old role of the participant into the new one.")
    ROLE_MINIMUM = ("POLICY-8.1.3-03", "Changing a role keeps to both minimums of the old one.", "AMB-162")
    ROLE_MAXIMUM = ("POLICY-8.1.3-04", "Changing a role keeps to both maximums of the new one.", "AMB-162")
    CAN_CHANGE_OWN_ROLE = (
        "POLICY-8.1.3-05",
        "canChangeOwnRole allows changing one's own role into the first one that one is preauthorised for.",
        "AMB-150",
    )
    OWN_ROLE_CONSTRAINTS = (
        "POLICY-8.1.3-07",
        "Changing one's own role keeps to both minimums of the old one and both maximums of the new one.",
    )
    CAN_BAN = ("POLICY-8.1.3-08", "canBan allows making another user banned, and removing its clients.", "AMB-165")
    BANNED_CLIENTS = ("PROTO-5.3-06", "The clients of a banned user leave in the same commit.", "AMB-165")
    BANNED_ROLE = ("POLICY-8.1.3-10", "To ban takes a role 1 that is called banned.", "AMB-161")
    BAN_ROLE_CHANGE = ("POLICY-8.1.3-11", "The banning role changes that of the banned user into role 1.")
    BAN_MINIMUM = ("POLICY-8.1.3-12", "Banning keeps to both minimums of the banned user's role.", "AMB-162")
    CAN_UNBAN = ("POLICY-8.1.3-13", "canUnban allows giving a banned user another role.")
    UNBANNED_ROLE = ("POLICY-8.1.3-16", "To unban takes a role 1 that is called banned.", "AMB-161")
    UNBAN_LIMITS = ("POLICY-8.1.3-17", "Unbanning keeps to what holds for any change of a role.")
    DEFINED_ROLE = ("PROTO-7.5-15", "A participant has a role that the room defines, and is not role 0.", "AMB-135")
    PARTICIPANT = ("PROTO-7.5-14", "Whose role changes is on the participant list.")


def change_role(question: Question, change: ChangeRole) -> Decision:
    """Whether a participant may get another role, and lose clients by the way.

    To ban is to change a role and to kick, so that those who can do both can do it, too (POLICY 8.1.3, AMB-165).
    Likewise, those who can change roles need no canUnban.
    """
    return (
        question.unlisted(change.user, RoleChangeRule.PARTICIPANT)
        or question.not_a_role_to_have(change.role_index, RoleChangeRule.DEFINED_ROLE)
        or first_allowed(_ways(question, change))
    )


def _ways(question: Question, change: ChangeRole) -> Iterator[Decision]:
    if change.user != question.actor.user:
        if _is_about_bans(question, change.role_index, CapabilityType.can_ban):
            yield can_ban(question, change)
        if _is_about_bans(question, question.current_role(change.user), CapabilityType.can_unban):
            yield can_unban(question, change)
    yield _change_role_and_kick(question, change)


def _is_about_bans(question: Question, role_index: int, capability: CapabilityType) -> bool:
    """Whether a role is that of banned users, or somebody who can ban takes it for that (AMB-161)."""
    return role_index == BANNED and (question.policy.is_banned(BANNED) or capability in question.role.capabilities)


def _change_role_and_kick(question: Question, change: ChangeRole) -> Decision:
    own = change.user == question.actor.user
    decision = can_change_own_role(question, change) if own else can_change_user_role(question, change)
    if isinstance(decision, Refused) or not change.leaves:
        return decision
    kick = remove_clients(question, RemoveClients(change.user, change.leaves))
    return kick if isinstance(kick, Refused) else decision


def can_change_user_role(question: Question, change: ChangeRole) -> Decision:
    """The holder can change the role of another participant, as authorized_role_changes of its own role say."""
    current = question.current_role(change.user)
    return (
        question.lacks(CapabilityType.can_change_user_role, RoleChangeRule.CAN_CHANGE_USER_ROLE)
        or question.cannot_change(change.user, current, change.role_index, RoleChangeRule.ROLE_CHANGE)
        or _unfit_for_ban(question, change)
        or question.too_few(current, RoleChangeRule.ROLE_MINIMUM)
        or question.too_few_active(current, RoleChangeRule.ROLE_MINIMUM)
        or question.too_many(change.role_index, RoleChangeRule.ROLE_MAXIMUM)
        or question.too_many_active(change.role_index, RoleChangeRule.ROLE_MAXIMUM)
        or _returns_without_place(question, change)
        or Allowed(RoleChangeRule.CAN_CHANGE_USER_ROLE)
    )


def can_change_own_role(question: Question, change: ChangeRole) -> Decision:
    """The holder can change its own role to the first one, other than role zero, that it is preauthorised for."""
    rule, current = RoleChangeRule.CAN_CHANGE_OWN_ROLE, question.current_role(change.user)
    matching = next(filter(None, question.policy.preauthorized_roles(question.actor.claims)), None)
    if refusal := question.lacks(CapabilityType.can_change_own_role, rule):
        return refusal
    if matching != change.role_index:
        only = "for no role" if matching is None else f"as {question.shown_index(matching)}"
        return Refused(
            rule, f"{shown(change.user)} is preauthorised {only}, not as {question.shown_index(change.role_index)}."
        )
    return (
        question.too_few(current, RoleChangeRule.OWN_ROLE_CONSTRAINTS)
        or question.too_few_active(current, RoleChangeRule.OWN_ROLE_CONSTRAINTS)
        or question.too_many(matching, RoleChangeRule.OWN_ROLE_CONSTRAINTS)
        or question.too_many_active(matching, RoleChangeRule.OWN_ROLE_CONSTRAINTS)
        or _unfit_for_ban(question, change)
        or Allowed(rule)
    )


def can_ban(question: Question, change: ChangeRole) -> Decision:
    """The holder can change another user's role into the banned one, and with it remove all of that user's clients.

    A user who is not on the list can be banned as well: the examples let roles without canAddParticipant do it.
    """
    current = question.current_role(change.user)
    return (
        question.lacks(CapabilityType.can_ban, RoleChangeRule.CAN_BAN)
        or _no_banned_role(question, RoleChangeRule.BANNED_ROLE)
        or question.cannot_change(change.user, current, BANNED, RoleChangeRule.BAN_ROLE_CHANGE)
        or question.not_leaves_of(change.user, change.leaves, RoleChangeRule.CAN_BAN)
        or _unfit_for_ban(question, change)
        or question.too_few(current, RoleChangeRule.BAN_MINIMUM)
        or question.too_few_active(current, RoleChangeRule.BAN_MINIMUM)
        or question.too_many(BANNED, LimitRule.CONSTRAINTS)
        or Allowed(RoleChangeRule.CAN_BAN)
    )


def can_unban(question: Question, change: ChangeRole) -> Decision:
    """The holder can change a banned user's role into another; adding clients of that user is another matter."""
    return (
        question.lacks(CapabilityType.can_unban, RoleChangeRule.CAN_UNBAN)
        or _no_banned_role(question, RoleChangeRule.UNBANNED_ROLE)
        or question.cannot_change(change.user, BANNED, change.role_index, RoleChangeRule.UNBAN_LIMITS)
        or question.too_few(BANNED, RoleChangeRule.UNBAN_LIMITS)
        or question.too_few_active(BANNED, RoleChangeRule.UNBAN_LIMITS)
        or question.too_many(change.role_index, RoleChangeRule.UNBAN_LIMITS)
        or question.too_many_active(change.role_index, RoleChangeRule.UNBAN_LIMITS)
        or _returns_without_place(question, change)
        or Allowed(RoleChangeRule.CAN_UNBAN)
    )


def _no_banned_role(question: Question, rule: RoleChangeRule) -> Refused | None:
    if question.policy.is_banned(BANNED):
        return None
    return Refused(rule, f"Nobody can be banned where there is {question.shown_index(BANNED)}.")


def _unfit_for_ban(question: Question, change: ChangeRole) -> Refused | None:
    """Whether a user would be banned, by whatever right, who has to stay, or whose clients would."""
    if not question.policy.is_banned(change.role_index):
        return None
    return fixed(question, LimitRule.FIXED_MEMBERSHIP_STAYS) or question.clients_left(
        change.user, RoleChangeRule.BANNED_CLIENTS
    )


def _returns_without_place(question: Question, change: ChangeRole) -> Refused | None:
    """Whether a banned user counts as a participant again, and the room has no place."""
    if not question.view.is_banned(change.user):
        return None
    return no_admission(question, change.user, change.role_index)
