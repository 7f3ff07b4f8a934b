"""A run on the terminal: what failed first, then the rest, then the numbers."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain

from rich.console import Console, Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from mimi_conformance.reports.evidence_text import exchange_lines
from mimi_conformance.reports.layout import Indented, Printable
from mimi_conformance.reports.model import (
    CheckOutcome,
    ExitCode,
    Judgement,
    RequirementResult,
    Run,
    TestResult,
    Verdict,
)

STYLES = {
    Verdict.FAIL: "bold red",
    Verdict.HARNESS_ERROR: "bold magenta",
    Verdict.UNSTABLE: "yellow",
    Verdict.KNOWN_FAILURE: "yellow",
    Verdict.WARN: "yellow",
    Verdict.BLOCKED: "cyan",
    Verdict.INCONCLUSIVE: "cyan",
    Verdict.NOT_DECLARED: "dim",
    Verdict.INFO: "blue",
    Verdict.OTHER_READING: "blue",
    Verdict.PASS: "green",
}

_CHECK_STYLES = {
    CheckOutcome.OK: "green",
    CheckOutcome.NOTICE: "yellow",
    CheckOutcome.PROBLEM: "bold red",
    CheckOutcome.UNKNOWN: "cyan",
}

MEANINGS = {
    ExitCode.CONFORMANT: "conformant: no requirement that was judged is broken",
    ExitCode.REQUIREMENT_FAILED: "a requirement failed",
    ExitCode.INTERRUPTED: "interrupted: this is what had been done so far",
    ExitCode.HARNESS_ERROR: "error of the harness: our fault, not the target's; please report it",
    ExitCode.USAGE: "the command was not understood",
    ExitCode.NOTHING_RAN: "nothing ran: no test could judge the target",
    ExitCode.PREFLIGHT: "configuration: the preflight stopped the run before any test",
}

LOST = "configuration: the target was lost on the way; what the preflight section says has to be mended"
NOTHING_SELECTED = "nothing ran: what was asked for matches no test"

_SHOWN_EXCHANGES = 2  # of a failed test, counted from the last; `verbose` shows all
_SHOWN_TESTS = 3  # of those that share a reason; `verbose` names all


def render(run: Run, console: Console, *, verbose: bool = False) -> None:
    """Print a run; `verbose` leaves nothing out that the reader can bear."""
    sections = (
        _header(run),
        _preflight(run, verbose=verbose),
        _failures(run, verbose=verbose),
        _harness_errors(run),
        _stale(run),
        _noted(run, verbose=verbose),
        _readings(run),
        _unjudged(run, verbose=verbose),
        _broken_requirements(run),
        _summary(run),
    )
    for renderable in chain.from_iterable(sections):
        if isinstance(renderable, Rule):
            console.print()
        # A file keeps long lines whole, so that bytes can be searched for and copied.
        console.print(Printable(renderable), highlight=False, soft_wrap=not console.is_terminal)


def _header(run: Run) -> Iterator[RenderableType]:
    target = dict(run.target)
    if target:
        yield Text.assemble((target["domains"], "bold"), f" at {target['url']}")
    yield Text(f"mimi-conformance {run.tool_version}, {run.drafts_revision}: {run.selection}", style="dim")


def _preflight(run: Run, *, verbose: bool) -> Iterator[RenderableType]:
    """What the preflight found; what is in order only when there was a problem beside it, or on request."""
    every = verbose or any(finding.outcome is CheckOutcome.PROBLEM for finding in run.preflight)
    shown = [finding for finding in run.preflight if every or finding.outcome is not CheckOutcome.OK]
    if shown:
        yield Rule("Preflight", style="dim", align="left")
    for finding in shown:
        yield Text.assemble(
            (f"{finding.outcome:8}", _CHECK_STYLES[finding.outcome]), f" {finding.check}: {finding.message}"
        )
        if finding.outcome is CheckOutcome.PROBLEM or verbose:
            for exchange in finding.exchanges:
                yield _shifted(exchange_lines(exchange, verbose=verbose))


def _failures(run: Run, *, verbose: bool) -> Iterator[RenderableType]:
    requirements = {requirement.id: requirement for requirement in run.requirements}
    for verdict in (Verdict.FAIL, Verdict.UNSTABLE):
        tests = [test for test in run.tests if test.verdict is verdict]
        if tests:
            yield Rule(f"{_headline(verdict)} ({len(tests)})", style=STYLES[verdict], align="left")
        for test in tests:
            yield from _failure(test, requirements, verbose=verbose)


def _failure(
    test: TestResult, requirements: Mapping[str, RequirementResult], *, verbose: bool
) -> Iterator[RenderableType]:
    yield Text()
    yield Text.assemble((test.title, "bold"))
    yield Text(test.id, style="dim")
    for judgement in test.judgements:
        if judgement.verdict is test.verdict:
            yield from _broken(judgement, requirements.get(judgement.requirement))
    shown = test.exchanges if verbose else test.exchanges[-_SHOWN_EXCHANGES:]
    if len(shown) < len(test.exchanges):
        left_out = len(test.exchanges) - len(shown)
        which = "1 earlier exchange is" if left_out == 1 else f"{left_out} earlier exchanges are"
        yield _indented(f"{which} left out; --verbose and the JSON report show everything.", "dim")
    for exchange in shown:
        yield _shifted(exchange_lines(exchange, verbose=verbose))


def _broken(judgement: Judgement, requirement: RequirementResult | None) -> Iterator[RenderableType]:
    yield _place(judgement.requirement, requirement, judgement.verdict)
    if requirement:
        yield _indented(requirement.text)
    yield from _what_came(judgement)


def _place(id_: str, requirement: RequirementResult | None, verdict: Verdict) -> Text:
    """A requirement with how hard it is and where it stands."""
    place = f"  {requirement.level}, {requirement.draft}, {requirement.section}" if requirement else ""
    return Text.assemble((id_, STYLES[verdict]), (place, "dim"))


def _what_came(judgement: Judgement) -> Iterator[RenderableType]:
    if judgement.expected is not None:
        yield _indented(f"expected  {judgement.expected}")
        yield _indented(f"got       {judgement.got}", "bold")
    if judgement.reason:
        yield _indented(judgement.reason, "dim")


def _harness_errors(run: Run) -> Iterator[RenderableType]:
    tests = [test for test in run.tests if test.verdict is Verdict.HARNESS_ERROR]
    if tests or run.harness_errors:
        style = STYLES[Verdict.HARNESS_ERROR]
        yield Rule(
            f"{_headline(Verdict.HARNESS_ERROR)} ({len(tests) + len(run.harness_errors)})", style=style, align="left"
        )
    alike: dict[str, list[TestResult]] = {}
    for test in tests:
        alike.setdefault((test.error or test.reason or "").strip().rpartition("\n")[2], []).append(test)
    for first, *others in alike.values():
        more = f"  and {_tests(len(others))} more, with the same last line" if others else ""
        yield Text.assemble((first.id, "bold"), (more, "dim"))
        yield _indented(first.error or first.reason or "")
    for error in run.harness_errors:
        yield _indented(error)


def _stale(run: Run) -> Iterator[RenderableType]:
    if run.stale_known_failures:
        yield Rule("Known failures that are no longer true", style=STYLES[Verdict.FAIL], align="left")
        for stale in run.stale_known_failures:
            yield Text.assemble((stale.test, "bold"), f": {stale.why}; strike it from the file")


def _noted(run: Run, *, verbose: bool) -> Iterator[RenderableType]:
    requirements = {requirement.id: requirement for requirement in run.requirements}
    for verdict in (Verdict.KNOWN_FAILURE, Verdict.WARN, Verdict.INFO):
        # One rule of the drafts can stand behind several requirements, and several tests can see it broken alike.
        alike: dict[tuple[str, Judgement], list[tuple[str, str]]] = {}
        for test in run.tests:
            for judgement in test.judgements:
                if judgement.verdict is verdict:
                    same = alike.setdefault((test.title, replace(judgement, requirement="")), [])
                    same.append((judgement.requirement, test.id))
        if alike:
            count = len({test for places in alike.values() for _, test in places})
            yield Rule(f"{_headline(verdict)} ({count})", style=STYLES[verdict], align="left")
        for (title, judgement), places in alike.items():
            yield Text()
            yield Text(title, style="bold")
            for id_ in dict.fromkeys(id_ for id_, _ in places):
                yield _place(id_, requirements.get(id_), verdict)
            yield from _what_came(judgement)
            yield _some(list(dict.fromkeys(test for _, test in places)), verbose=verbose)


def _readings(run: Run) -> Iterator[RenderableType]:
    taken: dict[tuple[str, str], int] = {}
    for test in run.tests:
        for reading in test.readings:
            key = (reading.ambiguity, reading.reading)
            taken[key] = taken.get(key, 0) + 1
    if taken:
        yield Rule("Accepted readings that are not the reference's", style=STYLES[Verdict.OTHER_READING], align="left")
    for (ambiguity, what), count in sorted(taken.items()):
        yield Text.assemble((ambiguity, STYLES[Verdict.OTHER_READING]), f"  {what}", (f"  {_tests(count)}", "dim"))


def _unjudged(run: Run, *, verbose: bool) -> Iterator[RenderableType]:
    for verdict in (Verdict.BLOCKED, Verdict.INCONCLUSIVE, Verdict.NOT_DECLARED):
        by_reason: dict[str, list[str]] = {}
        for test in run.tests:
            if test.verdict is verdict:
                by_reason.setdefault(test.reason or "", []).append(test.id)
        if by_reason:
            count = sum(map(len, by_reason.values()))
            yield Rule(f"{_headline(verdict)} ({count})", style=STYLES[verdict], align="left")
        for reason, tests in sorted(by_reason.items()):
            yield Text.assemble((reason, STYLES[verdict]), (f"  {_tests(len(tests))}", "dim"))
            yield _some(tests, verbose=verbose)


def _some(tests: Sequence[str], *, verbose: bool) -> RenderableType:
    shown = tests if verbose else tests[:_SHOWN_TESTS]
    more = "" if len(shown) == len(tests) else f"\nand {len(tests) - len(shown)} more"
    return _indented("\n".join(shown) + more, "dim")


def _broken_requirements(run: Run) -> Iterator[RenderableType]:
    """What failed once more, in a line or two each: after a long report, this is what is still on the screen."""
    broken = [requirement for requirement in run.requirements if requirement.verdict is Verdict.FAIL]
    if broken:
        yield Rule(f"Broken requirements ({len(broken)})", style=STYLES[Verdict.FAIL], align="left")
    for requirement in broken:
        seen = sum(
            judgement.requirement == requirement.id and judgement.verdict is Verdict.FAIL
            for test in run.tests
            for judgement in test.judgements
        )
        yield _place(requirement.id, requirement, Verdict.FAIL).append(f"  {_tests(seen)}", "dim")
        yield _indented(requirement.text)


def _summary(run: Run) -> Iterator[RenderableType]:
    if run.tests:
        yield Rule("Requirements", style="dim", align="left")
        yield _topics(run)
    yield Rule(style="dim")
    counts = Text(", ").join(
        Text(f"{run.counts[verdict]} {verdict}", style=STYLES[verdict]) for verdict in Verdict if verdict in run.counts
    )
    workers = f"{run.workers} workers" if run.workers > 1 else "1 worker"
    if run.tests:
        yield Text.assemble(f"{_tests(len(run.tests))} in {run.seconds:.1f} s with {workers}: ", counts)
    if run.unstarted:
        yield Text(f"{_tests(run.unstarted)} were left out")
    meaning, style = _meaning(run)
    yield Text.assemble((meaning, style), (f"  (exit code {run.exit_code:d})", "dim"))


def _meaning(run: Run) -> tuple[str, str]:
    """How the run ended, in words, and their style. Being conformant is not said more loudly than it was seen."""
    unjudged = sum(run.counts.get(verdict, 0) for verdict in (Verdict.BLOCKED, Verdict.INCONCLUSIVE))
    match run.exit_code:
        case ExitCode.CONFORMANT if unjudged:
            share = f"{unjudged} of {_tests(len(run.tests))} could judge nothing"
            return f"no requirement that was judged is broken, but {share}", STYLES[Verdict.WARN]
        case ExitCode.CONFORMANT:
            return MEANINGS[ExitCode.CONFORMANT], STYLES[Verdict.PASS]
        case ExitCode.PREFLIGHT if run.tests:
            return LOST, STYLES[Verdict.FAIL]
        case ExitCode.NOTHING_RAN if not run.tests:
            return NOTHING_SELECTED, STYLES[Verdict.FAIL]
        case code:
            return MEANINGS[code], STYLES[Verdict.FAIL]


def _topics(run: Run) -> Table:
    """The topics that the run touched, one line each."""
    touched = {topic: results for topic, results in run.topics.items() if any(result.verdict for result in results)}
    present = [
        verdict for verdict in reversed(Verdict) if any(r.verdict is verdict for rs in touched.values() for r in rs)
    ]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("topic")
    for verdict in present:
        table.add_column(verdict, justify="right", style=STYLES[verdict])
    table.add_column("untested", justify="right", style="dim")
    table.add_column("not testable", justify="right", style="dim")
    for topic, results in touched.items():
        counted = [sum(result.verdict is verdict for result in results) for verdict in present]
        not_testable = sum(result.not_testable is not None for result in results)
        untested = len(results) - sum(counted) - not_testable
        table.add_row(topic, *(str(count or "") for count in (*counted, untested, not_testable)))
    return table


def _headline(verdict: Verdict) -> str:
    return {
        Verdict.FAIL: "Failed",
        Verdict.HARNESS_ERROR: "Errors of the harness",
        Verdict.UNSTABLE: "Unstable: failed, then did not when run again",
        Verdict.KNOWN_FAILURE: "Known failures",
        Verdict.WARN: "Warnings",
        Verdict.INFO: "For information",
        Verdict.BLOCKED: "Blocked: something is missing",
        Verdict.INCONCLUSIVE: "Inconclusive",
        Verdict.NOT_DECLARED: "Not declared by the target",
    }[verdict]


def _tests(count: int) -> str:
    return f"{count} test{'' if count == 1 else 's'}"


def _indented(text: str, style: str = "") -> RenderableType:
    return _shifted(Text(line, style=style) for line in text.splitlines())


def _shifted(lines: Iterable[Text]) -> RenderableType:
    return Indented(Group(*lines))


def console_of(*, error: bool = False) -> Console:
    """A console for standard output or standard error; without a terminal its rules and tables are wide."""
    console = Console(stderr=error, highlight=False, soft_wrap=False)
    return console if console.is_terminal else Console(stderr=error, highlight=False, width=120)
