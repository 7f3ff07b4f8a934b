"""Runs the suites from a program: the `run` command, `selfcheck`, or anybody's own.

pytest does the work, in this process, without its own output.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mimi_conformance import suites
from mimi_conformance.reports.model import Run
from mimi_conformance.suites.target.conductor import Commission, Listener
from mimi_conformance.suites.target.description import TargetDescription

_SUITES = Path(suites.__path__[0])
_PLUGIN = "mimi_conformance.suites.target.plugin"


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
    folder: Path = _SUITES


def suite_names(folder: Path = _SUITES) -> tuple[str, ...]:
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


def _arguments(options: RunOptions) -> list[str]:
    """Pytest's command line. Nothing on the user's disk has a say in it: no configuration, no conftest, no plugin."""
    folder = options.folder.absolute()
    arguments = ["--disable-plugin-autoload", "-p", "xdist.plugin", "-p", _PLUGIN, "-p", "no:cacheprovider"]
    arguments += ["-c", os.devnull, "--rootdir", str(folder), "--noconftest", "--import-mode=importlib"]
    arguments += [
        "--strict-markers",
        "--continue-on-collection-errors",
        "-n",
        str(0 if options.workers == 1 else options.workers),
    ]
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
    return [*arguments, *(str(folder / name) for name in options.suites or suite_names(folder))]


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keep what the user tells pytest elsewhere out of a run."""
    saved = os.environ.pop("PYTEST_ADDOPTS", None)
    try:
        yield
    finally:
        if saved is not None:
            os.environ["PYTEST_ADDOPTS"] = saved
