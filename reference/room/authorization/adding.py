"""Who comes: participants and their clients (POLICY 8.1.1)."""

from collections.abc import Iterator

from mimi_conformance.reference.room.actors import ExternalJoiner, ExternalSender, JoinCode, Member
from mimi_conformance.reference.room.authorization.limits import LimitRule, fixed, no_admission, no_more_clients
from mimi_conformance.reference.room.authorization.question import Question, shown, shown_capability, shown_role
from mimi_conformance.reference.room.authorization.role_changes import can_ban
from mimi_conformance.reference.room.changes import AddClients, AddParticipant, ChangeRole
from mimi_conformance.reference.room.decision import Allowed, Decision, Refused, first_allowed
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType


class AddingRule(RoomRule):
    """Who comes."""

    CAN_ADD_PARTICIPANT = ("POLICY-8.1.1-01", "canAddParticipant allows adding a user who is not on the list.")
    ADDS_ANOTHER = ("POLICY-8.1.1-02", "Only a client that joins adds its own user to the list.")
    ADD_ROLE_CHANGE = ("POLICY-8.1.1-03", "The adder's role changes role 0 into that of the added user.")
    ADD_MAXIMUM = ("POLICY-8.1.1-04", "Adding a user keeps to the maximum of participants of the new role.")
    ADD_MAXIMUM_ACTIVE = (
        "POLICY-8.1.1-05",
        "Adding a user keeps to the maximum of active participants of the new role.",
    )
    DEFINED_ROLE = ("PROTO-7.5-15", "A participant has a role that the room defines, and is not role 0.", "AMB-135")
    CLIENTS_OF_THE_ADDED = (
        "POLICY-8.1.1-06",
        "Who may add a user in its role may add that user's clients, with the user or while it has none.",
        "AMB-225",
    )
    CLIENTS_OF_PARTICIPANTS = ("PROTO-5.3-04", "A user is on the list before or along with its clients.", "AMB-051")
    CAN_ADD_OWN_CLIENT_EXTERNALLY = (
        "POLICY-8.1.1-07",
        "canAddOwnClient allows a listed user to add its own client from outside.",
        "AMB-081",
    )
    CAN_ADD_OWN_CLIENT = ("POLICY-8.1.1-08", "canAddOwnClient allows a member to add other clients of its user.")
    OWN_CLIENT_MAXIMUM_ACTIVE = ("POLICY-3-07", "A role has no more active participants than its maximum.", "AMB-163")
    JOINS_BY_COMMIT = ("PROTO-5.6-02", "Who is not on the list joins by an external commit.", "AMB-081")
    JOINS_ONCE = ("POLICY-4-03", "Who is on the list, be it as banned, doesn't join it anew.")
    CAN_OPEN_JOIN = (
        "POLICY-8.1.1-10",
        "canOpenJoin on role 0 allows everybody who is not on the list to join.",
        "AMB-176",
    )
    OPEN_JOIN_ENTRY = ("POLICY-8.1.1-11", "Joining openly takes changes of role 0 in role 0's own list.", "AMB-176")
    OPEN_JOIN_TARGET = ("POLICY-8.1.1-12", "Who joins openly chooses any role that role 0 changes into.")
    OPEN_JOIN_MAXIMUM = ("POLICY-8.1.1-13", "Joining openly keeps to both maximums of the new role.")
    CAN_JOIN_IF_PREAUTHORIZED = (
        "POLICY-8.1.1-15",
        "canJoinIfPreauthorized on a role allows joining in it, where it is the first preauthorised match.",
        "AMB-150",
    )
    PREAUTHORIZED_MAXIMUM = (
        "POLICY-8.1.1-17",
        "Joining preauthorised keeps to the maximum of participants of the role.",
    )
    PREAUTHORIZED_MAXIMUM_ACTIVE = (
        "POLICY-8.1.1-18",
        "Joining preauthorised keeps to the maximum of active participants of the role.",
    )
    CAN_USE_JOIN_CODE = ("POLICY-8.1.1-19", "canUseJoinCode allows joining with a valid code for the room.", "AMB-164")
    JOIN_CODE_ROLE = ("POLICY-8.1.1-20", "A join code leads to a role into which its user's role 0 changes.", "AMB-164")
    JOIN_CODE_MAXIMUM = ("POLICY-8.1.1-21", "Joining with a code keeps to both maximums of the new role.", "AMB-164")


