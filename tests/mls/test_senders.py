"""Who may send what: everybody else's messages are refused by name, by members and by servers alike."""

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing import semi_private_message
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed, sign
from mimi_conformance.reference.mls.framing.public_message import protect, protect_from_outside
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender
from mimi_conformance.reference.mls.group.group_framing import IN_PRIVATE, Framing, framed, member_sender
from mimi_conformance.reference.mls.group.group_processing import process
from mimi_conformance.reference.mls.group.group_proposals import propose, propose_update
from mimi_conformance.reference.mls.group.senders import SenderError, SenderRule, member_key
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, Sender, SenderType
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.proposals import Add, Commit, Proposal, Remove, SelfRemove
from mimi_conformance.reference.wire.mls.registries import ExtensionType, WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import ExternalReceiver, ExternalReceivers
from tests.mls.group_examples import NOW, SUITE, Client, Room, dictionary

PUBLIC = WireFormat.mls_public_message
SERVICE = Client("service")
REMOVE_BOB = Proposal.of(Remove(1))


@pytest.fixture(scope="module")
def room() -> Room:
    key = parameters(SUITE).signature.public_key(SERVICE.signature_private_key)
    senders = ExternalSenders((ExternalSender(key, SERVICE.credential),))
    application = Application(accepts_new_member=lambda package: package.leaf_node.credential.identity != b"stranger")
    return Room.of(
        "alice",
        "bob",
        application=application,
        extensions=(Extension(ExtensionType.external_senders, senders.encode()),),
    )


def signed(room: Room, sender: Sender, body, signer: Client, wire_format: WireFormat = PUBLIC) -> AuthenticatedContent:
    """Content that somebody has signed, whether or not it may be sent."""
    context = room.server.context
    content = framed(context.group_id, context.epoch, sender, body, b"")
    content = sign(content, wire_format, room.server.epoch, signer.signature_private_key)
    return confirmed(content, bytes(32)) if isinstance(body, Commit) else content


def external(index: int = 0) -> Sender:
    return Sender(sender_type=SenderType.external, sender_index=index)


def sender(kind: SenderType) -> Sender:
    return Sender(sender_type=kind)


def own_add(client: Client) -> Proposal:
    return Proposal.of(Add(client.key_package().key_package))


CAROL, STRANGER = Client("carol"), Client("stranger")
FROM_OUTSIDE = {
    "no such external sender": (external(1), REMOVE_BOB, SERVICE, SenderRule.EXTERNAL_SENDER),
    "an external sender that commits": (external(), Commit(()), SERVICE, SenderRule.EXTERNAL_PROPOSES),
    "an external sender that leaves": (external(), Proposal.of(SelfRemove()), SERVICE, SenderRule.EXTERNAL_TYPE),
    "a new member that removes": (
        sender(SenderType.new_member_proposal),
        REMOVE_BOB,
        CAROL,
        SenderRule.NEW_MEMBER_ADDS,
    ),
    "a new member that is not accepted": (
        sender(SenderType.new_member_proposal),
        own_add(STRANGER),
        STRANGER,
        SenderRule.NEW_MEMBER_ACCEPTED,
    ),
    "a new member that joins without a path": (
        sender(SenderType.new_member_commit),
        Commit(()),
        CAROL,
        SenderRule.NEW_MEMBER_COMMITS,
    ),
    "a new member that proposes as it joins": (
        sender(SenderType.new_member_commit),
        REMOVE_BOB,
        CAROL,
        SenderRule.NEW_MEMBER_COMMITS,
    ),
}


@pytest.mark.parametrize(("who", "body", "signer", "rule"), FROM_OUTSIDE.values(), ids=FROM_OUTSIDE)
def test_outsiders_send_only_what_they_may(room, who, body, signer, rule):
    message = protect_from_outside(signed(room, who, body, signer))
    receive = room.server.process_commit if isinstance(body, Commit) else room.server.process_proposal
    for view in (lambda: receive(message, NOW), lambda: process(room.group("alice"), message, NOW)):
        with pytest.raises(SenderError) as refusal:
            view()
        assert refusal.value.rule is rule


def test_an_external_sender_signs_with_its_own_key(room):
    message = propose_as_external_sender(room.server.context, 0, Remove(1), CAROL.signature_private_key)
    for view in (
        lambda: room.server.process_proposal(message, NOW),
        lambda: process(room.group("bob"), message, NOW),
    ):
        with pytest.raises(FramingError) as refusal:
            view()
        assert refusal.value.rule is FramingRule.SIGNATURE


def test_there_is_no_member_at_a_blank_leaf(room):
    content = signed(room, member_sender(5), REMOVE_BOB, room.client("alice"))
    message = protect(content, room.group("alice").keys.framing)
    for view in (
        lambda: room.server.process_proposal(message, NOW),
        lambda: process(room.group("bob"), message, NOW),
        lambda: member_key(room.server.tree, 5),
    ):
        with pytest.raises(SenderError) as refusal:
            view()
        assert refusal.value.rule is SenderRule.MEMBER


def test_a_member_leaves_in_public(room):
    bob, group = room.members["bob"]
    with pytest.raises(SenderError) as refusal:
        propose(group, SelfRemove(), now=NOW, random=bob.random, framing=IN_PRIVATE)
    assert refusal.value.rule is SenderRule.SELF_REMOVE_PUBLIC


def test_what_was_not_public_comes_from_members(room):
    content = signed(room, external(), REMOVE_BOB, SERVICE, WireFormat.mls_semiprivate_message)
    with pytest.raises(SenderError) as refusal:
        room.server.process_proposal(content, NOW)
    assert refusal.value.rule is SenderRule.OUTSIDER_PUBLIC


def test_external_senders_update_application_data(room):
    body = AppDataUpdate(component_id=1, op=AppDataUpdateOperation.update, update=b"\0")
    message = propose_as_external_sender(room.server.context, 0, body, SERVICE.signature_private_key)
    assert len(room.server.process_proposal(message, NOW).pending) == 1
    assert len(process(room.group("alice"), message, NOW).group.public.pending) == 1


def test_a_server_follows_semi_private_handshakes():
    key_pair = parameters(SUITE).new_hpke_key_pair(SERVICE.random)
    receiver = ExternalReceiver(key_pair.public_key, SERVICE.credential)
    receivers = dictionary(c0008=ExternalReceivers((receiver,)).encode())
    room = Room.of("alice", "bob", extensions=(receivers,))
    framing = Framing(WireFormat.mls_semiprivate_message, padding=10)
    server = room.server

    def read(message):
        def key_of(leaf_index):
            return member_key(server.tree, leaf_index)

        semi_private = message.semiprivate_message
        return semi_private_message.unseal_as_external_receiver(
            semi_private, server.epoch, receiver, key_pair.private_key, key_of
        )

    bob, group = room.members["bob"]
    proposed = propose_update(group, now=NOW, random=bob.random, framing=framing)
    room.propose("bob", proposed)
    server = server.process_proposal(read(proposed.message), NOW)
    committed = room.commit("alice", framing=framing)
    server = server.process_commit(read(committed.message), NOW)
    assert server.context == committed.after.context
    assert room.group("bob").epoch_authenticator == committed.after.epoch_authenticator
