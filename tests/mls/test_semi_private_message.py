"""SemiPrivateMessages: members and external receivers read the same, and everything else is refused by name."""

from dataclasses import replace
from hashlib import sha256
from random import Random

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given, settings
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import strategy_for
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.crypto.labelled import decrypt_with_label, encrypt_with_label
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule, SemiPrivateRule
from mimi_conformance.reference.mls.framing.semi_private_message import (
    external_receiver_ref,
    seal,
    unseal,
    unseal_as_external_receiver,
)
from mimi_conformance.reference.mls.framing.sender_data import open_sender_data, seal_sender_data
from mimi_conformance.reference.mls.group.senders import SenderError, SenderRule
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.schedule.ratchet import RatchetError, RatchetRule
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.framing import ContentType, FramedContentTBS, SenderData
from mimi_conformance.reference.wire.mls.proposals import Commit, Proposal
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import (
    ExternalReceiver,
    KeyForExternalReceiver,
    PerMessageKeyAndNonces,
    SemiPrivateContentAAD,
    SemiPrivateMessage,
    SemiPrivateMessageContent,
    SemiPrivateMessageContext,
)
from tests.mls.framing_examples import (
    BLANK,
    HANDSHAKES,
    REMOVE,
    SENDERS,
    SMALL,
    Group,
    content_of,
    every_bit_flipped,
    member,
)

SEMI_PRIVATE = WireFormat.mls_semiprivate_message
LABEL = "SemiPrivateMessageReceiver"
GROUP = Group.of()
EVERY_HANDSHAKE = pytest.mark.parametrize("body", HANDSHAKES, ids=["proposal", "commit"])


def receiver_of(cipher_suite, name):
    """An external receiver and its private key."""
    private_key, public_key = parameters(cipher_suite).new_hpke_key_pair(Random(name).randbytes)
    return ExternalReceiver(public_key, Credential.basic(name)), private_key


HUB, HUB_KEY = receiver_of(SMALL, b"hub")
OTHER, OTHER_KEY = receiver_of(SMALL, b"other")


def sealed(content, group=GROUP, receivers=(HUB,), padding=0, signer=None):
    authenticated = group.signed(content, SEMI_PRIVATE, signer)
    random = Random(1).randbytes
    return seal(authenticated, group.epoch, group.secret_tree, receivers, random=random, padding=padding)


def read_by_member(message, group=GROUP, tree=None):
    return unseal(message, group.epoch, tree or group.secret_tree, group.key)[0]


def read_by_hub(message, group=GROUP, receiver=HUB, private_key=HUB_KEY):
    return unseal_as_external_receiver(message, group.server_epoch, receiver, private_key, group.key)


EVERY_READER = pytest.mark.parametrize("read", [read_by_member, read_by_hub])


def refusal(function, *arguments, **named):
    with pytest.raises(FramingError) as refused:
        function(*arguments, **named)
    return refused.value.rule


