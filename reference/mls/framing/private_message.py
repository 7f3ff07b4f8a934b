"""PrivateMessage: content that is signed and encrypted to the members (RFC 9420, section 6.3)."""

from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.framing.authenticated_content import verify
from mimi_conformance.reference.mls.framing.content_encryption import (
    GUARD_SIZE,
    GuardedKey,
    MemberKey,
    member_who_signed,
    open_content,
    seal_content,
)
from mimi_conformance.reference.mls.framing.epoch import MemberEpoch
from mimi_conformance.reference.mls.framing.sender_data import open_sender_data, seal_sender_data
from mimi_conformance.reference.mls.schedule.secret_tree import SecretTree
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    PrivateContentAAD,
    PrivateMessage,
    PrivateMessageContent,
    Sender,
    SenderData,
    SenderType,
)
from mimi_conformance.reference.wire.mls.registries import WireFormat


def seal(
    authenticated_content: AuthenticatedContent,
    epoch: MemberEpoch,
    secret_tree: SecretTree,
    *,
    random: Random,
    padding: int = 0,
) -> tuple[PrivateMessage, SecretTree]:
    """Encrypt what a member signed.

    Args:
        authenticated_content: the content and its signature, and the confirmation tag if it is a commit.
        epoch: the epoch that the group is in.
        secret_tree: has the keys of the epoch.
        random: gives the reuse guard.
        padding: how many zero bytes hide the length of the content.

    Returns:
        The message, and the secret tree in which its key is used up.

    Raises:
        FramingError: the content is of another group or epoch, signed for another wire format, or no member's.
        EncodeError: it is a commit without its confirmation tag.
        RatchetError: the sender has no key left.

    """
    content = authenticated_content.content
    leaf_index = member_who_signed(authenticated_content, WireFormat.mls_private_message, epoch)
    if content.content_type is ContentType.application:
        generation, key_and_nonce, secret_tree = secret_tree.next_application_key(leaf_index)
    else:
        generation, key_and_nonce, secret_tree = secret_tree.next_handshake_key(leaf_index)
    key = GuardedKey(*key_and_nonce, random(GUARD_SIZE))
    plaintext = PrivateMessageContent.taken_from(content, auth=authenticated_content.auth, padding=bytes(padding))
    additional_data = PrivateContentAAD.taken_from(content).encode()
    ciphertext = seal_content(plaintext, additional_data, key, epoch.cipher_suite)
    sender_data = SenderData(leaf_index, generation, key.reuse_guard)
    message = PrivateMessage.taken_from(
        content,
        encrypted_sender_data=seal_sender_data(sender_data, content.content_type, ciphertext, epoch),
        ciphertext=ciphertext,
    )
    return message, secret_tree


def unseal(
    message: PrivateMessage, epoch: MemberEpoch, secret_tree: SecretTree, member_key: MemberKey
) -> tuple[AuthenticatedContent, SecretTree]:
    """Decrypt a message and check its signature.

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
            or its signature is wrong.
        RatchetError: its key is used up, or too far ahead.

    """
    epoch.check(message.group_id, message.epoch)
    sender_data = open_sender_data(message.encrypted_sender_data, message.content_type, message.ciphertext, epoch)
    leaf_index, generation = sender_data.leaf_index, sender_data.generation
    signature_key = member_key(leaf_index)
    if message.content_type is ContentType.application:
        key_and_nonce, secret_tree = secret_tree.application_key(leaf_index, generation)
    else:
        key_and_nonce, secret_tree = secret_tree.handshake_key(leaf_index, generation)
    plaintext = open_content(
        PrivateMessageContent,
        message,
        PrivateContentAAD.taken_from(message).encode(),
        GuardedKey(*key_and_nonce, sender_data.reuse_guard),
        epoch.cipher_suite,
    )
    authenticated_content = AuthenticatedContent(
        WireFormat.mls_private_message,
        FramedContent(
            group_id=message.group_id,
            epoch=message.epoch,
            sender=Sender(sender_type=SenderType.member, leaf_index=leaf_index),
            authenticated_data=message.authenticated_data,
            content_type=message.content_type,
            application_data=plaintext.application_data,
            proposal=plaintext.proposal,
            commit=plaintext.commit,
        ),
        plaintext.auth,
    )
    verify(authenticated_content, signature_key, epoch)
    return authenticated_content, secret_tree
