"""update: proposals and commits for the rooms of which this provider is the hub (PROTO 5.3)."""

from http import HTTPStatus

from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.provider.commit_bundle import CommitBundles
from mimi_conformance.reference.provider.departures import Departures
from mimi_conformance.reference.provider.handshakes import HandshakeRule, NotAccepted, not_allowed
from mimi_conformance.reference.provider.messages import Answer, Call, Refusal
from mimi_conformance.reference.provider.repetition import Repetition
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.actors import Actor, Member
from mimi_conformance.reference.room.updates import (
    CommitAccepted,
    Handshake,
    InvalidProposal,
    ProposalsAccepted,
    WrongEpoch,
    accept_commit,
    accept_proposals,
    reference_of,
)
from mimi_conformance.reference.room.updates import Refusal as UpdateRefusal
from mimi_conformance.reference.wire.mls.framing import ContentType, SenderType
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add
from mimi_conformance.reference.wire.protocol.update import (
    HandshakeBundle,
    UpdateRequest,
    UpdateResponseCode,
    UpdateRoomResponse,
)


class UpdateEndpoint(CommitBundles, Departures, Repetition):
    """Answers for update. Whether a room takes something is `reference.room`'s decision."""

    def answer_to_update(self, transaction: Transaction, call: Call, now: int) -> Answer:
        """200 with an UpdateRoomResponse, whatever its code (AMB-008); ``now`` in milliseconds of the Unix epoch."""
        bundle = self.decoded(UpdateRequest, call.body).bundle
        room = self.room_in_path(transaction, call.subject)
        answer = self.earlier_answer(transaction, call, now)
        if answer is not None:
            return Answer(HTTPStatus.OK, answer)
        try:
            accepted = self.accept_bundle(transaction, room, call, bundle, now)
        except NotAccepted as refused:
            transaction.rollback()
            return Answer(HTTPStatus.OK, self.refusal_of_update(refused.refusal).encode())
        answer = self.acceptance_of_update(accepted).encode()
        self.remember_answer(transaction, call, answer, now)
        return Answer(HTTPStatus.OK, answer)

    def refusal_of_update(self, refusal: UpdateRefusal) -> UpdateRoomResponse:
        """The answer to what was not accepted, with the reason for people (PROTO 5.3)."""
        return UpdateRoomResponse(
            response_code=refusal.code,
            error_description=str(refusal),
            current_epoch=refusal.current_epoch if isinstance(refusal, WrongEpoch) else None,
            invalid_proposals=refusal.references if isinstance(refusal, InvalidProposal) else None,
        )

    def acceptance_of_update(self, accepted: int) -> UpdateRoomResponse:
        """The answer to what was accepted, with the time in milliseconds of the Unix epoch."""
        return UpdateRoomResponse(
            response_code=UpdateResponseCode.success, error_description="", accepted_timestamp=accepted
        )

    def accept_bundle(self, transaction: Transaction, room: Room, call: Call, bundle: HandshakeBundle, now: int) -> int:
        """Accept all of a bundle, and fan it out; return the acceptance time.

        Raises:
            NotAccepted: nothing of it is accepted.

        """
        message = bundle.proposal_or_commit
        if message.content_type is ContentType.commit:
            return self.accept_commit_of(transaction, room, call, bundle, now)
        return self.accept_proposals_of(transaction, room, call, (message, *(bundle.more_proposals or ())), now)

    def accept_proposals_of(
        self, transaction: Transaction, room: Room, call: Call, messages: tuple[MLSMessage, ...], now: int
    ) -> int:
        """Accept proposals, as `accept_bundle` does."""
        self.check_room_for_more(room, messages)
        proposals = [self.proposal(room, message) for message in messages]
        accepted = self.decided_proposals(transaction, room, proposals, now)
        for act in accepted.acts:
            self.check_sent_by(call, act.actor)
        for proposal in proposals:
            self.check_hub_stays_listed(room.state, proposal)
        if not accepted.acts:
            return max(room.proposals[each].hub_accepted_time for each in accepted.references)
        references = (reference_of(room.state.group, each) for each in proposals)
        after = room.with_proposals(accepted.state, dict(zip(references, messages, strict=True)), now)
        transaction.record_room(after)
        for proposal in proposals:
            self.route_own_addition(transaction, call, proposal, now)
        self.fan_out_proposals(transaction, room.state, call, messages, accepted=now)
        self.pursue_wishes(transaction, room.room_id, now)
        return now

    def check_room_for_more(self, room: Room, messages: tuple[MLSMessage, ...]) -> None:
        """Refuse more proposals than a commit can reasonably cover.

        Raises:
            Refusal: 429.

        """
        waiting = len(room.state.group.pending)
        if waiting + len(messages) > self.settings.most_pending_proposals:
            reason = f"{waiting} proposals wait for a commit in {room.room_id}, and {len(messages)} more are too many."
            raise Refusal(HTTPStatus.TOO_MANY_REQUESTS, reason)

    def proposal(self, room: Room, message: MLSMessage) -> Handshake:
        """A proposal that came alone or with others."""
        handshake = self.opened(room.state, message)
        if handshake.content.proposal is None:
            raise not_allowed(HandshakeRule.PROPOSALS_TOGETHER, "There is something else among the proposals.")
        return handshake

    def decided_proposals(
        self, transaction: Transaction, room: Room, proposals: list[Handshake], now: int
    ) -> ProposalsAccepted:
        """What the room says to proposals."""
        answer = accept_proposals(room.state, proposals, now // 1000, self.surroundings(transaction))
        if not isinstance(answer, ProposalsAccepted):
            raise NotAccepted(answer)
        return answer

    def route_own_addition(self, transaction: Transaction, call: Call, proposal: Handshake, now: int) -> None:
        """Remember where the KeyPackage of a client comes from that proposes its own addition (PROTO 4.3.1)."""
        content = proposal.content
        if content.sender.sender_type is not SenderType.new_member_proposal or content.proposal is None:
            return
        assert isinstance(content.proposal.body, Add), "nothing else comes from such a sender"
        key_package = content.proposal.body.key_package
        reference, lifetime = key_package_ref(key_package), key_package.leaf_node.lifetime
        assert lifetime is not None, "a KeyPackage has one"
        if call.client is None:
            transaction.route_key_package(reference, call.source, lifetime.not_after, now)
        else:
            transaction.add_key_package(call.client, reference, key_package)
            transaction.use_key_package(reference)

    def accept_commit_of(
        self, transaction: Transaction, room: Room, call: Call, bundle: HandshakeBundle, now: int
    ) -> int:
        """Accept a commit with all that comes along, as `accept_bundle` does."""
        message = bundle.proposal_or_commit
        accepted = self.decided_commit(transaction, room, self.opened(room.state, message), now)
        staged = accepted.staged
        self.check_sent_by(call, self.committer(accepted))
        self.check_hub_listed(room.state, staged.group.state.extensions)
        group_info = self.new_group_info(staged.group, bundle.group_info_option)
        self.check_tree(staged.group, bundle.ratchet_tree_option)
        newcomers = self.newcomers(transaction, staged, bundle)
        after = room.in_next_epoch(accepted, group_info)
        transaction.record_room(after)
        self.note_leavers(transaction, accepted)
        wishes = self.wishes(transaction, after.state, staged.applied.removed)
        after, own = self.propose_each(transaction, after, wishes, now)
        stapled = own if staged.external else ()
        self.fan_out_commit(transaction, room.state, call, message, stapled, accepted=now)
        self.move_clients(transaction, accepted, newcomers, call)
        if bundle.welcome is not None:
            self.fan_out_welcome(transaction, accepted.state, bundle.welcome, newcomers, accepted=now)
        for newcomer in newcomers:
            transaction.forget_route(newcomer.reference)
        if stapled:
            self.fan_out_stapled(transaction, after.state, call, stapled, accepted=now)
        elif own:
            self.fan_out_proposals(transaction, after.state, None, own, accepted=now)
        self.pursue_wishes_below(transaction, room.room_id, now)
        return now

    def decided_commit(self, transaction: Transaction, room: Room, commit: Handshake, now: int) -> CommitAccepted:
        """What the room says to a commit."""
        code = self.shown_code(transaction, room.state, commit)
        answer = accept_commit(room.state, commit, now // 1000, self.surroundings(transaction), code)
        if not isinstance(answer, CommitAccepted):
            raise NotAccepted(answer)
        return answer

    def committer(self, accepted: CommitAccepted) -> Actor:
        """Who has committed: a member in any case, once the commit is there."""
        user = accepted.state.committed.participants.user_at(accepted.staged.committer)
        assert user is not None, "each client in the group has a participant for its user"
        return Member(user, accepted.staged.committer)
