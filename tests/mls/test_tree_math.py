"""Tree math: properties of its own, and what the official vectors, checked with the others, don't ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.tree import tree_math
from mimi_conformance.reference.mls.tree.tree_math import NoSuchNodeError

LEAF_COUNTS = [2**depth for depth in range(8)]
leaf_counts = st.integers(0, 32).map(lambda depth: 2**depth)


@st.composite
def nodes(draw):
    leaf_count = draw(leaf_counts)
    return draw(st.integers(0, tree_math.node_count(leaf_count) - 1)), leaf_count


@given(nodes())
def test_children_and_parents_agree(place):
    node, leaf_count = place
    if tree_math.is_leaf(node):
        with pytest.raises(NoSuchNodeError, match=f"Node {node} is a leaf and has no children"):
            tree_math.left(node)
        with pytest.raises(NoSuchNodeError):
            tree_math.right(node)
        assert tree_math.level(node) == 0
    else:
        for child, other in (
            (tree_math.left(node), tree_math.right(node)),
            (tree_math.right(node), tree_math.left(node)),
        ):
            assert tree_math.parent(child, leaf_count) == node
            assert tree_math.sibling(child, leaf_count) == other
            assert tree_math.level(child) == tree_math.level(node) - 1


@given(nodes())
def test_a_direct_path_leads_to_the_root_and_the_copath_beside_it(place):
    node, leaf_count = place
    path, beside = tree_math.direct_path(node, leaf_count), tree_math.copath(node, leaf_count)
    assert (node, *path)[-1] == tree_math.root(leaf_count)
    assert [tree_math.parent(step, leaf_count) for step in beside] == list(path)
    assert len(set(beside) | {node, *path}) == 1 + 2 * len(path)


@pytest.mark.parametrize("leaf_count", LEAF_COUNTS)
def test_the_leaves_under_a_node_are_those_that_have_it_above_them(leaf_count):
    for node in range(tree_math.node_count(leaf_count)):
        below = [
            leaf
            for leaf in range(leaf_count)
            if node in (tree_math.node_of(leaf), *tree_math.direct_path(tree_math.node_of(leaf), leaf_count))
        ]
        assert list(tree_math.leaves_under(node)) == below


@pytest.mark.parametrize("leaf_count", LEAF_COUNTS[:6])
def test_the_common_ancestor_is_the_lowest_node_above_both(leaf_count):
    above = {
        leaf: (tree_math.node_of(leaf), *tree_math.direct_path(tree_math.node_of(leaf), leaf_count))
        for leaf in range(leaf_count)
    }
    for one in range(leaf_count):
        for other in range(leaf_count):
            lowest = next(node for node in above[one] if node in above[other])
            assert tree_math.common_ancestor(one, other) == lowest


def test_a_tree_is_as_small_as_its_nodes_allow():
    assert [tree_math.leaf_count_for(nodes) for nodes in range(1, 10)] == [1, 2, 2, 4, 4, 4, 4, 8, 8]
    for leaf_count in LEAF_COUNTS:
        assert tree_math.leaf_count_for(tree_math.node_count(leaf_count)) == leaf_count


def test_errors_say_which_node_lacks_what():
    with pytest.raises(NoSuchNodeError, match="Node 7 is the root of a tree with 8 leaves and has no parent") as caught:
        tree_math.sibling(7, 8)
    assert caught.value.node == 7
    with pytest.raises(NoSuchNodeError, match="Node 5 is a parent, not a leaf"):
        tree_math.leaf_index_of(5)
