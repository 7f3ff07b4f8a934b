"""Ctrl-C in the middle: a report of what had been done so far, the right exit code, no traceback."""

import os
import signal
import subprocess
import sys

import pytest

from mimi_conformance.reports import json_report
from mimi_conformance.reports.model import ExitCode, Verdict
from mimi_conformance.suites.runner import conductor

PROGRAM = """
import signal
import sys
from pathlib import Path
from mimi_conformance.reports import terminal
from mimi_conformance.suites.runner import conductor
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.runner.run import RunOptions, run_suites
from mimi_conformance.suites.target.sections import PeersDescription, ProviderDescription

# Whoever runs these tests in the background of a shell has this signal ignored, and so would we.
signal.signal(signal.SIGINT, signal.default_int_handler)
conductor.preflight = lambda _: ()
folder, workers = Path(sys.argv[1]), int(sys.argv[2])
provider = ProviderDescription(("a.example",), "https://a.example", folder / "ca.pem")
target = TargetDescription("the tests", provider, PeersDescription(folder, {}))
run = run_suites(RunOptions(target=target, folder=folder, workers=workers, report_json=folder / "run.json"))
terminal.render(run, terminal.console_of())
sys.exit(run.exit_code)
"""


def test_a_second_ctrl_c_does_not_cost_the_reports(run, monkeypatch):
    heard = []

    def interrupt_twice(self, excinfo):
        original(self, excinfo)
        heard.append(signal.getsignal(signal.SIGINT))

    original = conductor.Conductor.pytest_keyboard_interrupt
    monkeypatch.setattr(conductor.Conductor, "pytest_keyboard_interrupt", interrupt_twice)
    before = signal.getsignal(signal.SIGINT)
    found = run(
        """
        @checks("PROTO-5.7-12")
        def test_one():
            raise KeyboardInterrupt
        """
    )
    assert found.interrupted
    assert heard == [signal.SIG_IGN]
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("workers", [1, 2])
def test_an_interrupted_run_reports_what_it_did(write, suites, workers):
    os.mkfifo(suites / "waiting")
    write(
        "family/test_things.py",
        f"""
        import threading
        from pathlib import Path

        @checks("PROTO-5.7-12")
        def test_a():
            pass

        @checks("PROTO-5.7-12")
        def test_b():
            Path({str(suites / "waiting")!r}).write_text("now")
            threading.Event().wait(60)

        @checks("PROTO-5.7-12")
        def test_c():
            pass

        @checks("PROTO-5.7-12")
        def test_d():
            pass
        """,
    )
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(suites), str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert (suites / "waiting").read_text() == "now"
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to every process of the run
    out, err = process.communicate(timeout=30)
    assert process.returncode == ExitCode.INTERRUPTED
    assert "Traceback" not in out + err
    assert "interrupted: this is what had been done so far" in out
    run = json_report.loads((suites / "run.json").read_text())
    assert run.interrupted
    assert all(test.verdict is Verdict.PASS for test in run.tests)
    assert len(run.tests) + run.unstarted == 4
    if workers == 1:
        assert [test.id for test in run.tests] == ["family/things::test_a"]
