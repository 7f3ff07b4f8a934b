"""What has changed between two trees, whole and without looking at the rest."""

from hypothesis import given, settings
from hypothesis import strategies as st

from mimi_conformance.reference.mls.tree import tree_changes
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.subtree import nodes_in
from mimi_conformance.reference.mls.tree.tree_changes import changed_nodes
from mimi_conformance.reference.wire.mls.tree import ParentNode
from tests.mls.tree_examples import SUITE, client, tree_of


def nodes_of(tree: RatchetTree) -> dict:
    return {subtree.node: subtree.value for subtree in nodes_in(tree.root)}


def with_changes(nodes: dict, changes) -> dict:
    """What is kept of a tree, after its changes."""
    kept = nodes | dict(changes)
    return {number: value for number, value in kept.items() if value is not None}


STEPS = st.lists(st.tuples(st.sampled_from(["add", "remove", "update", "path"]), st.integers(0, 100)), max_size=12)


def after(tree: RatchetTree, steps) -> RatchetTree:
    number = 50
    for step, choice in steps:
        members = [leaf_index for leaf_index, _ in tree.members()]
        member = members[choice % len(members)]
        number += 1
        match step:
            case "add":
                tree, _ = tree.add(client(number).leaf_node)
            case "remove" if len(members) > 1:
                tree = tree.remove(member)
            case "update":
                tree = tree.update(member, client(number).leaf_node)
            case "path":
                parents = dict.fromkeys(range(1, 2 * tree.leaf_count, 2), ParentNode(b"%d" % number, b"", ()))
                tree = tree.with_path(member, client(number).leaf_node, parents)
    return tree


@settings(deadline=None)
@given(size=st.integers(1, 9), first=STEPS, second=STEPS)
def test_the_changes_make_one_tree_into_the_other(size, first, second):
    one = after(tree_of(size), first)
    other = after(one, second)
    assert with_changes(nodes_of(one), changed_nodes(one, other)) == nodes_of(other)
    assert with_changes(nodes_of(other), changed_nodes(other, one)) == nodes_of(one)


@settings(deadline=None)
@given(first=st.integers(1, 20), second=st.integers(1, 20), steps=STEPS)
def test_trees_that_share_nothing_are_compared_as_well(first, second, steps):
    one, other = after(tree_of(first), steps), tree_of(second)
    changes = list(changed_nodes(one, other))
    assert with_changes(nodes_of(one), changes) == nodes_of(other)
    assert [number for number, _ in changes] == sorted(number for number, _ in changes)


def test_without_a_tree_before_everything_is_new():
    tree = tree_of(5).remove(2)
    assert dict(changed_nodes(None, tree)) == nodes_of(tree)


def test_a_tree_has_not_changed_from_itself_or_its_copy():
    tree = tree_of(5)
    copy = RatchetTree.from_wire(SUITE, tree.to_wire())
    assert list(changed_nodes(tree, tree)) == list(changed_nodes(tree, copy)) == []


def test_a_change_in_a_large_tree_is_found_without_looking_at_its_other_parts(monkeypatch):
    tree = tree_of(300)
    changed = tree.update(123, client(500).leaf_node)
    looked_at = []
    real = tree_changes._changes

    def counting(before, after):
        looked_at.append(after.node)
        return real(before, after)

    monkeypatch.setattr(tree_changes, "_changes", counting)
    assert [number for number, _ in tree_changes.changed_nodes(tree, changed)] == [2 * 123]
    assert len(looked_at) == 1 + 2 * 9
