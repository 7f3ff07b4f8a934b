"""Franking (mimi-protocol-06, section 5.4.1)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import opaque, uint64
from mimi_conformance.reference.wire.encodings import Fixed
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import SignaturePublicKey
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class Frank(Struct):
    """The hub's stamp on a message (mimi-protocol-06, section 5.4)."""

    server_frank: Annotated[bytes, Fixed(32)]
    franking_signature_ciphersuite: CipherSuite
    franking_integrity_signature: opaque


@dataclass(frozen=True, slots=True)
class FrankAAD(Struct):
    """The `frank_aad` component: the sender's commitment (mimi-protocol-06, section 5.4.1)."""

    franking_tag: Annotated[bytes, Fixed(32)]


@dataclass(frozen=True, slots=True)
class FrankingAgentData(Struct):
    """The `franking_agent` component: who signs franks (mimi-protocol-06, section 5.4.1).

    The registry calls it `franking_signature_key` (AMB-069).
    """

    franking_signature_key: SignaturePublicKey
    credential: Credential


FrankingAgentUpdate = FrankingAgentData


@dataclass(frozen=True, slots=True)
class ServerFrankingContext(Struct):
    """What the hub knows of a message it franks; the time in milliseconds (mimi-protocol-06, section 5.4.1.2)."""

    sender_uri: IdentifierUri
    room_uri: IdentifierUri
    accepted_timestamp: uint64


@dataclass(frozen=True, slots=True)
class ServerFrankInput(Struct):
    """What the hub's HMAC covers: `franking_tag || context`, unnamed in the draft (mimi-protocol-06, 5.4.1.2)."""

    franking_tag: Annotated[bytes, Fixed(32)]
    context: ServerFrankingContext


@dataclass(frozen=True, slots=True)
class FrankingIntegrityTBS(Struct):
    """What `franking_integrity_signature` signs (mimi-protocol-06, section 5.4.1.2)."""

    server_frank: Annotated[bytes, Fixed(32)]
    franking_signature_ciphersuite: CipherSuite
    context: ServerFrankingContext
