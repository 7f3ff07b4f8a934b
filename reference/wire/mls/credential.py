"""Credentials (RFC 9420, section 5.3), multi-credentials (mls-extensions, section 6.5), pseudonyms (AMB-132)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import Among, When, opaque
from mimi_conformance.reference.wire.mls.crypto import SignaturePublicKey
from mimi_conformance.reference.wire.mls.registries import CipherSuite, CredentialType
from mimi_conformance.reference.wire.protocol.pseudonym import PseudonymousCredential
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class Certificate(Struct):
    """One certificate of an x509 credential, in DER (RFC 9420, section 5.3)."""

    cert_data: opaque


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleCredential(Struct):
    """The credential in a CredentialBinding (mls-extensions, section 6.5).

    The draft puts a Credential there. One that is a multi-credential itself would nest without end, so it is refused.
    """

    credential_type: Annotated[
        CredentialType, Among(CredentialType.basic, CredentialType.x509, CredentialType.pseudonymous)
    ]
    identity: Annotated[opaque | None, When("credential_type", CredentialType.basic)] = None
    certificates: Annotated[tuple[Certificate, ...] | None, When("credential_type", CredentialType.x509)] = None
    pseudonymous: Annotated[PseudonymousCredential | None, When("credential_type", CredentialType.pseudonymous)] = None


@dataclass(frozen=True, slots=True)
class CredentialBinding(Struct):
    """One of the credentials of a multi-credential, bound to the LeafNode's key (mls-extensions, section 6.5)."""

    cipher_suite: CipherSuite
    credential: SingleCredential
    credential_key: SignaturePublicKey
    signature: opaque


@dataclass(frozen=True, slots=True)
class CredentialBindingTBS(Struct):
    """What the signature of a CredentialBinding signs (mls-extensions, section 6.5.1)."""

    cipher_suite: CipherSuite
    credential: SingleCredential
    credential_key: SignaturePublicKey
    signature_key: SignaturePublicKey


@dataclass(frozen=True, slots=True)
class MultiCredential(Struct):
    """Credentials that every member must support (mls-extensions, section 6.5)."""

    bindings: tuple[CredentialBinding, ...]


@dataclass(frozen=True, slots=True)
class WeakMultiCredential(Struct):
    """Credentials of which every member must support one (mls-extensions, section 6.5)."""

    bindings: tuple[CredentialBinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential(Struct):
    """Who a client says it is (RFC 9420, section 5.3; mls-extensions, section 6.5; mimi-protocol-06, section 6.1).

    A credential of another type can't be framed: nothing says where it ends.
    """

    credential_type: Annotated[
        CredentialType,
        Among(
            CredentialType.basic,
            CredentialType.x509,
            CredentialType.multi,
            CredentialType.weak_multi,
            CredentialType.pseudonymous,
        ),
    ]
    identity: Annotated[opaque | None, When("credential_type", CredentialType.basic)] = None
    certificates: Annotated[tuple[Certificate, ...] | None, When("credential_type", CredentialType.x509)] = None
    multi: Annotated[MultiCredential | None, When("credential_type", CredentialType.multi)] = None
    weak_multi: Annotated[WeakMultiCredential | None, When("credential_type", CredentialType.weak_multi)] = None
    pseudonymous: Annotated[PseudonymousCredential | None, When("credential_type", CredentialType.pseudonymous)] = None

    @classmethod
    def basic(cls, identity: bytes) -> "Credential":
        """Return a basic credential."""
        return cls(credential_type=CredentialType.basic, identity=identity)

    @classmethod
    def x509(cls, *certificates: bytes) -> "Credential":
        """Return an x509 credential of certificates in DER, the end entity's first."""
        return cls(credential_type=CredentialType.x509, certificates=tuple(map(Certificate, certificates)))
