"""The ratchet tree: the examples of RFC 9420, and what its operations refuse."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.tree import tree_math
from mimi_conformance.reference.mls.tree.ratchet_tree import NoMemberError, RatchetTree, RatchetTreeRule
from mimi_conformance.reference.mls.tree.tree_math import NoSuchNodeError, node_of
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.tree import NodeType, ParentNode
from tests.mls.tree_examples import SUITE, client, path_from, tree_of

A, B, C, D, E, F, G, H = range(8)


def committed(tree: RatchetTree, sender: int) -> RatchetTree:
    return path_from(tree, sender).tree


def filtered(tree: RatchetTree, leaf_index: int) -> list[int]:
    return [step.parent.node for step in tree.filtered_direct_path(leaf_index)]


def leaf_entry(number):
    return wire.Node(node_type=NodeType.leaf, leaf_node=client(number).leaf_node)


def test_the_filtered_direct_paths_of_the_complete_tree_with_five_members():
    """RFC 9420, section 4.1.2, with the origin of its tree from appendix A."""
    tree = committed(tree_of(7), F)
    tree = committed(tree.remove(C).remove(D), G)
    tree = committed(tree, B)
    t, u, v, w, x, y, z = 1, 3, 5, 7, 9, 11, 13
    assert [node for node in (t, u, v, w, x, y, z) if not tree.is_blank(node)] == [t, w, x, y]
    assert [filtered(tree, leaf) for leaf in (A, B, E, F, G)] == [[t, w], [t, w], [x, y, w], [x, y, w], [y, w]]
    assert [step.copath_child.node for step in tree.direct_path(A)] == [node_of(B), v, y]
    assert [step.copath_child.node for step in tree.direct_path(G)] == [node_of(H), x, u]


def test_the_resolutions_of_the_tree_with_blanks_and_unmerged_leaves():
    """RFC 9420, section 4.1.1, with the origin of its tree from appendix A; I stands for those outside the subtree."""
    i = 8
    tree = committed(tree_of(9), F)
    tree = committed(tree.remove(B).remove(C), D)
    tree = committed(tree.remove(G), i)
    tree, leaf_index = tree.add(client(B).leaf_node)
    assert leaf_index == B
    x, y, top = 3, 9, 7
    assert tree.subtree(x).resolution == (x, node_of(B))
    assert tree.subtree(node_of(C)).resolution == tree.subtree(node_of(G)).resolution == ()
    assert tree.subtree(top).resolution == (x, node_of(B), y, node_of(H))


def test_a_tree_is_extended_for_a_member_that_has_no_room_and_truncated_after_one_that_leaves():
    tree = committed(tree_of(2), A)
    larger, leaf_index = tree.add(client(C).leaf_node)
    assert (leaf_index, larger.leaf_count, larger.member_count) == (C, 4, 3)
    assert larger.is_blank(3)
    assert larger.remove(C).to_wire() == tree.to_wire()
    assert tree_of(5).remove(E).leaf_count == 4
    assert tree_of(5).remove(D).leaf_count == 8
    assert tree_of(5).remove(D).remove(B).remove(C).remove(E).leaf_count == 1
    assert tree_of(1).remove(A).leaf_count == 1


def test_the_leftmost_blank_leaf_is_filled_first():
    tree = tree_of(6).remove(B).remove(E)
    tree, first = tree.add(client(10).leaf_node)
    tree, second = tree.add(client(11).leaf_node)
    tree, third = tree.add(client(12).leaf_node)
    assert (first, second, third) == (B, E, G)
    assert [index for index, _ in tree.members()] == [A, B, C, D, E, F, G]


def test_a_new_leaf_is_unmerged_where_there_is_a_parent_and_sorted_in():
    tree = committed(tree_of(8).remove(C).remove(E), H)
    for number in (10, 11):
        tree, _ = tree.add(client(number).leaf_node)
    assert {node: tree.subtree(node).value.unmerged_leaves for node in (7, 11, 13)} == {7: (C, E), 11: (E,), 13: ()}


def test_a_new_leaf_is_sorted_in_also_where_a_later_one_was_filled_first():
    tree = committed(tree_of(4).remove(B).remove(C), D)
    nodes = list(tree.add(client(10).leaf_node)[0].add(client(11).leaf_node)[0].to_wire().nodes)
    nodes[node_of(B)] = None
    nodes[3] = replace(nodes[3], parent_node=replace(nodes[3].parent_node, unmerged_leaves=(C,)))
    tree, leaf_index = RatchetTree.from_wire(SUITE, wire.RatchetTree(tuple(nodes))).add(client(12).leaf_node)
    assert (leaf_index, tree.subtree(3).value.unmerged_leaves) == (B, (B, C))


def test_a_parent_without_members_below_counts_for_the_filtered_direct_path():
    """No valid tree has one, but what a resolution is does not depend on that."""
    parent = wire.Node(node_type=NodeType.parent, parent_node=ParentNode(b"key", b"", ()))
    tree = RatchetTree.from_wire(SUITE, wire.RatchetTree((leaf_entry(0), None, None, None, None, parent)))
    assert filtered(tree, A) == [3]


def test_a_commit_makes_new_nodes_along_one_path_only():
    before = committed(tree_of(64), A)
    after = committed(before, 40)
    new = {node for node in range(127) if after.subtree(node) is not before.subtree(node)}
    assert new == {node_of(40), *tree_math.direct_path(node_of(40), 64)}


def test_blank_subtrees_take_no_memory_but_for_their_heads():
    tree = RatchetTree.from_wire(SUITE, wire.RatchetTree((*[None] * 2**16, leaf_entry(0))))
    assert (tree.leaf_count, tree.member_count) == (2**16, 1)
    assert tree.subtree(tree_math.left(tree.root.node)).children is None
    assert tree.to_wire().nodes[-1] == leaf_entry(0)
    extended, _ = tree_of(8).with_blank_leaf()
    assert extended.subtree(23).children is None


def test_who_holds_a_key_is_known_after_every_operation():
    tree = committed(tree_of(4), A)
    old = tree.encryption_key(3)
    assert tree.encryption_keys.nodes_with(old) == (3,)
    assert committed(tree, B).encryption_keys.nodes_with(old) == ()
    assert tree.remove(D).encryption_keys.nodes_with(client(D).leaf_node.encryption_key) == ()
    twice, _ = tree.add(client(D).leaf_node)
    assert twice.signature_keys.nodes_with(client(D).leaf_node.signature_key) == (node_of(D), node_of(E))


def test_a_parent_that_no_valid_tree_has_is_forgotten_with_the_half_that_is_cut_off():
    nodes = [None] * 7
    nodes[0], nodes[4] = leaf_entry(0), leaf_entry(2)
    nodes[1] = wire.Node(node_type=NodeType.parent, parent_node=ParentNode(b"key", b"", ()))
    tree = RatchetTree.from_wire(SUITE, wire.RatchetTree(tuple(nodes[:5]))).remove(2)
    assert tree.leaf_count == 1
    assert tree.encryption_keys.nodes_with(b"key") == ()


@pytest.mark.parametrize(
    ("nodes", "rule", "place"),
    [
        ((), RatchetTreeRule.LAST_NODE, "an empty tree"),
        ((leaf_entry(0), None), RatchetTreeRule.LAST_NODE, "node 1"),
        ((leaf_entry(0), leaf_entry(1)), RatchetTreeRule.NODE_TYPE, "node 1"),
        (
            (wire.Node(node_type=NodeType.parent, parent_node=ParentNode(b"", b"", ())),),
            RatchetTreeRule.NODE_TYPE,
            "node 0",
        ),
    ],
)
def test_what_stands_for_no_tree_is_refused(nodes, rule, place):
    with pytest.raises(RuleError, match=place) as caught:
        RatchetTree.from_wire(SUITE, wire.RatchetTree(nodes))
    assert caught.value.rule is rule


def test_operations_on_leaves_without_a_member_are_refused():
    tree = tree_of(3)
    for leaf_index in (3, 4, 2**32 - 1):
        assert tree.leaf(leaf_index) is None
        for operation in (tree.member, tree.remove, lambda index: tree.update(index, client(9).leaf_node)):
            with pytest.raises(NoMemberError, match=f"There is no member at leaf {leaf_index}") as caught:
                operation(leaf_index)
            assert caught.value.leaf_index == leaf_index


def test_nodes_that_are_not_there_have_no_key_and_no_path():
    tree = tree_of(3)
    with pytest.raises(NoSuchNodeError, match="Node 3 is blank and has no key"):
        tree.encryption_key(3)
    with pytest.raises(NoSuchNodeError, match="There is no node 7 in a tree with 4 leaves"):
        tree.subtree(7)
    with pytest.raises(NoSuchNodeError):
        tree.direct_path(4)
    with pytest.raises(NoSuchNodeError):
        tree.with_path(4, client(0).leaf_node, {})
    assert tree.is_blank(99)
