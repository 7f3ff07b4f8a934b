"""The `mls_operational_policy` component (mimi-room-policy-03, section 7.1)."""

from collections.abc import Iterator
from dataclasses import fields

from mimi_conformance.reference.room.components.component import ReplacedComponent
from mimi_conformance.reference.room.components.rules import Fault
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.mls.app_data import WireFormats
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.room_policy.operational import (
    ExtendedCapabilities,
    MinDefaultMaxTime,
    OperationalParameters,
)


class OperationalRule(RoomRule):
    """What makes operational parameters valid."""

    TIME_BOUNDS = ("POLICY-7.1-05", "A default time lies between the minimum and the maximum.")
    DELAY_BOUNDS = ("POLICY-7.1-04", "The shortest random delay is not above the longest.")
    FORBIDDEN_NOT_MANDATORY = ("POLICY-7.1-11", "No capability is both mandatory and forbidden.")
    FORBIDDEN_NOT_DEFAULT = ("POLICY-7.1-11", "No capability is both a default and forbidden.")
    HANDSHAKE_FORMATS = ("POLICY-7-03", "Handshakes are PublicMessages or SemiPrivateMessages.")


_HANDSHAKES = {WireFormat.mls_public_message, WireFormat.mls_semiprivate_message}


def operational_faults(parameters: OperationalParameters) -> Iterator[Fault]:
    """What is wrong with operational parameters."""
    for time in (
        parameters.leaf_node_update_time,
        parameters.sender_nonce_keypair_lifetime,
        parameters.buffer_incoming_message_time,
    ):
        if not time.minimum_time <= time.default_time <= time.maximum_time:
            yield OperationalRule.TIME_BOUNDS, _shown(time)
    delays = parameters.pending_proposal_policy
    if (delays.minimum_delay_ms or 0) > (delays.maximum_delay_ms or 0):
        yield OperationalRule.DELAY_BOUNDS, f"{delays.minimum_delay_ms} to {delays.maximum_delay_ms} ms"
    for capability in _common(parameters.mandatory_capabilities, parameters.forbidden_capabilities):
        yield OperationalRule.FORBIDDEN_NOT_MANDATORY, capability
    for capability in _common(parameters.default_capabilities, parameters.forbidden_capabilities):
        yield OperationalRule.FORBIDDEN_NOT_DEFAULT, capability
    for wire_format in wire_formats(parameters.handshake_formats):
        if wire_format not in _HANDSHAKES:
            yield OperationalRule.HANDSHAKE_FORMATS, wire_format


def _shown(time: MinDefaultMaxTime) -> str:
    return f"{time.minimum_time}, {time.default_time}, {time.maximum_time} seconds"


def _common(one: ExtendedCapabilities, other: ExtendedCapabilities) -> Iterator[str]:
    """What two lists of capabilities have in common."""
    for field in fields(one):
        ours, theirs = getattr(one, field.name), getattr(other, field.name)
        if field.name == "wire_formats":
            ours, theirs = wire_formats(ours), wire_formats(theirs)
        for capability in ours:
            if capability in theirs:
                yield f"{capability} in {field.name}"


def wire_formats(lists: tuple[WireFormats, ...]) -> tuple[WireFormat, ...]:
    """The wire formats of what is a list of lists (AMB-155)."""
    return tuple(wire_format for formats in lists for wire_format in formats.wire_formats)


MLS_OPERATIONAL_POLICY = ReplacedComponent("mls_operational_policy", OperationalParameters, operational_faults)
