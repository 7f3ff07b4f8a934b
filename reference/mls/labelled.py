"""Signatures and hash references under a label (RFC 9420, sections 5.1.2 and 5.2)."""

from cryptography.hazmat.primitives import hashes

from mimi_conformance.reference.mls.cipher_suite import parameters
from mimi_conformance.reference.wire.mls.crypto import RefHashInput, SignContent
from mimi_conformance.reference.wire.mls.registries import CipherSuite

_PREFIX = "MLS 1.0 "


def sign_with_label(cipher_suite: CipherSuite, private_key: bytes, label: str, content: bytes) -> bytes:
    """SignWithLabel: the signature of ``content`` for the purpose that ``label`` names.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        InvalidKeyError: the private key is none of the suite's signature scheme.

    """
    return parameters(cipher_suite).signature.sign(private_key, _sign_content(label, content))


def verify_with_label(
    cipher_suite: CipherSuite, public_key: bytes, label: str, content: bytes, signature: bytes
) -> bool:
    """VerifyWithLabel: whether a signature is that of ``content`` for the purpose that ``label`` names.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    return parameters(cipher_suite).signature.verify(public_key, _sign_content(label, content), signature)


def ref_hash(cipher_suite: CipherSuite, label: str, value: bytes) -> bytes:
    """RefHash: a short name for ``value``, which depends on the purpose that ``label`` names.

    The label is used as it is; unlike those of signatures it gets no prefix.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.

    """
    digest = hashes.Hash(parameters(cipher_suite).hash)
    digest.update(RefHashInput(label.encode(), value).encode())
    return digest.finalize()


def _sign_content(label: str, content: bytes) -> bytes:
    return SignContent((_PREFIX + label).encode(), content).encode()
