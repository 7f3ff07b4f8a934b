from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mimi_conformance.reports.model import (
    CheckOutcome,
    Direction,
    Exchange,
    Judgement,
    Message,
    PreflightFinding,
    ReadingTaken,
    RequirementResult,
    Run,
    StaleKnownFailure,
    TestResult,
    Verdict,
)

START = datetime(2026, 1, 2, 3, 4, 5, 678901, UTC)


def result(name, verdict, **changes):
    made = TestResult(
        id=f"transport/consent::{name}",
        title=name.replace("_", " "),
        verdict=verdict,
        reason="because",
        judgements=(Judgement("PROTO-5.7-15", verdict, reason="because"),),
        readings=(),
        exchanges=(),
        error=None,
        attempts=1,
        started=START,
        seconds=0.25,
    )
    return replace(made, **changes)


def exchange(number, **changes):
    made = Exchange(
        direction=Direction.TO_TARGET,
        peer="b.example",
        method="POST",
        url=f"https://a.example/consent/{number}",
        request=Message(
            (("From", "mimi=b.example@b.example"), ("X-Other", "seldom seen")), b"\x00\xff", 2, "ConsentEntry", "tree"
        ),
        status=500,
        response=Message((("content-type", "text/plain"),), b"Oh [no]", 7),
        error=None,
        started=START,
        ended=START + timedelta(seconds=1),
    )
    return replace(made, **changes)


@pytest.fixture
def failing():
    return result(
        "test_a_grant_is_kept",
        Verdict.FAIL,
        title="A [grant] is kept.",
        reason="expected 201; got 500",
        judgements=(
            Judgement("PROTO-5.7-15", Verdict.FAIL, "201", "500", "number=10"),
            Judgement("PROTO-5.7-16", Verdict.INCONCLUSIVE, reason="not reached"),
        ),
        exchanges=tuple(exchange(number) for number in range(4)),
        attempts=2,
    )


@pytest.fixture
def run(failing):
    """A run in which everything happened."""
    requirement = RequirementResult(
        "PROTO-5.7-15", "draft-x", "5.7 Consent", "MUST", "consent", "It is answered", Verdict.FAIL, None, (failing.id,)
    )
    others = [
        result(f"test_{verdict.name.lower()}", verdict)
        for verdict in Verdict
        if verdict not in (Verdict.FAIL, Verdict.OTHER_READING, Verdict.HARNESS_ERROR)
    ]
    return Run(
        tool_version="0.1.0",
        drafts_revision="mimi-protocol-06",
        target=(("domains", "a.example"), ("url", "https://a.example")),
        selection="",
        strict=False,
        workers=2,
        started=START,
        ended=START + timedelta(seconds=12),
        preflight=(PreflightFinding("clock", CheckOutcome.NOTICE, "The clock is slow.", (exchange(9),)),),
        tests=(
            failing,
            *others,
            result("test_other", Verdict.OTHER_READING, readings=(ReadingTaken("AMB-009", "answers 202"),)),
            result("test_broken", Verdict.HARNESS_ERROR, error="Traceback\nKeyError: 'x'"),
        ),
        requirements=(
            requirement,
            replace(requirement, id="PROTO-5.7-99", verdict=None, tests=()),
            replace(requirement, id="PROTO-5.7-98", verdict=None, not_testable="no peer can see it", tests=()),
        ),
        stale_known_failures=(StaleKnownFailure("transport/consent::test_x", "there is no such test"),),
        harness_errors=("a worker died",),
        interrupted=False,
        unstarted=0,
    )
