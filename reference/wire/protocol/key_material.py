"""keyMaterial (mimi-protocol-06, section 5.2)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, opaque, optional
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import SignaturePublicKey
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class KeyMaterialRequest(Struct):
    """A request for key material of a user; an unset `room_id` is empty (mimi-protocol-06, section 5.2; AMB-030)."""

    protocol: Protocol
    requesting_user: IdentifierUri
    target_user: IdentifierUri
    room_id: IdentifierUri
    acceptable_ciphersuites: tuple[CipherSuite, ...]
    required_capabilities: RequiredCapabilities
    requester_signature_key: SignaturePublicKey
    requester_credential: Credential
    key_material_request_signature: opaque


@dataclass(frozen=True, slots=True)
class KeyMaterialRequestTBS(Struct):
    """What the signature of a KeyMaterialRequest signs (mimi-protocol-06, section 5.2)."""

    protocol: Protocol
    requesting_user: IdentifierUri
    target_user: IdentifierUri
    room_id: IdentifierUri
    acceptable_ciphersuites: tuple[CipherSuite, ...]
    required_capabilities: RequiredCapabilities
    requester_signature_key: SignaturePublicKey
    requester_credential: Credential


class KeyMaterialUserCode(Enumeration):
    """How the request went for the user (mimi-protocol-06, section 5.2)."""

    success = 0
    partial_success = 1
    incompatible_protocol = 2
    no_compatible_material = 3
    user_unknown = 4
    no_consent = 5
    no_consent_for_this_room = 6
    user_deleted = 7


class KeyMaterialClientCode(Enumeration):
    """How the request went for one client (mimi-protocol-06, section 5.2)."""

    success = 0
    key_material_exhausted = 1
    nothing_compatible = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKeyMaterial(Struct):
    """Key material of one client, or why there is none (mimi-protocol-06, section 5.2; AMB-041)."""

    client_status: KeyMaterialClientCode
    client_uri: IdentifierUri
    key_package: Annotated[KeyPackage | None, When("client_status", KeyMaterialClientCode.success)] = None
    client_capabilities: Annotated[
        optional[Capabilities], When("client_status", KeyMaterialClientCode.nothing_compatible)
    ] = None


@dataclass(frozen=True, slots=True)
class KeyMaterialResponse(Struct):
    """The answer to a KeyMaterialRequest (mimi-protocol-06, section 5.2)."""

    protocol: Protocol
    user_status: KeyMaterialUserCode
    user_uri: IdentifierUri
    clients: tuple[ClientKeyMaterial, ...] = ()
