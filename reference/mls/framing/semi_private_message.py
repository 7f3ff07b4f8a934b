"""SemiPrivateMessage: a handshake that is encrypted to members and external receivers (semiprivatemessage-07).

Members read it as they read a PrivateMessage. An external receiver has no secrets of the group, so the message brings
it the key, encrypted to its own. Hashes in the message show that all readers get the same.
"""

from collections.abc import Sequence

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import decrypt_with_label, encrypt_with_label
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.framing.authenticated_content import content_tbs, verify_signature
from mimi_conformance.reference.mls.framing.content_encryption import (
    GUARD_SIZE,
    GuardedKey,
    MemberKey,
    member_who_signed,
    open_content,
    seal_content,
)
from mimi_conformance.reference.mls.framing.epoch import Epoch, MemberEpoch
from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule, SemiPrivateRule
from mimi_conformance.reference.mls.framing.sender_data import open_sender_data, seal_sender_data
from mimi_conformance.reference.mls.schedule.secret_tree import SecretTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    Sender,
    SenderData,
    SenderType,
)
from mimi_conformance.reference.wire.mls.registries import CipherSuite, WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import (
    ExternalReceiver,
    KeyForExternalReceiver,
    PartialContextHashInput,
    PerMessageKeyAndNonces,
    SemiPrivateContentAAD,
    SemiPrivateMessage,
    SemiPrivateMessageContent,
    SemiPrivateMessageContext,
)

_LABEL = "SemiPrivateMessageReceiver"
_WIRE_FORMAT = WireFormat.mls_semiprivate_message


def seal(
    authenticated_content: AuthenticatedContent,
    epoch: MemberEpoch,
    secret_tree: SecretTree,
    receivers: Sequence[ExternalReceiver],
    *,
    random: Random,
    padding: int = 0,
) -> tuple[SemiPrivateMessage, SecretTree]:
    """Encrypt a handshake that a member signed (semiprivatemessage-07, section 3.1).

    Args:
        authenticated_content: the handshake and its signature, and the confirmation tag if it is a commit.
        epoch: the epoch that the group is in.
        secret_tree: has the keys of the epoch.
        receivers: the external receivers of the group.
        random: gives the reuse guard, then what encrypts to each receiver.
        padding: how many zero bytes hide the length of the handshake.

    Returns:
        The message, and the secret tree in which its key is used up.

    Raises:
        FramingError: it is application data, of another group or epoch, signed for another wire format, or no
            member's; or there is no external receiver.
        EncodeError: it is a commit without its confirmation tag.
        RatchetError: the sender has no key left.
        PrimitiveError: the public key of a receiver is none.

    """
    content, suite = authenticated_content.content, parameters(epoch.cipher_suite)
    leaf_index = member_who_signed(authenticated_content, _WIRE_FORMAT, epoch)
    if content.content_type is ContentType.application:
        raise FramingError(FramingRule.NOT_APPLICATION, content.content_type)
    if not receivers:
        raise FramingError(SemiPrivateRule.RECEIVERS, receivers)
    generation, key_and_nonce, secret_tree = secret_tree.next_handshake_key(leaf_index)
    key = GuardedKey(*key_and_nonce, random(GUARD_SIZE))
    partial_context_hash = _partial_context_hash(leaf_index, key.nonce, epoch.cipher_suite)
    additional_data = SemiPrivateContentAAD.taken_from(
        content,
        partial_context_hash=partial_context_hash,
        keys_for_external_receivers=_keys_for_external_receivers(
            PerMessageKeyAndNonces(*key, leaf_index), partial_context_hash, receivers, epoch, random
        ),
        framed_content_tbs_hash=suite.digest(content_tbs(content, _WIRE_FORMAT, epoch)),
    )
    plaintext = SemiPrivateMessageContent.taken_from(content, auth=authenticated_content.auth, padding=bytes(padding))
    ciphertext = seal_content(plaintext, additional_data.encode(), key, epoch.cipher_suite)
    sender_data = SenderData(leaf_index, generation, key.reuse_guard)
    message = SemiPrivateMessage.taken_from(
        additional_data,
        encrypted_sender_data=seal_sender_data(sender_data, content.content_type, ciphertext, epoch),
        ciphertext=ciphertext,
    )
    return message, secret_tree


def unseal(
    message: SemiPrivateMessage, epoch: MemberEpoch, secret_tree: SecretTree, member_key: MemberKey
) -> tuple[AuthenticatedContent, SecretTree]:
    """Decrypt and check a message as a member (semiprivatemessage-07, section 3.2).

    A commit's confirmation tag can't be checked before the commit is applied.

    Args:
        message: the message.
        epoch: the epoch that the group is in.
        secret_tree: has the keys of the epoch.
        member_key: finds the signature key of the sender, or raises an error of its own.

    Returns:
        The content, and the secret tree in which the message's key is used up.

    Raises:
        FramingError: the message is of another group or epoch, doesn't decrypt, or to something that it must not be,
            or one of its hashes or its signature is wrong.
        RatchetError: its key is used up, or too far ahead.

    """
    epoch.check(message.group_id, message.epoch)
    sender_data = open_sender_data(message.encrypted_sender_data, message.content_type, message.ciphertext, epoch)
    signature_key = member_key(sender_data.leaf_index)
    key_and_nonce, secret_tree = secret_tree.handshake_key(sender_data.leaf_index, sender_data.generation)
    guarded_key = GuardedKey(*key_and_nonce, sender_data.reuse_guard)
    return _opened(message, sender_data.leaf_index, guarded_key, epoch, signature_key), secret_tree


