"""The options of a conformance run, and what they come to."""

import shlex
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from mimi_conformance.reference.drafts.requirements import UnknownRequirement, requirement
from mimi_conformance.suites.runner.attempt import suites_around
from mimi_conformance.suites.runner.conductor import Commission, Reports, Score
from mimi_conformance.suites.runner.known_failures import KnownFailuresError, load
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.laboratory import LaboratoryError, require_enough_for
from mimi_conformance.suites.target.reachability import certified_domain
from mimi_conformance.suites.target.reading import TargetError
from mimi_conformance.suites.target.reference_target import ReferenceTarget

NO_TARGET = (
    "These tests need a server to test: give --target target.toml (`mimi-conformance init` writes one), "
    "--target https://HOST with --ca and --identity, or --reference."
)


def add_to(parser: pytest.Parser) -> None:
    """Let pytest know the options."""
    group = parser.getgroup("mimi-conformance", "conformance of a MIMI server")
    group.addoption("--target", metavar="FILE|URL", help="the server under test: its target.toml, or its URL")
    group.addoption("--reference", action="store_true", help="start the built-in server and test that")
    group.addoption("--ca", metavar="FILE", help="with a URL: the authorities (PEM) of the server's certificate")
    group.addoption("--identity", metavar="FOLDER", help="with a URL: the chain.pem and key.pem of a peer of ours")
    group.addoption("--strict-target", action="store_true", help="fail each MUST that the target does not declare")
    group.addoption("--requirement", metavar="ID", action="append", default=[], help="run the tests that cite this")
    group.addoption("--no-preflight", action="store_true", help="take the configuration for granted")
    group.addoption("--no-repeat", action="store_true", help="do not run a failed test again to see if it is stable")
    group.addoption("--known-failures", metavar="FILE", help="tests that must still fail, with reasons (TOML)")
    group.addoption("--report-json", metavar="FILE", help="write the run as JSON")
    group.addoption("--report-junit", metavar="FILE", help="write the run as JUnit XML")


def ask_for_a_run(config: pytest.Config, commission: Commission) -> bool:
    """Whether there is a target to run against; UsageError when it can't be one."""
    given = (config.option.target is not None, config.option.reference, commission.target is not None)
    if sum(given) > 1:
        raise pytest.UsageError("Give either --target or --reference: a run tests one server.")
    _check_place(config)
    if any(given):
        # pytest reads -k and -m when it selects tests. Under pytest-xdist that is in a worker, and too late for usage.
        mark: Any = config.pluginmanager.get_plugin("mark")
        mark.pytest_collection_modifyitems(items=[], config=config)
    return any(given) and not config.option.collectonly


def ask_for_suites(config: pytest.Config) -> bool:
    """Whether the command line names this project's suites, or a part of them, to be run."""
    named = (Path(argument.partition("::")[0]).resolve() for argument in config.args)
    return not config.option.collectonly and any(map(suites_around, named))


def score(config: pytest.Config, commission: Commission) -> Score:
    """What is asked of the run that this session is."""
    return Score(
        open_target=partial(_open_target, config, commission),
        known=known_failures(config),
        reports=Reports(json=_report(config, "report_json"), junit=_report(config, "report_junit")),
        preflight=not config.option.no_preflight,
        own_clients=config.option.reference,
        strict=config.option.strict_target,
        workers=_workers(config),
        selection=_selection(config),
        commission=commission,
    )


def known_failures(config: pytest.Config) -> Mapping[str, str]:
    """Test id -> reason; UsageError when the file can't be used."""
    if config.option.known_failures is None:
        return {}
    try:
        return load(Path(config.option.known_failures))
    except KnownFailuresError as error:
        raise pytest.UsageError(str(error)) from error


def wanted(config: pytest.Config) -> frozenset[str]:
    """The requirements to which the run is narrowed, with all the ids that tests may cite them by."""
    try:
        wanted = [requirement(id_) for id_ in config.option.requirement]
    except UnknownRequirement as error:
        raise pytest.UsageError(f"--requirement: {error}.") from error
    return frozenset(id_ for each in wanted for id_ in (each.id, *each.aliases))


def _open_target(config: pytest.Config, commission: Commission, opened: ExitStack) -> TargetDescription:
    if commission.target is not None:
        return commission.target
    if config.option.reference:
        return opened.enter_context(ReferenceTarget()).description
    description = _described(config)
    try:
        require_enough_for(description, _workers(config))
    except LaboratoryError as error:
        raise TargetError(description.place, [str(error).removesuffix(".")]) from error
    return description


def _described(config: pytest.Config) -> TargetDescription:
    place: str = config.option.target
    if "://" in place:
        return TargetDescription.for_url(place, Path(config.option.ca), Path(config.option.identity), certified_domain)
    return TargetDescription.load(Path(place))


def _check_place(config: pytest.Config) -> None:
    """UsageError for a target that can't be one, before anything is started."""
    place: str | None = config.option.target
    given = (config.option.ca, config.option.identity)
    if place is not None and "://" in place:
        if None in given:
            raise pytest.UsageError(
                "A target named by its URL needs --ca (the authorities of its certificate) and --identity (the folder "
                "with the chain.pem and key.pem of a peer of ours)."
            )
    elif given != (None, None):
        raise pytest.UsageError("--ca and --identity go with --target https://HOST, and with nothing else.")
    elif place is not None and not Path(place).is_file():
        inside = Path(place) / "target.toml"
        advice = f"Did you mean {inside}?" if inside.is_file() else "`mimi-conformance init` writes one."
        raise pytest.UsageError(f"There is no file {place!r}. {advice} A URL begins with https://.")


def _report(config: pytest.Config, option: str) -> Path | None:
    file = config.getoption(option)
    if file is None:
        return None
    if not Path(file).parent.is_dir():
        raise pytest.UsageError(f"The report can't be written to {file}: there is no folder {Path(file).parent}.")
    return Path(file)


def _workers(config: pytest.Config) -> int:
    """How many processes run tests; pytest-xdist, which may be absent, says it in `tx`."""
    return max(len(getattr(config.option, "tx", None) or ()), 1)


def _selection(config: pytest.Config) -> str:
    """Which tests were asked for, written as on a command line."""
    option = config.option
    words = [Path(argument).name for argument in config.args]
    words += ["-k", option.keyword] if option.keyword else []
    words += ["-m", option.markexpr] if option.markexpr else []
    words += [word for id_ in option.requirement for word in ("--requirement", id_)]
    return shlex.join(words)
