"""Runs the suites from a program: the `run` command, `selfcheck`, or anybody's own.

pytest does the work, in this process, without its own output.
"""

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mimi_conformance import suites
from mimi_conformance.reports.model import Run
from mimi_conformance.suites.runner.attempt import cited, test_id
from mimi_conformance.suites.runner.conductor import Commission, Listener
from mimi_conformance.suites.target.description import TargetDescription

SUITES = Path(suites.__path__[0])
"""The folder of the scenario families."""

_PLUGIN = "mimi_conformance.suites.runner.plugin"


class NoRunError(Exception):
    """pytest ended before a run began; it has said why on standard error. `exit_code` is 4 when that was usage."""

    def __init__(self, exit_code: int) -> None:
        self.exit_code = exit_code
        super().__init__(f"pytest ended with exit code {exit_code} before a run began")


@dataclass(frozen=True)
class RunOptions:
    """What to run, against what.

    The server under test is exactly one of `target` (a description, of a server that is already there), `place` (a
    ``target.toml`` or a URL, the latter with `ca` and `identity`) and `reference` (the built-in server, started for
    the run). `suites` names scenario families (``transport``), all when empty; `keyword` is pytest's ``-k``;
    `requirements` are ids, to run only the tests that cite one of them. `workers` is a number of processes, or
    ``auto`` for one per core; with 1 the tests run in this process. Without `preflight` the configuration is taken for
    granted, and without `repeat` a failed test is not run again. `folder` is where the families are.
    """

    target: TargetDescription | None = None
    place: str | None = None
    reference: bool = False
    ca: Path | None = None
    identity: Path | None = None
    suites: tuple[str, ...] = ()
    keyword: str | None = None
    requirements: tuple[str, ...] = ()
    strict: bool = False
    workers: int | str = 1
    preflight: bool = True
    repeat: bool = True
    known_failures: Path | None = None
    report_json: Path | None = None
    report_junit: Path | None = None
    folder: Path = SUITES


def suite_names(folder: Path = SUITES) -> tuple[str, ...]:
    """The scenario families that have tests."""
    return tuple(sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and any(entry.glob("test_*.py"))))


def run_suites(options: RunOptions, listener: Listener | None = None) -> Run:
    """Run the suites and return what they found out; `listener` is told how far it is.

    Raises:
        NoRunError: the options make no run.

    """
    commission = Commission(options.target, listener)
    with _undisturbed():
        exit_code = pytest.main(_arguments(options), plugins=[commission, _Silence()])
    if not commission.runs:
        raise NoRunError(int(exit_code))
    return commission.runs[0]


class _Silence:
    """Takes pytest's own reporter out as soon as it comes in; its options stay, which other plugins count on."""

    def __init__(self) -> None:
        self._begun = False

    def pytest_plugin_registered(self, plugin_name: str, manager: pytest.PytestPluginManager) -> None:
        if plugin_name == "terminalreporter":
            manager.unregister(name=plugin_name)

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        self._begun = True

    def pytest_internalerror(self) -> bool:
        """Keep pytest from printing what the run reports; before a run nobody else would say it."""
        return self._begun


def collect(suites: Sequence[str] = (), folder: Path = SUITES) -> tuple[dict[str, tuple[str, ...]], tuple[str, ...]]:
    """The tests of some families (all when none is named) with the requirements they cite; and what can't be collected.

    Nothing is run, so no server is needed.
    """
    collected = _Collected()
    with _undisturbed():
        pytest.main(
            [*_pytest_alone(folder), "--collect-only", *_places(suites, folder)], plugins=[collected, _Silence()]
        )
    return collected.tests, tuple(collected.errors)


@dataclass(eq=False)
class _Collected:
    """Takes the tests from pytest as it finds them."""

    tests: dict[str, tuple[str, ...]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        self.tests = {test_id(item): cited(item) for item in session.items}

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self.errors.append(f"{report.nodeid} can't be collected: {report.longreprtext}")


def _pytest_alone(folder: Path) -> list[str]:
    """Pytest's command line without anything on the user's disk having a say: no configuration, conftest or plugin."""
    return [
        *("--disable-plugin-autoload", "-p", "xdist.plugin", "-p", _PLUGIN, "-p", "no:cacheprovider"),
        *("-c", os.devnull, "--rootdir", str(folder.absolute()), "--noconftest", "--import-mode=importlib"),
        *("--strict-markers", "--continue-on-collection-errors"),
    ]


def _places(suites: Sequence[str], folder: Path) -> list[str]:
    return [str(folder.absolute() / name) for name in suites or suite_names(folder)]


def _arguments(options: RunOptions) -> list[str]:
    arguments = [*_pytest_alone(options.folder), "-n", str(0 if options.workers == 1 else options.workers)]
    given = {
        "--target": options.place,
        "--ca": options.ca,
        "--identity": options.identity,
        "-k": options.keyword,
        "--known-failures": options.known_failures,
        "--report-json": options.report_json,
        "--report-junit": options.report_junit,
    }
    for option, value in given.items():
        if value is not None:
            arguments += [option, str(value)]
    for requirement in options.requirements:
        arguments += ["--requirement", requirement]
    flags = {
        "--reference": options.reference,
        "--strict-target": options.strict,
        "--no-preflight": not options.preflight,
        "--no-repeat": not options.repeat,
    }
    arguments += [flag for flag, wanted in flags.items() if wanted]
    return [*arguments, *_places(options.suites, options.folder)]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep what the user tells pytest elsewhere out of a run, and hear Ctrl-C afterwards as before."""
    saved = os.environ.pop("PYTEST_ADDOPTS", None)
    on_interrupt = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, on_interrupt)
        if saved is not None:
            os.environ["PYTEST_ADDOPTS"] = saved
