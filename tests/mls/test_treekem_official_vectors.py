"""The official TreeKEM vectors: their paths processed by every member, and paths of our own by the same members."""

import random

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.tree.leaf_node_signature import leaf_node_signature_verifies
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import node_of
from mimi_conformance.reference.mls.tree.tree_validation import check_tree
from mimi_conformance.reference.mls.tree.treekem import (
    TreeKEMPrivate,
    create_update_path,
    node_key_pair,
    receive_update_path,
)
from mimi_conformance.reference.mls.tree.update_path import merge_update_path
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.group import GroupContext
from tests.mls.official_vectors import Kind, octets, official, suite_of


def start(vector):
    """The tree, what each member knows of it, its signature key, and the GroupContext."""
    suite = suite_of(vector)
    (encoded,) = octets(vector, "ratchet_tree")
    tree = RatchetTree.from_wire(suite, wire.RatchetTree.decode(encoded))
    members, signature_keys = {}, {}
    for leaf in vector["leaves_private"]:
        private_key, signature_keys[leaf["index"]] = octets(leaf, "encryption_priv", "signature_priv")
        private_keys = {node_of(leaf["index"]): private_key}
        for known in leaf["path_secrets"]:
            private_keys[known["node"]] = node_key_pair(suite, *octets(known, "path_secret")).private_key
        members[leaf["index"]] = TreeKEMPrivate(leaf["index"], private_keys)
    group_id, confirmed_transcript_hash = octets(vector, "group_id", "confirmed_transcript_hash")
    context = GroupContext(
        cipher_suite=suite,
        group_id=group_id,
        epoch=vector["epoch"],
        tree_hash=tree.tree_hash,
        confirmed_transcript_hash=confirmed_transcript_hash,
        extensions=(),
    )
    return tree, members, signature_keys, context


def others(members, sender):
    return {index: private for index, private in members.items() if index != sender}


def assert_keys_fit(tree, private):
    kem = parameters(tree.cipher_suite).kem
    for node, private_key in private.private_keys.items():
        assert kem.public_key(private_key) == tree.encryption_key(node)


@official(Kind.TREEKEM)
def test_the_private_keys_of_the_vectors_are_those_of_the_tree(vector):
    tree, members, _, _ = start(vector)
    assert [index for index, _ in tree.members()] == sorted(members)
    for private in members.values():
        assert_keys_fit(tree, private)


@official(Kind.TREEKEM)
def test_every_member_learns_what_the_paths_of_the_vectors_tell_it(vector):
    tree, members, _, context = start(vector)
    for path in vector["update_paths"]:
        sender = path["sender"]
        update_path = wire.UpdatePath.decode(*octets(path, "update_path"))
        merged = merge_update_path(tree, sender, update_path)
        check_tree(merged.tree, bytes.fromhex(path["tree_hash_after"]))
        assert leaf_node_signature_verifies(
            tree.cipher_suite, update_path.leaf_node, group_id=context.group_id, leaf_index=sender
        )
        for index, private in others(members, sender).items():
            received = receive_update_path(merged, private, context)
            assert received.path_secret.hex() == path["path_secrets"][index]
            assert received.commit_secret.hex() == path["commit_secret"]
            assert_keys_fit(merged.tree, received.private)
    assert start(vector)[0].to_wire() == tree.to_wire()


@official(Kind.TREEKEM)
def test_every_member_of_the_vectors_learns_the_secret_of_our_paths(vector):
    tree, members, signature_keys, context = start(vector)
    for path in vector["update_paths"]:
        sender = path["sender"]
        created = create_update_path(
            tree,
            sender,
            tree.member(sender),
            signature_keys[sender],
            group_context=context,
            random=random.Random(sender).randbytes,
        )
        assert_keys_fit(created.tree, created.private)
        decoded = wire.UpdatePath.decode(created.update_path.encode())
        merged = merge_update_path(tree, sender, decoded)
        assert merged.tree.tree_hash == created.tree.tree_hash
        check_tree(merged.tree, created.tree.tree_hash)
        assert leaf_node_signature_verifies(
            tree.cipher_suite, decoded.leaf_node, group_id=context.group_id, leaf_index=sender
        )
        for private in others(members, sender).values():
            received = receive_update_path(merged, private, context)
            assert received.commit_secret == created.commit_secret
            assert_keys_fit(merged.tree, received.private)
