"""TreeKEM among members that come, go and commit, and what each of them refuses."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import encrypt_with_label
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.subtree import Parent, nodes_in
from mimi_conformance.reference.mls.tree.tree_math import common_ancestor, leaves_under
from mimi_conformance.reference.mls.tree.tree_validation import check_tree
from mimi_conformance.reference.mls.tree.treekem import (
    TreeKEMError,
    TreeKEMPrivate,
    TreeKEMRule,
    create_update_path,
    receive_update_path,
)
from mimi_conformance.reference.mls.tree.update_path import merge_update_path
from mimi_conformance.reference.wire.mls.leaf_node import LeafNodeSource
from mimi_conformance.reference.wire.mls.tree import UpdatePath
from tests.mls.tree_examples import SUITE, Client, client, context_of, path_from, private_of, tree_of


class Group:
    """A tree, who is at which leaf, and what everybody knows of the tree."""

    def __init__(self):
        self.clients = 0
        self.tree = RatchetTree.of_creator(SUITE, self.new_client().leaf_node)
        self.members: dict[int, tuple[Client, TreeKEMPrivate]] = {0: (client(0), private_of(0))}
        self.random = random.Random(1).randbytes

    def new_client(self) -> Client:
        self.clients += 1
        return client(self.clients - 1)

    def update(self, leaf_index):
        owner, private = self.members[leaf_index]
        private_key, public_key = parameters(SUITE).new_hpke_key_pair(self.random)
        leaf_node = owner.changed(
            leaf_index, encryption_key=public_key, leaf_node_source=LeafNodeSource.update, lifetime=None
        )
        self.tree = self.tree.update(leaf_index, leaf_node)
        self.members[leaf_index] = owner, private.with_leaf_key(private_key)

    def commit(self, committer, updated, removed, added):
        """Apply the proposals, then a path, and let everybody learn of it; return those who must not."""
        for leaf_index in updated:
            self.update(leaf_index)
        gone = [self.members.pop(leaf_index) for leaf_index in removed]
        for leaf_index in removed:
            self.tree = self.tree.remove(leaf_index)
        joining = {}
        for _ in range(added):
            new = self.new_client()
            self.tree, leaf_index = self.tree.add(new.leaf_node)
            joining[leaf_index] = new
        self.send_path(committer, self.members[committer][0], gone, joining)

    def commit_externally(self):
        """Let somebody join by a path of its own."""
        self.tree, sender = self.tree.with_blank_leaf()
        self.send_path(sender, self.new_client(), [], {})

    def send_path(self, sender, owner, gone, joining):
        context = context_of(self.tree, epoch=self.clients)
        created = create_update_path(
            self.tree,
            sender,
            owner.leaf_node,
            owner.signature_private_key,
            group_context=context,
            new_leaves=joining.keys(),
            random=self.random,
        )
        merged = merge_update_path(self.tree, sender, UpdatePath.decode(created.update_path.encode()), joining.keys())
        assert merged.tree.tree_hash == created.tree.tree_hash
        members = {sender: (owner, created.private)}
        for leaf_index, (member, private) in self.members.items():
            if leaf_index != sender:
                received = receive_update_path(merged, private, context)
                assert received.commit_secret == created.commit_secret
                members[leaf_index] = member, received.private
        for leaf_index, new in joining.items():
            private, commit_secret = TreeKEMPrivate.of_leaf(leaf_index, new.encryption_private_key).with_path_secret(
                created.tree, common_ancestor(sender, leaf_index), created.path_secret_for(leaf_index)
            )
            assert commit_secret == created.commit_secret
            members[leaf_index] = new, private
        for _, private in gone:
            with pytest.raises(TreeKEMError) as caught:
                receive_update_path(merged, private, context)
            assert caught.value.rule is TreeKEMRule.RECIPIENT
        self.tree, self.members = created.tree, members

    def assert_invariant(self):
        """The private key of a node is known to the members below it that are not unmerged, and to nobody else."""
        kem = parameters(SUITE).kem
        for subtree in nodes_in(self.tree.root):
            knowing = {leaf for leaf, (_, private) in self.members.items() if subtree.node in private.private_keys}
            below = set(leaves_under(subtree.node)) & set(self.members)
            assert knowing == below - set(subtree.value.unmerged_leaves if isinstance(subtree, Parent) else ())
            for leaf_index in knowing:
                private_key = self.members[leaf_index][1].private_keys[subtree.node]
                assert kem.public_key(private_key) == subtree.value.encryption_key
        known = {node for _, private in self.members.values() for node in private.private_keys}
        assert not [node for node in known if self.tree.is_blank(node)]


@given(st.data())
@settings(deadline=None, max_examples=30)
def test_all_members_and_no_others_learn_each_secret(data):
    group = Group()
    group.commit(0, [], [], data.draw(st.integers(1, 7), label="first added"))
    for _ in range(data.draw(st.integers(1, 5), label="commits")):
        if data.draw(st.sampled_from([False, False, True]), label="external"):
            group.commit_externally()
        else:
            members = data.draw(st.permutations(sorted(group.members)), label="members")
            updated, removed = (data.draw(st.integers(0, 2), label=label) for label in ("updated", "removed"))
            added = data.draw(st.integers(0, 3), label="added")
            others = members[1:]
            group.commit(members[0], others[:updated], others[updated : updated + removed], added)
        check_tree(group.tree, group.tree.tree_hash)
        group.assert_invariant()


def test_the_same_randomness_gives_the_same_path_and_other_randomness_another():
    tree = tree_of(5)
    assert path_from(tree, 1).update_path == path_from(tree, 1).update_path
    owner, other = client(1), random.Random(99).randbytes
    created = create_update_path(
        tree, 1, owner.leaf_node, owner.signature_private_key, group_context=context_of(tree), random=other
    )
    assert created.commit_secret != path_from(tree, 1).commit_secret


def test_the_last_member_of_a_group_sends_a_path_without_nodes():
    created = path_from(tree_of(1), 0)
    assert created.update_path.nodes == ()
    assert created.update_path.leaf_node.parent_hash == b""
    assert merge_update_path(tree_of(1), 0, created.update_path).tree.tree_hash == created.tree.tree_hash


def test_a_path_is_bound_to_the_group_context():
    tree = tree_of(4)
    created = path_from(tree, 0)
    merged = merge_update_path(tree, 0, created.update_path)
    assert receive_update_path(merged, private_of(3), context_of(tree)).commit_secret == created.commit_secret
    with pytest.raises(TreeKEMError, match="does not open") as caught:
        receive_update_path(merged, private_of(3), context_of(tree, epoch=2))
    assert (caught.value.rule, caught.value.node) == (TreeKEMRule.DECRYPTION, 3)


def test_a_path_tells_nothing_to_its_sender_to_new_members_and_to_strangers():
    tree = tree_of(4)
    merged = merge_update_path(tree, 0, path_from(tree, 0, new_leaves={3}).update_path, {3})
    for private in (private_of(0), private_of(3), private_of(9)):
        with pytest.raises(TreeKEMError) as caught:
            receive_update_path(merged, private, context_of(tree))
        assert caught.value.rule is TreeKEMRule.RECIPIENT
    receive_update_path(merged, private_of(2), context_of(tree))


def test_a_path_secret_that_does_not_lead_to_the_keys_of_the_path_is_refused():
    tree = tree_of(4)
    merged = merge_update_path(tree, 0, path_from(tree, 0).update_path)
    context = context_of(merged.tree).encode()
    public_keys, draw = [tree.encryption_key(node) for node in merged.nodes[1].recipients], random.Random(2).randbytes
    wrong = [encrypt_with_label(SUITE, key, "UpdatePathNode", context, bytes(32), random=draw) for key in public_keys]
    changed = replace(merged.nodes[1], encrypted_path_secret=tuple(wrong))
    with pytest.raises(TreeKEMError) as caught:
        receive_update_path(replace(merged, nodes=(merged.nodes[0], changed)), private_of(2), context_of(tree))
    assert (caught.value.rule, caught.value.node) == (TreeKEMRule.PUBLIC_KEYS, 3)


def test_a_welcome_with_a_secret_for_a_blank_node_is_refused():
    tree = tree_of(4)
    with pytest.raises(TreeKEMError) as caught:
        private_of(3).with_path_secret(tree, 3, bytes(32))
    assert (caught.value.rule, caught.value.node, caught.value.value) == (TreeKEMRule.PUBLIC_KEYS, 3, None)


def test_keys_of_nodes_that_become_blank_are_forgotten():
    created = path_from(tree_of(4), 0)
    assert set(created.private.private_keys) == {0, 1, 3}
    assert set(created.private.kept_for(created.tree.remove(3)).private_keys) == {0, 1}
    assert set(created.private.kept_for(created.tree.remove(1)).private_keys) == {0}


def test_secrets_are_not_shown():
    created = path_from(tree_of(2), 0)
    assert repr(created.private) == "TreeKEMPrivate(leaf_index=0)"
    assert repr(created.commit_secret) not in repr(created)


def test_nobody_encrypts_to_what_is_no_key():
    tree = tree_of(2).update(1, replace(client(1).leaf_node, encryption_key=b"no key"))
    with pytest.raises(PrimitiveError):
        path_from(tree, 0)
