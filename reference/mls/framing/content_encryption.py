"""Encrypting content with a key of the sender's ratchet (RFC 9420, section 6.3.1).

PrivateMessage and SemiPrivateMessage do this alike; they differ in what they encrypt, and in the additional data.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.primitive_errors import OpenError
from mimi_conformance.reference.mls.framing.epoch import Epoch
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, PrivateMessage, PrivateMessageContent
from mimi_conformance.reference.wire.mls.registries import CipherSuite, WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import SemiPrivateMessage, SemiPrivateMessageContent

GUARD_SIZE = 4
"""How many bytes a reuse guard has."""

MemberKey = Callable[[LeafIndex], bytes]
"""Finds the signature key of the member at a leaf, or raises an error of its own when there is none."""

_Content = TypeVar("_Content", PrivateMessageContent, SemiPrivateMessageContent)


class GuardedKey(NamedTuple):
    """A key that encrypts one message.

    Attributes:
        key: the key, from the ratchet.
        nonce: the nonce, as the ratchet gives it.
        reuse_guard: keeps two messages apart whose sender forgot that the key was used: a random part of the nonce.

    """

    key: bytes
    nonce: bytes
    reuse_guard: bytes

    @property
    def guarded_nonce(self) -> bytes:
        """The nonce to encrypt with, in whose first bytes is the guard."""
        guard = int.from_bytes(self.reuse_guard.ljust(len(self.nonce), b"\0"))
        return (int.from_bytes(self.nonce) ^ guard).to_bytes(len(self.nonce))


def member_who_signed(authenticated_content: AuthenticatedContent, wire_format: WireFormat, epoch: Epoch) -> LeafIndex:
    """The member who signed content that is to be encrypted.

    Raises:
        FramingError: the content is of another group or epoch, signed for another wire format, or no member's.

    """
    content = authenticated_content.content
    epoch.check(content.group_id, content.epoch)
    if authenticated_content.wire_format is not wire_format:
        raise FramingError(FramingRule.WIRE_FORMAT, authenticated_content.wire_format)
    if content.sender.leaf_index is None:
        raise FramingError(FramingRule.SENT_BY_MEMBER, content.sender)
    return content.sender.leaf_index


def seal_content(
    content: PrivateMessageContent | SemiPrivateMessageContent,
    additional_data: bytes,
    key: GuardedKey,
    cipher_suite: CipherSuite,
) -> bytes:
    """The `ciphertext` of a message."""
    return parameters(cipher_suite).aead.seal(key.key, key.guarded_nonce, additional_data, content.encode())


def open_content(
    structure: type[_Content],
    message: PrivateMessage | SemiPrivateMessage,
    additional_data: bytes,
    key: GuardedKey,
    cipher_suite: CipherSuite,
) -> _Content:
    """Decrypt the `ciphertext` of a message.

    Raises:
        FramingError: it doesn't decrypt, or to something else, or its padding is not all zero.

    """
    try:
        encoded = parameters(cipher_suite).aead.open(key.key, key.guarded_nonce, additional_data, message.ciphertext)
    except OpenError as error:
        raise FramingError(FramingRule.CONTENT_ENCRYPTION, message.ciphertext) from error
    try:
        return structure.decode(encoded, content_type=message.content_type)
    except DecodeError as error:
        rule = FramingRule.PADDING if error.path == "padding" else FramingRule.CONTENT
        raise FramingError(rule, str(error)) from error
