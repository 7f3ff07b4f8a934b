"""Key encapsulation: DHKEM over five groups (RFC 9180, sections 4.1 and 7.1).

Keys are bytes as in RFC 9180, section 7.1.1. They are parsed where they are used and never kept, so that a private key
is gone when its owner deletes it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey, X448PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from mimi_conformance.reference.mls.crypto.kdf import HKDF_SHA256, HKDF_SHA384, HKDF_SHA512, KDF, LabeledKDF
from mimi_conformance.reference.mls.crypto.primitive_errors import DeserializeError, ValidationError
from mimi_conformance.reference.mls.crypto.signature_scheme import Random


class KeyPair(NamedTuple):
    """A key pair of a KEM."""

    private_key: bytes
    public_key: bytes


class Encapsulation(NamedTuple):
    """A secret, and the `kem_output` from which the owner of the private key learns it (`enc` in RFC 9180)."""

    shared_secret: bytes
    kem_output: bytes


class DHPrivateKey(Protocol):
    """A parsed private key."""

    def public_key(self) -> bytes:
        """Its public key, serialized."""

    def agree(self, public_key: bytes) -> bytes:
        """DH with somebody's serialized public key; ValueError when it is none or leads to a known secret."""


@dataclass(frozen=True, slots=True)
class DHKEM:
    """Key encapsulation by Diffie-Hellman.

    Attributes:
        id: its number in HPKE.
        kdf: what makes the shared secret, which is as long as the KDF's secrets.
        private_key_size: Nsk, in bytes.
        public_key_size: Npk, in bytes; a `kem_output` is as long.
        read_private_key: DeserializePrivateKey, for bytes of the right length; ValueError when they are no key.

    """

    id: int
    kdf: KDF
    private_key_size: int
    public_key_size: int
    read_private_key: Callable[[bytes], DHPrivateKey]

    def new_key_pair(self, random: Random) -> KeyPair:
        """GenerateKeyPair: DeriveKeyPair of as many bytes from ``random`` as a private key has."""
        return self.derive_key_pair(random(self.private_key_size))

    def derive_key_pair(self, input_key: bytes) -> KeyPair:
        """DeriveKeyPair: the key pair that follows from a secret."""
        private_key = self.derive_private_key(input_key)
        return KeyPair(private_key, self.public_key(private_key))

    def derive_private_key(self, input_key: bytes) -> bytes:
        """The private half of DeriveKeyPair, at a small part of its cost (RFC 9180, section 7.1.3)."""
        secret = self._labeled_kdf.extract(b"", b"dkp_prk", input_key)
        return self._labeled_kdf.expand(secret, b"sk", b"", self.private_key_size)

    def public_key(self, private_key: bytes) -> bytes:
        """The public key of a private key.

        Raises:
            DeserializeError: the bytes are no private key.

        """
        return self._parsed(private_key).public_key()

    def is_public_key(self, data: bytes) -> bool:
        """Whether bytes have the form of a public key."""
        return len(data) == self.public_key_size

    def encapsulate(self, public_key: bytes, ephemeral_private_key: bytes) -> Encapsulation:
        """Encap, with the private key that it draws at random: a key that serves for nothing else.

        Raises:
            DeserializeError: the bytes do not have the form of such keys.
            ValidationError: nobody can agree on a secret with this public key.

        """
        ephemeral = self._parsed(ephemeral_private_key)
        kem_output = ephemeral.public_key()
        return Encapsulation(self._shared_secret(ephemeral, public_key, kem_output + public_key), kem_output)

    def decapsulate(self, kem_output: bytes, private_key: bytes) -> bytes:
        """Decap: the shared secret.

        Raises:
            DeserializeError: the bytes do not have the form of such keys.
            ValidationError: nobody can agree on a secret with this output.

        """
        key = self._parsed(private_key)
        return self._shared_secret(key, kem_output, kem_output + key.public_key())

    def _parsed(self, private_key: bytes) -> DHPrivateKey:
        self._require_size("private", private_key, self.private_key_size)
        try:
            return self.read_private_key(private_key)
        except ValueError:
            raise DeserializeError("The bytes are no private key: their number is zero or too large.") from None

    def _shared_secret(self, private_key: DHPrivateKey, public_key: bytes, context: bytes) -> bytes:
        """ExtractAndExpand of what the two keys agree on."""
        self._require_size("public", public_key, self.public_key_size)
        try:
            agreed = private_key.agree(public_key)
        except ValueError:
            raise ValidationError(f"Nobody can agree on a secret with the public key {public_key.hex()}.") from None
        secret = self._labeled_kdf.extract(b"", b"eae_prk", agreed)
        return self._labeled_kdf.expand(secret, b"shared_secret", context, self.kdf.size)

    def _require_size(self, kind: str, key: bytes, size: int) -> None:
        if len(key) != size:
            raise DeserializeError(f"A {kind} key of the KEM 0x{self.id:04x} has {size} bytes, not {len(key)}.")

    @property
    def _labeled_kdf(self) -> LabeledKDF:
        return LabeledKDF(self.kdf, b"KEM" + self.id.to_bytes(2))


