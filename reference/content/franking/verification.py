"""The receiver's part: is the stamp the hub's, and is it for this message? (mimi-protocol-06, section 5.4.1.3)."""

from dataclasses import dataclass

from mimi_conformance.reference.content.franking.agent import FrankingRoom, check_agent
from mimi_conformance.reference.content.franking.commitment import franking_tag, read_commitment, read_franking_tag
from mimi_conformance.reference.content.franking.rules import FrankingError, VerificationRule
from mimi_conformance.reference.content.franking.stamp import SIGNATURE_LABEL
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError, parameters
from mimi_conformance.reference.mls.crypto.labelled import verify_with_label
from mimi_conformance.reference.mls.crypto.signature_scheme import SignatureScheme
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.franking import (
    Frank,
    FrankingIntegrityTBS,
    ServerFrankingContext,
)


@dataclass(frozen=True, slots=True)
class Received:
    """An application message as its receiver has it.

    Attributes:
        application_data: what MLS decrypted.
        authenticated_data: what came with it in the clear, which MLS has authenticated.
        sender: the user in the credential of the sender's LeafNode, in the epoch of the message.
        accepted_timestamp: when the hub accepted it, in milliseconds of the Unix epoch: `FanoutMessage.timestamp`.
        frank: the hub's stamp; None when it came without.

    """

    application_data: bytes
    authenticated_data: bytes
    sender: MimiUri
    accepted_timestamp: int
    frank: Frank | None


@dataclass(frozen=True, slots=True)
class FrankedMessage:
    """What a receiver keeps of a message with a frank that it has verified, to be able to report it later.

    Attributes:
        application_data: the message.
        frank: the hub's stamp.
        context: the sender, room and time that the hub vouches for.

    """

    application_data: bytes
    frank: Frank
    context: ServerFrankingContext


def verify(received: Received, room: FrankingRoom) -> FrankedMessage:
    """Verify the frank of a message.

    A message without one is an ordinary message: the rules TAG_PRESENT, FRANK_PRESENT and AGENT_PRESENT say so.

    Args:
        received: the message.
        room: the room in which it was received, in the epoch of the message.

    Raises:
        FrankingError: a rule is broken, which says what was altered or is missing.
        FramingError: the additional data is no SafeAAD although the group has `safe_aad`.

    """
    tag = read_franking_tag(received.authenticated_data) if room.safe_aad else None
    if tag is None:
        raise FrankingError(VerificationRule.TAG_PRESENT, received.authenticated_data)
    if received.frank is None:
        raise FrankingError(VerificationRule.FRANK_PRESENT, None)
    if room.agent is None:
        raise FrankingError(VerificationRule.AGENT_PRESENT, None)
    frank = received.frank
    if signature_scheme(frank.franking_signature_ciphersuite) != signature_scheme(room.cipher_suite):
        raise FrankingError(VerificationRule.CIPHER_SUITE, frank.franking_signature_ciphersuite)
    check_agent(room.agent, room.uri.provider)
    commitment = read_commitment(received.application_data, room.media_types)
    context = commitment.context(received.accepted_timestamp)
    if not signed(frank, context, room.agent.franking_signature_key):
        raise FrankingError(VerificationRule.SIGNATURE, context)
    if tag != franking_tag(commitment.salt, received.application_data):
        raise FrankingError(VerificationRule.TAG, tag)
    if commitment.sender_uri != str(received.sender):
        raise FrankingError(VerificationRule.SENDER, commitment.sender_uri)
    if commitment.room_uri != str(room.uri):
        raise FrankingError(VerificationRule.ROOM, commitment.room_uri)
    return FrankedMessage(received.application_data, frank, context)


def signed(frank: Frank, context: ServerFrankingContext, public_key: bytes) -> bool:
    """Whether the signature in a frank is that of a hub's public key, for what the hub says (section 5.4.1.3).

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the frank's cipher suite.

    """
    suite = frank.franking_signature_ciphersuite
    to_verify = FrankingIntegrityTBS(frank.server_frank, suite, context).encode()
    return verify_with_label(suite, public_key, SIGNATURE_LABEL, to_verify, frank.franking_integrity_signature)


def signature_scheme(cipher_suite: CipherSuite) -> SignatureScheme | None:
    """How a cipher suite signs; None for one that RFC 9420 does not define."""
    try:
        return parameters(cipher_suite).signature
    except UnsupportedCipherSuiteError:
        return None
