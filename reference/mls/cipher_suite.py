"""The seven cipher suites of RFC 9420, section 17.1, as far as signatures, hashes and HPKE public keys go."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, x448, x25519

from mimi_conformance.reference.mls.signature_scheme import ECDSA, EdDSA, Random, SignatureScheme
from mimi_conformance.reference.wire.mls.registries import CipherSuite

KeyPair = tuple[bytes, bytes]
"""Private key and public key, as the bytes that MLS and HPKE use (RFC 9180, section 7.1)."""


class UnsupportedCipherSuiteError(ValueError):
    """A cipher suite that RFC 9420 does not define."""

    def __init__(self, cipher_suite: CipherSuite) -> None:
        super().__init__(f"The cipher suite {cipher_suite.name} is none of those of RFC 9420, section 17.1.")
        self.cipher_suite = cipher_suite


@dataclass(frozen=True, slots=True)
class CipherSuiteParameters:
    """What a cipher suite is made of.

    Attributes:
        signature: its signature scheme.
        hash: its hash algorithm.
        new_hpke_key_pair: makes a key pair of its KEM from nothing but the bytes that ``random`` gives.

    """

    signature: SignatureScheme
    hash: hashes.HashAlgorithm
    new_hpke_key_pair: Callable[[Random], KeyPair]


def parameters(cipher_suite: CipherSuite) -> CipherSuiteParameters:
    """What a cipher suite is made of.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define it.

    """
    try:
        return _PARAMETERS[cipher_suite]
    except KeyError:
        raise UnsupportedCipherSuiteError(cipher_suite) from None


def _x25519_key_pair(random: Random) -> KeyPair:
    private_key = random(32)
    return private_key, x25519.X25519PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def _x448_key_pair(random: Random) -> KeyPair:
    private_key = random(56)
    return private_key, x448.X448PrivateKey.from_private_bytes(private_key).public_key().public_bytes_raw()


def _key_pair_of(scheme: ECDSA) -> Callable[[Random], KeyPair]:
    """Key pairs of DHKEM on a NIST curve, which look like those of ECDSA on it."""

    def new_key_pair(random: Random) -> KeyPair:
        private_key = scheme.new_private_key(random)
        return private_key, scheme.public_key(private_key)

    return new_key_pair


_ED25519 = EdDSA(ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey, 32)
_ED448 = EdDSA(ed448.Ed448PrivateKey, ed448.Ed448PublicKey, 57)
_P256 = ECDSA(ec.SECP256R1(), hashes.SHA256())
_P384 = ECDSA(ec.SECP384R1(), hashes.SHA384())
_P521 = ECDSA(ec.SECP521R1(), hashes.SHA512())

_WITH_X25519 = CipherSuiteParameters(_ED25519, hashes.SHA256(), _x25519_key_pair)
_WITH_X448 = CipherSuiteParameters(_ED448, hashes.SHA512(), _x448_key_pair)

_PARAMETERS: Mapping[CipherSuite, CipherSuiteParameters] = MappingProxyType(
    {
        CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519: _WITH_X25519,
        CipherSuite.MLS_128_DHKEMP256_AES128GCM_SHA256_P256: CipherSuiteParameters(
            _P256, hashes.SHA256(), _key_pair_of(_P256)
        ),
        CipherSuite.MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519: _WITH_X25519,
        CipherSuite.MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448: _WITH_X448,
        CipherSuite.MLS_256_DHKEMP521_AES256GCM_SHA512_P521: CipherSuiteParameters(
            _P521, hashes.SHA512(), _key_pair_of(_P521)
        ),
        CipherSuite.MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448: _WITH_X448,
        CipherSuite.MLS_256_DHKEMP384_AES256GCM_SHA384_P384: CipherSuiteParameters(
            _P384, hashes.SHA384(), _key_pair_of(_P384)
        ),
    }
)

SUPPORTED_CIPHER_SUITES = tuple(_PARAMETERS)
"""The cipher suites of RFC 9420, in the order of their numbers."""
