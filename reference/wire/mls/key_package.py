"""KeyPackages (RFC 9420, section 10)."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque
from mimi_conformance.reference.wire.mls.crypto import HPKEPublicKey
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNode
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ProtocolVersion
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class KeyPackage(Struct):
    """What others need to add a client to a group (RFC 9420, section 10)."""

    version: ProtocolVersion
    cipher_suite: CipherSuite
    init_key: HPKEPublicKey
    leaf_node: LeafNode
    extensions: tuple[Extension, ...]
    signature: opaque


@dataclass(frozen=True, slots=True)
class KeyPackageTBS(Struct):
    """What the signature of a KeyPackage signs (RFC 9420, section 10)."""

    version: ProtocolVersion
    cipher_suite: CipherSuite
    init_key: HPKEPublicKey
    leaf_node: LeafNode
    extensions: tuple[Extension, ...]
