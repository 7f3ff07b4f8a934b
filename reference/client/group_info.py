"""How a client gets the GroupInfo of a room that it wants to join by itself (PROTO 5.6)."""

from dataclasses import dataclass, field

from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.errors import BadAnswerError, RefusedError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.kem import KeyPair
from mimi_conformance.reference.mls.crypto.labelled import decrypt_with_label, verify_with_label
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.proposals.extensions import read_extension
from mimi_conformance.reference.provider.group_info import ENCRYPTION_LABEL, REQUEST_LABEL, RESPONSE_LABEL
from mimi_conformance.reference.room.credentials import server_domains
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.group import ExternalSenders
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.protocol.common import Protocol
from mimi_conformance.reference.wire.protocol.group_info import (
    GroupInfoCode,
    GroupInfoRatchetTreeTBE,
    GroupInfoRequest,
    GroupInfoRequestTBS,
    GroupInfoResponse,
    GroupInfoResponseTBS,
)


@dataclass(frozen=True, slots=True)
class Question:
    """A request for the GroupInfo of a room, and the key that opens the answer."""

    room_id: MimiUri
    request: GroupInfoRequest
    key_pair: KeyPair = field(repr=False)


def question(device: Device, room_id: MimiUri, joining_code: bytes = b"") -> Question:
    """A signed request; with an empty `joining_code` it shows none (AMB-097)."""
    key_pair = parameters(device.cipher_suite).new_hpke_key_pair(device.random)
    fields = (Protocol.mls10, device.cipher_suite, device.signature_key, device.credential, key_pair.public_key)
    signed = GroupInfoRequestTBS(*fields, joining_code or None)
    signature = device.sign(REQUEST_LABEL, signed.encode())
    return Question(room_id, GroupInfoRequest(*fields, joining_code, signature), key_pair)


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
        if not _is_from_hub(asked, response):
            raise BadAnswerError(f"{what} was answered with something that the hub has not signed.")
        content = _decrypted(asked, response)
    except (DecodeError, PrimitiveError) as error:
        raise BadAnswerError(f"{what} was answered with something that can't be read: {error}.") from error
    extensions = content.group_info.group_context.extensions
    listed = read_extension(extensions, ExtensionType.external_senders, ExternalSenders)
    if listed is None or response.hub_sender not in listed.external_senders:
        raise BadAnswerError(f"{what} was signed with a key that is not in the room's external_senders.")
    return content


def _is_from_hub(asked: Question, response: GroupInfoResponse) -> bool:
    sender, signature = response.hub_sender, response.signature
    assert sender is not None, "a success has one"
    assert signature is not None, "a success has one"
    if response.room_id != bytes(asked.room_id) or response.cipher_suite != asked.request.cipher_suite:
        return False
    signed = GroupInfoResponseTBS.taken_from(response).encode()
    named = asked.room_id.provider in server_domains(sender.credential)
    return named and verify_with_label(
        asked.request.cipher_suite, sender.signature_key, RESPONSE_LABEL, signed, signature
    )


def _decrypted(asked: Question, response: GroupInfoResponse) -> GroupInfoRatchetTreeTBE:
    sealed = response.encrypted_groupinfo_and_tree
    assert sealed is not None, "a success has it"
    suite, key = asked.request.cipher_suite, asked.key_pair.private_key
    plain = decrypt_with_label(suite, key, ENCRYPTION_LABEL, response.room_id, sealed)
    return GroupInfoRatchetTreeTBE.decode(plain)
