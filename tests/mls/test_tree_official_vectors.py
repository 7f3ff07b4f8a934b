"""The official vectors of tree math, tree operations and tree validation."""

from mimi_conformance.reference.mls.tree import tree_math
from mimi_conformance.reference.mls.tree.leaf_node_signature import leaf_node_signature_verifies
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import NoSuchNodeError
from mimi_conformance.reference.mls.tree.tree_validation import check_tree
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.proposals import Add, Proposal, Remove, Update
from tests.mls.official_vectors import Kind, octets, official, suite_of


def or_none(function, *arguments):
    try:
        return function(*arguments)
    except NoSuchNodeError:
        return None


@official(Kind.TREE_MATH)
def test_nodes_are_where_the_vectors_have_them(vector):
    leaf_count = vector["n_leaves"]
    nodes = range(tree_math.node_count(leaf_count))
    assert len(nodes) == vector["n_nodes"]
    assert tree_math.root(leaf_count) == vector["root"]
    assert [or_none(tree_math.left, node) for node in nodes] == vector["left"]
    assert [or_none(tree_math.right, node) for node in nodes] == vector["right"]
    assert [or_none(tree_math.parent, node, leaf_count) for node in nodes] == vector["parent"]
    assert [or_none(tree_math.sibling, node, leaf_count) for node in nodes] == vector["sibling"]


def tree_from(vector, name) -> RatchetTree:
    return RatchetTree.from_wire(suite_of(vector), wire.RatchetTree.decode(bytes.fromhex(vector[name])))


def applied(tree: RatchetTree, proposal: Proposal, sender: int) -> RatchetTree:
    match proposal.body:
        case Add(key_package):
            return tree.add(key_package.leaf_node)[0]
        case Update(leaf_node):
            return tree.update(sender, leaf_node)
        case Remove(removed):
            return tree.remove(removed)
        case _:
            raise AssertionError(proposal)


@official(Kind.TREE_OPERATIONS)
def test_proposals_change_the_tree_as_the_vectors_want_it(vector):
    before = tree_from(vector, "tree_before")
    assert before.tree_hash.hex() == vector["tree_hash_before"]
    proposal = Proposal.decode(*octets(vector, "proposal"))
    after = applied(before, proposal, vector["proposal_sender"])
    assert after.to_wire().encode().hex() == vector["tree_after"]
    assert after.tree_hash.hex() == vector["tree_hash_after"]
    assert before.to_wire().encode().hex() == vector["tree_before"]
    assert tree_from(vector, "tree_before").tree_hash == before.tree_hash


@official(Kind.TREE_VALIDATION)
def test_resolutions_and_tree_hashes_are_those_of_the_vectors(vector):
    tree = tree_from(vector, "tree")
    nodes = [tree.subtree(node) for node in range(tree_math.node_count(tree.leaf_count))]
    assert [list(node.resolution) for node in nodes] == vector["resolutions"]
    assert [node.tree_hash.hex() for node in nodes] == vector["tree_hashes"]
    assert tree.to_wire().encode().hex() == vector["tree"]


@official(Kind.TREE_VALIDATION)
def test_the_parent_hashes_and_signatures_of_the_vectors_are_valid(vector):
    tree = tree_from(vector, "tree")
    check_tree(tree, bytes.fromhex(vector["tree_hashes"][tree.root.node]))
    (group_id,) = octets(vector, "group_id")
    for leaf_index, leaf_node in tree.members():
        assert leaf_node_signature_verifies(tree.cipher_suite, leaf_node, group_id=group_id, leaf_index=leaf_index)
