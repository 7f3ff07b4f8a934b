"""What local clients send to the hubs of their rooms, and what follows here once a hub has accepted it (PROTO 5.5)."""

from http import HTTPStatus

from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.tree.ratchet_tree_options import tree_in
from mimi_conformance.reference.provider.arrival import Arrival
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Outgoing, Unanswered
from mimi_conformance.reference.provider.open_requests import OpenRequest
from mimi_conformance.reference.provider.regaining import Regaining
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.framing import ContentType, SenderType
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage, fanout_event
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)
from mimi_conformance.reference.wire.protocol.update import (
    HandshakeBundle,
    UpdateRequest,
    UpdateResponseCode,
    UpdateRoomResponse,
)


class OwnEvents(Regaining):
    """Lets a client's siblings have what the hub does not send back, as if it had."""

    def begin_own_request(self, transaction: Transaction, client: MimiUri, outgoing: Outgoing) -> OpenRequest | None:
        """A request of a client is about to go out: what is notified from now on may come after it.

        Returns:
            What to tell `end_own_request`; None if it can't become an event.

        """
        room_id = self.room_asked_about(outgoing)
        if room_id is None:
            return None
        return OpenRequest(client, outgoing, room_id, transaction.begin_request(client, room_id, outgoing))

    def end_own_request(
        self, transaction: Transaction, request: OpenRequest, outcome: Answer | Unanswered, now: int
    ) -> None:
        """Do what follows from the answer to a request, or from there being none; ``now`` in milliseconds."""
        transaction.end_request(request.number)
        event = self.accepted_event(request.outgoing, outcome) if isinstance(outcome, Answer) else None
        if event is not None:
            self.take_own(transaction, Arrival(request.room_id, event, request.client), request.outgoing, now)
        self.go_on(transaction, request.room_id, now)

    def room_asked_about(self, outgoing: Outgoing) -> MimiUri | None:
        """The room of another hub in which a request may become an event; None if it can't."""
        if outgoing.endpoint not in (Endpoint.UPDATE, Endpoint.SUBMIT_MESSAGE):
            return None
        try:
            return MimiUri.parse(outgoing.subject)
        except IdentifierError:
            return None

    def accepted_event(self, outgoing: Outgoing, answer: Answer) -> FanoutMessage | None:
        """What the hub tells others, if it has accepted a request: the same that it would have told us."""
        if answer.status != HTTPStatus.OK:
            return None
        try:
            if outgoing.endpoint is Endpoint.UPDATE:
                update = UpdateRoomResponse.decode(answer.body)
                return self.accepted_update(UpdateRequest.decode(outgoing.body).bundle, update)
            submission = SubmitMessageResponse.decode(answer.body)
            return self.accepted_message(SubmitMessageRequest.decode(outgoing.body), submission)
        except DecodeError:
            return None

    def accepted_update(self, bundle: HandshakeBundle, response: UpdateRoomResponse) -> FanoutMessage | None:
        """The event of an update, without its Welcome, which comes from the hub (AMB-086)."""
        if response.response_code is not UpdateResponseCode.success or response.accepted_timestamp is None:
            return None
        message = bundle.proposal_or_commit
        if message.content_type is ContentType.commit:
            return FanoutMessage(timestamp=response.accepted_timestamp, message=message, external_proposals=())
        return FanoutMessage(
            timestamp=response.accepted_timestamp, message=message, more_proposals=bundle.more_proposals
        )

    def accepted_message(self, request: SubmitMessageRequest, response: SubmitMessageResponse) -> FanoutMessage | None:
        """The event of a message, with its frank."""
        if response.status_code is not SubmitResponseCode.accepted or response.accepted_timestamp is None:
            return None
        if fanout_event(request.app_message) is None:
            return None
        return FanoutMessage(timestamp=response.accepted_timestamp, message=request.app_message, frank=response.frank)

    def take_own(self, transaction: Transaction, arrival: Arrival, outgoing: Outgoing, now: int) -> None:
        """Deliver what one of our clients has sent; once, also when the client asks again or the hub was faster."""
        call = self.as_call(arrival.room_id, arrival.event.message)
        if self.earlier_answer(transaction, call, now) is not None:
            return
        self.remember_answer(transaction, call, b"", now)
        if not transaction.waits(arrival.room_id, arrival.event.message.encode()):
            self.take(transaction, arrival, now)
        if outgoing.endpoint is Endpoint.UPDATE:
            self.after_own_update(transaction, arrival, UpdateRequest.decode(outgoing.body).bundle)

    def after_own_update(self, transaction: Transaction, arrival: Arrival, bundle: HandshakeBundle) -> None:
        """Whoever joins by an external commit is in the room; what comes along shows a room that is not known yet."""
        public, room_id, client = bundle.proposal_or_commit.public_message, arrival.room_id, arrival.sender
        joins = public is not None and public.content.sender.sender_type is SenderType.new_member_commit
        if joins and client is not None:
            transaction.join_room(room_id, client, since=arrival.event.timestamp)
        info, tree = bundle.group_info_option, bundle.ratchet_tree_option
        if info is None or info.group_info is None or tree is None or transaction.room(room_id) is not None:
            return
        if (ratchet_tree := tree_in(tree)) is not None:
            self.keep_followed(transaction, room_id, self.followed(transaction, room_id, info.group_info, ratchet_tree))