@dataclass(frozen=True, slots=True)
class NISTKEM(DHKEM):
    """DHKEM on a NIST curve, whose private keys are the numbers below the group's order, without zero."""

    curve: ec.EllipticCurve

    def derive_private_key(self, input_key: bytes) -> bytes:
        """The first candidate that is a private key; on these curves hardly ever the second."""
        secret = self._labeled_kdf.extract(b"", b"dkp_prk", input_key)
        spare_bits = 8 * self.private_key_size - self.curve.key_size
        for counter in range(256):
            candidate = self._labeled_kdf.expand(secret, b"candidate", counter.to_bytes(1), self.private_key_size)
            scalar = int.from_bytes(candidate) % (1 << 8 * self.private_key_size - spare_bits)
            if 0 < scalar < self.curve.group_order:
                return scalar.to_bytes(self.private_key_size)
        raise DeserializeError("No private key follows from the secret.")

    def is_public_key(self, data: bytes) -> bool:
        """Whether bytes are a point of the curve, written without compression."""
        if len(data) != self.public_key_size:
            return False
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(self.curve, data)
        except ValueError:
            return False
        return True


class _X25519(DHPrivateKey):
    def __init__(self, data: bytes) -> None:
        self._key = X25519PrivateKey.from_private_bytes(data)

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def agree(self, public_key: bytes) -> bytes:
        return self._key.exchange(X25519PublicKey.from_public_bytes(public_key))


class _X448(DHPrivateKey):
    def __init__(self, data: bytes) -> None:
        self._key = X448PrivateKey.from_private_bytes(data)

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def agree(self, public_key: bytes) -> bytes:
        return self._key.exchange(X448PublicKey.from_public_bytes(public_key))


class _NIST(DHPrivateKey):
    def __init__(self, data: bytes, curve: ec.EllipticCurve) -> None:
        self._key = ec.derive_private_key(int.from_bytes(data), curve)

    def public_key(self) -> bytes:
        return self._key.public_key().public_bytes(
            serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        )

    def agree(self, public_key: bytes) -> bytes:
        return self._key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(self._key.curve, public_key))


def _nist_kem(number: int, kdf: KDF, curve: ec.EllipticCurve) -> NISTKEM:
    size = (curve.key_size + 7) // 8
    return NISTKEM(number, kdf, size, 1 + 2 * size, lambda data: _NIST(data, curve), curve)


DHKEM_P256 = _nist_kem(0x0010, HKDF_SHA256, ec.SECP256R1())
DHKEM_P384 = _nist_kem(0x0011, HKDF_SHA384, ec.SECP384R1())
DHKEM_P521 = _nist_kem(0x0012, HKDF_SHA512, ec.SECP521R1())
DHKEM_X25519 = DHKEM(0x0020, HKDF_SHA256, 32, 32, _X25519)
DHKEM_X448 = DHKEM(0x0021, HKDF_SHA512, 56, 56, _X448)
