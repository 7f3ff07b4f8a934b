"""The signature schemes of MLS (RFC 9420, sections 5.1.1 and 17.1): keys and signatures as bytes.

Nothing random happens in here: key pairs come from bytes that the caller provides, and ECDSA signs deterministically
(RFC 6979), so that the same input always gives the same bytes. That takes OpenSSL 3.2 or later, which the wheels of
`cryptography` bring along.

The private keys used last stay parsed, because parsing costs as much as signing. They live as long as their clients, so
that this takes nothing from forward secrecy; keys of a KEM are not treated so.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

Random = Callable[[int], bytes]
"""Gives the number of random bytes it is asked for, as ``os.urandom`` does."""

_UNCOMPRESSED = b"\x04"


class InvalidKeyError(ValueError):
    """Bytes that are no private key of the scheme they were used with; the message says what is wrong."""


class SignatureScheme(ABC):
    """One way to sign."""

    @abstractmethod
    def new_private_key(self, random: Random) -> bytes:
        """A private key, which depends on nothing but what ``random`` gives."""

    @abstractmethod
    def public_key(self, private_key: bytes) -> bytes:
        """The SignaturePublicKey of a private key.

        Raises:
            InvalidKeyError: the private key is none.

        """

    @abstractmethod
    def sign(self, private_key: bytes, data: bytes) -> bytes:
        """Sign ``data``.

        Raises:
            InvalidKeyError: the private key is none.

        """

    @abstractmethod
    def verify(self, public_key: bytes, data: bytes, signature: bytes) -> bool:
        """Whether a signature is that of ``data``; False also when the bytes are no public key or no signature."""


@dataclass(frozen=True, slots=True)
class EdDSA(SignatureScheme):
    """Ed25519 and Ed448 (RFC 8032).

    Attributes:
        private_class: reads a private key of ``size`` bytes.
        public_class: reads a public key.
        size: length of a private key in bytes.

    """

    private_class: type[ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey]
    public_class: type[ed25519.Ed25519PublicKey | ed448.Ed448PublicKey]
    size: int

    def new_private_key(self, random: Random) -> bytes:
        """Any bytes of the right length are a key."""
        return random(self.size)

    def public_key(self, private_key: bytes) -> bytes:
        """The encoded point of RFC 8032."""
        return self._private(private_key).public_key().public_bytes_raw()

    def sign(self, private_key: bytes, data: bytes) -> bytes:
        """Sign ``data`` without prehashing."""
        return self._private(private_key).sign(data)

    def verify(self, public_key: bytes, data: bytes, signature: bytes) -> bool:
        """Whether a signature is that of ``data``."""
        try:
            self.public_class.from_public_bytes(public_key).verify(signature, data)
        except (ValueError, InvalidSignature):
            return False
        return True

    def _private(self, private_key: bytes) -> ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey:
        try:
            return _parsed_eddsa_key(self.private_class, private_key)
        except ValueError as error:
            raise InvalidKeyError(f"A private key has {self.size} bytes, not {len(private_key)}.") from error


@dataclass(frozen=True, slots=True)
class ECDSA(SignatureScheme):
    """ECDSA on a NIST curve; public keys are uncompressed points, signatures DER (RFC 9420, section 5.1.1)."""

    curve: ec.EllipticCurve
    hash: hashes.HashAlgorithm

    def new_private_key(self, random: Random) -> bytes:
        """A scalar between 1 and the group's order, from 8 bytes more than it has so that none is favoured."""
        size = (self.curve.key_size + 7) // 8
        scalar = int.from_bytes(random(size + 8)) % (self.curve.group_order - 1) + 1
        return scalar.to_bytes(size)

    def public_key(self, private_key: bytes) -> bytes:
        """The uncompressed point."""
        return _point(self._private(private_key).public_key())

    def sign(self, private_key: bytes, data: bytes) -> bytes:
        """Sign the hash of ``data``."""
        return self._private(private_key).sign(data, ec.ECDSA(self.hash, deterministic_signing=True))

    def verify(self, public_key: bytes, data: bytes, signature: bytes) -> bool:
        """Whether a signature is that of ``data``; compressed points are no public keys of MLS."""
        if not public_key.startswith(_UNCOMPRESSED):
            return False
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(self.curve, public_key)
            key.verify(signature, data, ec.ECDSA(self.hash))
        except (ValueError, InvalidSignature):
            return False
        return True

    def _private(self, private_key: bytes) -> ec.EllipticCurvePrivateKey:
        try:
            return _parsed_ecdsa_key(self.curve, private_key)
        except ValueError as error:
            raise InvalidKeyError(f"A private key is no scalar of {self.curve.name}: {error}.") from error


_KEPT = 64


@lru_cache(_KEPT)
def _parsed_eddsa_key(
    private_class: type[ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey], private_key: bytes
) -> ed25519.Ed25519PrivateKey | ed448.Ed448PrivateKey:
    return private_class.from_private_bytes(private_key)


@lru_cache(_KEPT)
def _parsed_ecdsa_key(curve: ec.EllipticCurve, private_key: bytes) -> ec.EllipticCurvePrivateKey:
    return ec.derive_private_key(int.from_bytes(private_key), curve)


def signature_public_key(key: PublicKeyTypes) -> bytes | None:
    """The SignaturePublicKey that a key, such as a certificate's, is in MLS; None when MLS can't sign with it."""
    match key:
        case ed25519.Ed25519PublicKey() | ed448.Ed448PublicKey():
            return key.public_bytes_raw()
        case ec.EllipticCurvePublicKey():
            return _point(key)
        case _:
            return None


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
