"""The provider's own keys in MLS, franking and Oblivious HTTP, all of which follow from one secret that it keeps."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.kdf import HKDF_SHA256
from mimi_conformance.reference.mls.crypto.kem import DHKEM_X25519, KeyPair
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.wire.mls.registries import CipherSuite

SECRET_BYTES = 32


class SignatureKeyPair(NamedTuple):
    """A key pair of a cipher suite's signature scheme."""

    private_key: bytes
    public_key: bytes


@dataclass(frozen=True, slots=True)
class ProviderKeys:
    """What a provider signs, authenticates and decrypts with.

    Attributes:
        secret: what every key follows from; 32 bytes that nobody else can guess.

    """

    secret: bytes = field(repr=False)

    @classmethod
    def kept(cls, transaction: Transaction, random: Random) -> "ProviderKeys":
        """The keys of an earlier run, or new ones, which are kept for the next."""
        secret = transaction.secret()
        if secret is None:
            secret = random(SECRET_BYTES)
            transaction.keep_secret(secret)
        return cls(secret)

    def external_sender(self, cipher_suite: CipherSuite) -> SignatureKeyPair:
        """The key of the provider's entry in `external_senders` (RFC 9420, section 12.1.8.1).

        Raises:
            UnsupportedCipherSuiteError: nothing is known of the cipher suite.

        """
        return _signature_key_pair(self.secret, b"external sender", cipher_suite)

    def external_receiver(self, cipher_suite: CipherSuite) -> KeyPair:
        """The key of the provider's entry in `external_receivers` (semiprivatemessage-07, section 3).

        Raises:
            UnsupportedCipherSuiteError: nothing is known of the cipher suite.

        """
        return _hpke_key_pair(self.secret, b"external receiver", cipher_suite)

    def franking_agent(self, cipher_suite: CipherSuite) -> SignatureKeyPair:
        """The key of the provider's `franking_agent` component (PROTO 5.4.1).

        Raises:
            UnsupportedCipherSuiteError: nothing is known of the cipher suite.

        """
        return _signature_key_pair(self.secret, b"franking agent", cipher_suite)

    @property
    def hub_key(self) -> bytes:
        """`hub_key`, with which the hub knows its franks again (PROTO 5.4.1.1)."""
        return _derived(self.secret, b"hub key")(SECRET_BYTES)

    @property
    def oblivious_http(self) -> KeyPair:
        """The key of the gateway for Oblivious HTTP, of X25519 (RFC 9458, section 3)."""
        return DHKEM_X25519.new_key_pair(_derived(self.secret, b"oblivious HTTP"))


def _derived(secret: bytes, purpose: bytes) -> Random:
    """A source of one value, which follows from the secret and its purpose."""
    return lambda size: HKDF_SHA256.expand(secret, b"mimi provider " + purpose, size)


@lru_cache
def _signature_key_pair(secret: bytes, purpose: bytes, cipher_suite: CipherSuite) -> SignatureKeyPair:
    scheme = parameters(cipher_suite).signature
    private_key = scheme.new_private_key(_derived(secret, purpose + cipher_suite.to_bytes(2)))
    return SignatureKeyPair(private_key, scheme.public_key(private_key))


@lru_cache
def _hpke_key_pair(secret: bytes, purpose: bytes, cipher_suite: CipherSuite) -> KeyPair:
    return parameters(cipher_suite).new_hpke_key_pair(_derived(secret, purpose + cipher_suite.to_bytes(2)))
