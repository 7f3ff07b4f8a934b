"""Credentials of minimal metadata rooms (mimi-protocol-06, section 6.1).

`signature_public_key` is printed without a length: it is read as `opaque<V>`. The drafts assign no credential type
either, so the one in `CredentialType` is for private use (AMB-132).
"""

from dataclasses import dataclass

from mimi_conformance.reference.wire.declaration import opaque
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class PseudonymousCredential(Struct):
    """A client's pseudonym, with its identity encrypted to the room (mimi-protocol-06, section 6.1)."""

    client_pseudonym: IdentifierUri
    user_pseudonym: IdentifierUri
    signature_public_key: opaque
    identity_link_ciphertext: opaque


@dataclass(frozen=True, slots=True)
class PseudonymousCredentialTBS(Struct):
    """What the real credential's key signs (mimi-protocol-06, section 6.1)."""

    client_pseudonym: IdentifierUri
    user_pseudonym: IdentifierUri
    signature_public_key: opaque
