"""What the decision tables leave out: how changes bear on each other, and what refusals say."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.drafts.interpretations import interpretation
from mimi_conformance.reference.drafts.requirements import requirement
from mimi_conformance.reference.room.actors import Actor, ExternalSender
from mimi_conformance.reference.room.application import after
from mimi_conformance.reference.room.authorization.adding import AddingRule
from mimi_conformance.reference.room.authorization.authorize import authorize, authorize_commit, authorize_proposals
from mimi_conformance.reference.room.authorization.limits import LimitRule
from mimi_conformance.reference.room.authorization.messages import SenderRule, UseRule
from mimi_conformance.reference.room.authorization.policy_changes import PolicyRule
from mimi_conformance.reference.room.authorization.presence import PresenceRule
from mimi_conformance.reference.room.authorization.removing import RemovingRule
from mimi_conformance.reference.room.authorization.role_changes import RoleChangeRule
from mimi_conformance.reference.room.authorization.sharing import SharingRule
from mimi_conformance.reference.room.changes import (
    NO_LEAVES,
    SEND_MESSAGE,
    USABLE,
    Act,
    AddClients,
    AddParticipant,
    Change,
    ChangeExtensions,
    ChangePreauthorization,
    ChangeRole,
    ChangeRoles,
    Reinitialize,
    RemoveClients,
    RemoveParticipant,
    Use,
)
from mimi_conformance.reference.room.components.agreement import AgreementRule
from mimi_conformance.reference.room.decision import Allowed
from mimi_conformance.reference.room.participants import User
from mimi_conformance.reference.room.policy import BANNED, NO_ROLE
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import (
    PreAuthData,
    PreAuthRoleEntry,
    RoleData,
    SingleSourceRoleChangeTargets,
)
from tests.exercised import exercises
from tests.room.small_room import (
    ADMIN,
    ALICE,
    ALICES_CLIENT,
    BOB,
    BOBS_CLIENT,
    CAROL,
    CAROL_OUTSIDE,
    CAROL_PROPOSES,
    EVE,
    EVE_OUTSIDE,
    HUB,
    HUB_SERVER,
    MALLORY,
    ROOM,
    SUPER_ADMIN,
    USER,
    client,
    refused,
    role,
    with_base,
    with_role,
)

# What a refusal says


@pytest.mark.parametrize(
    ("actor", "change", "rule", "sentence"),
    [
        (
            BOBS_CLIENT,
            RemoveClients(ALICE, frozenset({0})),
            RemovingRule.CAN_KICK,
            "mimi://b.example/u/bob, as role 2 (ordinary_user), does not hold canKick.",
        ),
        (
            BOBS_CLIENT,
            RemoveParticipant(ALICE, frozenset({0})),
            RemovingRule.REMOVE_ROLE_CHANGE,
            "mimi://b.example/u/bob, as role 2 (ordinary_user), may not take mimi://a.example/u/alice from role 4 "
            "(super_admin) to role 0 (no_role): the role's authorized_role_changes do not list that.",
        ),
        (
            ALICES_CLIENT,
            RemoveParticipant(BOB, frozenset({1})),
            RemovingRule.REMOVED_CLIENTS,
            "mimi://b.example/u/bob would still have a client in the group: leaf 2.",
        ),
        (
            ALICES_CLIENT,
            RemoveClients(BOB, frozenset({0})),
            RemovingRule.CAN_KICK,
            "mimi://b.example/u/bob has no client at leaf 0.",
        ),
        (
            ALICES_CLIENT,
            AddParticipant(EVE, 77),
            AddingRule.DEFINED_ROLE,
            "The room defines no role 77.",
        ),
        (
            HUB_SERVER,
            ChangeExtensions(("a.example", "b.example")),
            PolicyRule.HUB_IS_EXTERNAL_SENDER,
            "The external senders would be a.example, b.example, without hub.example.",
        ),
    ],
)
def test_a_refusal_is_a_sentence_with_what_is_in_the_way(
    actor: Actor, change: Change, rule: RoomRule, sentence: str
) -> None:
    assert refused(authorize(ROOM, actor, change), rule) == sentence


def test_a_refusal_for_numbers_says_what_there_would_be_and_what_may_be() -> None:
    few = replace(
        role(ROOM, USER), maximum_participants_constraint=2, minimum_active_participants_constraint=1, role_name=b"one"
    )
    room = with_role(ROOM, few)
    assert refused(authorize(room, ALICES_CLIENT, AddParticipant(EVE, USER)), AddingRule.ADD_MAXIMUM) == (
        "There would be 3 participants in role 2 (one), which takes 2."
    )
    kick = RemoveClients(BOB, frozenset({1, 2}))
    assert refused(authorize(room, ALICES_CLIENT, kick), RemovingRule.KICK_MINIMUM) == (
        "There would be 0 active participants in role 2 (one), which needs 1."
    )


def test_a_refusal_names_its_rule_and_requirement() -> None:
    decision = authorize(ROOM, BOBS_CLIENT, Reinitialize())
    assert str(decision) == (
        "mimi://b.example/u/bob, as role 2 (ordinary_user), does not hold canSendMLSReinitProposal. "
        "(POLICY-8.6-05: canSendMLSReinitProposal allows sending a ReInit proposal.)"
    )


RULES = [
    rule
    for rules in (AddingRule, LimitRule, UseRule, PolicyRule, PresenceRule, RemovingRule, RoleChangeRule, SharingRule)
    for rule in rules
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_cites_what_the_drafts_have(rule: RoomRule) -> None:
    assert requirement(rule.requirement).id == rule.requirement
    if rule.ambiguity:
        assert interpretation(rule.ambiguity).ambiguity == rule.ambiguity
    assert rule.text.endswith(".")


# Whom a change fits


NOT_THEIRS = frozenset({0, 1, 2})
"""The leaves of both alice and bob."""


@pytest.mark.parametrize(
    ("actor", "change", "rule", "user"),
    [
        (ALICES_CLIENT, RemoveParticipant(BOB, NOT_THEIRS), RemovingRule.CAN_REMOVE_PARTICIPANT, BOB),
        (BOBS_CLIENT, RemoveParticipant(BOB, NOT_THEIRS), RemovingRule.CAN_REMOVE_SELF, BOB),
        (BOBS_CLIENT, RemoveClients(BOB, frozenset({0})), RemovingRule.CAN_REMOVE_OWN_CLIENT, BOB),
        (ALICES_CLIENT, ChangeRole(BOB, BANNED, NOT_THEIRS), RoleChangeRule.CAN_BAN, BOB),
        (
            CAROL_OUTSIDE,
            AddClients(CAROL, (CAROL_OUTSIDE.client,), frozenset({0})),
            AddingRule.CAN_ADD_OWN_CLIENT_EXTERNALLY,
            CAROL,
        ),
    ],
)
def test_clients_that_leave_with_a_user_are_that_users(
    actor: Actor, change: Change, rule: RoomRule, user: User
) -> None:
    assert refused(authorize(ROOM, actor, change), rule) == f"{user.decode()} has no client at leaf 0."


def test_who_is_not_on_the_list_is_neither_kicked_nor_leaves_it() -> None:
    decision = authorize(after(ROOM, [RemoveParticipant(BOB)]), ALICES_CLIENT, RemoveClients(BOB, NO_LEAVES))
    assert refused(decision, RemovingRule.PARTICIPANT) == "mimi://b.example/u/bob is no participant."
    leaving = replace(role(ROOM, NO_ROLE), role_capabilities=(CapabilityType.can_remove_self,))
    refused(authorize(with_role(ROOM, leaving), EVE_OUTSIDE, RemoveParticipant(EVE)), RemovingRule.PARTICIPANT)


@exercises("POLICY-8.1.1-02")
def test_the_right_to_add_others_lets_nobody_add_itself() -> None:
    adds = replace(
        role(ROOM, NO_ROLE),
        role_capabilities=(CapabilityType.can_add_participant,),
        authorized_role_changes=(SingleSourceRoleChangeTargets(NO_ROLE, (USER,)),),
    )
    room = with_role(ROOM, adds)
    refused(authorize(room, EVE_OUTSIDE, AddParticipant(EVE, USER, (EVE_OUTSIDE.client,))), AddingRule.CAN_OPEN_JOIN)


@exercises("ARCH-4.2-04")
def test_a_participant_without_clients_may_do_what_is_not_about_messages() -> None:
    assert not ROOM.participants.is_active(CAROL)
    assert isinstance(authorize(ROOM, CAROL_PROPOSES, AddClients(CAROL, (CAROL_PROPOSES.client,))), Allowed)
    refused(authorize(ROOM, CAROL_PROPOSES, SEND_MESSAGE), SenderRule.ACTIVE)


@exercises("ARCH-4.4-01")
def test_the_policy_of_the_moment_decides() -> None:
    add = AddParticipant(EVE, USER)
    assert isinstance(authorize(ROOM, BOBS_CLIENT, add), Allowed)
    stricter = replace(role(ROOM, USER), role_capabilities=())
    roles = [stricter if index == USER else each.role for index, each in ROOM.policy.roles.items()]
    refused(
        authorize(after(ROOM, [ChangeRoles(RoleData(tuple(roles)))]), BOBS_CLIENT, add), AddingRule.CAN_ADD_PARTICIPANT
    )


def test_clients_of_a_participant_without_any_are_added_as_if_with_the_participant() -> None:
    add = AddClients(CAROL, (client(CAROL),))
    assert authorize(ROOM, ALICES_CLIENT, add) == Allowed(AddingRule.CLIENTS_OF_THE_ADDED)
    promoted = after(ROOM, [ChangeRole(CAROL, ADMIN)])
    refused(authorize(promoted, BOBS_CLIENT, add), AddingRule.CLIENTS_OF_THE_ADDED)
    full = with_role(ROOM, replace(role(ROOM, USER), maximum_active_participants_constraint=1))
    refused(authorize(full, ALICES_CLIENT, add), AddingRule.ADD_MAXIMUM_ACTIVE)
    single = with_base(ROOM, replace(ROOM.policy.base, multi_device=False))
    two = AddClients(CAROL, (client(CAROL, 1), client(CAROL, 2)))
    refused(authorize(single, ALICES_CLIENT, two), LimitRule.ONE_CLIENT_EACH)


def test_preauthorisation_for_the_banned_role_leaves_nobody_in_the_group() -> None:
    entry = PreAuthRoleEntry((), role(ROOM, BANNED))
    able = replace(role(ROOM, USER), role_capabilities=(CapabilityType.can_change_own_role,))
    room = with_role(ROOM, replace(role(ROOM, BANNED), maximum_active_participants_constraint=None))
    room = with_role(replace(room, policy=replace(room.policy, preauthorization=PreAuthData((entry,)))), able)
    refused(authorize(room, BOBS_CLIENT, ChangeRole(BOB, BANNED)), RoleChangeRule.BANNED_CLIENTS)


def test_a_ban_keeps_to_the_maximum_of_the_banned_role() -> None:
    room = with_role(ROOM, replace(role(ROOM, BANNED), maximum_participants_constraint=1))
    refused(authorize(room, ALICES_CLIENT, ChangeRole(CAROL, BANNED)), LimitRule.CONSTRAINTS)


@exercises("POLICY-8.1.3-17")
@pytest.mark.parametrize(
    ("index", "constraints"),
    [
        (BANNED, {"minimum_participants_constraint": 1}),
        (BANNED, {"minimum_active_participants_constraint": 1}),
        (USER, {"maximum_participants_constraint": 2}),
        (USER, {"maximum_active_participants_constraint": 0}),
    ],
)
def test_an_unbanning_keeps_to_the_constraints_of_both_roles(index: int, constraints: dict[str, int]) -> None:
    changed = with_role(ROOM, replace(role(ROOM, index), **constraints))  # type: ignore[arg-type]
    only_unban = replace(role(ROOM, SUPER_ADMIN), role_capabilities=(CapabilityType.can_unban,))
    refused(
        authorize(with_role(changed, only_unban), ALICES_CLIENT, ChangeRole(MALLORY, USER)),
        RoleChangeRule.UNBAN_LIMITS,
    )


# What shares a commit


@exercises("POLICY-3-15", "POLICY-8.1.3-03")
def test_the_last_of_a_role_hands_it_over_in_one_commit() -> None:
    room = with_role(ROOM, replace(role(ROOM, SUPER_ADMIN), minimum_participants_constraint=1))
    up, down = ChangeRole(BOB, SUPER_ADMIN), ChangeRole(ALICE, USER)
    server = ExternalSender(b"mimi://helper.example", "helper.example")
    room = with_role(room, replace(role(room, SUPER_ADMIN), role_index=9, role_name=b"helper"))
    room = after(room, [AddParticipant(server.user, 9)])
    refused(authorize(room, server, down), RoleChangeRule.ROLE_MINIMUM)
    acts = [Act(ALICES_CLIENT, up), Act(server, down)]
    assert isinstance(authorize_commit(room, ALICES_CLIENT, acts), Allowed)
    assert isinstance(authorize_proposals(room, acts), Allowed)


@exercises("POLICY-8.1.2-08")
def test_a_leaver_does_not_commit_its_own_removal() -> None:
    act = Act(BOBS_CLIENT, RemoveParticipant(BOB, frozenset({1, 2})))
    assert isinstance(authorize(ROOM, BOBS_CLIENT, act.change), Allowed)
    assert isinstance(authorize_commit(ROOM, ALICES_CLIENT, [act]), Allowed)
    assert refused(authorize_commit(ROOM, BOBS_CLIENT, [act]), RemovingRule.LEAVER_COMMITS) == (
        "mimi://b.example/u/bob commits the removal of its own client at leaf 1."
    )
    one_client = Act(BOBS_CLIENT, RemoveClients(BOB, frozenset({1})))
    refused(authorize_commit(ROOM, BOBS_CLIENT, [one_client]), RemovingRule.LEAVER_COMMITS)
    assert isinstance(authorize_commit(ROOM, replace(BOBS_CLIENT, leaf_index=2), [one_client]), Allowed)


@exercises("POLICY-3-13", "POLICY-4-11", "PROTO-7.5-13")
def test_what_may_not_share_a_commit_is_not_proposed_beside_what_is_accepted() -> None:
    roles = ChangeRoles(RoleData(tuple(each.role for each in ROOM.policy.roles.values())))
    room = with_role(
        ROOM,
        replace(
            role(ROOM, SUPER_ADMIN),
            role_capabilities=(*role(ROOM, SUPER_ADMIN).role_capabilities, CapabilityType.can_change_role_definitions),
        ),
    )
    add, preauthorization = AddParticipant(EVE, USER), ChangePreauthorization(PreAuthData(()))
    assert isinstance(authorize(room, ALICES_CLIENT, roles), Allowed)
    refused(authorize(after(room, [add]), ALICES_CLIENT, roles, pending=[add]), SharingRule.ROLES_ALONE)
    refused(authorize(room, ALICES_CLIENT, add, pending=[roles]), SharingRule.ROLES_ALONE)
    refused(authorize(room, ALICES_CLIENT, add, pending=[preauthorization]), SharingRule.PREAUTHORIZATION_ALONE)
    refused(authorize(after(room, [add]), ALICES_CLIENT, RemoveParticipant(EVE), pending=[add]), SharingRule.USER_ONCE)


@exercises("POLICY-8-03")
def test_what_somebody_else_commits_is_judged_by_the_proposer() -> None:
    kick = RemoveClients(BOB, frozenset({1}))
    assert isinstance(
        authorize_commit(ROOM, BOBS_CLIENT, [Act(ALICES_CLIENT, RemoveClients(BOB, frozenset({2})))]), Allowed
    )
    refused(authorize_commit(ROOM, ALICES_CLIENT, [Act(replace(BOBS_CLIENT, user=CAROL), kick)]), RemovingRule.CAN_KICK)


def test_changes_that_leave_components_at_odds_are_refused_together_and_alone() -> None:
    room = with_role(
        ROOM,
        replace(
            role(ROOM, SUPER_ADMIN),
            role_capabilities=(*role(ROOM, SUPER_ADMIN).role_capabilities, CapabilityType.can_change_role_definitions),
        ),
    )
    kept = tuple(each.role for index, each in room.policy.roles.items() if index != USER)
    assert refused(
        authorize(room, ALICES_CLIENT, ChangeRoles(RoleData(kept))), AgreementRule.PARTICIPANTS_HAVE_ROLES
    ) == ("In participant_list and roles_list: role 2.")


def test_an_unlisted_provider_becomes_external_sender_along_with_its_first_participant() -> None:
    senders, add = ChangeExtensions((HUB, "e.example")), AddParticipant(EVE, USER)
    refused(authorize(ROOM, HUB_SERVER, senders), PolicyRule.FOLLOWERS_WITH_USERS)
    acts = [Act(HUB_SERVER, senders), Act(ALICES_CLIENT, add)]
    assert isinstance(authorize_commit(ROOM, ALICES_CLIENT, acts), Allowed)


@exercises("POLICY-8.1.3-14")
def test_an_unbanned_user_comes_back_by_itself() -> None:
    acts = [
        Act(ALICES_CLIENT, ChangeRole(MALLORY, USER)),
        Act(ALICES_CLIENT, AddClients(MALLORY, (client(MALLORY),))),
    ]
    only_unban = replace(role(ROOM, SUPER_ADMIN), role_capabilities=(CapabilityType.can_unban,))
    room = with_role(ROOM, only_unban)
    assert isinstance(authorize_commit(room, ALICES_CLIENT, acts[:1]), Allowed)
    refused(authorize_commit(room, ALICES_CLIENT, acts), AddingRule.CLIENTS_OF_THE_ADDED)


# Messages, assets and calls


@exercises("POLICY-8.7-01")
@pytest.mark.parametrize("capability", sorted(set(CapabilityType) - USABLE))
def test_what_changes_the_room_or_is_reserved_is_not_used_like_a_message(capability: CapabilityType) -> None:
    with pytest.raises(ValueError, match=capability.name):
        Use(capability)


@exercises("POLICY-8.3-17", "POLICY-8.3-18", "POLICY-8.4-01", "POLICY-8.4-03", "POLICY-8.4-05", "POLICY-8.4-07")
@pytest.mark.parametrize("capability", sorted(USABLE), ids=lambda each: each.name)
def test_what_a_capability_is_about_takes_that_capability(capability: CapabilityType) -> None:
    everything = with_role(ROOM, replace(role(ROOM, USER), role_capabilities=tuple(USABLE)))
    all_but_one = with_role(ROOM, replace(role(ROOM, USER), role_capabilities=tuple(USABLE - {capability})))
    assert isinstance(authorize(everything, BOBS_CLIENT, Use(capability)), Allowed)
    refused(authorize(all_but_one, BOBS_CLIENT, Use(capability)), UseRule[capability.name.upper()])


def test_every_capability_to_use_has_its_rule() -> None:
    assert {rule.name.lower() for rule in UseRule} == {capability.name for capability in USABLE}
