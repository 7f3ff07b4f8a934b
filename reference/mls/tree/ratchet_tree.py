"""The ratchet tree of an epoch, and how proposals and update paths change it (RFC 9420, sections 7.5 to 7.7 and 12.1).

A `RatchetTree` never changes: each operation returns another one, which shares all nodes but those of one direct path
with the first. So an operation costs the logarithm of the tree's size, and the trees of earlier epochs stay what they
were. Nothing in here judges whether a tree is valid; that is for `tree_validation`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree import tree_math
from mimi_conformance.reference.mls.tree.key_holders import KeyHolders
from mimi_conformance.reference.mls.tree.subtree import (
    CommonSupport,
    Leaf,
    Parent,
    Subtree,
    blank_subtree,
    filled_subtree,
    find_node,
    nodes_in,
)
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, Node, NoSuchNodeError
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.mls.tree import NodeType, ParentNode


class RatchetTreeRule(Rule):
    """What a `ratchet_tree` extension must be like to stand for a tree."""

    LAST_NODE = RuleText("RFC 9420, section 12.4.3.3", "The last node of a ratchet_tree is not blank.")
    NODE_TYPE = RuleText(
        "RFC 9420, section 12.4.3.3", "Leaves stand at the even positions of a ratchet_tree, parents at the odd ones."
    )


class NoMemberError(LookupError):
    """There is no member at a leaf: it is blank, or the tree has no such leaf.

    Attributes:
        leaf_index: the leaf.

    """

    def __init__(self, leaf_index: LeafIndex) -> None:
        super().__init__(f"There is no member at leaf {leaf_index}.")
        self.leaf_index = leaf_index


@dataclass(frozen=True, slots=True)
class PathStep:
    """A parent on the direct path of a leaf.

    Attributes:
        parent: the parent.
        copath_child: the one of its children that is not on the way to the leaf.

    """

    parent: Parent
    copath_child: Subtree


@dataclass(frozen=True, eq=False, repr=False)
class RatchetTree:
    """A ratchet tree (RFC 9420, section 4).

    Attributes:
        root: the root, with everything below it.
        encryption_keys: which nodes hold which encryption key.
        signature_keys: which leaves, as nodes, hold which signature key.

    """

    root: Subtree
    encryption_keys: KeyHolders
    signature_keys: KeyHolders

    @classmethod
    def of_creator(cls, cipher_suite: CipherSuite, leaf_node: LeafNode) -> "RatchetTree":
        """The tree of a group with one member (RFC 9420, section 11)."""
        return cls._of(Leaf(cipher_suite, 0, leaf_node))

    @classmethod
    def from_wire(cls, cipher_suite: CipherSuite, ratchet_tree: wire.RatchetTree) -> "RatchetTree":
        """The tree that a `ratchet_tree` extension stands for (RFC 9420, section 12.4.3.3).

        Raises:
            RuleError: it stands for none (`RatchetTreeRule`).

        """
        nodes = ratchet_tree.nodes
        if not nodes or nodes[-1] is None:
            raise RuleError(RatchetTreeRule.LAST_NODE, None, f"node {len(nodes) - 1}" if nodes else "an empty tree")
        leaf_nodes: dict[Node, LeafNode] = {}
        parent_nodes: dict[Node, ParentNode] = {}
        for number, node in enumerate(nodes):
            if node is None:
                continue
            if (node.node_type is NodeType.leaf) is not tree_math.is_leaf(number):
                raise RuleError(RatchetTreeRule.NODE_TYPE, node.node_type, f"node {number}")
            if node.leaf_node is not None:
                leaf_nodes[number] = node.leaf_node
            if node.parent_node is not None:
                parent_nodes[number] = node.parent_node
        root = tree_math.root(tree_math.leaf_count_for(len(nodes)))
        return cls._of(filled_subtree(cipher_suite, root, leaf_nodes, parent_nodes))

    @classmethod
    def _of(cls, root: Subtree) -> "RatchetTree":
        encryption_keys, signature_keys = [], []
        for subtree in nodes_in(root):
            if subtree.value is not None:
                encryption_keys.append((subtree.value.encryption_key, subtree.node))
            if isinstance(subtree.value, LeafNode):
                signature_keys.append((subtree.value.signature_key, subtree.node))
        return cls(root, KeyHolders.of(encryption_keys), KeyHolders.of(signature_keys))

    def to_wire(self) -> wire.RatchetTree:
        """The `ratchet_tree` extension (RFC 9420, section 12.4.3.3)."""
        nodes: list[wire.Node | None] = []
        for subtree in nodes_in(self.root):
            nodes += [None] * (subtree.node - len(nodes))
            if isinstance(subtree.value, LeafNode):
                nodes.append(wire.Node(node_type=NodeType.leaf, leaf_node=subtree.value))
            else:
                nodes.append(wire.Node(node_type=NodeType.parent, parent_node=subtree.value))
        return wire.RatchetTree(tuple(nodes))

    @property
    def cipher_suite(self) -> CipherSuite:
        """The group's cipher suite."""
        return self.root.cipher_suite

    @property
    def leaf_count(self) -> int:
        """How many leaves there are, blank ones included."""
        return len(tree_math.leaves_under(self.root.node))

    @property
    def member_count(self) -> int:
        """How many leaves are not blank."""
        return self.root.member_count

    @property
    def tree_hash(self) -> bytes:
        """The tree hash of the root, which a GroupContext has (RFC 9420, section 7.8)."""
        return self.root.tree_hash

    @property
    def support(self) -> CommonSupport | None:
        """What all members support; None without any.

        Raises:
            ExtensionError: an extension of one of their LeafNodes is not what it should be.

        """
        return self.root.support

    def members(self) -> Iterator[tuple[LeafIndex, LeafNode]]:
        """All members and where they are, from left to right."""
        for subtree in nodes_in(self.root):
            if isinstance(subtree, Leaf) and subtree.value is not None:
                yield subtree.leaf_index, subtree.value

    def leaf(self, leaf_index: LeafIndex) -> LeafNode | None:
        """The LeafNode at a leaf; None when there is no member."""
        leaf = find_node(self.root, tree_math.node_of(leaf_index))
        return leaf.value if isinstance(leaf, Leaf) else None

    def member(self, leaf_index: LeafIndex) -> LeafNode:
        """The LeafNode of a member.

        Raises:
            NoMemberError: there is no member at this leaf.

        """
        leaf_node = self.leaf(leaf_index)
        if leaf_node is None:
            raise NoMemberError(leaf_index)
        return leaf_node

    def subtree(self, node: Node) -> Subtree:
        """The subtree of a node.

        Raises:
            NoSuchNodeError: the tree is too small to have this node.

        """
        subtree = find_node(self.root, node)
        if subtree is None:
            raise NoSuchNodeError(node, f"There is no node {node} in a tree with {self.leaf_count} leaves")
        return subtree

    def is_blank(self, node: Node) -> bool:
        """Whether a node holds nothing; one that the tree is too small to have does not."""
        subtree = find_node(self.root, node)
        return subtree is None or subtree.value is None

    def encryption_key(self, node: Node) -> bytes:
        """The HPKE public key of a node.

        Raises:
            NoSuchNodeError: it is blank, or the tree is too small to have it.

        """
        value = self.subtree(node).value
        if value is None:
            raise NoSuchNodeError(node, f"Node {node} is blank and has no key")
        return value.encryption_key

    def direct_path(self, leaf_index: LeafIndex) -> tuple[PathStep, ...]:
        """The parents above a leaf, the lowest first (RFC 9420, section 4.1.2).

        Raises:
            NoSuchNodeError: the tree is too small to have this leaf.

        """
        self.subtree(tree_math.node_of(leaf_index))
        above = [subtree for subtree in _way_down(self.root, leaf_index) if isinstance(subtree, Parent)]
        return tuple(PathStep(parent, parent.child_beside(leaf_index)) for parent in reversed(above))

    def filtered_direct_path(self, leaf_index: LeafIndex) -> tuple[PathStep, ...]:
        """The direct path without the parents whose child on the copath has an empty resolution.

        Raises:
            NoSuchNodeError: the tree is too small to have this leaf.

        """
        return tuple(step for step in self.direct_path(leaf_index) if not step.copath_child.blank)

    def with_blank_leaf(self) -> tuple["RatchetTree", LeafIndex]:
        """The tree and its leftmost blank leaf, extended to the right if it had none (RFC 9420, section 7.7)."""
        if self.member_count < self.leaf_count:
            return self, _leftmost_blank_leaf(self.root)
        above = tree_math.root(2 * self.leaf_count)
        beside = blank_subtree(self.cipher_suite, tree_math.right(above))
        return replace(self, root=Parent(self.cipher_suite, above, None, (self.root, beside))), self.leaf_count

    def add(self, leaf_node: LeafNode) -> tuple["RatchetTree", LeafIndex]:
        """Apply an Add: the tree with a new member, unmerged everywhere, and its leaf (RFC 9420, section 12.1.1)."""
        tree, leaf_index = self.with_blank_leaf()

        def with_unmerged_leaf(parent: Parent) -> ParentNode | None:
            if parent.value is None:
                return None
            unmerged_leaves = sorted((*parent.value.unmerged_leaves, leaf_index))
            return replace(parent.value, unmerged_leaves=tuple(unmerged_leaves))

        return _changed(tree, leaf_index, leaf_node, with_unmerged_leaf), leaf_index

    def update(self, leaf_index: LeafIndex, leaf_node: LeafNode) -> "RatchetTree":
        """Apply an Update: the tree with another LeafNode and a blank direct path (RFC 9420, section 12.1.2).

        Raises:
            NoMemberError: there is no member at this leaf.

        """
        self.member(leaf_index)
        return self.with_path(leaf_index, leaf_node, {})

    def remove(self, leaf_index: LeafIndex) -> "RatchetTree":
        """Apply a Remove: the tree without a member, as small as it can be (RFC 9420, section 12.1.3).

        Raises:
            NoMemberError: there is no member at this leaf.

        """
        self.member(leaf_index)
        return _truncated(_changed(self, leaf_index, None, lambda _: None))

    def with_path(
        self, leaf_index: LeafIndex, leaf_node: LeafNode, parent_nodes: Mapping[Node, ParentNode]
    ) -> "RatchetTree":
        """The tree with another LeafNode and other parents above it, blank ones unless given (RFC 9420, section 7.5).

        Raises:
            NoSuchNodeError: the tree is too small to have this leaf.

        """
        self.subtree(tree_math.node_of(leaf_index))
        return _changed(self, leaf_index, leaf_node, lambda parent: parent_nodes.get(parent.node))


