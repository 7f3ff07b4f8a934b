"""What members and servers refuse of Commits and of other messages, beyond what their proposals say."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyRule
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed, sign
from mimi_conformance.reference.mls.framing.public_message import protect
from mimi_conformance.reference.mls.group.commit_rules import CommitRule
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_framing import framed, member_sender
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.group.group_processing import ProcessingRule, process
from mimi_conformance.reference.mls.group.group_proposals import propose_update
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalListRule
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.tree.leaf_node_validation import LeafNodeRule
from mimi_conformance.reference.mls.tree.update_path import UpdatePathRule
from mimi_conformance.reference.wire.mls.framing import PublicMessage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import (
    Commit,
    ExternalInit,
    Proposal,
    ProposalOrRef,
    ProposalOrRefType,
    Remove,
)
from mimi_conformance.reference.wire.mls.registries import WireFormat
from tests.mls.group_examples import NOW, Client, Room


@pytest.fixture
def room() -> Room:
    return Room.of("alice", "bob", "carol")


def by_alice(room: Room, body: Proposal | Commit) -> PublicMessage:
    """A handshake of Alice, signed and tagged, whatever it says."""
    alice, group = room.members["alice"]
    context = group.context
    content = framed(context.group_id, context.epoch, member_sender(0), body, b"")
    signed = sign(content, WireFormat.mls_public_message, group.keys.framing, alice.signature_private_key)
    return protect(confirmed(signed, bytes(32)) if isinstance(body, Commit) else signed, group.keys.framing)


def check_refused(room: Room, message: PublicMessage, rule) -> None:
    """Both views refuse a message, and are what they were."""
    before = room.server, room.group("bob")
    receive = room.server.process_commit if message.content.commit else room.server.process_proposal
    for view in (lambda: receive(message, NOW), lambda: process(room.group("bob"), message, NOW)):
        with pytest.raises(RuleError) as refusal:
            view()
        assert refusal.value.rule is rule
    assert (room.server, room.group("bob")) == before


def by_value(*bodies) -> tuple[ProposalOrRef, ...]:
    return tuple(ProposalOrRef(type=ProposalOrRefType.proposal, proposal=Proposal.of(body)) for body in bodies)


@pytest.mark.parametrize("bodies", [(), (Remove(1),)], ids=["an empty Commit", "a Remove"])
def test_a_commit_has_a_path_when_it_must(room, bodies):
    check_refused(room, by_alice(room, Commit(by_value(*bodies))), CommitRule.PATH_PRESENT)


def test_a_commit_refers_to_what_was_received(room):
    reference = ProposalOrRef(type=ProposalOrRefType.reference, reference=bytes(32))
    check_refused(room, by_alice(room, Commit((reference,))), CommitRule.REFERENCE_KNOWN)


def test_the_leaf_of_a_path_is_one_of_a_commit_and_signed_for_its_place(room):
    alice, group = room.members["alice"]
    made = commit(group, now=NOW, random=alice.random).message.public_message.content.commit
    key_package = alice.key_package().key_package.leaf_node
    for leaf_node, rule in (
        (key_package, LeafNodeRule.SOURCE),
        (replace(made.path.leaf_node, signature=bytes(64)), LeafNodeRule.SIGNATURE),
        (replace(made.path.leaf_node, encryption_key=group.leaf_node.encryption_key), LeafNodeRule.ENCRYPTION_KEY_NEW),
    ):
        path = replace(made.path, leaf_node=leaf_node)
        check_refused(room, by_alice(room, Commit((), path)), rule)
    check_refused(room, by_alice(room, Commit((), replace(made.path, nodes=()))), UpdatePathRule.LENGTH)
    broken = tuple(replace(node, encryption_key=b"") for node in made.path.nodes)
    check_refused(room, by_alice(room, Commit((), replace(made.path, nodes=broken))), PublicKeyRule.PATH_KEY)


def test_a_proposal_is_no_commit_and_the_other_way_round(room):
    proposal = by_alice(room, Proposal.of(Remove(1)))
    with pytest.raises(RuleError) as refusal:
        room.server.process_commit(proposal, NOW)
    assert refusal.value.rule is CommitRule.IS_COMMIT
    with pytest.raises(RuleError) as refusal:
        room.server.process_proposal(by_alice(room, Commit(())), NOW)
    assert refusal.value.rule is CommitRule.IS_PROPOSAL


def test_an_external_init_is_never_proposed_by_itself(room):
    check_refused(room, by_alice(room, Proposal.of(ExternalInit(b""))), ProposalListRule.NO_EXTERNAL_INIT)


def test_what_is_no_message_within_a_group_is_not_processed(room):
    for content in (group_info(room.group("alice")), Client("x").key_package().key_package):
        message = MLSMessage.of(content)
        with pytest.raises(RuleError) as refusal:
            process(room.group("bob"), message, NOW)
        assert refusal.value.rule is ProcessingRule.KIND


def test_a_member_that_has_lost_the_keys_of_its_update_says_so(room):
    bob, group = room.members["bob"]
    room.propose("bob", propose_update(group, now=NOW, random=bob.random))
    alice, of_alice = room.members["alice"]
    message = commit(of_alice, now=NOW, random=alice.random).message
    forgetful = replace(room.group("bob"), updates={})
    with pytest.raises(RuleError) as refusal:
        process(forgetful, message, NOW)
    assert refusal.value.rule is ProcessingRule.OWN_UPDATE
    assert process(room.group("bob"), message, NOW).group.context.epoch == 2


def test_the_application_adds_rules_of_its_own(room):
    def nobody_leaves(staged):
        if staged.applied.removed:
            raise PermissionError(f"{staged.committer} removes {sorted(staged.applied.removed)}")

    application = replace(room.server.state.application, commit_rules=(nobody_leaves,))
    strict = replace(room.server, state=replace(room.server.state, application=application))
    alice, group = room.members["alice"]
    for bodies, refused in (((), False), ((Remove(1),), True)):
        message = commit(group, Covering(bodies), now=NOW, random=alice.random).message.public_message
        if refused:
            with pytest.raises(PermissionError, match=r"0 removes \[1\]"):
                strict.process_commit(message, NOW)
        else:
            assert strict.process_commit(message, NOW).context.epoch == 2
