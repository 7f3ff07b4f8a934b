"""Proposals: accepted together or not at all, in effect at once, and waiting for a commit."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.framing.authenticated_content import proposal_ref
from mimi_conformance.reference.mls.group.group_framing import Framing, sign_as_member
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalListRule, ProposalRule
from mimi_conformance.reference.room.actors import ExternalProposer, ExternalSender, Member
from mimi_conformance.reference.room.authorization.adding import AddingRule
from mimi_conformance.reference.room.authorization.metadata import MetadataRule as ChangingMetadata
from mimi_conformance.reference.room.authorization.presence import PresenceRule
from mimi_conformance.reference.room.authorization.removing import RemovingRule
from mimi_conformance.reference.room.authorization.role_changes import RoleChangeRule
from mimi_conformance.reference.room.changes import (
    Act,
    AddClients,
    ChangeRole,
    RemoveClients,
    RemoveParticipant,
)
from mimi_conformance.reference.room.components.participant_list import ParticipantsRule
from mimi_conformance.reference.room.components.room_metadata import MetadataRule
from mimi_conformance.reference.room.operations import OperationsRule
from mimi_conformance.reference.room.participants import Client
from mimi_conformance.reference.room.updates import (
    InvalidProposal,
    NotAllowed,
    ProposalsAccepted,
    UpdateRule,
    WrongEpoch,
    accept_proposals,
)
from mimi_conformance.reference.wire.mls.proposals import Add, Proposal, Remove, SelfRemove
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate, UserindexRolePair
from mimi_conformance.reference.wire.protocol.room_metadata import UTF8String
from mimi_conformance.reference.wire.protocol.update import UpdateResponseCode
from tests.exercised import exercises
from tests.mls.group_examples import NOW, SUITE
from tests.room.component_examples import METADATA, OPERATIONAL
from tests.room.house import HUB, House, client, update, user

USERS = {"alice": 4, "bob": 2, "carol": 3, "dora": 2}
CLIENTS = ("alice1", "bob1", "bob2", "carol1")


@pytest.fixture
def house() -> House:
    return House.of(USERS, *CLIENTS, components={"room_metadata": METADATA})


def refused(answer) -> object:
    assert isinstance(answer, NotAllowed), answer
    assert answer.code is UpdateResponseCode.not_allowed
    return answer.refused.rule


def invalid(answer) -> InvalidProposal:
    assert isinstance(answer, InvalidProposal), answer
    assert answer.code is UpdateResponseCode.invalid_proposal
    return answer


def bob(house: House, number: int = 1) -> Member:
    return Member(user("bob"), house.leaf(f"bob{number}"))


@exercises(
    "PROTO-3.5-02",
    "PROTO-3.5-03",
    "PROTO-5.3-39",
    "PROTO-7.1-03",
    "PROTO-7.1-04",
    "PROTO-7.1-05",
    "POLICY-8.1.2-09",
    "POLICY-8.1.2-10",
    "ARCH-4-01",
    "ARCH-4-02",
)
def test_who_leaves_is_gone_from_the_room_at_once_and_from_the_group_with_the_next_commit(house):
    leaves = frozenset({house.leaf("bob1"), house.leaf("bob2")})
    answer = house.propose("bob1", *house.removals("bob"), house.listed(removed=["bob"]))
    assert answer.acts == (Act(bob(house), RemoveParticipant(user("bob"), leaves)),)
    assert (house.role("bob"), house.role("bob", committed=False)) == (2, None)
    assert house.state.updated.participants.client_count == 2
    assert set(house.members) == {*CLIENTS}
    [waiting] = house.state.pending
    assert waiting.references == {*answer.references}
    assert waiting.references == house.state.group.pending.keys()


@exercises("PROTO-3.5-02", "POLICY-8.1.2-06", "POLICY-8.1.2-09", "POLICY-8.1.2-10")
def test_a_user_leaves_by_self_remove_and_the_removal_of_its_other_clients(house):
    others = Remove(house.leaf("bob2"))
    answer = house.propose("bob1", SelfRemove(), others, house.listed(removed=["bob"]))
    assert isinstance(answer, ProposalsAccepted)
    house.commit("alice1")
    assert set(house.members) == {"alice1", "carol1"}


@exercises("POLICY-8.1.2-10", "POLICY-8.1.2-03")
def test_who_leaves_takes_along_all_clients(house):
    before = house.state
    answer = house.propose("bob1", SelfRemove(), house.listed(removed=["bob"]))
    assert refused(answer) is RemovingRule.OWN_CLIENTS
    assert house.state is before


@exercises("POLICY-8.1.2-06", "POLICY-8.1.2-15")
def test_a_client_leaves_while_its_user_stays(house):
    answer = house.propose("bob1", SelfRemove())
    assert answer.acts == (Act(bob(house), RemoveClients(user("bob"), frozenset({house.leaf("bob1")}))),)
    assert house.role("bob", committed=False) == 2
    assert [each.leaf_index for each in house.state.updated.participants.clients(user("bob"))] == [house.leaf("bob2")]


@exercises("PROTO-5.3-09", "PROTO-5.3-10", "PROTO-5.3-11")
def test_who_is_gone_only_proposes_to_remove_its_own_clients_and_commits_nothing(house):
    leaf = house.leaf("bob1")
    assert isinstance(house.propose("carol1", *house.removals("bob"), house.listed(removed=["bob"])), ProposalsAccepted)
    again = house.propose("bob1", SelfRemove())
    assert again.acts == (Act(bob(house), RemoveClients(user("bob"), frozenset())),)
    assert isinstance(house.propose("bob2", Remove(leaf)), ProposalsAccepted)
    before = house.state
    assert refused(house.propose("bob1", Remove(house.leaf("carol1")))) is PresenceRule.GONE_PROPOSE_NOTHING
    assert refused(house.propose("bob1", house.listed(changed={"alice": 3}))) is PresenceRule.GONE_PROPOSE_NOTHING
    assert refused(house.commit("bob1")) is PresenceRule.GONE_COMMIT_NOTHING
    assert house.state is before
    house.commit("alice1")
    assert set(house.members) == {"alice1", "carol1"}


@exercises("PROTO-5.3-06", "PROTO-5.3-10", "POLICY-8.1.3-08", "POLICY-2.1-01")
def test_a_ban_is_in_effect_at_once_and_keeps_its_user_on_the_list(house):
    leaves = frozenset({house.leaf("bob1"), house.leaf("bob2")})
    answer = house.propose("carol1", *house.removals("bob"), house.listed(changed={"bob": 1}))
    assert answer.acts[0].change == ChangeRole(user("bob"), 1, leaves)
    assert house.state.updated.is_banned(user("bob"))
    assert not house.state.committed.is_banned(user("bob"))
    assert refused(house.propose("bob1", house.listed(added={"dave": 2}))) is PresenceRule.GONE_PROPOSE_NOTHING


@exercises("PROTO-7.1-02", "PROTO-7.1-04", "POLICY-8.1.3-01", "POLICY-8.1.3-02")
def test_a_role_counts_as_soon_as_it_is_accepted(house):
    assert refused(house.propose("bob1", house.listed(added={"dave": 3}))) is AddingRule.ADD_ROLE_CHANGE
    assert isinstance(house.propose("alice1", house.listed(changed={"bob": 3})), ProposalsAccepted)
    assert isinstance(house.propose("bob1", house.listed(added={"dave": 3})), ProposalsAccepted)
    assert isinstance(house.propose("carol1", house.listed(added={"dan": 2})), ProposalsAccepted)
    house.commit("bob1")
    assert [house.role(name) for name in ("alice", "bob", "carol", "dave", "dan")] == [4, 3, 3, 3, 2]


@exercises("PROTO-7.5-08", "PROTO-7.1-05")
def test_indices_count_in_the_committed_list_whatever_was_accepted_since(house):
    assert isinstance(house.propose("carol1", *house.removals("bob"), house.listed(removed=["bob"])), ProposalsAccepted)
    third = update("participant_list", ParticipantListUpdate((UserindexRolePair(3, 4),)))
    answer = house.propose("alice1", third)
    assert answer.acts[0].change == ChangeRole(user("dora"), 4)
    house.commit("alice1")
    assert [(entry.user, entry.role_index) for entry in house.state.committed.participants.entries] == [
        (user("alice"), 4),
        (user("carol"), 3),
        (user("dora"), 4),
    ]


@exercises("PROTO-7.5-13", "PROTO-5.3-32", "PROTO-5.3-33", "PROTO-7.1-04")
def test_a_user_whose_change_waits_is_not_changed_again_in_the_epoch(house):
    assert isinstance(house.propose("alice1", house.listed(changed={"bob": 3})), ProposalsAccepted)
    before = house.state
    messages, _ = house.proposals("alice1", house.listed(changed={"bob": 4}))
    answer = invalid(house.accept_proposals(messages))
    assert len(answer.references) == 1
    assert answer.references[0] not in before.group.pending
    assert answer.error.__cause__.rule is ParticipantsRule.TOUCHED_ONCE
    assert house.state is before


@exercises("PROTO-7.6-07", "PROTO-7.6-08")
def test_metadata_whose_change_waits_is_not_changed_again_in_the_epoch(house):
    new = replace(METADATA, room_name=UTF8String(b"Attic"))
    assert isinstance(house.propose("bob1", update("room_metadata", new)), ProposalsAccepted)
    assert house.state.updated.metadata == new
    assert house.state.committed.metadata == METADATA
    answer = invalid(house.propose("carol1", update("room_metadata", METADATA)))
    assert answer.error.__cause__.rule is MetadataRule.ONE_UPDATE


@exercises("PROTO-5.3-41", "PROTO-5.3-33", "PROTO-7.5-12", "PROTO-7.6-07")
def test_of_proposals_that_come_together_all_are_accepted_or_none(house):
    before = house.state
    described = replace(METADATA, room_descriptions=())
    answer = house.propose("bob1", house.listed(added={"dave": 2}), update("room_metadata", described))
    assert refused(answer) is ChangingMetadata.CAN_CHANGE_ROOM_DESCRIPTION
    assert house.state is before
    assert house.state.group.pending == {}
    messages, _ = house.proposals("bob1", house.listed(added={"dave": 2}), SelfRemove())
    damaged = replace(messages[1], auth=replace(messages[1].auth, signature=bytes(64)))
    answer = invalid(accept_proposals(before, [messages[0], damaged], NOW))
    assert answer.error.rule.name == "SIGNATURE"
    assert len(answer.references) == 1


@exercises("PROTO-7.5-11", "PROTO-7.5-12", "POLICY-8-02")
def test_each_change_of_an_update_is_authorised_on_its_own(house):
    answer = house.propose("bob1", house.listed(added={"dave": 2}, changed={"carol": 2}))
    assert refused(answer) is RoleChangeRule.CAN_CHANGE_USER_ROLE
    assert house.role("dave", committed=False) is None


@exercises("PROTO-5.3-30", "PROTO-5.3-38")
def test_a_proposal_of_another_epoch_is_refused_with_the_present_one(house):
    messages, _ = house.proposals("bob1", SelfRemove())
    house.commit("alice1")
    assert house.accept_proposals(messages) == WrongEpoch(2)
    future = replace(messages[0], content=replace(messages[0].content, epoch=7))
    answer = house.accept_proposals([future])
    assert (answer.current_epoch, answer.code) == (2, UpdateResponseCode.wrong_epoch)
    assert "epoch 2" in str(answer)


@exercises("PROTO-5.3-37")
def test_a_proposal_for_another_group_is_refused(house):
    other = House.of(USERS, *CLIENTS)
    messages, _ = other.proposals("bob1", SelfRemove())
    elsewhere = replace(messages[0], content=replace(messages[0].content, group_id=b"other"))
    assert refused(house.accept_proposals([elsewhere])) is UpdateRule.GROUP_OF_ROOM


@exercises("PROTO-5.3-32", "PROTO-5.3-33", "PROTO-7.5-14", "EXT-4.7-11")
def test_an_invalid_proposal_is_named_by_its_reference(house):
    before = house.state
    beyond = update("participant_list", ParticipantListUpdate(removed_indices=(9,)))
    messages, group = house.proposals("alice1", beyond)
    answer = invalid(house.accept_proposals(messages))
    assert answer.references == tuple(group.public.pending)
    assert answer.error.rule is ProposalListRule.UPDATE_ACCEPTED
    assert "index 9 in a list of 4" in str(answer)
    assert house.state is before


@exercises("PROTO-5.3-32")
def test_a_proposal_that_mls_refuses_is_named_by_its_reference(house):
    body = Proposal.of(Remove(7))
    content = sign_as_member(house.group("carol1"), body, Framing(WireFormat.mls_public_message))
    answer = invalid(accept_proposals(house.state, [content], NOW))
    assert answer.error.rule is ProposalRule.REMOVED_IS_MEMBER
    assert answer.references == (proposal_ref(SUITE, content),)


@exercises("PROTO-5.3-34")
def test_proposals_that_come_again_have_no_second_effect(house):
    messages, _ = house.proposals("bob1", *house.removals("bob"), house.listed(removed=["bob"]))
    first = house.accept_proposals(messages)
    after = house.state
    again = house.accept_proposals(messages)
    assert (again.references, again.acts) == (first.references, ())
    assert house.state.updated == after.updated
    assert house.state.pending == after.pending


@exercises("EXT-6.3.1-06")
def test_self_remove_is_exempt_from_the_formats_of_handshakes_that_a_room_allows():
    formats = (replace(OPERATIONAL.handshake_formats[0], wire_formats=(WireFormat.mls_semiprivate_message,)),)
    policy = replace(OPERATIONAL, handshake_formats=formats)
    house = House.of(USERS, *CLIENTS, components={"mls_operational_policy": policy})
    assert isinstance(house.propose("bob1", SelfRemove()), ProposalsAccepted)
    assert refused(house.propose("bob2", house.listed(added={"dave": 2}))) is OperationsRule.HANDSHAKE_FORMAT


@exercises("POLICY-7.1-12", "PROTO-5.3-13")
def test_what_a_semi_private_message_held_counts_where_the_room_allows_it():
    public_only = replace(OPERATIONAL.handshake_formats[0], wire_formats=(WireFormat.mls_public_message,))
    for policy, allowed in ((OPERATIONAL, True), (replace(OPERATIONAL, handshake_formats=(public_only,)), False)):
        house = House.of(USERS, *CLIENTS, components={"mls_operational_policy": policy})
        body = Proposal.of(house.listed(added={"dave": 2}))
        content = sign_as_member(house.group("bob1"), body, Framing(WireFormat.mls_semiprivate_message))
        answer = accept_proposals(house.state, [content], NOW)
        assert isinstance(answer, ProposalsAccepted) is allowed
        if not allowed:
            assert refused(answer) is OperationsRule.HANDSHAKE_FORMAT


@pytest.fixture
def with_servers() -> House:
    return House.of({**USERS, HUB: 5}, *CLIENTS, policy="cooperative", servers=(HUB, "b.example"))


@exercises(
    "PROTO-4.2-06",
    "PROTO-4.3.2-03",
    "PROTO-7.3-01",
    "PROTO-7.4-01",
    "POLICY-8-01",
    "ARCH-4-02",
    "ARCH-4.4-04",
    "EXT-4.7-15",
)
def test_the_hub_acts_in_the_role_that_the_participant_list_gives_it(with_servers):
    house = with_servers
    answer = house.server_proposes(*house.removals("bob"), house.listed(changed={"bob": 1}))
    hub = ExternalSender(f"mimi://{HUB}".encode(), HUB)
    leaves = frozenset({house.leaf("bob1"), house.leaf("bob2")})
    assert answer.acts == (Act(hub, ChangeRole(user("bob"), 1, leaves)),)
    assert refused(house.server_proposes(house.listed(added={"dave": 2}))) is AddingRule.CAN_ADD_PARTICIPANT
    house.commit("alice1")
    assert house.role("bob") == 1


@exercises("PROTO-7.3-01", "POLICY-8-01", "POLICY-8-02")
def test_a_follower_without_a_role_proposes_in_vain(with_servers):
    house = with_servers
    answer = house.server_proposes(*house.removals("bob"), house.listed(removed=["bob"]), server="b.example")
    assert refused(answer) is RemovingRule.CAN_REMOVE_PARTICIPANT


@exercises("EXT-6.3.1-05")
def test_no_server_proposes_a_self_remove(with_servers):
    assert invalid(with_servers.server_proposes(SelfRemove())).error.rule.name == "EXTERNAL_TYPE"


@exercises("POLICY-8.1.1-07", "PROTO-7.3-01")
def test_a_client_of_a_participant_proposes_its_own_addition(house):
    newcomer = client("bob3")
    answer = house.proposes_itself(newcomer)
    added = Client(answer.acts[0].actor.client.uri)
    assert answer.acts == (Act(ExternalProposer(user("bob"), added), AddClients(user("bob"), (added,))),)
    assert added in house.state.updated.participants.clients(user("bob"))
    house.commit("alice1")
    assert house.state.committed.participants.client_count == 5


@exercises("POLICY-8.1.1-07", "PROTO-5.3-04", "PROTO-5.3-43")
def test_a_client_of_somebody_else_proposes_its_addition_in_vain(house):
    assert refused(house.proposes_itself(client("dave1"))) is AddingRule.CLIENTS_OF_PARTICIPANTS


@exercises("PROTO-5.3-04", "PROTO-3.2-01", "POLICY-8.1.1-06", "ARCH-4.3-01")
def test_a_user_and_its_clients_are_proposed_as_one_addition(house):
    newcomer = client("dave1")
    package = newcomer.key_package().key_package
    answer = house.propose("bob1", house.listed(added={"dave": 2}), Add(package))
    [act] = answer.acts
    assert (act.change.user, act.change.role_index, len(act.change.clients)) == (user("dave"), 2, 1)
    assert house.state.updated.participants.clients(user("dave")) == act.change.clients
    house.commit("carol1")
    assert house.state.committed.participants.clients(user("dave"))[0].leaf_index is not None


@exercises("POLICY-8.1.1-04", "POLICY-3-15")
def test_numbers_count_after_all_that_is_proposed_together():
    limited = House.of(USERS, *CLIENTS, base={"max_users": 5})
    assert isinstance(limited.propose("bob1", limited.listed(added={"dave": 2})), ProposalsAccepted)
    assert refused(limited.propose("bob1", limited.listed(added={"dan": 2}))).name == "MAX_USERS"
    fresh = House.of(USERS, *CLIENTS, base={"max_users": 5})
    assert refused(fresh.propose("bob1", fresh.listed(added={"dave": 2, "dan": 2}))).name == "MAX_USERS"
    replaced = fresh.propose(
        "carol1", *fresh.removals("bob"), fresh.listed(removed=["bob"], added={"dave": 2, "dan": 2})
    )
    assert isinstance(replaced, ProposalsAccepted)


@exercises("POLICY-8.7-02", "EXT-4.7-02")
def test_an_update_that_changes_nothing_is_every_members_to_send(house):
    answer = house.propose("bob1", update("participant_list", ParticipantListUpdate()))
    assert isinstance(answer, ProposalsAccepted)
    assert house.state.updated == house.state.committed
