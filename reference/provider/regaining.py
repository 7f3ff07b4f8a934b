"""Asks the hub for a room that local clients are in and that is not known here, or no longer (PROTO 5.6).

A follower asks with its own credential, as the external sender that it is in many groups. Where it is none, the hub
refuses, and the room stays unknown until a local client commits. Nothing waits for it.
"""

from collections.abc import Iterator
from http import HTTPStatus

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import (
    SUPPORTED_CIPHER_SUITES,
    UnsupportedCipherSuiteError,
)
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.tree.ratchet_tree_options import tree_in
from mimi_conformance.reference.provider.arrivals import Arrivals
from mimi_conformance.reference.provider.group_info_question import (
    Asker,
    Question,
    is_from_hub,
    opened,
    question,
)
from mimi_conformance.reference.provider.messages import Answer, Unanswered
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.group_info import (
    GroupInfoResponse,
)

PAUSE = 60_000
"""How long the hub is left alone about a room after a question, in milliseconds. It may refuse for ever, and
nobody is in a hurry: all that is lost is the second look at what the hub has checked."""


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
        asker = Asker(cipher_suite, entry.credential, entry.signature_key, own.private_key)
        return question(room_id, asker, self.random)

    def take_answer(self, transaction: Transaction, asked: Question, outcome: Answer | Unanswered) -> None:
        """Follow a room from now on, if the hub has told us of it and we have not learned of it meanwhile."""
        room_id = asked.room_id
        if isinstance(outcome, Unanswered) or transaction.room(room_id) or not transaction.clients_in(room_id):
            return
        try:
            regained = self.answered_room(transaction, asked, outcome)
        except (DecodeError, PrimitiveError, UnsupportedCipherSuiteError):
            return
        if regained is not None:
            room, changed = regained
            self.keep_followed(transaction, room_id, room)
            self.note_readers(transaction, room.state, changed)
            self.lost_rooms.found(room_id)

    def answered_room(self, transaction: Transaction, asked: Question, answer: Answer) -> tuple[Room, int] | None:
        """The room in an answer, and when the last proposal that waits there was accepted, in milliseconds.

        None if there is no room, or it is not signed by the hub.

        Raises:
            DecodeError: the answer can't be read.
            PrimitiveError: it can't be decrypted.

        """
        response = GroupInfoResponse.decode(answer.body) if answer.status == HTTPStatus.OK else None
        if response is None or not is_from_hub(asked, response):
            return None
        content = opened(asked, response)
        tree = tree_in(content.ratchet_tree_option)
        if tree is None:
            return None
        room = self.followed(transaction, asked.room_id, content.group_info, tree, content.pending_proposals)
        if room is None or response.hub_sender not in room.state.group.state.extensions.external_senders:
            return None
        return room, max((each.hub_accepted_time for each in content.pending_proposals), default=0)
