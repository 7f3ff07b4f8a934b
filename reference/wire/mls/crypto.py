"""What MLS feeds to its primitives, and what HPKE gives back (RFC 9420, sections 5.1, 5.2, 7.6 and 8)."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque, uint16
from mimi_conformance.reference.wire.structure import Struct

HPKEPublicKey = opaque
SignaturePublicKey = opaque
HashReference = opaque
KeyPackageRef = HashReference
ProposalRef = HashReference
MAC = opaque


@dataclass(frozen=True, slots=True)
class SignContent(Struct):
    """What SignWithLabel signs; the label starts with "MLS 1.0 " (RFC 9420, section 5.1.2)."""

    label: opaque
    content: opaque


@dataclass(frozen=True, slots=True)
class EncryptContext(Struct):
    """The `info` of EncryptWithLabel; the label starts with "MLS 1.0 " (RFC 9420, section 5.1.3)."""

    label: opaque
    context: opaque


@dataclass(frozen=True, slots=True)
class HPKECiphertext(Struct):
    """The output of EncryptWithLabel (RFC 9420, section 7.6)."""

    kem_output: opaque
    ciphertext: opaque


@dataclass(frozen=True, slots=True)
class RefHashInput(Struct):
    """What a KeyPackageRef or a ProposalRef hashes (RFC 9420, section 5.2)."""

    label: opaque
    value: opaque


@dataclass(frozen=True, slots=True)
class KDFLabel(Struct):
    """The `info` of ExpandWithLabel: `length` in bytes, the label starts with "MLS 1.0 " (RFC 9420, section 8)."""

    length: uint16
    label: opaque
    context: opaque
