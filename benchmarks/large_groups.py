"""Groups of any size without the life that would lead to them: every parent set by some member's path, none blank.

Whoever makes such a group knows all of it, so one member may join it by a Welcome with every private key of its direct
path, and one by an external commit, and then each commit costs what it costs in a large group that is well used.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group_info import (
    external_pub_extension,
    ratchet_tree_extension,
    sign_group_info,
)
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.group.new_secrets import NewSecrets
from mimi_conformance.reference.mls.group.welcome import Newcomer, make_welcome
from mimi_conformance.reference.mls.schedule.ratchet import DEFAULT_LIMITS
from mimi_conformance.reference.mls.tree.leaf_node_signature import signed_leaf_node
from mimi_conformance.reference.mls.tree.parent_hash import hashed_path
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.treekem import create_update_path
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, LeafNode, LeafNodeSource, Lifetime
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.mls.tree import Node, NodeType
from mimi_conformance.reference.wire.mls.tree import RatchetTree as WireTree

GROUP_ID = b"a large group"
HOUR = 3600


@dataclass(frozen=True)
class Invitation:
    """What it takes to get into a group.

    Attributes:
        welcome: an MLSMessage for the invited client, without the tree.
        group_info: an MLSMessage for anybody else, without the tree.
        tree: the content of the ratchet_tree extension.

    """

    welcome: bytes
    group_info: bytes
    tree: bytes


class LargeGroup:
    """A group in which the first leaf is blank, for who joins externally, and the last is for who is invited.

    Args:
        suite: its cipher suite.
        leaves: how many, both of those among them; even.
        identity: what the credential of the member at a leaf says.

    """

    def __init__(
        self, suite: CipherSuite, leaves: int, identity: Callable[[int], bytes] = lambda leaf: b"member %d" % leaf
    ) -> None:
        self._suite = suite
        self._identity = identity
        self._leaves = leaves
        signature = parameters(suite).signature
        self._signature_keys = [signature.new_private_key(os.urandom) for _ in range(leaves)]
        nodes: list[Node | None] = [None]
        for leaf_index in range(1, leaves):
            leaf_node = self._leaf_node(leaf_index)
            nodes += [None, Node(node_type=NodeType.leaf, leaf_node=leaf_node)]
        self._tree = RatchetTree.from_wire(suite, WireTree(tuple(nodes)))
        for sender in (1, *range(2, leaves, 2)):
            self._set_path(sender)

    def _leaf_node(self, leaf_index: int) -> LeafNode:
        now = int(time.time())
        key_pair = parameters(self._suite).new_hpke_key_pair(os.urandom)
        unsigned = LeafNode(
            encryption_key=key_pair.public_key,
            signature_key=parameters(self._suite).signature.public_key(self._signature_keys[leaf_index]),
            credential=Credential.basic(self._identity(leaf_index)),
            capabilities=Capabilities(
                versions=(ProtocolVersion.mls10,),
                cipher_suites=(self._suite,),
                extensions=(ExtensionType.app_data_dictionary, ExtensionType.external_senders),
                proposals=(),
                credentials=(CredentialType.basic,),
            ),
            leaf_node_source=LeafNodeSource.key_package,
            lifetime=Lifetime(now - HOUR, now + 24 * HOUR),
            extensions=(),
            signature=b"",
        )
        return signed_leaf_node(self._suite, unsigned, self._signature_keys[leaf_index])

    def _set_path(self, sender: int) -> None:
        """Do to the tree what a commit of a member does, without encrypting anything."""
        suite, tree = parameters(self._suite), self._tree
        path = tree.filtered_direct_path(sender)
        hashed = hashed_path(path, [suite.new_hpke_key_pair(os.urandom).public_key for _ in path])
        unsigned = replace(
            tree.member(sender),
            encryption_key=suite.new_hpke_key_pair(os.urandom).public_key,
            leaf_node_source=LeafNodeSource.commit,
            lifetime=None,
            parent_hash=hashed.leaf_parent_hash,
        )
        leaf_node = signed_leaf_node(
            self._suite, unsigned, self._signature_keys[sender], group_id=GROUP_ID, leaf_index=sender
        )
        self._tree = tree.with_path(sender, leaf_node, hashed.parent_nodes)

    def invite(self, key_package_message: bytes, extensions: tuple[Extension, ...] = ()) -> Invitation:
        """Put a client into the last leaf, by a last path of its sibling, in a group with these extensions."""
        key_package = MLSMessage.decode(key_package_message).key_package
        assert isinstance(key_package, KeyPackage)
        signer = self._leaves - 2
        context = GroupContext(
            cipher_suite=self._suite,
            group_id=GROUP_ID,
            epoch=1,
            tree_hash=b"",
            confirmed_transcript_hash=os.urandom(parameters(self._suite).kdf.size),
            extensions=extensions,
        )
        created = create_update_path(
            self._tree.update(self._leaves - 1, key_package.leaf_node),
            signer,
            self._tree.member(signer),
            self._signature_keys[signer],
            group_context=context,
            random=os.urandom,
        )
        context = replace(context, tree_hash=created.tree.tree_hash)
        state = GroupState.of(Application(), context, created.tree)
        joiner_secret = os.urandom(parameters(self._suite).kdf.size)
        secrets = NewSecrets.of_joiner(state, joiner_secret, (), DEFAULT_LIMITS)
        external_pub = external_pub_extension(secrets.epoch.external_key_pair().public_key)
        group_info = sign_group_info(
            context, (external_pub,), secrets.confirmation_tag, signer, self._signature_keys[signer]
        )
        newcomer = Newcomer(key_package, created.path_secret_for(self._leaves - 1))
        welcome = make_welcome(group_info, joiner_secret, (), (newcomer,), os.urandom)
        return Invitation(
            MLSMessage.of(welcome).encode(),
            MLSMessage.of(group_info).encode(),
            ratchet_tree_extension(created.tree).extension_data,
        )
