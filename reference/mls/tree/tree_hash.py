"""Tree hashes: what a whole subtree is, in the size of one hash (RFC 9420, section 7.8)."""

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.mls.tree import (
    LeafNodeHashInput,
    NodeType,
    ParentNode,
    ParentNodeHashInput,
    TreeHashInput,
)


def leaf_tree_hash(cipher_suite: CipherSuite, leaf_index: LeafIndex, leaf_node: LeafNode | None) -> bytes:
    """The tree hash of a leaf, which is blank when it has no LeafNode.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    hash_input = LeafNodeHashInput(leaf_index, leaf_node)
    return _hash(cipher_suite, TreeHashInput(node_type=NodeType.leaf, leaf_node=hash_input))


def parent_tree_hash(
    cipher_suite: CipherSuite, parent_node: ParentNode | None, left_hash: bytes, right_hash: bytes
) -> bytes:
    """The tree hash of a parent, which is blank when it has no ParentNode, from those of its children.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    hash_input = ParentNodeHashInput(parent_node, left_hash, right_hash)
    return _hash(cipher_suite, TreeHashInput(node_type=NodeType.parent, parent_node=hash_input))


def _hash(cipher_suite: CipherSuite, hash_input: TreeHashInput) -> bytes:
    return parameters(cipher_suite).digest(hash_input.encode())
