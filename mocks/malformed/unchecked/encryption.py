"""PrivateMessages (RFC 9420, section 6.3)."""

from mimi_conformance.mocks.malformed.unchecked.steps import (
    CIPHERTEXT,
    ENCRYPTED_SENDER_DATA,
    PLAINTEXT,
    SENDER_DATA,
    SENDER_DATA_PLAINTEXT,
    Making,
)
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing.content_encryption import GUARD_SIZE, GuardedKey
from mimi_conformance.reference.mls.framing.sender_data import sender_data_key_and_nonce
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    ContentType,
    PrivateContentAAD,
    PrivateMessage,
    PrivateMessageContent,
    SenderData,
    SenderDataAAD,
)


def seal(making: Making, signed: AuthenticatedContent, group: Group) -> PrivateMessage:
    """Encrypt what a member signed, with the next key of its ratchet."""
    content = signed.content
    key, sender_data = next_key(group, content.content_type, making)
    plaintext = PrivateMessageContent.taken_from(content, auth=signed.auth, padding=b"").encode()
    additional_data = PrivateContentAAD.taken_from(content).encode()
    ciphertext = encrypt(making, group, key, plaintext, additional_data)
    return PrivateMessage.taken_from(
        content,
        encrypted_sender_data=encrypt_sender_data(making, group, sender_data, content.content_type, ciphertext),
        ciphertext=ciphertext,
    )


def next_key(group: Group, content_type: ContentType, making: Making) -> tuple[GuardedKey, SenderData]:
    """The key of a member's next message, and the sender data that name it."""
    tree, leaf_index = group.keys.secret_tree, group.leaf_index
    application = content_type is ContentType.application
    take = tree.next_application_key if application else tree.next_handshake_key
    generation, key_and_nonce, _ = take(leaf_index)
    key = GuardedKey(*key_and_nonce, making.maker.random(GUARD_SIZE))
    return key, SenderData(leaf_index, generation, key.reuse_guard)


def encrypt(making: Making, group: Group, key: GuardedKey, plaintext: bytes, additional_data: bytes) -> bytes:
    """The ciphertext of a message."""
    aead = parameters(group.context.cipher_suite).aead
    plaintext = making.at(PLAINTEXT, plaintext)
    return making.at(CIPHERTEXT, aead.seal(key.key, key.guarded_nonce, additional_data, plaintext))


def encrypt_sender_data(
    making: Making,
    group: Group,
    sender_data: SenderData,
    content_type: ContentType,
    ciphertext: bytes,
) -> bytes:
    """The encrypted sender data of a message."""
    context = group.context
    plaintext = making.at(SENDER_DATA_PLAINTEXT, making.at(SENDER_DATA, sender_data).encode())
    additional_data = SenderDataAAD(context.group_id, context.epoch, content_type).encode()
    sender_data_key, nonce = sender_data_key_and_nonce(group.keys.framing, ciphertext)
    encrypted = parameters(context.cipher_suite).aead.seal(sender_data_key, nonce, additional_data, plaintext)
    return making.at(ENCRYPTED_SENDER_DATA, encrypted)
