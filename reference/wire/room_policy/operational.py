"""The `mls_operational_policy` component (mimi-room-policy-03, section 7.1)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, uint8, uint16, uint32, uint64
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.app_data import ComponentID, MediaType, WireFormats
from mimi_conformance.reference.wire.mls.framing import ContentType
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.structure import Struct


@dataclass(frozen=True, slots=True)
class ExtendedCapabilities(Struct):
    """Capabilities, with what the ones of MLS leave out (mimi-room-policy-03, section 7.1).

    `wire_formats` is a vector of WireFormats, each a vector itself (AMB-155).
    """

    versions: tuple[ProtocolVersion, ...] = ()
    cipher_suites: tuple[CipherSuite, ...] = ()
    extensions: tuple[ExtensionType, ...] = ()
    proposals: tuple[ProposalType, ...] = ()
    credentials: tuple[CredentialType, ...] = ()
    wire_formats: tuple[WireFormats, ...] = ()
    component_ids: tuple[ComponentID, ...] = ()
    safe_aad_types: tuple[ComponentID, ...] = ()
    media_types: tuple[MediaType, ...] = ()
    content_types: tuple[ContentType, ...] = ()


class PendingProposalStrategy(Enumeration):
    """When members commit pending proposals (mimi-room-policy-03, section 7.1).

    The select has an arm for `extension`, but the enum has no such value (AMB-155).
    """

    unspecified = 0
    immediate_commit = 1
    random_delay = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingProposalPolicy(Struct):
    """When members commit pending proposals (mimi-room-policy-03, section 7.1)."""

    pending_proposal_strategy: PendingProposalStrategy
    minimum_delay_ms: Annotated[
        uint64 | None, When("pending_proposal_strategy", PendingProposalStrategy.random_delay)
    ] = None
    maximum_delay_ms: Annotated[
        uint64 | None, When("pending_proposal_strategy", PendingProposalStrategy.random_delay)
    ] = None


@dataclass(frozen=True, slots=True)
class MinDefaultMaxTime(Struct):
    """Bounds of a time, in seconds, since the draft names no unit (mimi-room-policy-03, section 7.1; AMB-156)."""

    minimum_time: uint64
    default_time: uint64
    maximum_time: uint64


@dataclass(frozen=True, slots=True)
class AppMessagePolicy(Struct):
    """What application messages may look like (mimi-room-policy-03, section 7.1)."""

    epoch_tolerance: uint8
    pad_to_size: uint16
    max_generations_skipahead: uint32


@dataclass(frozen=True, slots=True)
class OperationalParameters(Struct):
    """The `mls_operational_policy` component (mimi-room-policy-03, section 7.1)."""

    mandatory_capabilities: ExtendedCapabilities
    default_capabilities: ExtendedCapabilities
    forbidden_capabilities: ExtendedCapabilities
    handshake_formats: tuple[WireFormats, ...]
    external_proposal_allowed: bool
    external_commit_allowed: bool
    pending_proposal_policy: PendingProposalPolicy
    leaf_node_update_time: MinDefaultMaxTime
    app_message_policy: AppMessagePolicy
    max_kp_lifetime: uint64
    max_credential_lifetime: uint64
    resumption_psk_lifetime: uint64
    sender_nonce_keypair_lifetime: MinDefaultMaxTime
    max_keypairs: uint32
    buffer_incoming_message_time: MinDefaultMaxTime
    max_buffered_messages: uint32


OperationalParametersData = OperationalParameters
OperationalParametersUpdate = OperationalParameters
