"""A server that reads the handshakes of a group, as an external receiver where they are SemiPrivateMessages."""

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing import semi_private_message
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.group.senders import member_key
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.semi_private_message import ExternalReceiver, ExternalReceivers
from tests.mls.group_examples import SUITE, Client

RECEIVER_KEYS = parameters(SUITE).new_hpke_key_pair(Client("receiver").random)
RECEIVER = ExternalReceiver(RECEIVER_KEYS.public_key, Client("receiver").credential)
EXTERNAL_RECEIVERS = ExternalReceivers((RECEIVER,)).encode()
"""The data of the component `external_receivers` in a group that such a server follows."""


def served(server: PublicGroup, message: MLSMessage, now: int) -> PublicGroup:
    """The server's view of the group after a handshake that it can read."""
    readable = message.public_message
    content = None if readable is None else readable.content
    if message.semiprivate_message is not None:
        readable = semi_private_message.unseal_as_external_receiver(
            message.semiprivate_message,
            server.epoch,
            RECEIVER,
            RECEIVER_KEYS.private_key,
            lambda leaf_index: member_key(server.tree, leaf_index),
        )
        content = readable.content
    return (server.process_commit if content.proposal is None else server.process_proposal)(readable, now)
