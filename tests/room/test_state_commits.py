"""Commits of members: what they must cover, what they may do, and what the room is then."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.group.commit_rules import CommitRule
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_proposals import propose_update
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalListRule
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.room.actors import Member
from mimi_conformance.reference.room.authorization.adding import AddingRule
from mimi_conformance.reference.room.authorization.limits import LimitRule
from mimi_conformance.reference.room.authorization.policy_changes import PolicyRule
from mimi_conformance.reference.room.authorization.removing import RemovingRule
from mimi_conformance.reference.room.authorization.role_changes import RoleChangeRule
from mimi_conformance.reference.room.authorization.sharing import SharingRule
from mimi_conformance.reference.room.changes import (
    Act,
    AddClients,
    ChangeComponent,
    MaintainGroup,
    RemoveClients,
)
from mimi_conformance.reference.room.components.agreement import AgreementRule
from mimi_conformance.reference.room.components.participant_list import ParticipantsRule
from mimi_conformance.reference.room.components.rules import ComponentRule
from mimi_conformance.reference.room.envelope import EnvelopeRule, Fixed, Limit, PolicyEnvelope, Range
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.room.updates import (
    CommitAccepted,
    InvalidProposal,
    NotAllowed,
    ProposalsAccepted,
    UpdateRule,
    WrongEpoch,
    accept_commit,
)
from mimi_conformance.reference.wire.mls.app_data import AppAck, AppEphemeral, MessageRange
from mimi_conformance.reference.wire.mls.proposals import Add, GroupContextExtensions, Remove, SelfRemove
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate
from mimi_conformance.reference.wire.protocol.room_metadata import UTF8String
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.links import JoinLink, JoinLinksData, JoinLinksUpdate
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, RoleData
from tests.exercised import exercises
from tests.mls.group_examples import LIFETIME, NOW
from tests.room.component_examples import METADATA
from tests.room.house import HUB, House, as_received, client, remove_component, senders, update, user

USERS = {"alice": 4, "bob": 2, "carol": 3, "dora": 2}
CLIENTS = ("alice1", "bob1", "bob2", "carol1")
MORE = {
    CapabilityType.can_change_other_policy_attribute,
    CapabilityType.can_change_mls_operational_policies,
    CapabilityType.can_change_role_definitions,
    CapabilityType.can_send_mls_reinit_proposal,
}


def capable(policy: str = "cooperative", index: int = 4) -> RoleData:
    """The roles of a preset, of which one can do more."""
    return RoleData(
        tuple(
            replace(role, role_capabilities=(*role.role_capabilities, *sorted(MORE - {*role.role_capabilities})))
            if role.role_index == index
            else role
            for role in preset(policy).roles_list.roles
        )
    )


@pytest.fixture
def house() -> House:
    return House.of(USERS, *CLIENTS, components={"room_metadata": METADATA})


@pytest.fixture
def powerful() -> House:
    return House.of(USERS, *CLIENTS, roles=capable(), preauthorized=PreAuthData(()), servers=(HUB, "b.example"))


def refused(answer) -> object:
    assert isinstance(answer, NotAllowed), answer
    return answer.refused.rule


def invalid(answer) -> InvalidProposal:
    assert isinstance(answer, InvalidProposal), answer
    return answer


def accepted(answer) -> CommitAccepted:
    assert isinstance(answer, CommitAccepted), answer
    return answer


@exercises(
    "PROTO-3.2-01",
    "PROTO-3.2-09",
    "PROTO-4.2-02",
    "PROTO-4.2-05",
    "PROTO-5.3-02",
    "PROTO-5.3-03",
    "PROTO-5.3-04",
    "PROTO-4.3.2-01",
    "PROTO-4.3.2-02",
    "POLICY-8.1.1-01",
    "POLICY-8.1.1-03",
    "POLICY-8.1.1-06",
    "POLICY-8-03",
    "ARCH-4.3-03",
    "ARCH-5.1-01",
)
def test_a_user_is_added_with_its_clients_in_one_commit(house):
    newcomers = {"dave1": client("dave1"), "dave2": client("dave2")}
    answer = accepted(house.commit("bob1", house.listed(added={"dave": 2}), newcomers=newcomers))
    [act] = answer.acts
    assert act.actor == Member(user("bob"), 1)
    assert (act.change.user, act.change.role_index, len(act.change.clients)) == (user("dave"), 2, 2)
    assert [each.leaf_index for each in house.state.committed.participants.clients(user("dave"))] == [4, 5]
    assert house.state.updated is house.state.committed


@exercises("PROTO-5.3-04", "ARCH-4.2-01", "ARCH-4.3-01")
def test_no_client_comes_before_its_user(house):
    answer = house.commit("alice1", newcomers={"dave1": client("dave1")})
    assert refused(answer) is AddingRule.CLIENTS_OF_PARTICIPANTS
    accepted(house.commit("alice1", house.listed(added={"dave": 2})))
    accepted(house.commit("alice1", newcomers={"dave1": client("dave1")}))


@exercises("POLICY-8.1.1-06", "ARCH-4.3-01")
def test_the_addition_of_a_user_covers_no_client_of_somebody_else(house):
    answer = house.commit("alice1", house.listed(added={"dave": 2}), newcomers={"dan1": client("dan1")})
    assert refused(answer) is AddingRule.CLIENTS_OF_PARTICIPANTS


@exercises("POLICY-8.1.1-08", "ARCH-4.3-02")
def test_a_member_adds_another_client_of_its_user(house):
    accepted(house.commit("bob1", newcomers={"bob3": client("bob3")}))
    assert house.state.committed.participants.entries == house.history[0].committed.participants.entries


@exercises("POLICY-8.1.2-01", "POLICY-8.1.2-04", "PROTO-3.5-01", "PROTO-5.3-05", "ARCH-2-09", "ARCH-4.3-04")
def test_a_user_is_removed_with_all_clients_in_one_commit(house):
    accepted(house.commit("carol1", *house.removals("bob"), house.listed(removed=["bob"])))
    assert set(house.members) == {"alice1", "carol1"}
    assert house.role("bob") is None
    assert [each.user for each in house.state.committed.participants.entries] == [
        user("alice"),
        user("carol"),
        user("dora"),
    ]


@exercises("POLICY-8.1.2-03", "PROTO-5.3-05")
def test_no_client_of_a_removed_user_stays(house):
    before = house.state
    answer = house.commit("carol1", Remove(house.leaf("bob1")), house.listed(removed=["bob"]))
    assert refused(answer) is RemovingRule.REMOVED_CLIENTS
    assert house.state is before


@exercises("POLICY-8.1.3-08", "POLICY-8.1.3-09", "POLICY-8.1.3-11", "PROTO-5.3-06", "PROTO-7.5-05")
def test_a_ban_takes_the_clients_and_keeps_the_entry(house):
    answer = house.commit("carol1", Remove(house.leaf("bob1")), house.listed(changed={"bob": 1}))
    assert refused(answer).name == "BANNED_CLIENTS"
    accepted(house.commit("carol1", *house.removals("bob"), house.listed(changed={"bob": 1})))
    assert house.role("bob") == 1
    assert not house.state.committed.participants.is_active(user("bob"))


@exercises("POLICY-8.1.2-13", "POLICY-8.1.2-15", "POLICY-2.1-02")
def test_a_kick_takes_the_clients_and_keeps_the_user(house):
    answer = accepted(house.commit("carol1", *house.removals("bob")))
    leaves = frozenset({1, 2})
    assert answer.acts == (Act(Member(user("carol"), 3), RemoveClients(user("bob"), leaves)),)
    assert house.role("bob") == 2
    accepted(house.join("bob1"))
    assert house.state.committed.participants.is_active(user("bob"))


@exercises("POLICY-8.1.3-01", "POLICY-8.1.3-02", "POLICY-2.1-03", "PROTO-7.5-01")
def test_a_role_changes(house):
    accepted(house.commit("carol1", house.listed(changed={"bob": 3, "dora": 3})))
    assert (house.role("bob"), house.role("dora")) == (3, 3)
    answer = house.commit("carol1", house.listed(changed={"alice": 3}))
    assert refused(answer).requirement == "POLICY-8.1.3-02"


@exercises("PROTO-5.3-09", "PROTO-5.3-33", "POLICY-8-02", "PROTO-4.3-02")
def test_a_commit_that_is_not_allowed_changes_nothing(house):
    before = house.state
    assert refused(house.commit("bob1", *house.removals("carol"), house.listed(removed=["carol"]))).name == (
        "REMOVE_ROLE_CHANGE"
    )
    assert house.state is before
    accepted(house.commit("alice1"))


@exercises("PROTO-3.5-04", "PROTO-3.5-06", "PROTO-7.3-03", "PROTO-5.3-39", "POLICY-7-01")
def test_a_commit_covers_what_was_accepted_before(house):
    assert isinstance(house.propose("bob1", *house.removals("bob"), house.listed(removed=["bob"])), ProposalsAccepted)
    before = house.state
    answer = house.commit("carol1", by_reference=())
    assert refused(answer) is UpdateRule.QUEUED_INCLUDED
    assert answer.refused.rule.ambiguity == "AMB-048"
    assert "the remove proposal " in str(answer)
    some = tuple(before.group.pending)[:2]
    assert refused(house.commit("carol1", by_reference=some)) is UpdateRule.QUEUED_INCLUDED
    assert house.state is before
    covering = accepted(house.commit("carol1"))
    assert covering.acts == ()
    assert covering.lapsed == ()
    assert set(house.members) == {"alice1", "carol1"}
    assert house.state.pending == ()


@exercises("PROTO-3.5-04", "POLICY-8.1.2-08")
def test_nobody_is_asked_to_commit_its_own_removal(house):
    kick = house.propose("carol1", *house.removals("bob"))
    assert isinstance(kick, ProposalsAccepted)
    answer = accepted(house.commit("bob1"))
    assert [each.act for each in answer.lapsed] == [*kick.acts]
    assert set(house.members) == {"alice1", "bob1", "carol1"}


@exercises("PROTO-7.3-03")
def test_nobody_is_asked_to_commit_what_takes_its_own_removal(house):
    again = house.members["bob1"][0].key_package().key_package
    proposed = house.propose("bob2", Remove(house.leaf("bob1")), Add(again))
    assert isinstance(proposed, ProposalsAccepted)
    assert refused(house.commit("alice1", by_reference=())) is UpdateRule.QUEUED_INCLUDED
    answer = accepted(house.commit("bob1", by_reference=()))
    assert {type(each.act.change) for each in answer.lapsed} == {RemoveClients, AddClients}
    assert house.members.keys() == {*CLIENTS}


@exercises("PROTO-7.3-03", "POLICY-8.7-02")
def test_an_update_proposal_waits_for_others_to_commit_it(house):
    sender, group = house.members["bob1"]
    proposed = propose_update(group, now=NOW, random=sender.random)
    answer = house.accept_proposals([proposed.message.public_message], sender="bob1", after=proposed.group)
    assert answer.acts == (Act(Member(user("bob"), 1), MaintainGroup()),)
    assert refused(house.commit("alice1", by_reference=())) is UpdateRule.QUEUED_INCLUDED
    own = accepted(house.commit("bob1"))
    assert own.lapsed[0].act == answer.acts[0]


@exercises("PROTO-7.3-03", "EXT-6.3.1-13")
def test_a_self_remove_goes_before_a_remove_of_the_same_leaf(house):
    assert isinstance(house.propose("carol1", Remove(house.leaf("bob1"))), ProposalsAccepted)
    leaving = house.propose("bob1", SelfRemove())
    assert isinstance(leaving, ProposalsAccepted)
    kick = next(iter(house.state.group.pending))
    assert refused(house.commit("alice1", by_reference=(kick,))) is UpdateRule.QUEUED_INCLUDED
    accepted(house.commit("alice1", by_reference=leaving.references))
    assert set(house.members) == {"alice1", "bob2", "carol1"}


@exercises("PROTO-7.3-03")
def test_a_proposal_that_has_become_invalid_with_time_may_be_left_out(house):
    newcomer = client("bob3")
    package = newcomer.key_package().key_package
    assert isinstance(house.propose("bob1", Add(package)), ProposalsAccepted)
    sender, group = house.members["alice1"]
    late = LIFETIME.not_after + 1
    without = commit(group, Covering(by_reference=()), now=late, random=sender.random)
    message = as_received(without.message.public_message)
    assert refused(accept_commit(house.state, message, NOW)) is UpdateRule.QUEUED_INCLUDED
    assert isinstance(accept_commit(house.state, message, late), CommitAccepted)


@exercises("PROTO-5.3-30", "PROTO-5.3-34", "PROTO-5.3-35")
def test_of_two_commits_of_an_epoch_the_first_one_counts(house):
    made = []
    for name in ("alice1", "bob1"):
        sender, group = house.members[name]
        made.append(as_received(commit(group, now=NOW, random=sender.random).message.public_message))
    first = accept_commit(house.state, made[0], NOW)
    assert isinstance(first, CommitAccepted)
    assert accept_commit(first.state, made[1], NOW) == WrongEpoch(2)
    assert accept_commit(first.state, made[0], NOW) == WrongEpoch(2)


@exercises("PROTO-5.3-40", "PROTO-5.3-32")
def test_a_commit_of_a_proposal_that_was_never_accepted_is_refused_by_its_reference(house):
    _, group = house.proposals("bob1", house.listed(added={"dave": 2}))
    answer = invalid(house.commit("bob1", group=group, by_reference=tuple(group.public.pending)))
    assert answer.error.rule is CommitRule.REFERENCE_KNOWN
    assert answer.references == tuple(group.public.pending)


@exercises("PROTO-5.3-32")
def test_an_invalid_inline_proposal_has_no_reference(house):
    sender, group = house.members["alice1"]
    careful = commit(group, Covering((house.listed(added={"dave": 2}),)), now=NOW, random=sender.random)
    message = as_received(careful.message.public_message)
    spoilt = replace(message, auth=replace(message.auth, signature=bytes(64)))
    answer = invalid(accept_commit(house.state, spoilt, NOW))
    assert answer.references == ()


@exercises("PROTO-7.5-13", "PROTO-5.3-32", "EXT-4.7-11")
def test_a_commit_touches_no_user_whose_change_waits(house):
    assert isinstance(house.propose("alice1", house.listed(changed={"bob": 3})), ProposalsAccepted)
    with pytest.raises(RuleError) as refusal:
        house.commit("alice1", house.listed(changed={"bob": 4}))
    assert refusal.value.__cause__.rule is ParticipantsRule.TOUCHED_ONCE
    answer = invalid(house.careless_commit("alice1", house.listed(changed={"bob": 4})))
    assert answer.error.__cause__.rule is ParticipantsRule.TOUCHED_ONCE


@exercises("PROTO-7.5-16", "PROTO-7.5-10", "EXT-4.7-10")
def test_the_list_has_those_added_in_the_order_of_the_commit(house):
    for name, added in (("bob1", "dave"), ("carol1", "dan"), ("bob2", "don")):
        assert isinstance(house.propose(name, house.listed(added={added: 2})), ProposalsAccepted)
    accepted(house.commit("alice1", house.listed(added={"duke": 2})))
    last = [each.user for each in house.state.committed.participants.entries][-4:]
    assert last == [user(name) for name in ("dave", "dan", "don", "duke")]


@exercises("POLICY-8-03")
def test_what_a_commit_has_inline_is_the_committers_to_do(house):
    assert isinstance(house.propose("carol1", house.listed(changed={"bob": 3})), ProposalsAccepted)
    accepted(house.commit("bob2"))
    assert house.role("bob") == 3
    accepted(house.commit("alice1", house.listed(changed={"bob": 2})))
    assert refused(house.commit("bob2", house.listed(changed={"dora": 3}))) is RoleChangeRule.CAN_CHANGE_USER_ROLE


@exercises("POLICY-3-13", "POLICY-8.6-02", "POLICY-3-12")
def test_roles_and_participants_change_in_different_commits(powerful):
    new = update("roles_list", RoleData(tuple(replace(each, role_description=b"new") for each in capable().roles)))
    answer = powerful.commit("alice1", new, powerful.listed(added={"dave": 2}))
    assert refused(answer) is SharingRule.ROLES_ALONE
    assert isinstance(powerful.propose("carol1", powerful.listed(added={"dave": 2})), ProposalsAccepted)
    assert refused(powerful.propose("alice1", new)) is SharingRule.ROLES_ALONE
    assert refused(powerful.commit("alice1", new)) is SharingRule.ROLES_ALONE
    accepted(powerful.commit("alice1"))
    accepted(powerful.commit("alice1", new))
    assert powerful.state.committed.policy.role(2).role.role_description == b"new"


@exercises("POLICY-3-14")
def test_no_role_goes_that_somebody_has(powerful):
    fewer = RoleData(
        tuple(replace(role, authorized_role_changes=()) for role in capable().roles if role.role_index != 2)
    )
    answer = powerful.commit("alice1", update("roles_list", fewer))
    assert refused(answer) is AgreementRule.PARTICIPANTS_HAVE_ROLES


@exercises("POLICY-4-11", "POLICY-8.6-03", "POLICY-4-10")
def test_preauthorisation_changes_with_removals_and_with_nothing_else(powerful):
    new = update("preauth_list", PreAuthData(()))
    answer = powerful.commit("alice1", new, powerful.listed(added={"dave": 2}))
    assert refused(answer) is SharingRule.PREAUTHORIZATION_ALONE
    accepted(powerful.commit("alice1", new, *powerful.removals("bob"), powerful.listed(removed=["bob"])))


@exercises("PROTO-7.6-06", "PROTO-7.6-07", "POLICY-8.2-01")
def test_metadata_changes_field_by_field(house):
    renamed = replace(METADATA, room_name=UTF8String(b"Attic"))
    accepted(house.commit("bob1", update("room_metadata", renamed)))
    assert house.state.committed.metadata == renamed
    described = replace(renamed, room_descriptions=())
    assert refused(house.commit("bob1", update("room_metadata", described))).requirement == "POLICY-8.2-02"


@exercises("PROTO-7.5-17")
@pytest.mark.parametrize("component", ["participant_list", "roles_list", "base_room_policy", "room_metadata"])
def test_no_component_of_the_room_is_removed(house, component):
    answer = invalid(house.careless_commit("alice1", remove_component(component)))
    assert answer.error.__cause__.rule is ComponentRule.NOT_REMOVED


@exercises("POLICY-8.7-04", "POLICY-6.2-08", "POLICY-5-24")
def test_a_change_says_what_a_component_holds_afterwards(powerful):
    base = powerful.state.committed.policy.base
    listed = replace(base, policy_component_ids=(*base.policy_component_ids, 0x2A))
    links = JoinLinksUpdate(added_links=(JoinLink(b"one"), JoinLink(b"two")))
    accepted(powerful.commit("alice1", update("base_room_policy", listed), update("join_links", links)))
    answer = accepted(powerful.commit("alice1", update("join_links", JoinLinksUpdate((0,), (JoinLink(b"three"),)))))
    held = JoinLinksData((JoinLink(b"two"), JoinLink(b"three")))
    assert answer.acts[0].change == ChangeComponent(0x2A, held)
    assert powerful.state.committed.policy.components["join_links"] == held
    assert refused(powerful.commit("bob1", update("join_links", links))).requirement == "POLICY-8.7-04"


@exercises("ARCH-4.4-06", "ARCH-2-12", "POLICY-8.6-01")
def test_the_policy_stays_within_the_envelope():
    envelope = PolicyEnvelope(
        (Limit("base_room_policy.max_users", Range(maximum=10)), Limit("base_room_policy.discoverable", Fixed(False)))
    )
    house = House.of(USERS, *CLIENTS, envelope=envelope, base={"max_users": 6, "discoverable": False})
    base = house.state.committed.policy.base
    answer = house.commit("alice1", update("base_room_policy", replace(base, max_users=11)))
    assert refused(answer) is EnvelopeRule.RANGE
    answer = house.propose("alice1", update("base_room_policy", replace(base, discoverable=True)))
    assert refused(answer) is EnvelopeRule.FIXED
    accepted(house.commit("alice1", update("base_room_policy", replace(base, max_users=10))))


@exercises("POLICY-5-17", "POLICY-5-18", "POLICY-3-15")
def test_numbers_count_after_the_whole_commit():
    house = House.of(USERS, *CLIENTS, base={"max_clients": 5, "max_users": 4})
    dave = {"dave1": client("dave1"), "dave2": client("dave2")}
    answer = house.commit("alice1", house.listed(added={"dave": 2}), newcomers=dave)
    assert refused(answer) is LimitRule.MAX_USERS
    replaced = (*house.removals("bob"), house.listed(removed=["bob"], added={"dave": 2}))
    accepted(house.commit("alice1", *replaced, newcomers=dave))


@exercises("EXT-4.8-02", "POLICY-8.7-02")
def test_every_member_may_acknowledge(house):
    acknowledged = AppEphemeral(0x0005, AppAck((MessageRange(0, 1, 2),)).encode())
    answer = accepted(house.commit("bob1", acknowledged))
    assert answer.acts == (Act(Member(user("bob"), 1), MaintainGroup()),)


def extensions(house: House, *servers: str) -> GroupContextExtensions:
    """The group's extensions with these external senders."""
    new = senders(*servers)
    before = house.state.group.context.extensions
    return GroupContextExtensions(tuple(new if each.extension_type == new.extension_type else each for each in before))


