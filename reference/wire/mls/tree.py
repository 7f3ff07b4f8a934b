"""The ratchet tree: its nodes, its hashes, and the path that a commit renews (RFC 9420, sections 7 and 12.4.3.3)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, opaque, optional, uint32
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext, HPKEPublicKey
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.structure import Struct


class NodeType(Enumeration):
    """Leaf or parent (RFC 9420, section 7.8)."""

    leaf = 1
    parent = 2


@dataclass(frozen=True, slots=True)
class ParentNode(Struct):
    """An inner node that is not blank (RFC 9420, section 7.1)."""

    encryption_key: HPKEPublicKey
    parent_hash: opaque
    unmerged_leaves: tuple[uint32, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(Struct):
    """A node that is not blank (RFC 9420, section 12.4.3.3)."""

    node_type: NodeType
    leaf_node: Annotated[LeafNode | None, When("node_type", NodeType.leaf)] = None
    parent_node: Annotated[ParentNode | None, When("node_type", NodeType.parent)] = None


@dataclass(frozen=True, slots=True)
class RatchetTree(Struct):
    """The `ratchet_tree` extension: all nodes from left to right, None for blanks (RFC 9420, section 12.4.3.3)."""

    nodes: tuple[optional[Node], ...]


@dataclass(frozen=True, slots=True)
class LeafNodeHashInput(Struct):
    """A leaf as the tree hash sees it (RFC 9420, section 7.8)."""

    leaf_index: uint32
    leaf_node: optional[LeafNode]


@dataclass(frozen=True, slots=True)
class ParentNodeHashInput(Struct):
    """An inner node as the tree hash sees it (RFC 9420, section 7.8)."""

    parent_node: optional[ParentNode]
    left_hash: opaque
    right_hash: opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeHashInput(Struct):
    """What the tree hash of a node hashes (RFC 9420, section 7.8)."""

    node_type: NodeType
    leaf_node: Annotated[LeafNodeHashInput | None, When("node_type", NodeType.leaf)] = None
    parent_node: Annotated[ParentNodeHashInput | None, When("node_type", NodeType.parent)] = None


@dataclass(frozen=True, slots=True)
class ParentHashInput(Struct):
    """What a parent hash hashes (RFC 9420, section 7.9)."""

    encryption_key: HPKEPublicKey
    parent_hash: opaque
    original_sibling_tree_hash: opaque


@dataclass(frozen=True, slots=True)
class UpdatePathNode(Struct):
    """A renewed inner node and its secret, encrypted to whoever is below its sibling (RFC 9420, section 7.6)."""

    encryption_key: HPKEPublicKey
    encrypted_path_secret: tuple[HPKECiphertext, ...]


@dataclass(frozen=True, slots=True)
class UpdatePath(Struct):
    """The committer's renewed leaf and direct path (RFC 9420, section 7.6)."""

    leaf_node: LeafNode
    nodes: tuple[UpdatePathNode, ...]
