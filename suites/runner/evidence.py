"""What our peers recorded, as the evidence of a report: with the bodies decoded, and without what would bloat it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime

from mimi_conformance.mocks.network.exchange import Exchange as Recorded
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.outline import Element, lines, outline
from mimi_conformance.reference.wire.protocol.abuse import AbuseReport
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoRequest, GroupInfoResponse
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest, IdentifierResponse
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest, KeyMaterialResponse
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageRequest, SubmitMessageResponse
from mimi_conformance.reference.wire.protocol.update import UpdateRequest, UpdateRoomResponse
from mimi_conformance.reference.wire.structure import Struct
from mimi_conformance.reports.model import CheckOutcome, Direction, Exchange, Message, PreflightFinding
from mimi_conformance.suites.target.finding import Finding

LARGEST_BODY = 64 * 1024  # bytes kept of a body; oversize bodies are sent by the megabyte and say nothing more

# What the bodies of each endpoint's requests and successful responses are, by directory member (PROTO 5).
_REQUESTS: Mapping[str, type[Struct]] = {
    "keyMaterial": KeyMaterialRequest,
    "update": UpdateRequest,
    "notify": FanoutMessage,
    "submitMessage": SubmitMessageRequest,
    "groupInfo": GroupInfoRequest,
    "requestConsent": ConsentEntry,
    "updateConsent": ConsentEntry,
    "identifierQuery": IdentifierRequest,
    "reportAbuse": AbuseReport,
}
_RESPONSES: Mapping[str, type[Struct]] = {
    "keyMaterial": KeyMaterialResponse,
    "update": UpdateRoomResponse,
    "submitMessage": SubmitMessageResponse,
    "groupInfo": GroupInfoResponse,
    "identifierQuery": IdentifierResponse,
}


def as_evidence(recorded: Recorded) -> Exchange:
    """An exchange as the report shows it."""
    endpoint = recorded.endpoint or ""
    response = None
    if recorded.status is not None:
        response = _message(recorded.response_headers, recorded.response_body, _RESPONSES.get(endpoint))
    return Exchange(
        direction=Direction(recorded.direction.value),
        peer=recorded.peer,
        method=recorded.method,
        url=recorded.url,
        request=_message(recorded.request_headers, recorded.request_body, _REQUESTS.get(endpoint)),
        status=recorded.status,
        response=response,
        error=recorded.error,
        started=datetime.fromtimestamp(recorded.started, UTC),
        ended=None if recorded.ended is None else datetime.fromtimestamp(recorded.ended, UTC),
    )


def finding_as_evidence(finding: Finding) -> PreflightFinding:
    """What the preflight says about one thing, as the report shows it."""
    exchanges = tuple(as_evidence(exchange) for exchange in finding.exchanges)
    return PreflightFinding(finding.name, CheckOutcome(finding.outcome.value), finding.sentence, exchanges)


def _message(headers: tuple[tuple[str, str], ...], body: bytes, structure: type[Struct] | None) -> Message:
    kept = Message(headers, body[:LARGEST_BODY], len(body))
    if structure is None or not body or len(body) > LARGEST_BODY:
        return kept
    try:
        # Of all bodies, only a notify's is one value after the other (PROTO 5.5).
        values = structure.decode_all(body) if structure is FanoutMessage else (structure.decode(body),)
    except DecodeError as error:
        return replace(kept, structure=structure.__name__, tree=f"does not decode: {error}")
    return replace(kept, structure=structure.__name__, tree="\n".join(lines(_outlines(values), full=True)))


def _outlines(values: tuple[Struct, ...]) -> Iterator[Element]:
    offset = 0
    for value in values:
        element = outline(value, offset)
        offset += element.size
        yield element
