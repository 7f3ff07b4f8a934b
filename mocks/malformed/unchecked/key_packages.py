"""LeafNodes and KeyPackages (RFC 9420, sections 7.2 and 10)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.steps import (
    KEY_PACKAGE,
    KEY_PACKAGE_SIGNATURE,
    LEAF_NODE,
    LEAF_NODE_SIGNATURE,
    Making,
)
from mimi_conformance.reference.mls.crypto.labelled import sign_with_label
from mimi_conformance.reference.mls.tree.leaf_node_signature import signed_leaf_node
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.key_package import KeyPackage, KeyPackageTBS
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.registries import CipherSuite


def make_leaf_node(
    making: Making, suite: CipherSuite, leaf_node: LeafNode, group_id: bytes = b"", leaf_index: LeafIndex = 0
) -> LeafNode:
    """Sign a LeafNode; group and leaf count only for one that says that it isn't from a KeyPackage."""
    leaf_node = making.at(LEAF_NODE, leaf_node)
    key = making.maker.signature_private_key
    signed = signed_leaf_node(suite, leaf_node, key, group_id=group_id, leaf_index=leaf_index)
    return replace(signed, signature=making.at(LEAF_NODE_SIGNATURE, signed.signature))


def make_key_package(making: Making, key_package: KeyPackage) -> KeyPackage:
    """Make a KeyPackage with these contents."""
    suite = key_package.cipher_suite
    key_package = replace(key_package, leaf_node=make_leaf_node(making, suite, key_package.leaf_node))
    key_package = making.at(KEY_PACKAGE, key_package)
    to_sign = KeyPackageTBS.taken_from(key_package).encode()
    signature = sign_with_label(suite, making.maker.signature_private_key, "KeyPackageTBS", to_sign)
    return replace(key_package, signature=making.at(KEY_PACKAGE_SIGNATURE, signature))
