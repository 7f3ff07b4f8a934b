"""Requests and responses that only a client and its gateway can read (RFC 9458, sections 3 and 4).

A client encapsulates a request for a gateway's `KeyConfiguration`; the gateway opens it with its `GatewayKey`. Then
both have a `Context`, in which the gateway seals its one response and the client opens it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mimi_conformance.reference.mls.crypto.aead import AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305, KeyAndNonce
from mimi_conformance.reference.mls.crypto.hpke import HPKE
from mimi_conformance.reference.mls.crypto.hpke import Context as HPKEContext
from mimi_conformance.reference.mls.crypto.kdf import HKDF_SHA256, HKDF_SHA384, HKDF_SHA512
from mimi_conformance.reference.mls.crypto.kem import (
    DHKEM,
    DHKEM_P256,
    DHKEM_P384,
    DHKEM_P521,
    DHKEM_X448,
    DHKEM_X25519,
)
from mimi_conformance.reference.mls.crypto.primitive_errors import PrimitiveError
from mimi_conformance.reference.mls.crypto.signature_scheme import Random

REQUEST_MEDIA_TYPE: Final = "message/ohttp-req"
RESPONSE_MEDIA_TYPE: Final = "message/ohttp-res"
KEYS_MEDIA_TYPE: Final = "application/ohttp-keys"

_REQUEST_LABEL: Final = b"message/bhttp request\0"
_RESPONSE_LABEL: Final = b"message/bhttp response"
_KEMS: Final[Mapping[int, DHKEM]] = MappingProxyType(
    {kem.id: kem for kem in (DHKEM_P256, DHKEM_P384, DHKEM_P521, DHKEM_X25519, DHKEM_X448)}
)
_KDFS: Final = MappingProxyType({kdf.id: kdf for kdf in (HKDF_SHA256, HKDF_SHA384, HKDF_SHA512)})
_AEADS: Final = MappingProxyType({aead.id: aead for aead in (AES_128_GCM, AES_256_GCM, CHACHA20_POLY1305)})


class EncapsulationError(ValueError):
    """Bytes that are no key configuration, or that are not encapsulated as they should be; the message says why."""


class UnknownKeyError(EncapsulationError):
    """A request for a key or with algorithms that the gateway does not have: its configuration may have changed."""


@dataclass(frozen=True, slots=True)
class SymmetricAlgorithms:
    """The numbers of a KDF and an AEAD of HPKE."""

    kdf_id: int
    aead_id: int


DEFAULT_ALGORITHMS: Final = (
    SymmetricAlgorithms(HKDF_SHA256.id, AES_128_GCM.id),
    SymmetricAlgorithms(HKDF_SHA256.id, CHACHA20_POLY1305.id),
)


@dataclass(frozen=True, slots=True)
class KeyConfiguration:
    """What a client needs to know of a gateway (RFC 9458, section 3.1).

    Attributes:
        key_id: what the gateway calls the key, 0 to 255.
        kem: what the key is for.
        public_key: the key.
        algorithms: what it may be used with; at least one.

    """

    key_id: int
    kem: DHKEM
    public_key: bytes
    algorithms: tuple[SymmetricAlgorithms, ...]

    def encode(self) -> bytes:
        """The configuration's bytes."""
        algorithms = b"".join(each.kdf_id.to_bytes(2) + each.aead_id.to_bytes(2) for each in self.algorithms)
        start = self.key_id.to_bytes(1) + self.kem.id.to_bytes(2) + self.public_key
        return start + len(algorithms).to_bytes(2) + algorithms

    def encapsulate(self, request: bytes, random: Random) -> tuple[bytes, "Context"]:
        """A request for the gateway, and the context in which its response will be (RFC 9458, section 4.3).

        Args:
            request: a binary HTTP request (RFC 9292).
            random: where the ephemeral key comes from.

        Raises:
            EncapsulationError: none of the key's algorithms are known here, or the key is no public key.

        """
        for algorithms in self.algorithms:
            hpke = _hpke(self.kem, algorithms)
            if hpke is not None:
                break
        else:
            raise EncapsulationError(f"No algorithms of the gateway's key {self.key_id} are known here.")
        header = _header(self.key_id, hpke)
        try:
            kem_output, context = hpke.setup_sender(self.public_key, _REQUEST_LABEL + header, random)
        except PrimitiveError as error:
            raise EncapsulationError(f"The gateway's key {self.key_id} can't be used: {error}") from error
        return header + kem_output + context.seal(b"", request), Context(context, kem_output)


def encode_key_configurations(*configurations: KeyConfiguration) -> bytes:
    """`application/ohttp-keys` (RFC 9458, section 3.2)."""
    return b"".join(len(encoded := each.encode()).to_bytes(2) + encoded for each in configurations)


def decode_key_configurations(data: bytes) -> tuple[KeyConfiguration, ...]:
    """The configurations in `application/ohttp-keys` whose KEM is known here (RFC 9458, section 3.2).

    Raises:
        EncapsulationError: one of them, or the whole, is not encoded correctly.

    """
    configurations = []
    while data:
        length = int.from_bytes(data[:2])
        encoded, data = data[2 : 2 + length], data[2 + length :]
        if len(encoded) < max(length, 3):
            raise EncapsulationError("A key configuration is cut short.")
        kem = _KEMS.get(int.from_bytes(encoded[1:3]))
        if kem is not None:
            configurations.append(_configuration(encoded, kem))
    return tuple(configurations)


