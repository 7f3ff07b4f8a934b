"""Violations of how messages are encrypted (RFC 9420, section 6.3; semiprivatemessage-07, section 3)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import Maker
from mimi_conformance.mocks.malformed.unchecked.steps import (
    CIPHERTEXT,
    ENCRYPTED_SENDER_DATA,
    PARTIAL_CONTEXT_HASH,
    PLAINTEXT,
    RECEIVER_KEYS,
    SEMI_PRIVATE_HEADERS,
    SENDER_DATA,
    SENDER_DATA_PLAINTEXT,
)
from mimi_conformance.mocks.malformed.violations.registry import MEMBER, SERVER, violation
from mimi_conformance.mocks.malformed.violations.tampering import flipped
from mimi_conformance.reference.mls.framing.rules import FramingRule, SemiPrivateRule
from mimi_conformance.reference.mls.group.senders import SenderRule
from mimi_conformance.reference.mls.schedule.ratchet import RatchetRule
from mimi_conformance.reference.wire.mls.framing import SenderData
from mimi_conformance.reference.wire.mls.semi_private_message import KeyForExternalReceiver, SemiPrivateContentAAD


@violation(FramingRule.CONTENT_ENCRYPTION, at=CIPHERTEXT)
def ciphertext_that_does_not_decrypt(ciphertext: bytes, _maker: Maker) -> bytes:
    """A message whose ciphertext somebody has changed; its sender data are those of the changed one."""
    return flipped(ciphertext)


@violation(FramingRule.CONTENT, at=PLAINTEXT)
def content_that_is_none(_plaintext: bytes, _maker: Maker) -> bytes:
    """A message that decrypts to bytes that are no content of its type."""
    return b"\xff"


@violation(FramingRule.PADDING, at=PLAINTEXT)
def padding_that_is_not_zero(plaintext: bytes, _maker: Maker) -> bytes:
    """A message with a byte in its padding that is not zero."""
    return plaintext + b"\0\1\0"


@violation(FramingRule.SENDER_DATA_ENCRYPTION, at=ENCRYPTED_SENDER_DATA, seen_by=MEMBER)
def sender_data_that_do_not_decrypt(encrypted: bytes, _maker: Maker) -> bytes:
    """A message whose encrypted sender data somebody has changed."""
    return flipped(encrypted)


@violation(FramingRule.SENDER_DATA, at=SENDER_DATA_PLAINTEXT, seen_by=MEMBER)
def sender_data_that_are_none(encoded: bytes, _maker: Maker) -> bytes:
    """A message whose sender data decrypt to something too long."""
    return encoded + b"\0"


@violation(SenderRule.MEMBER, at=SENDER_DATA, seen_by=MEMBER)
def encrypted_by_nobody(sender_data: SenderData, maker: Maker) -> SenderData:
    """An encrypted message whose sender data name a leaf that the tree doesn't have."""
    return replace(sender_data, leaf_index=maker.public.tree.leaf_count)


@violation(RatchetRule.NOT_TOO_FAR, at=SENDER_DATA, seen_by=MEMBER)
def generation_too_far_ahead(sender_data: SenderData, _maker: Maker) -> SenderData:
    """An encrypted message that makes its readers skip four thousand million generations."""
    return replace(sender_data, generation=2**32 - 1)


@violation(SemiPrivateRule.PARTIAL_CONTEXT_HASH, at=PARTIAL_CONTEXT_HASH)
def wrong_partial_context_hash(partial_context_hash: bytes, _maker: Maker) -> bytes:
    """A SemiPrivateMessage with a `partial_context_hash` that isn't that of its sender and nonce."""
    return flipped(partial_context_hash)


@violation(SemiPrivateRule.FRAMED_CONTENT_TBS_HASH, at=SEMI_PRIVATE_HEADERS)
def wrong_framed_content_tbs_hash(headers: SemiPrivateContentAAD, _maker: Maker) -> SemiPrivateContentAAD:
    """A SemiPrivateMessage with a `framed_content_tbs_hash` that isn't that of its content."""
    return replace(headers, framed_content_tbs_hash=flipped(headers.framed_content_tbs_hash))


@violation(SemiPrivateRule.RECEIVER_LISTED, at=SEMI_PRIVATE_HEADERS, seen_by=SERVER)
def without_external_receivers(headers: SemiPrivateContentAAD, _maker: Maker) -> SemiPrivateContentAAD:
    """A SemiPrivateMessage that has no key for anybody outside the group."""
    return replace(headers, keys_for_external_receivers=())


@violation(SemiPrivateRule.RECEIVER_ENCRYPTION, at=SEMI_PRIVATE_HEADERS, seen_by=SERVER)
def receiver_keys_that_do_not_decrypt(headers: SemiPrivateContentAAD, _maker: Maker) -> SemiPrivateContentAAD:
    """A SemiPrivateMessage whose keys for external receivers somebody has changed."""

    def changed(key: KeyForExternalReceiver) -> KeyForExternalReceiver:
        encrypted = key.encrypted_keys_and_nonces
        return replace(key, encrypted_keys_and_nonces=replace(encrypted, ciphertext=flipped(encrypted.ciphertext)))

    return replace(headers, keys_for_external_receivers=tuple(map(changed, headers.keys_for_external_receivers)))


@violation(SemiPrivateRule.RECEIVER_KEYS, at=RECEIVER_KEYS, seen_by=SERVER)
def receiver_keys_that_are_none(encoded: bytes, _maker: Maker) -> bytes:
    """A SemiPrivateMessage that tells its external receivers something too long."""
    return encoded + b"\0"
