"""A run as a whole: selection, preflight, workers, reports, how it ends."""

import json
from pathlib import Path

import jsonschema
import pytest

from mimi_conformance.mocks.network.exchange import Direction, Exchange
from mimi_conformance.mocks.network.laboratory import write_laboratory
from mimi_conformance.reports import json_report
from mimi_conformance.reports.model import CheckOutcome, ExitCode, Verdict
from mimi_conformance.suites.runner import conductor, options
from mimi_conformance.suites.runner.run import NoRunError, RunOptions, run_suites, suite_names
from mimi_conformance.suites.target.finding import Finding, Outcome
from mimi_conformance.suites.target.sections import Reach
from mimi_conformance.suites.target.template import render

TWO = """
    @checks("PROTO-5.7-12")
    def test_one():
        pass

    @checks("PROTO-5.7-15", "PROTO-5.7-13")
    def test_two():
        expect(False, "PROTO-5.7-15", expected="a", got="b")
"""
EXCHANGE = Exchange("1", Direction.TO_TARGET, "b.example", "GET", "https://a.example/", "/", (), b"", 1.0, ended=2.0)


def names(found):
    return [test.id.partition("::")[2] for test in found.tests]


def test_tests_can_be_selected_by_name(run):
    assert names(run(TWO, keyword="one")) == ["test_one"]


def test_tests_can_be_selected_by_requirement(run):
    assert names(run(TWO, requirements=("PROTO-5.7-13",))) == ["test_two"]


def test_tests_can_be_selected_by_suite(run, write):
    write("other/test_more.py", "@checks('PROTO-5.7-12')\ndef test_three():\n    pass")
    assert names(run(TWO, suites=("other",))) == ["test_three"]


def test_suites_are_the_folders_with_tests(write, suites):
    write("other/test_more.py", "")
    write("helping/not_tests.py", "")
    assert suite_names(suites) == ("other",)


def test_a_run_without_tests_says_that_nothing_ran(run):
    assert run(TWO, keyword="three").exit_code is ExitCode.NOTHING_RAN


def test_a_file_that_can_not_be_read_is_an_error_of_the_harness(run):
    found = run("import no_such_module")
    assert found.exit_code is ExitCode.HARNESS_ERROR
    assert "no_such_module" in found.harness_errors[0]


@pytest.mark.parametrize(
    "given", [{"keyword": "one and"}, {"keyword": "one and", "workers": 2}, {"requirements": ("PROTO-0-99",)}]
)
def test_a_selection_that_makes_no_sense_is_wrong_usage(run, capsys, given):
    with pytest.raises(NoRunError) as caught:
        run(TWO, **given)
    assert caught.value.exit_code == ExitCode.USAGE
    assert "ERROR: " in capsys.readouterr().err


def test_a_problem_in_the_preflight_stops_the_run_and_is_reported(run, monkeypatch, tmp_path):
    findings = (
        Finding("TLS", Outcome.OK, "Good."),
        Finding("directory", Outcome.PROBLEM, "No directory.", (EXCHANGE,)),
    )
    monkeypatch.setattr(conductor, "preflight", lambda _: findings)
    found = run(TWO, report_json=tmp_path / "run.json")
    assert json.loads((tmp_path / "run.json").read_text())["exit_code"] == 6
    assert found.exit_code is ExitCode.PREFLIGHT
    assert found.tests == ()
    assert [(each.check, each.outcome) for each in found.preflight] == [
        ("TLS", CheckOutcome.OK),
        ("directory", CheckOutcome.PROBLEM),
    ]
    assert found.preflight[1].exchanges[0].url == "https://a.example/"


def test_a_notice_in_the_preflight_lets_the_tests_run(run, monkeypatch):
    monkeypatch.setattr(conductor, "preflight", lambda _: (Finding("clock", Outcome.NOTICE, "Slow."),))
    found = run(TWO)
    assert len(found.tests) == 2
    assert found.preflight[0].message == "Slow."


@pytest.mark.parametrize("words", ["blocked('control interface')", "inconclusive('500')"])
def test_a_target_that_is_lost_on_the_way_does_not_pass(run, monkeypatch, words):
    gone = Finding("after the tests, connection", Outcome.PROBLEM, "Nothing listens.")
    monkeypatch.setattr(conductor, "lost", lambda _: (gone,))
    source = f"""
        @checks("PROTO-5.7-12")
        def test_one():
            pass

        @checks("PROTO-5.7-13")
        def test_two():
            {words}
    """
    found = run(source)
    assert found.exit_code is ExitCode.PREFLIGHT
    assert len(found.tests) == 2
    assert [finding.message for finding in found.preflight] == ["Nothing listens."]
    assert run(source, preflight=False).exit_code is ExitCode.CONFORMANT


def test_nobody_looks_again_when_every_test_could_judge(run, monkeypatch):
    monkeypatch.setattr(conductor, "lost", lambda _: pytest.fail("no reason to"))
    assert len(run(TWO).tests) == 2


def test_a_description_with_mistakes_is_a_problem_of_the_preflight(tmp_path, suites, write):
    write("family/test_things.py", TWO)
    (tmp_path / "target.toml").write_text("[provider]\n")
    found = run_suites(RunOptions(place=str(tmp_path / "target.toml"), folder=suites))
    assert found.exit_code is ExitCode.PREFLIGHT
    assert "provider.domains" in found.preflight[0].message


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"place": "missing.toml"}, "There is no file 'missing.toml'. `mimi-conformance init` writes one."),
        ({"place": ""}, "There is no file ''."),
        ({"place": "https://a.example"}, "needs --ca"),
        ({"reference": True, "ca": Path("ca.pem")}, "--ca and --identity go with --target https://HOST"),
        ({"place": "https://a.example", "reference": True}, "Give either --target or --reference"),
    ],
)
def test_a_target_that_can_not_be_one_is_wrong_usage(suites, capsys, given, says):
    with pytest.raises(NoRunError) as caught:
        run_suites(RunOptions(folder=suites, **given))
    assert caught.value.exit_code == ExitCode.USAGE
    assert says in capsys.readouterr().err