def unseal_as_external_receiver(
    message: SemiPrivateMessage, epoch: Epoch, receiver: ExternalReceiver, private_key: bytes, member_key: MemberKey
) -> AuthenticatedContent:
    """Decrypt and check a message as an external receiver (semiprivatemessage-07, section 3.3).

    Args:
        message: the message.
        epoch: the epoch that the group is in. The draft also knows receivers without a GroupContext, but they can
            check neither the hash of the content (AMB-210) nor the signature; so there is no such way here.
        receiver: the reader, as the group lists it.
        private_key: the HPKE private key of the reader.
        member_key: finds the signature key of the sender, or raises an error of its own.

    Raises:
        FramingError: the message is of another group or epoch, is not for this receiver, doesn't decrypt, or to
            something that it must not be, or one of its hashes or its signature is wrong.

    """
    epoch.check(message.group_id, message.epoch)
    key = _key_for(receiver, private_key, message, epoch)
    signature_key = member_key(key.sender_leaf_index)
    guarded_key = GuardedKey(key.key, key.nonce, key.reuse_guard)
    return _opened(message, key.sender_leaf_index, guarded_key, epoch, signature_key)


def external_receiver_ref(cipher_suite: CipherSuite, receiver: ExternalReceiver) -> bytes:
    """The name by which a message finds its external receivers (semiprivatemessage-07, section 3.1; AMB-205)."""
    return parameters(cipher_suite).digest(receiver.encode())


def _opened(
    message: SemiPrivateMessage, leaf_index: LeafIndex, key: GuardedKey, epoch: Epoch, signature_key: bytes
) -> AuthenticatedContent:
    """What members and external receivers do alike, once they have the key."""
    if message.partial_context_hash != _partial_context_hash(leaf_index, key.nonce, epoch.cipher_suite):
        raise FramingError(SemiPrivateRule.PARTIAL_CONTEXT_HASH, message.partial_context_hash)
    plaintext = open_content(
        SemiPrivateMessageContent,
        message,
        SemiPrivateContentAAD.taken_from(message).encode(),
        key,
        epoch.cipher_suite,
    )
    content = FramedContent(
        group_id=message.group_id,
        epoch=message.epoch,
        sender=Sender(sender_type=SenderType.member, leaf_index=leaf_index),
        authenticated_data=message.authenticated_data,
        content_type=message.content_type,
        proposal=plaintext.proposal,
        commit=plaintext.commit,
    )
    encoded_tbs = content_tbs(content, _WIRE_FORMAT, epoch)
    if message.framed_content_tbs_hash != parameters(epoch.cipher_suite).digest(encoded_tbs):
        raise FramingError(SemiPrivateRule.FRAMED_CONTENT_TBS_HASH, message.framed_content_tbs_hash)
    verify_signature(encoded_tbs, plaintext.auth.signature, signature_key, epoch)
    return AuthenticatedContent(_WIRE_FORMAT, content, plaintext.auth)


def _partial_context_hash(leaf_index: LeafIndex, nonce: bytes, cipher_suite: CipherSuite) -> bytes:
    return parameters(cipher_suite).digest(PartialContextHashInput(leaf_index, nonce).encode())


def _keys_for_external_receivers(
    key: PerMessageKeyAndNonces,
    partial_context_hash: bytes,
    receivers: Sequence[ExternalReceiver],
    epoch: Epoch,
    random: Random,
) -> tuple[KeyForExternalReceiver, ...]:
    context = _receiver_context(partial_context_hash, epoch)
    encoded = key.encode()

    def encrypted_to(receiver: ExternalReceiver) -> HPKECiphertext:
        public_key = receiver.external_receiver_public_key
        return encrypt_with_label(epoch.cipher_suite, public_key, _LABEL, context, encoded, random=random)

    return tuple(
        KeyForExternalReceiver(external_receiver_ref(epoch.cipher_suite, receiver), encrypted_to(receiver))
        for receiver in receivers
    )


def _key_for(
    receiver: ExternalReceiver, private_key: bytes, message: SemiPrivateMessage, epoch: Epoch
) -> PerMessageKeyAndNonces:
    """Find and decrypt what a message has for an external receiver."""
    reference = external_receiver_ref(epoch.cipher_suite, receiver)
    for listed in message.keys_for_external_receivers:
        if listed.external_receiver_ref == reference:
            encrypted = listed.encrypted_keys_and_nonces
            break
    else:
        raise FramingError(SemiPrivateRule.RECEIVER_LISTED, reference)
    context = _receiver_context(message.partial_context_hash, epoch)
    try:
        encoded = decrypt_with_label(epoch.cipher_suite, private_key, _LABEL, context, encrypted)
    except PrimitiveError as error:
        raise FramingError(SemiPrivateRule.RECEIVER_ENCRYPTION, encrypted) from error
    try:
        key = PerMessageKeyAndNonces.decode(encoded)
    except DecodeError as error:
        raise FramingError(SemiPrivateRule.RECEIVER_KEYS, str(error)) from error
    aead = parameters(epoch.cipher_suite).aead
    if (len(key.key), len(key.nonce)) != (aead.key_size, aead.nonce_size):
        raise FramingError(SemiPrivateRule.RECEIVER_KEYS, f"sizes {len(key.key)} and {len(key.nonce)}")
    return key


def _receiver_context(partial_context_hash: bytes, epoch: Epoch) -> bytes:
    """The encoded SemiPrivateMessageContext."""
    context = epoch.group_context
    return SemiPrivateMessageContext(context.group_id, context.epoch, partial_context_hash).encode()
