"""Signed content, and the messages that hold it (RFC 9420, sections 6.1 and 6.2)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.encryption import seal
from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Insider
from mimi_conformance.mocks.malformed.unchecked.semi_private import seal_for_receivers
from mimi_conformance.mocks.malformed.unchecked.steps import (
    CONTENT,
    MEMBERSHIP_TAG,
    PRIVATE_CONTENT,
    PUBLIC_CONTENT,
    SIGNATURE,
    Making,
)
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import sign_with_label
from mimi_conformance.reference.mls.framing import private_message, semi_private_message
from mimi_conformance.reference.mls.framing.authenticated_content import content_tbs
from mimi_conformance.reference.mls.group.senders import member_key
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    FramedContent,
    FramedContentAuthData,
    PublicMessage,
    SenderType,
)
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.registries import WireFormat


def content_of(message: MLSMessage, making: Making) -> FramedContent:
    """What a message of the maker says.

    Raises:
        CannotMakeError: it says nothing to a group, or was encrypted by somebody else.

    """
    if message.public_message is not None:
        return message.public_message.content
    maker = making.maker
    if not isinstance(maker, Insider):
        raise CannotMakeError(f"Who is no member sends PublicMessages, and no {message.wire_format.name}.")
    keys = maker.group.keys

    def key_of(leaf_index: int) -> bytes:
        return member_key(keys.tree, leaf_index)

    if message.private_message is not None:
        return private_message.unseal(message.private_message, keys.framing, keys.secret_tree, key_of)[0].content
    if message.semiprivate_message is not None:
        sealed = message.semiprivate_message
        return semi_private_message.unseal(sealed, keys.framing, keys.secret_tree, key_of)[0].content
    raise CannotMakeError(f"A message to a group is none of {message.wire_format.name}.")


def sign(making: Making, content: FramedContent, wire_format: WireFormat) -> AuthenticatedContent:
    """Sign content; a Commit has no confirmation tag yet."""
    public = wire_format is WireFormat.mls_public_message
    content = making.at(PUBLIC_CONTENT if public else PRIVATE_CONTENT, making.at(CONTENT, content))
    epoch = making.maker.public.epoch
    to_sign = content_tbs(content, wire_format, epoch)
    signature = sign_with_label(epoch.cipher_suite, making.maker.signature_private_key, "FramedContentTBS", to_sign)
    auth = FramedContentAuthData(content_type=content.content_type, signature=making.at(SIGNATURE, signature))
    return AuthenticatedContent(wire_format, content, auth)


def protect(making: Making, signed: AuthenticatedContent) -> MLSMessage:
    """The message that holds signed content, in the wire format that it is signed for.

    Raises:
        CannotMakeError: the content is to be encrypted, but its sender is no member.

    """
    maker = making.maker
    if signed.wire_format is WireFormat.mls_public_message:
        return MLSMessage.of(_public_message(making, signed))
    if not isinstance(maker, Insider):
        raise CannotMakeError("Only a member can encrypt a message to the group.")
    if signed.wire_format is WireFormat.mls_private_message:
        return MLSMessage.of(seal(making, signed, maker.group))
    return MLSMessage.of(seal_for_receivers(making, signed, maker.group))


def _public_message(making: Making, signed: AuthenticatedContent) -> PublicMessage:
    message = PublicMessage(content=signed.content, auth=signed.auth)
    if signed.content.sender.sender_type is not SenderType.member:
        return message
    tag = b""
    if isinstance(making.maker, Insider):
        epoch = making.maker.group.keys.framing
        to_tag = content_tbs(signed.content, signed.wire_format, epoch) + signed.auth.encode()
        tag = parameters(epoch.cipher_suite).mac(epoch.membership_key, to_tag)
    return replace(message, membership_tag=making.at(MEMBERSHIP_TAG, tag))
