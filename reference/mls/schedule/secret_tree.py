"""The secret tree: keys for the messages of an epoch, each of which can be had once (RFC 9420, section 9).

Every member has two ratchets, one for handshakes and one for application messages, made when first needed. Taking a
key gives a new tree that lacks it and everything from which it could be derived again: keeping only the new tree is
deleting the key. Whoever can't decrypt with a key keeps the old tree, because a key that opened nothing is not used.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from mimi_conformance.reference.mls.crypto.aead import KeyAndNonce
from mimi_conformance.reference.mls.crypto.labelled import derive_secret
from mimi_conformance.reference.mls.schedule.node_secrets import NodeSecrets
from mimi_conformance.reference.mls.schedule.ratchet import DEFAULT_LIMITS, Ratchet, RatchetLimits
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.registries import CipherSuite


class _Ratchets(NamedTuple):
    """What became of a leaf's secret."""

    handshake: Ratchet
    application: Ratchet


@dataclass(frozen=True, slots=True, repr=False)
class SecretTree:
    """The keys of an epoch that are not used.

    Attributes:
        nodes: secrets of which nothing was used, and the ratchets of the leaves where something was.
        limits: how far from in order messages may arrive.

    """

    nodes: NodeSecrets[_Ratchets]
    limits: RatchetLimits

    @classmethod
    def create(
        cls,
        cipher_suite: CipherSuite,
        encryption_secret: bytes,
        leaf_count: int,
        limits: RatchetLimits = DEFAULT_LIMITS,
    ) -> "SecretTree":
        """The tree at the beginning of an epoch.

        Args:
            cipher_suite: of the group.
            encryption_secret: of the epoch; it must not be kept elsewhere.
            leaf_count: how many leaves the ratchet tree has, blank ones included.
            limits: how far from in order messages may arrive.

        """
        return cls(NodeSecrets(cipher_suite, (leaf_count - 1).bit_length(), encryption_secret), limits)

    def next_handshake_key(self, leaf_index: LeafIndex) -> tuple[int, KeyAndNonce, "SecretTree"]:
        """For the next proposal or commit that a member sends: generation, key, and the tree without the key.

        Raises:
            NoSuchNodeError: the tree has no such leaf.
            RatchetError: the sender has no generation left.

        """
        return self._take(leaf_index, "handshake")

    def next_application_key(self, leaf_index: LeafIndex) -> tuple[int, KeyAndNonce, "SecretTree"]:
        """For the next application message that a member sends; as `next_handshake_key`."""
        return self._take(leaf_index, "application")

    def handshake_key(self, leaf_index: LeafIndex, generation: int) -> tuple[KeyAndNonce, "SecretTree"]:
        """For a proposal or commit that a member sent: the key, and the tree without it.

        Raises:
            NoSuchNodeError: the tree has no such leaf.
            RatchetError: the key was used, is no longer kept, or lies too far ahead.

        """
        _, key, tree = self._take(leaf_index, "handshake", generation)
        return key, tree

    def application_key(self, leaf_index: LeafIndex, generation: int) -> tuple[KeyAndNonce, "SecretTree"]:
        """For an application message that a member sent; as `handshake_key`."""
        _, key, tree = self._take(leaf_index, "application", generation)
        return key, tree

    def _take(
        self, leaf_index: LeafIndex, kind: Literal["handshake", "application"], generation: int | None = None
    ) -> tuple[int, KeyAndNonce, "SecretTree"]:
        def advanced(leaf: bytes | _Ratchets) -> tuple[tuple[int, KeyAndNonce], _Ratchets]:
            ratchets = self._started(leaf) if isinstance(leaf, bytes) else leaf
            ratchet: Ratchet = getattr(ratchets, kind)
            taken = ratchet.generation if generation is None else generation
            key, ratchet = ratchet.key(taken, self.nodes.cipher_suite, self.limits)
            return (taken, key), ratchets._replace(**{kind: ratchet})

        (taken, key), nodes = self.nodes.at_leaf(leaf_index, advanced)
        return taken, key, SecretTree(nodes, self.limits)

    def _started(self, leaf_secret: bytes) -> _Ratchets:
        handshake, application = (
            derive_secret(self.nodes.cipher_suite, leaf_secret, label) for label in ("handshake", "application")
        )
        return _Ratchets(Ratchet(handshake), Ratchet(application))
