"""What the preflight says about one thing it looked at."""

from dataclasses import dataclass
from enum import StrEnum

from mimi_conformance.mocks.network.exchange import Exchange


class Outcome(StrEnum):
    """How a check of the preflight ended."""

    OK = "ok"
    NOTICE = "notice"
    """Something to know; the tests run."""
    PROBLEM = "problem"
    """A configuration fault: no test could judge the target, so none runs."""
    UNKNOWN = "unknown"
    """Not checked; the sentence says why."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at before the tests.

    Attributes:
        name: what was looked at.
        outcome: how that ended.
        sentence: what was found, and for a problem what to do.
        exchanges: the requests that show it.
    """

    name: str
    outcome: Outcome
    sentence: str
    exchanges: tuple[Exchange, ...] = ()
