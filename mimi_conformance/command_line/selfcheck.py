"""`mimi-conformance selfcheck`: whether the suites notice what a server does wrong."""

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from time import monotonic

import click
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from mimi_conformance.mocks.defects.registry import Defect, defects
from mimi_conformance.reports.model import ExitCode
from mimi_conformance.reports.terminal import console_of
from mimi_conformance.suites.runner.kill_matrix import Matrix, Trial
from mimi_conformance.suites.runner.selfcheck import SelfcheckOptions, StalledError, trials


@click.command()
@click.option("--full", is_flag=True, help="Run every test against every defect, not only those of what it breaks.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Processes that try defects.")
@click.option("--defect", "names", multiple=True, metavar="NAME", help="Try this defect; by default, all.")
@click.option(
    "--json",
    "report",
    type=click.Path(dir_okay=False, writable=True, path_type=Path),
    help="Write the whole kill matrix as JSON.",
)
@click.option("--verbose", "-v", is_flag=True, help="Show each test with the defects that kill it.")
def command(*, full: bool, workers: int, names: tuple[str, ...], report: Path | None, verbose: bool) -> int:
    """Test the tests: run them against servers that are wrong in known ways.

    Each server is the reference with one small defect, and has to be caught by a test of each requirement that the
    defect breaks; each test has to catch something; and the reference itself has to pass.

    Exit codes: 0 all of that is so, 1 something is not, 2 interrupted, 3 error of the harness, 4 usage.
    """
    chosen = _chosen(names)
    if report is not None and not report.parent.is_dir():
        raise click.UsageError(f"The matrix can't be written to {report}: there is no folder {report.parent}.")
    console, started = console_of(), monotonic()
    outcomes = _watched(trials(chosen, SelfcheckOptions(full, workers)), len(chosen) + 1, console)
    try:
        matrix = Matrix.of(outcomes, complete=not names)
    except StalledError as error:
        click.echo(str(error), err=True)
        return int(ExitCode.HARNESS_ERROR)
    for renderable in _rendered(matrix, verbose=verbose):
        console.print(renderable)
    console.print(_summary(matrix, monotonic() - started, workers))
    if report is not None:
        report.write_text(json.dumps(matrix.to_json(), indent=2, ensure_ascii=False), encoding="utf-8")
    return int(ExitCode.CONFORMANT if matrix.holds else ExitCode.REQUIREMENT_FAILED)


def _chosen(names: tuple[str, ...]) -> tuple[Defect, ...]:
    known = {defect.name: defect for defect in defects()}
    for name in names:
        if name not in known:
            raise click.UsageError(f"There is no defect {name!r}; there are {', '.join(known)}.")
    return tuple(known[name] for name in names or known)


def _watched(trials: Iterable[Trial], total: int, console: Console) -> Iterator[Trial]:
    """Show how far the trials are while they come in."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("trying defects", total=total)
        for trial in trials:
            yield trial
            progress.advance(task)


def _rendered(matrix: Matrix, *, verbose: bool) -> Iterator[RenderableType]:
    yield _defects(matrix)
    if verbose:
        yield Text()
        yield _tests(matrix)
    if matrix.complete:
        yield Text()
        yield _topics(matrix)
    yield from _list("The reference does not pass", [f"{each.test}: {each.verdict}" for each in matrix.unhealthy])
    yield from _list("Defects that no test catches", [f"{name} at {id_}" for name, id_ in matrix.uncaught])
    yield from _list("Tests that catch no defect", matrix.idle)
    troubles = [f"{name or 'no defect'}: {each}" for name, found in matrix.troubles.items() for each in found]
    yield from _list("Errors of the harness", troubles)


def _defects(matrix: Matrix) -> Table:
    """Each defect with the requirements that it breaks, and how many tests it kills of those that were run."""
    table = _table("defect", "breaks", Column("kills", justify="right"), Column("of", justify="right"))
    for trial in matrix.trials:
        ids = (Text(id_, style="" if id_ in trial.caught else "bold red") for id_ in sorted(trial.keys))
        table.add_row(trial.name, Text(" ").join(ids), str(len(trial.killed)), str(len(trial.outcomes)))
    return table


def _tests(matrix: Matrix) -> Table:
    """Each test with the defects that kill it."""
    table = _table(Column("test", ratio=1, overflow="fold"), Column("killed by", ratio=1, overflow="fold"))
    for test, killers in matrix.killers.items():
        if killers or matrix.complete:
            table.add_row(Text(test), " ".join(killers))
    return table


def _topics(matrix: Matrix) -> Table:
    """How many requirements tests cite, and how many of those are covered, by topic."""
    table = _table("topic", Column("cited", justify="right"), Column("killed", justify="right"), "not killed")
    for topic, tally in matrix.topics.items():
        left_over = " ".join(sorted(tally.cited - tally.killed))
        table.add_row(topic, str(len(tally.cited)), str(len(tally.killed)), left_over)
    return table


def _table(*columns: Column | str) -> Table:
    return Table(*columns, box=None, pad_edge=False, header_style="dim")


def _list(title: str, lines: Sequence[str]) -> Iterator[RenderableType]:
    if lines:
        yield Text()
        yield Rule(f"{title} ({len(lines)})", style="bold red", align="left")
        yield from (Text(line) for line in lines)


def _summary(matrix: Matrix, seconds: float, workers: int) -> Text:
    tests, killed = len(matrix.killers), sum(map(bool, matrix.killers.values()))
    return Text(
        f"\ndefects tried: {len(matrix.trials)}; tests killed: {killed} of {tests}; requirements covered, of those "
        f"that tests cite: {len(matrix.killed)} of {len(matrix.cited)}; {seconds:.1f} s, workers: {workers}"
    )