@exercises("PROTO-7.4-03", "PROTO-7.4-04", "PROTO-7.4-06", "EXT-4.7-09", "ARCH-5.1-04")
def test_a_follower_with_users_becomes_an_external_sender(powerful):
    answer = powerful.propose("alice1", extensions(powerful, HUB, "b.example", "c.example"))
    assert isinstance(answer, ProposalsAccepted)
    assert powerful.state.external_senders == (HUB, "b.example")
    accepted(powerful.commit("bob1"))
    assert powerful.state.external_senders == (HUB, "b.example", "c.example")


@exercises("PROTO-7.4-03", "PROTO-7.4-05")
def test_the_hub_stays_an_external_sender_and_strangers_never_become_one(powerful):
    assert refused(powerful.commit("alice1", extensions(powerful, "b.example"))) is PolicyRule.HUB_IS_EXTERNAL_SENDER
    none = replace(extensions(powerful), extensions=powerful.state.group.context.extensions[1:])
    assert refused(powerful.commit("alice1", none)) is PolicyRule.EXTERNAL_SENDERS
    stranger = extensions(powerful, HUB, "x.example")
    assert refused(powerful.commit("alice1", stranger)) is PolicyRule.FOLLOWERS_WITH_USERS
    assert refused(powerful.commit("bob1", extensions(powerful, HUB))) is PolicyRule.EXTENSIONS


