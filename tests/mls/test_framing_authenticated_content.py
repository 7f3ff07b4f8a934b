"""Signatures of content: what they cover, for each kind of sender, and the names of proposals."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import strategy_for
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.framing.authenticated_content import (
    confirmed,
    content_tbs,
    proposal_ref,
    sign,
    verify,
)
from mimi_conformance.reference.mls.framing.epoch import Epoch
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.wire.mls.crypto import RefHashInput
from mimi_conformance.reference.wire.mls.framing import FramedContent, FramedContentTBS, SenderType
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.registries import WireFormat
from tests.mls.framing_examples import EMPTY_COMMIT, REMOVE, SENDERS, Group, content_of, member

WIRE_FORMATS = (
    WireFormat.mls_public_message,
    WireFormat.mls_private_message,
    WireFormat.mls_semiprivate_message,
)
PUBLIC = WireFormat.mls_public_message
GROUP = Group.of()
EVERY_SENDER = pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.sender_type.name)


@settings(deadline=None)
@given(strategy_for(FramedContent), st.sampled_from(WIRE_FORMATS), strategy_for(GroupContext))
def test_what_is_signed_is_the_structure_of_the_rfc(content, wire_format, context):
    covered = content.sender.sender_type in (SenderType.member, SenderType.new_member_commit)
    structure = FramedContentTBS(wire_format=wire_format, content=content, context=context if covered else None)
    assert content_tbs(content, wire_format, Epoch(group_context=context)) == structure.encode()


@pytest.mark.parametrize("cipher_suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
@EVERY_SENDER
def test_a_signature_verifies_for_the_sender_that_made_it(cipher_suite, sender):
    group = Group.of(cipher_suite)
    authenticated = group.signed(content_of(REMOVE, sender), PUBLIC)
    verify(authenticated, group.sender_key(authenticated.content), group.server_epoch)
    with pytest.raises(FramingError) as refused:
        verify(authenticated, group.key(2), group.server_epoch)
    assert refused.value.rule is FramingRule.SIGNATURE
    assert refused.value.value == authenticated.auth.signature


@EVERY_SENDER
@pytest.mark.parametrize(
    "change",
    [
        {"authenticated_data": b"other"},
        {"sender": member(0)},
        {"group_id": b"other"},
        {"epoch": 8},
        {"proposal": replace(REMOVE, body=replace(REMOVE.body, removed=1))},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_signature_covers_all_of_the_content(sender, change):
    authenticated = GROUP.signed(content_of(REMOVE, sender), PUBLIC)
    changed = replace(authenticated, content=replace(authenticated.content, **change))
    with pytest.raises(FramingError) as refused:
        verify(changed, GROUP.sender_key(authenticated.content), GROUP.epoch)
    assert refused.value.rule is FramingRule.SIGNATURE


@EVERY_SENDER
def test_a_signature_covers_the_wire_format(sender):
    authenticated = GROUP.signed(content_of(REMOVE, sender), PUBLIC)
    with pytest.raises(FramingError, match="The signature of a message verifies"):
        verify(
            replace(authenticated, wire_format=WIRE_FORMATS[1]), GROUP.sender_key(authenticated.content), GROUP.epoch
        )


@EVERY_SENDER
def test_a_signature_covers_the_group_context_only_for_those_who_know_it(sender):
    authenticated = GROUP.signed(content_of(REMOVE, sender), PUBLIC)
    elsewhere = Epoch(group_context=replace(GROUP.epoch.group_context, tree_hash=b"another tree"))
    key = GROUP.sender_key(authenticated.content)
    if sender.sender_type in (SenderType.member, SenderType.new_member_commit):
        with pytest.raises(FramingError):
            verify(authenticated, key, elsewhere)
    else:
        verify(authenticated, key, elsewhere)


@pytest.mark.parametrize(
    ("headers", "rule"), [({"group_id": b"other"}, FramingRule.GROUP), ({"epoch": 6}, FramingRule.EPOCH)]
)
def test_content_is_signed_for_its_own_group_and_epoch_only(headers, rule):
    with pytest.raises(FramingError) as refused:
        sign(content_of(REMOVE, **headers), PUBLIC, GROUP.epoch, GROUP.private_keys[1])
    assert refused.value.rule is rule
    assert refused.value.value == next(iter(headers.values()))


def test_a_commit_is_signed_before_its_confirmation_tag_is_known():
    commit = sign(content_of(EMPTY_COMMIT), PUBLIC, GROUP.epoch, GROUP.private_keys[1])
    assert commit.auth.confirmation_tag is None
    assert confirmed(commit, b"tag").auth == replace(commit.auth, confirmation_tag=b"tag")
    verify(confirmed(commit, b"tag"), GROUP.key(1), GROUP.epoch)


@pytest.mark.parametrize("cipher_suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
def test_a_proposal_is_named_by_the_hash_of_all_that_was_sent(cipher_suite):
    authenticated = Group.of(cipher_suite).signed(content_of(REMOVE), PUBLIC)
    hashed = RefHashInput(b"MLS 1.0 Proposal Reference", authenticated.encode()).encode()
    assert proposal_ref(cipher_suite, authenticated) == parameters(cipher_suite).digest(hashed)
    other = Group.of(cipher_suite).signed(content_of(REMOVE, authenticated_data=b"x"), PUBLIC)
    assert proposal_ref(cipher_suite, other) != proposal_ref(cipher_suite, authenticated)


def test_secrets_of_an_epoch_are_not_shown():
    assert GROUP.epoch.membership_key.hex() not in repr(GROUP.epoch)
    assert repr(GROUP.epoch.membership_key) not in repr(GROUP.epoch)
    assert repr(GROUP.epoch.sender_data_secret) not in repr(GROUP.epoch)
