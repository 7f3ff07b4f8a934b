"""How a well-behaved provider answers that knows none of the users asked for and hosts no rooms."""

from collections.abc import Callable

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.answer import Answer, Reply, Responder, always
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry
from mimi_conformance.reference.wire.protocol.identifier import (
    IdentifierQueryCode,
    IdentifierRequest,
    IdentifierResponse,
)
from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialRequest,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.structure import Struct

_OCTETS = (("Content-Type", "application/octet-stream"),)


def default_responders() -> dict[str, Responder]:
    """A responder for every endpoint but the directory."""
    return {
        "keyMaterial": _posted(_key_material),
        "notify": _posted(_notify),
        "requestConsent": _posted(_consent),
        "updateConsent": _posted(_consent),
        "identifierQuery": _posted(_identifier_query),
        # What needs a room finds none here.
        "update": always(Reply(404)),
        "submitMessage": always(Reply(404)),
        "groupInfo": always(Reply(404)),
        "reportAbuse": always(Reply(404)),
        "proxyDownload": always(Reply(404)),
    }


def body_reply(structure: Struct) -> Reply:
    """A 200 with this structure as its body (AMB-008)."""
    return Reply(200, structure.encode(), _OCTETS)


def _posted(responder: Callable[[bytes], Answer]) -> Responder:
    """Answer POST by the body; refuse other methods with 405 and bodies that can't be decoded with 400."""

    def answer(request: Exchange) -> Answer:
        if request.method != "POST":
            return Reply(405, headers=(("Allow", "POST"),))
        try:
            return responder(request.request_body)
        except DecodeError as error:
            return Reply(400, str(error).encode(), (("Content-Type", "text/plain; charset=utf-8"),))

    return answer


def _key_material(body: bytes) -> Answer:
    request = KeyMaterialRequest.decode(body)
    return body_reply(KeyMaterialResponse(request.protocol, KeyMaterialUserCode.no_consent, request.target_user))


def _notify(body: bytes) -> Answer:
    FanoutMessage.decode_all(body)
    return Reply(201)


def _consent(body: bytes) -> Answer:
    ConsentEntry.decode(body)
    return Reply(201)


def _identifier_query(body: bytes) -> Answer:
    IdentifierRequest.decode(body)
    return body_reply(IdentifierResponse(IdentifierQueryCode.not_found))
