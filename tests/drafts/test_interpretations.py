from pathlib import Path

import pytest

from mimi_conformance.reference.drafts.catalogue import CatalogueError
from mimi_conformance.reference.drafts.interpretations import (
    Affects,
    Impact,
    UnknownAmbiguity,
    interpretation,
    interpretations,
    load_interpretations,
)


def test_every_ambiguity_has_an_interpretation() -> None:
    assert list(interpretations()) == [f"AMB-{number:03}" for number in range(1, 226)]


def test_severities_and_kinds_are_those_of_the_list_of_ambiguities() -> None:
    every = interpretations().values()
    assert [sum(each.severity is impact for each in every) for impact in Impact] == [68, 106, 51]
    assert [sum(each.affects is kind for each in every) for kind in Affects] == [73, 152]


def test_an_interpretation_names_what_is_taken_and_what_else_is_accepted() -> None:
    status = interpretation("AMB-009")
    assert "201" in status.taken
    assert any("202" in reading for reading in status.accepted)
    assert status.rule is None
    assert interpretation("AMB-001").accepted == ()
    assert interpretation("AMB-112").rule == 2


def test_a_reading_that_is_taken_is_not_also_accepted() -> None:
    for each in interpretations().values():
        assert each.taken not in each.accepted


def test_behaviour_decided_by_a_rule_leaves_others_their_reading() -> None:
    """Only bytes, or a rule without an alternative in the drafts, can leave a target no choice."""
    strict = [each for each in interpretations().values() if each.rule == 3 and not each.accepted]
    assert strict == []


@pytest.mark.parametrize("number", ["AMB-000", "AMB-226", "9", ""])
def test_an_unknown_number_is_an_error(number: str) -> None:
    with pytest.raises(UnknownAmbiguity, match="AMB-001"):
        interpretation(number)


@pytest.mark.parametrize(
    ("name", "rest", "reason"),
    [
        ("AMB-1", "", "AMB-NNN"),
        ("AMB-001", "rule = 5", "there is no rule 5"),
        ("AMB-001", "accepted = [1]", "accepted should be a list"),
        ("AMB-001", "colour = 1", "nothing is known of colour"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(tmp_path: Path, name: str, rest: str, reason: str) -> None:
    file = tmp_path / "wrong.toml"
    whole = 'title = "x"\nsections = "PROTO 1"\nseverity = "low"\naffects = "bytes"\ntaken = "x"\n'
    file.write_text(f'["{name}"]\n{whole}{rest}', encoding="utf-8")
    with pytest.raises(CatalogueError, match=r"wrong\.toml") as caught:
        load_interpretations(file)
    assert reason in str(caught.value)
