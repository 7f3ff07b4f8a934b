"""Decoding and encoding beside the PyPI package `rfc9420`, in one process: `python -m benchmarks.wire`.

The inputs are made here, so that every machine measures the same bytes; before anything is timed, both libraries must
read them and write them back unchanged. A ratio above 1 says how many times faster this project's codec is.
"""

import gc
import hashlib
import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from rfc9420 import DefaultCryptoProvider
from rfc9420.messages.data_structures import Commit as TheirCommit
from rfc9420.messages.key_packages import KeyPackage as TheirKeyPackage
from rfc9420.protocol.tree.ratchet_tree import RatchetTree as TheirRatchetTree

from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, LeafNode, LeafNodeSource, Lifetime
from mimi_conformance.reference.wire.mls.proposals import Commit, ProposalOrRef, ProposalOrRefType
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.mls.tree import (
    Node,
    NodeType,
    ParentNode,
    RatchetTree,
    UpdatePath,
    UpdatePathNode,
)

LEAVES = 1000
SECONDS_PER_MEASUREMENT = 1.0
"""How long each operation is repeated; the fastest run counts, because whatever else runs can only add time."""

NOTE = """
rfc9420 keeps a leaf's capabilities, and the leaf and ciphertexts of a path, as the bytes they came in, and copies them
when it encodes; here every field is decoded and encoded. Its tree is loaded without the tree hashes it would compute.
"""

_counter = itertools.count()


def made_up(length: int) -> bytes:
    """Return the next bytes of a sequence that is the same in every run."""
    return hashlib.shake_128(next(_counter).to_bytes(8, "big")).digest(length)


def leaf_node(name: int, source: LeafNodeSource) -> LeafNode:
    """Return a leaf as a client of today would have it."""
    return LeafNode(
        encryption_key=made_up(32),
        signature_key=made_up(32),
        credential=Credential.basic(f"mimi://a.example/d/client{name}".encode()),
        capabilities=Capabilities(
            versions=(ProtocolVersion.mls10,),
            cipher_suites=(*CipherSuite, CipherSuite(0x3A3A)),
            extensions=(ExtensionType.app_data_dictionary, ExtensionType(0x5A5A)),
            proposals=(ProposalType.app_data_update, ProposalType.self_remove, ProposalType(0x7A7A)),
            credentials=(CredentialType.basic, CredentialType.x509),
        ),
        leaf_node_source=source,
        lifetime=Lifetime(1_700_000_000, 1_710_000_000) if source is LeafNodeSource.key_package else None,
        parent_hash=made_up(32) if source is LeafNodeSource.commit else None,
        extensions=(Extension(ExtensionType.application_id, made_up(16)),),
        signature=made_up(64),
    )


def key_package() -> KeyPackage:
    """Return a KeyPackage."""
    suite = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
    leaf = leaf_node(0, LeafNodeSource.key_package)
    return KeyPackage(ProtocolVersion.mls10, suite, made_up(32), leaf, (), made_up(64))


def commit() -> Commit:
    """Return a commit of two proposals by reference, with the path of a group of a thousand."""
    references = tuple(ProposalOrRef(type=ProposalOrRefType.reference, reference=made_up(32)) for _ in range(2))
    nodes = tuple(
        UpdatePathNode(made_up(32), tuple(HPKECiphertext(made_up(32), made_up(48)) for _ in range(1 + level % 3)))
        for level in range(10)
    )
    return Commit(references, UpdatePath(leaf_node(0, LeafNodeSource.commit), nodes))


def ratchet_tree() -> RatchetTree:
    """Return a full tree of a thousand leaves."""
    nodes = []
    for index in range(2 * LEAVES - 1):
        if index % 2:
            parent = ParentNode(made_up(32), made_up(32), (index // 2,) if index % 8 == 3 else ())
            nodes.append(Node(node_type=NodeType.parent, parent_node=parent))
        else:
            leaf = leaf_node(index // 2, LeafNodeSource.key_package)
            nodes.append(Node(node_type=NodeType.leaf, leaf_node=leaf))
    return RatchetTree(tuple(nodes))


class TheirTree(TheirRatchetTree):
    """Their tree without the hashes that it computes when it is loaded: those are not decoding."""

    def _ensure_hash_bottom_up(self, _node_index: int) -> None:
        """Compute nothing."""


def their_tree(data: bytes) -> TheirTree:
    """Load a tree the way `rfc9420` does for a Welcome."""
    tree = TheirTree(DefaultCryptoProvider())
    tree.load_full_tree_from_welcome_bytes(data)
    return tree


@dataclass(frozen=True)
class Case:
    """One structure, and how each library reads and writes it."""

    name: str
    value: Any
    their_decode: Callable[[bytes], Any]
    their_encode: Callable[[Any], bytes]


def cases() -> Iterator[Case]:
    """Yield what is measured."""
    yield Case("KeyPackage", key_package(), TheirKeyPackage.deserialize, TheirKeyPackage.serialize)
    yield Case("Commit with a path of 10 nodes", commit(), TheirCommit.deserialize, TheirCommit.serialize)
    tree = ratchet_tree()
    yield Case(f"ratchet tree of {LEAVES} leaves", tree, their_tree, TheirTree.serialize_full_tree_for_welcome)


def fastest(operation: Callable[[], object]) -> float:
    """Return the seconds of the fastest run."""
    times: list[float] = []
    until = time.perf_counter() + SECONDS_PER_MEASUREMENT
    while not times or time.perf_counter() < until:
        start = time.perf_counter()
        operation()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(case: Case) -> None:
    """Measure one case and print its rows."""
    data = case.value.encode()
    decode = type(case.value).decode
    theirs = case.their_decode(data)
    assert decode(data) == case.value
    assert case.their_encode(theirs) == data
    decoding = fastest(lambda: decode(data)), fastest(lambda: case.their_decode(data))
    encoding = fastest(case.value.encode), fastest(lambda: case.their_encode(theirs))
    both = decoding[0] + encoding[0], decoding[1] + encoding[1]
    print(f"{case.name}, {len(data)} bytes")
    for name, (ours, other) in {"decode": decoding, "encode": encoding, "both": both}.items():
        print(f"  {name:8} {ours * 1e6:10.1f}us {other * 1e6:10.1f}us {other / ours:7.1f}x")


def main() -> None:
    """Measure and print a table."""
    gc.disable()  # as timeit does: a collection that the other library caused must not count against this one
    print(f"{'':10} {'ours':>12} {'rfc9420':>12} {'ratio':>8}")
    for case in cases():
        measure(case)
    print(NOTE)


if __name__ == "__main__":
    main()
