"""What an epoch is made of, as everybody sees it who follows the group (RFC 9420, section 8.1)."""

from dataclasses import dataclass, replace

from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.mls.tree.key_holders import KeyHolders
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex, node_of
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNode


@dataclass(frozen=True, slots=True)
class GroupState:
    """The public state of a group in an epoch, or on the way from one epoch to the next.

    Attributes:
        application: what the group is for.
        context: the GroupContext; on the way, still that of the old epoch.
        extensions: the GroupContext extensions, read; on the way, those of the new epoch as soon as they are known.
        tree: the ratchet tree, with as many changes as have been made.
        clients: which leaf, as a node, belongs to which of the clients that the application tells apart.

    """

    application: Application
    context: GroupContext
    extensions: GroupExtensions
    tree: RatchetTree
    clients: KeyHolders

    @classmethod
    def of(cls, application: Application, context: GroupContext, tree: RatchetTree) -> "GroupState":
        """The state that a GroupContext and a tree describe. Looks at every leaf.

        Raises:
            ExtensionError: an extension of the GroupContext is not what it should be.

        """
        owners = [(application.client_of(leaf_node), node_of(index)) for index, leaf_node in tree.members()]
        clients = KeyHolders.of((client, node) for client, node in owners if client is not None)
        return cls(application, context, GroupExtensions.read(context.extensions), tree, clients)

    def with_extensions(self, extensions: tuple[Extension, ...]) -> "GroupState":
        """The state with other GroupContext extensions.

        Raises:
            ExtensionError: one of them is not what it should be.

        """
        return replace(self, extensions=GroupExtensions.read(extensions))

    def with_leaf(self, tree: RatchetTree, leaf_index: LeafIndex) -> "GroupState":
        """The state with a tree in which only one leaf has changed, apart from parents."""
        clients, node = self.clients, node_of(leaf_index)
        old, new = self._client(self.tree.leaf(leaf_index)), self._client(tree.leaf(leaf_index))
        if old != new:
            clients = clients if old is None else clients.without_holder(old, node)
            clients = clients if new is None else clients.with_holder(new, node)
        return replace(self, tree=tree, clients=clients)

    def leaves_of(self, leaf_node: LeafNode) -> frozenset[LeafIndex]:
        """The leaves of the same client as this one: with the same signature key, or by the application's word."""
        client = self._client(leaf_node)
        holders = (
            *self.tree.signature_keys.nodes_with(leaf_node.signature_key),
            *(() if client is None else self.clients.nodes_with(client)),
        )
        return frozenset(node // 2 for node in holders)

    def _client(self, leaf_node: LeafNode | None) -> bytes | None:
        return None if leaf_node is None else self.application.client_of(leaf_node)
