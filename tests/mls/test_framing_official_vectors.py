"""The official vectors of message protection, read and written (FORMAT.md, "Message Protection" and "Messages")."""

from random import Random

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing import private_message, public_message
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed, sign
from mimi_conformance.reference.mls.framing.epoch import Epoch, MemberEpoch
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.mls.schedule.secret_tree import SecretTree
from mimi_conformance.reference.wire.mls.framing import ContentType, FramedContent, Sender, SenderType
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Commit, Proposal
from mimi_conformance.reference.wire.mls.registries import CipherSuite, WireFormat
from tests.mls.official_vectors import Kind, octets, official, suite_of

SENDER = 1
EVERY_CONTENT = pytest.mark.parametrize("name", ["proposal", "commit", "application"])
EVERY_HANDSHAKE = pytest.mark.parametrize("name", ["proposal", "commit"])


def epoch_of(vector):
    group_id, tree_hash, confirmed_transcript_hash, membership_key, sender_data_secret = octets(
        vector, "group_id", "tree_hash", "confirmed_transcript_hash", "membership_key", "sender_data_secret"
    )
    context = GroupContext(
        cipher_suite=suite_of(vector),
        group_id=group_id,
        epoch=vector["epoch"],
        tree_hash=tree_hash,
        confirmed_transcript_hash=confirmed_transcript_hash,
        extensions=(),
    )
    return MemberEpoch(group_context=context, membership_key=membership_key, sender_data_secret=sender_data_secret)


def secret_tree_of(vector):
    return SecretTree.create(suite_of(vector), *octets(vector, "encryption_secret"), leaf_count=2)


def body_of(vector, name):
    """The content's fields that depend on its type."""
    (body,) = octets(vector, name)
    match name:
        case "proposal":
            return {"content_type": ContentType.proposal, "proposal": Proposal.decode(body)}
        case "commit":
            return {"content_type": ContentType.commit, "commit": Commit.decode(body)}
        case "application":
            return {"content_type": ContentType.application, "application_data": body}


def has_body_of(content, vector, name):
    return all(getattr(content, field) == value for field, value in body_of(vector, name).items())


def signed(vector, name, wire_format):
    """The vector's content as the member at leaf 1 signs it."""
    epoch = epoch_of(vector)
    content = FramedContent(
        group_id=epoch.group_context.group_id,
        epoch=epoch.group_context.epoch,
        sender=Sender(sender_type=SenderType.member, leaf_index=SENDER),
        authenticated_data=b"authenticated",
        **body_of(vector, name),
    )
    authenticated = sign(content, wire_format, epoch, *octets(vector, "signature_priv"))
    return (
        confirmed(authenticated, bytes(parameters(epoch.cipher_suite).kdf.size)) if name == "commit" else authenticated
    )


def decoded(vector, field):
    return MLSMessage.decode(*octets(vector, field))


def the_key_of(vector):
    (key,) = octets(vector, "signature_pub")

    def sender_key(content):
        assert content.sender.leaf_index == SENDER
        return key

    def member_key(leaf_index):
        assert leaf_index == SENDER
        return key

    return sender_key, member_key


@EVERY_HANDSHAKE
@official(Kind.MESSAGE_PROTECTION)
def test_official_public_messages_unprotect_to_their_content(vector, name):
    message = decoded(vector, f"{name}_pub").public_message
    sender_key, _ = the_key_of(vector)
    unprotected = public_message.unprotect(message, epoch_of(vector), sender_key)
    assert has_body_of(unprotected.content, vector, name)
    server_epoch = Epoch(group_context=epoch_of(vector).group_context)
    assert public_message.unprotect_without_tag(message, server_epoch, sender_key) == unprotected


@EVERY_HANDSHAKE
@official(Kind.MESSAGE_PROTECTION)
def test_official_content_protects_as_a_public_message_that_unprotects(vector, name):
    authenticated = signed(vector, name, WireFormat.mls_public_message)
    message = MLSMessage.of(public_message.protect(authenticated, epoch_of(vector))).encode()
    sender_key, _ = the_key_of(vector)
    read = MLSMessage.decode(message).public_message
    assert public_message.unprotect(read, epoch_of(vector), sender_key) == authenticated


@official(Kind.MESSAGE_PROTECTION)
def test_official_application_data_does_not_protect_as_a_public_message(vector):
    authenticated = signed(vector, "application", WireFormat.mls_public_message)
    with pytest.raises(FramingError) as refused:
        public_message.protect(authenticated, epoch_of(vector))
    assert refused.value.rule is FramingRule.NOT_APPLICATION


@EVERY_CONTENT
@official(Kind.MESSAGE_PROTECTION)
def test_official_private_messages_unseal_to_their_content(vector, name):
    message = decoded(vector, f"{name}_priv").private_message
    _, member_key = the_key_of(vector)
    unsealed, _ = private_message.unseal(message, epoch_of(vector), secret_tree_of(vector), member_key)
    assert has_body_of(unsealed.content, vector, name)


@EVERY_CONTENT
@official(Kind.MESSAGE_PROTECTION)
def test_official_content_seals_as_a_private_message_that_unseals(vector, name):
    authenticated = signed(vector, name, WireFormat.mls_private_message)
    sealed, _ = private_message.seal(
        authenticated, epoch_of(vector), secret_tree_of(vector), random=Random(0).randbytes, padding=10
    )
    read = MLSMessage.decode(MLSMessage.of(sealed).encode()).private_message
    _, member_key = the_key_of(vector)
    unsealed, _ = private_message.unseal(read, epoch_of(vector), secret_tree_of(vector), member_key)
    assert unsealed == authenticated


@official(Kind.MESSAGES)
def test_official_application_data_in_a_public_message_is_refused_by_everybody(vector):
    message = decoded(vector, "public_message_application").public_message
    context = GroupContext(
        cipher_suite=CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519,
        group_id=message.content.group_id,
        epoch=message.content.epoch,
        tree_hash=b"",
        confirmed_transcript_hash=b"",
        extensions=(),
    )
    for view, epoch in (
        (public_message.unprotect_without_tag, Epoch(group_context=context)),
        (public_message.unprotect, MemberEpoch(group_context=context, membership_key=b"", sender_data_secret=b"")),
    ):
        with pytest.raises(FramingError) as refused:
            view(message, epoch, lambda content: b"")
        assert refused.value.rule is FramingRule.NOT_APPLICATION
