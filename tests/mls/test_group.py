"""Members and a server go through the life of a group together."""

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed
from mimi_conformance.reference.mls.framing.public_message import protect
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.mls.group.commit_rules import CommitError, CommitRule
from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender, propose_own_addition
from mimi_conformance.reference.mls.group.group import MemberStateError, MemberStateRule
from mimi_conformance.reference.mls.group.group_commit import Covering, OwnLeaf, WelcomeContents, commit
from mimi_conformance.reference.mls.group.group_framing import IN_PRIVATE, Framing
from mimi_conformance.reference.mls.group.group_messages import send
from mimi_conformance.reference.mls.group.group_processing import ProcessingError, ProcessingRule, process
from mimi_conformance.reference.mls.group.group_proposals import propose, propose_update
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalError, ProposalRule
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add, Remove, SelfRemove
from mimi_conformance.reference.wire.mls.registries import ExtensionType, WireFormat
from tests.mls.group_examples import NOW, Client, Room, clients, server_of


def update(room: Room, name: str, **how):
    client, group = room.members[name]
    return room.propose(name, propose_update(group, now=NOW, random=client.random, **how))


def propose_by(room: Room, name: str, body, **how):
    client, group = room.members[name]
    return room.propose(name, propose(group, body, now=NOW, random=client.random, **how))


