"""Who changes the policy of a room, and what is bound to it (POLICY 8.6, 8.7; PROTO 7.4; architecture 4.4)."""

from typing import Final

from mimi_conformance.reference.room.actors import ExternalSender
from mimi_conformance.reference.room.authorization.limits import not_within, parent_room
from mimi_conformance.reference.room.authorization.question import Question
from mimi_conformance.reference.room.changes import (
    ChangeBasePolicy,
    ChangeComponent,
    ChangeExtensions,
    ChangePreauthorization,
    ChangeRoles,
    DestroyRoom,
    Reinitialize,
)
from mimi_conformance.reference.room.decision import Allowed, Decision, Refused
from mimi_conformance.reference.room.policy import BANNED, RoomRole
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.contents import component_name
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType


class PolicyRule(RoomRule):
    """Who changes the policy."""

    CAN_CHANGE_ROLE_DEFINITIONS = ("POLICY-8.6-02", "canChangeRoleDefinitions allows changing the roles.")
    NOBODY_BANNED_BY_NAME = (
        "POLICY-8.1.3-09",
        "Role 1 becomes that of banned users, or another one, only while nobody has it.",
        "AMB-161",
    )
    CAN_CHANGE_PREAUTHORIZED_USER_LIST = (
        "POLICY-8.6-03",
        "canChangePreauthorizedUserList allows changing the preauthorised users.",
    )
    CAN_CHANGE_ROOM_MEMBERSHIP_STYLE = (
        "POLICY-8.6-01",
        "canChangeRoomMembershipStyle allows changing the base policy.",
        "AMB-158",
    )
    FIXED_MEMBERSHIP_ONCE = ("POLICY-5-08", "A set of users has one fixed-membership room.")
    CAN_CHANGE_OTHER_POLICY_ATTRIBUTE = (
        "POLICY-8.7-04",
        "canChangeOtherPolicyAttribute allows changing components that have no capability of their own.",
        "AMB-159",
    )
    CAN_CHANGE_MLS_OPERATIONAL_POLICIES = (
        "POLICY-8.7-04",
        "canChangeMlsOperationalPolicies allows changing components about MLS.",
        "AMB-159",
    )
    CAN_DESTROY_ROOM = ("POLICY-8.6-04", "canDestroyRoom allows ending the room.")
    CAN_SEND_MLS_REINIT_PROPOSAL = ("POLICY-8.6-05", "canSendMLSReinitProposal allows sending a ReInit proposal.")
    STAYS = ("PROTO-7.5-17", "Participants, metadata and policy are never removed as a whole.", "AMB-137")
    EXTENSIONS = (
        "PROTO-7.4-04",
        "canChangeMlsOperationalPolicies allows changing the extensions of the group, and the hub may, too.",
        "AMB-223",
    )
    EXTERNAL_SENDERS = ("PROTO-7.4-02", "Every room has external senders.", "AMB-142")
    HUB_IS_EXTERNAL_SENDER = ("PROTO-7.4-03", "The hub is one of the external senders.", "AMB-142")
    FOLLOWERS_WITH_USERS = (
        "PROTO-7.4-05",
        "A follower is an external sender only while it has participants.",
        "AMB-142",
    )


_MLS: Final = (
    CapabilityType.can_change_mls_operational_policies,
    PolicyRule.CAN_CHANGE_MLS_OPERATIONAL_POLICIES,
)
_OTHER: Final = (CapabilityType.can_change_other_policy_attribute, PolicyRule.CAN_CHANGE_OTHER_POLICY_ATTRIBUTE)
_ABOUT_MLS: Final = frozenset(
    {"mls_operational_policy", "app_components", "safe_aad", "content_media_types", "external_receivers"}
)


def can_change_role_definitions(question: Question, change: ChangeRoles) -> Decision:
    """The holder can change the definitions of the roles, which takes nobody along into or out of a ban."""
    rule = PolicyRule.CAN_CHANGE_ROLE_DEFINITIONS
    return (
        question.lacks(CapabilityType.can_change_role_definitions, rule)
        or _bans_by_name(question, change)
        or question.surroundings.envelope.refusal("roles_list", change.roles)
        or Allowed(rule)
    )


def _bans_by_name(question: Question, change: ChangeRoles) -> Refused | None:
    holders = question.outcome.participants_in(BANNED)
    is_banned = any(RoomRole(role).is_banned for role in change.roles.roles)
    if not holders or is_banned == question.policy.is_banned(BANNED):
        return None
    what = "banned" if is_banned else "unbanned"
    return Refused(
        PolicyRule.NOBODY_BANNED_BY_NAME, f"By the new name of role 1, whoever has it ({holders}) would be {what}."
    )


