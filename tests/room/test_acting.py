"""In which role somebody acts, if at all, and by which of several ways."""

from dataclasses import replace

from mimi_conformance.reference.room.actors import (
    ExternalJoiner,
    ExternalProposer,
    JoinCode,
    Member,
)
from mimi_conformance.reference.room.application import after
from mimi_conformance.reference.room.authorization.adding import AddingRule
from mimi_conformance.reference.room.authorization.authorize import authorize, authorize_commit
from mimi_conformance.reference.room.authorization.messages import UseRule
from mimi_conformance.reference.room.authorization.presence import PresenceRule
from mimi_conformance.reference.room.authorization.question import acting_role
from mimi_conformance.reference.room.changes import (
    SEND_MESSAGE,
    Act,
    AddClients,
    AddParticipant,
    MaintainGroup,
    RemoveClients,
    RemoveParticipant,
)
from mimi_conformance.reference.room.decision import Allowed, Refused, first_allowed
from mimi_conformance.reference.room.participants import Client
from mimi_conformance.reference.room.policy import BANNED, NO_ROLE
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.registries import CredentialType
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import (
    Claim,
    ClaimId,
    PreAuthData,
    PreAuthRoleEntry,
    SingleSourceRoleChangeTargets,
)
from tests.exercised import exercises
from tests.room.small_room import (
    ADMIN,
    ALICE,
    ALICES_CLIENT,
    BOB,
    BOBS_CLIENT,
    CAROL_OUTSIDE,
    ENFORCER,
    EVE,
    EVE_OUTSIDE,
    HUB_SERVER,
    MALLORY,
    ROOM,
    SUPER_ADMIN,
    USER,
    client,
    refused,
    role,
    with_role,
)

STAFF = Claim(ClaimId(CredentialType.x509, b"department"), b"HR")
CHIEF = Claim(ClaimId(CredentialType.x509, b"grade"), b"chief")


def preauthorizing(*entries: tuple[set[Claim], int]) -> RoomView:
    """The room with these claims leading to these roles."""
    data = PreAuthData(tuple(PreAuthRoleEntry(tuple(claims), role(ROOM, index)) for claims, index in entries))
    return replace(ROOM, policy=replace(ROOM.policy, preauthorization=data))


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
        "Nobody joins openly: role 0 (no_role) does not hold canOpenJoin."
    )


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


# Servers


@exercises("ARCH-5.1-02")
def test_a_server_neither_joins_nor_has_clients_nor_maintains_the_group() -> None:
    decision = authorize(ROOM, HUB_SERVER, AddParticipant(HUB_SERVER.user, USER))
    assert refused(decision, AddingRule.ADDS_ANOTHER) == "mimi://hub.example is a server, and adds itself."
    listed = after(ROOM, [AddParticipant(HUB_SERVER.user, USER)])
    decision = authorize(listed, HUB_SERVER, AddClients(HUB_SERVER.user, (Client(),)))
    refused(decision, AddingRule.CAN_ADD_OWN_CLIENT_EXTERNALLY)
    refused(authorize(ROOM, HUB_SERVER, MaintainGroup()), PresenceRule.MEMBERS_MAINTAIN)


def test_who_is_not_listed_does_not_propose_its_own_addition() -> None:
    proposer = ExternalProposer(EVE, client(EVE))
    decision = authorize(ROOM, proposer, AddParticipant(EVE, USER, (proposer.client,)))
    refused(decision, AddingRule.JOINS_BY_COMMIT)