@pytest.mark.parametrize("suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def test_members_join_update_and_leave_in_every_suite(suite):
    room = Room.of("alice", "bob", "carol", suite=suite)
    room.check_agreement()
    update(room, "bob")
    propose_by(room, "carol", Remove(0))
    room.commit("carol")
    room.check_agreement()
    assert set(room.members) == {"bob", "carol"}
    room.add("bob", Client("dave", suite))
    room.check_agreement()
    assert room.group("dave").leaf_index == 0


def test_a_group_grows_and_shrinks_member_by_member():
    room = Room.of("m0")
    for number in range(1, 9):
        room.add(f"m{number - 1}", Client(f"m{number}"))
        room.check_agreement()
    for number in range(8, 0, -1):
        room.commit("m0", Remove(number))
        room.check_agreement()
    assert room.server.tree.leaf_count == 1


def test_a_commit_may_have_no_path_when_its_proposals_need_none():
    room = Room.of("alice", "bob")
    room.add("alice", Client("carol"), path=False)
    room.check_agreement()
    assert room.commit("carol").message.public_message.content.commit.path is not None
    room.check_agreement()


def test_an_empty_commit_always_has_a_path():
    room = Room.of("alice", "bob")
    room.commit("bob", path=False)
    room.check_agreement()


def test_handshakes_may_be_private():
    room = Room.of("alice", "bob", "carol")
    server = room.server
    update(room, "bob", framing=IN_PRIVATE)
    room.commit("carol", Remove(0), framing=Framing(IN_PRIVATE.wire_format, b"aad", padding=100))
    assert room.server is server
    assert len({room.group(name).epoch_authenticator for name in ("bob", "carol")}) == 1


def test_new_members_may_get_the_tree_some_other_way():
    alice, bob = clients("alice", "bob")
    own = bob.key_package()
    committed = commit(
        alice.create(),
        Covering((Add(own.key_package),)),
        now=NOW,
        random=alice.random,
        welcome=WelcomeContents(tree=False),
    )
    joined = bob.join(committed.welcome, own, tree=committed.after.public.tree.to_wire())
    assert joined.epoch_authenticator == committed.after.epoch_authenticator


def test_a_member_changes_its_signature_key_with_a_commit_or_an_update():
    room = Room.of("alice", "bob")
    new_key = parameters(room.server.context.cipher_suite).signature.new_private_key
    alice, bob = room.client("alice"), room.client("bob")
    room.commit("alice", own_leaf=OwnLeaf(signature_private_key=new_key(alice.random)))
    update(room, "bob", signature_private_key=new_key(bob.random))
    room.commit("alice")
    room.commit("bob")
    room.check_agreement()


def test_of_two_commits_the_one_that_loses_leaves_its_sender_where_it_was():
    room = Room.of("alice", "bob")
    alice, group = room.members["alice"]
    lost = commit(group, now=NOW, random=alice.random, framing=IN_PRIVATE)
    room.put("alice", lost.before)
    room.commit("bob")
    room.check_agreement()
    with pytest.raises(FramingError) as refusal:
        process(room.group("bob"), lost.message, NOW)
    assert refusal.value.rule is FramingRule.EPOCH


def test_a_member_does_not_process_its_own_commit():
    room = Room.of("alice", "bob")
    alice, group = room.members["alice"]
    committed = commit(group, now=NOW, random=alice.random)
    with pytest.raises(ProcessingError) as refusal:
        process(group, committed.message, NOW)
    assert refusal.value.rule is ProcessingRule.NOT_OWN


def test_members_refuse_a_wrong_confirmation_tag_which_a_server_cannot_tell():
    room = Room.of("alice", "bob")
    alice, group = room.members["alice"]
    message = commit(group, now=NOW, random=alice.random).message.public_message
    signed = AuthenticatedContent(WireFormat.mls_public_message, message.content, message.auth)
    wrong = protect(confirmed(signed, bytes(32)), group.keys.framing)
    with pytest.raises(ProcessingError) as refusal:
        process(room.group("bob"), wrong, NOW)
    assert refusal.value.rule is ProcessingRule.CONFIRMATION_TAG
    assert room.server.process_commit(wrong, NOW).context.epoch == 2


def test_who_was_removed_can_do_no_more():
    room = Room.of("alice", "bob")
    bob, group = room.members["bob"]
    alice, of_alice = room.members["alice"]
    received = process(group, commit(of_alice, Covering((Remove(1),)), now=NOW, random=alice.random).message, NOW)
    assert received.group.removed
    with pytest.raises(MemberStateError) as refusal:
        send(received.group, b"hello", random=bob.random)
    assert refusal.value.rule is MemberStateRule.IN_GROUP


def test_a_member_removes_itself_in_public():
    room = Room.of("alice", "bob", "carol")
    propose_by(room, "bob", SelfRemove())
    with pytest.raises(ProposalError) as refusal:
        propose_by(room, "bob", SelfRemove())
    assert refusal.value.rule is ProposalRule.ONE_SELF_REMOVE
    propose_by(room, "carol", Remove(1))
    room.commit("alice")
    room.check_agreement()
    assert set(room.members) == {"alice", "carol"}


def external_senders(*members: Client) -> tuple[Extension, ...]:
    senders = tuple(
        ExternalSender(parameters(c.suite).signature.public_key(c.signature_private_key), c.credential) for c in members
    )
    return (Extension(ExtensionType.external_senders, ExternalSenders(senders).encode()),)


def test_external_senders_and_new_members_propose():
    service, dave = clients("service", "dave")
    room = Room.of("alice", "bob", "carol", extensions=external_senders(service))
    context, own = room.server.context, dave.key_package()
    room.deliver(MLSMessage.of(propose_as_external_sender(context, 0, Remove(1), service.signature_private_key)))
    room.deliver(MLSMessage.of(propose_own_addition(context, own.key_package, dave.signature_private_key)))
    committed = room.commit("carol")
    room.members["dave"] = dave, dave.join(committed.welcome, own)
    room.check_agreement()
    assert set(room.members) == {"alice", "carol", "dave"}


def test_a_server_that_starts_late_sees_what_others_see():
    room = Room.of("alice", "bob")
    update(room, "bob")
    room.commit("alice")
    assert room.server.context.epoch == 2
    late = Room(room.members, server_of(room.group("alice"), NOW))
    late.add("bob", Client("carol"))
    late.check_agreement()


def test_exporters_agree_and_components_export_once():
    room = Room.of("alice", "bob")
    alice, bob = room.group("alice"), room.group("bob")
    assert alice.export("label", b"context", 20) == bob.export("label", b"context", 20)
    secret, after = alice.export_for_component(0x8001)
    assert bob.export_for_component(0x8001)[0] == secret
    with pytest.raises(ValueError, match="once"):
        after.export_for_component(0x8001)


def test_a_commit_refers_only_to_proposals_that_came():
    room = Room.of("alice", "bob", "carol")
    bob, group = room.members["bob"]
    proposed = propose(group, Remove(2), now=NOW, random=bob.random)
    message = commit(proposed.group, now=NOW, random=bob.random).message
    with pytest.raises(CommitError) as refusal:
        process(room.group("alice"), message, NOW)
    assert refusal.value.rule is CommitRule.REFERENCE_KNOWN
    with pytest.raises(CommitError) as refusal:
        room.server.process_commit(message.public_message, NOW)
    assert refusal.value.rule is CommitRule.REFERENCE_KNOWN
