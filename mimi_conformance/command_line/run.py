"""`mimi-conformance run`: the suites against a server, and what they found."""

import signal
from pathlib import Path

import click

from mimi_conformance.reports import terminal
from mimi_conformance.reports.model import ExitCode
from mimi_conformance.reports.progress import RunProgress
from mimi_conformance.suites.runner.run import NoRunError, RunOptions, run_suites, suite_names

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
_REPORT = click.Path(dir_okay=False, writable=True, path_type=Path)


class _Workers(click.ParamType[int | str]):
    """A number of processes, or ``auto``."""

    name = "N|auto"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int | str:
        if value == "auto":
            return "auto"
        try:
            workers = int(str(value))
        except ValueError:
            workers = 0
        if workers < 1:
            self.fail(f"{value!r} is neither a number of workers, from 1 on, nor auto.", param, ctx)
        return workers


@click.command()
@click.option("--reference", is_flag=True, help="Start the built-in server and test that.")
@click.option("--target", "place", metavar="FILE|URL", help="The server under test: its target.toml, or its URL.")
@click.option("--ca", type=_FILE, help="With a URL: the authorities (PEM) of the server's certificate.")
@click.option("--identity", type=_FOLDER, help="With a URL: the folder with chain.pem and key.pem of a peer of ours.")
@click.option("--workers", type=_Workers(), default=1, show_default=True, help="Processes that run tests in parallel.")
@click.option("--suite", "suites", multiple=True, metavar="NAME", help="A scenario family, as in transport.")
@click.option("-k", "keyword", metavar="EXPR", help="Tests whose names match, as in 'consent and not grant'.")
@click.option("--requirement", "requirements", multiple=True, metavar="ID", help="Tests that cite a requirement.")
@click.option("--strict", is_flag=True, help="Fail each MUST that the target does not declare.")
@click.option("--known-failures", type=_FILE, help="Tests that must still fail, with reasons (TOML).")
@click.option("--json", "report_json", type=_REPORT, help="Write the run as JSON.")
@click.option("--junit", "report_junit", type=_REPORT, help="Write the run as JUnit XML.")
@click.option("--verbose", "-v", is_flag=True, help="Show every exchange of a failed test, whole, and every test.")
def command(
    *,
    reference: bool,
    place: str | None,
    ca: Path | None,
    identity: Path | None,
    workers: int | str,
    suites: tuple[str, ...],
    keyword: str | None,
    requirements: tuple[str, ...],
    strict: bool,
    known_failures: Path | None,
    report_json: Path | None,
    report_junit: Path | None,
    verbose: bool,
) -> int:
    """Test a MIMI server and say which requirements it breaks.

    Exit codes: 0 conformant, 1 a requirement failed, 2 interrupted, 3 error of the harness, 4 usage, 5 nothing ran,
    6 configuration (the preflight).
    """
    if reference is (place is not None):
        raise click.UsageError("Name one server to test: --reference, or --target with a file or a URL.")
    for name in suites:
        if name not in suite_names():
            raise click.UsageError(f"There is no suite {name!r}; there are {', '.join(suite_names())}.")
    options = RunOptions(
        place=place,
        reference=reference,
        ca=ca,
        identity=identity,
        suites=suites,
        keyword=keyword,
        requirements=requirements,
        strict=strict,
        workers=workers,
        known_failures=known_failures,
        report_json=report_json,
        report_junit=report_junit,
    )
    console = terminal.console_of()
    # Continuous integration ends a job with SIGTERM, and wants the reports as much as whoever presses Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with RunProgress(console) as progress:
            run = run_suites(options, progress)
    except NoRunError as error:
        if error.exit_code == ExitCode.INTERRUPTED:
            raise click.Abort from error
        return error.exit_code  # pytest has said why
    terminal.render(run, console, verbose=verbose)
    return int(run.exit_code)
