"""What the operational policy asks of handshakes, and of clients that come into the group (POLICY 7.1)."""

from collections.abc import Iterable, Iterator

from cryptography import x509

from mimi_conformance.reference.mls.proposals.extensions import DEFAULT_EXTENSION_TYPES
from mimi_conformance.reference.mls.proposals.features import Feature, Purpose, supported_features
from mimi_conformance.reference.mls.proposals.proposals import DEFAULT_PROPOSAL_TYPES
from mimi_conformance.reference.room.components.operational import wire_formats
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.policy import RoomPolicy
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.mls.framing import FramedContent, SenderType
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.proposals import Proposal, SelfRemove
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.room_policy.operational import ExtendedCapabilities, OperationalParameters


class OperationsRule(RoomRule):
    """What the operational policy asks of whoever sends a handshake or comes by one."""

    HANDSHAKE_FORMAT = ("POLICY-7.1-12", "Members send handshakes in a format that the room allows.", "AMB-096")
    MANDATORY_CAPABILITIES = ("POLICY-7.1-11", "A client that comes has the mandatory capabilities.")
    FORBIDDEN_CAPABILITIES = ("POLICY-7.1-11", "Nobody uses a credential or a proposal of a forbidden type.")
    KEY_PACKAGE_LIFETIME = ("POLICY-7.1-16", "No KeyPackage is valid for longer than the room allows.", "AMB-156")
    CREDENTIAL_LIFETIME = ("POLICY-7.1-17", "No credential is valid for longer than the room allows.", "AMB-156")


def operational_parameters(policy: RoomPolicy) -> OperationalParameters | None:
    """The operational policy of a room; None where it has none."""
    parameters = policy.components.get("mls_operational_policy")
    return parameters if isinstance(parameters, OperationalParameters) else None


def wrong_format(policy: RoomPolicy, content: FramedContent, wire_format: WireFormat) -> Refused | None:
    """Whether a handshake should have been sent otherwise. A policy that lists no format allows all.

    A SelfRemove and what comes from outside the group have only one format, whatever the room says (AMB-054, AMB-208).
    """
    parameters = operational_parameters(policy)
    allowed = wire_formats(parameters.handshake_formats) if parameters else ()
    leaving = content.proposal is not None and isinstance(content.proposal.body, SelfRemove)
    if not allowed or wire_format in allowed or leaving or content.sender.sender_type is not SenderType.member:
        return None
    return Refused(OperationsRule.HANDSHAKE_FORMAT, f"The room takes no {wire_format.name}.")


def unfit(policy: RoomPolicy, proposals: Iterable[Proposal], newcomers: Iterable[LeafNode]) -> Refused | None:
    """Why the operational policy is against proposals, or against clients that come; None when it is not.

    Args:
        policy: the policy of the room.
        proposals: what is proposed or committed.
        newcomers: the LeafNodes of clients that come. A lifetime of zero allows any.

    """
    parameters = operational_parameters(policy)
    if parameters is None:
        return None
    return next(_objections(parameters, proposals, newcomers), None)


def _objections(
    parameters: OperationalParameters, proposals: Iterable[Proposal], newcomers: Iterable[LeafNode]
) -> Iterator[Refused]:
    for proposal in proposals:
        if proposal.proposal_type in parameters.forbidden_capabilities.proposals:
            sentence = f"A {proposal.proposal_type.name} proposal is none that the room takes."
            yield Refused(OperationsRule.FORBIDDEN_CAPABILITIES, sentence)
    for leaf_node in newcomers:
        yield from _objections_to(leaf_node, parameters)


def _objections_to(leaf_node: LeafNode, parameters: OperationalParameters) -> Iterator[Refused]:
    for missing in _missing(leaf_node, parameters.mandatory_capabilities):
        yield Refused(OperationsRule.MANDATORY_CAPABILITIES, f"The client does not support {missing}.")
    kind = leaf_node.credential.credential_type
    if kind in parameters.forbidden_capabilities.credentials:
        yield Refused(OperationsRule.FORBIDDEN_CAPABILITIES, f"The credential of the client is of type {kind.name}.")
    lifetime, longest = leaf_node.lifetime, parameters.max_kp_lifetime
    if lifetime is not None and longest and lifetime.not_after - lifetime.not_before > longest:
        seconds = lifetime.not_after - lifetime.not_before
        yield Refused(OperationsRule.KEY_PACKAGE_LIFETIME, f"The KeyPackage is valid for {seconds} s, not {longest}.")
    longest = parameters.max_credential_lifetime
    for certificate in (leaf_node.credential.certificates or ())[:1]:
        valid_for = _validity(certificate.cert_data)
        if longest and valid_for > longest:
            sentence = f"The certificate is valid for {valid_for} s, not {longest}."
            yield Refused(OperationsRule.CREDENTIAL_LIFETIME, sentence)


def _validity(certificate: bytes) -> int:
    """For how long a certificate is valid, in seconds."""
    read = x509.load_der_x509_certificate(certificate)
    return int((read.not_valid_after_utc - read.not_valid_before_utc).total_seconds())


def _missing(leaf_node: LeafNode, mandatory: ExtendedCapabilities) -> Iterator[str]:
    """What a client does not say that it supports, of what is mandatory."""
    supported = leaf_node.capabilities
    yield from (each.name for each in mandatory.versions if each not in supported.versions)
    yield from (each.name for each in mandatory.cipher_suites if each not in supported.cipher_suites)
    features = supported_features(leaf_node)
    for feature in (
        *(Feature(Purpose.EXTENSION, n) for n in mandatory.extensions if n not in DEFAULT_EXTENSION_TYPES),
        *(Feature(Purpose.PROPOSAL, n) for n in mandatory.proposals if n not in DEFAULT_PROPOSAL_TYPES),
        *(Feature(Purpose.CREDENTIAL, n) for n in mandatory.credentials),
        *(Feature(Purpose.WIRE_FORMAT, n) for n in wire_formats(mandatory.wire_formats)),
        *(Feature(Purpose.COMPONENT, n) for n in mandatory.component_ids),
        *(Feature(Purpose.SAFE_AAD_COMPONENT, n) for n in mandatory.safe_aad_types),
    ):
        if feature not in features:
            yield str(feature)
