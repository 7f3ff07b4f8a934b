"""Leaf nodes and what they advertise (RFC 9420, sections 7.1 and 7.2)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, opaque, uint32, uint64
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import HPKEPublicKey, SignaturePublicKey
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.structure import Struct


class LeafNodeSource(Enumeration):
    """How a LeafNode came into the tree (RFC 9420, section 7.2)."""

    key_package = 1
    update = 2
    commit = 3


@dataclass(frozen=True, slots=True)
class Capabilities(Struct):
    """What a client supports; unknown values are to be ignored, so they are kept (RFC 9420, section 7.2)."""

    versions: tuple[ProtocolVersion, ...]
    cipher_suites: tuple[CipherSuite, ...]
    extensions: tuple[ExtensionType, ...]
    proposals: tuple[ProposalType, ...]
    credentials: tuple[CredentialType, ...]


@dataclass(frozen=True, slots=True)
class Lifetime(Struct):
    """When a KeyPackage may be used, in seconds of the Unix epoch (RFC 9420, section 7.2)."""

    not_before: uint64
    not_after: uint64


@dataclass(frozen=True, slots=True)
class Extension(Struct):
    """An extension; what `extension_data` holds follows from the type (RFC 9420, section 7.2)."""

    extension_type: ExtensionType
    extension_data: opaque


_SOURCE = "leaf_node_source"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafNode(Struct):
    """A client in the ratchet tree (RFC 9420, section 7.2)."""

    encryption_key: HPKEPublicKey
    signature_key: SignaturePublicKey
    credential: Credential
    capabilities: Capabilities
    leaf_node_source: LeafNodeSource
    lifetime: Annotated[Lifetime | None, When(_SOURCE, LeafNodeSource.key_package)] = None
    parent_hash: Annotated[opaque | None, When(_SOURCE, LeafNodeSource.commit)] = None
    extensions: tuple[Extension, ...]
    signature: opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafNodeTBS(Struct):
    """What the signature of a LeafNode signs (RFC 9420, section 7.2)."""

    encryption_key: HPKEPublicKey
    signature_key: SignaturePublicKey
    credential: Credential
    capabilities: Capabilities
    leaf_node_source: LeafNodeSource
    lifetime: Annotated[Lifetime | None, When(_SOURCE, LeafNodeSource.key_package)] = None
    parent_hash: Annotated[opaque | None, When(_SOURCE, LeafNodeSource.commit)] = None
    extensions: tuple[Extension, ...]
    group_id: Annotated[opaque | None, When(_SOURCE, LeafNodeSource.update, LeafNodeSource.commit)] = None
    leaf_index: Annotated[uint32 | None, When(_SOURCE, LeafNodeSource.update, LeafNodeSource.commit)] = None
