"""PublicMessages: who can make them, who can check what of them, and what is refused."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.framing.public_message import (
    protect,
    protect_from_outside,
    unprotect,
    unprotect_without_tag,
)
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.mls.group.senders import SenderError
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.wire.errors import DecodeError, EncodeError
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContentTBM, FramedContentTBS, PublicMessage
from mimi_conformance.reference.wire.mls.registries import WireFormat
from tests.mls.framing_examples import (
    EMPTY_COMMIT,
    HANDSHAKES,
    REMOVE,
    SENDERS,
    Group,
    content_of,
    every_bit_flipped,
    member,
)

PUBLIC = WireFormat.mls_public_message
GROUP = Group.of()
OUTSIDERS = SENDERS[1:]
EVERY_OUTSIDER = pytest.mark.parametrize("sender", OUTSIDERS, ids=lambda sender: sender.sender_type.name)


def protected(content, group=GROUP):
    authenticated = group.signed(content, PUBLIC)
    if content.sender.leaf_index is None:
        return protect_from_outside(authenticated)
    return protect(authenticated, group.epoch)


def refusal(function, *arguments):
    with pytest.raises(FramingError) as refused:
        function(*arguments)
    return refused.value.rule


@pytest.mark.parametrize("cipher_suite", SUPPORTED_CIPHER_SUITES, ids=lambda suite: suite.name)
@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.sender_type.name)
@pytest.mark.parametrize("body", HANDSHAKES, ids=["proposal", "commit"])
def test_members_and_servers_read_the_handshakes_of_every_sender(cipher_suite, sender, body):
    group = Group.of(cipher_suite)
    content = content_of(body, sender, b"authenticated")
    message = PublicMessage.decode(protected(content, group).encode())
    expected = group.signed(content, PUBLIC)
    assert unprotect(message, group.epoch, group.sender_key) == expected
    assert unprotect_without_tag(message, group.server_epoch, group.sender_key) == expected


def test_the_membership_tag_covers_content_context_signature_and_confirmation():
    content = content_of(EMPTY_COMMIT)
    message = protected(content)
    tbs = FramedContentTBS(wire_format=PUBLIC, content=content, context=GROUP.epoch.group_context)
    covered = AuthenticatedContentTBM(tbs, message.auth).encode()
    assert message.membership_tag == parameters(GROUP.epoch.cipher_suite).mac(GROUP.epoch.membership_key, covered)


@pytest.mark.parametrize("tag", [b"", bytes(32), None])
def test_a_wrong_membership_tag_is_seen_by_members_and_by_nobody_else(tag):
    message = replace(protected(content_of(REMOVE)), membership_tag=tag)
    assert refusal(unprotect, message, GROUP.epoch, GROUP.sender_key) is FramingRule.MEMBERSHIP_TAG
    assert unprotect_without_tag(message, GROUP.server_epoch, GROUP.sender_key).content == message.content


def test_who_does_not_know_the_membership_key_can_not_tag():
    outsider = replace(GROUP.epoch, membership_key=bytes(32))
    message = protect(GROUP.signed(content_of(REMOVE), PUBLIC), outsider)
    assert refusal(unprotect, message, GROUP.epoch, GROUP.sender_key) is FramingRule.MEMBERSHIP_TAG


def test_a_member_that_signs_for_another_is_refused_although_the_tag_is_right():
    forged = protect(GROUP.signed(content_of(REMOVE, member(1)), PUBLIC, signer=2), GROUP.epoch)
    assert refusal(unprotect, forged, GROUP.epoch, GROUP.sender_key) is FramingRule.SIGNATURE
    assert refusal(unprotect_without_tag, forged, GROUP.server_epoch, GROUP.sender_key) is FramingRule.SIGNATURE


@pytest.mark.parametrize(
    ("change", "rule"), [({"group_id": b"g"}, FramingRule.GROUP), ({"epoch": 8}, FramingRule.EPOCH)]
)
def test_messages_from_elsewhere_are_refused_before_their_sender_is_looked_for(change, rule):
    message = protected(content_of(REMOVE))
    message = replace(message, content=replace(message.content, **change))
    assert refusal(unprotect, message, GROUP.epoch, never) is rule
    assert refusal(unprotect_without_tag, message, GROUP.server_epoch, never) is rule


def never(content):
    raise AssertionError("the sender must not matter here")


@pytest.mark.parametrize("sender", SENDERS, ids=lambda sender: sender.sender_type.name)
def test_application_data_is_never_public(sender):
    signed = GROUP.signed(content_of(b"secret", sender), PUBLIC)
    assert refusal(protect, signed, GROUP.epoch) is FramingRule.NOT_APPLICATION
    assert refusal(protect_from_outside, signed) is FramingRule.NOT_APPLICATION
    message = PublicMessage(content=signed.content, auth=signed.auth, membership_tag=b"")
    assert refusal(unprotect, message, GROUP.epoch, never) is FramingRule.NOT_APPLICATION
    assert refusal(unprotect_without_tag, message, GROUP.server_epoch, never) is FramingRule.NOT_APPLICATION


@EVERY_OUTSIDER
def test_only_members_tag(sender):
    assert (
        refusal(protect, GROUP.signed(content_of(REMOVE, sender), PUBLIC), GROUP.epoch) is FramingRule.TAGGED_BY_MEMBER
    )
    members = GROUP.signed(content_of(REMOVE), PUBLIC)
    assert refusal(protect_from_outside, members) is FramingRule.TAGGED_BY_MEMBER
    assert protected(content_of(REMOVE, sender)).membership_tag is None


def test_content_signed_for_another_wire_format_does_not_become_public():
    signed = GROUP.signed(content_of(REMOVE), WireFormat.mls_private_message)
    assert refusal(protect, signed, GROUP.epoch) is FramingRule.WIRE_FORMAT
    outside = GROUP.signed(content_of(REMOVE, OUTSIDERS[0]), WireFormat.mls_private_message)
    assert refusal(protect_from_outside, outside) is FramingRule.WIRE_FORMAT


def test_content_of_another_epoch_is_not_tagged_in_this_one():
    later = replace(GROUP.epoch, group_context=replace(GROUP.epoch.group_context, epoch=8))
    assert refusal(protect, GROUP.signed(content_of(REMOVE), PUBLIC), later) is FramingRule.EPOCH


def test_a_commit_without_its_confirmation_tag_is_not_sent():
    commit = GROUP.signed(content_of(EMPTY_COMMIT), PUBLIC)
    with pytest.raises(EncodeError, match="confirmation_tag"):
        protect(replace(commit, auth=replace(commit.auth, confirmation_tag=None)), GROUP.epoch)


def test_what_the_search_for_a_key_raises_is_not_changed():
    with pytest.raises(SenderError):
        unprotect(protected(content_of(REMOVE)), GROUP.epoch, lambda content: GROUP.key(3))


@pytest.mark.parametrize("body", HANDSHAKES, ids=["proposal", "commit"])
def test_a_member_refuses_a_message_with_any_bit_changed(body):
    message = protected(content_of(body)).encode()
    for changed in every_bit_flipped(message):
        with pytest.raises((DecodeError, RuleError)):
            unprotect(PublicMessage.decode(changed), GROUP.epoch, GROUP.sender_key)


@EVERY_OUTSIDER
def test_a_server_refuses_what_comes_from_outside_with_any_bit_changed(sender):
    message = protected(content_of(REMOVE, sender)).encode()
    for changed in every_bit_flipped(message):
        with pytest.raises((DecodeError, RuleError)):
            unprotect_without_tag(PublicMessage.decode(changed), GROUP.server_epoch, GROUP.sender_key)
