"""notify, as a follower gets it: events of a room, for the clients that are in it (PROTO 5.5)."""

from http import HTTPStatus

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.arrival import Arrival
from mimi_conformance.reference.provider.arrivals import Arrivals
from mimi_conformance.reference.provider.messages import Answer, Call, Refusal
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage


class NotifyEndpoint(Arrivals):
    """Answers for notify."""

    def answer_to_notify(self, transaction: Transaction, call: Call, now: int) -> Answer:
        """201 without a body, to duplicates as well; ``now`` in milliseconds of the Unix epoch."""
        room = self.parsed_room(IdentifierUri.of(call.subject))
        self.check_hub(call.source, room)
        events = self.fanout_messages(call.body)
        if self.is_new(transaction, call, now):
            for event in events:
                new = self.without_echo(transaction, room, event, now)
                if new is not None:
                    self.take(transaction, Arrival(room, new), now)
            self.go_on(transaction, room, now)
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
