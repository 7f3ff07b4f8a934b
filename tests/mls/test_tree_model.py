"""Random operations on the persistent tree and on a plain list of nodes must come to the same trees.

The model does what RFC 9420 says, word by word, on an array as in appendix C: it looks at all nodes, all the time.
"""

import hashlib
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mimi_conformance.reference.mls.tree.parent_hash import hashed_path, original_sibling_tree_hash
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.subtree import CommonSupport, Parent, nodes_in
from mimi_conformance.reference.mls.tree.tree_validation import check_tree
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import LeafNodeSource
from mimi_conformance.reference.wire.mls.registries import ProposalType
from mimi_conformance.reference.wire.mls.tree import (
    LeafNodeHashInput,
    NodeType,
    ParentHashInput,
    ParentNode,
    ParentNodeHashInput,
    TreeHashInput,
)
from tests.mls.tree_examples import SUITE, client


def sha256(structure):
    return hashlib.sha256(structure.encode()).digest()


class Model:
    """The array of nodes; a subtree is the range of its nodes, whose middle is its head."""

    def __init__(self, leaf_node):
        self.nodes = [leaf_node]

    @property
    def leaves(self):
        return self.nodes[::2]

    def ranges_above(self, leaf_index):
        """The subtrees that have a leaf, the root's first, down to the leaf itself."""
        start, stop = 0, len(self.nodes)
        while stop - start > 1:
            yield start, stop
            middle = (start + stop) // 2
            start, stop = (start, middle) if 2 * leaf_index < middle else (middle + 1, stop)

    def add(self, leaf_node):
        if None not in self.leaves:
            self.nodes += [None] * (len(self.nodes) + 1)
        leaf_index = self.leaves.index(None)
        self.nodes[2 * leaf_index] = leaf_node
        for start, stop in self.ranges_above(leaf_index):
            parent = self.nodes[(start + stop) // 2]
            if parent is not None:
                unmerged = tuple(sorted((*parent.unmerged_leaves, leaf_index)))
                self.nodes[(start + stop) // 2] = replace(parent, unmerged_leaves=unmerged)

    def update(self, leaf_index, leaf_node):
        self.nodes[2 * leaf_index] = leaf_node
        for start, stop in self.ranges_above(leaf_index):
            self.nodes[(start + stop) // 2] = None

    def remove(self, leaf_index):
        self.update(leaf_index, None)
        while len(self.nodes) > 1 and not any(self.nodes[len(self.nodes) // 2 + 1 :: 2]):
            self.nodes = self.nodes[: len(self.nodes) // 2]

    def path(self, leaf_index, leaf_node, key_of):
        self.update(leaf_index, leaf_node)
        above = b""
        for start, stop in self.ranges_above(leaf_index):
            middle = (start + stop) // 2
            copath = (middle + 1, stop) if 2 * leaf_index < middle else (start, middle)
            if self.resolution(*copath):
                self.nodes[middle] = ParentNode(key_of(middle), above, ())
                above = sha256(ParentHashInput(key_of(middle), above, self.tree_hash(*copath)))
        self.nodes[2 * leaf_index] = committed(leaf_node, above)

    def resolution(self, start, stop):
        middle = (start + stop) // 2
        head = self.nodes[middle]
        if stop - start == 1:
            return [] if head is None else [middle]
        if head is not None:
            return [middle, *(2 * leaf for leaf in head.unmerged_leaves)]
        return self.resolution(start, middle) + self.resolution(middle + 1, stop)

    def tree_hash(self, start, stop):
        middle = (start + stop) // 2
        head = self.nodes[middle]
        if stop - start == 1:
            return sha256(TreeHashInput(node_type=NodeType.leaf, leaf_node=LeafNodeHashInput(middle // 2, head)))
        left, right = self.tree_hash(start, middle), self.tree_hash(middle + 1, stop)
        return sha256(TreeHashInput(node_type=NodeType.parent, parent_node=ParentNodeHashInput(head, left, right)))

    def ranges(self, start=0, stop=None):
        stop = len(self.nodes) if stop is None else stop
        middle = (start + stop) // 2
        yield middle, (start, stop)
        if stop - start > 1:
            yield from self.ranges(start, middle)
            yield from self.ranges(middle + 1, stop)

    def to_wire(self):
        nodes = [self._entry(node) for node in self.nodes]
        while nodes[-1] is None:
            nodes.pop()
        return wire.RatchetTree(tuple(nodes))

    @staticmethod
    def _entry(node):
        if node is None:
            return None
        if isinstance(node, ParentNode):
            return wire.Node(node_type=NodeType.parent, parent_node=node)
        return wire.Node(node_type=NodeType.leaf, leaf_node=node)


def leaf_node(number):
    """Another LeafNode for each number, of one of a few clients; the trees don't look at signatures."""
    like = client(number % 5).leaf_node
    proposals = tuple(ProposalType(0xF100 + bit) for bit in range(3) if number >> bit & 1)
    return replace(
        like,
        credential=Credential.x509() if number % 3 == 0 else like.credential,
        encryption_key=b"encryption %d" % number,
        signature_key=b"signature %d" % number,
        capabilities=replace(like.capabilities, proposals=proposals),
    )


def committed(leaf_node, parent_hash):
    return replace(leaf_node, leaf_node_source=LeafNodeSource.commit, lifetime=None, parent_hash=parent_hash)


CHANGES = st.lists(
    st.tuples(st.sampled_from(["add", "add", "update", "remove", "path", "path"]), st.integers(0, 2**16)), max_size=40
)
OPERATIONS = st.builds(lambda members, changes: [("add", 0)] * members + changes, st.integers(0, 17), CHANGES)


def run(operations):
    """Yield each tree on the way, and the model as it was then."""
    model, tree = Model(leaf_node(0)), RatchetTree.of_creator(SUITE, leaf_node(0))
    for step, (operation, choice) in enumerate(operations, 1):
        members = [leaf for leaf, node in enumerate(model.leaves) if node is not None]
        chosen, new = members[choice % len(members)], leaf_node(step)
        if operation == "add":
            model.add(new)
            tree, leaf_index = tree.add(new)
            assert model.nodes[2 * leaf_index] == new
        elif operation == "update":
            model.update(chosen, new)
            tree = tree.update(chosen, new)
        elif operation == "remove" and len(members) > 1:
            model.remove(chosen)
            tree = tree.remove(chosen)
        elif operation == "path":
            tree = with_path(tree, chosen, new, step)
            model.path(chosen, new, lambda node, step=step: parent_key(step, node))
        yield tree, model


def parent_key(step, node):
    return b"parent %d %d" % (step, node)


def with_path(tree, leaf_index, new, step):
    path = tree.filtered_direct_path(leaf_index)
    hashed = hashed_path(path, [parent_key(step, parent.parent.node) for parent in path])
    return tree.with_path(leaf_index, committed(new, hashed.leaf_parent_hash), hashed.parent_nodes)


def assert_same(tree, model):
    assert tree.to_wire() == model.to_wire()
    assert tree.leaf_count == len(model.leaves)
    assert [leaf for leaf, _ in tree.members()] == [leaf for leaf, node in enumerate(model.leaves) if node]
    for node, (start, stop) in model.ranges():
        assert list(tree.subtree(node).resolution) == model.resolution(start, stop)
        assert tree.subtree(node).tree_hash == model.tree_hash(start, stop)


@given(OPERATIONS)
@settings(deadline=None)
def test_trees_are_those_of_the_model_and_earlier_ones_stay_as_they_were(operations):
    history = []
    for tree, model in run(operations):
        assert_same(tree, model)
        history.append((tree, model.to_wire().encode()))
    for tree, encoded in history:
        assert tree.to_wire().encode() == encoded
        assert RatchetTree.from_wire(SUITE, wire.RatchetTree.decode(encoded)).tree_hash == tree.tree_hash


@given(OPERATIONS)
@settings(deadline=None)
def test_summaries_are_those_of_all_members_and_nodes(operations):
    seen = set()
    for tree, model in run(operations):
        holders = {}
        for node, content in enumerate(model.nodes):
            if content is not None:
                holders.setdefault(content.encryption_key, []).append(node)
        seen |= set(holders)
        assert all(tree.encryption_keys.nodes_with(key) == tuple(holders.get(key, ())) for key in seen)
        members = [CommonSupport.of(node) for node in model.leaves if node is not None]
        assert tree.support.features == frozenset.intersection(*(member.features for member in members))
        assert tree.support.credential_types == frozenset.union(*(member.credential_types for member in members))
        assert tree.member_count == len(members)


@given(OPERATIONS)
@settings(deadline=None)
def test_what_valid_operations_make_is_valid_and_original_sibling_hashes_never_change(operations):
    when_set = {}
    for tree, _ in run(operations):
        check_tree(tree, tree.tree_hash)
        for parent in nodes_in(tree.root):
            if isinstance(parent, Parent):
                children = parent.left, parent.right
                original = when_set.setdefault(parent.value.encryption_key, [child.tree_hash for child in children])
                assert [original_sibling_tree_hash(parent.value, child) for child in children] == original
