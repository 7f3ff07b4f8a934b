"""Members and trees for tests: everything follows from numbers, so that a test says all about its input."""

import random
from dataclasses import dataclass, replace
from functools import cache

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.tree.leaf_node_signature import signed_leaf_node
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.treekem import CreatedPath, TreeKEMPrivate, create_update_path
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, LeafNode, LeafNodeSource, Lifetime
from mimi_conformance.reference.wire.mls.registries import CipherSuite, CredentialType, ProtocolVersion

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
GROUP_ID = b"group"


@dataclass(frozen=True)
class Client:
    """A client with a LeafNode from its KeyPackage, and its private keys."""

    leaf_node: LeafNode
    encryption_private_key: bytes
    signature_private_key: bytes

    def signed(self, leaf_node: LeafNode, leaf_index: int | None = None) -> LeafNode:
        return signed_leaf_node(SUITE, leaf_node, self.signature_private_key, group_id=GROUP_ID, leaf_index=leaf_index)

    def changed(self, leaf_index: int | None = None, **changes: object) -> LeafNode:
        return self.signed(replace(self.leaf_node, **changes), leaf_index)


@cache
def client(number: int) -> Client:
    """The client with a number."""
    suite, randomness = parameters(SUITE), random.Random(number).randbytes
    signature_private_key = suite.signature.new_private_key(randomness)
    encryption_private_key, encryption_key = suite.new_hpke_key_pair(randomness)
    leaf_node = LeafNode(
        encryption_key=encryption_key,
        signature_key=suite.signature.public_key(signature_private_key),
        credential=Credential.basic(b"client %d" % number),
        capabilities=Capabilities((ProtocolVersion.mls10,), (SUITE,), (), (), (CredentialType.basic,)),
        leaf_node_source=LeafNodeSource.key_package,
        lifetime=Lifetime(1_000, 2_000),
        extensions=(),
        signature=b"",
    )
    return Client(
        signed_leaf_node(SUITE, leaf_node, signature_private_key), encryption_private_key, signature_private_key
    )


def tree_of(count: int) -> RatchetTree:
    """The tree of a client 0 that has added clients 1, 2, ... without a path."""
    tree = RatchetTree.of_creator(SUITE, client(0).leaf_node)
    for number in range(1, count):
        tree, _ = tree.add(client(number).leaf_node)
    return tree


def context_of(tree: RatchetTree, **changes: object) -> GroupContext:
    return replace(
        GroupContext(
            cipher_suite=SUITE,
            group_id=GROUP_ID,
            epoch=1,
            tree_hash=tree.tree_hash,
            confirmed_transcript_hash=b"",
            extensions=(),
        ),
        **changes,
    )


def path_from(tree: RatchetTree, sender: int, number: int | None = None, **more: object) -> CreatedPath:
    """A path of the client with a number, which is that of its leaf unless given."""
    owner = client(sender if number is None else number)
    leaf_node = tree.leaf(sender) or owner.leaf_node
    randomness = random.Random(tree.tree_hash + sender.to_bytes(4)).randbytes
    return create_update_path(
        tree,
        sender,
        leaf_node,
        owner.signature_private_key,
        group_context=context_of(tree),
        random=randomness,
        **more,
    )


def private_of(number: int) -> TreeKEMPrivate:
    """What the client with a number knows that has just been added at the leaf with that number."""
    return TreeKEMPrivate.of_leaf(number, client(number).encryption_private_key)
