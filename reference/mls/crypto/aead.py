"""Authenticated encryption (RFC 5116; the algorithms and their numbers: RFC 9180, section 7.3)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from mimi_conformance.reference.mls.crypto.primitive_errors import OpenError


class KeyAndNonce(NamedTuple):
    """What encrypts one message."""

    key: bytes
    nonce: bytes


@dataclass(frozen=True, slots=True)
class AEAD:
    """One algorithm.

    Attributes:
        id: its number in HPKE.
        key_size: Nk, the length of a key in bytes.
        cipher: makes the cipher of a key.
        nonce_size: Nn, the length of a nonce in bytes.

    """

    id: int
    key_size: int
    cipher: Callable[[bytes], AESGCM | ChaCha20Poly1305]
    nonce_size: int = 12

    def seal(self, key: bytes, nonce: bytes, additional_data: bytes, plaintext: bytes) -> bytes:
        """Encrypt: the ciphertext ends with its tag, and opens only with the same key, nonce and additional data."""
        return self.cipher(key).encrypt(nonce, plaintext, additional_data)

    def open(self, key: bytes, nonce: bytes, additional_data: bytes, ciphertext: bytes) -> bytes:
        """Decrypt.

        Raises:
            OpenError: the ciphertext is not that of this key, nonce and additional data.

        """
        try:
            return self.cipher(key).decrypt(nonce, ciphertext, additional_data)
        except InvalidTag:
            raise OpenError(ciphertext) from None


AES_128_GCM = AEAD(0x0001, 16, AESGCM)
AES_256_GCM = AEAD(0x0002, 32, AESGCM)
CHACHA20_POLY1305 = AEAD(0x0003, 32, ChaCha20Poly1305)
