"""Violations of a Commit's update path (RFC 9420, sections 7.4 to 7.6 and 12.4)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.steps import (
    HAS_PATH,
    LEAF_NODE,
    PATH_KEYS,
    PATH_NODES,
    PATH_SECRETS,
    TOLD_PATH_SECRETS,
    PathSecrets,
)
from mimi_conformance.mocks.malformed.violations.registry import MEMBER, violation
from mimi_conformance.mocks.malformed.violations.tampering import flipped
from mimi_conformance.reference.mls.crypto.kem import KeyPair
from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyRule
from mimi_conformance.reference.mls.group.commit_rules import CommitRule
from mimi_conformance.reference.mls.tree.treekem import TreeKEMRule, node_key_pair
from mimi_conformance.reference.mls.tree.update_path import UpdatePathRule
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode, LeafNodeSource
from mimi_conformance.reference.wire.mls.tree import UpdatePathNode

Nodes = tuple[UpdatePathNode, ...]


@violation(CommitRule.PATH_PRESENT, at=HAS_PATH)
def missing_path(_has_path: bool, maker: Maker) -> bool:
    """A member's Commit without a path although it covers nothing, or something that requires one."""
    if maker.sender.leaf_index is None:
        raise CannotMakeError("Only a member's Commit has a sender without its path.")
    return False


@violation(UpdatePathRule.PARENT_HASH, at=LEAF_NODE)
def bad_parent_hash(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
    """A path whose LeafNode has a parent hash that is not that of the path."""
    if leaf_node.leaf_node_source is not LeafNodeSource.commit:
        raise CannotMakeError("Only the LeafNode of a path has a parent hash.")
    return replace(leaf_node, parent_hash=flipped(leaf_node.parent_hash))


@violation(UpdatePathRule.LENGTH, at=PATH_NODES)
def path_too_short(nodes: Nodes, _maker: Maker) -> Nodes:
    """A path without its last node."""
    return _present(nodes)[:-1]


@violation(UpdatePathRule.LENGTH, at=PATH_NODES)
def path_too_long(nodes: Nodes, maker: Maker) -> Nodes:
    """A path with one more node, of a key that is in no other."""
    key = node_key_pair(maker.public.context.cipher_suite, maker.random(32)).public_key
    return (*nodes, UpdatePathNode(key, ()))


@violation(UpdatePathRule.CIPHERTEXTS, at=PATH_NODES)
def path_secret_not_told_to_somebody(nodes: Nodes, _maker: Maker) -> Nodes:
    """A path whose last node lacks a ciphertext."""
    *others, last = _present(nodes)
    return (*others, replace(last, encrypted_path_secret=last.encrypted_path_secret[:-1]))


@violation(UpdatePathRule.CIPHERTEXTS, at=PATH_NODES)
def path_secret_told_to_somebody_more(nodes: Nodes, _maker: Maker) -> Nodes:
    """A path whose first node has one ciphertext more than there are readers."""
    first, *others = _present(nodes)
    more = (*first.encrypted_path_secret, first.encrypted_path_secret[0])
    return (replace(first, encrypted_path_secret=more), *others)


@violation(UpdatePathRule.KEYS_NEW, at=PATH_SECRETS)
def path_with_the_key_of_another_member(secrets: PathSecrets, maker: Maker) -> PathSecrets:
    """A path whose LeafNode has the encryption key of another member."""
    for leaf_index, leaf_node in maker.public.tree.members():
        if leaf_index != maker.sender.leaf_index:
            return secrets._replace(leaf=KeyPair(b"", leaf_node.encryption_key))
    raise CannotMakeError("There is no other member.")


@violation(UpdatePathRule.KEYS_UNIQUE, at=PATH_SECRETS)
def path_with_a_key_twice(secrets: PathSecrets, maker: Maker) -> PathSecrets:
    """A path whose LeafNode has the encryption key of the path's first node."""
    if not secrets.nodes:
        raise CannotMakeError("The path has no nodes.")
    return secrets._replace(leaf=node_key_pair(maker.public.context.cipher_suite, secrets.nodes[0]))


@violation(PublicKeyRule.PATH_KEY, at=PATH_KEYS)
def path_with_a_malformed_key(keys: tuple[bytes, ...], _maker: Maker) -> tuple[bytes, ...]:
    """A path whose last node has a public key that is a byte short."""
    if not keys:
        raise CannotMakeError("The path has no nodes.")
    return (*keys[:-1], keys[-1][:-1])


@violation(TreeKEMRule.DECRYPTION, at=PATH_NODES, seen_by=MEMBER)
def path_secrets_that_do_not_decrypt(nodes: Nodes, _maker: Maker) -> Nodes:
    """A path whose ciphertexts somebody has changed."""

    def changed(node: UpdatePathNode) -> UpdatePathNode:
        ciphertexts = (replace(item, ciphertext=flipped(item.ciphertext)) for item in node.encrypted_path_secret)
        return replace(node, encrypted_path_secret=tuple(ciphertexts))

    return tuple(map(changed, _present(nodes)))


@violation(TreeKEMRule.PUBLIC_KEYS, at=TOLD_PATH_SECRETS, seen_by=MEMBER)
def path_secrets_of_other_keys(secrets: tuple[bytes, ...], maker: Maker) -> tuple[bytes, ...]:
    """A path that tells its readers secrets from which other keys follow than those in its nodes."""
    return tuple(maker.random(len(secret)) for secret in secrets)


def _present(nodes: Nodes) -> Nodes:
    if not nodes:
        raise CannotMakeError("The path has no nodes.")
    return nodes
