"""Whom a hub tells what happens in a room, and how (PROTO 5.5).

Followers are told through the outbox, and local clients in the transaction that accepts the event. Nobody is sent back
what it has sent (AMB-086), unless there is something along with it that it does not know.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree
from mimi_conformance.reference.provider.hosting import Hosting
from mimi_conformance.reference.provider.inbox import DeliveryKind
from mimi_conformance.reference.provider.messages import Call
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.participants import provider_of
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.updates import CommitAccepted
from mimi_conformance.reference.wire.mls.group import Welcome
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.franking import Frank
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom an event goes to: providers, and local clients."""

    providers: frozenset[str]
    clients: tuple[MimiUri, ...]

    def without(self, call: Call | None) -> "Audience":
        """All but the provider that has sent it, and in this one the client."""
        if call is None:
            return self
        clients = tuple(client for client in self.clients if client != call.client)
        return Audience(self.providers - {call.source}, clients)

    def sender(self, call: Call) -> "Audience":
        """The others of `without`."""
        clients = tuple(client for client in self.clients if client == call.client)
        return Audience(self.providers & {call.source}, clients)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A client that a commit adds.

    Attributes:
        reference: the KeyPackageRef by which the Welcome names it.
        leaf_index: its leaf.
        provider: where its KeyPackage came from.
        client: the local client that it is; None elsewhere.

    """

    reference: bytes
    leaf_index: int
    provider: str
    client: MimiUri | None


class Fanout(Hosting):
    """Tells followers and local clients what happens in rooms.

    `call` is the request that an event comes from everywhere; None for what this hub does by itself. Times are the
    hub's acceptance times, in milliseconds of the Unix epoch.
    """

    def fan_out_message(
        self,
        transaction: Transaction,
        state: RoomState,
        call: Call,
        message: MLSMessage,
        frank: Frank | None,
        *,
        accepted: int,
    ) -> None:
        """Tell of an application message."""
        event = FanoutMessage(timestamp=accepted, message=message, frank=frank)
        self.tell(transaction, state, self.readers(transaction, state).without(call), event)

    def fan_out_proposals(
        self,
        transaction: Transaction,
        state: RoomState,
        call: Call | None,
        messages: tuple[MLSMessage, ...],
        *,
        accepted: int,
    ) -> None:
        """Tell of proposals that came together, as they came."""
        event = FanoutMessage(timestamp=accepted, message=messages[0], more_proposals=messages[1:])
        self.tell(transaction, state, self.members(transaction, state).without(call), event)

    def fan_out_commit(
        self,
        transaction: Transaction,
        before: RoomState,
        call: Call,
        message: MLSMessage,
        stapled: tuple[MLSMessage, ...],
        *,
        accepted: int,
    ) -> None:
        """Tell those who were in the group of a commit, with the hub's proposals that go along with it.

        Who was added gets a Welcome instead (AMB-095), and who was removed the commit all the same. Whoever sent the
        commit gets what goes along with it by itself.
        """
        audience = self.members(transaction, before)
        event = FanoutMessage(timestamp=accepted, message=message, external_proposals=stapled)
        self.tell(transaction, before, audience.without(call), event)

    def fan_out_stapled(
        self, transaction: Transaction, state: RoomState, call: Call, stapled: tuple[MLSMessage, ...], *, accepted: int
    ) -> None:
        """Tell whoever sent an external commit of the proposals that others got along with it (AMB-086)."""
        event = FanoutMessage(timestamp=accepted, message=stapled[0], more_proposals=stapled[1:])
        self.tell(transaction, state, self.members(transaction, state).sender(call), event)

    def fan_out_welcome(
        self,
        transaction: Transaction,
        state: RoomState,
        welcome: Welcome,
        newcomers: Iterable[Newcomer],
        *,
        accepted: int,
    ) -> None:
        """Send newcomers a Welcome, with the tree: once to each provider, and to each local client (AMB-092)."""
        newcomers = tuple(newcomers)
        event = FanoutMessage(
            timestamp=accepted,
            message=MLSMessage.of(welcome),
            ratchet_tree_option=full_tree(state.group.tree),
        )
        clients = tuple(each.client for each in newcomers if each.client is not None)
        providers = frozenset(each.provider for each in newcomers if each.client is None)
        self.tell(transaction, state, Audience(providers, clients), event)

    def members(self, transaction: Transaction, state: RoomState) -> Audience:
        """Whom handshakes go to: everybody with a client in the group (PROTO 5.5)."""
        clients = tuple(each.client for each in transaction.clients_in(state.room_id))
        return Audience(state.committed.participants.active_providers - {self.domain}, clients)

    def readers(self, transaction: Transaction, state: RoomState) -> Audience:
        """Whom application messages go to: all `members` but the clients of users who are gone already (PROTO 5.3)."""
        if state.updated is state.committed:
            return self.members(transaction, state)
        providers = {provider_of(user) for user in self.present_users(state)}
        participants = state.committed.participants
        clients = tuple(
            each.client
            for each in transaction.clients_in(state.room_id)
            if each.leaf_index is not None and self.is_present(state, participants.user_at(each.leaf_index))
        )
        return Audience(frozenset(each for each in providers if each and each != self.domain), clients)

    def present_users(self, state: RoomState) -> Iterator[bytes]:
        """The users with clients in the group who have not left the room, and are not banned."""
        return (user for user in state.committed.participants.clients_by_user if self.is_present(state, user))

    def is_present(self, state: RoomState, user: bytes | None) -> bool:
        """Whether a user has neither left the room nor been banned, as far as the hub has accepted it (PROTO 7.1)."""
        return user is not None and state.updated.takes_part(user)

    def move_clients(
        self, transaction: Transaction, commit: CommitAccepted, newcomers: Iterable[Newcomer], call: Call
    ) -> None:
        """Remember which local clients are in the group after a commit."""
        room_id, applied = commit.state.room_id, commit.staged.applied
        for each in transaction.clients_in(room_id):
            if each.leaf_index in applied.removed:
                transaction.leave_room(room_id, each.client)
        for newcomer in newcomers:
            if newcomer.client is not None:
                transaction.join_room(room_id, newcomer.client, newcomer.leaf_index)
        if commit.staged.external and call.client is not None:
            transaction.join_room(room_id, call.client, commit.staged.committer)

    def tell(self, transaction: Transaction, state: RoomState, audience: Audience, event: FanoutMessage) -> None:
        """Put an event where its audience gets it from."""
        transaction.send_later(sorted(audience.providers), state.room_id, event)
        if audience.clients:
            transaction.deliver(audience.clients, DeliveryKind.FANOUT, self.domain, state.room_id, event.encode())