def can_change_preauthorized_user_list(question: Question, change: ChangePreauthorization) -> Decision:
    """The holder can change the preauthorised users."""
    rule = PolicyRule.CAN_CHANGE_PREAUTHORIZED_USER_LIST
    return (
        question.lacks(CapabilityType.can_change_preauthorized_user_list, rule)
        or question.surroundings.envelope.refusal("preauth_list", change.preauthorization)
        or Allowed(rule)
    )


def can_change_room_membership_style(question: Question, change: ChangeBasePolicy) -> Decision:
    """The holder can change the base policy, any field of it (AMB-158)."""
    rule = PolicyRule.CAN_CHANGE_ROOM_MEMBERSHIP_STYLE
    return (
        question.lacks(CapabilityType.can_change_room_membership_style, rule)
        or _second_fixed_room(question, change)
        or _unfit_for_parent(question, change)
        or question.surroundings.envelope.refusal("base_room_policy", change.base)
        or Allowed(rule)
    )


def _second_fixed_room(question: Question, change: ChangeBasePolicy) -> Refused | None:
    if not change.base.fixed_membership or question.policy.base.fixed_membership:
        return None
    other = question.surroundings.find_fixed_room(question.view.participants)
    if other is None:
        return None
    return Refused(PolicyRule.FIXED_MEMBERSHIP_ONCE, f"{other} is a fixed-membership room with the same participants.")


def _unfit_for_parent(question: Question, change: ChangeBasePolicy) -> Refused | None:
    if not change.base.parent_dependant or change.base.parent_room == question.policy.base.parent_room:
        return None
    parent = parent_room(question, change.base)
    return parent if isinstance(parent, Refused) else not_within(question.view, parent)


def change_component(question: Question, change: ChangeComponent) -> Decision:
    """Whether a component may change that has no capability of its own (AMB-159).

    What is about MLS takes canChangeMlsOperationalPolicies, everything else canChangeOtherPolicyAttribute. Only the
    former may be removed.
    """
    name = component_name(change.component_id)
    about_mls = name in _ABOUT_MLS
    capability, rule = _MLS if about_mls else _OTHER
    if change.removed and name is not None and not about_mls:
        return Refused(PolicyRule.STAYS, f"{name} would go.")
    refusal = question.lacks(capability, rule)
    if refusal is None and name is not None and change.value is not None:
        refusal = question.surroundings.envelope.refusal(name, change.value)
    return refusal or Allowed(rule)


def change_extensions(question: Question, change: ChangeExtensions) -> Decision:
    """Whether the GroupContext extensions may be replaced, which must leave the right external senders (AMB-223)."""
    rule = PolicyRule.EXTENSIONS
    return (
        (None if _is_hub(question) else question.lacks(_MLS[0], rule))
        or _wrong_external_senders(question, change.external_senders)
        or Allowed(rule)
    )


def _is_hub(question: Question) -> bool:
    return isinstance(question.actor, ExternalSender) and question.actor.domain == question.view.hub


def _wrong_external_senders(question: Question, domains: tuple[str, ...] | None) -> Refused | None:
    hub = question.view.hub
    if domains is None:
        return Refused(PolicyRule.EXTERNAL_SENDERS, "The group would have no external senders.")
    if hub not in domains:
        named = ", ".join(domains) or "nobody"
        return Refused(PolicyRule.HUB_IS_EXTERNAL_SENDER, f"The external senders would be {named}, without {hub}.")
    for domain in domains:
        if domain != hub and not question.outcome.participants_of(domain):
            return Refused(PolicyRule.FOLLOWERS_WITH_USERS, f"{domain} has no participants.")
    return None


def can_destroy_room(question: Question, _change: DestroyRoom) -> Decision:
    """The holder can end the room."""
    rule = PolicyRule.CAN_DESTROY_ROOM
    return question.lacks(CapabilityType.can_destroy_room, rule) or Allowed(rule)


def can_send_mls_reinit_proposal(question: Question, _change: Reinitialize) -> Decision:
    """The holder can send a ReInit proposal."""
    rule = PolicyRule.CAN_SEND_MLS_REINIT_PROPOSAL
    return question.lacks(CapabilityType.can_send_mls_reinit_proposal, rule) or Allowed(rule)
