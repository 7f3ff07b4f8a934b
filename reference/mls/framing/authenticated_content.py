"""Signing content and verifying it (RFC 9420, section 6.1), and naming a signed proposal (section 5.2)."""

from dataclasses import replace

from mimi_conformance.reference.mls.crypto.labelled import ref_hash, sign_with_label, verify_with_label
from mimi_conformance.reference.mls.framing.epoch import Epoch
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    FramedContent,
    FramedContentAuthData,
    SenderType,
)
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ProtocolVersion, WireFormat

_LABEL = "FramedContentTBS"
_WITH_CONTEXT = frozenset({SenderType.member, SenderType.new_member_commit})


def sign(content: FramedContent, wire_format: WireFormat, epoch: Epoch, private_key: bytes) -> AuthenticatedContent:
    """Sign content for the wire format that it will be sent in (RFC 9420, section 6.1).

    Any sender may sign; which key that is done with depends on the sender. A commit's confirmation tag follows from its
    signature, so the result has none yet: `confirmed` adds it.

    Raises:
        FramingError: the content is for another group or epoch.
        InvalidKeyError: the private key is none of the suite's signature scheme.

    """
    epoch.check(content.group_id, content.epoch)
    signature = sign_with_label(epoch.cipher_suite, private_key, _LABEL, content_tbs(content, wire_format, epoch))
    return AuthenticatedContent(
        wire_format, content, FramedContentAuthData(content_type=content.content_type, signature=signature)
    )


def confirmed(commit: AuthenticatedContent, confirmation_tag: bytes) -> AuthenticatedContent:
    """A signed commit with its confirmation tag (RFC 9420, section 6.1)."""
    return replace(commit, auth=replace(commit.auth, confirmation_tag=confirmation_tag))


def verify(authenticated_content: AuthenticatedContent, signature_key: bytes, epoch: Epoch) -> None:
    """Check the signature of content with the key of its sender (RFC 9420, section 6.1).

    Raises:
        FramingError: it is not that of this content in this epoch.

    """
    encoded_tbs = content_tbs(authenticated_content.content, authenticated_content.wire_format, epoch)
    verify_signature(encoded_tbs, authenticated_content.auth.signature, signature_key, epoch)


def verify_signature(encoded_tbs: bytes, signature: bytes, signature_key: bytes, epoch: Epoch) -> None:
    """The check of `verify`, for a caller that needs the encoded FramedContentTBS for other things, too.

    Raises:
        FramingError: the signature is not that of these bytes.

    """
    if not verify_with_label(epoch.cipher_suite, signature_key, _LABEL, encoded_tbs, signature):
        raise FramingError(FramingRule.SIGNATURE, signature)


def content_tbs(content: FramedContent, wire_format: WireFormat, epoch: Epoch) -> bytes:
    """The encoded FramedContentTBS, put together from its parts so that no message encodes the GroupContext again."""
    context = epoch.encoded_group_context if content.sender.sender_type in _WITH_CONTEXT else b""
    return ProtocolVersion.mls10.to_bytes(2) + wire_format.to_bytes(2) + content.encode() + context


def proposal_ref(cipher_suite: CipherSuite, proposal: AuthenticatedContent) -> bytes:
    """MakeProposalRef: the name by which a commit refers to a proposal that was sent (RFC 9420, section 5.2)."""
    return ref_hash(cipher_suite, "MLS 1.0 Proposal Reference", proposal.encode())
