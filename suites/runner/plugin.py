"""The pytest plugin that makes a conformance run of `pytest suites --target target.toml`.

Without a target it only knows its options and markers, so that this project's own tests run under it undisturbed.
"""

import pytest
from rich.console import Console

from mimi_conformance.mocks.control.client import ControlClient
from mimi_conformance.reports import terminal
from mimi_conformance.reports.model import Verdict
from mimi_conformance.reports.progress import MARKS
from mimi_conformance.suites.runner import options
from mimi_conformance.suites.runner.conductor import TARGET, Commission, Conductor
from mimi_conformance.suites.runner.handing_over import loaded
from mimi_conformance.suites.runner.performer import VERDICT, Performer
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.judgement import FEATURE_MARKER, REQUIREMENTS_MARKER, ROLE_MARKER
from mimi_conformance.suites.target.world import World

_CONDUCTOR = pytest.StashKey[Conductor]()
_PERFORMER = pytest.StashKey[Performer]()

# The verdicts that pytest has its own words for; the others stand under their own names in its last line.
_CATEGORIES = {Verdict.PASS: "passed", Verdict.FAIL: "failed", Verdict.HARNESS_ERROR: "error"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of a conformance run."""
    options.add_to(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Know the markers; and run the tests or lead the run, when there is a target."""
    config.addinivalue_line("markers", f"{REQUIREMENTS_MARKER}(*ids): the requirements that a test can judge")
    config.addinivalue_line("markers", f"{FEATURE_MARKER}(*names): the features that a test needs of the target")
    config.addinivalue_line("markers", f"{ROLE_MARKER}(*names): the roles that a test needs of the target")
    commissions = [each for each in config.pluginmanager.get_plugins() if isinstance(each, Commission)]
    commission = commissions[0] if commissions else Commission()
    if (workerinput := getattr(config, "workerinput", None)) is not None:
        if TARGET in workerinput:
            worker = int(workerinput["workerid"].removeprefix("gw"))
            _perform(config, worker).target = loaded(workerinput[TARGET])
    elif options.ask_for_a_run(config, commission):
        _lead(config, commission)
    elif options.ask_for_suites(config):  # under pytest-xdist this process would not see the tests themselves
        raise pytest.UsageError(options.NO_TARGET)


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    """The target, our peers around it, and the target's users."""
    world = request.config.stash[_PERFORMER].world()
    world.start_test()
    return world


@pytest.fixture
def target(world: World) -> TargetDescription:
    """What is known about the server under test."""
    return world.description


@pytest.fixture
def peer(world: World) -> AddressedPeer:
    """A provider of ours."""
    return world.peer


@pytest.fixture
def other_peer(world: World) -> AddressedPeer:
    """Another provider of ours; without one, the test is blocked."""
    return world.other_peer


@pytest.fixture
def control(world: World) -> ControlClient:
    """The target's control interface; without one, the test is blocked."""
    return world.control


def _perform(config: pytest.Config, worker: int) -> Performer:
    known, wanted = options.known_failures(config), options.wanted(config)
    strict, repeat = config.option.strict_target, not config.option.no_repeat
    performer = Performer(known, wanted, worker, strict=strict, repeat=repeat)
    config.stash[_PERFORMER] = performer
    config.pluginmanager.register(performer, "conformance performer")
    return performer


def _lead(config: pytest.Config, commission: Commission) -> None:
    conductor = Conductor(_perform(config, 0), options.score(config, commission))
    config.stash[_CONDUCTOR] = conductor
    config.pluginmanager.register(conductor, "conformance conductor")
    if config.option.tbstyle == "auto":
        config.option.tbstyle = "no"  # our own report says it better


@pytest.hookimpl(tryfirst=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to run conformance tests against nothing, wherever they are."""
    idle = _PERFORMER not in session.config.stash and not session.config.option.collectonly
    if idle and any(item.get_closest_marker(REQUIREMENTS_MARKER) for item in session.items):
        raise pytest.UsageError(options.NO_TARGET)


def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> tuple[str, str, str] | None:
    """Show verdicts where pytest shows outcomes."""
    if (verdict := getattr(report, VERDICT, None)) is None:
        return None
    category = _CATEGORIES.get(Verdict(verdict), verdict)
    return category, MARKS[Verdict(verdict)], verdict.upper()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print the run below what pytest prints."""
    conductor = config.stash.get(_CONDUCTOR, None)
    if conductor is not None and conductor.run is not None:
        console = Console(force_terminal=terminalreporter.hasmarkup, highlight=False)
        with console.capture() as capture:
            terminal.render(conductor.run, console, verbose=config.get_verbosity() > 0)
        terminalreporter.ensure_newline()
        terminalreporter.write(capture.get())
