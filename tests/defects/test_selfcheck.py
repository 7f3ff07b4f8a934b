import json
import textwrap
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from mimi_conformance.command_line import selfcheck as command_module
from mimi_conformance.command_line.selfcheck import command
from mimi_conformance.mocks.defects.registry import defects
from mimi_conformance.reports.model import Verdict
from mimi_conformance.suites.runner import selfcheck as running
from mimi_conformance.suites.runner.kill_matrix import Matrix, Outcome, Trial
from mimi_conformance.suites.runner.selfcheck import SelfcheckOptions, StalledError, trials

TESTS = """
    from mimi_conformance.suites.target.judgement import checks, expect, observe

    @checks("PROTO-5.1-17")
    def test_media_type(world):
        exchange = world.peer.send("GET", f"https://{world.domain}/.well-known/mimi-protocol-directory")
        kind = exchange.response_header("content-type")[0]
        expect(kind == "application/json", expected="JSON", got=kind)

    @checks("PROTO-5.1-17")
    def test_that_can_not_fail(world):
        expect(True, expected="nothing", got="nothing")

    @checks("PROTO-5.1-17")
    def test_that_can_not_bear_text(world):
        exchange = world.peer.send("GET", f"https://{world.domain}/.well-known/mimi-protocol-directory")
        assert exchange.response_header("content-type") == ("application/json",)

    @checks("PROTO-5.1-16")
    def test_about_something_else(world):
        expect(True, expected="nothing", got="nothing")
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Matrix:
    """What becomes of four tests and one defect, in a process of its own."""
    folder = tmp_path_factory.mktemp("suites")
    (folder / "family").mkdir()
    (folder / "family" / "test_directory.py").write_text(textwrap.dedent(TESTS))
    text = tuple(each for each in defects() if each.name == "calls-the-directory-text")
    return Matrix.of(trials(text, SelfcheckOptions(folder=folder)), complete=True)


def test_the_reference_stands_every_test(found: Matrix):
    assert len(found.healthy.outcomes) == 4
    assert found.unhealthy == ()


def test_a_defect_stands_the_tests_of_what_it_breaks(found: Matrix):
    [text] = found.trials
    assert len(text.outcomes) == 3


def test_a_defect_kills_the_test_that_notices(found: Matrix):
    assert found.killers["family/directory::test_media_type"] == ("calls-the-directory-text",)


def test_a_test_that_can_not_fail_is_killed_by_nothing(found: Matrix):
    assert "family/directory::test_that_can_not_fail" in found.idle
    assert not found.holds


def test_an_error_of_a_test_is_no_kill_but_a_fault(found: Matrix):
    assert "family/directory::test_that_can_not_bear_text" in found.idle
    assert "test_that_can_not_bear_text" in found.troubles["calls-the-directory-text"][0]


def test_processes_that_do_nothing_are_not_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "STALL_SECONDS", 0.01)
    with pytest.raises(StalledError, match="No trial has ended for"):
        next(trials((), SelfcheckOptions()))


CAUGHT = frozenset({"PROTO-5.1-17"})
HEALTHY = Trial(None, (Outcome("family/a::test", CAUGHT, frozenset(), Verdict.PASS, None),), (), 0.1)


def trial_of(name: str, broken: frozenset[str]) -> Trial:
    defect = next(each for each in defects() if each.name == name)
    return Trial(defect, (Outcome("family/a::test", CAUGHT, broken, Verdict.WARN, "text"),), (), 0.1)


@pytest.fixture
def selfcheck(monkeypatch: pytest.MonkeyPatch):
    def selfcheck(*arguments: str, broken: frozenset[str] = CAUGHT):
        monkeypatch.setattr(
            command_module,
            "trials",
            lambda chosen, _: iter([trial_of("calls-the-directory-text", broken), HEALTHY]),
        )
        return CliRunner().invoke(command, arguments, standalone_mode=False)

    return selfcheck


def test_the_command_shows_the_matrix_and_ends_well(selfcheck):
    result = selfcheck()
    assert result.return_value == 0
    assert "defects tried: 1; tests killed: 1 of 1; requirements covered" in result.output
    assert "calls-the-directory-text" in result.output


def test_the_command_names_what_is_not_caught_and_what_catches_nothing(selfcheck):
    result = selfcheck(broken=frozenset())
    assert result.return_value == 1
    assert "calls-the-directory-text at PROTO-5.1-17" in result.output
    assert "family/a::test" in result.output


def test_each_test_can_be_shown_with_the_defects_that_kill_it(selfcheck):
    lines = selfcheck("--verbose").output.splitlines()
    assert any(line.split() == ["family/a::test", "calls-the-directory-text"] for line in lines)


def test_a_command_that_stalls_says_so(monkeypatch: pytest.MonkeyPatch):
    def stalled(chosen, options):
        raise StalledError
        yield

    monkeypatch.setattr(command_module, "trials", stalled)
    result = CliRunner().invoke(command, [], standalone_mode=False)
    assert result.return_value == 3
    assert "was killed, or hangs" in result.output


def test_one_defect_alone_is_no_reason_to_blame_tests(selfcheck):
    result = selfcheck("--defect", "calls-the-directory-text")
    assert result.return_value == 0
    assert "catch no defect" not in result.output


def test_an_unknown_defect_is_a_matter_of_usage(selfcheck):
    result = selfcheck("--defect", "is-perfect")
    assert isinstance(result.exception, click.UsageError)
    assert "There is no defect 'is-perfect'" in result.exception.message


def test_the_matrix_can_be_had_as_json(selfcheck, tmp_path: Path):
    report = tmp_path / "matrix.json"
    assert selfcheck("--json", str(report)).return_value == 0
    assert json.loads(report.read_text())["holds"] is True


def test_a_report_that_can_not_be_written_is_refused_before_anything_runs(selfcheck, tmp_path: Path):
    result = selfcheck("--json", str(tmp_path / "nowhere" / "matrix.json"))
    assert isinstance(result.exception, click.UsageError)
