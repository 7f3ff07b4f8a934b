"""submitMessage: application messages for the rooms of which this provider is the hub (PROTO 5.4)."""

from http import HTTPStatus

from mimi_conformance.reference.content.franking.agent import FrankingRoom
from mimi_conformance.reference.content.franking.rules import FrankingError
from mimi_conformance.reference.content.franking.stamp import frank
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.rules import FramingError
from mimi_conformance.reference.provider.fanout import Fanout
from mimi_conformance.reference.provider.messages import Answer, Call
from mimi_conformance.reference.provider.repetition import Repetition
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.actors import Member
from mimi_conformance.reference.room.authorization.authorize import authorize
from mimi_conformance.reference.room.changes import SEND_MESSAGE
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.operations import operational_parameters
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.wire.mls.framing import ContentType, PrivateMessage
from mimi_conformance.reference.wire.protocol.common import Protocol
from mimi_conformance.reference.wire.protocol.franking import Frank
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)


class NotSubmitted(Exception):  # noqa: N818  # it is an answer, not an error of this program
    """A message is not accepted: the code, and a sentence that says why, for the log."""

    def __init__(self, code: SubmitResponseCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def not_allowed(reason: str) -> NotSubmitted:
    """The answer to what may not be sent."""
    return NotSubmitted(SubmitResponseCode.not_allowed, reason)


class SubmitMessageEndpoint(Fanout, Repetition):
    """Answers for submitMessage.

    Each method that checks something raises NotSubmitted.
    """

    def answer_to_submit_message(self, transaction: Transaction, call: Call, now: int) -> Answer:
        """200 with a SubmitMessageResponse, whatever its code (AMB-008); ``now`` in milliseconds of the Unix epoch."""
        request = self.decoded(SubmitMessageRequest, call.body)
        state = self.room_in_path(transaction, call.subject).state
        answer = self.earlier_answer(transaction, call, now)
        if answer is not None:
            return Answer(HTTPStatus.OK, answer)
        try:
            message = self.application_message(request)
            self.check_group(state, message)
            sender = self.sender(transaction, state, call, request)
            self.check_epoch(state, message)
            stamp = self.frank_for(state, message, sender, now)
        except NotSubmitted as refused:
            return Answer(HTTPStatus.OK, self.refusal_of_message(state, refused).encode(), reason=refused.reason)
        self.fan_out_message(transaction, state, call, request.app_message, stamp, accepted=now)
        answer = self.acceptance_of_message(stamp, now).encode()
        self.remember_answer(transaction, call, answer, now)
        return Answer(HTTPStatus.OK, answer)

    def acceptance_of_message(self, stamp: Frank | None, accepted: int) -> SubmitMessageResponse:
        """The answer to what was accepted, with the frank that everybody gets (PROTO 5.4.1.2)."""
        return SubmitMessageResponse(
            protocol=Protocol.mls10,
            status_code=SubmitResponseCode.accepted,
            accepted_timestamp=accepted,
            frank=stamp,
        )

    def refusal_of_message(self, state: RoomState, refused: NotSubmitted) -> SubmitMessageResponse:
        """The answer to what was not accepted."""
        too_old = refused.code is SubmitResponseCode.epoch_too_old
        return SubmitMessageResponse(
            protocol=Protocol.mls10,
            status_code=refused.code,
            current_epoch=state.group.context.epoch if too_old else None,
        )

    def application_message(self, request: SubmitMessageRequest) -> PrivateMessage:
        """The message, which is an application message that is encrypted (AMB-064)."""
        message = request.app_message.private_message
        if message is None or message.content_type is not ContentType.application:
            raise not_allowed(f"It is no application message, but an {request.app_message.wire_format.name}.")
        return message

    def check_group(self, state: RoomState, message: PrivateMessage) -> None:
        """Refuse a message to another group than the room's, or to one that has ended (RFC 9420, section 11.2)."""
        if message.group_id != state.group.context.group_id:
            raise not_allowed(f"{message.group_id!r} is not the group of {state.room_id}.")
        if state.group.reinit is not None:
            raise not_allowed(f"The group of {state.room_id} has ended.")

    def sender(self, transaction: Transaction, state: RoomState, call: Call, request: SubmitMessageRequest) -> MimiUri:
        """Who sends the message, and may: a user of the provider that asks (AMB-062)."""
        try:
            sender = MimiUri.parse(request.sending_uri.uri)
        except IdentifierError as error:
            raise not_allowed(f"{error}.") from error
        if sender.provider != call.source:
            raise not_allowed(f"{call.source} sends a message of {sender}.")
        decision = authorize(
            state.updated, Member(bytes(sender)), SEND_MESSAGE, state.within(self.surroundings(transaction))
        )
        if isinstance(decision, Refused):
            raise not_allowed(str(decision))
        return sender

    def check_epoch(self, state: RoomState, message: PrivateMessage) -> None:
        """Refuse a message that is from the future, or older than the room tolerates (AMB-060, AMB-061)."""
        current = state.group.context.epoch
        if message.epoch > current:
            raise not_allowed(f"The group is in epoch {current}, not yet in {message.epoch}.")
        if message.epoch + self.epoch_tolerance(state) < current:
            reason = f"The group is in epoch {current}, and {message.epoch} is too old."
            raise NotSubmitted(SubmitResponseCode.epoch_too_old, reason)

    def epoch_tolerance(self, state: RoomState) -> int:
        """How many epochs ago a message may be from (POLICY 7.1)."""
        parameters = operational_parameters(state.updated.policy)
        return 0 if parameters is None else parameters.app_message_policy.epoch_tolerance

    def frank_for(self, state: RoomState, message: PrivateMessage, sender: MimiUri, accepted: int) -> Frank | None:
        """The hub's stamp on a message, if it asks for one and the room has this hub as its agent (AMB-067)."""
        group = state.group
        room = FrankingRoom.of(state.room_id, group.context.cipher_suite, group.state.extensions)
        try:
            return frank(message.authenticated_data, sender, accepted, room, self.franking_keys)
        except (FramingError, FrankingError) as error:
            raise not_allowed(str(error)) from error
