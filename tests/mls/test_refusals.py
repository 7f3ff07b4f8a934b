"""Every rule of the MLS modules has something that breaks it and is refused by its name, or says why nothing can.

What is wrong with an object itself is among the violations of `mocks.malformed`, each of which is tried in
`tests/malformed`. Here are the rules that valid objects break: at the wrong time, in the wrong place, for the wrong
reader.
"""

import pkgutil
from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from types import MappingProxyType

import pytest

from mimi_conformance.mocks.malformed.violations.registry import violations
from mimi_conformance.reference import mls
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing.authenticated_content import sign
from mimi_conformance.reference.mls.framing.rules import FramingRule, SemiPrivateRule
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.commit_rules import CommitRule
from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender, propose_own_addition
from mimi_conformance.reference.mls.group.group import Group, MemberStateRule, Retention
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_creation import create
from mimi_conformance.reference.mls.group.group_framing import Framing, framed
from mimi_conformance.reference.mls.group.group_info import GroupInfoRule
from mimi_conformance.reference.mls.group.group_messages import send
from mimi_conformance.reference.mls.group.group_processing import ProcessingRule, process
from mimi_conformance.reference.mls.group.group_proposals import propose, propose_update
from mimi_conformance.reference.mls.group.linked_groups import LinkRule
from mimi_conformance.reference.mls.group.senders import SenderRule
from mimi_conformance.reference.mls.proposals.extensions import APP_ACK
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalRule
from mimi_conformance.reference.mls.proposals.proposals import ProposalKind, ProposalRegistry
from mimi_conformance.reference.mls.rules import Rule, RuleError
from mimi_conformance.reference.mls.schedule.exporter_tree import ExporterRule
from mimi_conformance.reference.mls.schedule.pre_shared_keys import resumption_psk
from mimi_conformance.reference.mls.schedule.ratchet import RatchetLimits, RatchetRule
from mimi_conformance.reference.mls.tree.treekem import TreeKEMRule
from mimi_conformance.reference.wire.mls.app_data import AppAck, AppEphemeral
from mimi_conformance.reference.wire.mls.framing import PublicMessage, Sender, SenderType
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders, Welcome
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add, PreSharedKey, Proposal, ReInit, Remove, SelfRemove
from mimi_conformance.reference.wire.mls.psk import ResumptionPSKUsage
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ExtensionType, ProposalType, WireFormat
from tests.mls.group_examples import COMPONENT, NOW, SUITE, Client, Room

UNREACHABLE: dict[Rule, str] = {
    FramingRule.WIRE_FORMAT: "Readers verify for the wire format that they found; only makers can mistake it.",
    FramingRule.TAGGED_BY_MEMBER: "By the codec a PublicMessage has a tag if a member sends it, and else none.",
    FramingRule.SENT_BY_MEMBER: "An encrypted message names its sender by a leaf; only makers can try another one.",
    SemiPrivateRule.RECEIVERS: "A message for no external receiver is not made; a reader finds that it is for others.",
    RatchetRule.IN_RANGE: "Messages have 32 bits for a generation.",
    TreeKEMRule.RECIPIENT: "A member always has the key of a node that a path must be encrypted to: its leaf's.",
}
"""Rules that no object from somebody else can break."""


def attempt_to_read_twice() -> None:
    room = Room.of("alice", "bob")
    message, _ = send(room.group("alice"), b"hello", random=bytes)
    process(process(room.group("bob"), message, NOW).group, message, NOW)


def attempt_to_read_too_late() -> None:
    room = Room.of("alice", "bob", retention=Retention(ratchets=RatchetLimits(kept=2)))
    messages, group = [], room.group("bob")
    for _ in range(5):
        message, group = send(group, b"hello", random=bytes)
        messages.append(message)
    reader = process(room.group("alice"), messages[-1], NOW).group
    process(reader, messages[1], NOW)


