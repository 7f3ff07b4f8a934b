"""How a member signs its LeafNode (RFC 9420, section 7.2)."""

from dataclasses import replace

from mimi_conformance.reference.mls.crypto.labelled import sign_with_label, verify_with_label
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode, LeafNodeSource, LeafNodeTBS
from mimi_conformance.reference.wire.mls.registries import CipherSuite

_LABEL = "LeafNodeTBS"


def signed_leaf_node(
    cipher_suite: CipherSuite,
    leaf_node: LeafNode,
    signature_private_key: bytes,
    *,
    group_id: bytes | None = None,
    leaf_index: LeafIndex | None = None,
) -> LeafNode:
    """The same LeafNode with its signature; group and leaf count only for one that doesn't come from a KeyPackage.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        InvalidKeyError: the private key is none of the suite's signature scheme.

    """
    to_sign = _to_be_signed(leaf_node, group_id, leaf_index)
    return replace(leaf_node, signature=sign_with_label(cipher_suite, signature_private_key, _LABEL, to_sign))


def leaf_node_signature_verifies(
    cipher_suite: CipherSuite,
    leaf_node: LeafNode,
    *,
    group_id: bytes | None = None,
    leaf_index: LeafIndex | None = None,
) -> bool:
    """Whether the signature of a LeafNode is that of its owner, for this leaf of this group.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    to_verify = _to_be_signed(leaf_node, group_id, leaf_index)
    return verify_with_label(cipher_suite, leaf_node.signature_key, _LABEL, to_verify, leaf_node.signature)


def _to_be_signed(leaf_node: LeafNode, group_id: bytes | None, leaf_index: LeafIndex | None) -> bytes:
    if leaf_node.leaf_node_source is LeafNodeSource.key_package:
        group_id = leaf_index = None
    return LeafNodeTBS.taken_from(leaf_node, group_id=group_id, leaf_index=leaf_index).encode()
