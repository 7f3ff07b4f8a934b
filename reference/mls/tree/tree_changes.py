"""What differs between two ratchet trees, for whoever keeps them: found in as many steps as nodes have changed."""

from collections.abc import Iterator

from mimi_conformance.reference.mls.tree import tree_math
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.subtree import Parent, Subtree, blank_subtree
from mimi_conformance.reference.mls.tree.tree_math import Node
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.tree import ParentNode

NodeChange = tuple[Node, LeafNode | ParentNode | None]
"""A node's number, and what it is now; None when it is blank or no longer there."""


def changed_nodes(before: RatchetTree | None, after: RatchetTree) -> Iterator[NodeChange]:
    """The nodes that differ, from left to right.

    A tree that was made from another one shares with it whatever has not changed, and that is not looked into.

    Args:
        before: a tree; None to get every node of the other that is not blank.
        after: another tree of the same cipher suite.

    """
    new = after.root
    old = before.root if before else blank_subtree(after.cipher_suite, new.node)
    yield from _changes(_extended(old, new.node), _extended(new, old.node))


def _extended(subtree: Subtree, root: Node) -> Subtree:
    """A whole tree, extended to the right until it has this root, or a larger one that it had already."""
    while subtree.node < root:
        suite = subtree.cipher_suite
        above = tree_math.root(2 * len(tree_math.leaves_under(subtree.node)))
        subtree = Parent(suite, above, None, (subtree, blank_subtree(suite, tree_math.right(above))))
    return subtree


def _changes(before: Subtree, after: Subtree) -> Iterator[NodeChange]:
    """The differences between two subtrees of the same node."""
    if before is after or (before.blank and after.blank):
        return
    if isinstance(before, Parent) and isinstance(after, Parent):
        yield from _changes(before.left, after.left)
    if before.value != after.value:
        yield after.node, after.value
    if isinstance(before, Parent) and isinstance(after, Parent):
        yield from _changes(before.right, after.right)
