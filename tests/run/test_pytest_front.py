"""The same run for people who live in pytest."""

import textwrap

import pytest

from mimi_conformance.mocks.network.authority import CertificateAuthority
from mimi_conformance.reports import json_report
from mimi_conformance.reports.model import Verdict
from mimi_conformance.suites.runner import conductor
from mimi_conformance.suites.runner.attempt import SUITES

pytest_plugins = ["pytester"]

PLUGIN = "mimi_conformance.suites.runner.plugin"
SUITE = """
    import pytest
    from mimi_conformance.suites.target.judgement import checks, expect, inconclusive, warning

    @checks("PROTO-5.7-12")
    def test_passing():
        pass

    @checks("PROTO-5.7-12")
    def test_warning():
        warning(expected="201", got=202)

    @checks("PROTO-5.7-12")
    def test_failing():
        expect(False, expected="201", got=500)

    @checks("PROTO-5.7-12")
    def test_inconclusive():
        inconclusive("too slow")

    @checks("PROTO-5.7-12")
    def test_known():
        expect(False, expected="201", got=404)

    @checks("PROTO-5.7-12")
    def test_broken():
        raise KeyError("ours")
"""


@pytest.fixture
def session(pytester, monkeypatch):
    """Runs pytest in this process, with a target.toml that describes nobody's server."""
    monkeypatch.setattr(conductor, "preflight", lambda _: ())
    monkeypatch.setattr(conductor, "lost", lambda _: ())
    pytester.makepyfile(test_things=textwrap.dedent(SUITE))
    CertificateAuthority.create().save(pytester.path)
    (pytester.path / "known.toml").write_text('"things::test_known" = "SRV-1"')
    (pytester.path / "target.toml").write_text(
        textwrap.dedent("""
            [provider]
            domains = ["a.example"]
            url = "https://a.example"
            trust = "ca.pem"
            roles = ["follower"]
            [peers]
            folder = "."
            [peers.domains]
            "b.example" = "127.0.0.1:0"
        """)
    )
    return lambda *arguments: pytester.inline_run("-p", PLUGIN, "-p", "no:cacheprovider", *arguments)


def test_verdicts_become_outcomes(session):
    record = session("--target", "target.toml", "--known-failures", "known.toml")
    outcomes = {report.nodeid.partition("::")[2]: report for report in record.getreports() if report.when == "call"}
    assert {name: report.outcome for name, report in outcomes.items()} == {
        "test_passing": "passed",
        "test_warning": "passed",
        "test_failing": "failed",
        "test_inconclusive": "skipped",
        "test_known": "skipped",
        "test_broken": "failed",
    }
    assert outcomes["test_known"].wasxfail == "SRV-1"
    assert record.ret == 1


def test_pytest_gives_the_verdicts_of_the_run_command(session, pytester, run):
    session("--target", "target.toml", "--known-failures", "known.toml", "--report-json", "run.json")
    under_pytest = json_report.loads((pytester.path / "run.json").read_text())
    source = textwrap.dedent(SUITE)
    by_command = run(source)
    known = {test.id.partition("::")[2]: test.verdict for test in by_command.tests} | {
        "test_known": Verdict.KNOWN_FAILURE
    }
    assert {test.id.partition("::")[2]: test.verdict for test in under_pytest.tests} == known


def test_the_report_stands_below_what_pytest_prints(session, capsys):
    session("--target", "target.toml", "--known-failures", "known.toml")
    out = capsys.readouterr().out
    assert "expected  201\n  got       500" in out
    assert "1 failed, 1 passed, 1 error, 1 warn, 1 inconclusive, 1 known-failure" in out


def test_conformance_tests_without_a_target_are_wrong_usage(session, capsys):
    record = session()
    assert record.ret == 4
    assert "These tests need a server to test: give --target" in capsys.readouterr().err


def test_the_suites_on_several_workers_without_a_target_are_wrong_usage(session, capsys):
    assert session("-n", "2", str(SUITES)).ret == 4
    assert "These tests need a server to test: give --target" in capsys.readouterr().err


@pytest.fixture
def checkout(pytester):
    """A clone of this project, with the package installed from somewhere else."""
    for name, source in {"runner/plugin.py": "", "family/test_things.py": textwrap.dedent(SUITE)}.items():
        file = pytester.path / "clone" / "suites" / name
        file.parent.mkdir(parents=True)
        file.write_text(source)
    return pytester.path / "clone"


def test_a_checkout_gives_the_test_ids_of_the_installed_package(session, pytester, checkout):
    session("--target", "target.toml", "--report-json", "run.json", "-k", "passing", str(checkout / "suites"))
    [found] = json_report.loads((pytester.path / "run.json").read_text()).tests
    assert found.id == "family/things::test_passing"


def test_the_suites_of_a_checkout_without_a_target_are_wrong_usage(session, checkout, capsys):
    assert session("-n", "2", str(checkout / "suites")).ret == 4
    assert "These tests need a server to test: give --target" in capsys.readouterr().err


def test_conformance_tests_can_be_listed_without_a_target(session):
    assert session("--collect-only").ret == 0


def test_other_tests_are_left_alone(session, pytester):
    pytester.makepyfile(test_things="def test_one():\n    assert True\n\ndef test_two():\n    assert False\n")
    record = session()
    assert [report.outcome for report in record.getreports() if report.when == "call"] == ["passed", "failed"]
    assert record.ret == 1


def test_the_plugin_can_be_named_twice(session, pytester):
    pytester.makeconftest(f"pytest_plugins = [{PLUGIN!r}]")
    assert session("--target", "target.toml", "-k", "passing").ret == 0


def test_a_description_with_mistakes_ends_with_the_code_for_configuration(session, pytester, capsys):
    (pytester.path / "target.toml").write_text("[provider]")
    assert session("--target", "target.toml").ret == 6
    assert "provider.domains" in capsys.readouterr().out
