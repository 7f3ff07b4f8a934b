"""groupInfo: what a client needs to join a room of ours by itself, and a follower to judge its events (PROTO 5.6)."""

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError
from mimi_conformance.reference.mls.crypto.labelled import encrypt_with_label, sign_with_label, verify_with_label
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree
from mimi_conformance.reference.provider.hosting import Hosting
from mimi_conformance.reference.provider.messages import Answer, Call
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.actors import ExternalJoiner, JoinCode
from mimi_conformance.reference.room.authorization.authorize import authorize
from mimi_conformance.reference.room.changes import AddClients, AddParticipant, Change
from mimi_conformance.reference.room.claims import claims_of
from mimi_conformance.reference.room.credentials import certified_key, client_identity, server_domains
from mimi_conformance.reference.room.decision import Allowed, Refused
from mimi_conformance.reference.room.participants import Client
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.wire.mls.group import ExternalSender, GroupInfo
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.group_info import (
    GroupInfoCode,
    GroupInfoRatchetTreeTBE,
    GroupInfoRequest,
    GroupInfoRequestTBS,
    GroupInfoResponse,
    GroupInfoResponseTBS,
)

REQUEST_LABEL: Final = "GroupInfoRequestTBS"
RESPONSE_LABEL: Final = "GroupInfoResponseTBS"
ENCRYPTION_LABEL: Final = "GroupInfo and ratchet_tree encryption"


class NotAuthorized(Exception):  # noqa: N818  # it is an answer, not an error of this program
    """Somebody may not have the GroupInfo; the message is a sentence for the log."""


@dataclass(frozen=True, slots=True)
class GroupInfoQuestion:
    """A request, with the room that it is about.

    Attributes:
        room: the room.
        source: the provider that asks.
        request: what it asks.

    """

    room: Room
    source: str
    request: GroupInfoRequest

    @property
    def state(self) -> RoomState:
        """The room as the hub has it."""
        return self.room.state


