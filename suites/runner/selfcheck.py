"""Runs the suites against the reference and against each defective one: the tester, tested.

Each server is started in the process that runs its tests, so that a trial takes little more than its tests do.
"""

import gc
import multiprocessing
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from hypothesis import Phase, settings

from mimi_conformance import suites
from mimi_conformance.mocks.defects.registry import Defect
from mimi_conformance.reference.provider.instance import Parts
from mimi_conformance.suites.runner.kill_matrix import Outcome, Trial
from mimi_conformance.suites.runner.run import RunOptions, run_suites
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.reference_target import ReferenceTarget

PATIENCE_SECONDS = 2.0
"""How long a reference on loopback may take to answer or to deliver. Some defects let a test wait as long as that."""
STALL_SECONDS = 300.0
"""How long no trial at all may end; the longest takes seconds."""

_PROFILE = "mimi-conformance selfcheck"


class StalledError(Exception):
    """No trial ends any more; the text says so."""

    def __init__(self) -> None:
        super().__init__(
            f"No trial has ended for {STALL_SECONDS:g} seconds: a process that tries defects was killed, or hangs."
        )


@dataclass(frozen=True)
class SelfcheckOptions:
    """What to try.

    With `full`, a defective server has to stand all tests, and else those that cite a requirement that it breaks.
    `workers` is a number of processes; `folder` is where the scenario families are.
    """

    full: bool = False
    workers: int = 1
    folder: Path = Path(suites.__path__[0])


def trials(defects: tuple[Defect, ...], options: SelfcheckOptions) -> Iterator[Trial]:
    """Try the reference as it is, and each defect; trials come as they end. To leave off ends the others at once.

    Raises:
        StalledError: nothing has happened for minutes.
    """
    # Not forked: a process that has threads, such as those of a progress bar, can't be copied safely.
    spawn = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory(prefix="mimi-selfcheck-") as folder, ExitStack() as stack:
        with _ignoring_interrupts():
            pool = stack.enter_context(spawn.Pool(options.workers, prepare_worker, (folder,)))
        results = pool.imap_unordered(partial(attempt, options=options), (None, *defects))
        for _ in (None, *defects):
            try:
                yield results.next(STALL_SECONDS)
            except multiprocessing.TimeoutError as error:
                raise StalledError from error


@contextmanager
def _ignoring_interrupts() -> Iterator[None]:
    """Have processes that are started meanwhile leave Ctrl-C to this one, which then ends them."""
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, handler)


def prepare_worker(folder: str) -> None:
    """Make a process ready to try defects, before it imports the first test; what it leaves behind is in `folder`."""
    tempfile.tempdir = folder
    # The first generated input that shows a fault will do: to look for a simpler one takes hundreds of requests.
    settings.register_profile(_PROFILE, phases=(Phase.explicit, Phase.generate))
    settings.load_profile(_PROFILE)
    gc.freeze()  # pytest collects garbage after each session, and need not look at what was there before


def attempt(defect: Defect | None, options: SelfcheckOptions) -> Trial:
    """Run tests against the reference with a defect, or with none."""
    with ReferenceTarget(parts=Parts() if defect is None else defect.parts) as reference:
        run = run_suites(
            RunOptions(
                target=_hurried(reference.description),
                requirements=() if defect is None or options.full else defect.breaks,
                preflight=False,  # a defect in what it looks at would stop the run
                repeat=False,
                folder=options.folder,
            )
        )
    return Trial(defect, tuple(Outcome.of(test) for test in run.tests), run.harness_errors, run.seconds)


def _hurried(description: TargetDescription) -> TargetDescription:
    hurried = replace(description.settings, request_seconds=PATIENCE_SECONDS, delivery_seconds=PATIENCE_SECONDS)
    return replace(description, settings=hurried)
