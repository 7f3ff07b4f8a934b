"""What a member's LeafNode says, apart from what is new in each LeafNode: keys, source and signature."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, LeafNode, LeafNodeSource


@dataclass(frozen=True, slots=True)
class LeafTemplate:
    """The part of a LeafNode that its owner chooses (RFC 9420, section 7.2).

    Attributes:
        credential: who the owner is.
        capabilities: what its client supports.
        extensions: what else it says.

    """

    credential: Credential
    capabilities: Capabilities
    extensions: tuple[Extension, ...] = ()

    @classmethod
    def of(cls, leaf_node: LeafNode) -> "LeafTemplate":
        """What a LeafNode says."""
        return cls(leaf_node.credential, leaf_node.capabilities, leaf_node.extensions)

    def leaf_node(self, signature_key: bytes, encryption_key: bytes = b"") -> LeafNode:
        """A LeafNode that says this, for an Update; whoever makes a Commit's path changes it. It isn't signed yet."""
        return LeafNode(
            encryption_key=encryption_key,
            signature_key=signature_key,
            credential=self.credential,
            capabilities=self.capabilities,
            leaf_node_source=LeafNodeSource.update,
            extensions=self.extensions,
            signature=b"",
        )
