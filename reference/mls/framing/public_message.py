"""PublicMessage: content that is signed but not encrypted (RFC 9420, section 6.2)."""

from collections.abc import Callable

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing.authenticated_content import content_tbs, verify_signature
from mimi_conformance.reference.mls.framing.epoch import Epoch, MemberEpoch
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    FramedContentAuthData,
    PublicMessage,
    SenderType,
)
from mimi_conformance.reference.wire.mls.registries import WireFormat

SenderKey = Callable[[FramedContent], bytes]
"""Finds the signature key of the sender of content, or raises an error of its own (RFC 9420, section 6.1)."""


def protect(authenticated_content: AuthenticatedContent, epoch: MemberEpoch) -> PublicMessage:
    """Make a PublicMessage of what a member signed.

    Raises:
        FramingError: it is application data, of another group or epoch, signed for another wire format, or no member's.
        EncodeError: it is a commit without its confirmation tag.

    """
    _check_public(authenticated_content)
    content, auth = authenticated_content.content, authenticated_content.auth
    epoch.check(content.group_id, content.epoch)
    if content.sender.sender_type is not SenderType.member:
        raise FramingError(FramingRule.TAGGED_BY_MEMBER, content.sender)
    to_tag = _content_tbm(content_tbs(content, WireFormat.mls_public_message, epoch), auth)
    tag = parameters(epoch.cipher_suite).mac(epoch.membership_key, to_tag)
    return PublicMessage(content=content, auth=auth, membership_tag=tag)


def protect_from_outside(authenticated_content: AuthenticatedContent) -> PublicMessage:
    """Make a PublicMessage of what somebody signed who is no member, or not yet: it has no membership tag.

    Raises:
        FramingError: it is application data, signed for another wire format, or a member's.

    """
    _check_public(authenticated_content)
    content, auth = authenticated_content.content, authenticated_content.auth
    if content.sender.sender_type is SenderType.member:
        raise FramingError(FramingRule.TAGGED_BY_MEMBER, content.sender)
    return PublicMessage(content=content, auth=auth)


def unprotect(message: PublicMessage, epoch: MemberEpoch, sender_key: SenderKey) -> AuthenticatedContent:
    """What a PublicMessage holds, its membership tag and its signature being right: the view of the members.

    A commit's confirmation tag can't be checked before the commit is applied.

    Args:
        message: the message.
        epoch: the epoch that the group is in.
        sender_key: called once the message is known to be of that epoch, and tagged if its sender is a member.

    Raises:
        FramingError: it is application data, of another group or epoch, or its tag or signature is wrong.

    """
    encoded_tbs = _checked_tbs(message, epoch)
    if message.content.sender.sender_type is SenderType.member:
        tag, tagged = message.membership_tag or b"", _content_tbm(encoded_tbs, message.auth)
        if not parameters(epoch.cipher_suite).verify_mac(epoch.membership_key, tagged, tag):
            raise FramingError(FramingRule.MEMBERSHIP_TAG, tag)
    return _verified(message, encoded_tbs, epoch, sender_key)


def unprotect_without_tag(message: PublicMessage, epoch: Epoch, sender_key: SenderKey) -> AuthenticatedContent:
    """What a PublicMessage holds, its signature being right: the view of a server, which has no membership key.

    Arguments and errors are those of `unprotect`, except that the membership tag may be anything (AMB-212).
    """
    return _verified(message, _checked_tbs(message, epoch), epoch, sender_key)


def _checked_tbs(message: PublicMessage, epoch: Epoch) -> bytes:
    """The encoded FramedContentTBS of a message that may be read in this epoch."""
    epoch.check(message.content.group_id, message.content.epoch)
    if message.content.content_type is ContentType.application:
        raise FramingError(FramingRule.NOT_APPLICATION, message.content.content_type)
    return content_tbs(message.content, WireFormat.mls_public_message, epoch)


def _verified(message: PublicMessage, encoded_tbs: bytes, epoch: Epoch, sender_key: SenderKey) -> AuthenticatedContent:
    verify_signature(encoded_tbs, message.auth.signature, sender_key(message.content), epoch)
    return AuthenticatedContent(WireFormat.mls_public_message, message.content, message.auth)


def _check_public(authenticated_content: AuthenticatedContent) -> None:
    """Whether content may become a PublicMessage, and its signature says that it does."""
    if authenticated_content.content.content_type is ContentType.application:
        raise FramingError(FramingRule.NOT_APPLICATION, authenticated_content.content.content_type)
    if authenticated_content.wire_format is not WireFormat.mls_public_message:
        raise FramingError(FramingRule.WIRE_FORMAT, authenticated_content.wire_format)


def _content_tbm(encoded_tbs: bytes, auth: FramedContentAuthData) -> bytes:
    """The encoded AuthenticatedContentTBM, put together from its two parts."""
    return encoded_tbs + auth.encode()
