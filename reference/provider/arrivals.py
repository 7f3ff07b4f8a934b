"""How events of rooms of other hubs reach local clients: once, in order, and only where they are right (PROTO 5.5).

What the hub notifies does not come the same way as its acceptance of what a local client has sent, and a hub need not
wait for one answer before it notifies again. So there are two reasons for an event to wait: one of our own requests,
still without an answer, may turn out to have been accepted before it, or it is of an epoch that has not come yet. The
first ends with the answer, the second after some seconds at the latest: nothing waits for what may never come.
"""

import logging
from collections.abc import Iterable

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.provider.arrival import Arrival, Waiting, epoch_of
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.following import Following, Right, Wrong
from mimi_conformance.reference.provider.inbox import DeliveryKind
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.lost_rooms import LostRooms
from mimi_conformance.reference.provider.messages import Call, Endpoint
from mimi_conformance.reference.provider.repetition import Repetition
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.wire.mls.group import Welcome
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage

MOST_WAITING = 256
"""Events that may wait in a room. When there are more, they wait no longer: a hub can't fill this memory."""
PATIENCE = 5_000
"""How long an event waits for its epoch, in milliseconds: longer than the answer takes that a commit overtakes, and
short enough for a person to wait who would not have to, because the hub has left that commit out."""

_logger = logging.getLogger(__name__)


