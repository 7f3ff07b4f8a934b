"""An update path as everybody sees it who follows a group, without its secrets (RFC 9420, sections 7.5 and 7.6)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.parent_hash import hashed_path
from mimi_conformance.reference.mls.tree.ratchet_tree import PathStep, RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, Node, is_leaf, leaf_index_of, node_of
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext
from mimi_conformance.reference.wire.mls.tree import UpdatePath


class UpdatePathRule(Rule):
    """What makes an update path fit a tree; what its LeafNode must be like is a `LeafNodeRule`."""

    LENGTH = RuleText(
        "RFC 9420, section 7.6", "An update path has one node for each in the filtered direct path of its sender."
    )
    CIPHERTEXTS = RuleText(
        "RFC 9420, section 7.6",
        "A node of an update path has one ciphertext for each node in the resolution of its child on the copath,"
        " but new leaves.",
    )
    KEYS_NEW = RuleText("RFC 9420, section 12.4.2", "No key of an update path is in the tree already.")
    KEYS_UNIQUE = RuleText("RFC 9420, section 16.7", "No key is in an update path twice.")
    PARENT_HASH = RuleText(
        "RFC 9420, section 7.5", "The LeafNode's parent hash is that of the first node in the filtered direct path."
    )


class UpdatePathError(RuleError):
    """An update path breaks an `UpdatePathRule`.

    Attributes:
        node: the node of the tree that it breaks the rule at; None for the path as a whole.

    """

    def __init__(self, rule: UpdatePathRule, value: object, node: Node | None = None) -> None:
        super().__init__(rule, value, "the update path" if node is None else f"the update path at node {node}")
        self.node = node


@dataclass(frozen=True, slots=True)
class MergedNode:
    """A parent that an update path has set.

    Attributes:
        node: the parent's number.
        encryption_key: its new key.
        recipients: the nodes to whose keys its path secret is encrypted.
        encrypted_path_secret: the ciphertexts, one for each of them.

    """

    node: Node
    encryption_key: bytes
    recipients: tuple[Node, ...]
    encrypted_path_secret: tuple[HPKECiphertext, ...]


@dataclass(frozen=True, slots=True)
class MergedPath:
    """An update path that is in the tree.

    Attributes:
        sender: the committer's leaf.
        before: the tree without the path.
        tree: the tree with it.
        nodes: the parents it has set, the lowest first.

    """

    sender: LeafIndex
    before: RatchetTree
    tree: RatchetTree
    nodes: tuple[MergedNode, ...]


def merge_update_path(
    tree: RatchetTree, sender: LeafIndex, update_path: UpdatePath, new_leaves: AbstractSet[LeafIndex] = frozenset()
) -> MergedPath:
    """Put an update path into a tree to which the proposals of its Commit have been applied.

    Args:
        tree: that tree; with a blank leaf for the sender, if its Commit is external.
        sender: the committer's leaf.
        update_path: the path; its LeafNode is not judged here, but for its parent hash.
        new_leaves: the leaves of the members that the Commit adds, to which no path secret is encrypted.

    Raises:
        UpdatePathError: the path doesn't fit the tree.
        NoSuchNodeError: the tree is too small for the sender's leaf.

    """
    path = tree.filtered_direct_path(sender)
    if len(update_path.nodes) != len(path):
        raise UpdatePathError(UpdatePathRule.LENGTH, len(update_path.nodes))
    nodes = tuple(
        MergedNode(step.parent.node, node.encryption_key, recipients(step, new_leaves), node.encrypted_path_secret)
        for step, node in zip(path, update_path.nodes, strict=True)
    )
    for node in nodes:
        if len(node.encrypted_path_secret) != len(node.recipients):
            raise UpdatePathError(UpdatePathRule.CIPHERTEXTS, len(node.encrypted_path_secret), node.node)
    _check_keys(tree, sender, update_path, nodes)
    hashed = hashed_path(path, [node.encryption_key for node in nodes])
    if update_path.leaf_node.parent_hash != hashed.leaf_parent_hash:
        raise UpdatePathError(UpdatePathRule.PARENT_HASH, update_path.leaf_node.parent_hash, node_of(sender))
    after = tree.with_path(sender, update_path.leaf_node, hashed.parent_nodes)
    return MergedPath(sender, tree, after, nodes)


def recipients(step: PathStep, new_leaves: AbstractSet[LeafIndex]) -> tuple[Node, ...]:
    """The nodes to whose keys the path secret of a parent is encrypted (RFC 9420, section 7.5)."""
    resolution = step.copath_child.resolution
    if not new_leaves:
        return resolution
    return tuple(node for node in resolution if not (is_leaf(node) and leaf_index_of(node) in new_leaves))


def _check_keys(tree: RatchetTree, sender: LeafIndex, update_path: UpdatePath, nodes: tuple[MergedNode, ...]) -> None:
    """Check that each key of a path is a new one."""
    seen: set[bytes] = set()
    keys = [(node_of(sender), update_path.leaf_node.encryption_key)]
    keys += [(node.node, node.encryption_key) for node in nodes]
    for node, key in keys:
        if tree.encryption_keys.nodes_with(key):
            raise UpdatePathError(UpdatePathRule.KEYS_NEW, key, node)
        if key in seen:
            raise UpdatePathError(UpdatePathRule.KEYS_UNIQUE, key, node)
        seen.add(key)
