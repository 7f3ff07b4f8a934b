"""What a hub proposes by itself, as an external sender of its rooms' groups (PROTO 5.5, 7.4).

It acts in its role, like anybody: what the room does not let it do, it leaves (AMB-166, AMB-223).
"""

from collections.abc import Iterable

from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender
from mimi_conformance.reference.provider.fanout import Fanout
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.changes import ChangeExtensions
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.updates import ProposalsAccepted, accept_proposals, reference_of
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import GroupContextExtensions, ProposalBody
from mimi_conformance.reference.wire.mls.registries import ExtensionType

Bodies = tuple[ProposalBody, ...]
"""Proposals that are made together or not at all."""


class OwnProposals(Fanout):
    """Makes proposals of the hub, and lets its rooms decide about them like about those of others."""

    def propose_each(
        self, transaction: Transaction, room: Room, wishes: Iterable[Bodies], now: int
    ) -> tuple[Room, tuple[MLSMessage, ...]]:
        """Propose what the room allows of several things, each by itself; ``now`` in milliseconds of the Unix epoch.

        Returns:
            The room afterwards, and what is to be fanned out.

        """
        made = list[MLSMessage]()
        for bodies in wishes:
            room, messages = self.propose(transaction, room, bodies, now)
            made += messages
        return room, tuple(made)

    def propose(
        self, transaction: Transaction, room: Room, bodies: Bodies, now: int
    ) -> tuple[Room, tuple[MLSMessage, ...]]:
        """Propose something, if the room allows it; as `propose_each`."""
        state, group = room.state, room.state.group
        suite, extensions = group.context.cipher_suite, group.state.extensions
        sender_index = self.sender_index(suite, extensions)
        if sender_index is None or not bodies:
            return room, ()
        key = self.keys.external_sender(suite).private_key
        additional = b"" if extensions.safe_aad is None else encode_safe_aad({})
        proposals = [propose_as_external_sender(group.context, sender_index, body, key, additional) for body in bodies]
        accepted = accept_proposals(state, proposals, now // 1000, self.surroundings(transaction))
        if not isinstance(accepted, ProposalsAccepted) or not accepted.acts:
            return room, ()
        messages = {reference_of(group, each): MLSMessage.of(each) for each in proposals}
        room = room.with_proposals(accepted.state, messages, now)
        transaction.record_room(room)
        return room, tuple(messages.values())

    def right_external_senders(self, state: RoomState) -> Bodies:
        """A proposal that takes out followers whose last user has left (PROTO 7.4); none where that is done already."""
        stale = state.stale_external_senders
        if not stale or any(isinstance(change, ChangeExtensions) for change in state.pending_changes):
            return ()
        named = zip(state.external_senders, state.group.state.extensions.external_senders, strict=True)
        return (self.with_external_senders(state, tuple(entry for domain, entry in named if domain not in stale)),)

    def with_external_senders(self, state: RoomState, entries: tuple[ExternalSender, ...]) -> GroupContextExtensions:
        """A proposal to have these external senders, and everything else as it is."""
        new = Extension(ExtensionType.external_senders, ExternalSenders(entries).encode())
        extensions = state.group.context.extensions
        return GroupContextExtensions(
            tuple(new if each.extension_type is ExtensionType.external_senders else each for each in extensions)
        )
