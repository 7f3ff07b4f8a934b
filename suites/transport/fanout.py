"""Rooms that a peer of ours hosts, as far as a follower sees them: the events that it is notified of (PROTO 5.5).

A follower can't open what it passes on. It sees a group id, an epoch, a content type, and the KeyPackageRefs of a
Welcome; octets that mean nothing stand wherever only the group's clients would look. Every event is unlike all others,
also those of earlier runs: a follower may have their bodies on its list of duplicates.
"""

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace

from mimi_conformance.mocks.peers.user import CIPHER_SUITE
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.wire.mls.crypto import HPKECiphertext
from mimi_conformance.reference.wire.mls.framing import (
    ContentType,
    FramedContent,
    FramedContentAuthData,
    PrivateMessage,
    PublicMessage,
    Sender,
    SenderType,
)
from mimi_conformance.reference.wire.mls.group import EncryptedGroupSecrets, Welcome
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import (
    Commit,
    PreSharedKey,
    Proposal,
    ProposalOrRef,
    ProposalOrRefType,
)
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID, PSKType
from mimi_conformance.reference.wire.mls.ratchet_tree_options import RatchetTreeOption, RatchetTreeRepresentation
from mimi_conformance.reference.wire.mls.registries import ProposalType
from mimi_conformance.reference.wire.mls.tree import Node, NodeType
from mimi_conformance.reference.wire.protocol.franking import Frank
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.suites.target.addressed_peer import AddressedPeer

TREE_FROM_THE_HUB = RatchetTreeOption(representation=RatchetTreeRepresentation.distribution_service)
"""The tree that a joiner fetches from the hub: nothing is inline (ratchet-tree-options-03, 3)."""

_HASH_BYTES = 32
_SIGNATURE_BYTES = 64


@dataclass(frozen=True)
class HostedRoom:
    """A room of which a peer of ours is the hub, and its MLS group."""

    uri: MimiUri
    group_id: bytes
    epoch: int = 1

    @classmethod
    def of(cls, hub: AddressedPeer) -> "HostedRoom":
        """A new room of this hub."""
        name = os.urandom(8).hex()
        return cls(MimiUri.room(hub.domain, name), MimiUri.group(hub.domain, name).text.encode())

    def application(self) -> FanoutMessage:
        """An application message of a member, without a frank."""
        private = PrivateMessage(
            self.group_id, self.epoch, ContentType.application, b"", os.urandom(28), os.urandom(80)
        )
        return FanoutMessage(timestamp=_now(), message=MLSMessage.of(private))

    def franked(self) -> FanoutMessage:
        """An application message with the hub's frank."""
        frank = Frank(os.urandom(_HASH_BYTES), CIPHER_SUITE, os.urandom(_SIGNATURE_BYTES))
        return replace(self.application(), frank=frank)

    def proposal(self) -> FanoutMessage:
        """A proposal of a member."""
        return FanoutMessage(timestamp=_now(), message=self._proposal(), more_proposals=())

    def proposals(self) -> FanoutMessage:
        """A proposal of a member with two more."""
        return replace(self.proposal(), more_proposals=(self._proposal(), self._proposal()))

    def commit(self) -> FanoutMessage:
        """A commit of a member."""
        by_value = ProposalOrRef(type=ProposalOrRefType.proposal, proposal=_pre_shared_key())
        return FanoutMessage(
            timestamp=_now(),
            message=self._handshake(ContentType.commit, commit=Commit((by_value,))),
            external_proposals=(),
        )

    def welcome(self, key_packages: Iterable[KeyPackage], tree: RatchetTreeOption = TREE_FROM_THE_HUB) -> FanoutMessage:
        """A Welcome for the clients whose KeyPackages these are."""
        secrets = tuple(
            EncryptedGroupSecrets(key_package_ref(each), HPKECiphertext(os.urandom(_HASH_BYTES), os.urandom(80)))
            for each in key_packages
        )
        welcome = Welcome(CIPHER_SUITE, secrets, os.urandom(400))
        return FanoutMessage(timestamp=_now(), message=MLSMessage.of(welcome), ratchet_tree_option=tree)

    def _proposal(self) -> MLSMessage:
        return self._handshake(ContentType.proposal, proposal=_pre_shared_key())

    def _handshake(
        self, content_type: ContentType, *, proposal: Proposal | None = None, commit: Commit | None = None
    ) -> MLSMessage:
        """A PublicMessage, whose signature and tags nobody outside the group can check."""
        content = FramedContent(
            group_id=self.group_id,
            epoch=self.epoch,
            sender=Sender(sender_type=SenderType.member, leaf_index=0),
            authenticated_data=b"",
            content_type=content_type,
            proposal=proposal,
            commit=commit,
        )
        auth = FramedContentAuthData(
            content_type=content_type,
            signature=os.urandom(_SIGNATURE_BYTES),
            confirmation_tag=os.urandom(_HASH_BYTES) if content_type is ContentType.commit else None,
        )
        return MLSMessage.of(PublicMessage(content=content, auth=auth, membership_tag=os.urandom(_HASH_BYTES)))


def tree_of(key_packages: Iterable[KeyPackage]) -> RatchetTreeOption:
    """A ratchet tree with the leaves of these KeyPackages and no parents yet (RFC 9420 12.4.3.3)."""
    nodes: list[Node | None] = []
    for each in key_packages:
        nodes += (Node(node_type=NodeType.leaf, leaf_node=each.leaf_node), None)
    return RatchetTreeOption(representation=RatchetTreeRepresentation.full, ratchet_tree=tuple(nodes[:-1]))


def _pre_shared_key() -> Proposal:
    """A proposal that changes neither participants nor policy."""
    key = PreSharedKeyID(psktype=PSKType.external, psk_id=os.urandom(16), psk_nonce=os.urandom(_HASH_BYTES))
    return Proposal(ProposalType.psk, PreSharedKey(key))


def _now() -> int:
    return time.time_ns() // 1_000_000
