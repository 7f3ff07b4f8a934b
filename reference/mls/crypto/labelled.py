"""Primitives under a label, so that what was made for one purpose serves no other (RFC 9420, sections 5.1, 5.2 and 8).

Labels are text. Where a component of the application uses MLS's keys, they are structures that hold its number: with a
`component_operation_label`, the functions here are SafeSignWithLabel, SafeVerifyWithLabel, SafeEncryptWithLabel and
SafeDecryptWithLabel of mls-extensions, section 4.
"""

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.wire.mls.app_data import ComponentID, ComponentOperationLabel
from mimi_conformance.reference.wire.mls.crypto import (
    EncryptContext,
    HPKECiphertext,
    KDFLabel,
    RefHashInput,
    SignContent,
)
from mimi_conformance.reference.wire.mls.registries import CipherSuite

Label = str | bytes
"""The name of a purpose, without the prefix that all of them get."""

_PREFIX = b"MLS 1.0 "


def sign_with_label(cipher_suite: CipherSuite, private_key: bytes, label: Label, content: bytes) -> bytes:
    """SignWithLabel: the signature of ``content`` for the purpose that ``label`` names.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        InvalidKeyError: the private key is none of the suite's signature scheme.

    """
    return parameters(cipher_suite).signature.sign(private_key, SignContent(_prefixed(label), content).encode())


def verify_with_label(
    cipher_suite: CipherSuite, public_key: bytes, label: Label, content: bytes, signature: bytes
) -> bool:
    """VerifyWithLabel: whether a signature is that of ``content`` for the purpose that ``label`` names.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    scheme = parameters(cipher_suite).signature  # before anything that takes longer for more content
    return scheme.verify(public_key, SignContent(_prefixed(label), content).encode(), signature)


def encrypt_with_label(
    cipher_suite: CipherSuite, public_key: bytes, label: Label, context: bytes, plaintext: bytes, *, random: Random
) -> HPKECiphertext:
    """EncryptWithLabel: encrypt for the owner of a public key of the suite's KEM; ``random`` makes the ephemeral key.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        DeserializeError, ValidationError: the public key is none of the KEM.

    """
    info = EncryptContext(_prefixed(label), context).encode()
    return HPKECiphertext(*parameters(cipher_suite).hpke.seal(public_key, info, b"", plaintext, random))


def decrypt_with_label(
    cipher_suite: CipherSuite, private_key: bytes, label: Label, context: bytes, ciphertext: HPKECiphertext
) -> bytes:
    """DecryptWithLabel: the plaintext.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        PrimitiveError: a DeserializeError or ValidationError when the `kem_output` is none of the KEM or the private
            key is none, an OpenError when the ciphertext is not for this key, label and context.

    """
    info = EncryptContext(_prefixed(label), context).encode()
    hpke = parameters(cipher_suite).hpke
    return hpke.open(ciphertext.kem_output, private_key, info, b"", ciphertext.ciphertext)


def ref_hash(cipher_suite: CipherSuite, label: str, value: bytes) -> bytes:
    """RefHash: a short name for ``value``, which depends on the purpose that ``label`` names.

    The label is used as it is; unlike all others it gets no prefix.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    return parameters(cipher_suite).digest(RefHashInput(label.encode(), value).encode())


def expand_with_label(cipher_suite: CipherSuite, secret: bytes, label: str, context: bytes, length: int) -> bytes:
    """ExpandWithLabel: ``length`` bytes that follow from a secret, for the purpose that ``label`` names.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        ValueError: the length is more than 255 times that of the KDF's secrets, which it can't give.

    """
    return parameters(cipher_suite).kdf.expand(secret, KDFLabel(length, _prefixed(label), context).encode(), length)


def derive_secret(cipher_suite: CipherSuite, secret: bytes, label: str) -> bytes:
    """DeriveSecret: another secret of the same length.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    return expand_with_label(cipher_suite, secret, label, b"", parameters(cipher_suite).kdf.size)


def derive_tree_secret(cipher_suite: CipherSuite, secret: bytes, label: str, generation: int, length: int) -> bytes:
    """DeriveTreeSecret: ``length`` bytes for one position in a ratchet (RFC 9420, section 9.1).

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    return expand_with_label(cipher_suite, secret, label, generation.to_bytes(4), length)


def component_operation_label(component_id: ComponentID, label: str) -> bytes:
    """The label for what one component does; only that component may sign and decrypt with it.

    Raises:
        EncodeError: the component's number needs more than 16 bits.

    """
    return ComponentOperationLabel(b"MLS Component", component_id, label.encode()).encode()


def _prefixed(label: Label) -> bytes:
    return _PREFIX + (label.encode() if isinstance(label, str) else label)
