"""Joining by an external Commit, for the first time and again."""

import random

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES
from mimi_conformance.reference.mls.group import external_join
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.external_join import ExternalJoin, join_externally
from mimi_conformance.reference.mls.group.group_info import GroupInfoError, GroupInfoRule
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.group.group_processing import ProcessingError, ProcessingRule, process
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.proposals.components import ComponentRegistry, Replaced
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalError, ProposalListRule
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys, external_psk
from mimi_conformance.reference.mls.tree.leaf_checks import MemberError, MemberRule
from mimi_conformance.reference.mls.tree.leaf_node_validation import LeafNodeError, LeafNodeRule
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.proposals import PreSharedKey, Remove, SelfRemove
from tests.mls.group_examples import COMPONENT, NOW, SUITE, Client, Room


def joined_by(client: Client, info, **how):
    return join_externally(
        info,
        client.template,
        client.signature_private_key,
        client.application,
        now=NOW,
        random=client.random,
        **how,
    )


def join_room(room: Room, client: Client, *, info=None, **how) -> None:
    """Join with a member's GroupInfo, and tell everybody."""
    info = info or group_info(next(iter(room.members.values()))[1])
    joined = joined_by(client, info, **how)
    room.deliver(joined.message)
    room.members[client.name] = client, joined.group


@pytest.mark.parametrize("suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def test_a_client_joins_by_itself_in_every_suite(suite):
    room = Room.of("alice", "bob", suite=suite)
    join_room(room, Client("carol", suite))
    room.check_agreement()
    assert room.group("carol").leaf_index == 2
    room.commit("carol")
    room.commit("alice")
    room.check_agreement()


def test_a_client_joins_a_group_of_one():
    room = Room.of("alice")
    join_room(room, Client("bob"))
    room.check_agreement()


def test_a_client_joins_again_in_its_own_place():
    room = Room.of("alice", "bob", "carol")
    bob = room.client("bob")
    del room.members["bob"]
    join_room(room, bob, what=ExternalJoin(replaces=1))
    room.check_agreement()
    assert room.group("bob").leaf_index == 1


def test_the_earlier_appearance_of_a_client_that_joins_again_is_out():
    room = Room.of("alice", "bob")
    info = group_info(room.group("bob"))
    joined = joined_by(room.client("alice"), info, what=ExternalJoin(replaces=0))
    room.deliver(joined.message)
    assert set(room.members) == {"bob"}


def test_a_client_that_is_in_the_group_cannot_join_beside_itself():
    room = Room.of("alice", "bob")
    with pytest.raises(LeafNodeError) as refusal:
        join_room(room, room.client("bob"))
    assert refusal.value.rule is LeafNodeRule.SIGNATURE_KEY_UNIQUE


def test_the_application_says_who_is_the_same_client():
    application = Application(client_of=lambda leaf_node: leaf_node.credential.identity)
    room = Room.of("alice", "bob", application=application)
    twin = Client("bob", application=application)
    twin.random = random.Random("twin").randbytes
    twin.signature_private_key = Client("another").signature_private_key
    with pytest.raises(MemberError) as refusal:
        join_room(room, twin)
    assert refusal.value.rule is MemberRule.CLIENT_ONCE
    del room.members["bob"]
    join_room(room, twin, what=ExternalJoin(replaces=1))
    room.check_agreement()


def test_pending_self_removes_are_covered():
    room = Room.of("alice", "bob", "carol")
    bob, group = room.members["bob"]
    proposed = propose(group, SelfRemove(), now=NOW, random=bob.random)
    room.propose("bob", proposed)
    pending = (proposed.message.public_message,)
    join_room(room, Client("dave"), what=ExternalJoin(self_removes=pending))
    room.check_agreement()
    assert set(room.members) == {"alice", "carol", "dave"}
    assert room.group("dave").leaf_index == 1


def test_psks_and_app_data_come_along():
    application = Application(components=ComponentRegistry().with_components({COMPONENT: Replaced()}))
    room = Room.of("alice", "bob", application=application)
    psks = PreSharedKeys(external={b"id": b"secret"})
    for name in ("alice", "bob"):
        room.put(name, room.group(name).with_psks(psks))
    carol = Client("carol", application=application)
    by_value = (
        PreSharedKey(external_psk(SUITE, b"id", carol.random)),
        AppDataUpdate(component_id=COMPONENT, op=AppDataUpdateOperation.update, update=b"joined"),
    )
    join_room(room, carol, what=ExternalJoin(by_value=by_value), psks=psks)
    room.check_agreement()
    assert room.server.state.extensions.app_data.component_data[0].data == b"joined"


def test_an_external_commit_is_known_as_one():
    room = Room.of("alice", "bob")
    joined = joined_by(Client("carol"), group_info(room.group("alice")))
    assert room.server.stage_commit(joined.message.public_message, NOW).external
    assert not room.commit("bob").staged.external


def test_members_refuse_an_external_init_that_is_none(monkeypatch):
    room = Room.of("alice", "bob")
    monkeypatch.setattr(external_join, "new_external_init", lambda *_: (b"", bytes(32)))
    message = joined_by(Client("carol"), group_info(room.group("alice"))).message
    with pytest.raises(ProcessingError) as refusal:
        process(room.group("bob"), message, NOW)
    assert refusal.value.rule is ProcessingRule.EXTERNAL_INIT
    assert room.server.process_commit(message.public_message, NOW).context.epoch == 2


def test_no_other_proposals_come_along():
    room = Room.of("alice", "bob", "carol")
    with pytest.raises(ProposalError) as refusal:
        join_room(room, Client("dave"), what=ExternalJoin(replaces=1, by_value=(Remove(2),)))
    assert refusal.value.rule is ProposalListRule.ONE_EXTERNAL_REMOVE


def test_a_client_does_not_join_a_group_that_it_is_in():
    room = Room.of("alice", "bob")
    with pytest.raises(GroupInfoError) as refusal:
        join_room(room, Client("carol"), current_groups={b"group"})
    assert refusal.value.rule is GroupInfoRule.GROUP_NEW


def test_a_group_info_without_external_pub_lets_nobody_in():
    room = Room.of("alice", "bob")
    with pytest.raises(GroupInfoError) as refusal:
        join_room(room, Client("carol"), info=group_info(room.group("alice"), external_pub=False))
    assert refusal.value.rule is GroupInfoRule.EXTERNAL_PUB
