from dataclasses import replace

import pytest

from mimi_conformance.reports.model import CheckOutcome, ExitCode, PreflightFinding, Verdict, worst


@pytest.fixture
def clean(run):
    """The run without anything that speaks against the target."""
    passing = tuple(test for test in run.tests if test.verdict is Verdict.PASS)
    return replace(run, tests=passing, stale_known_failures=(), harness_errors=())


def test_the_worst_verdict_is_the_one_that_says_most_against_the_target():
    assert worst(Verdict) is Verdict.FAIL
    assert worst([Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.WARN]) is Verdict.WARN
    assert worst([Verdict.PASS, Verdict.OTHER_READING]) is Verdict.OTHER_READING


def test_a_clean_run_is_conformant(clean):
    assert clean.exit_code is ExitCode.CONFORMANT


@pytest.mark.parametrize(
    "verdict", [verdict for verdict in Verdict if verdict not in (Verdict.FAIL, Verdict.HARNESS_ERROR)]
)
def test_only_failures_and_our_own_errors_speak_against_conformance(clean, verdict):
    found = replace(clean, tests=(*clean.tests, replace(clean.tests[0], verdict=verdict)))
    assert found.exit_code is ExitCode.CONFORMANT


@pytest.mark.parametrize("verdict", [Verdict.BLOCKED, Verdict.INCONCLUSIVE, Verdict.NOT_DECLARED])
def test_a_run_that_judged_nothing_is_not_conformant(clean, verdict):
    found = replace(clean, tests=(replace(clean.tests[0], verdict=verdict),))
    assert found.exit_code is ExitCode.NOTHING_RAN


def test_what_ended_a_run_early_outranks_what_it_found(run):
    problem = PreflightFinding("TLS", CheckOutcome.PROBLEM, "No.")
    assert run.exit_code is ExitCode.REQUIREMENT_FAILED
    assert replace(run, interrupted=True).exit_code is ExitCode.INTERRUPTED
    assert replace(run, preflight=(problem,)).exit_code is ExitCode.PREFLIGHT


def test_a_stale_known_failure_fails_the_run(clean, run):
    assert replace(clean, stale_known_failures=run.stale_known_failures).exit_code is ExitCode.REQUIREMENT_FAILED


def test_an_error_of_ours_is_told_from_a_failure_of_the_target(clean, run):
    assert replace(clean, harness_errors=("x",)).exit_code is ExitCode.HARNESS_ERROR
    broken = tuple(test for test in run.tests if test.verdict is Verdict.HARNESS_ERROR)
    assert replace(clean, tests=clean.tests + broken).exit_code is ExitCode.HARNESS_ERROR


def test_counts_and_topics_add_up(run):
    assert sum(run.counts.values()) == len(run.tests)
    assert [each.id for each in run.topics["consent"]] == ["PROTO-5.7-15", "PROTO-5.7-99", "PROTO-5.7-98"]
    assert run.seconds == 12
