"""Handshakes that members share with named outsiders (draft-mahy-mls-semiprivatemessage-07)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import Among, Given, Giving, When, opaque, uint32, uint64
from mimi_conformance.reference.wire.encodings import Fixed, Padding
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext, HPKEPublicKey
from mimi_conformance.reference.wire.mls.framing import ContentType, FramedContentAuthData
from mimi_conformance.reference.wire.mls.proposals import Commit, Proposal
from mimi_conformance.reference.wire.structure import Struct

ExternalReceiverRef = opaque
"""The hash of an encoded ExternalReceiver, without a label (AMB-205)."""

_Handshake = Annotated[ContentType, Among(ContentType.proposal, ContentType.commit)]


@dataclass(frozen=True, slots=True)
class ExternalReceiver(Struct):
    """Somebody outside the group who may read its handshakes (semiprivatemessage-07, section 3)."""

    external_receiver_public_key: HPKEPublicKey
    credential: Credential


@dataclass(frozen=True, slots=True)
class ExternalReceivers(Struct):
    """The `external_receivers` list, which the draft names but doesn't declare (AMB-204)."""

    external_receivers: tuple[ExternalReceiver, ...]


@dataclass(frozen=True, slots=True)
class PerMessageKeyAndNonces(Struct):
    """What an external receiver needs to decrypt (semiprivatemessage-07, section 3.1).

    `nonce` is the ratchet's, before the guard (AMB-206).
    """

    key: opaque
    nonce: opaque
    reuse_guard: Annotated[bytes, Fixed(4)]
    sender_leaf_index: uint32


@dataclass(frozen=True, slots=True)
class PartialContextHashInput(Struct):
    """What `partial_context_hash` hashes: the index in four octets and the nonce as it is (AMB-207).

    The draft writes it as a concatenation, with no name. All MLS cipher suites have nonces of twelve bytes.
    """

    sender_leaf_index: uint32
    nonce: Annotated[bytes, Fixed(12)]


@dataclass(frozen=True, slots=True)
class SemiPrivateMessageContext(Struct):
    """The context of the encryption to an external receiver (semiprivatemessage-07, section 3.1)."""

    group_id: opaque
    epoch: uint64
    partial_context_hash: opaque


@dataclass(frozen=True, slots=True)
class KeyForExternalReceiver(Struct):
    """The encrypted PerMessageKeyAndNonces for one receiver (semiprivatemessage-07, section 3.1)."""

    external_receiver_ref: ExternalReceiverRef
    encrypted_keys_and_nonces: HPKECiphertext


@dataclass(frozen=True, slots=True)
class SemiPrivateMessage(Struct):
    """A proposal or commit that only members and external receivers can read (semiprivatemessage-07, section 3.1)."""

    group_id: opaque
    epoch: uint64
    content_type: _Handshake
    authenticated_data: opaque
    partial_context_hash: opaque
    keys_for_external_receivers: tuple[KeyForExternalReceiver, ...]
    framed_content_tbs_hash: opaque
    encrypted_sender_data: opaque
    ciphertext: opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class SemiPrivateMessageContent(Struct):
    """The plaintext of a SemiPrivateMessage, whose `content_type` it needs (semiprivatemessage-07, section 3.1)."""

    content_type: Annotated[ContentType, Given(), Among(ContentType.proposal, ContentType.commit)]
    proposal: Annotated[Proposal | None, When("content_type", ContentType.proposal)] = None
    commit: Annotated[Commit | None, When("content_type", ContentType.commit)] = None
    auth: Annotated[FramedContentAuthData, Giving(content_type="content_type")]
    padding: Annotated[bytes, Padding()] = b""


@dataclass(frozen=True, slots=True)
class SemiPrivateContentAAD(Struct):
    """The additional data of a SemiPrivateMessage's encryption (semiprivatemessage-07, section 3.1)."""

    group_id: opaque
    epoch: uint64
    content_type: _Handshake
    authenticated_data: opaque
    partial_context_hash: opaque
    keys_for_external_receivers: tuple[KeyForExternalReceiver, ...]
    framed_content_tbs_hash: opaque
