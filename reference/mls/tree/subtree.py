"""A node of the ratchet tree with everything below it, as a value that never changes (RFC 9420, section 4.1).

A change of the tree makes new subtrees along one path and shares all others, so whatever a subtree knows about itself
is worked out once, when first asked for: its tree hash, its resolution, how many members it has, what they support.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from mimi_conformance.reference.mls.proposals.features import Feature, supported_features
from mimi_conformance.reference.mls.tree.tree_hash import leaf_tree_hash, parent_tree_hash
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, Node, is_leaf, leaf_index_of, left, node_of, right
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.registries import CipherSuite, CredentialType
from mimi_conformance.reference.wire.mls.tree import ParentNode


@dataclass(frozen=True, slots=True)
class CommonSupport:
    """What members have in common.

    Attributes:
        features: what all of them support.
        credential_types: the types of credential that any of them has.

    """

    features: frozenset[Feature]
    credential_types: frozenset[CredentialType]

    @classmethod
    def of(cls, leaf_node: LeafNode) -> "CommonSupport":
        """What one member supports and has.

        Raises:
            ExtensionError: an extension of the LeafNode is not what it should be.

        """
        return cls(supported_features(leaf_node), frozenset((leaf_node.credential.credential_type,)))

    def with_others(self, others: "CommonSupport") -> "CommonSupport":
        """What these members and others have in common."""
        if self == others:
            return self
        return CommonSupport(self.features & others.features, self.credential_types | others.credential_types)


@dataclass(frozen=True, eq=False, repr=False)
class Leaf:
    """A leaf.

    Attributes:
        cipher_suite: the group's cipher suite.
        node: the leaf's number among the nodes.
        value: the member's LeafNode; None when the leaf is blank.

    """

    cipher_suite: CipherSuite
    node: Node
    value: LeafNode | None

    @property
    def leaf_index(self) -> LeafIndex:
        """The leaf's number among the leaves."""
        return leaf_index_of(self.node)

    @property
    def blank(self) -> bool:
        """Whether there is no member."""
        return self.value is None

    @property
    def member_count(self) -> int:
        """1, or 0 when the leaf is blank."""
        return 0 if self.value is None else 1

    @property
    def resolution(self) -> tuple[Node, ...]:
        """The leaf itself, unless it is blank."""
        return () if self.value is None else (self.node,)

    @cached_property
    def tree_hash(self) -> bytes:
        """The tree hash (RFC 9420, section 7.8)."""
        return leaf_tree_hash(self.cipher_suite, self.leaf_index, self.value)

    @property
    def support(self) -> CommonSupport | None:
        """What the member supports; None without one.

        Raises:
            ExtensionError: an extension of the LeafNode is not what it should be.

        """
        return None if self.value is None else CommonSupport.of(self.value)


@dataclass(frozen=True, eq=False, repr=False)
class Parent:
    """A parent and the subtrees of its children.

    Attributes:
        cipher_suite: the group's cipher suite.
        node: the parent's number among the nodes.
        value: its ParentNode; None when it is blank.
        children: the subtrees of the left and of the right child; None when all is blank there, because then they need
            no memory, however many they are.

    """

    cipher_suite: CipherSuite
    node: Node
    value: ParentNode | None
    children: "tuple[Subtree, Subtree] | None"

    @property
    def left(self) -> "Subtree":
        """The subtree of the left child."""
        return self.children[0] if self.children else blank_subtree(self.cipher_suite, left(self.node))

    @property
    def right(self) -> "Subtree":
        """The subtree of the right child."""
        return self.children[1] if self.children else blank_subtree(self.cipher_suite, right(self.node))

    @cached_property
    def blank(self) -> bool:
        """Whether this node and all below it are blank."""
        return self.value is None and all(child.blank for child in self.children or ())

    @cached_property
    def member_count(self) -> int:
        """How many leaves are not blank."""
        return sum(child.member_count for child in self.children or ())

    @cached_property
    def resolution(self) -> tuple[Node, ...]:
        """The nodes that a secret must be encrypted to in order to reach all members below (RFC 9420, section 4.1.1).

        Unmerged leaves are listed as the node lists them, also where there are none in the tree.
        """
        if self.value is not None:
            return (self.node, *map(node_of, self.value.unmerged_leaves))
        return tuple(chain.from_iterable(child.resolution for child in self.children or ()))

    @cached_property
    def tree_hash(self) -> bytes:
        """The tree hash (RFC 9420, section 7.8)."""
        return parent_tree_hash(self.cipher_suite, self.value, self.left.tree_hash, self.right.tree_hash)

    @cached_property
    def support(self) -> CommonSupport | None:
        """What all members below support; None without any.

        Raises:
            ExtensionError: an extension of one of their LeafNodes is not what it should be.

        """
        left, right = (child.support for child in self.children) if self.children else (None, None)
        return left.with_others(right) if left and right else left or right

    def child_towards(self, leaf_index: LeafIndex) -> "Subtree":
        """The child that has a leaf in its subtree."""
        return self.left if node_of(leaf_index) < self.node else self.right

    def child_beside(self, leaf_index: LeafIndex) -> "Subtree":
        """The child that does not have a leaf in its subtree, the other one having it."""
        return self.right if node_of(leaf_index) < self.node else self.left


Subtree = Leaf | Parent


def blank_subtree(cipher_suite: CipherSuite, node: Node) -> Subtree:
    """The subtree of a node where all is blank."""
    return Leaf(cipher_suite, node, None) if is_leaf(node) else Parent(cipher_suite, node, None, None)


def filled_subtree(
    cipher_suite: CipherSuite, node: Node, leaf_nodes: Mapping[Node, LeafNode], parent_nodes: Mapping[Node, ParentNode]
) -> Subtree:
    """The subtree of a node, given all that is not blank."""

    def filled(node: Node, present: Sequence[Node]) -> Subtree:
        """The subtree of a node, given which nodes in it are not blank."""
        if not present:
            return blank_subtree(cipher_suite, node)
        if is_leaf(node):
            return Leaf(cipher_suite, node, leaf_nodes.get(node))
        before, after = bisect_left(present, node), bisect_right(present, node)
        children = filled(left(node), present[:before]), filled(right(node), present[after:])
        return Parent(cipher_suite, node, parent_nodes.get(node), children)

    return filled(node, sorted((*leaf_nodes, *parent_nodes)))


def nodes_in(subtree: Subtree) -> Iterator[Subtree]:
    """The nodes of a subtree that are not blank, from left to right."""
    if subtree.blank:
        return
    if isinstance(subtree, Leaf):
        yield subtree
        return
    yield from nodes_in(subtree.left)
    if subtree.value is not None:
        yield subtree
    yield from nodes_in(subtree.right)


def find_node(subtree: Subtree, node: Node) -> Subtree | None:
    """The subtree of a node in another one; None when it is not there."""
    while subtree.node != node:
        if isinstance(subtree, Leaf):
            return None
        subtree = subtree.left if node < subtree.node else subtree.right
    return subtree
