"""Which defect makes which test fail, and what follows for the tests, the defects and the requirements. Runs nothing.

A test is killed by a defect when it finds a requirement broken that the defect is keyed to. Nothing less counts: not a
failure about some other requirement, and not a test that could not judge.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mimi_conformance.mocks.defects.registry import Defect
from mimi_conformance.reference.drafts.requirements import requirement
from mimi_conformance.reports.model import TestResult, Verdict

BROKEN = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.INFO})
"""The verdicts on a requirement that is broken; which one it gets depends on its level and basis only."""


@dataclass(frozen=True)
class Outcome:
    """How one test ended: the requirements that it cites, and those of them that it found broken."""

    test: str
    cites: frozenset[str]
    broken: frozenset[str]
    verdict: Verdict
    reason: str | None

    @classmethod
    def of(cls, result: TestResult) -> "Outcome":
        """What matters here of a result."""
        verdicts = {requirement(judgement.requirement).id: judgement.verdict for judgement in result.judgements}
        broken = frozenset(id_ for id_, verdict in verdicts.items() if verdict in BROKEN)
        return cls(result.id, frozenset(verdicts), broken, result.verdict, result.error or result.reason)


@dataclass(frozen=True)
class Trial:
    """The tests run against one server: the reference with a defect, or None for the reference as it is.

    `errors` are those of the harness outside any test.
    """

    defect: Defect | None
    outcomes: tuple[Outcome, ...]
    errors: tuple[str, ...]
    seconds: float

    @property
    def keys(self) -> frozenset[str]:
        """The requirements that the server breaks."""
        return frozenset() if self.defect is None else frozenset(requirement(id_).id for id_ in self.defect.breaks)

    @property
    def killed(self) -> tuple[str, ...]:
        """The tests that found one of these broken."""
        return tuple(outcome.test for outcome in self.outcomes if outcome.broken & self.keys)

    @property
    def caught(self) -> frozenset[str]:
        """The requirements that the server breaks and a test found broken."""
        return self.keys & frozenset().union(*(outcome.broken for outcome in self.outcomes))

    @property
    def beside(self) -> tuple[str, ...]:
        """The tests that found only other requirements broken."""
        return tuple(outcome.test for outcome in self.outcomes if outcome.broken and not outcome.broken & self.keys)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What went wrong on our side: a test has to bear with whatever a server does."""
        tests = [outcome for outcome in self.outcomes if outcome.verdict is Verdict.HARNESS_ERROR]
        return (*self.errors, *(f"{outcome.test}\n{outcome.reason}" for outcome in tests))


@dataclass(frozen=True)
class Matrix:
    """Every trial, and what they show together."""

    healthy: Trial
    trials: tuple[Trial, ...]

    @property
    def unhealthy(self) -> tuple[Outcome, ...]:
        """The tests that the reference itself does not pass."""
        return tuple(outcome for outcome in self.healthy.outcomes if outcome.verdict is not Verdict.PASS)

    @property
    def uncaught(self) -> tuple[tuple[str, str], ...]:
        """Each defect with a requirement that it is keyed to and that no test found broken."""
        return tuple(
            (trial.defect.name, id_)
            for trial in self.trials
            if trial.defect is not None
            for id_ in trial.defect.breaks
            if requirement(id_).id not in trial.caught
        )

    @cached_property
    def killers(self) -> Mapping[str, tuple[str, ...]]:
        """Each test with the defects that kill it."""
        return {
            outcome.test: tuple(
                trial.defect.name for trial in self.trials if trial.defect is not None and outcome.test in trial.killed
            )
            for outcome in self.healthy.outcomes
        }

    @property
    def idle(self) -> tuple[str, ...]:
        """The tests that no defect kills."""
        return tuple(test for test, killers in self.killers.items() if not killers)

    @property
    def troubles(self) -> Mapping[str, tuple[str, ...]]:
        """What went wrong on our side, by the name of the defect; by no name, with the reference as it is."""
        return {
            "" if trial.defect is None else trial.defect.name: trial.troubles
            for trial in (self.healthy, *self.trials)
            if trial.troubles
        }

    @cached_property
    def cited(self) -> frozenset[str]:
        """The requirements that tests cite."""
        return frozenset().union(*(outcome.cites for outcome in self.healthy.outcomes))

    @cached_property
    def killed(self) -> frozenset[str]:
        """The requirements that are covered: a defect that breaks them is caught at it."""
        return self.cited & frozenset().union(*(trial.caught for trial in self.trials))

    @property
    def topics(self) -> Mapping[str, tuple[int, int]]:
        """How many requirements of each topic are cited, and how many killed."""
        cited = Counter(requirement(id_).topic for id_ in sorted(self.cited))
        killed = Counter(requirement(id_).topic for id_ in self.killed)
        return {topic: (count, killed[topic]) for topic, count in cited.items()}

    @property
    def holds(self) -> bool:
        """Whether the reference passes, every defect is caught for what it is, and every test catches something."""
        return not (self.unhealthy or self.uncaught or self.idle or self.troubles)

    def to_json(self) -> dict[str, Any]:
        """The whole matrix as JSON values."""
        return {
            "holds": self.holds,
            "unhealthy": {outcome.test: outcome.verdict.value for outcome in self.unhealthy},
            "defects": [_trial_as_json(trial, trial.defect) for trial in self.trials if trial.defect is not None],
            "tests": [
                {
                    "test": outcome.test,
                    "requirements": sorted(outcome.cites),
                    "killed_by": list(self.killers[outcome.test]),
                }
                for outcome in self.healthy.outcomes
            ],
            "requirements": {
                id_: {
                    "topic": requirement(id_).topic,
                    "killed_by": [each.defect.name for each in self.trials if each.defect and id_ in each.caught],
                }
                for id_ in sorted(self.cited)
            },
        }


def _trial_as_json(trial: Trial, defect: Defect) -> dict[str, Any]:
    return {
        "defect": defect.name,
        "description": defect.description,
        "breaks": list(defect.breaks),
        "not_caught": sorted(trial.keys - trial.caught),
        "kills": list(trial.killed),
        "fails_beside": list(trial.beside),
        "tests_run": len(trial.outcomes),
        "troubles": list(trial.troubles),
        "seconds": round(trial.seconds, 3),
    }
