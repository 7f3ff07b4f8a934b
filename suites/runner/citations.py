"""Which requirements the tests cite and the defects break, and how far that covers the drafts.

The tests are collected, not run: a citation may stand on a test, on its class or on one of its parameter sets.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from mimi_conformance.mocks.defects.registry import defects
from mimi_conformance.reference.drafts.requirements import Observability, Requirement
from mimi_conformance.suites.runner.run import SUITES, collect

_TESTABLE: Final = (Observability.BLACK_BOX, Observability.CONTROL)

Citations = Mapping[str, tuple[str, ...]]
"""Name of a test or a defect -> the ids it names, known or not."""


class CollectionError(Exception):
    """The suites can't be collected; the message says which file and why."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the requirements of one topic or draft are tested.

    Attributes:
        total: how many there are.
        testable: how many a test against a running server can judge; the others need a vector, or no peer can see them.
        cited: how many of those a test cites.
        keyed: how many of those a defect is keyed to; whether it is caught is for ``selfcheck`` to say.
        untested: the ids that are testable and not cited.
    """

    total: int
    testable: int
    cited: int
    keyed: int
    untested: tuple[str, ...]


def coverage(wanted: Iterable[Requirement], cited: frozenset[str], broken: frozenset[str]) -> Coverage:
    """How far some requirements are tested, given the ids that tests cite and that defects break."""
    every = tuple(wanted)
    testable = [each for each in every if each.observability in _TESTABLE]
    tested = [each for each in testable if _named(each, cited)]
    return Coverage(
        total=len(every),
        testable=len(testable),
        cited=len(tested),
        keyed=sum(_named(each, broken) for each in tested),
        untested=tuple(each.id for each in testable if not _named(each, cited)),
    )


def _named(requirement: Requirement, ids: frozenset[str]) -> bool:
    return not ids.isdisjoint((requirement.id, *requirement.aliases))


@cache
def cited_by_tests(folder: Path = SUITES) -> Citations:
    """What every test of the suites cites.

    Raises:
        CollectionError: a file of tests can't be read.
    """
    tests, errors = collect(folder=folder)
    if errors:
        raise CollectionError("\n".join(errors))
    return tests


def broken_by_defects() -> Citations:
    """What every defect breaks."""
    return {defect.name: defect.breaks for defect in defects()}
