"""One attempt at a test: what happened in it, the result that gives, and how pytest is told.

Opens nothing and runs nothing.
"""

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from _pytest._code.code import Traceback

from mimi_conformance import suites
from mimi_conformance.reports.model import Exchange, Judgement, TestResult, Verdict, worst
from mimi_conformance.suites.target.judgement import (
    REQUIREMENTS_MARKER,
    BrokenRequirement,
    Ledger,
    MisusedJudgement,
    Unjudged,
    severity,
)

SUITES = Path(suites.__path__[0]).resolve()
"""The suites as they were imported; pytest may run those of a checkout beside an installed copy."""
_MACHINERY = frozenset({"_pytest", "pluggy"})

PASSING = frozenset({Verdict.PASS, Verdict.INFO, Verdict.OTHER_READING, Verdict.WARN, Verdict.UNSTABLE})


@dataclass
class Attempt:
    """What happened while a test ran once: filled in as its phases end."""

    ledger: Ledger
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    endings: list[BaseException] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    reports: list[pytest.TestReport] = field(default_factory=list)
    exchanges: tuple[Exchange, ...] = ()

    def end_phase(self, call: pytest.CallInfo[None]) -> None:
        """Note how setup, call or teardown ended."""
        if call.excinfo is not None:
            endings = tuple(_leaves(call.excinfo.value))
            self.endings.extend(endings)
            if not all(isinstance(ending, BrokenRequirement | Unjudged) for ending in endings):
                self.errors.append(_told(call.excinfo))


def cited(item: pytest.Item) -> tuple[str, ...]:
    """The requirements that a test cites, in the order of the decorators, each once."""
    marks = item.iter_markers(REQUIREMENTS_MARKER)
    return tuple(dict.fromkeys(id_ for mark in marks for id_ in mark.args))


def suites_around(path: Path) -> Path | None:
    """The folder of this project's suites that a resolved path is in: the one imported, or that of a checkout."""
    folders = (folder for folder in (path, *path.parents) if folder.name == SUITES.name)
    return next((folder for folder in folders if (folder / "runner" / "plugin.py").is_file()), None)


def test_id(item: pytest.Item) -> str:
    """The name of a test without paths: ``transport/consent::test_grant[201]``."""
    path = item.path.resolve()
    root = suites_around(path) or item.config.rootpath.resolve()
    place = path.relative_to(root) if path.is_relative_to(root) else Path(path.name)
    file = place.with_name(place.stem.removeprefix("test_"))
    return f"{file.as_posix()}::{item.nodeid.partition('::')[2]}"


def result_of(item: pytest.Item, attempt: Attempt, *, strict: bool) -> TestResult:
    """What one attempt says about a test; `strict` makes an undeclared requirement that can fail a failure."""
    judgements = attempt.ledger.closed(*attempt.endings)
    if strict:
        judgements = tuple(_strictly(judgement) for judgement in judgements)
    verdict = worst(judgement.verdict for judgement in judgements) if judgements else Verdict.HARNESS_ERROR
    return TestResult(
        id=test_id(item),
        title=_title(item),
        verdict=verdict,
        reason=_reason(judgements, verdict) if judgements else "the test cites no requirement",
        judgements=judgements,
        readings=tuple(attempt.ledger.readings),
        exchanges=attempt.exchanges,
        error="\n".join(attempt.errors) or None,
        attempts=1,
        started=attempt.started,
        seconds=sum(report.duration for report in attempt.reports),
    )


def unstable(first: TestResult, second: TestResult) -> TestResult:
    """The result of a test that failed, then did not: the failure and its evidence, which do not count."""
    reason = f"failed, then gave {second.verdict} when run again"
    return replace(_instead_of_failing(first, Verdict.UNSTABLE, reason), attempts=2)


def known_failure(result: TestResult, known: Mapping[str, str]) -> TestResult:
    """The same result, as a known failure when it is a failure and listed."""
    if result.verdict is not Verdict.FAIL or result.id not in known:
        return result
    return _instead_of_failing(result, Verdict.KNOWN_FAILURE, known[result.id])


def tell_pytest(reports: list[pytest.TestReport], result: TestResult, item: pytest.Item) -> pytest.TestReport:
    """Make the outcomes that pytest shows agree with the verdict, and return the report that decides.

    fail and harness-error are failures, known-failure is an expected failure, what could not be judged is skipped, and
    the rest passes.
    """
    decisive = next((report for report in reports if not report.passed), reports[min(1, len(reports) - 1)])
    for report in reports:
        if report is decisive or result.verdict is not Verdict.HARNESS_ERROR:
            report.outcome, report.longrepr = "passed", None
    if result.verdict in PASSING:
        if result.verdict is not Verdict.PASS:
            decisive.sections.append((result.verdict.value, result.reason or ""))
    elif result.verdict in (Verdict.FAIL, Verdict.HARNESS_ERROR):
        decisive.outcome, decisive.longrepr = "failed", result.error or "\n".join(_sentences(result))
    else:
        path, line, _ = item.reportinfo()
        decisive.outcome, decisive.longrepr = "skipped", (str(path), line or 0, f"{result.verdict}: {result.reason}")
        if result.verdict is Verdict.KNOWN_FAILURE:
            decisive.wasxfail = result.reason or ""  # how pytest marks an expected failure
    return decisive


def _told(error: pytest.ExceptionInfo[BaseException]) -> str:
    """An error of the harness for those who mend it: a sentence where there is one, else how it came about."""
    if isinstance(error.value, MisusedJudgement):
        return str(error.value)
    return str(error.getrepr(style="short", tbfilter=_without_machinery))


def _without_machinery(error: pytest.ExceptionInfo[BaseException]) -> Traceback:
    """Leave out how pytest came to the code that failed."""
    return error.traceback.filter(lambda entry: _MACHINERY.isdisjoint(Path(entry.path).parts))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    """The exceptions in a group (Hypothesis raises one when it finds several failures), or the exception itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _strictly(judgement: Judgement) -> Judgement:
    if judgement.verdict is Verdict.NOT_DECLARED and severity(judgement.requirement) is Verdict.FAIL:
        return replace(judgement, verdict=Verdict.FAIL, expected="the target to declare it", got=judgement.reason)
    return judgement


def _title(item: pytest.Item) -> str:
    description = inspect.getdoc(getattr(item, "function", None))
    return description.splitlines()[0] if description else item.name.removeprefix("test_").replace("_", " ")


def _reason(judgements: tuple[Judgement, ...], verdict: Verdict) -> str | None:
    decisive = next(judgement for judgement in judgements if judgement.verdict is verdict)
    if decisive.expected is not None:
        return f"expected {decisive.expected}; got {decisive.got}"
    return decisive.reason


def _sentences(result: TestResult) -> Iterator[str]:
    for judgement in result.judgements:
        if judgement.verdict is Verdict.FAIL:
            yield f"{judgement.requirement}: expected {judgement.expected}; got {judgement.got}"


def _instead_of_failing(result: TestResult, verdict: Verdict, reason: str) -> TestResult:
    judgements = tuple(
        replace(judgement, verdict=verdict, reason=reason) if judgement.verdict is Verdict.FAIL else judgement
        for judgement in result.judgements
    )
    return replace(result, verdict=verdict, reason=reason, judgements=judgements)