@pytest.mark.parametrize("cipher_suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
@EVERY_HANDSHAKE
def test_members_and_every_external_receiver_read_the_same(cipher_suite, body):
    group = Group.of(cipher_suite)
    receivers = [receiver_of(cipher_suite, name) for name in (b"hub", b"archive")]
    content = content_of(body, authenticated_data=b"authenticated")
    message, _ = sealed(content, group, [receiver for receiver, _ in receivers], padding=5)
    message = SemiPrivateMessage.decode(message.encode())
    expected = group.signed(content, SEMI_PRIVATE)
    assert read_by_member(message, group) == expected
    for receiver, private_key in receivers:
        assert read_by_hub(message, group, receiver, private_key) == expected


@settings(deadline=None)
@given(
    st.one_of(strategy_for(Proposal), strategy_for(Commit)),
    st.binary(max_size=200),
    st.integers(0, 300),
    st.integers(0, 2),
)
def test_any_handshake_comes_back_whatever_is_around_it(body, authenticated_data, padding, leaf_index):
    content = content_of(body, member(leaf_index), authenticated_data)
    message, _ = sealed(content, padding=padding)
    message = SemiPrivateMessage.decode(message.encode())
    assert read_by_member(message) == read_by_hub(message) == GROUP.signed(content, SEMI_PRIVATE)


def vector(data):
    assert len(data) < 64
    return bytes([len(data)]) + data


def test_every_field_is_computed_as_the_draft_says():
    """Section 3.1 with the primitives and bytes spelled out (readings: AMB-205, 206, 207, 210)."""
    content = content_of(REMOVE, member(1), b"aad")
    message, _ = sealed(content, padding=2)
    authenticated = GROUP.signed(content, SEMI_PRIVATE)
    (key, nonce), _ = GROUP.secret_tree.handshake_key(1, 0)
    reuse_guard = Random(1).randbytes(4)
    headers = vector(b"group") + (7).to_bytes(8)

    assert (message.group_id, message.epoch, message.content_type) == (b"group", 7, ContentType.proposal)
    assert message.authenticated_data == b"aad"
    assert message.partial_context_hash == sha256(bytes([0, 0, 0, 1]) + nonce).digest()

    tbs = FramedContentTBS(wire_format=SEMI_PRIVATE, content=content, context=GROUP.epoch.group_context)
    assert message.framed_content_tbs_hash == sha256(tbs.encode()).digest()

    (for_hub,) = message.keys_for_external_receivers
    assert for_hub.external_receiver_ref == sha256(HUB.encode()).digest()
    context = headers + vector(message.partial_context_hash)
    keys_and_nonces = decrypt_with_label(SMALL, HUB_KEY, LABEL, context, for_hub.encrypted_keys_and_nonces)
    assert keys_and_nonces == vector(key) + vector(nonce) + reuse_guard + bytes([0, 0, 0, 1])

    keys = for_hub.encode()
    aad = (
        (headers + b"\x02" + vector(b"aad") + vector(message.partial_context_hash))
        + (0x4000 | len(keys)).to_bytes(2)
        + (keys + vector(message.framed_content_tbs_hash))
    )
    guarded = bytes(a ^ b for a, b in zip(nonce, reuse_guard + bytes(8), strict=True))
    signature = (0x4000 | 64).to_bytes(2) + authenticated.auth.signature
    plaintext = REMOVE.encode() + signature + bytes(2)
    assert message.ciphertext == AESGCM(key).encrypt(guarded, plaintext, aad)

    sender_data = open_sender_data(message.encrypted_sender_data, ContentType.proposal, message.ciphertext, GROUP.epoch)
    assert sender_data == SenderData(1, 0, reuse_guard)


def test_the_sender_uses_up_a_key_of_its_handshake_ratchet():
    _, tree = sealed(content_of(REMOVE))
    with pytest.raises(RatchetError) as refused:
        tree.handshake_key(1, 0)
    assert refused.value.rule is RatchetRule.UNUSED
    assert tree.application_key(1, 0)[0] == GROUP.secret_tree.application_key(1, 0)[0]


def test_a_member_reads_a_message_once():
    message, _ = sealed(content_of(REMOVE))
    _, tree = unseal(message, GROUP.epoch, GROUP.secret_tree, GROUP.key)
    with pytest.raises(RatchetError):
        read_by_member(message, tree=tree)


def test_application_data_is_never_semi_private():
    signed = GROUP.signed(content_of(b"Hello!"), SEMI_PRIVATE)
    rule = refusal(seal, signed, GROUP.epoch, GROUP.secret_tree, [HUB], random=Random(0).randbytes)
    assert rule is FramingRule.NOT_APPLICATION
    encoded = bytearray(sealed(content_of(REMOVE))[0].encode())
    place = len(vector(b"group")) + 8
    assert encoded[place] == ContentType.proposal
    encoded[place] = ContentType.application
    with pytest.raises(DecodeError, match="content_type"):
        SemiPrivateMessage.decode(bytes(encoded))


@pytest.mark.parametrize("sender", SENDERS[1:], ids=lambda sender: sender.sender_type.name)
def test_only_members_seal(sender):
    signed = GROUP.signed(content_of(REMOVE, sender), SEMI_PRIVATE)
    rule = refusal(seal, signed, GROUP.epoch, GROUP.secret_tree, [HUB], random=Random(0).randbytes)
    assert rule is FramingRule.SENT_BY_MEMBER


def test_content_signed_for_another_wire_format_is_not_sealed():
    signed = GROUP.signed(content_of(REMOVE), WireFormat.mls_private_message)
    rule = refusal(seal, signed, GROUP.epoch, GROUP.secret_tree, [HUB], random=Random(0).randbytes)
    assert rule is FramingRule.WIRE_FORMAT


def test_a_group_without_external_receivers_has_no_semi_private_messages():
    assert refusal(sealed, content_of(REMOVE), receivers=()) is SemiPrivateRule.RECEIVERS


def test_who_is_not_among_the_receivers_can_not_read():
    message, _ = sealed(content_of(REMOVE))
    assert refusal(read_by_hub, message, GROUP, OTHER, OTHER_KEY) is SemiPrivateRule.RECEIVER_LISTED
    assert refusal(read_by_hub, message, GROUP, HUB, OTHER_KEY) is SemiPrivateRule.RECEIVER_ENCRYPTION


@EVERY_READER
@pytest.mark.parametrize(
    ("change", "rule"), [({"group_id": b"other"}, FramingRule.GROUP), ({"epoch": 6}, FramingRule.EPOCH)]
)
def test_messages_from_elsewhere_are_refused_by_their_headers(read, change, rule):
    message, _ = sealed(content_of(REMOVE))
    assert refusal(read, replace(message, **change)) is rule


@pytest.mark.parametrize(
    ("change", "to_member", "to_hub"),
    [
        ({"authenticated_data": b"other"}, FramingRule.CONTENT_ENCRYPTION, FramingRule.CONTENT_ENCRYPTION),
        ({"content_type": ContentType.commit}, FramingRule.SENDER_DATA_ENCRYPTION, FramingRule.CONTENT_ENCRYPTION),
        ({"keys_for_external_receivers": ()}, FramingRule.CONTENT_ENCRYPTION, SemiPrivateRule.RECEIVER_LISTED),
        ({"framed_content_tbs_hash": b""}, FramingRule.CONTENT_ENCRYPTION, FramingRule.CONTENT_ENCRYPTION),
        ({"partial_context_hash": b""}, SemiPrivateRule.PARTIAL_CONTEXT_HASH, SemiPrivateRule.RECEIVER_ENCRYPTION),
        ({"ciphertext": bytes(100)}, FramingRule.SENDER_DATA_ENCRYPTION, FramingRule.CONTENT_ENCRYPTION),
    ],
    ids=lambda change: next(iter(change)) if isinstance(change, dict) else "",
)
def test_no_header_can_be_changed(change, to_member, to_hub):
    message, _ = sealed(content_of(REMOVE), receivers=(HUB, OTHER))
    assert refusal(read_by_member, replace(message, **change)) is to_member
    assert refusal(read_by_hub, replace(message, **change)) is to_hub


def test_a_signature_of_another_member_is_refused_by_members_and_receivers():
    message, _ = sealed(content_of(REMOVE, member(1)), signer=2)
    assert refusal(read_by_member, message) is refusal(read_by_hub, message) is FramingRule.SIGNATURE


class BrokenSender:
    """Member 1 with broken software: it makes each part of a message as it likes, and the rest as it should be."""

    def __init__(self, body=REMOVE):
        self.suite = parameters(SMALL)
        self.content = content_of(body)
        self.leaf_index = 1
        (self.key, self.nonce), _ = GROUP.secret_tree.handshake_key(1, 0)
        self.reuse_guard = bytes(4)
        self.padding = b""
        self.partial_context_hash = self.suite.digest(bytes([0, 0, 0, 1]) + self.nonce)
        tbs = FramedContentTBS(wire_format=SEMI_PRIVATE, content=self.content, context=GROUP.epoch.group_context)
        self.framed_content_tbs_hash = self.suite.digest(tbs.encode())
        self.keys_and_nonces = None

    def message(self):
        context = SemiPrivateMessageContext(b"group", 7, self.partial_context_hash).encode()
        keys = PerMessageKeyAndNonces(self.key, self.nonce, self.reuse_guard, self.leaf_index).encode()
        keys = keys if self.keys_and_nonces is None else self.keys_and_nonces
        encrypted = encrypt_with_label(
            SMALL, HUB.external_receiver_public_key, LABEL, context, keys, random=Random(0).randbytes
        )
        aad = SemiPrivateContentAAD.taken_from(
            self.content,
            partial_context_hash=self.partial_context_hash,
            keys_for_external_receivers=(KeyForExternalReceiver(external_receiver_ref(SMALL, HUB), encrypted),),
            framed_content_tbs_hash=self.framed_content_tbs_hash,
        )
        auth = GROUP.signed(self.content, SEMI_PRIVATE).auth
        plaintext = SemiPrivateMessageContent.taken_from(self.content, auth=auth, padding=b"").encode() + self.padding
        ciphertext = self.suite.aead.seal(self.key, self.nonce, aad.encode(), plaintext)
        sender_data = SenderData(self.leaf_index, 0, self.reuse_guard)
        return SemiPrivateMessage.taken_from(
            aad,
            encrypted_sender_data=seal_sender_data(sender_data, self.content.content_type, ciphertext, GROUP.epoch),
            ciphertext=ciphertext,
        )


@EVERY_READER
def test_what_a_broken_sender_does_right_is_read(read):
    assert read(BrokenSender().message()).content == content_of(REMOVE)


@EVERY_READER
def test_a_wrong_partial_context_hash_is_refused(read):
    sender = BrokenSender()
    sender.partial_context_hash = bytes(32)
    assert refusal(read, sender.message()) is SemiPrivateRule.PARTIAL_CONTEXT_HASH


@EVERY_READER
def test_a_wrong_framed_content_tbs_hash_is_refused(read):
    sender = BrokenSender()
    sender.framed_content_tbs_hash = bytes(32)
    assert refusal(read, sender.message()) is SemiPrivateRule.FRAMED_CONTENT_TBS_HASH


@EVERY_READER
@EVERY_HANDSHAKE
def test_padding_that_is_not_zero_is_refused(read, body):
    sender = BrokenSender(body)
    sender.padding = b"\0\x01"
    assert refusal(read, sender.message()) is FramingRule.PADDING


@EVERY_READER
@pytest.mark.parametrize("leaf_index", [BLANK, 4, 0xFFFFFFFF])
def test_a_sender_that_is_no_member_is_refused(read, leaf_index):
    sender = BrokenSender()
    sender.leaf_index = leaf_index
    with pytest.raises(SenderError) as refused:
        read(sender.message())
    assert (refused.value.rule, refused.value.value) == (SenderRule.MEMBER, leaf_index)


@pytest.mark.parametrize(
    "keys_and_nonces",
    [
        b"",
        PerMessageKeyAndNonces(bytes(16), bytes(12), bytes(4), 1).encode() + b"\0",
        PerMessageKeyAndNonces(bytes(32), bytes(12), bytes(4), 1).encode(),
        PerMessageKeyAndNonces(bytes(16), bytes(11), bytes(4), 1).encode(),
    ],
    ids=["empty", "too long", "key of another size", "nonce of another size"],
)
def test_an_external_receiver_refuses_keys_that_are_none(keys_and_nonces):
    sender = BrokenSender()
    sender.keys_and_nonces = keys_and_nonces
    assert refusal(read_by_hub, sender.message()) is SemiPrivateRule.RECEIVER_KEYS
    assert read_by_member(sender.message()).content == content_of(REMOVE)


def test_an_external_receiver_that_gets_another_key_than_the_members_notices():
    sender = BrokenSender()
    sender.keys_and_nonces = PerMessageKeyAndNonces(bytes(16), sender.nonce, bytes(4), 1).encode()
    assert refusal(read_by_hub, sender.message()) is FramingRule.CONTENT_ENCRYPTION


def test_a_kem_output_that_is_none_is_refused():
    message, _ = sealed(content_of(REMOVE))
    (for_hub,) = message.keys_for_external_receivers
    for kem_output in (b"", bytes(31), bytes(32)):
        encrypted = replace(for_hub.encrypted_keys_and_nonces, kem_output=kem_output)
        changed = replace(message, keys_for_external_receivers=(replace(for_hub, encrypted_keys_and_nonces=encrypted),))
        assert refusal(read_by_hub, changed) is SemiPrivateRule.RECEIVER_ENCRYPTION


def test_a_member_refuses_a_message_with_any_bit_changed():
    message, _ = sealed(content_of(REMOVE), padding=1)
    for changed in every_bit_flipped(message.encode()):
        with pytest.raises((DecodeError, RuleError)):
            read_by_member(SemiPrivateMessage.decode(changed))
    assert read_by_member(message).content == content_of(REMOVE)


def test_an_external_receiver_refuses_any_changed_bit_but_those_that_only_members_can_check():
    """Nothing that an external receiver can verify covers `encrypted_sender_data`."""
    message, _ = sealed(content_of(REMOVE), padding=1)
    for encoded in every_bit_flipped(message.encode()):
        try:
            changed = SemiPrivateMessage.decode(encoded)
        except DecodeError:
            continue
        if replace(changed, encrypted_sender_data=message.encrypted_sender_data) == message:
            assert read_by_hub(changed).content == content_of(REMOVE)
        else:
            with pytest.raises(RuleError):
                read_by_hub(changed)