def _changed(
    tree: RatchetTree,
    leaf_index: LeafIndex,
    leaf_node: LeafNode | None,
    parent_node_for: Callable[[Parent], ParentNode | None],
) -> RatchetTree:
    """The tree with a leaf and the parents above it replaced, and with its keys listed accordingly."""
    root = _rebuilt(tree.root, leaf_index, leaf_node, parent_node_for)
    encryption_keys, signature_keys = tree.encryption_keys, tree.signature_keys
    for old, new in zip(_way_down(tree.root, leaf_index), _way_down(root, leaf_index), strict=True):
        encryption_keys = _rehung(encryption_keys, old.node, _encryption_key(old), _encryption_key(new))
        signature_keys = _rehung(signature_keys, old.node, _signature_key(old), _signature_key(new))
    return RatchetTree(root, encryption_keys, signature_keys)


def _truncated(tree: RatchetTree) -> RatchetTree:
    """The tree without right halves in which all is blank (RFC 9420, section 7.7)."""
    root, encryption_keys = tree.root, tree.encryption_keys
    while isinstance(root, Parent) and root.right.blank:
        encryption_keys = _rehung(encryption_keys, root.node, _encryption_key(root), None)
        root = root.left
    return RatchetTree(root, encryption_keys, tree.signature_keys)


