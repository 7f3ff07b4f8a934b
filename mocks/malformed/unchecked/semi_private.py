"""SemiPrivateMessages (semiprivatemessage-07, section 3.1)."""

from mimi_conformance.mocks.malformed.unchecked.encryption import encrypt, encrypt_sender_data, next_key
from mimi_conformance.mocks.malformed.unchecked.steps import (
    PARTIAL_CONTEXT_HASH,
    RECEIVER_KEYS,
    SEMI_PRIVATE_HEADERS,
    Making,
)
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import encrypt_with_label
from mimi_conformance.reference.mls.framing.authenticated_content import content_tbs
from mimi_conformance.reference.mls.framing.semi_private_message import external_receiver_ref
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent
from mimi_conformance.reference.wire.mls.semi_private_message import (
    KeyForExternalReceiver,
    PartialContextHashInput,
    PerMessageKeyAndNonces,
    SemiPrivateContentAAD,
    SemiPrivateMessage,
    SemiPrivateMessageContent,
    SemiPrivateMessageContext,
)


def seal_for_receivers(making: Making, signed: AuthenticatedContent, group: Group) -> SemiPrivateMessage:
    """Encrypt a handshake that a member signed to the group and to its external receivers."""
    content, context = signed.content, group.context
    suite = parameters(context.cipher_suite)
    key, sender_data = next_key(group, content.content_type, making)
    partial_hash = suite.digest(PartialContextHashInput(group.leaf_index, key.nonce).encode())
    partial_hash = making.at(PARTIAL_CONTEXT_HASH, partial_hash)
    receiver_context = SemiPrivateMessageContext(context.group_id, context.epoch, partial_hash).encode()
    told = making.at(RECEIVER_KEYS, PerMessageKeyAndNonces(*key, group.leaf_index).encode())
    headers = SemiPrivateContentAAD.taken_from(
        content,
        partial_context_hash=partial_hash,
        keys_for_external_receivers=tuple(
            KeyForExternalReceiver(
                external_receiver_ref(context.cipher_suite, receiver),
                encrypt_with_label(
                    context.cipher_suite,
                    receiver.external_receiver_public_key,
                    "SemiPrivateMessageReceiver",
                    receiver_context,
                    told,
                    random=making.maker.random,
                ),
            )
            for receiver in group.public.state.extensions.external_receivers
        ),
        framed_content_tbs_hash=suite.digest(content_tbs(content, signed.wire_format, group.keys.framing)),
    )
    headers = making.at(SEMI_PRIVATE_HEADERS, headers)
    plaintext = SemiPrivateMessageContent.taken_from(content, auth=signed.auth, padding=b"").encode()
    ciphertext = encrypt(making, group, key, plaintext, headers.encode())
    return SemiPrivateMessage.taken_from(
        headers,
        encrypted_sender_data=encrypt_sender_data(making, group, sender_data, content.content_type, ciphertext),
        ciphertext=ciphertext,
    )
