"""Hybrid public key encryption in base mode, which is all that MLS uses of it (RFC 9180).

A sender takes a public key, draws an ephemeral key pair and gets a `kem_output` and a `Context`; the owner of the
private key gets the same context from the `kem_output`. What the sender draws comes from a `Random`, so whoever chooses
its bytes chooses the ephemeral key pair: it is DeriveKeyPair of them, as in RFC 9180's test vectors.
"""

from dataclasses import dataclass

from mimi_conformance.reference.mls.crypto.aead import AEAD
from mimi_conformance.reference.mls.crypto.kdf import KDF, LabeledKDF
from mimi_conformance.reference.mls.crypto.kem import DHKEM
from mimi_conformance.reference.mls.crypto.signature_scheme import Random

_MODE_BASE = b"\x00"


@dataclass(frozen=True, slots=True, repr=False)
class Context:
    """What both sides share (RFC 9180, sections 5.2 and 5.3).

    A value without a counter: whoever seals or opens more than one message counts them. No two messages may have the
    same sequence number.

    Attributes:
        hpke: the algorithms.
        key: of the AEAD.
        base_nonce: the nonce of the message with the sequence number 0.
        exporter_secret: what exported secrets follow from.

    """

    hpke: "HPKE"
    key: bytes
    base_nonce: bytes
    exporter_secret: bytes

    def seal(self, additional_data: bytes, plaintext: bytes, sequence_number: int = 0) -> bytes:
        """Context.Seal."""
        return self.hpke.aead.seal(self.key, self.nonce(sequence_number), additional_data, plaintext)

    def open(self, additional_data: bytes, ciphertext: bytes, sequence_number: int = 0) -> bytes:
        """Context.Open.

        Raises:
            OpenError: the ciphertext was not sealed so.

        """
        return self.hpke.aead.open(self.key, self.nonce(sequence_number), additional_data, ciphertext)

    def export(self, exporter_context: bytes, length: int) -> bytes:
        """Context.Export: ``length`` secret bytes for the purpose that ``exporter_context`` names."""
        return self.hpke.labeled_kdf.expand(self.exporter_secret, b"sec", exporter_context, length)

    def nonce(self, sequence_number: int) -> bytes:
        """ComputeNonce."""
        number = int.from_bytes(self.base_nonce) ^ sequence_number
        return number.to_bytes(self.hpke.aead.nonce_size)


@dataclass(frozen=True, slots=True)
class HPKE:
    """One choice of algorithms."""

    kem: DHKEM
    kdf: KDF
    aead: AEAD

    @property
    def labeled_kdf(self) -> LabeledKDF:
        """The KDF, bound to this choice."""
        return LabeledKDF(
            self.kdf, b"HPKE" + self.kem.id.to_bytes(2) + self.kdf.id.to_bytes(2) + self.aead.id.to_bytes(2)
        )

    def setup_sender(self, public_key: bytes, info: bytes, random: Random) -> tuple[bytes, Context]:
        """SetupBaseS: the `kem_output` for the receiver, and the context.

        Raises:
            DeserializeError: the public key has not the form of one.
            ValidationError: nobody can agree on a secret with the public key.

        """
        ephemeral_private_key = self.kem.derive_private_key(random(self.kem.private_key_size))
        shared_secret, kem_output = self.kem.encapsulate(public_key, ephemeral_private_key)
        return kem_output, self._context(shared_secret, info)

    def setup_receiver(self, kem_output: bytes, private_key: bytes, info: bytes) -> Context:
        """SetupBaseR.

        Raises:
            DeserializeError: the output or the private key has not the form of one.
            ValidationError: nobody can agree on a secret with the output.

        """
        return self._context(self.kem.decapsulate(kem_output, private_key), info)

    def seal(
        self, public_key: bytes, info: bytes, additional_data: bytes, plaintext: bytes, random: Random
    ) -> tuple[bytes, bytes]:
        """SealBase: the `kem_output` and the ciphertext; errors as `setup_sender`."""
        kem_output, context = self.setup_sender(public_key, info, random)
        return kem_output, context.seal(additional_data, plaintext)

    def open(
        self, kem_output: bytes, private_key: bytes, info: bytes, additional_data: bytes, ciphertext: bytes
    ) -> bytes:
        """OpenBase; errors as `setup_receiver` and `Context.open`."""
        return self.setup_receiver(kem_output, private_key, info).open(additional_data, ciphertext)

    def _context(self, shared_secret: bytes, info: bytes) -> Context:
        """KeySchedule, in base mode (RFC 9180, section 5.1)."""
        kdf = self.labeled_kdf
        context = _MODE_BASE + kdf.extract(b"", b"psk_id_hash", b"") + kdf.extract(b"", b"info_hash", info)
        secret = kdf.extract(shared_secret, b"secret", b"")
        return Context(
            self,
            key=kdf.expand(secret, b"key", context, self.aead.key_size),
            base_nonce=kdf.expand(secret, b"base_nonce", context, self.aead.nonce_size),
            exporter_secret=kdf.expand(secret, b"exp", context, self.kdf.size),
        )
