"""The real identity behind a pseudonym, for the room's participants only (mimi-protocol-06, section 6.1)."""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class IdentityLinkTBE(Struct):
    """What `identity_link_ciphertext` encrypts (mimi-protocol-06, section 6.1)."""

    pseudonymous_credential_signature: opaque
    client_credential: Credential
