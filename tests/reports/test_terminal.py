from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from mimi_conformance.reports import terminal
from mimi_conformance.reports.model import CheckOutcome, ExitCode, Judgement, Message, PreflightFinding, Verdict
from mimi_conformance.reports.progress import MARKS, RunProgress


def text_of(run, *, verbose=False, width=120):
    console = Console(file=StringIO(), width=width)
    terminal.render(run, console, verbose=verbose)
    return console.file.getvalue()


def test_failures_come_first_with_requirement_section_and_bytes(run):
    text = text_of(run)
    headings = ["Preflight", "Failed (1)", "Unstable", "Errors of the harness", "Warnings", "Blocked", "Requirements"]
    assert sorted(headings, key=text.index) == headings
    for part in (
        "A [grant] is kept.",
        "PROTO-5.7-15  MUST, draft-x, 5.7 Consent",
        "It is answered",
        "expected  201",
        "got       500",
        "number=10",
        "b.example → target  POST https://a.example/consent/3",
        "2 bytes  00ff",
        "tree",
        "Oh [no]",
    ):
        assert part in text


def test_the_report_says_what_was_tested_and_by_what(run):
    lines = text_of(replace(run, selection="transport -k consent")).splitlines()
    assert lines[0] == "a.example at https://a.example"
    assert lines[1] == "mimi-conformance 0.1.0, mimi-protocol-06: transport -k consent"


def test_only_the_last_exchanges_and_the_headers_that_matter_are_shown(run):
    text = text_of(run)
    assert "consent/1" not in text
    assert "X-Other" not in text
    assert "2 earlier exchanges are left out" in text


def test_a_verbose_report_leaves_nothing_out(run):
    text = text_of(run, verbose=True)
    assert "consent/0" in text
    assert "X-Other: seldom seen" in text


@pytest.mark.parametrize("verdict", [verdict for verdict in Verdict if verdict is not Verdict.PASS])
def test_every_verdict_but_pass_is_explained(run, verdict):
    alone = replace(run, tests=tuple(test for test in run.tests if test.verdict is verdict))
    [test] = alone.tests
    shown = test.readings[0].reading if verdict is Verdict.OTHER_READING else test.title
    assert shown in text_of(alone) or test.id in text_of(alone)


def test_tests_that_share_a_reason_are_told_together(run):
    blocked = next(test for test in run.tests if test.verdict is Verdict.BLOCKED)
    many = replace(run, tests=tuple(replace(blocked, id=f"a::test_{number}") for number in range(5)))
    assert "because  5 tests\n  a::test_0\n  a::test_1\n  a::test_2\n  and 2 more" in text_of(many)
    assert "a::test_4" in text_of(many, verbose=True)


def test_topics_count_untested_and_untestable_requirements(run):
    lines = text_of(run).splitlines()
    header = next(line for line in lines if line.startswith("topic"))
    row = next(line for line in lines if line.startswith("consent"))
    assert header.split() == ["topic", "fail", "untested", "not", "testable"]
    assert row.split() == ["consent", "1", "1", "1"]


@pytest.mark.parametrize("code", sorted(set(ExitCode) - {ExitCode.USAGE, ExitCode.PREFLIGHT}))
def test_the_last_line_says_what_the_exit_code_means(run, failing, code, monkeypatch):
    monkeypatch.setattr(type(run), "exit_code", code)
    assert (
        text_of(replace(run, tests=(failing,))).splitlines()[-1] == f"{terminal.MEANINGS[code]}  (exit code {code:d})"
    )


def test_what_could_not_be_judged_is_not_called_conformant(run):
    judged = (Verdict.PASS, Verdict.BLOCKED, Verdict.INCONCLUSIVE)
    partly = replace(run, tests=tuple(test for test in run.tests if test.verdict in judged), stale_known_failures=())
    assert text_of(replace(partly, harness_errors=())).splitlines()[-1] == (
        "no requirement that was judged is broken, but 2 of 3 tests could judge nothing  (exit code 0)"
    )


def test_an_interrupted_run_says_how_much_is_missing(run):
    assert "3 tests were left out" in text_of(replace(run, interrupted=True, unstarted=3))


def test_a_run_that_lost_its_target_says_so_last(run):
    gone = PreflightFinding("after the tests, connection", CheckOutcome.PROBLEM, "Nothing listens.")
    assert text_of(replace(run, preflight=(gone,))).splitlines()[-1] == f"{terminal.LOST}  (exit code 6)"


def test_a_run_that_the_preflight_stopped_shows_all_of_it(run):
    findings = (
        PreflightFinding("connection", CheckOutcome.OK, "It is there."),
        PreflightFinding("TLS", CheckOutcome.PROBLEM, "No TLS."),
    )
    text = text_of(replace(run, preflight=findings, tests=()))
    assert "ok       connection: It is there." in text
    assert "problem  TLS: No TLS." in text


