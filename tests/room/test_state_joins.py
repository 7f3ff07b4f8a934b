"""Clients that join by external commits, and what an external commit does to what was waiting."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.room.actors import ExternalJoiner, JoinCode
from mimi_conformance.reference.room.authorization.adding import AddingRule
from mimi_conformance.reference.room.authorization.limits import LimitRule
from mimi_conformance.reference.room.authorization.presence import PresenceRule
from mimi_conformance.reference.room.changes import AddClients, AddParticipant, MaintainGroup
from mimi_conformance.reference.room.derivation import GroupRule
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.room.updates import CommitAccepted, NotAllowed, ProposalsAccepted, UpdateRule
from mimi_conformance.reference.wire.mls.app_data import AppAck, AppEphemeral, MessageRange
from mimi_conformance.reference.wire.mls.proposals import SelfRemove
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import RoleData, SingleSourceRoleChangeTargets
from tests.exercised import exercises
from tests.room.component_examples import OPERATIONAL
from tests.room.house import HUB, House, client, user

USERS = {"alice": 4, "bob": 2, "carol": 3, "dora": 2}
CLIENTS = ("alice1", "bob1", "bob2", "carol1")


def open_to_all(policy: str = "cooperative") -> RoleData:
    """The roles of a preset, with role zero open for everybody to become an ordinary user."""
    no_role, *others = preset(policy).roles_list.roles
    opened = replace(
        no_role,
        role_capabilities=(CapabilityType.can_open_join,),
        authorized_role_changes=(SingleSourceRoleChangeTargets(0, (2,)),),
    )
    return RoleData((opened, *others))


@pytest.fixture
def house() -> House:
    return House.of(USERS, *CLIENTS)


def accepted(answer) -> CommitAccepted:
    assert isinstance(answer, CommitAccepted), answer
    return answer


def refused(answer) -> object:
    assert isinstance(answer, NotAllowed), answer
    return answer.refused.rule


@exercises(
    "PROTO-3.6-03",
    "PROTO-3.6-04",
    "PROTO-3.6-05",
    "PROTO-5.3-43",
    "POLICY-8.1.1-07",
    "POLICY-5-15",
    "ARCH-4.3-02",
)
def test_a_new_device_of_a_participant_joins(house):
    answer = accepted(house.join("bob3"))
    [act] = answer.acts
    assert isinstance(act.actor, ExternalJoiner)
    assert act.change == AddClients(user("bob"), (act.actor.client,))
    assert [each.leaf_index for each in house.state.committed.participants.clients(user("bob"))] == [1, 2, 4]
    accepted(house.commit("bob3"))


@exercises("PROTO-7.5-04", "ARCH-2-11", "POLICY-8.1.1-07")
def test_an_inactive_participant_becomes_active(house):
    assert not house.state.committed.participants.is_active(user("dora"))
    accepted(house.join("dora1"))
    assert house.state.committed.participants.is_active(user("dora"))


@exercises("PROTO-5.3-43", "ARCH-4.2-01")
def test_a_stranger_does_not_join(house):
    assert refused(house.join("dave1")) is AddingRule.CLIENTS_OF_PARTICIPANTS
    assert refused(house.join("dave1", house.listed(added={"dave": 2}))) is AddingRule.CAN_OPEN_JOIN


@exercises("POLICY-8.1.1-10", "POLICY-8.1.1-11", "POLICY-8.1.1-12", "EXT-4.7-16", "PROTO-5.3-43")
def test_anybody_joins_a_room_that_is_open(house):
    house = House.of(USERS, *CLIENTS, roles=open_to_all())
    answer = accepted(house.join("dave1", house.listed(added={"dave": 2})))
    [act] = answer.acts
    assert act.change == AddParticipant(user("dave"), 2, (act.actor.client,))
    assert house.role("dave") == 2
    assert refused(house.join("dan1", house.listed(added={"dan": 3}))) is AddingRule.OPEN_JOIN_TARGET


@exercises("POLICY-8.1.1-19", "POLICY-8.1.1-20", "PROTO-5.3-43")
def test_a_client_joins_with_a_code():
    house = House.of({"alice": 4, "carol": 3}, "alice1", policy="strict")
    listed = house.listed(added={"dave": 2})
    assert refused(house.join("dave1", listed)) is AddingRule.CAN_OPEN_JOIN
    assert refused(house.join("dave1", listed, join_code=JoinCode(b"code", 3))) is AddingRule.JOIN_CODE_ROLE
    accepted(house.join("dave1", listed, join_code=JoinCode(b"code", 2)))
    assert house.role("dave") == 2


@exercises("POLICY-4-03", "POLICY-2.1-01")
def test_a_banned_user_does_not_come_back():
    house = House.of({**USERS, "dave": 1}, *CLIENTS, roles=open_to_all())
    assert refused(house.join("dave1")) is AddingRule.CAN_ADD_OWN_CLIENT_EXTERNALLY
    ban = house.propose("carol1", *house.removals("bob"), house.listed(changed={"bob": 1}))
    assert isinstance(ban, ProposalsAccepted)
    before = house.state
    assert refused(house.join("bob3")) is AddingRule.CAN_ADD_OWN_CLIENT_EXTERNALLY
    assert house.state is before


@exercises("PROTO-7.1-04", "ARCH-2-10")
def test_who_has_left_does_not_come_back_before_the_commit(house):
    assert isinstance(house.propose("bob1", *house.removals("bob"), house.listed(removed=["bob"])), ProposalsAccepted)
    assert refused(house.join("bob3")) is AddingRule.CLIENTS_OF_PARTICIPANTS


@exercises("PROTO-5.3-04", "PROTO-7.1-05")
def test_who_was_accepted_joins_after_the_commit_and_not_before(house):
    assert isinstance(house.propose("alice1", house.listed(added={"dave": 2})), ProposalsAccepted)
    assert refused(house.join("dave1")) is AddingRule.CLIENTS_OF_PARTICIPANTS
    accepted(house.commit("carol1"))
    accepted(house.join("dave1"))


@exercises("POLICY-5-16")
def test_a_client_joins_again_in_place_of_itself(house):
    house = House.of(USERS, "alice1", "bob1", base={"multi_device": False})
    assert refused(house.join("bob2")) is LimitRule.ONE_CLIENT_EACH
    bob, _ = house.members["bob1"]
    leaf = house.leaf("bob1")
    del house.members["bob1"]
    answer = accepted(house.join("bob1", newcomer=bob, replaces=leaf))
    [act] = answer.acts
    assert act.change == AddClients(user("bob"), (act.actor.client,), frozenset({leaf}))
    assert [each.leaf_index for each in house.state.committed.participants.clients(user("bob"))] == [leaf]


@exercises("EXT-6.3.1-03", "EXT-6.3.1-10", "PROTO-7.3-03")
def test_an_external_commit_covers_every_self_remove(house):
    messages, group = house.proposals("bob1", SelfRemove())
    assert isinstance(house.accept_proposals(messages, sender="bob1", after=group), ProposalsAccepted)
    assert refused(house.join("carol2")) is UpdateRule.QUEUED_INCLUDED
    accepted(house.join("carol2", self_removes=messages))
    assert set(house.members) == {"alice1", "bob2", "carol1", "carol2"}


@exercises("PROTO-7.3-03", "ARCH-4.2-03")
def test_what_an_external_commit_cannot_cover_lapses(house):
    messages, group = house.proposals("bob1", SelfRemove(), *house.removals("bob")[1:], house.listed(removed=["bob"]))
    leaving = house.accept_proposals(messages, sender="bob1", after=group)
    assert isinstance(leaving, ProposalsAccepted)
    answer = accepted(house.join("carol2", self_removes=messages[:1]))
    assert [each.act for each in answer.lapsed] == [*leaving.acts]
    assert house.role("bob") == 2
    assert [each.leaf_index for each in house.state.committed.participants.clients(user("bob"))] == [2]
    assert house.state.updated is house.state.committed


@exercises("POLICY-5-18", "POLICY-3-15")
def test_what_lapses_makes_no_room():
    house = House.of(USERS, *CLIENTS, roles=open_to_all(), base={"max_users": 4})
    messages, group = house.proposals("bob1", *house.removals("bob"), house.listed(removed=["bob"]))
    assert isinstance(house.accept_proposals(messages, sender="bob1", after=group), ProposalsAccepted)
    before = house.state
    assert refused(house.join("dave1", house.listed(added={"dave": 2}))) is LimitRule.MAX_USERS
    assert house.state is before
    accepted(house.commit("alice1"))
    accepted(house.join("dave1", house.listed(added={"dave": 2})))


@exercises("POLICY-7.1-14")
def test_nobody_joins_where_external_commits_are_not_allowed():
    closed = replace(OPERATIONAL, external_commit_allowed=False)
    house = House.of(USERS, *CLIENTS, components={"mls_operational_policy": closed})
    assert refused(house.join("bob3")) is PresenceRule.EXTERNAL_COMMITS


@exercises("ARCH-5.1-02")
def test_a_server_does_not_join(house):
    server = replace(client("alice2"), name=f"mimi://{HUB}")
    assert refused(house.join("hub", newcomer=server)) is GroupRule.MEMBER_IS_CLIENT
    answer = house.commit("alice1", newcomers={"hub": server})
    assert refused(answer) is GroupRule.MEMBER_IS_CLIENT


@exercises("EXT-4.8-05", "EXT-4.7-16")
def test_who_joins_may_acknowledge(house):
    answer = accepted(house.join("bob3", AppEphemeral(0x0005, AppAck((MessageRange(0, 1, 2),)).encode())))
    assert {type(act.change) for act in answer.acts} == {AddClients, MaintainGroup}