def add_participant(question: Question, change: AddParticipant) -> Decision:
    """Whether a user may be put on the participant list: by itself, by somebody else, or to be banned in advance."""
    if change.user == question.actor.user:
        return _join(question, change)
    return first_allowed(_ways_to_add(question, change))


def _ways_to_add(question: Question, change: AddParticipant) -> Iterator[Decision]:
    if question.policy.is_banned(change.role_index):
        yield question.listed(change.user, AddingRule.CAN_ADD_PARTICIPANT) or can_ban(
            question, ChangeRole(change.user, change.role_index)
        )
    yield can_add_participant(question, change)


def can_add_participant(question: Question, change: AddParticipant) -> Decision:
    """The holder can add another user, who is not on the list, and any of that user's clients along with it."""
    return (
        question.lacks(CapabilityType.can_add_participant, AddingRule.CAN_ADD_PARTICIPANT)
        or question.listed(change.user, AddingRule.CAN_ADD_PARTICIPANT)
        or question.not_a_role_to_have(change.role_index, AddingRule.DEFINED_ROLE)
        or question.cannot_change(change.user, NO_ROLE, change.role_index, AddingRule.ADD_ROLE_CHANGE)
        or question.too_many(change.role_index, AddingRule.ADD_MAXIMUM)
        or question.too_many_active(change.role_index, AddingRule.ADD_MAXIMUM_ACTIVE)
        or _no_place(question, change)
        or Allowed(AddingRule.CAN_ADD_PARTICIPANT)
    )


def _no_place(question: Question, change: AddParticipant) -> Refused | None:
    """Whether the room as a whole has no place for a new participant."""
    return (
        fixed(question, LimitRule.FIXED_MEMBERSHIP)
        or no_admission(question, change.user, change.role_index)
        or no_more_clients(question, change.user)
    )


def _join(question: Question, change: AddParticipant) -> Decision:
    """Whether a user may add itself, in whichever way it has."""
    return (
        question.listed(change.user, AddingRule.JOINS_ONCE)
        or question.not_a_role_to_have(change.role_index, AddingRule.DEFINED_ROLE)
        or _way_in(question, change)
    )


def _way_in(question: Question, change: AddParticipant) -> Decision:
    """The first of the three ways to join that is open; or why the most promising one is not.

    That is a code, where there is one, then preauthorisation, where there is one, and else the door open to all.
    """
    joiner = question.actor
    if isinstance(joiner, ExternalSender):
        return Refused(AddingRule.ADDS_ANOTHER, f"{shown(joiner.user)} is a server, and adds itself.")
    if not isinstance(joiner, ExternalJoiner):
        return Refused(AddingRule.JOINS_BY_COMMIT, f"{shown(joiner.user)} proposes its own addition.")
    way = first_allowed(_ways_in(question, change, joiner))
    return way if isinstance(way, Refused) else _no_place(question, change) or way


def _ways_in(question: Question, change: AddParticipant, joiner: ExternalJoiner) -> Iterator[Decision]:
    if joiner.join_code is not None:
        yield can_use_join_code(question, change, joiner.join_code)
    if matching := next(question.policy.preauthorized_roles(joiner.claims), None):
        yield can_join_if_preauthorized(question, change, matching)
    yield can_open_join(question, change)


def can_open_join(question: Question, change: AddParticipant) -> Decision:
    """Any user who is not on the list can add itself, when role zero says so."""
    no_role = question.policy.no_role
    if CapabilityType.can_open_join not in no_role.capabilities:
        return Refused(
            AddingRule.CAN_OPEN_JOIN, f"Nobody joins openly: {shown_role(no_role)} does not hold canOpenJoin."
        )
    targets = no_role.changes.get(NO_ROLE, frozenset())
    if not targets:
        return Refused(
            AddingRule.OPEN_JOIN_ENTRY, f"Nobody joins openly: {shown_role(no_role)} changes role 0 into no other."
        )
    if change.role_index not in targets:
        open_to = ", ".join(map(question.shown_index, sorted(targets)))
        return Refused(
            AddingRule.OPEN_JOIN_TARGET,
            f"{shown(change.user)} cannot join as {question.shown_index(change.role_index)}, only as {open_to}.",
        )
    return (
        question.too_many(change.role_index, AddingRule.OPEN_JOIN_MAXIMUM)
        or question.too_many_active(change.role_index, AddingRule.OPEN_JOIN_MAXIMUM)
        or Allowed(AddingRule.CAN_OPEN_JOIN)
    )