def test_a_preflight_without_problems_is_silent(run):
    fine = (PreflightFinding("connection", CheckOutcome.OK, "It is there."),)
    assert "Preflight" not in text_of(replace(run, preflight=fine))


def test_warnings_that_are_alike_are_told_together(run):
    [test] = [test for test in run.tests if test.verdict is Verdict.WARN]
    both = tuple(Judgement(id_, Verdict.WARN, "201", "204") for id_ in ("PROTO-5.7-15", "PROTO-5.7-16"))
    many = [replace(test, id=f"a::test_{number}", title="A grant is kept.", judgements=both) for number in range(5)]
    lines = text_of(replace(run, tests=tuple(many))).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("Warnings (5)"))
    assert lines[start + 1 : start + 11] == [
        "",
        "A grant is kept.",
        "PROTO-5.7-15  MUST, draft-x, 5.7 Consent",
        "PROTO-5.7-16",
        "  expected  201",
        "  got       204",
        "  a::test_0",
        "  a::test_1",
        "  a::test_2",
        "  and 2 more",
    ]


def test_broken_requirements_are_listed_once_more_at_the_end(run, failing):
    twice = replace(run, tests=(failing, replace(failing, id="transport/consent::test_x")))
    [_, end] = text_of(twice).split("Broken requirements (1)")
    assert "PROTO-5.7-15  MUST, draft-x, 5.7 Consent  2 tests\n  It is answered\n" in end
    assert "Broken requirements" not in text_of(replace(run, requirements=run.requirements[1:]))


def test_a_selection_that_matches_nothing_is_called_that(run):
    nothing = replace(run, tests=(), stale_known_failures=(), harness_errors=())
    assert text_of(nothing).splitlines()[-1] == f"{terminal.NOTHING_SELECTED}  (exit code 5)"


@pytest.mark.parametrize("is_terminal", [True, False])
def test_nothing_that_a_server_sends_is_obeyed_by_the_terminal(run, failing, is_terminal):
    nasty = Judgement("PROTO-5.7-15", Verdict.FAIL, "calm", "\x1b[31mred\x00\x9b0m\u202eback\ud800")
    console = Console(file=StringIO(), width=120, force_terminal=is_terminal, no_color=True)
    terminal.render(replace(run, tests=(replace(failing, judgements=(nasty,)),)), console)
    text = console.file.getvalue()
    assert "\ufffd[31mred\ufffd\ufffd0m\ufffdback\ufffd" in text
    assert "\x1b[31m" not in text
    text.encode()


def test_a_file_has_whole_lines_and_no_trailing_space(run, failing):
    message = Message((), bytes(64), 64, "X", f"value: {'ab ' * 60}")
    long = replace(run, tests=(replace(failing, exchanges=(replace(failing.exchanges[0], request=message),)),))
    lines = text_of(long, width=80).splitlines()
    assert f"    64 bytes  {'00' * 64}" in lines
    assert not [line for line in lines if line != line.rstrip()]


def test_what_is_folded_on_a_terminal_stays_indented(run, failing):
    wordy = Judgement("PROTO-5.7-15", Verdict.FAIL, "word " * 30, "else")
    console = Console(file=StringIO(), width=40, force_terminal=True, no_color=True)
    terminal.render(replace(run, tests=(replace(failing, judgements=(wordy,)),)), console)
    folded = [Text.from_ansi(line).plain for line in console.file.getvalue().splitlines() if "word word" in line]
    assert len(folded) > 1
    assert all(line.startswith("  ") for line in folded)


def test_a_long_body_is_abridged(run, failing):
    message = Message((), bytes(1000), 5000, "X", "\n".join(map(str, range(100))))
    long = replace(failing, exchanges=(replace(failing.exchanges[0], request=message),))
    text = text_of(replace(run, tests=(long,)), width=200)
    assert f"5000 bytes  {'00' * 64}…" in text
    assert "… 76 more lines" in text


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_narrow_terminal_is_no_problem(run, is_terminal):
    console = Console(file=StringIO(), width=30, force_terminal=is_terminal)
    terminal.render(run, console)
    assert "grant" in console.file.getvalue()


def test_progress_without_a_terminal_is_a_mark_per_test(run):
    console = Console(file=StringIO(), width=120)
    with RunProgress(console) as progress:
        progress.selected(len(run.tests))
        for test in run.tests:
            progress.finished(test)
    marks, count = console.file.getvalue().split()
    assert sorted(marks) == sorted(MARKS.values())
    assert count == f"{len(run.tests)}/{len(run.tests)}"


def test_progress_on_a_terminal_is_a_bar(run):
    console = Console(file=StringIO(), width=120, force_terminal=True)
    with RunProgress(console) as progress:
        progress.selected(2)
        progress.finished(run.tests[0])
    assert "1/2" in console.file.getvalue()
    assert "1 failed" in console.file.getvalue()
