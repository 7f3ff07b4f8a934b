"""Defects of a follower in what it does for its clients in rooms of other hubs (PROTO 3, 5.3 to 5.6)."""

from dataclasses import replace
from http import HTTPStatus

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Outgoing
from mimi_conformance.reference.provider.outgoing import PeerClient
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageRequest
from mimi_conformance.reference.wire.protocol.update import UpdateRequest


@defect("sends-commits-without-their-welcome", breaks=("PROTO-3.3-04",))
class SendsCommitsWithoutTheirWelcome(PeerClient):
    """Leaves the Welcome out of what its clients commit."""

    async def send(self, outgoing: Outgoing) -> Answer:
        if outgoing.endpoint is Endpoint.UPDATE:
            bundle = UpdateRequest.decode(outgoing.body).bundle
            outgoing = replace(outgoing, body=UpdateRequest(replace(bundle, welcome=None)).encode())
        return await super().send(outgoing)


@defect("sends-messages-in-its-own-name", breaks=("PROTO-3.4-01",))
class SendsMessagesInItsOwnName(PeerClient):
    """Puts itself in the place of the user who sends a message."""

    async def send(self, outgoing: Outgoing) -> Answer:
        if outgoing.endpoint is Endpoint.SUBMIT_MESSAGE:
            request = SubmitMessageRequest.decode(outgoing.body)
            request = replace(request, sending_uri=IdentifierUri.of("mimi://a.example"))
            outgoing = replace(outgoing, body=request.encode())
        return await super().send(outgoing)


@defect("passes-on-no-question-for-group-info", breaks=("PROTO-3.6-01",))
class PassesOnNoQuestionForGroupInfo(PeerClient):
    """Tells its clients that there is no such room, and asks no hub."""

    async def send(self, outgoing: Outgoing) -> Answer:
        if outgoing.endpoint is Endpoint.GROUP_INFO:
            return Answer(HTTPStatus.NOT_FOUND)
        return await super().send(outgoing)


@defect("keeps-what-is-sent-from-siblings", breaks=("ARCH-5.4-04",))
class KeepsWhatIsSentFromSiblings(Provider):
    """Waits for the hub to send back what its own clients have sent, which the hub does not do."""

    def accepted_event(self, outgoing: Outgoing, answer: Answer) -> FanoutMessage | None:
        return None


@defect("keeps-commits-from-its-clients", breaks=("ARCH-5.4-04", "ARCH-2-06"))
class KeepsCommitsFromItsClients(Provider):
    """Follows commits by itself, and delivers none."""

    def recipients(self, transaction: Transaction, room: MimiUri, event: FanoutMessage) -> tuple[MimiUri, ...]:
        return () if event.event is FanoutEvent.commit else super().recipients(transaction, room, event)
