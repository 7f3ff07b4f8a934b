"""Where the nodes of a ratchet tree are, computed from their numbers alone (RFC 9420, section 4.1 and appendix C).

Nodes are numbered from left to right, every parent between its two subtrees, so that leaf ``i`` is node ``2 * i`` and
a node keeps its number when the tree grows or shrinks at its right edge. All trees are perfect: they have 1, 2, 4, 8,
... leaves.
"""

from bisect import bisect_left
from collections.abc import Sequence

Node = int
"""The number of a node, leaf or parent."""

LeafIndex = int
"""The number of a leaf among the leaves."""


class NoSuchNodeError(LookupError):
    """A tree has no node where one was asked for; the message says where.

    Attributes:
        node: the node at which the search stopped.

    """

    def __init__(self, node: Node, reason: str) -> None:
        super().__init__(f"{reason}.")
        self.node = node


def node_of(leaf_index: LeafIndex) -> Node:
    """The node that a leaf is."""
    return 2 * leaf_index


def leaf_index_of(node: Node) -> LeafIndex:
    """The leaf that a node is.

    Raises:
        NoSuchNodeError: it is a parent.

    """
    if not is_leaf(node):
        raise NoSuchNodeError(node, f"Node {node} is a parent, not a leaf")
    return node // 2


def is_leaf(node: Node) -> bool:
    """Whether a node has no children."""
    return node % 2 == 0


def level(node: Node) -> int:
    """How far a node is above the leaves, which are on level 0."""
    return (~node & (node + 1)).bit_length() - 1


def node_count(leaf_count: int) -> int:
    """How many nodes a tree with so many leaves has."""
    return 2 * leaf_count - 1


def leaf_count_for(nodes: int) -> int:
    """How many leaves the smallest tree has in which there is room for so many nodes, at least one."""
    return 1 << (nodes // 2).bit_length()


def root(leaf_count: int) -> Node:
    """The node without a parent."""
    return leaf_count - 1


def left(node: Node) -> Node:
    """The left child of a parent.

    Raises:
        NoSuchNodeError: it is a leaf.

    """
    return node - _half(node)


def right(node: Node) -> Node:
    """The right child of a parent.

    Raises:
        NoSuchNodeError: it is a leaf.

    """
    return node + _half(node)


def _half(node: Node) -> int:
    """How far the children of a parent are from it."""
    if is_leaf(node):
        raise NoSuchNodeError(node, f"Node {node} is a leaf and has no children")
    return 1 << (level(node) - 1)


def parent(node: Node, leaf_count: int) -> Node:
    """The parent of a node.

    Raises:
        NoSuchNodeError: it is the root.

    """
    if node == root(leaf_count):
        raise NoSuchNodeError(node, f"Node {node} is the root of a tree with {leaf_count} leaves and has no parent")
    distance = 1 << level(node)
    return node - distance if node & 2 * distance else node + distance


def sibling(node: Node, leaf_count: int) -> Node:
    """The other child of a node's parent.

    Raises:
        NoSuchNodeError: it is the root.

    """
    above = parent(node, leaf_count)
    return right(above) if node < above else left(above)


def direct_path(node: Node, leaf_count: int) -> tuple[Node, ...]:
    """The parent of a node, the parent's parent and so on up to the root."""
    path = []
    while node != root(leaf_count):
        node = parent(node, leaf_count)
        path.append(node)
    return tuple(path)


def copath(node: Node, leaf_count: int) -> tuple[Node, ...]:
    """The sibling of a node and of all nodes of its direct path, but the root, which has none."""
    path = (node, *direct_path(node, leaf_count))
    return tuple(sibling(step, leaf_count) for step in path[:-1])


def leaves_under(node: Node) -> range:
    """The leaves in the subtree of a node."""
    size = 1 << level(node)
    first = (node + 1 - size) // 2
    return range(first, first + size)


def leaves_within(leaves: Sequence[LeafIndex], node: Node) -> Sequence[LeafIndex]:
    """Those of some leaves, which are sorted, that are in the subtree of a node."""
    under = leaves_under(node)
    return leaves[bisect_left(leaves, under.start) : bisect_left(leaves, under.stop)]


def common_ancestor(one: LeafIndex, other: LeafIndex) -> Node:
    """The lowest node whose subtree has both leaves; the leaf itself, when both are the same."""
    height = (one ^ other).bit_length()
    return ((one >> height) << (height + 1)) + (1 << height) - 1
