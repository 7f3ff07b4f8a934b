"""What the decision tables leave out: in which role somebody acts, how changes bear on each other, what refusals say.

Who may do what, capability by capability, is in decisions/.
"""

from dataclasses import replace

import pytest

from mimi_conformance.reference.drafts.interpretations import interpretation
from mimi_conformance.reference.drafts.requirements import requirement
from mimi_conformance.reference.room.actors import Actor, ExternalJoiner, ExternalSender, JoinCode, Member
from mimi_conformance.reference.room.application import after
from mimi_conformance.reference.room.authorization.adding import AddingRule
from mimi_conformance.reference.room.authorization.authorize import authorize, authorize_commit, authorize_proposals
from mimi_conformance.reference.room.authorization.limits import LimitRule
from mimi_conformance.reference.room.authorization.messages import UseRule
from mimi_conformance.reference.room.authorization.policy_changes import PolicyRule
from mimi_conformance.reference.room.authorization.presence import PresenceRule
from mimi_conformance.reference.room.authorization.question import acting_role
from mimi_conformance.reference.room.authorization.removing import RemovingRule
from mimi_conformance.reference.room.authorization.role_changes import RoleChangeRule
from mimi_conformance.reference.room.authorization.sharing import SharingRule
from mimi_conformance.reference.room.changes import (
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
    MaintainGroup,
    Reinitialize,
    RemoveClients,
    RemoveParticipant,
    Use,
)
from mimi_conformance.reference.room.components.agreement import AgreementRule
from mimi_conformance.reference.room.decision import Allowed, Decision, Refused, first_allowed
from mimi_conformance.reference.room.policy import BANNED, NO_ROLE
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.registries import CredentialType
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import (
    Claim,
    ClaimId,
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
    ENFORCER,
    EVE,
    EVE_OUTSIDE,
    HUB,
    HUB_SERVER,
    MALLORY,
    ROOM,
    SUPER_ADMIN,
    USER,
    client,
    role,
    with_base,
    with_role,
)

STAFF = Claim(ClaimId(CredentialType.x509, b"department"), b"HR")
CHIEF = Claim(ClaimId(CredentialType.x509, b"grade"), b"chief")


def preauthorizing(*entries: tuple[set[Claim], int]) -> RoomView:
    """The room with these claims leading to these roles."""
    data = PreAuthData(tuple(PreAuthRoleEntry(tuple(claims), role(ROOM, index)) for claims, index in entries))
    return replace(ROOM, policy=replace(ROOM.policy, preauthorization=data))


def refused(decision: Decision, rule: RoomRule) -> str:
    """The sentence of a refusal by a rule."""
    assert isinstance(decision, Refused), decision
    assert decision.rule is rule, decision
    return decision.sentence


# In which role somebody acts


def test_a_participant_acts_in_its_role() -> None:
    assert acting_role(ROOM, ALICES_CLIENT).index == SUPER_ADMIN
    assert acting_role(ROOM, CAROL_OUTSIDE).index == USER


@exercises("POLICY-3-02")
def test_whoever_is_not_listed_acts_in_role_zero() -> None:
    assert acting_role(ROOM, EVE_OUTSIDE).index == NO_ROLE


@exercises("POLICY-4-01", "POLICY-4-05", "POLICY-1-04", "POLICY-8-01")
def test_who_comes_from_outside_acts_in_the_first_role_that_its_claims_match() -> None:
    room = preauthorizing(({STAFF, CHIEF}, SUPER_ADMIN), ({STAFF}, ADMIN), ({CHIEF}, USER))
    assert acting_role(room, replace(EVE_OUTSIDE, claims=frozenset({STAFF}))).index == ADMIN
    assert acting_role(room, replace(EVE_OUTSIDE, claims=frozenset({STAFF, CHIEF}))).index == SUPER_ADMIN
    assert acting_role(room, EVE_OUTSIDE).index == NO_ROLE


def test_an_entry_without_claims_matches_everybody() -> None:
    assert acting_role(preauthorizing((set(), USER)), EVE_OUTSIDE).index == USER


@exercises("POLICY-4-12", "ARCH-4.4-04")
def test_a_server_acts_in_the_role_of_its_entry_and_else_in_one_by_its_claims() -> None:
    room = preauthorizing(({STAFF}, ENFORCER))
    server = replace(HUB_SERVER, claims=frozenset({STAFF}))
    assert acting_role(room, server).index == ENFORCER
    listed = after(room, [AddParticipant(HUB_SERVER.user, USER)])
    assert acting_role(listed, server).index == USER


@exercises("POLICY-4-03")
def test_claims_do_not_help_a_banned_user() -> None:
    room = preauthorizing(({STAFF}, ADMIN))
    joiner = ExternalJoiner(MALLORY, client(MALLORY), frozenset({STAFF}))
    assert acting_role(room, joiner).index == BANNED
    sentence = refused(authorize(room, joiner, AddParticipant(MALLORY, ADMIN)), AddingRule.JOINS_ONCE)
    assert sentence == "mimi://m.example/u/mallory is on the participant list already, as role 1 (banned)."


def test_claims_do_not_help_a_member_whose_user_was_removed() -> None:
    room = after(preauthorizing(({STAFF}, ADMIN)), [RemoveParticipant(BOB)])
    assert acting_role(room, replace(BOBS_CLIENT, claims=frozenset({STAFF}))).index == NO_ROLE


