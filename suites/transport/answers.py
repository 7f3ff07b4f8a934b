"""What a server's answer means: served, refused, or neither, with the readings that the drafts leave open.

Every function takes a finished exchange with the target, and the requirements that a wrong answer breaks. What is
neither service nor refusal ends the test as inconclusive: a slow or missing answer, a redirect, a 5xx; 415 (AMB-005)
and 429, which say nothing about the request in question.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import Any, TypeVar

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoCode, GroupInfoResponse
from mimi_conformance.reference.wire.protocol.identifier import IdentifierQueryCode, IdentifierResponse
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialResponse, KeyMaterialUserCode
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageResponse, SubmitResponseCode
from mimi_conformance.reference.wire.protocol.update import UpdateResponseCode, UpdateRoomResponse
from mimi_conformance.reference.wire.structure import Struct
from mimi_conformance.suites.target.judgement import blocked, expect, inconclusive, other_reading, warning

S = TypeVar("S", bound=Struct)

TRANSPORT_READING = "AMB-020"
"""How a server refuses a provider that is not who it says: 403 is taken; other 4xx and closing are accepted."""
UNPROCESSABLE_READING = "AMB-010"
"""How a server refuses what it can't process: 4xx is taken; closing, or 200 with a failure code, are accepted."""


@dataclass(frozen=True)
class _Response:
    """The structure that an endpoint answers with, and which of its codes say that the request was served."""

    structure: type[Struct]
    code: Callable[[Any], IntEnum]
    served: frozenset[IntEnum]


_RESPONSES: Mapping[str, _Response] = MappingProxyType(
    {
        "keyMaterial": _Response(
            KeyMaterialResponse,
            lambda answer: answer.user_status,
            frozenset({KeyMaterialUserCode.success, KeyMaterialUserCode.partial_success}),
        ),
        "update": _Response(
            UpdateRoomResponse, lambda answer: answer.response_code, frozenset({UpdateResponseCode.success})
        ),
        "submitMessage": _Response(
            SubmitMessageResponse, lambda answer: answer.status_code, frozenset({SubmitResponseCode.accepted})
        ),
        "groupInfo": _Response(GroupInfoResponse, lambda answer: answer.status, frozenset({GroupInfoCode.success})),
        "identifierQuery": _Response(
            IdentifierResponse, lambda answer: answer.response_code, frozenset({IdentifierQueryCode.success})
        ),
    }
)
"""The endpoints whose responses carry a code; notify and the two of consent say everything with the HTTP status."""


def described(exchange: Exchange) -> str:
    """What came back, in a few words: the status, with the code in the body, or the failure."""
    if exchange.status is None:
        return exchange.error or "no answer"
    code = response_code(exchange)
    answer = f"{exchange.status}" if code is None else f"{exchange.status} with {code.name}"
    return answer if exchange.error is None else f"{answer}, then {exchange.error}"


def response_code(exchange: Exchange) -> IntEnum | None:
    """The code in the response's body, or None when there is none to be read."""
    response = _RESPONSES.get(exchange.endpoint or "")
    if response is None:
        return None
    try:
        return response.code(response.structure.decode(exchange.response_body))
    except DecodeError:
        return None


def failure_code(exchange: Exchange) -> IntEnum | None:
    """The code in the response's body when it says that the request was not served, else None."""
    code = response_code(exchange)
    return None if code is None or code in _RESPONSES[exchange.endpoint or ""].served else code


def must_accept(exchange: Exchange) -> Exchange:
    """Go on only when a valid request was served: what its invalid twin gets says nothing otherwise."""
    if exchange.failure is not None or not _served(exchange):
        request = exchange.endpoint or f"{exchange.method} {exchange.url}"
        blocked(f"the valid {request} request was not accepted: {described(exchange)}")
    return exchange


def expect_accepted(exchange: Exchange, *ids: str) -> Exchange:
    """Judge that a request was served: any 2xx, or 4xx with the body that says how it went (AMB-008)."""
    _status(exchange, ids)
    expect(_served(exchange), *ids, expected="the request to be accepted (2xx)", got=described(exchange))
    return exchange


def expect_acknowledged(exchange: Exchange, *ids: str, repeated: bool = False) -> Exchange:
    """Judge that a notify or consent request was acknowledged with 201 (AMB-009).

    202 is a warning, and so is any other 2xx, except in answer to a `repeated` notify: there 201 is a MUST (PROTO 5.5).
    """
    status = _status(exchange, ids)
    tolerated = status // 100 == 2 and (status == 202 or not repeated)
    expect(status == 201 or tolerated, *ids, expected="201", got=described(exchange))
    if status != 201:
        warning(*ids, expected="201 (AMB-009)", got=described(exchange))
    return exchange


