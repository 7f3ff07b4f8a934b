"""TreeKEM: a fresh secret for the group, told to all of it with few encryptions (RFC 9420, sections 7.4 to 7.6)."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.kem import KeyPair
from mimi_conformance.reference.mls.crypto.labelled import decrypt_with_label, derive_secret, encrypt_with_label
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.leaf_node_signature import signed_leaf_node
from mimi_conformance.reference.mls.tree.parent_hash import hashed_path
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, Node, common_ancestor, level, node_of
from mimi_conformance.reference.mls.tree.update_path import MergedPath, recipients
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode, LeafNodeSource
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.mls.tree import UpdatePath, UpdatePathNode

_LABEL = "UpdatePathNode"


class TreeKEMRule(Rule):
    """What a member checks of the secrets it is told."""

    RECIPIENT = RuleText(
        "RFC 9420, section 7.5", "A member has the private key of a node that the path secret is encrypted to."
    )
    DECRYPTION = RuleText("RFC 9420, section 7.5", "The path secret decrypts.")
    PUBLIC_KEYS = RuleText(
        "RFC 9420, sections 7.5 and 12.4.3.1", "The keys that follow from a path secret are those of the tree's nodes."
    )


class TreeKEMError(RuleError):
    """Secrets from somebody else break a `TreeKEMRule`.

    Attributes:
        node: the node where they do.

    """

    def __init__(self, rule: TreeKEMRule, node: Node, value: object) -> None:
        super().__init__(rule, value, f"node {node} of the tree")
        self.node = node


def node_key_pair(cipher_suite: CipherSuite, path_secret: bytes) -> KeyPair:
    """The key pair of the node that a path secret is for (RFC 9420, section 7.4)."""
    return parameters(cipher_suite).kem.derive_key_pair(derive_secret(cipher_suite, path_secret, "node"))


def next_path_secret(cipher_suite: CipherSuite, path_secret: bytes) -> bytes:
    """The path secret of the next node up; above the last one, the commit secret (RFC 9420, sections 7.4, 12.4.1)."""
    return derive_secret(cipher_suite, path_secret, "path")


@dataclass(frozen=True, slots=True)
class TreeKEMPrivate:
    """What a member knows of the tree that others don't: the private keys of its leaf and of parents above it.

    A value that never changes. Whoever processes a Commit keeps the new one and drops the old one, and with it the keys
    that must be deleted (RFC 9420, section 7.5).

    Attributes:
        leaf_index: the member's leaf.
        private_keys: HPKE private keys by node.

    """

    leaf_index: LeafIndex
    private_keys: Mapping[Node, bytes] = field(repr=False)

    @classmethod
    def of_leaf(cls, leaf_index: LeafIndex, private_key: bytes) -> "TreeKEMPrivate":
        """What the creator of a group knows, or a member that has just been added."""
        return cls(leaf_index, MappingProxyType({node_of(leaf_index): private_key}))

    def with_leaf_key(self, private_key: bytes) -> "TreeKEMPrivate":
        """What the member knows when its LeafNode has been replaced, as by an Update."""
        return replace(
            self, private_keys=MappingProxyType({**self.private_keys, node_of(self.leaf_index): private_key})
        )

    def kept_for(self, tree: RatchetTree) -> "TreeKEMPrivate":
        """What the member still has a use for: not the keys of nodes that have become blank."""
        known = self.private_keys.items()
        return replace(
            self, private_keys=MappingProxyType({node: key for node, key in known if not tree.is_blank(node)})
        )

    def with_path_secret(self, tree: RatchetTree, node: Node, path_secret: bytes) -> tuple["TreeKEMPrivate", bytes]:
        """What the member knows when it is told the path secret of a node above its leaf, and the commit secret.

        From that secret follow the private keys of the node and of all parents above it that are not blank. So does a
        new member learn its keys (RFC 9420, section 12.4.3.1), where the node is the common ancestor of its leaf and
        the committer's, and so does everybody when a path has been merged.

        Raises:
            TreeKEMError: a public key that follows from the secret is not the one in the tree.

        """
        if tree.is_blank(node):
            raise TreeKEMError(TreeKEMRule.PUBLIC_KEYS, node, None)
        private_keys = dict(self.kept_for(tree).private_keys)
        for parent in (step.parent for step in tree.direct_path(self.leaf_index)):
            if parent.value is not None and level(parent.node) >= level(node):
                key_pair = node_key_pair(tree.cipher_suite, path_secret)
                if key_pair.public_key != parent.value.encryption_key:
                    raise TreeKEMError(TreeKEMRule.PUBLIC_KEYS, parent.node, key_pair.public_key)
                private_keys[parent.node] = key_pair.private_key
                path_secret = next_path_secret(tree.cipher_suite, path_secret)
        return replace(self, private_keys=MappingProxyType(private_keys)), path_secret


@dataclass(frozen=True, slots=True)
class CreatedPath:
    """An update path and what its sender knows.

    Attributes:
        update_path: the path to send.
        tree: the tree with it.
        private: what the sender knows of that tree.
        path_secrets: the path secret of each node of the path.
        commit_secret: what the path adds to the key schedule.

    """

    update_path: UpdatePath
    tree: RatchetTree
    private: TreeKEMPrivate
    path_secrets: Mapping[Node, bytes] = field(repr=False)
    commit_secret: bytes = field(repr=False)

    def path_secret_for(self, new_member: LeafIndex) -> bytes:
        """The path secret that the Welcome tells a new member: that of the lowest parent above both of them."""
        return self.path_secrets[common_ancestor(self.private.leaf_index, new_member)]


def create_update_path(
    tree: RatchetTree,
    sender: LeafIndex,
    leaf_node: LeafNode,
    signature_private_key: bytes,
    *,
    group_context: GroupContext,
    new_leaves: AbstractSet[LeafIndex] = frozenset(),
    random: Random,
) -> CreatedPath:
    """Make an update path for a tree to which the proposals of a Commit have been applied (RFC 9420, section 7.5).

    ``random`` is asked for the secret of the leaf's key pair, for the first path secret, and for that of each
    ciphertext, in this order. A path without nodes, which only the last member of a group sends, has the path secret
    that a first node would have had as its commit secret.

    Args:
        tree: that tree; with a blank leaf for the sender, if its Commit is external.
        sender: the sender's leaf.
        leaf_node: what the sender's new LeafNode says, apart from its encryption key, its source and its signature.
        signature_private_key: the private key of its `signature_key`.
        group_context: the provisional GroupContext; its tree hash doesn't count, as the path itself changes it.
        new_leaves: the leaves of the members that the Commit adds, to which no path secret is encrypted.
        random: the source of all secrets.

    Raises:
        PrimitiveError: the tree has a key that is none.
        InvalidKeyError: the private key is none of the suite's signature scheme.
        NoSuchNodeError: the tree is too small for the sender's leaf.

    """
    suite, path = parameters(tree.cipher_suite), tree.filtered_direct_path(sender)
    leaf_key_pair = suite.new_hpke_key_pair(random)
    path_secret = random(suite.kdf.size)
    path_secrets: dict[Node, bytes] = {}
    for step in path:
        path_secrets[step.parent.node] = path_secret
        path_secret = next_path_secret(tree.cipher_suite, path_secret)
    key_pairs = {node: node_key_pair(tree.cipher_suite, secret) for node, secret in path_secrets.items()}
    hashed = hashed_path(path, [key_pair.public_key for key_pair in key_pairs.values()])
    unsigned = replace(
        leaf_node,
        encryption_key=leaf_key_pair.public_key,
        leaf_node_source=LeafNodeSource.commit,
        lifetime=None,
        parent_hash=hashed.leaf_parent_hash,
    )
    new_leaf_node = signed_leaf_node(
        tree.cipher_suite, unsigned, signature_private_key, group_id=group_context.group_id, leaf_index=sender
    )
    new_tree = tree.with_path(sender, new_leaf_node, hashed.parent_nodes)
    context = _encryption_context(group_context, new_tree)

    def encrypted_to(node: Node, path_secret: bytes) -> HPKECiphertext:
        public_key = tree.encryption_key(node)
        return encrypt_with_label(tree.cipher_suite, public_key, _LABEL, context, path_secret, random=random)

    nodes = tuple(
        UpdatePathNode(
            key_pairs[step.parent.node].public_key,
            tuple(encrypted_to(node, path_secrets[step.parent.node]) for node in recipients(step, new_leaves)),
        )
        for step in path
    )
    key_pairs[node_of(sender)] = leaf_key_pair
    return CreatedPath(
        UpdatePath(new_leaf_node, nodes),
        new_tree,
        TreeKEMPrivate(sender, MappingProxyType({node: pair.private_key for node, pair in key_pairs.items()})),
        MappingProxyType(path_secrets),
        commit_secret=path_secret,
    )


@dataclass(frozen=True, slots=True)
class ReceivedPath:
    """What a member learns from an update path.

    Attributes:
        private: what it knows of the tree with the path.
        path_secret: the path secret it was told.
        commit_secret: what the path adds to the key schedule.

    """

    private: TreeKEMPrivate
    path_secret: bytes = field(repr=False)
    commit_secret: bytes = field(repr=False)


def receive_update_path(merged: MergedPath, private: TreeKEMPrivate, group_context: GroupContext) -> ReceivedPath:
    """Decrypt a member's path secret and derive all that follows from it (RFC 9420, section 7.5).

    Args:
        merged: the path, in the tree.
        private: what the member knew so far.
        group_context: the provisional GroupContext; its tree hash doesn't count, that of the tree with the path does.

    Raises:
        TreeKEMError: the path has no secret for this member, or a wrong one.

    """
    node = common_ancestor(merged.sender, private.leaf_index)
    context = _encryption_context(group_context, merged.tree)
    path_secret = _decrypted(merged, node, private, context)
    new_private, commit_secret = private.with_path_secret(merged.tree, node, path_secret)
    return ReceivedPath(new_private, path_secret, commit_secret)


def _decrypted(merged: MergedPath, node: Node, private: TreeKEMPrivate, context: bytes) -> bytes:
    """The path secret of a node, with the first private key that opens one of its ciphertexts."""
    for merged_node in merged.nodes:
        if merged_node.node != node:
            continue
        for recipient, ciphertext in zip(merged_node.recipients, merged_node.encrypted_path_secret, strict=True):
            private_key = private.private_keys.get(recipient)
            if private_key is not None:
                try:
                    return decrypt_with_label(merged.tree.cipher_suite, private_key, _LABEL, context, ciphertext)
                except PrimitiveError as error:
                    raise TreeKEMError(TreeKEMRule.DECRYPTION, node, str(error)) from error
    raise TreeKEMError(TreeKEMRule.RECIPIENT, node, private.leaf_index)


def _encryption_context(group_context: GroupContext, tree: RatchetTree) -> bytes:
    """What path secrets are bound to: the provisional GroupContext, with the hash of the tree with the path."""
    return replace(group_context, tree_hash=tree.tree_hash).encode()