def can_join_if_preauthorized(question: Question, change: AddParticipant, matching: int) -> Decision:
    """A client whose user is not on the list can join in the first role that its credential matches."""
    rule = AddingRule.CAN_JOIN_IF_PREAUTHORIZED
    role = question.policy.role(matching)
    if role is None or change.role_index != matching:
        wanted = question.shown_index(change.role_index)
        return Refused(
            rule, f"{shown(change.user)} is preauthorised as {question.shown_index(matching)}, not as {wanted}."
        )
    if CapabilityType.can_join_if_preauthorized not in role.capabilities:
        return Refused(
            rule,
            f"{shown(change.user)} is preauthorised as {shown_role(role)}, which does not hold canJoinIfPreauthorized.",
        )
    return (
        question.too_many(matching, AddingRule.PREAUTHORIZED_MAXIMUM)
        or question.too_many_active(matching, AddingRule.PREAUTHORIZED_MAXIMUM_ACTIVE)
        or Allowed(rule)
    )


def can_use_join_code(question: Question, change: AddParticipant, code: JoinCode) -> Decision:
    """The holder can join with a valid code, which leads to a role. Role zero holds it for everybody (AMB-164)."""
    holders = [
        role
        for role in (question.role, question.policy.no_role)
        if CapabilityType.can_use_join_code in role.capabilities
    ]
    if not holders:
        needed = shown_capability(CapabilityType.can_use_join_code)
        return Refused(AddingRule.CAN_USE_JOIN_CODE, f"{question.who} does not hold {needed}.")
    if code.role_index != change.role_index or not any(role.changes_to(NO_ROLE, code.role_index) for role in holders):
        return Refused(
            AddingRule.JOIN_CODE_ROLE,
            f"The code of {shown(change.user)} is one for {question.shown_index(code.role_index)}, "
            f"and does not make {question.shown_index(change.role_index)} of {shown_role(holders[0])}.",
        )
    return (
        question.too_many(change.role_index, AddingRule.JOIN_CODE_MAXIMUM)
        or question.too_many_active(change.role_index, AddingRule.JOIN_CODE_MAXIMUM)
        or Allowed(AddingRule.CAN_USE_JOIN_CODE)
    )


def add_clients(question: Question, change: AddClients) -> Decision:
    """Whether clients of somebody who is, or becomes, a participant may be added to the group."""
    own = change.user == question.actor.user
    return can_add_own_client(question, change) if own else _add_clients_of_another(question, change)


def can_add_own_client(question: Question, change: AddClients) -> Decision:
    """A listed user can add its own client from outside, and as a member other clients of its own."""
    member = isinstance(question.actor, Member)
    rule = AddingRule.CAN_ADD_OWN_CLIENT if member else AddingRule.CAN_ADD_OWN_CLIENT_EXTERNALLY
    if isinstance(question.actor, ExternalSender):
        return Refused(rule, f"{shown(change.user)} is a server, and has no clients.")
    role_index = question.outcome.role_index(change.user)
    if role_index is None:
        return Refused(AddingRule.CLIENTS_OF_PARTICIPANTS, f"{shown(change.user)} is no participant.")
    return (
        question.lacks(CapabilityType.can_add_own_client, rule)
        or question.not_leaves_of(change.user, change.replaced, rule)
        or question.too_many_active(role_index, AddingRule.OWN_CLIENT_MAXIMUM_ACTIVE)
        or no_more_clients(question, change.user)
        or Allowed(rule)
    )


def _add_clients_of_another(question: Question, change: AddClients) -> Decision:
    """Who could add a user in the role that it has can add its clients, too, as long as it has none."""
    rule = AddingRule.CLIENTS_OF_THE_ADDED
    role_index = question.outcome.role_index(change.user)
    if role_index is None:
        return Refused(AddingRule.CLIENTS_OF_PARTICIPANTS, f"{shown(change.user)} is no participant.")
    if any(client.leaf_index is not None for client in question.view.participants.clients(change.user)):
        return Refused(rule, f"{shown(change.user)} has clients in the group, and adds others itself.")
    return (
        question.lacks(CapabilityType.can_add_participant, rule)
        or question.cannot_change(change.user, NO_ROLE, role_index, rule)
        or question.too_many_active(role_index, AddingRule.ADD_MAXIMUM_ACTIVE)
        or no_more_clients(question, change.user)
        or Allowed(rule)
    )
