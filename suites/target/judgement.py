"""How a conformance test says what it found.

A test cites the requirements it can judge with `checks`, and judges them with `expect` (stops the test when broken),
`observe` and `warning` (note it and go on). What it can't judge it says with `inconclusive`, `blocked` and
`not_declared`; an accepted reading that is not the reference's it notes with `other_reading`::

    @checks("PROTO-5.7-15", "PROTO-5.7-16")
    def test_a_grant_is_answered_with_201(world):
        exchange = ...
        expect(exchange.status == 201, "PROTO-5.7-15", expected="201", got=exchange.status)

How hard a broken requirement counts is not the test's business: it is the requirement's severity (design section 4).
Anything else that a test raises, an AssertionError included, is an error of the harness.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import ClassVar, NoReturn

import pytest

from mimi_conformance.reference.drafts.interpretations import interpretations
from mimi_conformance.reference.drafts.requirements import requirement
from mimi_conformance.reports.model import Judgement, ReadingTaken, Verdict

REQUIREMENTS_MARKER = "requirements"
FEATURE_MARKER = "feature"
ROLE_MARKER = "role"

_LONGEST_RENDERING = 2000  # characters of what came; the whole of it is in the exchanges


def checks(*ids: str) -> pytest.MarkDecorator:
    """Cite the requirements that a test (or every test of a class) can judge; several citations add up."""
    mark: pytest.MarkDecorator = getattr(pytest.mark, REQUIREMENTS_MARKER)
    return mark.with_args(*ids)


def feature(*names: str) -> pytest.MarkDecorator:
    """Ask for features of the target; a test whose feature is not declared is `not-declared`."""
    mark: pytest.MarkDecorator = getattr(pytest.mark, FEATURE_MARKER)
    return mark.with_args(*names)


def role(*names: str) -> pytest.MarkDecorator:
    """Ask for roles of the target (``hub``, ``follower``); a test whose role is not declared is `not-declared`."""
    mark: pytest.MarkDecorator = getattr(pytest.mark, ROLE_MARKER)
    return mark.with_args(*names)


class BrokenRequirement(Exception):  # noqa: N818 - what it reports is the target's error, not ours
    """The target breaks requirements, and the test can't go on."""

    def __init__(self, requirements: tuple[str, ...], expected: str, got: str) -> None:
        self.requirements = requirements
        self.expected = expected
        self.got = got
        super().__init__(f"{', '.join(requirements)}: expected {expected}; got {got}")

    def judgements(self, unreached: tuple[str, ...]) -> Iterator[Judgement]:
        """What this says about the requirements it names, and about those that the test had not reached."""
        example = "\n".join(getattr(self, "__notes__", ())) or None  # Hypothesis says which input it was
        for id_ in self.requirements:
            yield Judgement(id_, severity(id_), self.expected, self.got, example)
        reason = f"not reached, because {', '.join(self.requirements)} was broken first"
        for id_ in unreached:
            if id_ not in self.requirements:
                yield Judgement(id_, Verdict.INCONCLUSIVE, reason=reason)


class Unjudged(pytest.skip.Exception):  # type: ignore[name-defined,misc] # an attribute, not a class, to mypy
    """The test ends here without a verdict on `requirements`, or on those it had not reached when there are none.

    A kind of pytest.skip, so that pytest and Hypothesis end the test at once and show `reason`.
    """

    verdict: ClassVar[Verdict]

    def __init__(self, reason: str, requirements: tuple[str, ...] = ()) -> None:
        self.reason = reason
        self.requirements = requirements
        super().__init__(f"{self.verdict}: {reason}")

    def judgements(self, unreached: tuple[str, ...]) -> Iterator[Judgement]:
        """What this says about the requirements it names, and about those that the test had not reached."""
        named = self.requirements or unreached
        for id_ in named:
            yield Judgement(id_, self.verdict, reason=self.reason)
        for id_ in unreached:
            if id_ not in named:
                yield Judgement(id_, self.verdict, reason=f"not reached, because {self.reason}")


class Inconclusive(Unjudged):
    """Slow, raced, code unknown: `reason` says which."""

    verdict = Verdict.INCONCLUSIVE


class Blocked(Unjudged):
    """A fixture or an earlier step is missing: `reason` names it."""

    verdict = Verdict.BLOCKED


class NotDeclared(Unjudged):
    """The target does not declare the role or feature that `reason` names."""

    verdict = Verdict.NOT_DECLARED


class MisusedJudgement(Exception):  # noqa: N818 - read as "this is misused judgement"
    """A test judges what it may not: an error of the harness."""