class GroupInfoEndpoint(Hosting):
    """Answers for groupInfo.

    Each method that checks something raises NotAuthorized.
    """

    def answer_to_group_info(self, transaction: Transaction, call: Call) -> Answer:
        """200 with a GroupInfoResponse, whatever its code (AMB-105)."""
        request = self.decoded(GroupInfoRequest, call.body)
        room_id = self.parsed_room(IdentifierUri.of(call.subject))
        room = self.hosted_room(transaction, room_id)
        if room is None:
            reason = f"{self.domain} has no room {room_id}."
            return self.refusal_of_group_info(bytes(room_id), GroupInfoCode.no_such_room, reason)
        question = GroupInfoQuestion(room, call.source, request)
        try:
            self.check_group_info_signature(question)
            self.check_may_have_it(transaction, question)
            sealed = self.sealed_group_info(question, self.group_info_content(question))
        except (NotAuthorized, CredentialError) as refused:
            transaction.rollback()
            return self.refusal_of_group_info(bytes(room_id), GroupInfoCode.not_authorized, str(refused))
        return Answer(HTTPStatus.OK, sealed.encode())

    def refusal_of_group_info(self, room_id: bytes, code: GroupInfoCode, reason: str) -> Answer:
        """The answer that ends with its code (AMB-098)."""
        response = GroupInfoResponse(version=Protocol.mls10, room_id=room_id, status=code)
        return Answer(HTTPStatus.OK, response.encode(), reason=reason)

    def check_group_info_signature(self, question: GroupInfoQuestion) -> None:
        """Refuse a request that its key has not signed, or whose key its certificate is not for (PROTO 5.6)."""
        request = question.request
        key, signature = request.requesting_signature_key, request.signature
        try:
            forms = self.signed_forms(request)
            if not any(verify_with_label(request.cipher_suite, key, REQUEST_LABEL, it, signature) for it in forms):
                raise NotAuthorized("The signature is not one of the key in the request.")
        except UnsupportedCipherSuiteError as error:
            raise NotAuthorized(str(error)) from error
        if certified_key(request.requesting_credential) not in (None, key):
            raise NotAuthorized("The credential's certificate is for another key.")

    def signed_forms(self, request: GroupInfoRequest) -> tuple[bytes, ...]:
        """What the signature may be over: the joining code with its presence octet, or as in the request (AMB-097)."""
        fields = (
            request.protocol,
            request.cipher_suite,
            request.requesting_signature_key,
            request.requesting_credential,
            request.group_info_public_key,
        )
        with_octet = GroupInfoRequestTBS(*fields, request.joining_code or None).encode()
        empty_signature = GroupInfoRequest(*fields, request.joining_code, b"").encode()
        return with_octet, empty_signature.removesuffix(b"\0")

    def check_may_have_it(self, transaction: Transaction, question: GroupInfoQuestion) -> None:
        """Refuse whoever could neither join the room now nor follows it as one of its servers."""
        if not self.is_server_of_room(question):
            self.check_may_join(transaction, question)

    def is_server_of_room(self, question: GroupInfoQuestion) -> bool:
        """Whether the provider that asks is an external sender of the group, and asks as such (PROTO 7.4)."""
        request = question.request
        asking = ExternalSender(request.requesting_signature_key, request.requesting_credential)
        listed = question.state.group.state.extensions.external_senders
        return asking in listed and question.source in server_domains(asking.credential)

    def check_may_join(self, transaction: Transaction, question: GroupInfoQuestion) -> None:
        """Refuse a client that could not join by an external commit; a code that it shows is noted (AMB-164)."""
        credential, state = question.request.requesting_credential, question.state
        identity = client_identity(credential, state.mapping)
        if identity.user.provider != question.source:
            raise NotAuthorized(f"{question.source} asks for {identity.user}.")
        user, code = bytes(identity.user), self.code_in(transaction, question)
        joiner = ExternalJoiner(user, Client(identity.client), claims_of(credential), code)
        surroundings = state.within(self.surroundings(transaction))
        refused: Refused | None = None
        for change in self.ways_in(state, joiner):
            decision = authorize(state.updated, joiner, change, surroundings)
            if isinstance(decision, Allowed):
                if code is not None:
                    transaction.show_code(state.room_id, user, code)
                return
            refused = refused or decision
        raise NotAuthorized(str(refused) if refused else f"{identity.user} can join {state.room_id} in no role.")

    def code_in(self, transaction: Transaction, question: GroupInfoQuestion) -> JoinCode | None:
        """The code that a request shows, if it is one of the room's."""
        code = question.request.joining_code
        return transaction.joining_code(question.room.room_id, code) if code else None

    def ways_in(self, state: RoomState, joiner: ExternalJoiner) -> Iterator[Change]:
        """What somebody might do to join: as another client of a participant, or as a new one in whichever role."""
        policy, participants = state.updated.policy, state.updated.participants
        if joiner.user in participants:
            known = (each for each in participants.clients(joiner.user) if each.uri == joiner.client.uri)
            leaves = frozenset(each.leaf_index for each in known if each.leaf_index is not None)
            yield AddClients(joiner.user, (joiner.client,), leaves)
            return
        roles = [*policy.preauthorized_roles(joiner.claims), *sorted(policy.no_role.changes.get(NO_ROLE, ()))]
        for role_index in dict.fromkeys(roles):
            yield AddParticipant(joiner.user, role_index, (joiner.client,))

    def group_info_content(self, question: GroupInfoQuestion) -> GroupInfoRatchetTreeTBE:
        """GroupInfo, tree, and all proposals of the epoch, as the hub got them (AMB-103, AMB-106)."""
        room = question.room
        tree = full_tree(room.state.group.tree)
        return GroupInfoRatchetTreeTBE(self.current_group_info(room), tree, tuple(room.proposals.values()))

    def current_group_info(self, room: Room) -> GroupInfo:
        """The GroupInfo of the epoch, as the committer has signed it (AMB-101)."""
        if room.state.group.reinit is not None:
            raise NotAuthorized(f"The group of {room.room_id} takes nobody any more.")
        assert room.group_info is not None, "a hub has got that of each epoch"
        return room.group_info

    def sealed_group_info(self, question: GroupInfoQuestion, content: GroupInfoRatchetTreeTBE) -> GroupInfoResponse:
        """A success: encrypted to the key in the request, and signed by the hub (AMB-100)."""
        request, room_id = question.request, bytes(question.room.room_id)
        suite = request.cipher_suite
        try:
            encrypted = encrypt_with_label(
                suite, request.group_info_public_key, ENCRYPTION_LABEL, room_id, content.encode(), random=self.random
            )
        except PrimitiveError as error:
            raise NotAuthorized(f"Nothing can be encrypted to the key in the request: {error}") from error
        to_sign = GroupInfoResponseTBS(
            Protocol.mls10, room_id, GroupInfoCode.success, suite, self.listed_sender(question), encrypted
        )
        signature = sign_with_label(
            suite, self.keys.external_sender(suite).private_key, RESPONSE_LABEL, to_sign.encode()
        )
        return GroupInfoResponse.taken_from(to_sign, signature=signature)

    def listed_sender(self, question: GroupInfoQuestion) -> ExternalSender:
        """The hub's entry in `external_senders`, with a key for the request's cipher suite (AMB-142)."""
        suite, extensions = question.request.cipher_suite, question.state.group.state.extensions
        index = self.sender_index(suite, extensions)
        if index is None:
            raise NotAuthorized(f"The group lists {self.domain} with no key for {suite.name}.")
        return extensions.external_senders[index]
