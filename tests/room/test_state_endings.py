"""How a room ends, how a group ends before its room, and what goes on in another one."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.group.commit_rules import CommitRule
from mimi_conformance.reference.mls.group.group_creation import reinitialize
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.room.actors import ExternalJoiner, Member
from mimi_conformance.reference.room.authorization.adding import AddingRule
from mimi_conformance.reference.room.authorization.authorize import authorize
from mimi_conformance.reference.room.authorization.policy_changes import PolicyRule
from mimi_conformance.reference.room.authorization.presence import PresenceRule
from mimi_conformance.reference.room.changes import SEND_MESSAGE, Reinitialize
from mimi_conformance.reference.room.decision import Allowed, Refused
from mimi_conformance.reference.room.derivation import GroupError
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.participants import Client
from mimi_conformance.reference.room.state import RoomState, RoomStateRule, destroy, start_group
from mimi_conformance.reference.room.updates import CommitAccepted, InvalidProposal, NotAllowed, ProposalsAccepted
from mimi_conformance.reference.wire.mls.proposals import ReInit
from mimi_conformance.reference.wire.mls.registries import ProtocolVersion
from tests.exercised import exercises
from tests.mls.group_examples import NOW, SUITE
from tests.room.house import House, client, senders, user

USERS = {"alice": 4, "bob": 2, "carol": 3}


@pytest.fixture
def house() -> House:
    return House.of(USERS, "alice1", "bob1", "carol1", policy="strict")


def newcomer(name: str) -> ExternalJoiner:
    return ExternalJoiner(user(name), Client())


def reinit(house: House) -> ReInit:
    return ReInit(b"next", ProtocolVersion.mls10, SUITE, house.state.group.context.extensions)


def ended(house: House) -> House:
    """The house when a ReInit has ended its group."""
    assert isinstance(house.propose("alice1", reinit(house)), ProposalsAccepted)
    assert isinstance(house.commit("carol1"), CommitAccepted)
    return house


def follow_up(house: House) -> PublicGroup:
    """The group that follows the one that has ended."""
    maker, old = house.members["carol1"]
    packages = [house.members[name][0].key_package().key_package for name in ("alice1", "bob1")]
    made = reinitialize(old, maker.as_member(), packages, now=NOW, random=maker.random)
    return follow(group_info(made.after), room_application(), NOW)


def without_clients(state: RoomState) -> RoomState:
    """The room when every client has left it, as far as it is up to the hub."""
    participants = state.updated.participants.without_leaves((0, 1, 2))
    return replace(state, updated=replace(state.updated, participants=participants))


@exercises("POLICY-8.6-04")
def test_who_may_ends_the_room_for_good(house):
    alice, carol = Member(user("alice"), 0), Member(user("carol"), 2)
    assert destroy(house.state, carol).rule is PolicyRule.CAN_DESTROY_ROOM
    over = destroy(house.state, alice)
    assert isinstance(over, RoomState)
    assert authorize(over.updated, carol, SEND_MESSAGE).rule is PresenceRule.NOT_DESTROYED
    house.state = over
    answer = house.commit("alice1")
    assert isinstance(answer, NotAllowed)
    assert answer.refused.rule is PresenceRule.NOT_DESTROYED


@exercises("POLICY-8.6-05")
def test_who_may_reinitializes_the_group(house):
    answer = house.propose("bob1", reinit(house))
    assert isinstance(answer, NotAllowed)
    assert answer.refused.rule is PolicyRule.CAN_SEND_MLS_REINIT_PROPOSAL
    answer = house.propose("alice1", reinit(house))
    assert [act.change for act in answer.acts] == [Reinitialize()]


@exercises("POLICY-2-03", "MLS-11.2-02", "PROTO-5.4.1-08")
def test_a_room_goes_on_in_the_group_that_follows_a_reinit(house):
    ended(house)
    state = start_group(house.state, follow_up(house), newcomer("carol"))
    assert isinstance(state, RoomState)
    assert state.group.context.group_id == b"next"
    assert state.committed.policy == house.state.committed.policy
    assert state.committed.participants.client_count == 3
    assert isinstance(authorize(state.updated, Member(user("bob"), 2), SEND_MESSAGE), Allowed)


@exercises("MLS-11.2-02")
def test_a_group_that_a_reinit_has_ended_takes_nothing_more(house):
    ended(house)
    sender, group = house.members["bob1"]
    house.members["bob1"] = sender, replace(group, public=replace(group.public, reinit=None))
    for answer in (house.propose("bob1", house.listed(added={"dave": 2})), house.commit("bob1")):
        assert isinstance(answer, InvalidProposal)
        assert answer.error.rule is CommitRule.GROUP_IN_USE


@exercises("POLICY-2-03", "MLS-11.2-02")
def test_only_a_member_follows_a_reinit_up_and_only_with_the_group_it_names(house):
    ended(house)
    assert start_group(house.state, follow_up(house), newcomer("dave")).rule is RoomStateRule.ONE_GROUP
    other = client("carol1").create(b"other", extensions=house.state.group.context.extensions)
    with pytest.raises(GroupError) as caught:
        start_group(house.state, follow(group_info(other), room_application(), NOW), newcomer("carol"))
    assert caught.value.rule is RoomStateRule.REINIT_FOLLOWED


@exercises("POLICY-5-22", "POLICY-2-02", "POLICY-2-03")
def test_a_persistent_room_without_clients_gets_another_group(house):
    new = client("bob1").create(b"again", extensions=house.state.group.context.extensions)
    group = follow(group_info(new), room_application(), NOW)
    refused = start_group(house.state, group, newcomer("bob"))
    assert isinstance(refused, Refused)
    assert refused.rule is RoomStateRule.ONE_GROUP
    empty = without_clients(house.state)
    state = start_group(empty, group, newcomer("bob"))
    assert [each.leaf_index for each in state.committed.participants.clients(user("bob"))] == [0]
    assert start_group(empty, group, newcomer("dave")).rule is AddingRule.CLIENTS_OF_PARTICIPANTS
    policy = empty.updated.policy
    temporary = replace(policy, base=replace(policy.base, persistent_room=False))
    over = replace(empty, updated=replace(empty.updated, policy=temporary))
    assert start_group(over, group, newcomer("bob")).rule is PresenceRule.ACCESSIBLE


@exercises("POLICY-5-22", "PROTO-7.4-03")
def test_another_group_keeps_the_policy_of_the_room(house):
    empty = without_clients(house.state)
    richer = House.of({**USERS, "dave": 3}, "alice1", policy="strict").state.group.context.extensions
    unsent = (senders("b.example"), *house.state.group.context.extensions[1:])
    for extensions, rule in ((richer, RoomStateRule.POLICY_KEPT), (unsent, PolicyRule.HUB_IS_EXTERNAL_SENDER)):
        new = client("bob1").create(b"again", extensions=extensions)
        with pytest.raises(GroupError) as caught:
            start_group(empty, follow(group_info(new), room_application(), NOW), newcomer("bob"))
        assert caught.value.rule is rule