def test_a_role_that_is_not_defined_holds_nothing() -> None:
    assert acting_role(preauthorizing(), replace(EVE_OUTSIDE, claims=frozenset({STAFF}))).capabilities == frozenset()
    room = after(ROOM, [AddParticipant(EVE, 77)])
    assert acting_role(room, Member(EVE, 5)).capabilities == frozenset()


# Several ways to one thing


def test_of_several_ways_the_first_open_one_counts_and_else_the_first_refusal() -> None:
    yes, other = Allowed(UseRule.CAN_SEND_LINK), Allowed(UseRule.CAN_COPY_LINK)
    no, never = Refused(UseRule.CAN_SEND_LINK, "No."), Refused(UseRule.CAN_COPY_LINK, "Never.")
    assert first_allowed([no, yes, other]) is yes
    assert first_allowed([no, never]) is no


def test_a_user_joins_by_whichever_way_is_open() -> None:
    door = replace(
        role(ROOM, NO_ROLE),
        role_capabilities=(CapabilityType.can_open_join,),
        authorized_role_changes=(SingleSourceRoleChangeTargets(NO_ROLE, (USER,)),),
    )
    room = with_role(preauthorizing(({STAFF}, ADMIN)), door)
    joiner = replace(EVE_OUTSIDE, claims=frozenset({STAFF}), join_code=JoinCode(b"sesame", ADMIN))
    assert authorize(room, joiner, AddParticipant(EVE, USER, (joiner.client,))) == Allowed(AddingRule.CAN_OPEN_JOIN)


def test_a_refused_joiner_hears_why_its_best_way_failed() -> None:
    room = preauthorizing(({STAFF}, ADMIN))
    with_code = replace(EVE_OUTSIDE, claims=frozenset({STAFF}), join_code=JoinCode(b"sesame", USER))
    join = AddParticipant(EVE, USER, (EVE_OUTSIDE.client,))
    assert refused(authorize(room, with_code, join), AddingRule.CAN_USE_JOIN_CODE) == (
        "mimi://e.example/u/eve, as role 3 (group_admin), does not hold canUseJoinCode."
    )
    preauthorized = replace(with_code, join_code=None)
    assert refused(authorize(room, preauthorized, join), AddingRule.CAN_JOIN_IF_PREAUTHORIZED) == (
        "mimi://e.example/u/eve is preauthorised as role 3 (group_admin), not as role 2 (ordinary_user)."
    )
    assert refused(authorize(room, EVE_OUTSIDE, join), AddingRule.CAN_OPEN_JOIN) == (
        "role 0 (no_role) does not hold canOpenJoin."
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


# Who is gone


GONE = after(ROOM, [RemoveParticipant(BOB)])


@exercises("PROTO-5.3-10", "PROTO-5.3-11")
def test_a_client_of_a_removed_user_proposes_its_own_removal_and_nothing_else() -> None:
    removal = RemoveClients(BOB, frozenset({1}))
    assert authorize(GONE, BOBS_CLIENT, removal) == Allowed(PresenceRule.GONE_REMOVE_THEIR_CLIENTS)
    for change in (RemoveClients(ALICE, frozenset({0})), MaintainGroup(), AddParticipant(EVE, USER)):
        sentence = refused(authorize(GONE, BOBS_CLIENT, change), PresenceRule.GONE_PROPOSE_NOTHING)
        assert sentence == "mimi://b.example/u/bob is no participant."


@exercises("PROTO-5.3-07", "PROTO-5.3-09")
def test_a_client_of_a_removed_user_neither_sends_nor_commits() -> None:
    refused(authorize(GONE, BOBS_CLIENT, SEND_MESSAGE), PresenceRule.GONE_SEND_NOTHING)
    refused(authorize_commit(GONE, BOBS_CLIENT, []), PresenceRule.GONE_COMMIT_NOTHING)


def test_what_a_removed_user_proposed_for_itself_can_be_committed_by_others() -> None:
    act = Act(BOBS_CLIENT, RemoveClients(BOB, frozenset({1})))
    assert isinstance(authorize_commit(GONE, ALICES_CLIENT, [act]), Allowed)


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


# The room as a whole


@exercises("POLICY-2-02", "POLICY-5-21")
def test_nobody_joins_a_temporary_room_after_the_last_client_left() -> None:
    empty = after(ROOM, [RemoveClients(ALICE, frozenset({0})), RemoveClients(BOB, frozenset({1, 2}))])
    own = AddClients(CAROL, (CAROL_OUTSIDE.client,))
    assert isinstance(authorize(empty, CAROL_OUTSIDE, own), Allowed)
    temporary = with_base(empty, replace(empty.policy.base, persistent_room=False))
    refused(authorize(temporary, CAROL_OUTSIDE, own), PresenceRule.ACCESSIBLE)


def test_nothing_happens_in_a_room_that_was_ended() -> None:
    ended = replace(ROOM, destroyed=True)
    for change in (SEND_MESSAGE, RemoveParticipant(BOB, frozenset({1, 2})), MaintainGroup()):
        refused(authorize(ended, ALICES_CLIENT, change), PresenceRule.NOT_DESTROYED)


# Messages, assets and calls


@exercises("POLICY-8.7-01")
@pytest.mark.parametrize("capability", sorted(set(CapabilityType) - USABLE))
def test_what_changes_the_room_or_is_reserved_is_not_used_like_a_message(capability: CapabilityType) -> None:
    with pytest.raises(ValueError, match=capability.name):
        Use(capability)


def test_every_capability_to_use_has_its_rule() -> None:
    assert {rule.name.lower() for rule in UseRule} == {capability.name for capability in USABLE}