def ended() -> tuple[Room, PublicMessage]:
    """A group that a ReInit has ended, and a proposal of its external sender that comes too late."""
    service = Client("service")
    key = parameters(SUITE).signature.public_key(service.signature_private_key)
    senders = ExternalSenders((ExternalSender(key, service.credential),)).encode()
    room = Room.of("alice", "bob", extensions=(Extension(ExtensionType.external_senders, senders),))
    context = room.server.context
    room.commit("alice", ReInit(b"next", context.version, context.cipher_suite, context.extensions))
    late = propose_as_external_sender(room.server.context, 0, Remove(1), service.signature_private_key)
    return room, late


def attempt_to_go_on_after_reinit() -> None:
    room, late = ended()
    room.server.process_proposal(late, NOW)


def attempt_to_read_after_reinit() -> None:
    room, late = ended()
    process(room.group("bob"), late, NOW)


def attempt_to_commit_a_proposal() -> None:
    room = Room.of("alice", "bob")
    room.server.process_commit(proposal_of(room).public_message, NOW)


def attempt_to_propose_a_commit() -> None:
    room = Room.of("alice", "bob")
    made = commit(room.group("alice"), now=NOW, random=Client("c").random)
    room.server.process_proposal(made.message.public_message, NOW)


def proposal_of(room: Room, name: str = "alice") -> MLSMessage:
    return propose(room.group(name), Remove(1), now=NOW, random=bytes).message


def attempt_to_propose_what_the_application_objects_to() -> None:
    kind = ProposalKind(ProposalType.app_ephemeral, objection=lambda _body, _sender: "Not here.")
    picky = Application(proposals=ProposalRegistry().with_kinds(kind))
    room, strict = Room.of("alice", "bob"), Room.of("alice", "bob", application=picky)
    assert strict.server.context == room.server.context
    ephemeral = AppEphemeral(APP_ACK, AppAck(()).encode())
    message = propose(room.group("alice"), ephemeral, now=NOW, random=bytes).message
    process(room.group("bob"), message, NOW)
    with pytest.raises(RuleError) as server:
        strict.server.process_proposal(message.public_message, NOW)
    assert server.value.rule is ProposalRule.APPLICATION_ACCEPTS
    process(strict.group("bob"), message, NOW)


def attempt_to_export_twice() -> None:
    _, group = Client("alice").create().export_for_component(COMPONENT)
    group.export_for_component(COMPONENT)


def attempt_of_a_stranger_to_join() -> None:
    judy = Client("judy")
    room = Room.of("alice", "bob", application=Application(accepts_new_member=lambda _: False))
    own = judy.key_package().key_package
    proposal = propose_own_addition(room.server.context, own, judy.signature_private_key)
    with pytest.raises(RuleError) as server:
        room.server.process_proposal(proposal, NOW)
    assert server.value.rule is SenderRule.NEW_MEMBER_ACCEPTED
    process(room.group("bob"), proposal, NOW)


def attempt_of_an_outsider_to_encrypt() -> None:
    """As a server finds it in what was a SemiPrivateMessage, if its external receiver made it up."""
    judy = Client("judy")
    room = Room.of("alice", "bob")
    sender = Sender(sender_type=SenderType.new_member_proposal)
    content = framed(b"group", 1, sender, Proposal.of(Add(judy.key_package().key_package)), b"")
    signed = sign(content, WireFormat.mls_semiprivate_message, room.server.epoch, judy.signature_private_key)
    room.server.process_proposal(signed, NOW)


def removed() -> Group:
    room = Room.of("alice", "bob", "carol")
    bob = room.group("bob")
    made = commit(room.group("alice"), Covering((Remove(1),)), now=NOW, random=Client("c").random)
    return process(bob, made.message, NOW).group


def attempt_to_send_after_removal() -> None:
    send(removed(), b"hello", random=bytes)


def attempt_to_act_after_reinit() -> None:
    room, _ = ended()
    propose_update(room.group("bob"), now=NOW, random=bytes)


