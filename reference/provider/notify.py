"""notify, as a follower gets it: events of a room, for the clients that are in it (PROTO 5.5)."""

from http import HTTPStatus

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.inbox import DeliveryKind
from mimi_conformance.reference.provider.messages import Answer, Call, Refusal
from mimi_conformance.reference.provider.repetition import Repetition
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.group import Welcome
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage


class NotifyEndpoint(Repetition):
    """Answers for notify."""

    def answer_to_notify(self, transaction: Transaction, call: Call, now: int) -> Answer:
        """201 without a body, to duplicates as well; ``now`` in milliseconds of the Unix epoch."""
        room = self.parsed_room(IdentifierUri.of(call.subject))
        self.check_hub(call.source, room)
        events = self.fanout_messages(call.body)
        if self.is_new(transaction, call, now):
            for event in events:
                self.process_event(transaction, call.source, room, event)
        return Answer(HTTPStatus.CREATED)

    def check_hub(self, source: str, room: MimiUri) -> None:
        """Refuse events of a room from anybody but its hub (AMB-090).

        Raises:
            Refusal: 403.

        """
        if source != room.provider:
            raise Refusal(HTTPStatus.FORBIDDEN, f"{source} is not the hub of {room}.")

    def fanout_messages(self, body: bytes) -> tuple[FanoutMessage, ...]:
        """The events in a body, which are all good or all refused (AMB-085).

        Raises:
            Refusal: 400.

        """
        try:
            events = FanoutMessage.decode_all(body)
        except DecodeError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The body is no FanoutMessages: {error}.") from error
        if not events:
            raise Refusal(HTTPStatus.BAD_REQUEST, "The body holds no FanoutMessage.")
        return events

    def is_new(self, transaction: Transaction, call: Call, now: int) -> bool:
        """Whether this hub has not sent this body for this room lately; it is remembered now (AMB-088)."""
        if self.earlier_answer(transaction, call, now) is not None:
            return False
        self.remember_answer(transaction, call, b"", now)
        return True

    def process_event(self, transaction: Transaction, hub: str, room: MimiUri, event: FanoutMessage) -> None:
        """Deliver an event to the local clients it is for."""
        recipients = self.recipients(transaction, room, event)
        transaction.deliver(recipients, DeliveryKind.FANOUT, hub, room, self.delivered(event))

    def recipients(self, transaction: Transaction, room: MimiUri, event: FanoutMessage) -> tuple[MimiUri, ...]:
        """The local clients that an event is for; those whom a Welcome names are in the room from now on."""
        welcome = event.message.welcome
        if welcome is None:
            return tuple(each.client for each in transaction.clients_in(room))
        clients = self.welcomed_clients(transaction, welcome)
        for client in clients:
            transaction.join_room(room, client)
        return clients

    def delivered(self, event: FanoutMessage) -> bytes:
        """What a client gets of an event: all of it."""
        return event.encode()

    def welcomed_clients(self, transaction: Transaction, welcome: Welcome) -> tuple[MimiUri, ...]:
        """The local clients whose KeyPackages a Welcome names; names that nobody knows reach nobody (AMB-091)."""
        clients = (transaction.client_of_key_package(secrets.new_member) for secrets in welcome.secrets)
        return tuple(dict.fromkeys(client for client in clients if client is not None))
