"""A question for the GroupInfo of a room, by a client or by a follower, and what the hub's answer holds (PROTO 5.6)."""

from dataclasses import dataclass, field

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.kem import KeyPair
from mimi_conformance.reference.mls.crypto.labelled import decrypt_with_label, sign_with_label, verify_with_label
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.provider.group_info import ENCRYPTION_LABEL, REQUEST_LABEL, RESPONSE_LABEL
from mimi_conformance.reference.provider.messages import Endpoint, Outgoing
from mimi_conformance.reference.room.credentials import server_domains
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.registries import CipherSuite
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
class Asker:
    """Who asks: the credential, and the key that signs, both of it and of the cipher suite of the question."""

    cipher_suite: CipherSuite
    credential: Credential
    signature_key: bytes
    signature_private_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a hub about a room.

    Attributes:
        room_id: the room.
        request: what is asked.
        key_pair: what the answer is encrypted to.

    """

    room_id: MimiUri
    request: GroupInfoRequest
    key_pair: KeyPair = field(repr=False)

    @property
    def outgoing(self) -> Outgoing:
        """The request to the hub."""
        return Outgoing(self.room_id.provider, Endpoint.GROUP_INFO, self.room_id.text, self.request.encode())


def question(room_id: MimiUri, asker: Asker, random: Random, joining_code: bytes = b"") -> Question:
    """A signed question; with an empty `joining_code` it shows none (AMB-097)."""
    suite = asker.cipher_suite
    key_pair = parameters(suite).new_hpke_key_pair(random)
    fields = (Protocol.mls10, suite, asker.signature_key, asker.credential, key_pair.public_key)
    signed = GroupInfoRequestTBS(*fields, joining_code or None)
    signature = sign_with_label(suite, asker.signature_private_key, REQUEST_LABEL, signed.encode())
    return Question(room_id, GroupInfoRequest(*fields, joining_code, signature), key_pair)


def is_from_hub(asked: Question, response: GroupInfoResponse) -> bool:
    """Whether a response is a success, about the right room, and signed in the name of its hub (AMB-098).

    That the signer is in the room's `external_senders` shows only when the response is open.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define its cipher suite.

    """
    suite, sender, signature = asked.request.cipher_suite, response.hub_sender, response.signature
    if response.status is not GroupInfoCode.success or sender is None or signature is None:
        return False
    if response.room_id != bytes(asked.room_id) or response.cipher_suite != suite:
        return False
    signed = GroupInfoResponseTBS.taken_from(response).encode()
    named = asked.room_id.provider in server_domains(sender.credential)
    return named and verify_with_label(suite, sender.signature_key, RESPONSE_LABEL, signed, signature)


def opened(asked: Question, response: GroupInfoResponse) -> GroupInfoRatchetTreeTBE:
    """What a success holds.

    Raises:
        DecodeError: it can't be read.
        PrimitiveError: it can't be decrypted.

    """
    sealed = response.encrypted_groupinfo_and_tree
    assert sealed is not None, "a success has it"
    suite, key = asked.request.cipher_suite, asked.key_pair.private_key
    return GroupInfoRatchetTreeTBE.decode(decrypt_with_label(suite, key, ENCRYPTION_LABEL, response.room_id, sealed))