def _way_down(root: Subtree, leaf_index: LeafIndex) -> Iterator[Subtree]:
    """The nodes from the root to a leaf, both included."""
    yield root
    while isinstance(root, Parent):
        root = root.child_towards(leaf_index)
        yield root


def _leftmost_blank_leaf(subtree: Subtree) -> LeafIndex:
    """The leftmost blank leaf in a subtree that has one."""
    while isinstance(subtree, Parent):
        has_room = subtree.left.member_count < len(tree_math.leaves_under(subtree.left.node))
        subtree = subtree.left if has_room else subtree.right
    return subtree.leaf_index


def _rebuilt(
    subtree: Subtree,
    leaf_index: LeafIndex,
    leaf_node: LeafNode | None,
    parent_node_for: Callable[[Parent], ParentNode | None],
) -> Subtree:
    """A copy of a subtree, new only on the way to a leaf."""
    if isinstance(subtree, Leaf):
        return Leaf(subtree.cipher_suite, subtree.node, leaf_node)
    child = _rebuilt(subtree.child_towards(leaf_index), leaf_index, leaf_node, parent_node_for)
    children = (child, subtree.right) if child.node < subtree.node else (subtree.left, child)
    return Parent(subtree.cipher_suite, subtree.node, parent_node_for(subtree), children)


def _encryption_key(subtree: Subtree) -> bytes | None:
    return None if subtree.value is None else subtree.value.encryption_key


def _signature_key(subtree: Subtree) -> bytes | None:
    return subtree.value.signature_key if isinstance(subtree.value, LeafNode) else None


def _rehung(holders: KeyHolders, node: Node, old: bytes | None, new: bytes | None) -> KeyHolders:
    """Who holds which key, when a node's key changes."""
    if old == new:
        return holders
    if old is not None:
        holders = holders.without_holder(old, node)
    return holders if new is None else holders.with_holder(new, node)
