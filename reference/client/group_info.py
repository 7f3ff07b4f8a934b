"""How a client gets the GroupInfo of a room that it wants to join by itself (PROTO 5.6)."""

from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.errors import BadAnswerError, RefusedError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.proposals.extensions import read_extension
from mimi_conformance.reference.provider import group_info_question
from mimi_conformance.reference.provider.group_info_question import Asker, Question
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.group import ExternalSenders
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.protocol.group_info import (
    GroupInfoCode,
    GroupInfoRatchetTreeTBE,
    GroupInfoResponse,
)


def question(device: Device, room_id: MimiUri, joining_code: bytes = b"") -> Question:
    """A client's question; with an empty `joining_code` it shows none (AMB-097)."""
    asker = Asker(device.cipher_suite, device.credential, device.signature_key, device.signature_private_key)
    return group_info_question.question(room_id, asker, device.random, joining_code)


def opened(asked: Question, body: bytes) -> GroupInfoRatchetTreeTBE:
    """What an answer holds, once it is clear that the hub has signed it.

    Raises:
        RefusedError: the hub's answer is no.
        BadAnswerError: it can't be read, or somebody else has signed it.

    """
    what = f"The request for the GroupInfo of {asked.room_id}"
    try:
        response = GroupInfoResponse.decode(body)
        if response.status is not GroupInfoCode.success:
            raise RefusedError(what, response.status)
        if not group_info_question.is_from_hub(asked, response):
            raise BadAnswerError(f"{what} was answered with something that the hub has not signed.")
        content = group_info_question.opened(asked, response)
    except (DecodeError, PrimitiveError) as error:
        raise BadAnswerError(f"{what} was answered with something that can't be read: {error}.") from error
    extensions = content.group_info.group_context.extensions
    listed = read_extension(extensions, ExtensionType.external_senders, ExternalSenders)
    if listed is None or response.hub_sender not in listed.external_senders:
        raise BadAnswerError(f"{what} was signed with a key that is not in the room's external_senders.")
    return content
