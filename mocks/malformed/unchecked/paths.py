"""Update paths (RFC 9420, sections 7.4 to 7.6)."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from mimi_conformance.mocks.malformed.unchecked.key_packages import make_leaf_node
from mimi_conformance.mocks.malformed.unchecked.steps import (
    PATH_KEYS,
    PATH_NODES,
    PATH_SECRETS,
    TOLD_PATH_SECRETS,
    Making,
    PathSecrets,
)
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import encrypt_with_label
from mimi_conformance.reference.mls.tree.parent_hash import hashed_path
from mimi_conformance.reference.mls.tree.ratchet_tree import PathStep, RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.mls.tree.treekem import next_path_secret, node_key_pair
from mimi_conformance.reference.mls.tree.update_path import recipients
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode, LeafNodeSource
from mimi_conformance.reference.wire.mls.tree import UpdatePath, UpdatePathNode


@dataclass(frozen=True, slots=True)
class MadePath:
    """An update path, the tree with it, and what it adds to the key schedule."""

    update_path: UpdatePath
    tree: RatchetTree
    commit_secret: bytes = field(repr=False)


def make_path(
    making: Making,
    tree: RatchetTree,
    leaf_index: LeafIndex,
    template: LeafNode,
    *,
    provisional: GroupContext,
    new_leaves: AbstractSet[LeafIndex],
) -> MadePath:
    """Make a path for a tree to which a Commit's proposals have been applied.

    Args:
        making: the making of the Commit.
        tree: that tree, with a leaf for the committer.
        leaf_index: the committer's leaf.
        template: what the committer's LeafNode says, apart from what a path must change.
        provisional: the provisional GroupContext, in which the tree hash doesn't count.
        new_leaves: those of the members that the Commit adds.

    """
    suite, path = tree.cipher_suite, tree.filtered_direct_path(leaf_index)
    secrets = making.at(PATH_SECRETS, _fresh_secrets(making, tree, len(path)))
    keys = making.at(PATH_KEYS, tuple(node_key_pair(suite, secret).public_key for secret in secrets.nodes))
    hashed = hashed_path(path, keys)
    leaf_node = replace(
        template,
        encryption_key=secrets.leaf.public_key,
        leaf_node_source=LeafNodeSource.commit,
        lifetime=None,
        parent_hash=hashed.leaf_parent_hash,
    )
    leaf_node = make_leaf_node(making, suite, leaf_node, provisional.group_id, leaf_index)
    new_tree = tree.with_path(leaf_index, leaf_node, hashed.parent_nodes)
    context = replace(provisional, tree_hash=new_tree.tree_hash).encode()

    def encrypted(step: PathStep, secret: bytes) -> tuple[HPKECiphertext, ...]:
        return tuple(
            encrypt_with_label(
                suite, tree.encryption_key(node), "UpdatePathNode", context, secret, random=making.maker.random
            )
            for node in recipients(step, new_leaves)
        )

    told = making.at(TOLD_PATH_SECRETS, secrets.nodes)
    nodes = tuple(
        UpdatePathNode(key, encrypted(step, secret)) for key, step, secret in zip(keys, path, told, strict=True)
    )
    return MadePath(UpdatePath(leaf_node, making.at(PATH_NODES, nodes)), new_tree, secrets.commit_secret)


def _fresh_secrets(making: Making, tree: RatchetTree, count: int) -> PathSecrets:
    suite, random = parameters(tree.cipher_suite), making.maker.random
    leaf = suite.new_hpke_key_pair(random)
    secrets = [random(suite.kdf.size)]
    for _ in range(count):
        secrets.append(next_path_secret(tree.cipher_suite, secrets[-1]))
    return PathSecrets(leaf, tuple(secrets[:-1]), secrets[-1])
