from pathlib import Path

import pytest

from mimi_conformance.reference.drafts.requirements import Observability, UnknownRequirement, requirements
from tests.exercised import exercised, exercises, unaccounted

NAMING_TESTS = """
pytestmark = exercises("CONTENT-5.1-01")

@exercises("CONTENT-5.2-01", "CONTENT-5.3-01")
class TestReplies:
    @pytest.mark.parametrize("depth", [1, pytest.param(2, marks=exercises("CONTENT-5.4-01"))])
    def test_depth(depth): ...
"""


def test_what_tests_name_is_found_wherever_it_stands(tmp_path: Path) -> None:
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "test_replies.py").write_text(NAMING_TESTS)
    assert exercised(tmp_path) == {"CONTENT-5.1-01", "CONTENT-5.2-01", "CONTENT-5.3-01", "CONTENT-5.4-01"}


def test_a_requirement_that_the_catalogue_has_not_is_no_citation() -> None:
    unknown = "CONTENT-5.1-99"
    with pytest.raises(UnknownRequirement) as raised:
        exercises(unknown)
    assert raised.value.id == unknown


def test_the_account_of_a_draft_names_what_is_forgotten_and_what_is_excused_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "test_replies.py").write_text(NAMING_TESTS)
    unseen = next(
        id_
        for id_, each in requirements().items()
        if id_.startswith("CONTENT-") and each.observability is Observability.UNTESTABLE
    )
    reasons = {"CONTENT-5.1-01": "too easy", "CONTENT-5.5-01": "not written yet", unseen: "nobody sees it"}
    account = unaccounted("CONTENT", reasons, tmp_path)
    assert "CONTENT-5.1-01 is excused and exercised." in account
    assert f"{unseen} is excused and nothing that a test could see." in account
    assert any(line.startswith("CONTENT-5.6-01 is neither exercised nor excused: ") for line in account)
    assert not any("CONTENT-5.2-01" in line or "CONTENT-5.5-01" in line for line in account)
