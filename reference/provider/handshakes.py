"""Proposals and commits that somebody sends to the hub of a room: what they say, and whether that provider may send it.

Whether the room takes them is for `reference.room`; here is only what a room cannot see, because it is about the
provider that asks, the keys of this one, or what comes along.
"""

from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.mls.framing.semi_private_message import unseal_as_external_receiver
from mimi_conformance.reference.mls.group.senders import member_key
from mimi_conformance.reference.mls.proposals.features import Feature, GroupExtensions, Purpose
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.provider.hosting import Hosting
from mimi_conformance.reference.provider.messages import Call
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.actors import Actor, JoinCode
from mimi_conformance.reference.room.credentials import client_identity
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.participants import provider_of
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.updates import Handshake, InvalidProposal, NotAllowed, Refusal, misplaced
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, SenderType
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import GroupContextExtensions
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import SemiPrivateMessage

_SEMI_PRIVATE = Feature(Purpose.WIRE_FORMAT, WireFormat.mls_semiprivate_message)


class HandshakeRule(RoomRule):
    """What a handshake must be, and who sends it to the hub."""

    FORMAT = ("PROTO-5.3-13", "A handshake is a PublicMessage or a SemiPrivateMessage.")
    FORMAT_REQUIRED = ("SPM-3-05", "A SemiPrivateMessage is for groups that require the format.")
    PROPOSALS_TOGETHER = ("PROTO-5.3-15", "What comes along with a proposal is a proposal.")
    OWN_SENDERS = ("PROTO-5.3-42", "A provider submits the handshakes of its own clients and of itself only.")
    HUB_LISTED = ("PROTO-7.4-03", "The hub stays an external sender, with the key that it has.")


class NotAccepted(Exception):  # noqa: N818  # it is an answer, not an error of this program
    """An update is not accepted; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


def not_allowed(rule: RoomRule, sentence: str) -> NotAccepted:
    """The answer to an update that breaks a rule."""
    return NotAccepted(NotAllowed(Refused(rule, sentence)))


class Handshakes(Hosting):
    """Reads handshakes, and knows whose they are.

    Each method raises NotAccepted when an update is not to be accepted.
    """

    def opened(self, state: RoomState, message: MLSMessage) -> Handshake:
        """A handshake as the room judges it: what a SemiPrivateMessage holds, if it is one."""
        if message.public_message is not None:
            return message.public_message
        if message.semiprivate_message is None:
            raise not_allowed(HandshakeRule.FORMAT, f"It is an {message.wire_format.name}.")
        return self.unsealed(state, message.semiprivate_message)

    def unsealed(self, state: RoomState, message: SemiPrivateMessage) -> AuthenticatedContent:
        """What a SemiPrivateMessage holds, which this hub reads as an external receiver (PROTO 5.3)."""
        group, extensions = state.group, state.group.state.extensions
        if refusal := misplaced(state, message.group_id, message.epoch):
            raise NotAccepted(refusal)
        if _SEMI_PRIVATE not in extensions.required_features:
            raise not_allowed(HandshakeRule.FORMAT_REQUIRED, f"The group of {state.room_id} does not.")
        keys = self.keys.external_receiver(group.context.cipher_suite)
        receiver = self.external_receiver(group.context.cipher_suite)
        listed = [
            each for each in extensions.external_receivers if each.external_receiver_public_key == keys.public_key
        ]
        try:
            return unseal_as_external_receiver(
                message,
                group.epoch,
                listed[0] if listed else receiver,
                keys.private_key,
                lambda leaf_index: member_key(group.tree, leaf_index),
            )
        except RuleError as error:
            raise NotAccepted(InvalidProposal(error)) from error

    def check_sent_by(self, call: Call, actor: Actor) -> None:
        """Refuse what belongs to a client or a server of another provider than the one that sends it."""
        if provider_of(actor.user) != call.source:
            raise not_allowed(HandshakeRule.OWN_SENDERS, f"{call.source} sends what {actor.user.decode()} has made.")

    def check_hub_listed(self, state: RoomState, extensions: GroupExtensions) -> None:
        """Refuse to go from the external senders."""
        if self.sender_index(state.group.context.cipher_suite, extensions) is None:
            raise not_allowed(HandshakeRule.HUB_LISTED, f"{self.domain} would be listed with another key.")

    def check_hub_stays_listed(self, state: RoomState, handshake: Handshake) -> None:
        """Refuse a proposal, valid otherwise, after which the hub would not be listed any longer."""
        proposal = handshake.content.proposal
        if proposal is not None and isinstance(proposal.body, GroupContextExtensions):
            self.check_hub_listed(state, GroupExtensions.read(proposal.body.extensions))

    def shown_code(self, transaction: Transaction, state: RoomState, handshake: Handshake) -> JoinCode | None:
        """The code with which whoever joins by a commit has asked for the GroupInfo (PROTO 5.6, AMB-164)."""
        sender, commit = handshake.content.sender, handshake.content.commit
        if sender.sender_type is not SenderType.new_member_commit or commit is None or commit.path is None:
            return None
        try:
            joiner = client_identity(commit.path.leaf_node.credential, state.mapping)
        except CredentialError:
            return None
        return transaction.shown_code(state.room_id, bytes(joiner.user))
