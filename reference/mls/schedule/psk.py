"""Pre-shared keys: what they add to the key schedule (RFC 9420, section 8.4; mls-extensions, section 4.5)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.labelled import expand_with_label
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID, PSKLabel
from mimi_conformance.reference.wire.mls.registries import CipherSuite


@dataclass(frozen=True, slots=True)
class PreSharedKey:
    """A pre-shared key and its name.

    Attributes:
        id: its name, with the nonce that makes this injection differ from others of the same key.
        secret: the key itself: the application's, or for a resumption the `resumption_psk` of the epoch it names.

    """

    id: PreSharedKeyID
    secret: bytes = field(repr=False)


def psk_secret(cipher_suite: CipherSuite, psks: Sequence[PreSharedKey]) -> bytes:
    """The `psk_secret` of a commit with these keys, in the order in which it lists them; all zero without any.

    Raises:
        UnsupportedCipherSuiteError: RFC 9420 does not define the cipher suite.
        EncodeError: there are more than 65,535 keys, or a name holds what its fields can't.

    """
    kdf = parameters(cipher_suite).kdf
    secret = zero = bytes(kdf.size)
    for index, psk in enumerate(psks):
        extracted = kdf.extract(zero, psk.secret)
        label = PSKLabel(psk.id, index, len(psks)).encode()
        secret = kdf.extract(expand_with_label(cipher_suite, extracted, "derived psk", label, kdf.size), secret)
    return secret
