"""Which nodes of a ratchet tree hold a key, found without looking at every node (RFC 9420, section 16.7).

A `KeyHolders` never changes: a change gives another one, which shares almost everything with the first. Inside is a
hash trie: its inner nodes have a child for each value of some bits of a key's hash, and its leaves are small
dictionaries, copied when a key in them changes. Python salts the hashes of bytes, so that nobody can choose keys that
end up in the same leaf.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from mimi_conformance.reference.mls.tree.tree_math import Node

_BITS = 4
_BRANCHES = 1 << _BITS
_LARGEST_LEAF = 16
_DEEPEST = 8

_Leaf = dict[bytes, tuple[Node, ...]]
_Trie = _Leaf | tuple["_Trie", ...]


@dataclass(frozen=True, slots=True, repr=False)
class KeyHolders:
    """Keys and the nodes that hold each of them. To read or to change one takes the logarithm of their number."""

    _trie: _Trie = field(default_factory=dict)

    @classmethod
    def of(cls, holders: Iterable[tuple[bytes, Node]]) -> "KeyHolders":
        """Who holds which key, from all pairs of a key and a node."""
        nodes: dict[bytes, list[Node]] = {}
        for key, node in holders:
            nodes.setdefault(key, []).append(node)
        return cls(_planted({key: tuple(found) for key, found in nodes.items()}, 0))

    def nodes_with(self, key: bytes) -> tuple[Node, ...]:
        """The nodes that hold a key; in a valid tree there is at most one."""
        trie, path = self._trie, hash(key)
        while isinstance(trie, tuple):
            trie, path = trie[path % _BRANCHES], path >> _BITS
        return trie.get(key, ())

    def with_holder(self, key: bytes, node: Node) -> "KeyHolders":
        """The same, but the node holds the key, too."""
        return self._with_nodes(key, (*self.nodes_with(key), node))

    def without_holder(self, key: bytes, node: Node) -> "KeyHolders":
        """The same, but the node does not hold the key."""
        return self._with_nodes(key, tuple(holder for holder in self.nodes_with(key) if holder != node))

    def _with_nodes(self, key: bytes, nodes: tuple[Node, ...]) -> "KeyHolders":
        return KeyHolders(_changed(self._trie, hash(key), 0, key, nodes))


def _changed(trie: _Trie, path: int, depth: int, key: bytes, nodes: tuple[Node, ...]) -> _Trie:
    """A copy of a trie, new only along the path to the key, in which these nodes hold the key."""
    if isinstance(trie, tuple):
        branch = path % _BRANCHES
        child = _changed(trie[branch], path >> _BITS, depth + 1, key, nodes)
        return (*trie[:branch], child, *trie[branch + 1 :])
    leaf = {**trie, key: nodes}
    if not nodes:
        del leaf[key]
    return _planted(leaf, depth)


def _planted(leaf: _Leaf, depth: int) -> _Trie:
    """The trie with the keys of a leaf, which is that leaf unless it is too large to be copied often."""
    if len(leaf) <= _LARGEST_LEAF or depth == _DEEPEST:
        return leaf
    branches: tuple[_Leaf, ...] = tuple({} for _ in range(_BRANCHES))
    for key, nodes in leaf.items():
        branches[(hash(key) >> (_BITS * depth)) % _BRANCHES][key] = nodes
    return tuple(_planted(branch, depth + 1) for branch in branches)
