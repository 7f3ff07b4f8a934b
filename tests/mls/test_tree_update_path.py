"""Each rule about update paths, broken alone; nobody needs a secret to see it."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.tree.tree_math import node_of
from mimi_conformance.reference.mls.tree.update_path import UpdatePathError, UpdatePathRule, merge_update_path
from tests.mls.tree_examples import client, path_from, tree_of

TREE = path_from(tree_of(4), 1).tree
PATH = path_from(TREE, 0).update_path


def test_a_valid_path_is_merged_and_says_to_whom_its_secrets_go():
    merged = merge_update_path(TREE, 0, PATH)
    assert [(node.node, node.recipients) for node in merged.nodes] == [(1, (2,)), (3, (4, 6))]
    assert merged.tree.leaf(0) == PATH.leaf_node
    for node, sent in zip(merged.nodes, PATH.nodes, strict=True):
        assert merged.tree.encryption_key(node.node) == node.encryption_key == sent.encryption_key
    assert merged.before is TREE


def with_nodes(*nodes):
    return replace(PATH, nodes=nodes)


def with_key(path, position, key):
    nodes = list(path.nodes)
    nodes[position] = replace(nodes[position], encryption_key=key)
    return replace(path, nodes=tuple(nodes))


def without_ciphertext(node):
    return replace(node, encrypted_path_secret=node.encrypted_path_secret[1:])


LOWER, UPPER = PATH.nodes
BROKEN = {
    "too short": (with_nodes(LOWER), UpdatePathRule.LENGTH, None),
    "too long": (with_nodes(LOWER, UPPER, UPPER), UpdatePathRule.LENGTH, None),
    "a ciphertext missing": (with_nodes(LOWER, without_ciphertext(UPPER)), UpdatePathRule.CIPHERTEXTS, 3),
    "a ciphertext too many": (
        with_nodes(replace(LOWER, encrypted_path_secret=LOWER.encrypted_path_secret * 2), UPPER),
        UpdatePathRule.CIPHERTEXTS,
        1,
    ),
    "a key of a leaf": (with_key(PATH, 0, TREE.encryption_key(node_of(3))), UpdatePathRule.KEYS_NEW, 1),
    "a key that it replaces": (with_key(PATH, 1, TREE.encryption_key(3)), UpdatePathRule.KEYS_NEW, 3),
    "the sender's old key": (
        replace(PATH, leaf_node=replace(PATH.leaf_node, encryption_key=TREE.encryption_key(0))),
        UpdatePathRule.KEYS_NEW,
        0,
    ),
    "a key twice": (with_key(PATH, 1, LOWER.encryption_key), UpdatePathRule.KEYS_UNIQUE, 3),
    "the leaf's key again": (with_key(PATH, 0, PATH.leaf_node.encryption_key), UpdatePathRule.KEYS_UNIQUE, 1),
    "a new key that the parent hash doesn't know": (with_key(PATH, 1, b"key"), UpdatePathRule.PARENT_HASH, 0),
    "another parent hash": (
        replace(PATH, leaf_node=replace(PATH.leaf_node, parent_hash=bytes(32))),
        UpdatePathRule.PARENT_HASH,
        0,
    ),
    "no parent hash": (
        replace(PATH, leaf_node=client(0).changed(encryption_key=b"key")),
        UpdatePathRule.PARENT_HASH,
        0,
    ),
}


@pytest.mark.parametrize(("path", "rule", "node"), BROKEN.values(), ids=BROKEN)
def test_a_path_that_breaks_a_rule_is_refused_by_its_name(path, rule, node):
    with pytest.raises(UpdatePathError) as caught:
        merge_update_path(TREE, 0, path)
    assert (caught.value.rule, caught.value.node) == (rule, node)


def test_new_members_are_left_out_of_the_recipients():
    tree, leaf_index = TREE.add(client(5).leaf_node)
    path = path_from(tree, 0, new_leaves={leaf_index}).update_path
    merged = merge_update_path(tree, 0, path, {leaf_index})
    assert [(node.node, node.recipients) for node in merged.nodes] == [(1, (2,)), (3, (4, 6)), (7, ())]
    with pytest.raises(UpdatePathError) as caught:
        merge_update_path(tree, 0, path)
    assert (caught.value.rule, caught.value.node) == (UpdatePathRule.CIPHERTEXTS, 7)


def test_every_rule_is_tried():
    assert {rule for _, rule, _ in BROKEN.values()} == set(UpdatePathRule)
