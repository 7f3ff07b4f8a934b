"""Keys from secrets: HKDF, and the labelled form of it that HPKE uses (RFC 5869; RFC 9180, sections 4 and 7.2)."""

from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF, HKDFExpand

_VERSION = b"HPKE-v1"


@dataclass(frozen=True, slots=True)
class KDF:
    """HKDF with one hash.

    Attributes:
        id: its number in HPKE.
        hash: its hash.

    """

    id: int
    hash: hashes.HashAlgorithm

    @property
    def size(self) -> int:
        """Nh: how many bytes `extract` gives."""
        return self.hash.digest_size

    def extract(self, salt: bytes, input_key: bytes) -> bytes:
        """A secret of `size` bytes, as strong as the stronger of the two."""
        return HKDF.extract(self.hash, salt, input_key)

    def expand(self, secret: bytes, info: bytes, length: int) -> bytes:
        """``length`` bytes that follow from a secret for the purpose that ``info`` names.

        Raises:
            ValueError: the length is more than 255 times `size`.

        """
        return HKDFExpand(self.hash, length, info).derive(secret)


@dataclass(frozen=True, slots=True)
class LabeledKDF:
    """LabeledExtract and LabeledExpand: `suite_id` binds what comes out to one KEM, or to one HPKE suite."""

    kdf: KDF
    suite_id: bytes

    def extract(self, salt: bytes, label: bytes, input_key: bytes) -> bytes:
        """LabeledExtract."""
        return self.kdf.extract(salt, _VERSION + self.suite_id + label + input_key)

    def expand(self, secret: bytes, label: bytes, info: bytes, length: int) -> bytes:
        """LabeledExpand; ValueError as `KDF.expand`."""
        return self.kdf.expand(secret, length.to_bytes(2) + _VERSION + self.suite_id + label + info, length)


HKDF_SHA256 = KDF(0x0001, hashes.SHA256())
HKDF_SHA384 = KDF(0x0002, hashes.SHA384())
HKDF_SHA512 = KDF(0x0003, hashes.SHA512())
