"""Reports of abuse: what a client shows the hub, and what that proves (mimi-protocol-06, section 5.9)."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.constant_time import bytes_eq

from mimi_conformance.reference.content.application_data import MediaTypes
from mimi_conformance.reference.content.franking.commitment import Commitment, franking_tag, read_commitment
from mimi_conformance.reference.content.franking.rules import AbuseReportRule, EvidenceRule, FrankingError
from mimi_conformance.reference.content.franking.stamp import FrankingKeys, server_frank
from mimi_conformance.reference.content.franking.verification import FrankedMessage, signature_scheme, signed
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.proposals.extensions import check_dictionary
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport, AbuseType, AbusiveMessage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.franking import Frank, ServerFrankingContext
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType

NOBODY = IdentifierUri(b"")
"""The `reportingUser` of a report whose author is withheld (AMB-123)."""


def report(
    abuser: MimiUri,
    messages: Sequence[FrankedMessage],
    *,
    reporting_user: MimiUri | None = None,
    note: str = "",
    reason_code: AbuseType = AbuseType.reserved,
) -> AbuseReport:
    """The report that a client makes of messages whose franks it has verified.

    Args:
        abuser: who is said to have sent them.
        messages: the messages, all of them of one room; none where the abuse is in no message.
        reporting_user: who reports; None to withhold it.
        note: something for people to read.
        reason_code: the kind of abuse, for which the draft has no values yet.

    Raises:
        FrankingError: a message is somebody else's, or of another room than the first.

    """
    for index, message in enumerate(messages):
        if message.context.sender_uri.uri != bytes(abuser):
            raise FrankingError(EvidenceRule.ABUSER, message.context.sender_uri.text, f"message {index}")
        if message.context.room_uri != messages[0].context.room_uri:
            raise FrankingError(EvidenceRule.ROOM, message.context.room_uri.text, f"message {index}")
    return AbuseReport(
        NOBODY if reporting_user is None else IdentifierUri(bytes(reporting_user)),
        IdentifierUri(bytes(abuser)),
        reason_code,
        note.encode(),
        tuple(
            AbusiveMessage(message.application_data, message.frank, message.context.accepted_timestamp)
            for message in messages
        ),
    )


@dataclass(frozen=True, slots=True)
class Proven:
    """The hub accepted this message from the alleged abuser, in the room, at the time.

    Attributes:
        context: what the hub franked.

    """

    context: ServerFrankingContext


@dataclass(frozen=True, slots=True)
class Unproven:
    """Nothing shows that the alleged abuser sent this message.

    Attributes:
        error: the rule that the message breaks.

    """

    error: FrankingError


Finding = Proven | Unproven
"""What the hub thinks of one message in a report."""


def examine(
    report: AbuseReport,
    room: MimiUri,
    keys: FrankingKeys,
    *,
    media_types: MediaTypes = None,
    capabilities: frozenset[CapabilityType] = frozenset(),
) -> tuple[Finding, ...]:
    """What a report proves: a finding for each of its messages, in their order.

    A report that breaks no `AbuseReportRule` is taken, whatever its messages prove (AMB-125).

    Args:
        report: the report.
        room: the room that it is about.
        keys: what the hub has ever franked with.
        media_types: the `content_media_types` of the room's group; None when its messages are not framed.
        capabilities: what the role of the reporting user allows; meaningless when nobody is named (AMB-126).

    Raises:
        FrankingError: the report breaks an `AbuseReportRule`, and is refused.
        ExtensionError: its `abuse_extensions` are not sorted and unique, and it is refused (AMB-145).

    """
    _check_user(report.alleged_abuser_uri, AbuseReportRule.ALLEGED_ABUSER)
    if report.reporting_user != NOBODY:
        _check_user(report.reporting_user, AbuseReportRule.REPORTING_USER)
        if CapabilityType.can_report_abuse not in capabilities:
            raise FrankingError(AbuseReportRule.MAY_REPORT, report.reporting_user.text)
    try:
        report.note.decode()
    except UnicodeDecodeError as error:
        raise FrankingError(AbuseReportRule.NOTE, report.note) from error
    check_dictionary(report.abuse_extensions)
    return tuple(_finding(message, report, room, keys, media_types) for message in report.messages)


def _check_user(uri: IdentifierUri, rule: AbuseReportRule) -> None:
    try:
        names_user = MimiUri.parse(uri.uri).names_user
    except IdentifierError as error:
        raise FrankingError(rule, uri.text) from error
    if not names_user:
        raise FrankingError(rule, uri.text)


def _finding(
    message: AbusiveMessage, report: AbuseReport, room: MimiUri, keys: FrankingKeys, media_types: MediaTypes
) -> Finding:
    try:
        commitment = read_commitment(message.message_content, media_types)
        _check_commitment(commitment, report.alleged_abuser_uri, room)
        context = commitment.context(message.accepted_timestamp)
        _check_frank(message.frank, franking_tag(commitment.salt, message.message_content), context, keys)
    except FrankingError as error:
        return Unproven(error)
    return Proven(context)


def _check_commitment(commitment: Commitment, abuser: IdentifierUri, room: MimiUri) -> None:
    if commitment.sender_uri != abuser.text:
        raise FrankingError(EvidenceRule.ABUSER, commitment.sender_uri)
    if commitment.room_uri != str(room):
        raise FrankingError(EvidenceRule.ROOM, commitment.room_uri)


def _check_frank(frank: Frank, tag: bytes, context: ServerFrankingContext, keys: FrankingKeys) -> None:
    hub_key = keys.hub_key(context.accepted_timestamp)
    if hub_key is None:
        raise FrankingError(EvidenceRule.HUB_KEY, context.accepted_timestamp)
    if not bytes_eq(server_frank(hub_key, tag, context), frank.server_frank):
        raise FrankingError(EvidenceRule.SERVER_FRANK, frank.server_frank)
    scheme = signature_scheme(frank.franking_signature_ciphersuite)
    public_keys = [key.public_key for key in keys.signing_keys if key.scheme == scheme]
    if not public_keys:
        raise FrankingError(EvidenceRule.CIPHER_SUITE, frank.franking_signature_ciphersuite)
    if not any(signed(frank, context, public_key) for public_key in public_keys):
        raise FrankingError(EvidenceRule.SIGNATURE, frank.franking_integrity_signature)
