"""Which defect makes which test fail, and what follows for the tests, the defects and the requirements. Runs nothing.

A test is killed by a defect when it finds a requirement broken that the defect is keyed to. Nothing less counts: not a
failure about some other requirement, and not a test that could not judge.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mimi_conformance.mocks.defects.registry import Defect
from mimi_conformance.reference.drafts.requirements import requirement, requirements
from mimi_conformance.reports.model import TestResult, Verdict

BROKEN = frozenset({Verdict.FAIL, Verdict.WARN, Verdict.INFO})
"""The verdicts on a requirement that is broken; which one it gets depends on its level and basis only."""
HEALTHY = frozenset({Verdict.PASS, Verdict.OTHER_READING})
"""What tests may say of the reference: that it plays no hub, and lists none of a hub's endpoints, is a reading, too."""


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
    def name(self) -> str:
        """The name of the defect, or nothing."""
        return "" if self.defect is None else self.defect.name

    @cached_property
    def keys(self) -> frozenset[str]:
        """The requirements that the server breaks."""
        return frozenset() if self.defect is None else frozenset(requirement(id_).id for id_ in self.defect.breaks)

    @cached_property
    def killed(self) -> tuple[str, ...]:
        """The tests that found one of these broken."""
        return tuple(outcome.test for outcome in self.outcomes if outcome.broken & self.keys)

    @cached_property
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
class Tally:
    """The requirements of a topic that tests cite, and those of them that are covered."""

    cited: frozenset[str]
    killed: frozenset[str]


@dataclass(frozen=True)
class Matrix:
    """What the trials show together: the one of the reference as it is, and those of defects.

    A matrix that is not `complete`, because only some defects were tried, can't blame a test for catching none.
    """

    healthy: Trial
    trials: tuple[Trial, ...]
    complete: bool

    @classmethod
    def of(cls, trials: Iterable[Trial], *, complete: bool) -> "Matrix":
        """Put together trials that come in any order."""
        by_name = {trial.name: trial for trial in trials}
        healthy = by_name.pop("")
        return cls(healthy, tuple(by_name[name] for name in sorted(by_name)), complete)

    @property
    def unhealthy(self) -> tuple[Outcome, ...]:
        """The tests that the reference itself does not pass."""
        return tuple(outcome for outcome in self.healthy.outcomes if outcome.verdict not in HEALTHY)

    @property
    def uncaught(self) -> tuple[tuple[str, str], ...]:
        """Each defect with a requirement that it is keyed to and that no test found broken."""
        return tuple((trial.name, id_) for trial in self.trials for id_ in sorted(trial.keys - trial.caught))

    @cached_property
    def killers(self) -> Mapping[str, tuple[str, ...]]:
        """Each test with the defects that kill it."""
        return {
            outcome.test: tuple(trial.name for trial in self.trials if outcome.test in trial.killed)
            for outcome in self.healthy.outcomes
        }

    @property
    def idle(self) -> tuple[str, ...]:
        """The tests that no defect kills, when all were tried."""
        return tuple(test for test, killers in self.killers.items() if self.complete and not killers)

    @property
    def troubles(self) -> Mapping[str, tuple[str, ...]]:
        """What went wrong on our side, by the name of the defect; by no name, with the reference as it is."""
        return {trial.name: trial.troubles for trial in (self.healthy, *self.trials) if trial.troubles}

    @cached_property
    def cited(self) -> frozenset[str]:
        """The requirements that tests cite."""
        return frozenset().union(*(outcome.cites for outcome in self.healthy.outcomes))

    @cached_property
    def killed(self) -> frozenset[str]:
        """The requirements that are covered: a defect that breaks them is caught at it."""
        return self.cited & frozenset().union(*(trial.caught for trial in self.trials))

    @property
    def topics(self) -> Mapping[str, Tally]:
        """The requirements that tests cite, by topic in the order of the catalogue."""
        topics = dict.fromkeys(each.topic for id_, each in requirements().items() if id_ in self.cited)
        return {
            topic: Tally(
                *(frozenset(id_ for id_ in ids if requirement(id_).topic == topic) for ids in (self.cited, self.killed))
            )
            for topic in topics
        }

    @property
    def holds(self) -> bool:
        """Whether the reference passes, every defect is caught for what it is, and every test catches something."""
        return not (self.unhealthy or self.uncaught or self.idle or self.troubles)

    def to_json(self) -> dict[str, Any]:
        """The whole matrix as JSON values."""
        return {
            "holds": self.holds,
            "complete": self.complete,
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
                    "killed_by": [trial.name for trial in self.trials if id_ in trial.caught],
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