@dataclass
class Ledger:
    """What one attempt at one test has said so far about the requirements it cites."""

    cited: tuple[str, ...]
    readings: list[ReadingTaken] = field(default_factory=list)
    _noted: list[Judgement] = field(default_factory=list)
    _reached: set[str] = field(default_factory=set)

    def named(self, ids: tuple[str, ...]) -> tuple[str, ...]:
        """The requirements meant by `ids` (all that are cited, when empty); MisusedJudgement for one not cited."""
        for id_ in ids:
            if id_ not in self.cited:
                raise MisusedJudgement(f"The test judges {id_} without citing it in @checks.")
        return ids or self.cited

    def hold(self, ids: tuple[str, ...]) -> None:
        """Note that a check of these requirements held."""
        self._reached.update(self.named(ids) if ids else ())

    def note(self, judgement: Judgement) -> None:
        """Note a judgement once: Hypothesis repeats a test's body."""
        self._reached.add(judgement.requirement)
        if judgement not in self._noted:
            self._noted.append(judgement)

    def note_reading(self, reading: ReadingTaken, ids: tuple[str, ...]) -> None:
        """Note that the target took another accepted reading, and which requirements that concerns."""
        if reading not in self.readings:
            self.readings.append(reading)
        reason = f"{reading.ambiguity}: {reading.reading}"
        for id_ in self.named(ids):
            self.note(Judgement(id_, Verdict.OTHER_READING, reason=reason))

    def closed(self, *endings: BaseException) -> tuple[Judgement, ...]:
        """One judgement per cited requirement, once the test has ended with `endings` (none: it ran to its end)."""
        judgements = [*self._noted, *(judgement for ending in endings for judgement in self._judged_by(ending))]
        return tuple(
            min(
                (judgement for judgement in judgements if judgement.requirement == id_),
                key=lambda judgement: judgement.verdict.rank,
                default=Judgement(id_, Verdict.PASS),
            )
            for id_ in self.cited
        )

    def _judged_by(self, ending: BaseException) -> Iterator[Judgement]:
        """What the end of the test says about the requirements it names, and about those it did not reach."""
        unreached = tuple(id_ for id_ in self.cited if id_ not in self._reached)
        if isinstance(ending, BrokenRequirement | Unjudged):
            yield from ending.judgements(unreached)
        else:
            for id_ in self.cited:
                yield Judgement(id_, Verdict.HARNESS_ERROR, reason=f"{type(ending).__name__}: {ending}")


_ledgers: list[Ledger] = []


@contextmanager
def judging(ledger: Ledger) -> Iterator[Ledger]:
    """Let the functions of this module write into `ledger`; one test at a time per process."""
    _ledgers.append(ledger)
    try:
        yield ledger
    finally:
        _ledgers.pop()


def severity(id_: str) -> Verdict:
    """The verdict that a broken requirement gets: the lower of its level and its basis."""
    return Verdict(requirement(id_).severity.value)


def expect(condition: object, *ids: str, expected: str, got: object) -> None:
    """Judge requirements and end the test when they are broken.

    `ids` are the requirements that a false `condition` breaks: all that the test cites, when none is named. A true
    condition counts as having reached the requirements that are named. `expected` completes the sentence "expected
    ..."; `got` is what came: bytes are shown in hexadecimal.
    """
    ledger = _ledger()
    named = ledger.named(ids)
    if condition:
        ledger.hold(ids)
        return
    raise BrokenRequirement(named, expected, _rendered(got))


def observe(condition: object, *ids: str, expected: str, got: object) -> None:
    """Judge requirements as `expect` does, and let the test go on when they are broken."""
    ledger = _ledger()
    if condition:
        ledger.hold(ids)
        return
    for id_ in ledger.named(ids):
        ledger.note(Judgement(id_, severity(id_), expected, _rendered(got)))


def warning(*ids: str, expected: str, got: object) -> None:
    """Note a departure that an interpretation caps at a warning, whatever the level; the test goes on."""
    ledger = _ledger()
    for id_ in ledger.named(ids):
        verdict = Verdict.WARN if severity(id_) is Verdict.FAIL else severity(id_)
        ledger.note(Judgement(id_, verdict, expected, _rendered(got)))


def other_reading(ambiguity: str, reading: str, *ids: str) -> None:
    """Note that the target took an accepted reading that is not the reference's; the test goes on.

    `ambiguity` is its number (``AMB-009``), `reading` says in a few words what the target does; `ids` are the
    requirements concerned, all that the test cites when none is named.
    """
    interpretation = interpretations().get(ambiguity)
    if interpretation is None or not interpretation.accepted:
        raise MisusedJudgement(f"The test takes another reading of {ambiguity}, for which none is accepted.")
    _ledger().note_reading(ReadingTaken(ambiguity, reading), ids)


def inconclusive(reason: str, *ids: str) -> NoReturn:
    """End the test without a verdict: something was too slow, raced, or gave an unknown code."""
    raise Inconclusive(reason, _ledger().named(ids) if ids else ())


def blocked(missing: str, *ids: str) -> NoReturn:
    """End the test because a fixture or an earlier step is missing: ``blocked("fixture consenting_user")``."""
    raise Blocked(missing, _ledger().named(ids) if ids else ())


def not_declared(name: str, *ids: str) -> NoReturn:
    """End the test because the target does not declare the role or feature `name`."""
    raise NotDeclared(name, _ledger().named(ids) if ids else ())


def _ledger() -> Ledger:
    if not _ledgers:
        raise MisusedJudgement("Only a running conformance test can judge a requirement.")
    return _ledgers[-1]


def _rendered(got: object) -> str:
    text = got.hex() if isinstance(got, bytes) else str(got)
    if isinstance(got, bytes) and not got:
        text = "no bytes"
    if len(text) > _LONGEST_RENDERING:
        return f"{text[:_LONGEST_RENDERING]}… ({len(text)} characters)"
    return text
