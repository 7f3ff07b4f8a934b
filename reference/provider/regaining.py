"""Asks the hub for a room that local clients are in and that is not known here, or no longer (PROTO 5.6).

A follower asks with its own credential, as the external sender that it is in many groups. Where it is none, the hub
refuses, and the room stays unknown until a local client commits. Nothing waits for it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import (
    SUPPORTED_CIPHER_SUITES,
    UnsupportedCipherSuiteError,
    parameters,
)
from mimi_conformance.reference.mls.crypto.kem import KeyPair
from mimi_conformance.reference.mls.crypto.labelled import decrypt_with_label, sign_with_label, verify_with_label
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.tree.ratchet_tree_options import tree_in
from mimi_conformance.reference.provider.arrivals import Arrivals
from mimi_conformance.reference.provider.group_info import ENCRYPTION_LABEL, REQUEST_LABEL, RESPONSE_LABEL
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Outgoing, Unanswered
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.credentials import server_domains
from mimi_conformance.reference.wire.errors import DecodeError
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

PAUSE = 60_000
"""How long the hub is left alone about a room after a question, in milliseconds. It may refuse for ever, and
nobody is in a hurry: all that is lost is the second look at what the hub has checked."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question to a hub about a room.

    Attributes:
        room_id: the room.
        cipher_suite: of the keys in it.
        outgoing: the request.
        key_pair: what the answer is encrypted to.

    """

    room_id: MimiUri
    cipher_suite: CipherSuite
    outgoing: Outgoing
    key_pair: KeyPair = field(repr=False)


class Regaining(Arrivals):
    """Gets to know rooms again."""

    def find_lost_rooms(self, transaction: Transaction) -> None:
        """Notice the rooms that were lost in an earlier run."""
        for room_id in transaction.rooms_lost():
            if room_id.provider != self.domain:
                self.lost_rooms.lose(room_id)

    def questions(self, transaction: Transaction, now: int) -> tuple[Question, ...]:
        """What to ask hubs now; ``now`` in milliseconds of the Unix epoch."""
        return tuple(self._questions(transaction, now))

    def _questions(self, transaction: Transaction, now: int) -> Iterator[Question]:
        for room_id in self.lost_rooms.due(now, PAUSE):
            if transaction.room(room_id) is not None or not transaction.clients_in(room_id):
                self.lost_rooms.found(room_id)
                continue
            tries = self.lost_rooms.ask(room_id, now)
            yield self.question(room_id, SUPPORTED_CIPHER_SUITES[tries % len(SUPPORTED_CIPHER_SUITES)])

    def question(self, room_id: MimiUri, cipher_suite: CipherSuite) -> Question:
        """A question, signed with the key of our entry in `external_senders` for a cipher suite (AMB-097)."""
        own, entry = self.keys.external_sender(cipher_suite), self.external_sender(cipher_suite)
        key_pair = parameters(cipher_suite).new_hpke_key_pair(self.random)
        signed = GroupInfoRequestTBS(
            Protocol.mls10, cipher_suite, entry.signature_key, entry.credential, key_pair.public_key, None
        )
        request = GroupInfoRequest(
            Protocol.mls10,
            cipher_suite,
            entry.signature_key,
            entry.credential,
            key_pair.public_key,
            b"",
            sign_with_label(cipher_suite, own.private_key, REQUEST_LABEL, signed.encode()),
        )
        outgoing = Outgoing(room_id.provider, Endpoint.GROUP_INFO, room_id.text, request.encode())
        return Question(room_id, cipher_suite, outgoing, key_pair)

    def take_answer(self, transaction: Transaction, question: Question, outcome: Answer | Unanswered) -> None:
        """Follow a room from now on, if the hub has told us of it and we have not learned of it meanwhile."""
        room_id = question.room_id
        if isinstance(outcome, Unanswered) or transaction.room(room_id) or not transaction.clients_in(room_id):
            return
        try:
            room = self.answered_room(transaction, question, outcome)
        except (DecodeError, PrimitiveError, UnsupportedCipherSuiteError):
            return
        if room is not None:
            self.keep_followed(transaction, room_id, room)
            self.lost_rooms.found(room_id)

    def answered_room(self, transaction: Transaction, question: Question, answer: Answer) -> Room | None:
        """The room in an answer; None if there is none, or it is not signed by the hub.

        Raises:
            DecodeError: the answer can't be read.
            PrimitiveError: it can't be decrypted.

        """
        response = GroupInfoResponse.decode(answer.body) if answer.status == HTTPStatus.OK else None
        if response is None or not self.is_from_hub(question, response):
            return None
        content = self.opened_answer(question, response)
        tree = tree_in(content.ratchet_tree_option)
        if tree is None:
            return None
        room = self.followed(transaction, question.room_id, content.group_info, tree, content.pending_proposals)
        listed = () if room is None else room.state.group.state.extensions.external_senders
        return room if response.hub_sender in listed else None

    def is_from_hub(self, question: Question, response: GroupInfoResponse) -> bool:
        """Whether a response is a success, about the right room, and signed in the name of its hub (AMB-098)."""
        suite, sender, signature = question.cipher_suite, response.hub_sender, response.signature
        if response.status is not GroupInfoCode.success or sender is None or signature is None:
            return False
        if response.room_id != bytes(question.room_id) or response.cipher_suite != suite:
            return False
        signed = GroupInfoResponseTBS.taken_from(response).encode()
        named = question.room_id.provider in server_domains(sender.credential)
        return named and verify_with_label(suite, sender.signature_key, RESPONSE_LABEL, signed, signature)

    def opened_answer(self, question: Question, response: GroupInfoResponse) -> GroupInfoRatchetTreeTBE:
        """What a success holds.

        Raises:
            DecodeError: it can't be read.
            PrimitiveError: it can't be decrypted.

        """
        sealed = response.encrypted_groupinfo_and_tree
        assert sealed is not None, "a success has it"
        key = question.key_pair.private_key
        plain = decrypt_with_label(question.cipher_suite, key, ENCRYPTION_LABEL, response.room_id, sealed)
        return GroupInfoRatchetTreeTBE.decode(plain)
