"""How a well-behaved provider answers that knows none of the users asked for and hosts no rooms."""

from collections.abc import Callable

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.answer import Answer, Reply, Responder, always
from mimi_conformance.mocks.peers.directory import OBLIVIOUS_GATEWAY
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoCode, GroupInfoRequest, GroupInfoResponse
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
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)
from mimi_conformance.reference.wire.protocol.update import UpdateRequest, UpdateResponseCode, UpdateRoomResponse
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
        "update": _posted(_update),
        "submitMessage": _posted(_submit_message),
        "groupInfo": _posted(_group_info),
        "reportAbuse": always(Reply(404)),
        "proxyDownload": always(Reply(404)),
        OBLIVIOUS_GATEWAY: always(Reply(404)),
    }


def body_reply(structure: Struct) -> Reply:
    """A 200 with this structure as its body (AMB-008)."""
    return Reply(200, structure.encode(), _OCTETS)


def _posted(responder: Callable[[Exchange], Answer]) -> Responder:
    """Answer POST by the body; refuse other methods with 405 and bodies that can't be decoded with 400."""

    def answer(request: Exchange) -> Answer:
        if request.method != "POST":
            return Reply(405, headers=(("Allow", "POST"),))
        try:
            return responder(request)
        except DecodeError as error:
            return Reply(400, str(error).encode(), (("Content-Type", "text/plain; charset=utf-8"),))

    return answer


def _key_material(request: Exchange) -> Answer:
    asked = KeyMaterialRequest.decode(request.request_body)
    return body_reply(KeyMaterialResponse(asked.protocol, KeyMaterialUserCode.no_consent, asked.target_user))


def _notify(request: Exchange) -> Answer:
    FanoutMessage.decode_all(request.request_body)
    return Reply(201)


def _consent(request: Exchange) -> Answer:
    ConsentEntry.decode(request.request_body)
    return Reply(201)


def _identifier_query(request: Exchange) -> Answer:
    IdentifierRequest.decode(request.request_body)
    return body_reply(IdentifierResponse(IdentifierQueryCode.not_found))


def _update(request: Exchange) -> Answer:
    UpdateRequest.decode(request.request_body)
    refusal = "This provider hosts no rooms."
    return body_reply(UpdateRoomResponse(response_code=UpdateResponseCode.not_allowed, error_description=refusal))


def _submit_message(request: Exchange) -> Answer:
    asked = SubmitMessageRequest.decode(request.request_body)
    return body_reply(SubmitMessageResponse(protocol=asked.protocol, status_code=SubmitResponseCode.not_allowed))


def _group_info(request: Exchange) -> Answer:
    asked = GroupInfoRequest.decode(request.request_body)
    room_id = (request.subject or "").encode()
    return body_reply(GroupInfoResponse(version=asked.protocol, room_id=room_id, status=GroupInfoCode.no_such_room))