def expect_refusal(
    exchange: Exchange, *ids: str, twin: Exchange | None = None, ambiguity: str = UNPROCESSABLE_READING
) -> Exchange:
    """Judge that a request was refused for what it says, in one of the ways that the interpretations allow.

    4xx is a refusal. So are a closed connection and 200 with a failure code, as another reading of `ambiguity`. A
    failure that the valid `twin` got as well tells nothing, and is inconclusive.
    """
    status = None if _closed(exchange) else _status(exchange, ids)
    code = failure_code(exchange)
    if status is not None and twin is not None and _same_failure(exchange, twin):
        inconclusive(f"the answer, {described(exchange)}, is the same as to the valid request", *ids)
    refused = status is None or status // 100 == 4 or code is not None
    expect(refused, *ids, expected="the request to be refused", got=described(exchange))
    if status is None:
        other_reading(ambiguity, "the connection is closed", *ids)
    elif status // 100 == 2:
        other_reading(ambiguity, f"the answer is {described(exchange)}", *ids)
    return exchange


def warn_unless_refused(exchange: Exchange, *ids: str) -> Exchange:
    """Judge as `expect_refusal` does, where the rule is not the draft's own: a request that was served is a warning."""
    if not _closed(exchange) and _status(exchange, ids) // 100 == 2 and failure_code(exchange) is None:
        warning(*ids, expected="the request to be refused", got=described(exchange))
        return exchange
    return expect_refusal(exchange, *ids)


def expect_turned_away(exchange: Exchange, *ids: str, twin: Exchange, taken: int | None = None) -> Exchange:
    """Judge that a request was refused for whom it comes from or goes to: in TLS, by closing, or with 4xx (AMB-020).

    With a `taken` status, every other refusal is another reading; without one they are all alike. `twin` is the
    valid request's exchange: a failure code that it got as well is service. Any other code, and a bare status that
    it got as well, are inconclusive.
    """
    status = None if _closed(exchange) else _status(exchange, ids)
    same = _same_failure(exchange, twin)
    coded = failure_code(exchange) is not None
    if (coded and status == 200 and not same) or (same and not coded):
        inconclusive(f"the answer, {described(exchange)}, need not be about who asks", *ids)
    refused = status is None or (status // 100 == 4 and not same)
    expect(refused, *ids, expected="the request to be turned away", got=described(exchange))
    if taken is not None and status != taken:
        way = "the connection is closed" if status is None else f"the status is {status}"
        other_reading(TRANSPORT_READING, way, *ids)
    return exchange


def decoded(exchange: Exchange, structure: type[S], *ids: str) -> S:
    """The structure in a response's body, judging that it is one (AMB-008).

    The same body with a 4xx is another reading; a 4xx without it is a refusal whose code is unknown, and inconclusive.
    """
    status = _status(exchange, ids)
    try:
        answer = structure.decode(exchange.response_body)
    except DecodeError as error:
        if status // 100 == 4:
            inconclusive(f"refused with {status} and no {structure.__name__}: the code is unknown (AMB-008)", *ids)
        expect(False, *ids, expected=f"{structure.__name__}, every byte of it", got=f"{error}")
        raise AssertionError("expect ends the test") from error
    if status // 100 == 4:
        other_reading("AMB-008", f"the response is sent with status {status}", *ids)
    return answer


def _status(exchange: Exchange, ids: tuple[str, ...]) -> int:
    """The status of an answer that can be judged: 2xx, complete, or 4xx."""
    status = exchange.status
    cut_short = exchange.failure is not None and status is not None and status // 100 == 2
    if status is None or status // 100 not in (2, 4) or status in (415, 429) or cut_short:
        inconclusive(f"neither served nor refused: {described(exchange)}", *ids)
    return status


def _served(exchange: Exchange) -> bool:
    """Whether the server did what was asked, or says in the response's own words why it did not (AMB-008)."""
    status = exchange.status or 0
    return status // 100 == 2 or (status // 100 == 4 and response_code(exchange) is not None)


def _closed(exchange: Exchange) -> bool:
    """Whether the server ended the connection instead of answering."""
    return exchange.status is None and exchange.refused_in_transport


def _same_failure(exchange: Exchange, twin: Exchange) -> bool:
    """Whether a request failed, and in the same way as its twin."""
    way = (exchange.status, failure_code(exchange))
    failed = way[1] is not None or (exchange.status or 0) // 100 == 4
    return failed and way == (twin.status, failure_code(twin))
