"""Defects in how request bodies are read, whatever the endpoint (PROTO 2, 4.1, 5)."""

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from types import MappingProxyType
from typing import Any

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.provider.base import S
from mimi_conformance.reference.provider.claims import Claim
from mimi_conformance.reference.provider.messages import Answer, Call, Endpoint, Refusal, Relay
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.server import ASGIApp, Message, Receive, Scope, Send, TLSServer
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.transport import Route
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.structure import Struct
from mimi_conformance.reference.wire.varint import write_length

STRUCTURES: Mapping[Endpoint, type[Struct]] = MappingProxyType(
    {
        Endpoint.KEY_MATERIAL: KeyMaterialRequest,
        Endpoint.NOTIFY: FanoutMessage,
        Endpoint.REQUEST_CONSENT: ConsentEntry,
        Endpoint.UPDATE_CONSENT: ConsentEntry,
        Endpoint.IDENTIFIER_QUERY: IdentifierRequest,
    }
)


class Mending(Provider):
    """Mends a body before it is read; what is mended says which class derives from this one."""

    def answer(self, transaction: Transaction, call: Call, now: int) -> Answer | Relay:
        try:
            STRUCTURES[call.endpoint].decode(call.body)
        except DecodeError as error:
            call = replace(call, body=self.mended(call.body, error))
        return super().answer(transaction, call, now)

    def mended(self, body: bytes, error: DecodeError) -> bytes:
        """A body without its first fault."""
        raise NotImplementedError


@defect("acknowledges-what-it-can-not-read", breaks=("PROTO-2-01", "PROTO-4.1-16", "PROTO-5.5-33", "PROTO-5.8-04"))
class AcknowledgesWhatItCanNotRead(Provider):
    """Answers 201 to bodies that are no request, or too large for one."""

    def answer_to_refusal(self, route: Route | None, refusal: Refusal) -> Answer:
        if refusal.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE):
            return Answer(HTTPStatus.CREATED)
        return super().answer_to_refusal(route, refusal)


@defect("ignores-trailing-bytes", breaks=("PROTO-5-05",))
class IgnoresTrailingBytes(Mending):
    """Serves a request whatever follows its structure."""

    def mended(self, body: bytes, error: DecodeError) -> bytes:
        return body[: error.offset]


@defect("reads-long-vector-lengths", breaks=("PROTO-5-04",))
class ReadsLongVectorLengths(Mending):
    """Takes the length of a vector in more octets than it needs, eight of them too."""

    def mended(self, body: bytes, error: DecodeError) -> bytes:
        octets = 1 << (body[error.offset] >> 6)
        announced = int.from_bytes(body[error.offset : error.offset + octets], "big") % (1 << (8 * octets - 2))
        return body[: error.offset] + write_length(announced) + body[error.offset + octets :]


@defect("reads-short-vector-lengths-only", breaks=("PROTO-5-03",))
class ReadsShortVectorLengthsOnly(Provider):
    """Refuses consent entries in which a dictionary has a length of two octets or four."""

    def decoded(self, structure: type[S], body: bytes) -> S:
        value = super().decoded(structure, body)
        if isinstance(value, ConsentEntry) and len(value.consent_extensions.encode()) > 1 + 0x3F:
            raise Refusal(HTTPStatus.BAD_REQUEST, "This vector is too long.")
        return value


@defect("takes-repeated-components", breaks=("PROTO-5.7-30", "PROTO-5.8-28"))
class TakesRepeatedComponents(Provider):
    """Does not see that a dictionary has two entries for the same component."""

    def check_extensions(self, extensions: AppDataDictionary) -> None:
        pass


@defect("serves-every-protocol", breaks=("PROTO-5-02",))
class ServesEveryProtocol(Provider):
    """Does not look at the protocol of a keyMaterial request."""

    def answer_to_key_material(self, transaction: Transaction, call: Call, now: int) -> Answer | Relay:
        return super().answer_to_key_material(transaction, replace(call, body=b"\x01" + call.body[1:]), now)

    def check_claim_signature(self, claim: Claim) -> None:
        pass  # it is over what really came


@defect("writes-the-protocol-in-two-octets", breaks=("PROTO-5-01",))
class WritesTheProtocolInTwoOctets(Provider):
    """Begins a KeyMaterialResponse with the protocol as a number of 16 bits."""

    def answer_to_key_material(self, transaction: Transaction, call: Call, now: int) -> Answer | Relay:
        answer = super().answer_to_key_material(transaction, call, now)
        return replace(answer, body=b"\x00" + answer.body) if isinstance(answer, Answer) else answer


class Receiving(TLSServer):
    """Receives the pieces of a body in another way; the class that derives from this one says which."""

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            async def received() -> Message:
                return self.received(await receive())

            await app(scope, received, send)

        super().__init__(wrapped, **options)

    def received(self, message: Message) -> Message:
        """What the app is told instead of a message of the connection."""
        raise NotImplementedError


@defect("takes-a-piece-for-the-whole", breaks=("PROTO-2-01",))
class TakesAPieceForTheWhole(Receiving):
    """Reads the first piece of a body that comes in, and no more."""

    def received(self, message: Message) -> Message:
        return {**message, "more_body": False}


@defect("processes-what-is-cut-off", breaks=("PROTO-2-01",))
class ProcessesWhatIsCutOff(Receiving):
    """Takes the end of the connection for the end of the body."""

    def received(self, message: Message) -> Message:
        ended = message["type"] == "http.disconnect"
        return {"type": "http.request", "body": b"", "more_body": False} if ended else message
