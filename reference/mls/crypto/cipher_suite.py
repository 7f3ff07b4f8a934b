"""The seven cipher suites of RFC 9420, sections 5.1 and 17.1."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519

from mimi_conformance.reference.mls.crypto.aead import AEAD, AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305
from mimi_conformance.reference.mls.crypto.hpke import HPKE
from mimi_conformance.reference.mls.crypto.kdf import HKDF_SHA256, HKDF_SHA384, HKDF_SHA512, KDF
from mimi_conformance.reference.mls.crypto.kem import (
    DHKEM,
    DHKEM_P256,
    DHKEM_P384,
    DHKEM_P521,
    DHKEM_X448,
    DHKEM_X25519,
    KeyPair,
)
from mimi_conformance.reference.mls.crypto.signature_scheme import ECDSA, EdDSA, Random, SignatureScheme
from mimi_conformance.reference.wire.mls.registries import CipherSuite


class UnsupportedCipherSuiteError(ValueError):
    """A cipher suite that RFC 9420 does not define."""

    def __init__(self, cipher_suite: CipherSuite) -> None:
        super().__init__(f"The cipher suite {cipher_suite.name} is none of those of RFC 9420, section 17.1.")
        self.cipher_suite = cipher_suite


@dataclass(frozen=True, slots=True)
class CipherSuiteParameters:
    """What a cipher suite is made of. Its hash, and the one in its MAC, is that of its KDF.

    Attributes:
        signature: its signature scheme.
        hpke: its KEM, KDF and AEAD.

    """

    signature: SignatureScheme
    hpke: HPKE

    @property
    def kem(self) -> DHKEM:
        """Its key encapsulation."""
        return self.hpke.kem

    @property
    def kdf(self) -> KDF:
        """Its key derivation, whose `size` is the length of the key schedule's secrets."""
        return self.hpke.kdf

    @property
    def aead(self) -> AEAD:
        """Its authenticated encryption."""
        return self.hpke.aead

    @property
    def hash(self) -> hashes.HashAlgorithm:
        """Its hash algorithm."""
        return self.hpke.kdf.hash

    def digest(self, data: bytes) -> bytes:
        """The hash of ``data``."""
        return hashes.Hash.hash(self.hash, data)

    def mac(self, key: bytes, data: bytes) -> bytes:
        """The MAC of ``data``, by HMAC."""
        return self._hmac(key, data).finalize()

    def verify_mac(self, key: bytes, data: bytes, tag: bytes) -> bool:
        """Whether a MAC is that of ``data``; how long it takes says nothing about the right one."""
        try:
            self._hmac(key, data).verify(tag)
        except InvalidSignature:
            return False
        return True

    def new_hpke_key_pair(self, random: Random) -> KeyPair:
        """A key pair of its KEM, made from nothing but the bytes that ``random`` gives."""
        return self.hpke.kem.new_key_pair(random)

    def _hmac(self, key: bytes, data: bytes) -> hmac.HMAC:
        context = hmac.HMAC(key, self.hash)
        context.update(data)
        return context


def parameters(cipher_suite: CipherSuite) -> CipherSuiteParameters:
    """What a cipher suite is made of.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define it.

    """
    try:
        return _PARAMETERS[cipher_suite]
    except KeyError:
        raise UnsupportedCipherSuiteError(cipher_suite) from None


_ED25519 = EdDSA(ed25519.Ed25519PrivateKey, ed25519.Ed25519PublicKey, 32)
_ED448 = EdDSA(ed448.Ed448PrivateKey, ed448.Ed448PublicKey, 57)
_P256 = ECDSA(ec.SECP256R1(), hashes.SHA256())
_P384 = ECDSA(ec.SECP384R1(), hashes.SHA384())
_P521 = ECDSA(ec.SECP521R1(), hashes.SHA512())

_PARAMETERS: Mapping[CipherSuite, CipherSuiteParameters] = MappingProxyType(
    {
        CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519: CipherSuiteParameters(
            _ED25519, HPKE(DHKEM_X25519, HKDF_SHA256, AES_128_GCM)
        ),
        CipherSuite.MLS_128_DHKEMP256_AES128GCM_SHA256_P256: CipherSuiteParameters(
            _P256, HPKE(DHKEM_P256, HKDF_SHA256, AES_128_GCM)
        ),
        CipherSuite.MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519: CipherSuiteParameters(
            _ED25519, HPKE(DHKEM_X25519, HKDF_SHA256, CHACHA20_POLY1305)
        ),
        CipherSuite.MLS_256_DHKEMX448_AES256GCM_SHA512_Ed448: CipherSuiteParameters(
            _ED448, HPKE(DHKEM_X448, HKDF_SHA512, AES_256_GCM)
        ),
        CipherSuite.MLS_256_DHKEMP521_AES256GCM_SHA512_P521: CipherSuiteParameters(
            _P521, HPKE(DHKEM_P521, HKDF_SHA512, AES_256_GCM)
        ),
        CipherSuite.MLS_256_DHKEMX448_CHACHA20POLY1305_SHA512_Ed448: CipherSuiteParameters(
            _ED448, HPKE(DHKEM_X448, HKDF_SHA512, CHACHA20_POLY1305)
        ),
        CipherSuite.MLS_256_DHKEMP384_AES256GCM_SHA384_P384: CipherSuiteParameters(
            _P384, HPKE(DHKEM_P384, HKDF_SHA384, AES_256_GCM)
        ),
    }
)

SUPPORTED_CIPHER_SUITES = tuple(_PARAMETERS)
"""The cipher suites of RFC 9420, in the order of their numbers."""