class Arrivals(Following, Repetition):
    """Delivers what the hubs of rooms have accepted."""

    def __init__(self, settings: ProviderSettings, keys: ProviderKeys, random: Random) -> None:
        super().__init__(settings, keys, random)
        self.lost_rooms = LostRooms()

    def take(self, transaction: Transaction, arrival: Arrival, now: int) -> None:
        """Process an event, or let it wait for its turn; ``now`` in milliseconds of the Unix epoch."""
        room_id = arrival.room_id
        behind = transaction.newest_request(room_id)
        epoch = epoch_of(arrival.event.message)
        if not behind and not transaction.waiting(room_id, 1) and self.is_due(transaction, room_id, epoch):
            self.process(transaction, arrival)
        else:
            transaction.hold(arrival, behind, now)

    def go_on(self, transaction: Transaction, room_id: MimiUri, now: int) -> None:
        """Process what waits in a room as far as it can be; ``now`` in milliseconds of the Unix epoch."""
        while waiting := transaction.waiting(room_id, MOST_WAITING + 1):
            if not self.some_processed(transaction, room_id, waiting, now):
                return

    def some_processed(
        self, transaction: Transaction, room_id: MimiUri, waiting: tuple[Waiting, ...], now: int
    ) -> bool:
        """Process some of what waits, up to where something that was passed over may have its turn; whether any."""
        patient = len(waiting) <= MOST_WAITING
        passed_over = processed = False
        for each in waiting:
            if patient and transaction.is_request_open(room_id, each.behind):
                break
            if patient and now - each.received < PATIENCE and not self.is_due(transaction, room_id, each.epoch):
                passed_over = True
                continue
            self.process(transaction, transaction.release(each.position))
            processed = True
            if passed_over:
                break
        return processed

    def go_on_everywhere(self, transaction: Transaction, now: int) -> None:
        """Do as `go_on` in every room: time has passed."""
        for room_id in transaction.rooms_waited_in():
            self.go_on(transaction, room_id, now)

    def is_due(self, transaction: Transaction, room_id: MimiUri, epoch: int | None) -> bool:
        """Whether the epoch of an event has come, as far as we know."""
        room = transaction.room(room_id)
        return room is None or epoch is None or epoch <= room.state.group.context.epoch

    def process(self, transaction: Transaction, arrival: Arrival) -> None:
        """Deliver an event whose turn has come to the local clients that it is for, unless it is wrong."""
        room_id, sender = arrival.room_id, arrival.sender
        judgement = self.judged(transaction, room_id, arrival.event)
        if isinstance(judgement, Wrong):
            self.discard(room_id, judgement.reason)
            return
        if judgement.reason:
            self.discard(room_id, judgement.reason)
        if judgement.event.event is FanoutEvent.welcome:
            self.let_in(transaction, room_id, judgement.event)
        else:
            clients = self.recipients(transaction, room_id, judgement.event)
            event = self.delivered(judgement.event)
            self.deliver(transaction, room_id, (each for each in clients if each != sender), event)
        if sender is not None:
            transaction.keep_own_event(room_id, judgement.event, MOST_WAITING)
        self.keep_followed(transaction, room_id, judgement.room)
        if judgement.room is None:
            self.lost_rooms.lose(room_id)
        self.take_out(transaction, room_id, judgement, arrival.event.timestamp)
        if judgement.room is not None and judgement.event.event is not FanoutEvent.application:
            self.note_readers(transaction, judgement.room.state, arrival.event.timestamp)

    def deliver(self, transaction: Transaction, room_id: MimiUri, clients: Iterable[MimiUri], event: bytes) -> None:
        """Put an event where clients get it from."""
        transaction.deliver(clients, DeliveryKind.FANOUT, room_id.provider, room_id, event)

    def let_in(self, transaction: Transaction, room_id: MimiUri, event: FanoutMessage) -> None:
        """Deliver a Welcome, and to those who come in what others here have sent meanwhile, which has overtaken it."""
        before = {each.client for each in transaction.clients_in(room_id)}
        clients = self.recipients(transaction, room_id, event)
        self.deliver(transaction, room_id, clients, self.delivered(event))
        newcomers = tuple(each for each in clients if each not in before)
        for own in transaction.own_events(room_id, event.timestamp):
            self.deliver(transaction, room_id, newcomers, own)

    def discard(self, room_id: MimiUri, reason: str) -> None:
        """Say that an event is not delivered, or a part of it."""
        _logger.warning("Discarded an event of %s: %s", room_id, reason)

    def take_out(self, transaction: Transaction, room_id: MimiUri, judgement: Right, at: int) -> None:
        """Deliver nothing later to the clients that an event has removed; with the last of them, the room is gone."""
        for client in judgement.gone:
            transaction.leave_room(room_id, client)
            self.note_leaving(transaction, room_id, client, at)
        if judgement.gone and not transaction.clients_in(room_id):
            transaction.forget_room(room_id)
            transaction.forget_own_events(room_id)

    def note_readers(self, transaction: Transaction, state: RoomState, at: int) -> None:
        """Note for whom the messages of a room are that the hub accepts later than a time.

        Those are not for users who have left (PROTO 5.3, 7.1), also while their clients are in the group. What it has
        accepted earlier may come later: the acceptance of a user's own leaving overtakes it.
        """
        leavers = self.leavers(state)
        for each in transaction.clients_in(state.room_id):
            if each.client in leavers:
                self.note_leaving(transaction, state.room_id, each.client, at)
            else:
                transaction.note_staying(state.room_id, each.client)

    def leavers(self, state: RoomState) -> frozenset[MimiUri]:
        """The clients in the group whose users have left the room or were banned."""
        if state.updated is state.committed:
            return frozenset()
        users = state.committed.participants.clients_by_user.items()
        gone = (each.uri for user, clients in users if not state.updated.takes_part(user) for each in clients)
        return frozenset(each for each in gone if each is not None)

    def note_leaving(self, transaction: Transaction, room_id: MimiUri, client: MimiUri, at: int) -> None:
        """Note that messages are not for a client any longer, for as long as earlier ones may come."""
        transaction.note_leaving(room_id, client, at, at - self.settings.seen_window.milliseconds)

    def recipients(self, transaction: Transaction, room: MimiUri, event: FanoutMessage) -> tuple[MimiUri, ...]:
        """The local clients that an event is for; those whom a Welcome names are in the room from now on."""
        welcome = event.message.welcome
        if welcome is None:
            return self.clients_for(transaction, room, event)
        clients = self.welcomed_clients(transaction, welcome)
        for client in clients:
            transaction.join_room(room, client)
        return clients

    def clients_for(self, transaction: Transaction, room_id: MimiUri, event: FanoutMessage) -> tuple[MimiUri, ...]:
        """The local clients in a room; of messages those that were to have it when the hub accepted it."""
        if event.event is FanoutEvent.application:
            return transaction.readers_in(room_id, event.timestamp)
        return tuple(each.client for each in transaction.clients_in(room_id))

    def delivered(self, event: FanoutMessage) -> bytes:
        """What a client gets of an event: all of it."""
        return event.encode()

    def welcomed_clients(self, transaction: Transaction, welcome: Welcome) -> tuple[MimiUri, ...]:
        """The local clients whose KeyPackages a Welcome names; names that nobody knows reach nobody (AMB-091)."""
        clients = (transaction.client_of_key_package(secrets.new_member) for secrets in welcome.secrets)
        return tuple(dict.fromkeys(client for client in clients if client is not None))

    def without_echo(
        self, transaction: Transaction, room_id: MimiUri, event: FanoutMessage, now: int
    ) -> FanoutMessage | None:
        """What is new of an event, where the hub sends back what it has accepted from one of our clients (AMB-086).

        That is nothing, or the proposals of the hub that go along with a commit.
        """
        if self.earlier_answer(transaction, self.as_call(room_id, event.message), now) is None:
            return event
        along = event.external_proposals or ()
        if not along:
            return None
        return FanoutMessage(timestamp=event.timestamp, message=along[0], more_proposals=along[1:])

    def as_call(self, room_id: MimiUri, message: MLSMessage) -> Call:
        """What a message of ours is remembered by, in the same bounded memory as requests of the hub."""
        return Call(Endpoint.NOTIFY, room_id.provider, f"message {room_id}", message.encode())