def attempt_to_send_before_committing() -> None:
    room = Room.of("alice", "bob")
    send(process(room.group("bob"), proposal_of(room), NOW).group, b"hello", random=bytes)


def attempt_to_leave_twice() -> None:
    room = Room.of("alice", "bob")
    bob, group = room.members["bob"]
    once, again = (
        propose(group, SelfRemove(), now=NOW, random=bob.random, framing=Framing(authenticated_data=data))
        for data in (b"once", b"again")
    )
    with pytest.raises(RuleError) as sender:
        propose(once.group, SelfRemove(), now=NOW, random=bob.random)
    room.deliver(once.message)
    room.deliver(once.message)
    with pytest.raises(RuleError) as server:
        room.server.process_proposal(again.message.public_message, NOW)
    assert sender.value.rule is server.value.rule is ProposalRule.ONE_SELF_REMOVE
    process(room.group("alice"), again.message, NOW)


def welcomed(**how: object) -> Group:
    """What becomes of a Welcome when its reader has this to say."""
    room, judy = Room.of("alice", "bob"), Client("judy")
    own = judy.key_package()
    adding = Covering((Add(own.key_package),))
    made = commit(room.group("alice"), adding, now=NOW, random=Client("c").random)
    return judy.join(made.welcome, own, **how)


def attempt_to_join_a_group_of_the_same_id() -> None:
    welcomed(current_groups={b"group"})


def linked(
    usage: ResumptionPSKUsage,
    *others: str,
    suite: CipherSuite = SUITE,
    predecessor: Callable[[Room], Group] = lambda room: room.group("bob"),
) -> Group:
    """Bob joins a group that Alice has made to continue one of Alice, Bob and Carol, with whoever she wants."""
    room = Room.of("alice", "bob", "carol")
    if usage is ResumptionPSKUsage.reinit:
        room.commit("alice", ReInit(b"next", room.server.context.version, suite, ()))
    old, alice, bob = room.group("alice"), Client("alice", suite), Client("bob", suite)
    alice.random, bob.random = Client("alice again").random, Client("bob again").random
    new = create(b"next", alice.as_member(), Application(), now=NOW, random=alice.random, psks=old.psks)
    link = resumption_psk(suite, b"group", old.context.epoch, alice.random, usage)
    own = bob.key_package()
    added = [own.key_package, *(Client(name, suite).key_package().key_package for name in others)]
    covering = Covering((PreSharedKey(link), *map(Add, added)))
    made = commit(new, covering, now=NOW, random=alice.random, usage=usage)
    psks = room.group("bob").psks
    return bob.join(_decoded(made.welcome), own, predecessor=predecessor(room), psks=psks)


def _decoded(welcome: Welcome | None) -> Welcome:
    assert welcome is not None
    return Welcome.decode(welcome.encode())


def attempt_to_continue_an_unknown_group() -> None:
    linked(ResumptionPSKUsage.branch, predecessor=lambda _room: Room.of("alice", "bob", group_id=b"x").group("bob"))


def attempt_to_reinitialize_without_everybody() -> None:
    linked(ResumptionPSKUsage.reinit)


def attempt_to_branch_with_a_stranger() -> None:
    linked(ResumptionPSKUsage.branch, "mallory")


def attempt_to_branch_into_another_suite() -> None:
    linked(ResumptionPSKUsage.branch, suite=CipherSuite.MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519)


def attempt_to_process_a_key_package() -> None:
    group = Client("alice").create()
    process(group, MLSMessage.of(Client("bob").key_package().key_package), NOW)


def attempt_to_process_an_own_commit() -> None:
    group = Room.of("alice", "bob").group("alice")
    process(group, commit(group, now=NOW, random=Client("c").random).message, NOW)


