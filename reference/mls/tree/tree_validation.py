"""Whether a ratchet tree from somebody else is one that members can have made (RFC 9420, sections 7.9.2 and 12.4.3.1).

A new member checks the whole tree it gets. Members that process a Commit need none of this: what a proposal or an
update path changes keeps to these rules as soon as its own rules hold (`leaf_node_validation`, `update_path`).
"""

from collections.abc import Sequence
from itertools import pairwise

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.parent_hash import nodes_set_with
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.subtree import Leaf, Parent, Subtree, nodes_in
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, Node, leaves_under, leaves_within


class TreeRule(Rule):
    """What makes a ratchet tree valid, apart from its LeafNodes."""

    TREE_HASH = RuleText("RFC 9420, section 12.4.3.1", "The tree hash of a tree is the one in the GroupContext.")
    UNMERGED_SORTED = RuleText("RFC 9420, section 7.1", "Unmerged leaves are listed in increasing order.")
    UNMERGED_DESCEND = RuleText("RFC 9420, section 12.4.3.1", "Unmerged leaves are below the parent that lists them.")
    UNMERGED_NOT_BLANK = RuleText("RFC 9420, section 12.4.3.1", "Unmerged leaves are not blank.")
    UNMERGED_BETWEEN = RuleText(
        "RFC 9420, section 12.4.3.1",
        "A leaf unmerged at a parent is unmerged at each parent between the two that is not blank.",
    )
    PARENT_KEY_UNIQUE = RuleText(
        "RFC 9420, section 12.4.3.1", "The encryption key of a parent is in no other node of the tree."
    )
    PARENT_HASH = RuleText(
        "RFC 9420, section 7.9.2", "Each parent that is not blank has exactly one descendant whose parent hash fits it."
    )


class TreeError(RuleError):
    """A tree breaks a `TreeRule`.

    Attributes:
        node: the node where it does.

    """

    def __init__(self, rule: TreeRule, node: Node, value: object) -> None:
        super().__init__(rule, value, f"node {node} of the tree")
        self.node = node


def check_tree(tree: RatchetTree, tree_hash: bytes) -> None:
    """Check all that a new member must check of a tree, apart from its LeafNodes.

    Raises:
        TreeError: a rule is broken.

    """
    if tree.tree_hash != tree_hash:
        raise TreeError(TreeRule.TREE_HASH, tree.root.node, tree.tree_hash)
    _check_unmerged_leaves(tree.root, ())
    for subtree in nodes_in(tree.root):
        if isinstance(subtree, Parent) and subtree.value is not None:
            holders = tree.encryption_keys.nodes_with(subtree.value.encryption_key)
            if holders != (subtree.node,):
                raise TreeError(TreeRule.PARENT_KEY_UNIQUE, subtree.node, holders)
    for subtree in nodes_in(tree.root):
        if isinstance(subtree, Parent):
            below = nodes_set_with(subtree)
            if len(below) != 1:
                raise TreeError(TreeRule.PARENT_HASH, subtree.node, below)


def _check_unmerged_leaves(subtree: Subtree, above: Sequence[LeafIndex]) -> None:
    """Check the lists of unmerged leaves in a subtree; ``above`` is that of the nearest parent above it with one."""
    above = leaves_within(above, subtree.node)
    if isinstance(subtree, Leaf):
        if above and subtree.value is None:
            raise TreeError(TreeRule.UNMERGED_NOT_BLANK, subtree.node, above[0])
        return
    if subtree.value is not None:
        unmerged = subtree.value.unmerged_leaves
        _check_list(subtree.node, unmerged)
        for leaf_index in set(above).difference(unmerged):
            raise TreeError(TreeRule.UNMERGED_BETWEEN, subtree.node, leaf_index)
        above = unmerged
    _check_unmerged_leaves(subtree.left, above)
    _check_unmerged_leaves(subtree.right, above)


def _check_list(node: Node, unmerged: Sequence[LeafIndex]) -> None:
    """Check a list of unmerged leaves by itself."""
    for before, after in pairwise(unmerged):
        if before >= after:
            raise TreeError(TreeRule.UNMERGED_SORTED, node, unmerged)
    for leaf_index in unmerged:
        if leaf_index not in leaves_under(node):
            raise TreeError(TreeRule.UNMERGED_DESCEND, node, leaf_index)