@exercises("PROTO-7.4-05")
def test_a_follower_has_to_go_from_the_external_senders_with_its_last_user(powerful):
    assert powerful.state.stale_external_senders == frozenset()
    gone = powerful.propose("carol1", *powerful.removals("bob"), powerful.listed(removed=["bob"]))
    assert isinstance(gone, ProposalsAccepted)
    assert powerful.state.stale_external_senders == {"b.example"}
    assert isinstance(powerful.server_proposes(extensions(powerful, HUB)), ProposalsAccepted)
    accepted(powerful.commit("alice1"))
    assert powerful.state.external_senders == (HUB,)
    assert powerful.state.stale_external_senders == frozenset()


@exercises("EXT-4.7-08", "PROTO-7.2-02")
def test_the_dictionary_changes_by_updates_only(powerful):
    before = powerful.state.group.context.extensions
    with pytest.raises(RuleError) as refusal:
        powerful.commit("alice1", GroupContextExtensions(before[:1]))
    assert refusal.value.rule.name == "DICTIONARY_UNTOUCHED"


@exercises("PROTO-5.3-37")
def test_a_commit_for_another_group_is_refused(house):
    sender, group = house.members["alice1"]
    message = as_received(commit(group, now=NOW, random=sender.random).message.public_message)
    elsewhere = replace(message, content=replace(message.content, group_id=b"other"))
    assert refused(accept_commit(house.state, elsewhere, NOW)) is UpdateRule.GROUP_OF_ROOM


@exercises("PROTO-7.5-14", "PROTO-5.3-32")
def test_a_careless_commit_is_refused_by_the_component(house):
    beyond = update("participant_list", ParticipantListUpdate(removed_indices=(9,)))
    with pytest.raises(RuleError):
        house.commit("alice1", beyond)
    answer = invalid(house.careless_commit("alice1", beyond))
    assert answer.error.rule is ProposalListRule.UPDATE_ACCEPTED
    assert answer.error.__cause__.rule is ParticipantsRule.INDEX_IN_LIST
    assert answer.references == ()


@exercises("POLICY-8.1.1-08")
def test_a_client_is_known_by_its_leaf_once_it_is_in_the_group(house):
    package = client("bob3").key_package().key_package
    assert isinstance(house.propose("bob1", Add(package)), ProposalsAccepted)
    assert [each.leaf_index for each in house.state.updated.participants.clients(user("bob"))] == [1, 2, None]
    accepted(house.commit("alice1"))
    assert [each.leaf_index for each in house.state.committed.participants.clients(user("bob"))] == [1, 2, 4]
