"""Every row of the decision tables, and every cell of the presets' matrices (decisions/README.md)."""

import pytest

from mimi_conformance.reference.drafts.interpretations import interpretation
from mimi_conformance.reference.drafts.requirements import requirement
from mimi_conformance.reference.room.authorization.authorize import authorize, authorize_commit
from mimi_conformance.reference.room.decision import Allowed, Decision
from mimi_conformance.reference.room.presets import PRESETS
from tests.exercised import exercises
from tests.room.decision_matrices import matrix
from tests.room.decision_tables import Row, rows

ROWS = list(rows())


def decide(row: Row) -> Decision:
    """What the reference says."""
    if row.is_commit:
        return authorize_commit(row.room, row.actor, row.acts, row.surroundings)
    [act] = row.acts
    return authorize(row.room, act.actor, act.change, row.surroundings)


def described(decision: Decision) -> str:
    """A decision, so that it can be compared with a row."""
    return f"{'allowed' if isinstance(decision, Allowed) else 'refused'} by {decision.rule.requirement}"


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_row(row: Row) -> None:
    decision = decide(row)
    expected = f"{'allowed' if row.allowed else 'refused'} by {row.rule}"
    assert described(decision) == expected, f"{row.name}: {decision}"


@pytest.mark.parametrize(("name", "action"), [(name, action) for name in PRESETS for action in matrix(name).actions()])
@exercises("POLICY-3-08", "ARCH-4.4-03")
def test_cell(name: str, action: str) -> None:
    wrong = []
    for cell in matrix(name).rows(action):
        decision = decide(cell)
        if isinstance(decision, Allowed) != cell.allowed:
            wrong.append(f"{cell.name} should be {'allowed' if cell.allowed else 'refused'}, but: {decision}")
    assert wrong == []


def test_names_of_rows_are_unique() -> None:
    assert len({str(row) for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_what_a_row_cites_exists(row: Row) -> None:
    for cited in (row.rule, *row.exercises):
        requirement(cited)
    for ambiguity, (allowed, rule) in row.readings.items():
        requirement(rule)
        assert interpretation(ambiguity)
        assert (allowed, rule) != (row.allowed, row.rule), f"{ambiguity} makes no difference"
