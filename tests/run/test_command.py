"""`mimi-conformance run`: its options, what it prints, how it exits."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from mimi_conformance.command_line import main
from mimi_conformance.command_line import run as run_module
from mimi_conformance.suites.runner.run import NoRunError, RunOptions


@pytest.fixture
def asked(monkeypatch, run):
    """What the command asks for; the run that it gets is of one test that fails."""
    seen = []
    found = run("@checks('PROTO-5.7-15')\ndef test_it():\n    expect(False, expected='201', got=500)")

    def run_suites(options, listener):
        seen.append(options)
        return found

    monkeypatch.setattr(run_module, "run_suites", run_suites)
    return seen


def invoke(*arguments):
    """The exit code and output of the whole command line."""
    return CliRunner().invoke(run_module.command, arguments, standalone_mode=False)


def test_the_reference_is_run_with_one_worker_unless_told_otherwise(asked):
    assert invoke("--reference").return_value == 1
    assert asked == [RunOptions(reference=True)]


def test_every_option_reaches_the_run(asked, tmp_path):
    (tmp_path / "known.toml").touch()
    invoke(
        *("--target", "https://a.example", "--ca", str(tmp_path / "known.toml"), "--identity", str(tmp_path)),
        *("--workers", "2", "-k", "consent", "--requirement", "PROTO-5.7-15", "--strict"),
        *("--known-failures", str(tmp_path / "known.toml"), "--json", "run.json", "--junit", "run.xml"),
    )
    assert asked == [
        RunOptions(
            place="https://a.example",
            ca=tmp_path / "known.toml",
            identity=tmp_path,
            workers=2,
            keyword="consent",
            requirements=("PROTO-5.7-15",),
            strict=True,
            known_failures=tmp_path / "known.toml",
            report_json=Path("run.json"),
            report_junit=Path("run.xml"),
        )
    ]


def test_the_report_says_what_failed_and_what_the_exit_code_means(asked):
    output = invoke("--reference").output
    assert "expected  201" in output
    assert "a requirement failed  (exit code 1)" in output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Name one server to test"),
        (["--reference", "--target", "target.toml"], "Name one server to test"),
        (["--reference", "--suite", "nonsense"], "There is no suite 'nonsense'"),
        (["--reference", "--workers", "0"], "'0' is neither a number of workers"),
        (["--target", "x.toml", "--ca", "missing.pem"], "missing.pem"),
    ],
)
def test_wrong_usage_says_what_is_wrong(arguments, says, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["run", *arguments])
    assert caught.value.code == 4
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("code", [2, 3, 4])
def test_no_run_ends_with_the_code_that_pytest_gave(monkeypatch, code):
    def run_suites(options, listener):
        raise NoRunError(code)

    monkeypatch.setattr(run_module, "run_suites", run_suites)
    with pytest.raises(SystemExit) as caught:
        main(["run", "--reference"])
    assert caught.value.code == code
