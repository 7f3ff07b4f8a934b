from dataclasses import replace
from pathlib import Path

import pytest

from mimi_conformance.reference.drafts.requirements import Observability, requirement, requirements
from mimi_conformance.suites.runner.citations import (
    CollectionError,
    Coverage,
    broken_by_defects,
    cited_by_tests,
    coverage,
)

SUITE = """
import pytest
from mimi_conformance.suites.target.judgement import checks

@checks("PROTO-5.7-15", "PROTO-5.7-16")
def test_plain(): ...

@checks("PROTO-5.7-17")
class TestConsent:
    @pytest.mark.parametrize("status", [200, pytest.param(500, marks=checks("PROTO-5.7-18"))])
    def test_inner(self, status): ...
"""


def test_no_test_cites_an_unknown_requirement_and_every_test_cites_one() -> None:
    for test, ids in cited_by_tests().items():
        assert ids, f"{test} cites nothing"
        for id_ in ids:
            assert requirement(id_), f"{test} cites {id_}"


def test_no_defect_breaks_an_unknown_requirement() -> None:
    for defect, ids in broken_by_defects().items():
        for id_ in ids:
            assert requirement(id_), f"{defect} breaks {id_}"


def test_tests_cite_on_themselves_on_their_class_and_on_parameter_sets(tmp_path: Path) -> None:
    family(tmp_path, SUITE)
    assert cited_by_tests(tmp_path) == {
        "family/consent::test_plain": ("PROTO-5.7-15", "PROTO-5.7-16"),
        "family/consent::TestConsent::test_inner[200]": ("PROTO-5.7-17",),
        "family/consent::TestConsent::test_inner[500]": ("PROTO-5.7-18", "PROTO-5.7-17"),
    }


def test_a_file_that_cannot_be_collected_is_named(tmp_path: Path) -> None:
    family(tmp_path, "import nothing_of_this_name", "unreadable")
    with pytest.raises(CollectionError, match=r"test_consent\.py can't be collected(.|\n)*nothing_of_this_name"):
        cited_by_tests(tmp_path)


def test_coverage_counts_what_can_be_tested() -> None:
    black_box, control, vector, hidden = "PROTO-5.7-15", "PROTO-5.7-11", "PROTO-5.4.1-06", "ARCH-2-14"
    wanted = [requirements()[id_] for id_ in (black_box, control, vector, hidden)]
    assert [each.observability for each in wanted] == list(Observability)
    cited, broken = frozenset({black_box, hidden}), frozenset({black_box, control, hidden})
    assert coverage(wanted, cited, broken) == Coverage(4, testable=2, cited=1, keyed=1, untested=(control,))


def test_a_citation_of_an_alias_counts_for_the_requirement() -> None:
    wanted = replace(requirements()["PROTO-5.7-15"], aliases=("PROTO-5.7-99",))
    alias = frozenset({"PROTO-5.7-99"})
    assert coverage([wanted], alias, alias) == Coverage(1, testable=1, cited=1, keyed=1, untested=())


def family(folder: Path, source: str, name: str = "family") -> None:
    (folder / name).mkdir()
    (folder / name / "test_consent.py").write_text(source)
