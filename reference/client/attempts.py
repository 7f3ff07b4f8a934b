"""What takes effect in a room if its hub accepts it: a commit, proposals, a message (PROTO 5.3, 5.4).

Who gets no answer does not know whether it was accepted, and asks again: the hub answers the same request alike.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mimi_conformance.reference.client.errors import BadAnswerError, RefusedError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.wire.errors import DecodeError
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
from mimi_conformance.reference.wire.structure import Struct

Response = TypeVar("Response", bound=Struct)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What the hub of a room is asked to accept.

    Attributes:
        room_id: the room.
        endpoint: what is asked.
        body: the request.
        answered: does what follows from an answer; raises a RefusedError if it is no, a BadAnswerError if it is none.

    """

    room_id: MimiUri
    endpoint: Endpoint
    body: bytes = field(repr=False)
    answered: Callable[[bytes], None] = field(repr=False)


def update(
    what: str, room_id: MimiUri, bundle: HandshakeBundle, accepted: Callable[[UpdateRoomResponse], object]
) -> Attempt:
    """An update, ``what`` to call it, and what to do when the hub has accepted it (PROTO 5.3)."""

    def answered(body: bytes) -> None:
        response = update_response(body)
        if response.response_code is not UpdateResponseCode.success:
            raise RefusedError(what, response.response_code, response.error_description, response.current_epoch)
        accepted(response)

    return Attempt(room_id, Endpoint.UPDATE, UpdateRequest(bundle).encode(), answered)


def submission(
    room_id: MimiUri, request: SubmitMessageRequest, accepted: Callable[[SubmitMessageResponse], object]
) -> Attempt:
    """A message, and what to do when the hub has accepted it (PROTO 5.4)."""

    def answered(body: bytes) -> None:
        response = submit_response(body)
        if response.status_code is not SubmitResponseCode.accepted:
            raise RefusedError(f"A message to {room_id}", response.status_code, epoch=response.current_epoch)
        accepted(response)

    return Attempt(room_id, Endpoint.SUBMIT_MESSAGE, request.encode(), answered)


def update_response(body: bytes) -> UpdateRoomResponse:
    """The answer to an update.

    Raises:
        BadAnswerError: it is none.

    """
    return _decoded(UpdateRoomResponse, Endpoint.UPDATE, body)


def submit_response(body: bytes) -> SubmitMessageResponse:
    """The answer to a message.

    Raises:
        BadAnswerError: it is none.

    """
    return _decoded(SubmitMessageResponse, Endpoint.SUBMIT_MESSAGE, body)


def _decoded(kind: type[Response], endpoint: Endpoint, body: bytes) -> Response:
    try:
        return kind.decode(body)
    except DecodeError as error:
        raise BadAnswerError(f"{endpoint} was answered with something that can't be read: {error}.") from error
