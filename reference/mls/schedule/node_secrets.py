"""A tree of secrets that forgets: each leaf's secret can be had until it is used (RFC 9420, sections 9 and 9.2).

Below a secret lie two others, and so on down to the leaves. Taking a leaf's secret consumes all secrets above it: what
is kept instead are those beside the path, from which everything else below the root can still be derived. The tree is
made of values: taking gives a new tree that shares with the old one what lies off the path.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import expand_with_label
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, NoSuchNodeError, node_of
from mimi_conformance.reference.wire.mls.registries import CipherSuite

_Leaf = TypeVar("_Leaf")
_Result = TypeVar("_Result")


class _Parent(NamedTuple, Generic[_Leaf]):
    """A node whose secret is consumed."""

    left: "_Node[_Leaf]"
    right: "_Node[_Leaf]"


_Node: TypeAlias = bytes | _Parent[_Leaf] | _Leaf
"""A secret that is not consumed, a node above consumed ones, or what was put at a leaf."""


@dataclass(frozen=True, slots=True, repr=False)
class NodeSecrets(Generic[_Leaf]):
    """The secrets that are not consumed, and at leaves whose secret is, what the owner of the tree put there.

    Attributes:
        cipher_suite: whose KDF derives the secrets.
        height: how many levels lie above the leaves.
        root: the secret of the root as long as no leaf was taken.

    """

    cipher_suite: CipherSuite
    height: int
    root: _Node[_Leaf]

    def at_leaf(
        self, leaf_index: LeafIndex, change: Callable[[bytes | _Leaf], tuple[_Result, _Leaf]]
    ) -> tuple[_Result, "NodeSecrets[_Leaf]"]:
        """Change a leaf.

        Args:
            leaf_index: which one.
            change: takes the leaf's secret, or what was put in its place before, and gives a result and what
                to put there now. What it raises is not caught.

        Returns:
            The result, and the tree without the secrets from which that of the leaf follows.

        Raises:
            NoSuchNodeError: the tree has no such leaf.

        """
        if not 0 <= leaf_index < 1 << self.height:
            raise NoSuchNodeError(
                node_of(leaf_index), f"A tree with {1 << self.height} leaves has no number {leaf_index}"
            )
        node: _Node[_Leaf] = self.root
        beside: list[_Node[_Leaf]] = []
        for level in reversed(range(self.height)):
            if isinstance(node, bytes):
                node = self._children(node)
            assert isinstance(node, _Parent)
            left, right = node
            node, other = (right, left) if leaf_index >> level & 1 else (left, right)
            beside.append(other)
        assert not isinstance(node, _Parent)
        result, node = change(node)
        for level, other in enumerate(reversed(beside)):
            node = _Parent(other, node) if leaf_index >> level & 1 else _Parent(node, other)
        return result, NodeSecrets(self.cipher_suite, self.height, node)

    def _children(self, secret: bytes) -> _Parent[_Leaf]:
        size = parameters(self.cipher_suite).kdf.size
        return _Parent(
            expand_with_label(self.cipher_suite, secret, "tree", b"left", size),
            expand_with_label(self.cipher_suite, secret, "tree", b"right", size),
        )
