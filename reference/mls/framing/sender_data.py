"""Encrypting who sends a message, and with which key of the ratchet (RFC 9420, section 6.3.2)."""

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import expand_with_label
from mimi_conformance.reference.mls.crypto.primitive_errors import OpenError
from mimi_conformance.reference.mls.framing.epoch import MemberEpoch
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.framing import ContentType, SenderData, SenderDataAAD


def sender_data_key_and_nonce(epoch: MemberEpoch, ciphertext: bytes) -> tuple[bytes, bytes]:
    """The key and the nonce that encrypt the sender data of the message whose content is encrypted like this."""
    suite = parameters(epoch.cipher_suite)
    sample = ciphertext[: suite.kdf.size]

    def expanded(label: str, length: int) -> bytes:
        return expand_with_label(epoch.cipher_suite, epoch.sender_data_secret, label, sample, length)

    return expanded("key", suite.aead.key_size), expanded("nonce", suite.aead.nonce_size)


def seal_sender_data(
    sender_data: SenderData, content_type: ContentType, ciphertext: bytes, epoch: MemberEpoch
) -> bytes:
    """The `encrypted_sender_data` of a message.

    Args:
        sender_data: what to encrypt.
        content_type: of the message.
        ciphertext: the message's encrypted content, all of it.
        epoch: the epoch that the message is of.

    """
    key, nonce = sender_data_key_and_nonce(epoch, ciphertext)
    return parameters(epoch.cipher_suite).aead.seal(
        key, nonce, _additional_data(content_type, epoch), sender_data.encode()
    )


def open_sender_data(
    encrypted_sender_data: bytes, content_type: ContentType, ciphertext: bytes, epoch: MemberEpoch
) -> SenderData:
    """Decrypt the `encrypted_sender_data` of a message of this epoch.

    Raises:
        FramingError: it doesn't decrypt, or to something else.

    """
    key, nonce = sender_data_key_and_nonce(epoch, ciphertext)
    try:
        encoded = parameters(epoch.cipher_suite).aead.open(
            key, nonce, _additional_data(content_type, epoch), encrypted_sender_data
        )
    except OpenError as error:
        raise FramingError(FramingRule.SENDER_DATA_ENCRYPTION, encrypted_sender_data) from error
    try:
        return SenderData.decode(encoded)
    except DecodeError as error:
        raise FramingError(FramingRule.SENDER_DATA, encoded) from error


def _additional_data(content_type: ContentType, epoch: MemberEpoch) -> bytes:
    context = epoch.group_context
    return SenderDataAAD(context.group_id, context.epoch, content_type).encode()
