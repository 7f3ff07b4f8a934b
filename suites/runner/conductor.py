"""Leads a run: the preflight, then the results of all tests as they come in, then the run and its reports.

One per run, in the process that the user started. The tests may run in other processes; see performer.py.
"""

import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Protocol

import pytest

from mimi_conformance.reference.drafts.code_points import CURRENT
from mimi_conformance.reports import json_report, junit
from mimi_conformance.reports.model import CheckOutcome, ExitCode, PreflightFinding, Run, TestResult, Verdict
from mimi_conformance.suites.runner import known_failures
from mimi_conformance.suites.runner.assembly import requirement_results, summary
from mimi_conformance.suites.runner.evidence import finding_as_evidence
from mimi_conformance.suites.runner.handing_over import dumped
from mimi_conformance.suites.runner.performer import COLLECTED, RESULT, Performer
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.preflight import lost, preflight
from mimi_conformance.suites.target.reading import TargetError

TARGET = "conformance_target"  # the key under which a worker of pytest-xdist gets the target


class Listener(Protocol):
    """Somebody who wants to know how far a run is."""

    def selected(self, tests: int) -> None:
        """The tests have been found; so many will run."""

    def finished(self, result: TestResult) -> None:
        """A test has ended."""


@dataclass(frozen=True, eq=False)
class Commission:
    """What a caller in this process, rather than a command line, asks of a run; given to pytest as a plugin.

    `target` is already described, and started when that is needed; `runs` receives the run.
    """

    target: TargetDescription | None = None
    listener: Listener | None = None
    runs: list[Run] = field(default_factory=list)


@dataclass(frozen=True)
class Reports:
    """Where the reports of a run go; None: not wanted."""

    json: Path | None = None
    junit: Path | None = None

    def write(self, run: Run) -> None:
        """Write them; OSError when a file can't be written."""
        if self.json is not None:
            self.json.write_text(json_report.dumps(run), encoding="utf-8")
        if self.junit is not None:
            self.junit.write_text(junit.dumps(run), encoding="utf-8")


@dataclass(frozen=True)
class Score:
    """What the user asked of a run.

    `open_target` gives the target, and leaves on the stack what must be closed when the run is over; `known` are the
    known failures; `preflight` says whether there is one; `own_clients` says whether the clients of the target can be
    judged; `selection` says in words which tests were asked for; `commission` is the caller's.
    """

    open_target: Callable[[ExitStack], TargetDescription]
    known: Mapping[str, str]
    reports: Reports
    preflight: bool
    own_clients: bool
    strict: bool
    workers: int
    selection: str
    commission: Commission


class Conductor:
    """The hooks that lead a run; `run` is there once it is over."""

    def __init__(self, performer: Performer, score: Score) -> None:
        self._performer = performer
        self._score = score
        self._started = datetime.now(UTC)
        self._opened = ExitStack()
        self._selected = 0
        self._collected: set[str] = set()
        self._preflight: tuple[PreflightFinding, ...] = ()
        self._results: list[TestResult] = []
        self._harness_errors: list[str] = []
        self._interrupted = False
        self.run: Run | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self) -> None:
        """Have the target described, and started when it is ours, before the workers of pytest-xdist are."""
        try:
            self._performer.target = self._score.open_target(self._opened)
        except TargetError as error:
            self._preflight = (PreflightFinding("description", CheckOutcome.PROBLEM, str(error)),)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Hand the target to a worker of pytest-xdist."""
        if self._performer.target is not None:
            node.workerinput[TARGET] = dumped(self._performer.target)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Tell configuration from conformance before anything runs."""
        if self._performer.target is not None and self._score.preflight:
            self._preflight = tuple(finding_as_evidence(finding) for finding in preflight(self._performer.target))
        if any(finding.outcome is CheckOutcome.PROBLEM for finding in self._preflight):
            pytest.exit("the preflight stopped the run", returncode=ExitCode.PREFLIGHT)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count the tests, when they run in this process."""
        self._collected.update(self._performer.collected)
        self._select(len(session.items))

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: list[str]) -> None:
        """Count the tests, when they run in workers: each worker finds the same."""
        if not self._selected:
            self._select(len(ids))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Learn from a worker which tests there are."""
        self._collected.update(getattr(node, "workeroutput", {}).get(COLLECTED, ()))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the result of a test from its last report."""
        if (document := getattr(report, RESULT, None)) is not None:
            result = json_report.restored(TestResult, document)
            self._results.append(result)
            if self._score.commission.listener is not None:
                self._score.commission.listener.finished(result)
        elif report.when not in ("setup", "call", "teardown"):  # how pytest-xdist reports that a worker died
            self._harness_errors.append(f"{report.nodeid}: {report.longreprtext}")

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a file of tests that can't be read."""
        if report.failed:
            self._harness_errors.append(f"{report.nodeid} can't be collected:\n{report.longreprtext}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_internalerror(self, excrepr: object) -> None:
        """Note that pytest or a plugin failed."""
        self._harness_errors.append(str(excrepr))

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Note a Ctrl-C. Its subclasses and pytest.exit are how pytest itself ends a session."""
        self._interrupted = excinfo.type is KeyboardInterrupt
        _hear_no_more_interrupts()

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """End the run: close what was opened, write the reports, decide the exit code."""
        _hear_no_more_interrupts()
        self._look_again()
        self._opened.close()
        if session.exitstatus == ExitCode.USAGE:
            return  # the options make no run
        self.run = self._assembled()
        try:
            self._score.reports.write(self.run)
        except OSError as error:
            self._harness_errors.append(f"The report {error.filename} can't be written: {error.strerror}.")
            self.run = self._assembled()
        self._score.commission.runs.append(self.run)
        session.exitstatus = self.run.exit_code

    def _look_again(self) -> None:
        """When tests could judge nothing, see whether that is because the target is gone."""
        unjudged = any(result.verdict in (Verdict.BLOCKED, Verdict.INCONCLUSIVE) for result in self._results)
        if unjudged and self._performer.target is not None and self._score.preflight and not self._interrupted:
            self._preflight += tuple(finding_as_evidence(finding) for finding in lost(self._performer.target))

    def pytest_unconfigure(self) -> None:
        """Close what was opened, in a session that ended before it had begun."""
        self._opened.close()

    def _select(self, tests: int) -> None:
        self._selected = tests
        if self._score.commission.listener is not None:
            self._score.commission.listener.selected(tests)

    def _assembled(self) -> Run:
        tests = tuple(sorted(self._results, key=lambda result: result.id))
        return Run(
            tool_version=version("mimi-conformance"),
            drafts_revision=CURRENT,
            target=summary(self._performer.target) if self._performer.target else (),
            selection=self._score.selection,
            strict=self._score.strict,
            workers=self._score.workers,
            started=self._started,
            ended=datetime.now(UTC),
            preflight=self._preflight,
            tests=tests,
            requirements=tuple(requirement_results(tests, own_clients=self._score.own_clients)),
            stale_known_failures=tuple(known_failures.stale(self._score.known, tests, self._collected)),
            harness_errors=tuple(dict.fromkeys(self._harness_errors)),
            interrupted=self._interrupted,
            unstarted=max(self._selected - len(tests), 0),
        )


def _hear_no_more_interrupts() -> None:
    """Ignore an impatient Ctrl-C from here on: the run is ending, and its reports must be written."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_IGN)
