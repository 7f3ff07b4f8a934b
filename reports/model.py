"""What a run found out, as plain frozen values.

The suites write these values, the renderings read them; the JSON form is in `json_report`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum


class Verdict(StrEnum):
    """What is said about a requirement or a test: these and no others, worst first.

    The order of declaration is the order of `worst`: what is broken, then what we or the network got wrong, then what
    is only noted, then what could not be judged, then what holds.
    """

    FAIL = "fail"
    HARNESS_ERROR = "harness-error"
    UNSTABLE = "unstable"
    KNOWN_FAILURE = "known-failure"
    WARN = "warn"
    BLOCKED = "blocked"
    INCONCLUSIVE = "inconclusive"
    NOT_DECLARED = "not-declared"
    INFO = "info"
    OTHER_READING = "other-reading"
    PASS = "pass"  # noqa: S105 - a verdict, not a password

    @property
    def rank(self) -> int:
        """The place in the order, 0 for the worst."""
        return list(Verdict).index(self)


# The verdicts that say something about the target; when no test reached one of them, nothing ran.
JUDGED = frozenset(Verdict) - {Verdict.HARNESS_ERROR, Verdict.BLOCKED, Verdict.INCONCLUSIVE, Verdict.NOT_DECLARED}


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts, in the order that `Verdict` declares; ValueError when there is none."""
    return min(verdicts, key=lambda verdict: verdict.rank)


class ExitCode(IntEnum):
    """How a run ends; the numbers agree with pytest's where pytest has one."""

    CONFORMANT = 0
    REQUIREMENT_FAILED = 1
    INTERRUPTED = 2
    HARNESS_ERROR = 3
    USAGE = 4
    NOTHING_RAN = 5
    PREFLIGHT = 6


class Direction(StrEnum):
    """Who sent the request of an exchange."""

    TO_TARGET = "to-target"
    TO_PEER = "to-peer"


@dataclass(frozen=True)
class Message:
    """One half of an HTTP exchange: a request or a response.

    `body` holds the bytes that were kept, `body_size` says how many there were; `structure` names the wire structure
    that the kept bytes decode to, `tree` is its printed form with offsets.
    """

    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    body_size: int = 0
    structure: str | None = None
    tree: str | None = None


@dataclass(frozen=True)
class Exchange:
    """One HTTP request and what came back; `status` and `response` are None when nothing did, and `error` says why.

    `peer` is the domain of our provider that took part.
    """

    direction: Direction
    peer: str
    method: str
    url: str
    request: Message
    status: int | None
    response: Message | None
    error: str | None
    started: datetime
    ended: datetime | None


@dataclass(frozen=True)
class Judgement:
    """What one test says about one requirement."""

    requirement: str
    verdict: Verdict
    expected: str | None = None
    got: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class ReadingTaken:
    """The target took an accepted reading of an ambiguity (`AMB-009`) that is not the reference's."""

    ambiguity: str
    reading: str


@dataclass(frozen=True)
class TestResult:
    """One test of a run. `id` contains no path: ``transport/consent::test_grant_is_kept[201]``.

    `error` is the traceback when the harness failed; `attempts` is 2 when a failed test was run again.
    """

    __test__ = False  # a result, not a test, whatever its name makes pytest think

    id: str
    title: str
    verdict: Verdict
    reason: str | None
    judgements: tuple[Judgement, ...]
    readings: tuple[ReadingTaken, ...]
    exchanges: tuple[Exchange, ...]
    error: str | None
    attempts: int
    started: datetime
    seconds: float


@dataclass(frozen=True)
class RequirementResult:
    """What a run says about one requirement: the worst of its tests.

    Without a verdict the requirement is untested, or not testable when `not_testable` says why.
    """

    id: str
    draft: str
    section: str
    level: str
    topic: str
    text: str
    verdict: Verdict | None
    not_testable: str | None
    tests: tuple[str, ...]


class CheckOutcome(StrEnum):
    """How a check of the preflight ended."""

    OK = "ok"
    NOTICE = "notice"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PreflightFinding:
    """One thing that was checked before the tests: a problem is a configuration fault, and then no test was run."""

    check: str
    outcome: CheckOutcome
    message: str
    exchanges: tuple[Exchange, ...] = ()


@dataclass(frozen=True)
class StaleKnownFailure:
    """An entry of the known-failures file that is no longer true."""

    test: str
    why: str


@dataclass(frozen=True)
class Run:
    """Everything a run found out.

    `target` describes the server under test as pairs of a name and a value; `harness_errors` are errors of ours
    outside any test; `unstarted` counts the selected tests that an interruption left out.
    """

    tool_version: str
    drafts_revision: str
    target: tuple[tuple[str, str], ...]
    selection: str
    strict: bool
    workers: int
    started: datetime
    ended: datetime
    preflight: tuple[PreflightFinding, ...]
    tests: tuple[TestResult, ...]
    requirements: tuple[RequirementResult, ...]
    stale_known_failures: tuple[StaleKnownFailure, ...]
    harness_errors: tuple[str, ...]
    interrupted: bool
    unstarted: int

    @property
    def seconds(self) -> float:
        """The wall time of the run."""
        return (self.ended - self.started).total_seconds()

    @property
    def exit_code(self) -> ExitCode:
        """How the run ends.

        A run that was cut short says so before anything else; a broken requirement outranks an error of ours, because
        it is established whatever else went wrong.
        """
        verdicts = {test.verdict for test in self.tests}
        if any(finding.outcome is CheckOutcome.PROBLEM for finding in self.preflight):
            return ExitCode.PREFLIGHT
        if self.interrupted:
            return ExitCode.INTERRUPTED
        if Verdict.FAIL in verdicts or self.stale_known_failures:
            return ExitCode.REQUIREMENT_FAILED
        if Verdict.HARNESS_ERROR in verdicts or self.harness_errors:
            return ExitCode.HARNESS_ERROR
        if not verdicts & JUDGED:
            return ExitCode.NOTHING_RAN
        return ExitCode.CONFORMANT

    @property
    def counts(self) -> Mapping[Verdict, int]:
        """How many tests got each verdict; verdicts that nobody got are absent."""
        return Counter(test.verdict for test in self.tests)

    @property
    def topics(self) -> Mapping[str, tuple[RequirementResult, ...]]:
        """The requirements by topic, in the order of the catalogue."""
        grouped: dict[str, list[RequirementResult]] = {}
        for requirement in self.requirements:
            grouped.setdefault(requirement.topic, []).append(requirement)
        return {topic: tuple(results) for topic, results in grouped.items()}
