"""PrivateMessages: what goes in comes out, once; and everything else is refused by name."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import strategy_for
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.crypto.labelled import expand_with_label
from mimi_conformance.reference.mls.framing.private_message import seal, unseal
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.mls.framing.sender_data import seal_sender_data, sender_data_key_and_nonce
from mimi_conformance.reference.mls.group.senders import SenderError, SenderRule
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.schedule.ratchet import RatchetError, RatchetRule
from mimi_conformance.reference.wire.errors import DecodeError, EncodeError
from mimi_conformance.reference.wire.mls.framing import (
    ContentType,
    PrivateContentAAD,
    PrivateMessage,
    PrivateMessageContent,
    SenderData,
    SenderDataAAD,
)
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.proposals import Commit, Proposal
from mimi_conformance.reference.wire.mls.registries import WireFormat
from tests.mls.framing_examples import (
    BLANK,
    BODIES,
    EMPTY_COMMIT,
    REMOVE,
    SENDERS,
    Group,
    content_of,
    every_bit_flipped,
    flipped,
    member,
)

PRIVATE = WireFormat.mls_private_message
GROUP = Group.of()
EVERY_BODY = pytest.mark.parametrize("body", BODIES, ids=["application", "proposal", "commit"])
ANY_BODY = st.one_of(st.binary(max_size=300), strategy_for(Proposal), strategy_for(Commit))


def guard(size):
    assert size == 4
    return b"\x01\x02\x03\x04"


def sealed(content, group=GROUP, tree=None, padding=0, random=guard):
    authenticated = group.signed(content, PRIVATE)
    return seal(authenticated, group.epoch, tree or group.secret_tree, random=random, padding=padding)


def unsealed(message, group=GROUP, tree=None):
    return unseal(message, group.epoch, tree or group.secret_tree, group.key)


def refusal(function, *arguments, **named):
    with pytest.raises(FramingError) as refused:
        function(*arguments, **named)
    return refused.value.rule


def sealed_by_hand(plaintext, content, *, leaf_index=1, generation=0):
    """A message whose content decrypts to any bytes: what a member can send whose software is broken."""
    suite = parameters(GROUP.epoch.cipher_suite)
    (key, nonce), _ = GROUP.secret_tree.application_key(1, 0)
    if content.content_type is not ContentType.application:
        (key, nonce), _ = GROUP.secret_tree.handshake_key(1, 0)
    additional_data = PrivateContentAAD.taken_from(content).encode()
    ciphertext = suite.aead.seal(key, nonce, additional_data, plaintext)
    sender_data = SenderData(leaf_index, generation, bytes(4))
    encrypted = seal_sender_data(sender_data, content.content_type, ciphertext, GROUP.epoch)
    return PrivateMessage.taken_from(content, encrypted_sender_data=encrypted, ciphertext=ciphertext)


@pytest.mark.parametrize("cipher_suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
@EVERY_BODY
def test_what_a_member_seals_another_unseals(cipher_suite, body):
    group = Group.of(cipher_suite)
    content = content_of(body, authenticated_data=b"authenticated")
    message, _ = sealed(content, group)
    authenticated, _ = unsealed(PrivateMessage.decode(message.encode()), group)
    assert authenticated == group.signed(content, PRIVATE)


@settings(deadline=None)
@given(ANY_BODY, st.binary(max_size=300), st.integers(0, 600), st.integers(0, 2), st.binary(min_size=4, max_size=4))
def test_any_content_comes_back_whatever_is_around_it(body, authenticated_data, padding, leaf_index, reuse_guard):
    content = content_of(body, member(leaf_index), authenticated_data)
    message, _ = sealed(content, padding=padding, random=lambda size: reuse_guard)
    authenticated, _ = unsealed(PrivateMessage.decode(message.encode()))
    assert authenticated == GROUP.signed(content, PRIVATE)
    assert message.authenticated_data == authenticated_data
    unpadded, _ = sealed(content, random=lambda size: reuse_guard)
    assert len(message.ciphertext) == len(unpadded.ciphertext) + padding


@settings(deadline=None)
@given(st.data())
def test_messages_may_arrive_in_any_order_and_are_read_once(data):
    bodies = data.draw(st.lists(st.sampled_from(BODIES), min_size=1, max_size=8))
    messages, tree = [], GROUP.secret_tree
    for body in bodies:
        message, tree = sealed(content_of(body), tree=tree)
        messages.append((body, message))
    tree = GROUP.secret_tree
    for body, message in data.draw(st.permutations(messages)):
        authenticated, after = unsealed(message, tree=tree)
        assert authenticated.content == content_of(body)
        tree = after
        with pytest.raises(RatchetError) as refused:
            unsealed(message, tree=tree)
        assert refused.value.rule is RatchetRule.UNUSED


def test_every_message_has_a_key_of_its_own():
    first, tree = sealed(content_of(b"same"))
    second, _ = sealed(content_of(b"same"), tree=tree)
    again, _ = sealed(content_of(b"same"))
    assert first.ciphertext != second.ciphertext
    assert first == again, "with the same tree and the same reuse guard, sealing is reproducible"


def test_the_reuse_guard_keeps_two_messages_with_the_same_key_apart():
    messages = [sealed(content_of(b"same"), random=lambda size, n=number: bytes([n]) * size)[0] for number in (1, 2)]
    assert messages[0].ciphertext != messages[1].ciphertext
    assert [unsealed(message)[0].content for message in messages] == [content_of(b"same")] * 2


def test_the_guard_changes_the_first_four_bytes_of_the_nonce():
    content, suite = content_of(b"Hello!", authenticated_data=b"aad"), parameters(GROUP.epoch.cipher_suite)
    message, _ = sealed(content, padding=3)
    (key, nonce), _ = GROUP.secret_tree.application_key(1, 0)
    guarded = bytes([nonce[0] ^ 1, nonce[1] ^ 2, nonce[2] ^ 3, nonce[3] ^ 4]) + nonce[4:]
    plaintext = suite.aead.open(key, guarded, PrivateContentAAD.taken_from(content).encode(), message.ciphertext)
    read = PrivateMessageContent.decode(plaintext, content_type=ContentType.application)
    assert (read.application_data, read.padding) == (b"Hello!", bytes(3))


@pytest.mark.parametrize("cipher_suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def test_sender_data_is_encrypted_with_a_sample_of_the_ciphertext(cipher_suite):
    group, suite = Group.of(cipher_suite), parameters(cipher_suite)
    message, _ = sealed(content_of(bytes(100)), group)
    sample = message.ciphertext[: suite.kdf.size]
    key, nonce = (
        expand_with_label(cipher_suite, group.epoch.sender_data_secret, label, sample, size)
        for label, size in (("key", suite.aead.key_size), ("nonce", suite.aead.nonce_size))
    )
    additional_data = SenderDataAAD(b"group", 7, ContentType.application).encode()
    opened = suite.aead.open(key, nonce, additional_data, message.encrypted_sender_data)
    assert SenderData.decode(opened) == SenderData(1, 0, guard(4))


def test_a_ciphertext_shorter_than_a_sample_is_sampled_whole():
    key_of_short, key_of_other = (sender_data_key_and_nonce(GROUP.epoch, ciphertext) for ciphertext in (b"ab", b"ac"))
    assert key_of_short != key_of_other


@pytest.mark.parametrize("sender", SENDERS[1:], ids=lambda sender: sender.sender_type.name)
def test_only_members_seal(sender):
    signed = GROUP.signed(content_of(REMOVE, sender), PRIVATE)
    assert refusal(seal, signed, GROUP.epoch, GROUP.secret_tree, random=guard) is FramingRule.SENT_BY_MEMBER


def test_content_signed_for_another_wire_format_is_not_sealed():
    signed = GROUP.signed(content_of(REMOVE), WireFormat.mls_public_message)
    assert refusal(seal, signed, GROUP.epoch, GROUP.secret_tree, random=guard) is FramingRule.WIRE_FORMAT


def test_a_commit_without_its_confirmation_tag_is_not_sealed():
    commit = GROUP.signed(content_of(EMPTY_COMMIT), PRIVATE)
    commit = replace(commit, auth=replace(commit.auth, confirmation_tag=None))
    with pytest.raises(EncodeError, match="confirmation_tag"):
        seal(commit, GROUP.epoch, GROUP.secret_tree, random=guard)


def test_content_of_another_epoch_is_not_sealed_in_this_one():
    later = replace(GROUP.epoch, group_context=replace(GROUP.epoch.group_context, epoch=8))
    signed = GROUP.signed(content_of(REMOVE), PRIVATE)
    assert refusal(seal, signed, later, GROUP.secret_tree, random=guard) is FramingRule.EPOCH


@pytest.mark.parametrize(
    ("change", "rule"), [({"group_id": b"other"}, FramingRule.GROUP), ({"epoch": 6}, FramingRule.EPOCH)]
)
def test_messages_from_elsewhere_are_refused_by_their_headers(change, rule):
    message, _ = sealed(content_of(b"Hello!"))
    assert refusal(unsealed, replace(message, **change)) is rule


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"authenticated_data": b"other"}, FramingRule.CONTENT_ENCRYPTION),
        ({"content_type": ContentType.proposal}, FramingRule.SENDER_DATA_ENCRYPTION),
        ({"encrypted_sender_data": b""}, FramingRule.SENDER_DATA_ENCRYPTION),
        ({"ciphertext": b""}, FramingRule.SENDER_DATA_ENCRYPTION),
    ],
    ids=lambda change: next(iter(change)) if isinstance(change, dict) else change.name,
)
def test_no_header_can_be_changed(change, rule):
    message, _ = sealed(content_of(b"Hello!"))
    assert refusal(unsealed, replace(message, **change)) is rule


def test_who_knows_no_secret_of_the_group_can_neither_read_nor_write():
    message, _ = sealed(content_of(b"Hello!"))
    outsider = Group.of(seed=1)
    assert refusal(unsealed, message, outsider) is FramingRule.SENDER_DATA_ENCRYPTION
    assert refusal(unsealed, sealed(content_of(b"Hello!"), outsider)[0]) is FramingRule.SENDER_DATA_ENCRYPTION


def test_sender_data_that_is_none_is_refused():
    message, _ = sealed(content_of(b"Hello!"))
    key, nonce = sender_data_key_and_nonce(GROUP.epoch, message.ciphertext)
    additional_data = SenderDataAAD(b"group", 7, ContentType.application).encode()
    for encoded in (b"", bytes(11), bytes(13)):
        forged = parameters(GROUP.epoch.cipher_suite).aead.seal(key, nonce, additional_data, encoded)
        assert refusal(unsealed, replace(message, encrypted_sender_data=forged)) is FramingRule.SENDER_DATA


@pytest.mark.parametrize("leaf_index", [BLANK, 4, 0xFFFFFFFF])
def test_a_sender_that_is_no_member_is_refused(leaf_index):
    content = content_of(b"Hello!")
    plaintext = PrivateMessageContent.taken_from(content, auth=GROUP.signed(content, PRIVATE).auth, padding=b"")
    with pytest.raises(SenderError) as refused:
        unsealed(sealed_by_hand(plaintext.encode(), content, leaf_index=leaf_index))
    assert (refused.value.rule, refused.value.value) == (SenderRule.MEMBER, leaf_index)


@pytest.mark.parametrize("generation", [5000, 0xFFFFFFFF])
def test_a_generation_too_far_ahead_is_refused(generation):
    content = content_of(b"Hello!")
    plaintext = PrivateMessageContent.taken_from(content, auth=GROUP.signed(content, PRIVATE).auth, padding=b"")
    with pytest.raises(RatchetError) as refused:
        unsealed(sealed_by_hand(plaintext.encode(), content, generation=generation))
    assert (refused.value.rule, refused.value.value) == (RatchetRule.NOT_TOO_FAR, generation)


@EVERY_BODY
def test_padding_that_is_not_zero_is_refused(body):
    content = content_of(body)
    plaintext = PrivateMessageContent.taken_from(
        content, auth=GROUP.signed(content, PRIVATE).auth, padding=b""
    ).encode()
    for padding in (b"\x01", b"\0\x80", b"\x01" + bytes(20)):
        assert refusal(unsealed, sealed_by_hand(plaintext + padding, content)) is FramingRule.PADDING
    authenticated, _ = unsealed(sealed_by_hand(plaintext + bytes(20), content))
    assert authenticated.content == content


@EVERY_BODY
@pytest.mark.parametrize("plaintext", [b"", b"\xff", b"\x05abc"])
def test_content_that_is_none_of_its_type_is_refused(body, plaintext):
    assert refusal(unsealed, sealed_by_hand(plaintext, content_of(body))) is FramingRule.CONTENT


def test_a_member_that_signs_for_another_is_refused_although_its_encryption_is_right():
    signed = GROUP.signed(content_of(b"Hello!", member(1)), PRIVATE, signer=2)
    message, _ = seal(signed, GROUP.epoch, GROUP.secret_tree, random=guard)
    assert refusal(unsealed, message) is FramingRule.SIGNATURE


def test_a_signature_for_a_public_message_does_not_serve_for_a_private_one():
    public = GROUP.signed(content_of(REMOVE), WireFormat.mls_public_message)
    message, _ = seal(replace(public, wire_format=PRIVATE), GROUP.epoch, GROUP.secret_tree, random=guard)
    assert refusal(unsealed, message) is FramingRule.SIGNATURE


@EVERY_BODY
def test_any_changed_bit_is_refused_by_name_and_the_message_can_still_be_read(body):
    message, _ = sealed(content_of(body), padding=1)
    for changed in every_bit_flipped(message.encode()):
        with pytest.raises((DecodeError, RuleError)):
            unsealed(PrivateMessage.decode(changed))
    authenticated, _ = unsealed(message)
    assert authenticated.content == content_of(body)


@settings(deadline=None)
@given(ANY_BODY, st.binary(max_size=100), st.integers(0, 100), st.integers(0), st.integers(0, 3))
def test_no_change_of_a_bit_disturbs_the_messages_after_it(body, authenticated_data, padding, bit, before):
    tree = GROUP.secret_tree
    for _ in range(before):
        _, tree = sealed(content_of(body), tree=tree)
    content = content_of(body, authenticated_data=authenticated_data)
    message, _ = sealed(content, tree=tree, padding=padding)
    encoded = message.encode()
    with pytest.raises((DecodeError, RuleError)):
        unsealed(PrivateMessage.decode(flipped(encoded, bit % (8 * len(encoded)))))
    assert unsealed(message)[0].content == content


def test_no_message_encodes_the_group_context_again(monkeypatch):
    def encoded_again(context):
        raise AssertionError("the epoch has it")

    group = Group.of()
    monkeypatch.setattr(GroupContext, "encode", encoded_again)
    message, _ = sealed(content_of(b"Hello!"), group)
    assert unsealed(message, group)[0].content == content_of(b"Hello!")