def test_the_folder_of_a_laboratory_is_no_target_but_holds_one(suites, tmp_path, capsys):
    (tmp_path / "target.toml").touch()
    with pytest.raises(NoRunError):
        run_suites(RunOptions(folder=suites, place=str(tmp_path)))
    assert f"Did you mean {tmp_path / 'target.toml'}?" in capsys.readouterr().err


def test_more_workers_than_the_peers_have_domains_for_is_a_problem_of_the_configuration(suites, write, tmp_path):
    write("family/test_things.py", TWO)
    write_laboratory(tmp_path, ["b.example", "c.example"], None)
    peers = dict.fromkeys(["b.example", "c.example"], "127.0.0.1:0")
    text = render(
        domain="a.example",
        url="https://127.0.0.1:1",
        trust="ca.pem",
        peers_folder=".",
        peers=peers,
        reach=Reach.HOSTS_FILE,
    )
    (tmp_path / "target.toml").write_text(text)
    found = run_suites(RunOptions(place=str(tmp_path / "target.toml"), folder=suites, workers=2))
    assert found.exit_code is ExitCode.PREFLIGHT
    assert "Each worker needs 2 domains of its own, and [peers.domains] has 2" in found.preflight[0].message


def test_workers_give_the_same_results_as_one_process(run):
    alone = run(TWO)
    together = run(TWO, workers=2)
    assert [(test.id, test.judgements) for test in together.tests] == [
        (test.id, test.judgements) for test in alone.tests
    ]
    assert (alone.workers, together.workers) == (1, 2)
    assert together.exit_code is alone.exit_code is ExitCode.REQUIREMENT_FAILED


def test_a_worker_that_dies_is_an_error_of_the_harness(run):
    found = run(
        """
        import os

        @checks("PROTO-5.7-12")
        def test_one():
            os._exit(1)

        @checks("PROTO-5.7-12")
        def test_two():
            pass
        """,
        workers=2,
    )
    assert found.exit_code is ExitCode.HARNESS_ERROR
    assert "test_one" in found.harness_errors[0]
    assert names(found) == ["test_two"]


def test_the_reports_are_written(run, tmp_path):
    found = run(TWO, report_json=tmp_path / "run.json", report_junit=tmp_path / "run.xml")
    document = json.loads((tmp_path / "run.json").read_text())
    jsonschema.validate(document, json_report.schema(), format_checker=jsonschema.FormatChecker())
    assert json_report.loads((tmp_path / "run.json").read_text()) == found
    assert 'failures="1"' in (tmp_path / "run.xml").read_text()


def test_a_report_that_can_not_be_written_is_an_error(run, tmp_path):
    found = run(TWO.replace("False", "True"), report_json=tmp_path)
    assert found.exit_code is ExitCode.HARNESS_ERROR
    assert f"The report {tmp_path} can't be written" in found.harness_errors[0]


def test_the_listener_hears_how_far_the_run_is(write, suites, target, monkeypatch):
    monkeypatch.setattr(conductor, "preflight", lambda _: ())
    write("family/test_things.py", TWO)
    heard = []

    class Listener:
        def selected(self, tests):
            heard.append(tests)

        def finished(self, result):
            heard.append(result.verdict)

    run_suites(RunOptions(target=target, folder=suites), Listener())
    assert heard == [2, Verdict.PASS, Verdict.FAIL]


def test_nothing_is_printed(run, capsys):
    run(TWO)
    assert capsys.readouterr() == ("", "")


def test_what_the_user_told_pytest_elsewhere_has_no_say(run, suites, monkeypatch):
    monkeypatch.setenv("PYTEST_ADDOPTS", "-k one")
    (suites / "conftest.py").write_text("raise RuntimeError")
    assert names(run(TWO)) == ["test_one", "test_two"]


def test_a_run_says_which_tests_were_asked_for(run):
    found = run(TWO, keyword="one or two", requirements=("PROTO-5.7-13",))
    assert found.selection == "family -k 'one or two' --requirement PROTO-5.7-13"


def test_the_preflight_can_be_left_out(run, monkeypatch):
    monkeypatch.setattr(conductor, "preflight", lambda _: (Finding("TLS", Outcome.PROBLEM, "No."),))
    assert len(run(TWO, preflight=False).tests) == 2


@pytest.mark.parametrize("workers", [1, 2])
def test_a_failed_test_need_not_be_repeated(run, workers):
    assert [test.attempts for test in run(TWO, repeat=False, workers=workers).tests] == [1, 1]


def test_a_file_that_can_not_be_read_keeps_no_other_from_running(run, write):
    write("family/test_broken.py", "import no_such_module")
    found = run(TWO)
    assert names(found) == ["test_one", "test_two"]
    assert len(found.harness_errors) == 1


def test_a_server_of_ours_that_does_not_start_is_an_error_of_the_harness(suites, write, monkeypatch, capsys):
    class Broken:
        def __enter__(self):
            raise OSError("no port is free")

        def __exit__(self, *_):
            raise AssertionError("it never started")

    monkeypatch.setattr(options, "ReferenceTarget", Broken)
    write("family/test_things.py", TWO)
    with pytest.raises(NoRunError) as caught:
        run_suites(RunOptions(reference=True, folder=suites))
    assert caught.value.exit_code == ExitCode.HARNESS_ERROR
    assert "no port is free" in capsys.readouterr().err
