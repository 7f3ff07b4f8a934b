"""Defects in what a hub proposes by itself (PROTO 5.5, 7.4)."""

from dataclasses import replace

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.provider.fanout import Audience
from mimi_conformance.reference.provider.messages import Call
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage


@defect("tells-one-follower-of-its-proposals", breaks=("PROTO-5.5-07",))
class TellsOneFollowerOfItsProposals(Provider):
    """Sends proposals to the first follower that it has, and to no other."""

    def tell(self, transaction: Transaction, state: RoomState, audience: Audience, event: FanoutMessage) -> None:
        if event.event is FanoutEvent.proposal:
            audience = replace(audience, providers=frozenset(sorted(audience.providers)[:1]))
        super().tell(transaction, state, audience, event)


@defect("signs-its-proposals-with-another-key", breaks=("PROTO-7.4-01",))
class SignsItsProposalsWithAnotherKey(Provider):
    """Sends its proposals with a signature that is not by its key in the group."""

    def fan_out_proposals(
        self,
        transaction: Transaction,
        state: RoomState,
        call: Call | None,
        messages: tuple[MLSMessage, ...],
        *,
        accepted: int,
    ) -> None:
        if call is None:
            messages = tuple(self.forged(each) for each in messages)
        super().fan_out_proposals(transaction, state, call, messages, accepted=accepted)

    def forged(self, message: MLSMessage) -> MLSMessage:
        """The same with another signature."""
        public = message.public_message
        assert public is not None, "what this hub proposes is public"
        return MLSMessage.of(replace(public, auth=replace(public.auth, signature=public.auth.signature[::-1])))


@defect("proposes-as-a-member", breaks=("PROTO-7.4-01",))
class ProposesAsAMember(SignsItsProposalsWithAnotherKey):
    """Sends its proposals in the name of the first member of the group."""

    def forged(self, message: MLSMessage) -> MLSMessage:
        public = message.public_message
        assert public is not None, "what this hub proposes is public"
        sender = Sender(sender_type=SenderType.member, leaf_index=0)
        return MLSMessage.of(replace(public, content=replace(public.content, sender=sender), membership_tag=bytes(32)))
