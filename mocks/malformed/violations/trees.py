"""Violations of the ratchet tree in a GroupInfo (RFC 9420, sections 7.1, 7.9.2 and 12.4.3).

The tree hash in the GroupContext is that of the wrong tree. Most need a parent that is not blank; some, one with an
unmerged leaf, as the Commit leaves it that adds a member below a path.
"""

from collections.abc import Iterator
from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.steps import TREE
from mimi_conformance.mocks.malformed.violations.registry import NEWCOMER, violation
from mimi_conformance.mocks.malformed.violations.tampering import flipped
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTreeRule
from mimi_conformance.reference.mls.tree.tree_math import leaves_under, level, node_of
from mimi_conformance.reference.mls.tree.tree_validation import TreeRule
from mimi_conformance.reference.wire.mls.tree import Node, NodeType, ParentNode, RatchetTree


@violation(RatchetTreeRule.LAST_NODE, at=TREE, seen_by=NEWCOMER)
def tree_that_ends_in_a_blank_node(tree: RatchetTree, _maker: Maker) -> RatchetTree:
    """A tree with blank nodes at its end, which are to be left out."""
    return RatchetTree((*tree.nodes, None, None))


@violation(RatchetTreeRule.NODE_TYPE, at=TREE, seen_by=NEWCOMER)
def leaf_in_the_place_of_a_parent(tree: RatchetTree, _maker: Maker) -> RatchetTree:
    """A tree with a leaf at an odd position."""
    if len(tree.nodes) < 3:
        raise CannotMakeError("The tree has no parent.")
    return RatchetTree((tree.nodes[0], tree.nodes[0], *tree.nodes[2:]))


@violation(TreeRule.UNMERGED_SORTED, at=TREE, seen_by=NEWCOMER)
def unmerged_leaf_twice(tree: RatchetTree, _maker: Maker) -> RatchetTree:
    """A parent that lists an unmerged leaf twice."""
    number, parent = next(_with_unmerged_leaves(tree))
    return _with(tree, number, replace(parent, unmerged_leaves=(*parent.unmerged_leaves, parent.unmerged_leaves[-1])))


@violation(TreeRule.UNMERGED_DESCEND, at=TREE, seen_by=NEWCOMER)
def unmerged_leaf_of_elsewhere(tree: RatchetTree, _maker: Maker) -> RatchetTree:
    """A parent that lists an unmerged leaf which the tree doesn't have."""
    number, parent = next(_parents(tree))
    return _with(tree, number, replace(parent, unmerged_leaves=(*parent.unmerged_leaves, 2**31)))


@violation(TreeRule.UNMERGED_NOT_BLANK, at=TREE, seen_by=NEWCOMER)
def unmerged_leaf_that_is_blank(tree: RatchetTree, _maker: Maker) -> RatchetTree:
    """A parent that lists a blank leaf as unmerged."""
    for number, parent in sorted(_parents(tree), key=lambda found: level(found[0])):
        for leaf_index in leaves_under(number):
            if node_of(leaf_index) >= len(tree.nodes) or tree.nodes[node_of(leaf_index)] is None:
                return _with(tree, number, _with_unmerged(parent, leaf_index))
    raise CannotMakeError("There is no blank leaf below a parent that isn't.")


@violation(TreeRule.UNMERGED_BETWEEN, at=TREE, seen_by=NEWCOMER)
def unmerged_leaf_that_is_merged_below(tree: RatchetTree, _maker: Maker) -> RatchetTree:
    """A leaf that is unmerged at a parent, but merged at another one between the two."""
    for number, parent in _parents(tree):
        for lower, below in _parents(tree):
            if set(leaves_under(lower)) < set(leaves_under(number)):
                for leaf_index in set(leaves_under(lower)).difference(below.unmerged_leaves):
                    if tree.nodes[node_of(leaf_index)] is not None:
                        return _with(tree, number, _with_unmerged(parent, leaf_index))
    raise CannotMakeError("There are no two parents that aren't blank, one below the other.")


@violation(TreeRule.PARENT_KEY_UNIQUE, at=TREE, seen_by=NEWCOMER)
def parent_with_the_key_of_a_member(tree: RatchetTree, _maker: Maker) -> RatchetTree:
    """A parent with the encryption key of a member."""
    number, parent = next(_parents(tree))
    leaf = tree.nodes[0] or tree.nodes[-1]
    assert leaf is not None
    assert leaf.leaf_node is not None
    return _with(tree, number, replace(parent, encryption_key=leaf.leaf_node.encryption_key))


@violation(TreeRule.PARENT_HASH, at=TREE, seen_by=NEWCOMER)
def parent_that_nobody_set(tree: RatchetTree, _maker: Maker) -> RatchetTree:
    """A parent with an encryption key that no parent hash below it covers."""
    *_, (number, parent) = _parents(tree)
    return _with(tree, number, replace(parent, encryption_key=flipped(parent.encryption_key)))


def _parents(tree: RatchetTree) -> Iterator[tuple[int, ParentNode]]:
    found = False
    for number, node in enumerate(tree.nodes):
        if node is not None and node.parent_node is not None:
            found = True
            yield number, node.parent_node
    if not found:
        raise CannotMakeError("The tree has no parent that isn't blank.")


def _with_unmerged_leaves(tree: RatchetTree) -> Iterator[tuple[int, ParentNode]]:
    for number, parent in _parents(tree):
        if parent.unmerged_leaves:
            yield number, parent
    raise CannotMakeError("The tree has no unmerged leaf.")


def _with_unmerged(parent: ParentNode, leaf_index: int) -> ParentNode:
    return replace(parent, unmerged_leaves=tuple(sorted({*parent.unmerged_leaves, leaf_index})))


def _with(tree: RatchetTree, number: int, parent: ParentNode) -> RatchetTree:
    nodes = list(tree.nodes)
    nodes[number] = Node(node_type=NodeType.parent, parent_node=parent)
    return RatchetTree(tuple(nodes))
