"""Parent hashes: which keys of the tree were set together, signed by who set them (RFC 9420, section 7.9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.tree.ratchet_tree import PathStep
from mimi_conformance.reference.mls.tree.subtree import Leaf, Parent, Subtree, find_node
from mimi_conformance.reference.mls.tree.tree_hash import leaf_tree_hash, parent_tree_hash
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, Node, leaves_within, node_of
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.mls.tree import ParentHashInput, ParentNode


def parent_hash(cipher_suite: CipherSuite, parent_node: ParentNode, original_sibling_tree_hash: bytes) -> bytes:
    """The parent hash of a parent with one of its children as the copath child.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    hash_input = ParentHashInput(parent_node.encryption_key, parent_node.parent_hash, original_sibling_tree_hash)
    return parameters(cipher_suite).digest(hash_input.encode())


def original_sibling_tree_hash(parent_node: ParentNode, sibling: Subtree) -> bytes:
    """The tree hash that the copath child of a parent had when the parent was set.

    That is its tree hash without the leaves that were added since then, which are those unmerged at the parent.
    """
    return _tree_hash_without(sibling, parent_node.unmerged_leaves)


def _tree_hash_without(subtree: Subtree, leaves: Sequence[LeafIndex]) -> bytes:
    """The tree hash of a subtree when some leaves, which are sorted, are blank and no longer unmerged anywhere."""
    leaves = leaves_within(leaves, subtree.node)
    if not leaves:
        return subtree.tree_hash
    if isinstance(subtree, Leaf):
        return leaf_tree_hash(subtree.cipher_suite, subtree.leaf_index, None)
    value = subtree.value
    if value is not None:
        without = set(leaves)
        value = replace(value, unmerged_leaves=tuple(leaf for leaf in value.unmerged_leaves if leaf not in without))
    left, right = (_tree_hash_without(child, leaves) for child in (subtree.left, subtree.right))
    return parent_tree_hash(subtree.cipher_suite, value, left, right)


def nodes_set_with(parent: Parent) -> tuple[Node, ...]:
    """The nodes below a parent whose parent hash is valid with respect to it (RFC 9420, section 7.9.2).

    In a valid tree it is exactly one for each parent that is not blank: the next one in the update path that set it.
    """
    if parent.value is None:
        return ()
    found = []
    for child, sibling in ((parent.left, parent.right), (parent.right, parent.left)):
        below = _next_in_path(parent.value, child)
        if below is not None and below.value is not None:
            sibling_hash = original_sibling_tree_hash(parent.value, sibling)
            if below.value.parent_hash == parent_hash(parent.cipher_suite, parent.value, sibling_hash):
                found.append(below.node)
    return tuple(found)


def _next_in_path(parent_node: ParentNode, child: Subtree) -> Subtree | None:
    """The node in a child's resolution that was there when the parent was set, if all others were added since then."""
    resolution = set(child.resolution)
    unmerged = {node_of(leaf) for leaf in leaves_within(parent_node.unmerged_leaves, child.node)}
    merged = resolution - unmerged
    return find_node(child, merged.pop()) if len(merged) == 1 and unmerged <= resolution else None


@dataclass(frozen=True, slots=True)
class HashedPath:
    """The parents that an update path sets, bound to each other by their parent hashes.

    Attributes:
        parent_nodes: the new parents by their numbers.
        leaf_parent_hash: the `parent_hash` that the new leaf must have.

    """

    parent_nodes: dict[Node, ParentNode]
    leaf_parent_hash: bytes


def hashed_path(path: Sequence[PathStep], encryption_keys: Iterable[bytes]) -> HashedPath:
    """The new parents of a filtered direct path, from the lowest to the highest, with these encryption keys.

    Each parent's hash covers the one above it, so they are computed from the root down (RFC 9420, section 7.5).

    Raises:
        ValueError: there are not as many keys as parents.

    """
    parent_nodes: dict[Node, ParentNode] = {}
    above = b""
    for step, encryption_key in reversed(tuple(zip(path, encryption_keys, strict=True))):
        parent_node = ParentNode(encryption_key, above, ())
        parent_nodes[step.parent.node] = parent_node
        above = parent_hash(step.parent.cipher_suite, parent_node, step.copath_child.tree_hash)
    return HashedPath(parent_nodes, above)
