"""Each rule about trees, broken, and what changes of a tree the parent hashes let nobody make."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mimi_conformance.reference.mls.tree.parent_hash import nodes_set_with
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_validation import TreeError, TreeRule, check_tree
from mimi_conformance.reference.wire.mls import tree as wire
from tests.mls.tree_examples import SUITE, client, path_from, tree_of

A, B, C, D, E, F, G, H = range(8)


def tree_with_unmerged_leaves() -> RatchetTree:
    """H has set nodes 13, 11 and 7; then C and E were added: C is unmerged at 7, E at 7 and 11."""
    tree = path_from(tree_of(8).remove(C).remove(E), H).tree
    for number in (10, 11):
        tree, _ = tree.add(client(number).leaf_node)
    return tree


TREE = tree_with_unmerged_leaves()


def with_parent(node: int, tree: RatchetTree = TREE, **changes: object) -> RatchetTree:
    nodes = list(tree.to_wire().nodes)
    nodes[node] = replace(nodes[node], parent_node=replace(nodes[node].parent_node, **changes))
    return RatchetTree.from_wire(SUITE, wire.RatchetTree(tuple(nodes)))


def with_blank(node: int) -> RatchetTree:
    nodes = list(TREE.to_wire().nodes)
    nodes[node] = None
    return RatchetTree.from_wire(SUITE, wire.RatchetTree(tuple(nodes)))


BROKEN = {
    "unmerged leaves the wrong way round": (with_parent(7, unmerged_leaves=(E, C)), TreeRule.UNMERGED_SORTED, 7),
    "an unmerged leaf twice": (with_parent(11, unmerged_leaves=(E, E)), TreeRule.UNMERGED_SORTED, 11),
    "an unmerged leaf of somewhere else": (with_parent(11, unmerged_leaves=(C, E)), TreeRule.UNMERGED_DESCEND, 11),
    "an unmerged leaf outside the tree": (with_parent(7, unmerged_leaves=(C, E, 8)), TreeRule.UNMERGED_DESCEND, 7),
    "an unmerged leaf without a member": (with_blank(2 * C), TreeRule.UNMERGED_NOT_BLANK, 2 * C),
    "an unmerged leaf that is merged in between": (with_parent(11, unmerged_leaves=()), TreeRule.UNMERGED_BETWEEN, 11),
    "two parents with one key": (
        with_parent(13, encryption_key=TREE.encryption_key(11)),
        TreeRule.PARENT_KEY_UNIQUE,
        11,
    ),
    "a parent with a leaf's key": (
        with_parent(7, encryption_key=TREE.encryption_key(0)),
        TreeRule.PARENT_KEY_UNIQUE,
        7,
    ),
    "a parent with a key that nobody set": (with_parent(11, encryption_key=b"mine"), TreeRule.PARENT_HASH, 11),
    "a parent with another parent hash": (with_parent(13, parent_hash=bytes(32)), TreeRule.PARENT_HASH, 11),
    "a member that is said to be unmerged": (with_parent(7, unmerged_leaves=(B, C, E)), TreeRule.PARENT_HASH, 7),
}


@pytest.mark.parametrize(("tree", "rule", "node"), BROKEN.values(), ids=BROKEN)
def test_a_tree_that_breaks_a_rule_is_refused_by_its_name(tree, rule, node):
    with pytest.raises(TreeError, match=f"In node {node} of the tree: ") as caught:
        check_tree(tree, tree.tree_hash)
    assert (caught.value.rule, caught.value.node) == (rule, node)


def test_a_tree_with_another_hash_than_the_group_s_is_refused():
    check_tree(TREE, TREE.tree_hash)
    with pytest.raises(TreeError) as caught:
        check_tree(TREE, bytes(32))
    assert (caught.value.rule, caught.value.value) == (TreeRule.TREE_HASH, TREE.tree_hash)


def test_every_rule_is_tried():
    assert {rule for _, rule, _ in BROKEN.values()} | {TreeRule.TREE_HASH} == set(TreeRule)


def test_a_parent_is_linked_only_if_all_others_below_were_added_since():
    tree, _ = path_from(tree_of(8).remove(C), D).tree.add(client(10).leaf_node)
    assert (tree.subtree(3).resolution, tree.subtree(7).value.unmerged_leaves) == ((3, 2 * C), (C,))
    assert nodes_set_with(tree.subtree(7)) == (3,)
    for unmerged_leaves in ((), (B,), (B, C)):
        assert nodes_set_with(with_parent(7, tree, unmerged_leaves=unmerged_leaves).subtree(7)) == ()


def test_the_links_of_the_example_of_the_rfc():
    """RFC 9420, appendix B: of the links between parents, that from X' to Y' is the one that doesn't hold."""
    tree = path_from(tree_of(1).add(client(B).leaf_node)[0], A).tree
    for number in (C, D):
        tree, _ = tree.add(client(number).leaf_node)
    tree = path_from(path_from(tree, B).tree, C).tree
    x, y, z = 1, 3, 5
    assert [nodes_set_with(tree.subtree(node)) for node in (x, y, z)] == [(2 * B,), (z,), (2 * C,)]
    check_tree(tree, tree.tree_hash)


@st.composite
def trees(draw):
    """Valid trees in which at least one parent is not blank."""
    tree = tree_of(draw(st.integers(2, 9)))
    for sender, change in draw(
        st.lists(st.tuples(st.integers(0, 8), st.sampled_from(["path", "replace"])), min_size=1)
    ):
        members = [leaf_index for leaf_index, _ in tree.members()]
        leaf_index = members[sender % len(members)]
        if change == "path":
            tree = path_from(tree, leaf_index, new_leaves=set(range(tree.leaf_count))).tree
        else:
            tree, _ = tree.remove(leaf_index).add(tree.member(leaf_index))
    assume(any(node is not None and node.parent_node is not None for node in tree.to_wire().nodes))
    return tree


@given(trees(), st.data())
@settings(deadline=None)
def test_nobody_can_change_a_parent_unnoticed(tree, data):
    check_tree(tree, tree.tree_hash)
    nodes = list(tree.to_wire().nodes)
    parents = [number for number, node in enumerate(nodes) if node is not None and node.parent_node is not None]
    number = data.draw(st.sampled_from(parents))
    parent = nodes[number].parent_node
    changed = data.draw(
        st.one_of(
            st.builds(lambda key: replace(parent, encryption_key=key), st.binary()),
            st.builds(lambda value: replace(parent, parent_hash=value), st.binary()),
            st.builds(
                lambda leaf: replace(parent, unmerged_leaves=tuple(sorted({leaf} ^ set(parent.unmerged_leaves)))),
                st.integers(0, 2 * tree.leaf_count),
            ),
        ).filter(lambda changed: changed != parent)
    )
    nodes[number] = replace(nodes[number], parent_node=changed)
    other = RatchetTree.from_wire(SUITE, wire.RatchetTree(tuple(nodes)))
    with pytest.raises(TreeError):
        check_tree(other, other.tree_hash)
