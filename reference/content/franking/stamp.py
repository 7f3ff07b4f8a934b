"""The hub's part: a stamp on a message that it cannot read (mimi-protocol-06, section 5.4.1.2)."""

from dataclasses import dataclass, field, replace

from mimi_conformance.reference.content.franking.agent import FrankingRoom, check_agent
from mimi_conformance.reference.content.franking.commitment import hmac_sha256, read_franking_tag
from mimi_conformance.reference.content.franking.rules import FrankingError, StampRule
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import sign_with_label
from mimi_conformance.reference.mls.crypto.signature_scheme import SignatureScheme
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.franking import (
    Frank,
    FrankingAgentData,
    FrankingIntegrityTBS,
    ServerFrankingContext,
    ServerFrankInput,
)

SIGNATURE_LABEL = "FrankingIntegrityTBS"
"""The label under which a hub signs franks (mimi-protocol-06, section 5.4.1.2)."""


@dataclass(frozen=True, slots=True)
class HubKey:
    """A secret that the hub makes `server_frank`s with.

    Attributes:
        since: the first acceptance time that it is used for, in milliseconds of the Unix epoch.
        key: the secret; 32 random bytes are as good as it gets.

    """

    since: int
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key pair that the hub signs franks with, in the rooms whose agent has the public key.

    Attributes:
        scheme: its signature scheme.
        public_key: the `franking_signature_key`.
        private_key: the `franking_private_key`.

    """

    scheme: SignatureScheme
    public_key: bytes
    private_key: bytes = field(repr=False)

    @classmethod
    def of(cls, cipher_suite: CipherSuite, private_key: bytes) -> "SigningKey":
        """The key pair of a private key, for rooms whose cipher suite has the same signature scheme.

        Raises:
            InvalidKeyError: the private key is none of the suite's signature scheme.
            UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

        """
        scheme = parameters(cipher_suite).signature
        return cls(scheme, scheme.public_key(private_key), private_key)


@dataclass(frozen=True, slots=True)
class FrankingKeys:
    """What a hub franks with, and what it has franked with before: no frank says which `hub_key` made it (AMB-074).

    A room changes its agent with its group (see `propose_agent`), and the hub goes on to hold the old signing key, to
    know its old signatures.

    Attributes:
        hub_keys: by time, the oldest first.
        signing_keys: in any order.

    """

    hub_keys: tuple[HubKey, ...] = ()
    signing_keys: tuple[SigningKey, ...] = ()

    def with_hub_key(self, new: HubKey) -> "FrankingKeys":
        """The keys of a hub that changes its `hub_key`.

        It has to begin after every message that is stamped already.

        Raises:
            FrankingError: it begins no later than the one before it.

        """
        if self.hub_keys and new.since <= self.hub_keys[-1].since:
            raise FrankingError(StampRule.HUB_KEYS_IN_ORDER, new.since)
        return replace(self, hub_keys=(*self.hub_keys, new))

    def with_signing_key(self, new: SigningKey) -> "FrankingKeys":
        """The keys of a hub that signs with one more."""
        return replace(self, signing_keys=(*self.signing_keys, new))

    def hub_key(self, accepted_timestamp: int) -> bytes | None:
        """The `hub_key` of the time at which a message was accepted, in milliseconds of the Unix epoch; None before."""
        return next((each.key for each in reversed(self.hub_keys) if each.since <= accepted_timestamp), None)

    def signing_key(self, agent: FrankingAgentData, cipher_suite: CipherSuite) -> SigningKey | None:
        """The key pair that an agent's public key belongs to; None when it is not one of this hub's for the suite."""
        scheme = parameters(cipher_suite).signature
        for key in self.signing_keys:
            if (key.public_key, key.scheme) == (agent.franking_signature_key, scheme):
                return key
        return None


def server_frank(hub_key: bytes, franking_tag: bytes, context: ServerFrankingContext) -> bytes:
    """What only the hub can make and know again: 32 bytes (mimi-protocol-06, section 5.4.1.2)."""
    return hmac_sha256(hub_key, ServerFrankInput(franking_tag, context).encode())


def frank(
    authenticated_data: bytes, sender: MimiUri, accepted_timestamp: int, room: FrankingRoom, keys: FrankingKeys
) -> Frank | None:
    """Frank a message that the hub has accepted, for the sender and for the fanout alike (section 5.4.1.2).

    Args:
        authenticated_data: that of the PrivateMessage.
        sender: the `sendingUri`, which the hub has found valid.
        accepted_timestamp: milliseconds of the Unix epoch.
        room: the room in the epoch of the message.
        keys: the hub's keys.

    Returns:
        The frank; None when the sender asks for none, or the room's agent is missing or not this hub (AMB-067).

    Raises:
        FramingError, FrankingError: the message's additional data is not what it must be; the hub refuses it (AMB-068).
        UnsupportedCipherSuiteError: RFC 9420 does not define the room's cipher suite.

    """
    tag = read_franking_tag(authenticated_data) if room.safe_aad else None
    if tag is None or room.agent is None:
        return None
    hub_key, signing_key = keys.hub_key(accepted_timestamp), keys.signing_key(room.agent, room.cipher_suite)
    if hub_key is None or signing_key is None or not _vouched_for(room.agent, room.uri.provider):
        return None
    context = ServerFrankingContext(IdentifierUri(bytes(sender)), IdentifierUri(bytes(room.uri)), accepted_timestamp)
    stamp = server_frank(hub_key, tag, context)
    to_sign = FrankingIntegrityTBS(stamp, room.cipher_suite, context).encode()
    signature = sign_with_label(room.cipher_suite, signing_key.private_key, SIGNATURE_LABEL, to_sign)
    return Frank(stamp, room.cipher_suite, signature)


def _vouched_for(agent: FrankingAgentData, hub_domain: str) -> bool:
    try:
        check_agent(agent, hub_domain)
    except FrankingError:
        return False
    return True
