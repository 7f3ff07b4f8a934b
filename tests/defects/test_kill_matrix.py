import json
from datetime import UTC, datetime

import pytest

from mimi_conformance.mocks.defects.registry import Defect
from mimi_conformance.reference.provider.instance import Parts
from mimi_conformance.reports.model import Judgement, TestResult, Verdict
from mimi_conformance.suites.runner.kill_matrix import Matrix, Outcome, Tally, Trial

FROM, HOST, LOCAL_PART = "PROTO-4.1-06", "PROTO-4.1-03", "PROTO-4.1-08"


def result(test: str, verdicts: dict[str, Verdict], error: str | None = None) -> TestResult:
    judgements = tuple(Judgement(id_, verdict) for id_, verdict in verdicts.items())
    verdict = min(verdicts.values(), key=lambda verdict: verdict.rank)
    return TestResult(test, test, verdict, None, judgements, (), (), error, 1, datetime.now(UTC), 0.1)


def trial(defect: str | None, breaks: tuple[str, ...] = (), **outcomes: dict[str, Verdict]) -> Trial:
    wrong = None if defect is None else Defect(defect, breaks, "Does it wrong.", Parts())
    return Trial(wrong, tuple(Outcome.of(result(test, verdicts)) for test, verdicts in outcomes.items()), (), 0.1)


def matrix(*trials: Trial, complete: bool = True) -> Matrix:
    healthy = trial(None, a={FROM: Verdict.PASS}, b={FROM: Verdict.PASS, HOST: Verdict.PASS})
    return Matrix.of((*trials, healthy), complete=complete)


def test_a_defect_that_is_caught_where_it_is_keyed_kills_the_test():
    found = matrix(trial("silent", (FROM,), a={FROM: Verdict.FAIL}, b={FROM: Verdict.FAIL, HOST: Verdict.PASS}))
    assert found.killers == {"a": ("silent",), "b": ("silent",)}
    assert found.killed == {FROM}
    assert found.holds


@pytest.mark.parametrize("verdict", [Verdict.FAIL, Verdict.WARN, Verdict.INFO])
def test_how_much_a_requirement_weighs_does_not_matter(verdict):
    assert trial("silent", (FROM,), a={FROM: verdict}).killed == ("a",)


@pytest.mark.parametrize(
    "verdict",
    [
        Verdict.PASS,
        Verdict.OTHER_READING,
        Verdict.BLOCKED,
        Verdict.INCONCLUSIVE,
        Verdict.NOT_DECLARED,
        Verdict.HARNESS_ERROR,
    ],
)
def test_a_test_that_finds_nothing_broken_kills_nothing(verdict):
    assert trial("silent", (FROM,), a={FROM: verdict}).killed == ()


def test_a_failure_about_another_requirement_is_beside_the_point():
    found = trial("silent", (FROM,), b={FROM: Verdict.PASS, HOST: Verdict.FAIL})
    assert found.killed == ()
    assert found.beside == ("b",)


def test_a_defect_has_to_be_caught_at_each_of_its_requirements():
    found = matrix(trial("silent", (FROM, HOST), a={FROM: Verdict.FAIL}, b={FROM: Verdict.FAIL, HOST: Verdict.PASS}))
    assert found.uncaught == (("silent", HOST),)
    assert not found.holds


def test_a_test_that_no_defect_kills_is_idle():
    found = matrix(trial("silent", (FROM,), a={FROM: Verdict.FAIL}, b={FROM: Verdict.PASS, HOST: Verdict.PASS}))
    assert found.idle == ("b",)
    assert not found.holds


def test_no_test_is_idle_while_defects_are_left_out():
    found = matrix(trial("silent", (FROM,), a={FROM: Verdict.FAIL}), complete=False)
    assert found.idle == ()
    assert found.holds


def test_the_reference_may_take_another_reading_and_nothing_else():
    healthy = trial(None, a={FROM: Verdict.OTHER_READING}, b={HOST: Verdict.INCONCLUSIVE})
    found = Matrix.of([healthy], complete=False)
    assert [outcome.test for outcome in found.unhealthy] == ["b"]
    assert not found.holds


def test_a_test_has_to_bear_with_any_server():
    outcome = Outcome.of(result("a", {FROM: Verdict.HARNESS_ERROR}, error="KeyError: 'from'"))
    defect = Defect("silent", (FROM,), "Sends no From.", Parts())
    found = matrix(Trial(defect, (outcome,), ("pytest gave up",), 0.1))
    assert found.troubles == {"silent": ("pytest gave up", "a\nKeyError: 'from'")}
    assert not found.holds


def test_requirements_are_counted_by_topic():
    found = matrix(trial("silent", (FROM,), a={FROM: Verdict.FAIL}))
    assert found.topics == {"transport": Tally(cited=frozenset({FROM, HOST}), killed=frozenset({FROM}))}


def test_a_requirement_that_no_test_cites_is_not_covered_by_a_defect_alone():
    assert LOCAL_PART not in matrix(trial("silent", (LOCAL_PART,))).cited


def test_the_json_form_holds_every_kill():
    silent = trial("silent", (FROM, HOST), a={FROM: Verdict.FAIL}, b={FROM: Verdict.PASS, HOST: Verdict.PASS})
    document = json.loads(json.dumps(matrix(silent).to_json()))
    [defect] = document["defects"]
    assert defect["kills"] == ["a"]
    assert defect["not_caught"] == [HOST]
    assert document["tests"] == [
        {"test": "a", "requirements": [FROM], "killed_by": ["silent"]},
        {"test": "b", "requirements": [HOST, FROM], "killed_by": []},
    ]
    assert document["requirements"][FROM] == {"topic": "transport", "killed_by": ["silent"]}
