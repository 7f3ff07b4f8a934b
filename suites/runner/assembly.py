"""From the results of tests to what a run says about every requirement."""

from collections.abc import Iterable, Iterator, Mapping

from mimi_conformance.reference.drafts.requirements import (
    Actor,
    Observability,
    Requirement,
    UnknownRequirement,
    requirement,
    requirements,
)
from mimi_conformance.reports.model import RequirementResult, TestResult, Verdict, worst
from mimi_conformance.suites.target.description import TargetDescription


def requirement_results(tests: Iterable[TestResult], *, own_clients: bool) -> Iterator[RequirementResult]:
    """Every requirement of the catalogue with the worst verdict of its tests.

    `own_clients` says whether the clients of the server under test can be judged; only the reference's can.
    """
    found = _by_requirement(tests)
    for each in requirements().values():
        judged = found.get(each.id, {})
        yield RequirementResult(
            id=each.id,
            draft=each.draft,
            section=each.section,
            level=each.level.value,
            topic=each.topic,
            text=each.text,
            verdict=worst(judged.values()) if judged else None,
            not_testable=None if judged else _why_not_testable(each, own_clients=own_clients),
            tests=tuple(judged),
        )


def summary(target: TargetDescription) -> tuple[tuple[str, str], ...]:
    """The server under test, as a reader of the report wants to know it."""
    provider = target.provider
    return (
        ("described by", target.place),
        ("domains", ", ".join(provider.domains)),
        ("url", provider.url),
        ("roles", ", ".join(sorted(provider.roles))),
        ("features", ", ".join(sorted(provider.features))),
        ("control interface", target.control.url if target.control else "none"),
    )


def _by_requirement(tests: Iterable[TestResult]) -> Mapping[str, Mapping[str, Verdict]]:
    """Requirement id -> test id -> verdict. Ids that nobody knows have made their tests harness errors already."""
    found: dict[str, dict[str, Verdict]] = {}
    for test in tests:
        for judgement in test.judgements:
            try:
                id_ = requirement(judgement.requirement).id
            except UnknownRequirement:
                continue
            found.setdefault(id_, {})[test.id] = judgement.verdict
    return found


def _why_not_testable(each: Requirement, *, own_clients: bool) -> str | None:
    if each.observability is Observability.UNTESTABLE:
        return "no peer can see it"
    if each.observability is Observability.CODEC:
        return "only bytes given to its codec can decide; see the vectors"
    if each.actor is Actor.CLIENT and not own_clients:
        return "the harness plays the clients"
    return None
