"""Groups that continue others: reinitialized, or branched off."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.group.commit_rules import CommitError, CommitRule
from mimi_conformance.reference.mls.group.group import MemberStateError, MemberStateRule
from mimi_conformance.reference.mls.group.group_commit import commit
from mimi_conformance.reference.mls.group.group_creation import branch, reinitialize
from mimi_conformance.reference.mls.group.linked_groups import LinkError, LinkRule
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeyError
from mimi_conformance.reference.wire.mls.proposals import ReInit
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ProtocolVersion
from tests.mls.group_examples import NOW, SUITE, Client, Room

OTHER_SUITE = CipherSuite.MLS_128_DHKEMP256_AES128GCM_SHA256_P256


def ended(new_suite: CipherSuite = SUITE) -> Room:
    room = Room.of("alice", "bob", "carol")
    room.commit("alice", ReInit(b"new", ProtocolVersion.mls10, new_suite, ()), path=False)
    room.check_agreement()
    return room


@pytest.mark.parametrize("suite", [SUITE, OTHER_SUITE], ids=lambda suite: suite.name)
def test_a_group_is_reinitialized_with_other_parameters(suite):
    room = ended(suite)
    clients = {name: Client(name, suite) for name in room.members}
    own = {name: client.key_package() for name, client in clients.items() if name != "bob"}
    committed = reinitialize(
        room.group("bob"),
        clients["bob"].as_member(),
        [new.key_package for new in own.values()],
        now=NOW,
        random=clients["bob"].random,
    )
    for name, new in own.items():
        joined = clients[name].join(committed.welcome, new, predecessor=room.group(name))
        assert joined.epoch_authenticator == committed.after.epoch_authenticator
        with pytest.raises(PreSharedKeyError):
            clients[name].join(committed.welcome, new)


def test_a_group_that_was_ended_is_not_used_any_more():
    room = ended()
    alice, group = room.members["alice"]
    with pytest.raises(MemberStateError) as refusal:
        commit(group, now=NOW, random=alice.random)
    assert refusal.value.rule is MemberStateRule.IN_USE


def test_a_server_takes_nothing_more_for_a_group_that_was_ended():
    room = ended()
    alice, group = room.members["alice"]
    going_on = replace(group, public=replace(group.public, reinit=None))
    message = commit(going_on, now=NOW, random=alice.random).message.public_message
    with pytest.raises(CommitError) as refusal:
        room.server.process_commit(message, NOW)
    assert refusal.value.rule is CommitRule.GROUP_IN_USE


def test_a_reinitialized_group_has_all_members():
    room = ended()
    bob = room.client("bob")
    own = room.client("alice").key_package()
    with pytest.raises(LinkError) as refusal:
        reinitialize(room.group("bob"), bob.as_member(), [own.key_package], now=NOW, random=bob.random)
    assert refusal.value.rule is LinkRule.REINIT_MEMBERS


def test_only_a_group_that_was_ended_is_reinitialized():
    bob, group = Room.of("alice", "bob").members["bob"]
    with pytest.raises(LinkError) as refusal:
        reinitialize(group, bob.as_member(), [], now=NOW, random=bob.random)
    assert refusal.value.rule is LinkRule.REINIT_COMMITTED


def test_a_subgroup_is_branched_off():
    room = Room.of("alice", "bob", "carol")
    alice, carol = room.client("alice"), room.client("carol")
    own = carol.key_package()
    committed = branch(
        room.group("alice"), b"branch", alice.as_member(), [own.key_package], now=NOW, random=alice.random
    )
    joined = carol.join(committed.welcome, own, predecessor=room.group("carol"))
    assert joined.epoch_authenticator == committed.after.epoch_authenticator
    room.commit("bob")
    room.check_agreement()


def test_a_subgroup_has_no_strangers():
    room = Room.of("alice", "bob")
    alice = room.client("alice")
    stranger = Client("stranger").key_package().key_package
    with pytest.raises(LinkError) as refusal:
        branch(room.group("alice"), b"branch", alice.as_member(), [stranger], now=NOW, random=alice.random)
    assert refusal.value.rule is LinkRule.BRANCH_MEMBERS