def _configuration(encoded: bytes, kem: DHKEM) -> KeyConfiguration:
    end_of_key = 3 + kem.public_key_size
    public_key, length, algorithms = (
        encoded[3:end_of_key],
        encoded[end_of_key : end_of_key + 2],
        encoded[end_of_key + 2 :],
    )
    if len(length) < 2 or int.from_bytes(length) != len(algorithms) or len(algorithms) % 4 or not algorithms:
        raise EncapsulationError(f"The key configuration {encoded.hex()} does not have the length that it should.")
    pairs = (algorithms[start : start + 4] for start in range(0, len(algorithms), 4))
    return KeyConfiguration(
        encoded[0],
        kem,
        public_key,
        tuple(SymmetricAlgorithms(int.from_bytes(pair[:2]), int.from_bytes(pair[2:])) for pair in pairs),
    )


@dataclass(frozen=True, slots=True)
class GatewayKey:
    """A key pair of a gateway.

    Attributes:
        key_id: what it is called, 0 to 255.
        private_key: its secret half.
        kem: what it is for.
        algorithms: what it may be used with.

    """

    key_id: int
    private_key: bytes = field(repr=False)
    kem: DHKEM = DHKEM_X25519
    algorithms: tuple[SymmetricAlgorithms, ...] = DEFAULT_ALGORITHMS

    @property
    def configuration(self) -> KeyConfiguration:
        """What clients have to know of it."""
        return KeyConfiguration(self.key_id, self.kem, self.kem.public_key(self.private_key), self.algorithms)

    def open_request(self, data: bytes) -> tuple[bytes, "Context"]:
        """The binary HTTP request in ``data``, and the context to seal its response in (RFC 9458, section 4.3).

        Raises:
            UnknownKeyError: it is for another key, or with algorithms that this key is not for.
            EncapsulationError: it is cut short, or does not open.

        """
        if len(data) < 7 + self.kem.public_key_size:
            raise EncapsulationError(f"An encapsulated request has more than {len(data)} bytes.")
        header, kem_output, ciphertext = (
            data[:7],
            data[7 : 7 + self.kem.public_key_size],
            data[7 + self.kem.public_key_size :],
        )
        algorithms = SymmetricAlgorithms(int.from_bytes(header[3:5]), int.from_bytes(header[5:7]))
        hpke = _hpke(self.kem, algorithms)
        if header[0] != self.key_id or int.from_bytes(header[1:3]) != self.kem.id:
            raise UnknownKeyError(f"There is no key {header[0]} for the KEM 0x{header[1:3].hex()}.")
        if algorithms not in self.algorithms or hpke is None:
            raise UnknownKeyError(f"The key {self.key_id} is not for the KDF and AEAD 0x{header[3:].hex()}.")
        try:
            context = hpke.setup_receiver(kem_output, self.private_key, _REQUEST_LABEL + header)
            return context.open(b"", ciphertext), Context(context, kem_output)
        except PrimitiveError as error:
            raise EncapsulationError(f"The encapsulated request does not open: {error}") from error


@dataclass(frozen=True, slots=True, repr=False)
class Context:
    """What a client and a gateway share from a request on, for its one response (RFC 9458, section 4.4).

    Attributes:
        hpke: the context of the request.
        kem_output: what the request had in front of its ciphertext.

    """

    hpke: HPKEContext
    kem_output: bytes

    def seal_response(self, response: bytes, random: Random) -> bytes:
        """The response, encapsulated; ``random`` gives its nonce, which must be new for each."""
        nonce = random(self._nonce_size)
        secrets = self._secrets(nonce)
        return nonce + self.hpke.hpke.aead.seal(secrets.key, secrets.nonce, b"", response)

    def open_response(self, data: bytes) -> bytes:
        """The binary HTTP response in ``data``.

        Raises:
            EncapsulationError: it is not that of this request.

        """
        nonce, ciphertext = data[: self._nonce_size], data[self._nonce_size :]
        secrets = self._secrets(nonce)
        try:
            return self.hpke.hpke.aead.open(secrets.key, secrets.nonce, b"", ciphertext)
        except PrimitiveError as error:
            raise EncapsulationError(f"The encapsulated response does not open: {error}") from error

    @property
    def _nonce_size(self) -> int:
        aead = self.hpke.hpke.aead
        return max(aead.nonce_size, aead.key_size)

    def _secrets(self, response_nonce: bytes) -> KeyAndNonce:
        kdf, aead = self.hpke.hpke.kdf, self.hpke.hpke.aead
        secret = self.hpke.export(_RESPONSE_LABEL, self._nonce_size)
        prk = kdf.extract(self.kem_output + response_nonce, secret)
        return KeyAndNonce(kdf.expand(prk, b"key", aead.key_size), kdf.expand(prk, b"nonce", aead.nonce_size))


def _hpke(kem: DHKEM, algorithms: SymmetricAlgorithms) -> HPKE | None:
    kdf, aead = _KDFS.get(algorithms.kdf_id), _AEADS.get(algorithms.aead_id)
    return None if kdf is None or aead is None else HPKE(kem, kdf, aead)


def _header(key_id: int, hpke: HPKE) -> bytes:
    return key_id.to_bytes(1) + hpke.kem.id.to_bytes(2) + hpke.kdf.id.to_bytes(2) + hpke.aead.id.to_bytes(2)
