"""Follows rooms of other hubs, and says which of their events are right (architecture 4.4).

A follower judges as the hub does, with the same functions, what it can read of a room that it knows. It is no obstacle
where it can't: what it can't judge is right, and a room of which it has lost track is forgotten, to be asked for anew.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TypeAlias

from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError
from mimi_conformance.reference.mls.group.commit_rules import CommitRule
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.proposals.components import ComponentRefusal
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.provider.hub_identity import HubIdentity
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.actors import JoinCode
from mimi_conformance.reference.room.credentials import client_identity
from mimi_conformance.reference.room.derivation import GroupError, view_of
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.surroundings import Surroundings
from mimi_conformance.reference.room.updates import (
    CommitAccepted,
    InvalidProposal,
    NotAllowed,
    ProposalsAccepted,
    Refusal,
    WrongEpoch,
    accept_commit,
    accept_overtaken,
)
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.framing import PublicMessage
from mimi_conformance.reference.wire.mls.group import GroupInfo
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.group_info import PendingProposal
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage


@dataclass(frozen=True, slots=True)
class Right:
    """An event is to be delivered.

    Attributes:
        event: what of it is.
        room: the room after it; None when that is not known.
        gone: the local clients that it takes out of the group.
        reason: why a part of it is not delivered; empty when all is.

    """

    event: FanoutMessage
    room: Room | None
    gone: tuple[MimiUri, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Wrong:
    """An event is to be discarded, as everybody does who follows the drafts."""

    reason: str


Judgement: TypeAlias = Right | Wrong


class Following(HubIdentity):
    """Judges events of rooms of other hubs."""

    def judged(self, transaction: Transaction, room_id: MimiUri, event: FanoutMessage) -> Judgement:
        """What to do with an event."""
        room = transaction.room(room_id)
        if room is None or self.is_over(room.state):
            return Right(event, None)
        match event.event:
            case FanoutEvent.proposal:
                return self.judged_proposals(transaction, room, event)
            case FanoutEvent.commit:
                return self.judged_commit(transaction, room, event)
            case _:
                return Right(event, room)

    def is_over(self, state: RoomState) -> bool:
        """Whether another group has followed, or will, and nobody notifies of which (AMB-082)."""
        return state.group.reinit is not None

    def judged_proposals(self, transaction: Transaction, room: Room, event: FanoutMessage) -> Judgement:
        """What to do with proposals, which are right together or not at all.

        Where more of them wait than a hub of ours would have taken, nobody here keeps them.
        """
        messages = self.readable((event.message, *(event.more_proposals or ())))
        if messages is None:
            return Right(event, None)
        if len(room.state.group.pending) + len(messages) > self.settings.most_pending_proposals:
            return Right(event, None)
        accepted = accept_overtaken(
            room.state, messages, event.timestamp // 1000, self.surroundings_of_followed(transaction)
        )
        if isinstance(accepted, ProposalsAccepted):
            return Right(event, Room(accepted.state))
        return self.after_refusal(room, event, messages[0], accepted)

    def judged_commit(self, transaction: Transaction, room: Room, event: FanoutMessage) -> Judgement:
        """What to do with a commit, and with the proposals of the hub that go along with it."""
        messages = self.readable((event.message,))
        if messages is None:
            return Right(event, None)
        accepted = self.decided(transaction, room, messages[0], event.timestamp // 1000)
        if not isinstance(accepted, CommitAccepted):
            return self.after_refusal(room, event, messages[0], accepted)
        gone = self.clients_gone(transaction, accepted)
        stapled = event.external_proposals or ()
        after = Room(accepted.state)
        if not stapled:
            return Right(event, after, gone)
        along = self.judged_proposals(
            transaction,
            after,
            FanoutMessage(timestamp=event.timestamp, message=stapled[0], more_proposals=stapled[1:]),
        )
        if isinstance(along, Wrong):
            return Right(replace(event, external_proposals=()), after, gone, along.reason)
        return Right(event, along.room, gone)

    def decided(
        self, transaction: Transaction, room: Room, commit: PublicMessage, now: int
    ) -> CommitAccepted | Refusal:
        """What the room says to a commit. Only the hub sees joining codes: it is believed that there was one."""
        surroundings = self.surroundings_of_followed(transaction)
        return accept_commit(room.state, commit, now, surroundings, self.presumed_code(room.state.updated))

    def presumed_code(self, view: RoomView) -> JoinCode | None:
        """The code that somebody may have shown to the hub; None where it could lead to no role (AMB-164)."""
        targets = view.policy.no_role.changes.get(NO_ROLE)
        return JoinCode(b"", min(targets)) if targets else None

    def after_refusal(self, room: Room, event: FanoutMessage, message: PublicMessage, refusal: Refusal) -> Judgement:
        """What follows when the room as it is known does not take something.

        What is for another epoch can't be judged. If that is a later one, we have missed something, as with a commit of
        proposals that we have not seen. What may happen in a room that depends on another, depends on how the hub had
        that other one, of which we hear in no order with this one, or nothing.
        """
        if isinstance(refusal, NotAllowed) and room.state.updated.policy.base.parent_dependant:
            return Right(event, None)
        if isinstance(refusal, InvalidProposal) and refusal.error.rule is CommitRule.REFERENCE_KNOWN:
            return Right(event, None)
        if isinstance(refusal, WrongEpoch):
            return Right(event, room if message.content.epoch < refusal.current_epoch else None)
        return Wrong(str(refusal))

    def readable(self, messages: tuple[MLSMessage, ...]) -> tuple[PublicMessage, ...] | None:
        """The messages, if a follower can read all of them."""
        public = tuple(each.public_message for each in messages if each.public_message is not None)
        return public if len(public) == len(messages) else None

    def surroundings_of_followed(self, transaction: Transaction) -> Surroundings:
        """What lies outside a followed room, as far as we know: the other rooms that we follow."""

        def find_room(room_id: MimiUri) -> RoomView | None:
            found = transaction.room(room_id)
            return None if found is None else found.state.updated

        return Surroundings(find_room)

    def followed(
        self,
        transaction: Transaction,
        room_id: MimiUri,
        group_info: GroupInfo,
        tree: wire.RatchetTree | None,
        proposals: tuple[PendingProposal, ...] = (),
    ) -> Room | None:
        """A room to follow from now on.

        Args:
            transaction: what the provider remembers.
            room_id: the room.
            group_info: the GroupInfo of its group.
            tree: the ratchet tree, if it is not in the GroupInfo.
            proposals: what waits for a commit; what was accepted at the same time, together.

        Returns:
            The room; None where this is not one that can be followed.

        """
        try:
            group = follow(group_info, room_application(), None, tree)
            view = view_of(room_id, group.state, DEFAULT_MAPPING)
        except (RuleError, UnsupportedCipherSuiteError, GroupError, ComponentRefusal):
            return None
        room = Room(RoomState(group, view, view))
        for accepted, together in groupby(proposals, lambda each: each.hub_accepted_time):
            first, *more = (each.proposal for each in together)
            event = FanoutMessage(timestamp=accepted, message=first, more_proposals=tuple(more))
            judgement = self.judged_proposals(transaction, room, event)
            if isinstance(judgement, Wrong) or judgement.room is None:
                return None
            room = judgement.room
        return room

    def keep_followed(self, transaction: Transaction, room_id: MimiUri, after: Room | None) -> None:
        """Remember what has become of a room."""
        before = transaction.room(room_id)
        if after is None:
            transaction.forget_room(room_id)
        elif before is None:
            transaction.found_room(after)
        elif after is not before:
            transaction.record_room(after)

    def clients_gone(self, transaction: Transaction, commit: CommitAccepted) -> tuple[MimiUri, ...]:
        """Our clients that a commit takes out of the group, and does not put into it anew."""
        removed = tuple(leaf_node for _, leaf_node in commit.staged.applied.removed.values())
        ours = tuple(self.local_clients(transaction, removed))
        if not ours:
            return ()
        members = tuple(leaf_node for _, leaf_node in commit.state.group.tree.members())
        there = frozenset(self.local_clients(transaction, members))
        return tuple(client for client in ours if client not in there)

    def local_clients(self, transaction: Transaction, leaf_nodes: tuple[LeafNode, ...]) -> Iterator[MimiUri]:
        """Our clients among members. Those behind pseudonyms are known to themselves only (PROTO 6.1)."""
        for leaf_node in leaf_nodes:
            client = client_identity(leaf_node.credential, DEFAULT_MAPPING).client
            if client is not None and transaction.user_of(client) is not None:
                yield client