def attempt_to_go_on_with_a_forgotten_update() -> None:
    """As a client that was restored from a backup, which finds its own proposal among those of others."""
    room = Room.of("alice", "bob")
    proposed = propose_update(room.group("bob"), now=NOW, random=Client("u").random)
    alice = process(room.group("alice"), proposed.message, NOW).group
    restored = replace(proposed.group, updates=MappingProxyType({}))
    process(restored, commit(alice, now=NOW, random=Client("c").random).message, NOW)


ATTEMPTS: dict[Rule, Callable[[], None]] = {
    RatchetRule.UNUSED: attempt_to_read_twice,
    RatchetRule.NOT_TOO_OLD: attempt_to_read_too_late,
    CommitRule.GROUP_IN_USE: attempt_to_go_on_after_reinit,
    CommitRule.IS_COMMIT: attempt_to_commit_a_proposal,
    CommitRule.IS_PROPOSAL: attempt_to_propose_a_commit,
    ProposalRule.ONE_SELF_REMOVE: attempt_to_leave_twice,
    ProposalRule.APPLICATION_ACCEPTS: attempt_to_propose_what_the_application_objects_to,
    ExporterRule.ONCE: attempt_to_export_twice,
    SenderRule.NEW_MEMBER_ACCEPTED: attempt_of_a_stranger_to_join,
    SenderRule.OUTSIDER_PUBLIC: attempt_of_an_outsider_to_encrypt,
    MemberStateRule.IN_GROUP: attempt_to_send_after_removal,
    MemberStateRule.IN_USE: attempt_to_act_after_reinit,
    MemberStateRule.COMMIT_FIRST: attempt_to_send_before_committing,
    GroupInfoRule.GROUP_NEW: attempt_to_join_a_group_of_the_same_id,
    LinkRule.PREDECESSOR: attempt_to_continue_an_unknown_group,
    LinkRule.REINIT_MEMBERS: attempt_to_reinitialize_without_everybody,
    LinkRule.BRANCH_MEMBERS: attempt_to_branch_with_a_stranger,
    LinkRule.BRANCH_PARAMETERS: attempt_to_branch_into_another_suite,
    ProcessingRule.KIND: attempt_to_process_a_key_package,
    ProcessingRule.NOT_OWN: attempt_to_process_an_own_commit,
    ProcessingRule.OWN_UPDATE: attempt_to_go_on_with_a_forgotten_update,
}


@pytest.mark.parametrize(("rule", "attempt"), ATTEMPTS.items(), ids=[attempt.__name__ for attempt in ATTEMPTS.values()])
def test_an_attempt_is_refused_by_the_name_of_the_rule(rule, attempt):
    with pytest.raises(RuleError) as refusal:
        attempt()
    assert refusal.value.rule is rule


def test_what_is_wrong_with_those_attempts_is_nothing_else():
    """Each with everything as it should be, to show that it is only that."""
    welcomed()
    linked(ResumptionPSKUsage.branch)
    linked(ResumptionPSKUsage.branch, "carol")
    linked(ResumptionPSKUsage.reinit, "carol")


def test_a_member_reads_nothing_after_a_reinit_either():
    with pytest.raises(RuleError) as refusal:
        attempt_to_read_after_reinit()
    assert refusal.value.rule is MemberStateRule.IN_USE


def every_rule() -> set[Rule]:
    for module in pkgutil.walk_packages(mls.__path__, f"{mls.__name__}."):
        import_module(module.name)
    of_mls = (rules for rules in Rule.__subclasses__() if rules.__module__.startswith(f"{mls.__name__}."))
    return {rule for rules in of_mls for rule in rules}


def test_every_rule_is_broken_by_something_that_is_refused_or_says_why_nothing_can():
    of_objects = {violation.rule for violation in violations().values()}
    assert of_objects | set(ATTEMPTS) | set(UNREACHABLE) == every_rule()
    assert not of_objects & set(ATTEMPTS)
    assert not (of_objects | set(ATTEMPTS)) & set(UNREACHABLE)


def test_every_rule_says_where_it_stands():
    for rule in every_rule():
        assert rule.section
        assert rule.text.endswith((".", ").")), rule
