"""The group's context, its public information, and the welcome to it (RFC 9420, sections 8, 11 and 12.4.3)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import Among, opaque, optional, uint32, uint64
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import (
    MAC,
    HPKECiphertext,
    HPKEPublicKey,
    KeyPackageRef,
    SignaturePublicKey,
)
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupContext(Struct):
    """What the members agree on in an epoch (RFC 9420, section 8.1)."""

    version: Annotated[ProtocolVersion, Among(ProtocolVersion.mls10)] = ProtocolVersion.mls10
    cipher_suite: CipherSuite
    group_id: opaque
    epoch: uint64
    tree_hash: opaque
    confirmed_transcript_hash: opaque
    extensions: tuple[Extension, ...]


@dataclass(frozen=True, slots=True)
class GroupInfo(Struct):
    """The public state of a group, signed by a member (RFC 9420, section 12.4.3)."""

    group_context: GroupContext
    extensions: tuple[Extension, ...]
    confirmation_tag: MAC
    signer: uint32
    signature: opaque


@dataclass(frozen=True, slots=True)
class GroupInfoTBS(Struct):
    """What the signature of a GroupInfo signs (RFC 9420, section 12.4.3)."""

    group_context: GroupContext
    extensions: tuple[Extension, ...]
    confirmation_tag: MAC
    signer: uint32


@dataclass(frozen=True, slots=True)
class PathSecret(Struct):
    """The secret of the lowest node that committer and new member share (RFC 9420, section 12.4.3.1)."""

    path_secret: opaque


@dataclass(frozen=True, slots=True)
class GroupSecrets(Struct):
    """What a new member is told, encrypted to its KeyPackage (RFC 9420, section 12.4.3.1)."""

    joiner_secret: opaque
    path_secret: optional[PathSecret]
    psks: tuple[PreSharedKeyID, ...]


@dataclass(frozen=True, slots=True)
class EncryptedGroupSecrets(Struct):
    """The secrets for the owner of one KeyPackage (RFC 9420, section 12.4.3.1)."""

    new_member: KeyPackageRef
    encrypted_group_secrets: HPKECiphertext


@dataclass(frozen=True, slots=True)
class Welcome(Struct):
    """What a commit sends to those it adds (RFC 9420, section 12.4.3.1)."""

    cipher_suite: CipherSuite
    secrets: tuple[EncryptedGroupSecrets, ...]
    encrypted_group_info: opaque


@dataclass(frozen=True, slots=True)
class ApplicationId(Struct):
    """The `application_id` extension (RFC 9420, section 5.3.3)."""

    application_id: opaque


@dataclass(frozen=True, slots=True)
class RequiredCapabilities(Struct):
    """The `required_capabilities` extension (RFC 9420, section 11.1)."""

    extension_types: tuple[ExtensionType, ...] = ()
    proposal_types: tuple[ProposalType, ...] = ()
    credential_types: tuple[CredentialType, ...] = ()


@dataclass(frozen=True, slots=True)
class ExternalSender(Struct):
    """Somebody outside the group who may propose (RFC 9420, section 12.1.8.1)."""

    signature_key: SignaturePublicKey
    credential: Credential


@dataclass(frozen=True, slots=True)
class ExternalSenders(Struct):
    """The `external_senders` extension (RFC 9420, section 12.1.8.1)."""

    external_senders: tuple[ExternalSender, ...]


@dataclass(frozen=True, slots=True)
class ExternalPub(Struct):
    """The `external_pub` extension (RFC 9420, section 12.4.3.2)."""

    external_pub: HPKEPublicKey
