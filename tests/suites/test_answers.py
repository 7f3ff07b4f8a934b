from collections.abc import Callable

import pytest

from mimi_conformance.mocks.network.exchange import Direction, Exchange, Failure
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.identifier import IdentifierQueryCode, IdentifierResponse
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialResponse, KeyMaterialUserCode
from mimi_conformance.reports.model import Verdict
from mimi_conformance.suites.target.judgement import BrokenRequirement, Ledger, Unjudged, judging
from mimi_conformance.suites.transport.answers import (
    decoded,
    described,
    expect_accepted,
    expect_acknowledged,
    expect_refusal,
    expect_turned_away,
    must_accept,
)

RULE = "PROTO-4.1-13"  # a MUST of the draft's own words, so that breaking it is a failure


def answered(status: int | None, body: bytes = b"", failure: Failure | None = None, endpoint: str = "x") -> Exchange:
    return Exchange(
        id="b.example/1",
        direction=Direction.TO_TARGET,
        peer="b.example",
        method="POST",
        url="https://a.example/",
        request_target="/",
        request_headers=(),
        request_body=b"",
        started=0.0,
        endpoint=endpoint,
        status=status,
        response_body=body,
        failure=failure,
        error=failure and f"{failure.value}: it broke",
        ended=1.0,
    )


def query_answered(status: int, code: IdentifierQueryCode) -> Exchange:
    return answered(status, IdentifierResponse(code).encode(), endpoint="identifierQuery")


def shown(value: object) -> str:
    return described(value) if isinstance(value, Exchange) else str(value)


def verdict(judge: Callable[[], object]) -> Verdict:
    ledger = Ledger((RULE,))
    with judging(ledger):
        try:
            judge()
        except (BrokenRequirement, Unjudged) as ending:
            [judgement] = ledger.closed(ending)
        else:
            [judgement] = ledger.closed()
    return judgement.verdict


CLOSED = answered(None, failure=Failure.CLOSED_EARLY)
TLS_REFUSED = answered(None, failure=Failure.TLS_REFUSED)
TIMEOUT = answered(None, failure=Failure.TIMEOUT)
CUT_SHORT = answered(200, failure=Failure.CLOSED_EARLY)
FOUND = query_answered(200, IdentifierQueryCode.success)
NOT_FOUND = query_answered(200, IdentifierQueryCode.not_found)
NOT_FOUND_404 = query_answered(404, IdentifierQueryCode.not_found)
FORBIDDEN = query_answered(200, IdentifierQueryCode.forbidden)


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (answered(200), Verdict.PASS),
        (answered(204), Verdict.PASS),
        (NOT_FOUND_404, Verdict.PASS),
        (answered(404), Verdict.FAIL),
        (answered(415), Verdict.INCONCLUSIVE),
        (answered(429), Verdict.INCONCLUSIVE),
        (answered(307), Verdict.INCONCLUSIVE),
        (answered(503), Verdict.INCONCLUSIVE),
        (CUT_SHORT, Verdict.INCONCLUSIVE),
        (TIMEOUT, Verdict.INCONCLUSIVE),
        (CLOSED, Verdict.INCONCLUSIVE),
    ],
    ids=shown,
)
def test_service_is_2xx_or_a_coded_answer(exchange: Exchange, expected: Verdict) -> None:
    assert verdict(lambda: expect_accepted(exchange, RULE)) is expected


@pytest.mark.parametrize("exchange", [answered(404), answered(500), TIMEOUT, CLOSED, CUT_SHORT], ids=shown)
def test_a_twin_that_is_not_served_blocks_the_test(exchange: Exchange) -> None:
    assert verdict(lambda: must_accept(exchange)) is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("status", "first", "repeated"),
    [
        (201, Verdict.PASS, Verdict.PASS),
        (202, Verdict.WARN, Verdict.WARN),
        (200, Verdict.WARN, Verdict.FAIL),
        (404, Verdict.FAIL, Verdict.FAIL),
        (503, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
    ],
)
def test_an_acknowledgement_is_201(status: int, first: Verdict, repeated: Verdict) -> None:
    exchange = answered(status)
    assert verdict(lambda: expect_acknowledged(exchange, RULE)) is first
    assert verdict(lambda: expect_acknowledged(exchange, RULE, repeated=True)) is repeated


