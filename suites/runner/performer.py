"""Runs each test of the suites, a failed one twice, and hands on what came of it.

One per process that runs tests: pytest itself, or each worker of pytest-xdist. Decides nothing about the run.
"""

from collections.abc import Container, Generator, Mapping
from contextlib import ExitStack
from dataclasses import replace

import pytest
from _pytest.runner import runtestprotocol  # the only way to run a test again; pytest-rerunfailures uses it too
from hypothesis import HealthCheck, settings

from mimi_conformance.reference.drafts.requirements import UnknownRequirement, requirement
from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.reports.json_report import plain
from mimi_conformance.reports.model import TestResult, Verdict
from mimi_conformance.suites.runner.attempt import (
    PASSING,
    Attempt,
    cited,
    known_failure,
    result_of,
    tell_pytest,
    test_id,
    unstable,
)
from mimi_conformance.suites.runner.evidence import as_evidence
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.judgement import (
    FEATURE_MARKER,
    ROLE_MARKER,
    Blocked,
    Ledger,
    MisusedJudgement,
    NotDeclared,
    judging,
)
from mimi_conformance.suites.target.laboratory import LaboratoryError
from mimi_conformance.suites.target.sections import FEATURES
from mimi_conformance.suites.target.world import World, open_world

RESULT = (
    "conformance"  # the attribute of a test's last report that holds its result as JSON; it crosses to the controller
)
VERDICT = "conformance_verdict"  # the attribute of the report that decided; what pytest shows for the test
COLLECTED = "conformance_collected"  # the key under which a worker tells the controller which tests it found

_PROFILE = "mimi-conformance"
_ATTEMPT = pytest.StashKey[Attempt]()


class Performer:
    """The hooks that run tests.

    `known` are the known failures; `wanted`, when not empty, are the requirements to which the run is narrowed;
    `worker` is the number of this process among those that run tests; `strict` makes what is not declared fail, and
    `repeat` runs a failed test again. `target` is set before the tests are collected.
    """

    def __init__(
        self, known: Mapping[str, str], wanted: frozenset[str], worker: int, *, strict: bool, repeat: bool
    ) -> None:
        self._known = known
        self._wanted = wanted
        self._strict = strict
        self._repeat = repeat
        self.target: TargetDescription | None = None
        self._worker = worker
        self._opened = ExitStack()
        self._world: World | None = None
        self.collected: list[str] = []
        self._hypothesis_profile = ""

    def world(self) -> World:
        """The world of the tests, opened when the first of them asks for it; Blocked when that can't be done."""
        assert self.target is not None  # without one, no test is run
        if self._world is None:
            try:
                self._world = self._opened.enter_context(open_world(self.target, self._worker))
            except LaboratoryError as error:
                raise Blocked(str(error)) from error
        return self._world

    def pytest_configure(self) -> None:
        """Generate the same input in every run: a verdict must not depend on luck or on what an earlier run kept."""
        self._hypothesis_profile = settings.get_current_profile_name()
        settings.register_profile(
            _PROFILE,
            database=None,
            derandomize=True,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no error of anybody's
        )
        settings.load_profile(_PROFILE)

    def pytest_unconfigure(self) -> None:
        """Give Hypothesis back to whoever else uses it in this process."""
        settings.load_profile(self._hypothesis_profile)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        """Keep the tests that cite a wanted requirement."""
        self.collected = [test_id(item) for item in items]
        if self._wanted:
            left_out = [item for item in items if self._wanted.isdisjoint(cited(item))]
            items[:] = [item for item in items if not self._wanted.isdisjoint(cited(item))]
            config.hook.pytest_deselected(items=left_out)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> bool:
        """Run a test, once more when it fails, and report on it."""
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        result, reports = self._perform(item, nextitem)
        setattr(tell_pytest(reports, result, item), VERDICT, result.verdict.value)
        setattr(reports[-1], RESULT, plain(result))
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Refuse a test that cites what does not exist, and one that the target does not declare itself for."""
        try:
            for id_ in cited(item):
                requirement(id_)
        except UnknownRequirement as error:
            raise MisusedJudgement(f"The test cites a requirement that does not exist: {error}.") from error
        if self.target is not None:
            _require_declared(item, self.target)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note how a phase ended while its exception is at hand."""
        item.stash[_ATTEMPT].end_phase(call)
        return (yield)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Close the world, and tell the controller of pytest-xdist, if there is one, which tests there are."""
        self._opened.close()
        if (output := getattr(session.config, "workeroutput", None)) is not None:
            output[COLLECTED] = self.collected

    def _perform(self, item: pytest.Item, nextitem: pytest.Item | None) -> tuple[TestResult, list[pytest.TestReport]]:
        first, reports = self._attempt(item, nextitem)
        if first.verdict is not Verdict.FAIL or not self._repeat:
            return first, reports
        second, reports_of_second = self._attempt(item, nextitem)
        if second.verdict in PASSING:
            return unstable(first, second), reports_of_second
        return replace(first, attempts=2), reports

    def _attempt(self, item: pytest.Item, nextitem: pytest.Item | None) -> tuple[TestResult, list[pytest.TestReport]]:
        attempt = item.stash[_ATTEMPT] = Attempt(Ledger(cited(item)))
        mark = self._world.recorder.mark() if self._world else 0
        with judging(attempt.ledger):
            attempt.reports = runtestprotocol(item, log=False, nextitem=nextitem)
        if self._world is not None:
            attempt.exchanges = tuple(as_evidence(exchange) for exchange in self._world.recorder.since(mark))
        return known_failure(result_of(item, attempt, strict=self._strict), self._known), attempt.reports


def _require_declared(item: pytest.Item, target: TargetDescription) -> None:
    kinds: tuple[tuple[str, Container[str], Container[str]], ...] = (
        (ROLE_MARKER, frozenset(Role), target.provider.roles),
        (FEATURE_MARKER, FEATURES, target.provider.features),
    )
    for kind, known, declared in kinds:
        for name in (name for mark in item.iter_markers(kind) for name in mark.args):
            if name not in known:
                raise MisusedJudgement(f"The test asks for the {kind} {name!r}, which no target can declare.")
            if name not in declared:
                raise NotDeclared(f"{kind} {name}")
