"""How far a run is, on the terminal: a bar where there is a terminal, a mark per test where there is none."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from mimi_conformance.reports.model import TestResult, Verdict

MARKS = {
    Verdict.PASS: ".",
    Verdict.OTHER_READING: "o",
    Verdict.INFO: "i",
    Verdict.WARN: "w",
    Verdict.NOT_DECLARED: "-",
    Verdict.INCONCLUSIVE: "?",
    Verdict.BLOCKED: "b",
    Verdict.KNOWN_FAILURE: "k",
    Verdict.UNSTABLE: "u",
    Verdict.HARNESS_ERROR: "E",
    Verdict.FAIL: "F",
}
_MARKS_PER_LINE = 60


class RunProgress:
    """Shows progress between entering and leaving; told of it by a run (`selected`, `finished`)."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._total = 0
        self._finished = 0
        self._failed = 0
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[failed]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("checking the target", total=None, failed="")

    def selected(self, tests: int) -> None:
        """So many tests will run."""
        self._total = tests
        self._bar.update(self._task, total=tests)

    def finished(self, result: TestResult) -> None:
        """A test has ended."""
        self._finished += 1
        self._failed += result.verdict is Verdict.FAIL
        failed = f"{self._failed} failed" if self._failed else ""
        self._bar.update(self._task, advance=1, description=result.id.partition("::")[0], failed=failed)
        if not self._console.is_terminal:
            at_end = self._finished % _MARKS_PER_LINE == 0
            count = f" {self._finished}/{self._total}\n" if at_end else ""
            self._console.print(MARKS[result.verdict] + count, end="", highlight=False, markup=False)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if self._finished % _MARKS_PER_LINE and not self._console.is_terminal:
            self._console.print(f" {self._finished}/{self._total}", highlight=False)
