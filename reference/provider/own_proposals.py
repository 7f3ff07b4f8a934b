"""What a hub proposes by itself, as an external sender of its rooms' groups (PROTO 5.5, 7.4).

It acts in its role, like anybody: what the room does not let it do, it leaves (AMB-166, AMB-223).
"""

from collections.abc import Iterable, Iterator

from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender
from mimi_conformance.reference.provider.fanout import Fanout
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.actors import ExternalSender
from mimi_conformance.reference.room.changes import Change, ChangeExtensions, RemoveClients, RemoveParticipant
from mimi_conformance.reference.room.components.participant_list import PARTICIPANT_LIST
from mimi_conformance.reference.room.participants import User
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.translation import TranslatedAct
from mimi_conformance.reference.room.updates import ProposalsAccepted, accept_proposals, reference_of
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.group import ExternalSender as Entry
from mimi_conformance.reference.wire.mls.group import ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import GroupContextExtensions, ProposalBody, Remove
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate

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

    def wishes_after(self, state: RoomState, lapsed: Iterable[TranslatedAct]) -> Iterator[Bodies]:
        """What the hub proposes once something has been accepted.

        That is anew what it has proposed before and a commit has left out (PROTO 5.5), and that the external senders
        be the right ones.

        Args:
            state: the room after it.
            lapsed: what was left out.

        """
        for each in lapsed:
            actor = each.act.actor
            if isinstance(actor, ExternalSender) and actor.domain == self.domain:
                yield self.proposed_anew(state, each.act.change)
        yield self.right_external_senders(state)

    def proposed_anew(self, state: RoomState, change: Change) -> Bodies:
        """Proposals of this epoch for what the hub has proposed in another one; none if there is nothing left to do."""
        match change:
            case RemoveParticipant(user=user):
                return self.removal(state, user)
            case RemoveClients(user=user, leaves=leaves):
                return self.clients_removal(state, user, leaves)
            case _:
                return ()

    def removal(self, state: RoomState, user: User) -> Bodies:
        """Proposals that take a user off the list, along with all clients; none for somebody who is not listed."""
        if user not in state.committed.participants or user not in state.updated.participants:
            return ()
        gone = ParticipantListUpdate(removed_indices=(state.committed.participants.index(user),))
        listed = AppDataUpdate(component_id=PARTICIPANT_LIST, op=AppDataUpdateOperation.update, update=gone.encode())
        leaves = {client.leaf_index for client in state.updated.participants.clients(user)} - {None}
        return (*self.clients_removal(state, user, frozenset(each for each in leaves if each is not None)), listed)

    def clients_removal(self, state: RoomState, user: User, leaves: frozenset[int]) -> Bodies:
        """Proposals that remove clients of a user from the group, as far as they are still there."""
        return tuple(Remove(leaf) for leaf in sorted(leaves) if state.updated.participants.user_at(leaf) == user)

    def right_external_senders(self, state: RoomState) -> Bodies:
        """A proposal that takes out followers whose last user has left (PROTO 7.4); none where that is done already."""
        stale = state.stale_external_senders
        if not stale or any(isinstance(change, ChangeExtensions) for change in state.pending_changes):
            return ()
        named = zip(state.external_senders, state.group.state.extensions.external_senders, strict=True)
        return (self.with_external_senders(state, tuple(entry for domain, entry in named if domain not in stale)),)

    def with_external_senders(self, state: RoomState, entries: tuple[Entry, ...]) -> GroupContextExtensions:
        """A proposal to have these external senders, and everything else as it is."""
        new = Extension(ExtensionType.external_senders, ExternalSenders(entries).encode())
        extensions = state.group.context.extensions
        return GroupContextExtensions(
            tuple(new if each.extension_type is ExtensionType.external_senders else each for each in extensions)
        )