@pytest.mark.parametrize(
    ("exchange", "twin", "expected"),
    [
        (answered(400), FOUND, Verdict.PASS),
        (answered(413, failure=Failure.CLOSED_EARLY), FOUND, Verdict.PASS),
        (answered(404), answered(404), Verdict.INCONCLUSIVE),
        (CLOSED, FOUND, Verdict.OTHER_READING),
        (NOT_FOUND, FOUND, Verdict.OTHER_READING),
        (NOT_FOUND, NOT_FOUND, Verdict.INCONCLUSIVE),
        (FOUND, FOUND, Verdict.FAIL),
        (answered(201), answered(201), Verdict.FAIL),
        (answered(500), FOUND, Verdict.INCONCLUSIVE),
        (TIMEOUT, FOUND, Verdict.INCONCLUSIVE),
    ],
)
def test_a_refusal_may_be_4xx_or_closing_or_a_code(exchange: Exchange, twin: Exchange, expected: Verdict) -> None:
    assert verdict(lambda: expect_refusal(exchange, RULE, twin=twin)) is expected


@pytest.mark.parametrize(
    ("exchange", "twin", "expected", "with_403_taken"),
    [
        (answered(403), FOUND, Verdict.PASS, Verdict.PASS),
        (answered(421), FOUND, Verdict.PASS, Verdict.OTHER_READING),
        (TLS_REFUSED, FOUND, Verdict.PASS, Verdict.OTHER_READING),
        (CLOSED, FOUND, Verdict.PASS, Verdict.OTHER_READING),
        (FOUND, FOUND, Verdict.FAIL, Verdict.FAIL),
        (NOT_FOUND, NOT_FOUND, Verdict.FAIL, Verdict.FAIL),
        (NOT_FOUND_404, NOT_FOUND_404, Verdict.FAIL, Verdict.FAIL),
        (FORBIDDEN, NOT_FOUND, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        (answered(404), answered(404), Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
        (answered(500), FOUND, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
    ],
)
def test_who_is_turned_away_gets_no_service(
    exchange: Exchange, twin: Exchange, expected: Verdict, with_403_taken: Verdict
) -> None:
    assert verdict(lambda: expect_turned_away(exchange, RULE, twin=twin)) is expected
    assert verdict(lambda: expect_turned_away(exchange, RULE, twin=twin, taken=403)) is with_403_taken


@pytest.mark.parametrize(
    ("exchange", "expected"),
    [
        (NOT_FOUND, Verdict.PASS),
        (NOT_FOUND_404, Verdict.OTHER_READING),
        (answered(404), Verdict.INCONCLUSIVE),
        (answered(200, b"not found"), Verdict.FAIL),
        (answered(200, NOT_FOUND.response_body + b"\0"), Verdict.FAIL),
        (answered(500), Verdict.INCONCLUSIVE),
    ],
)
def test_a_structure_is_decoded_to_its_last_byte(exchange: Exchange, expected: Verdict) -> None:
    assert verdict(lambda: decoded(exchange, IdentifierResponse, RULE)) is expected


def test_what_came_is_told_in_a_few_words() -> None:
    response = KeyMaterialResponse(Protocol.mls10, KeyMaterialUserCode.no_consent, IdentifierUri.of("mimi://a.example"))
    assert described(answered(200, response.encode(), endpoint="keyMaterial")) == "200 with no_consent"
    assert described(answered(404)) == "404"
    assert described(CUT_SHORT) == "200, then closed early: it broke"
    assert described(TIMEOUT) == "timeout: it broke"
