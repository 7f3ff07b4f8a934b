from dataclasses import replace

import pytest

from mimi_conformance.reference.drafts.requirements import Observability, requirement, requirements
from mimi_conformance.suites.target.citations import (
    Citation,
    Coverage,
    UnreadableCitation,
    broken_by_defects,
    cited_by_tests,
    coverage,
    defect_citations,
    suite_citations,
)

SUITE = """
@checks("PROTO-5.7-15", "PROTO-5.7-16")
def test_plain(peer): ...

@judgement.checks("PROTO-5.7-17")
class TestConsent:
    @pytest.mark.parametrize("status", [200, pytest.param(500, marks=checks("PROTO-5.7-18"))])
    async def test_inner(self, status): ...

@pytest.fixture
def helper(): ...
"""

DEFECTS = """
@defect("forgets-consent", breaks=("PROTO-5.7-15", "PROTO-5.7-33"))
class Forgets: ...

@defect("answers-202", summary="x", breaks=["PROTO-5.5-25"])
def answers(provider): ...
"""


def test_no_test_cites_an_unknown_requirement() -> None:
    for citation in suite_citations():
        assert requirement(citation.requirement), citation


def test_no_defect_breaks_an_unknown_requirement() -> None:
    for citation in defect_citations():
        assert requirement(citation.requirement), citation


def test_tests_cite_on_themselves_on_their_class_and_on_parameter_sets() -> None:
    assert list(cited_by_tests(SUITE, "transport/test_consent.py")) == [
        Citation("PROTO-5.7-15", "transport/consent::test_plain", "transport/test_consent.py", 2),
        Citation("PROTO-5.7-16", "transport/consent::test_plain", "transport/test_consent.py", 2),
        Citation("PROTO-5.7-17", "transport/consent::TestConsent", "transport/test_consent.py", 5),
        Citation("PROTO-5.7-18", "transport/consent::TestConsent::test_inner", "transport/test_consent.py", 7),
    ]


def test_defects_name_what_they_break() -> None:
    assert [(each.by, each.requirement) for each in broken_by_defects(DEFECTS, "consent.py")] == [
        ("forgets-consent", "PROTO-5.7-15"),
        ("forgets-consent", "PROTO-5.7-33"),
        ("answers-202", "PROTO-5.5-25"),
    ]


@pytest.mark.parametrize("decorator", ["checks(*IDS)", "checks(CONSENT)", 'checks(f"PROTO-{n}")', "checks(1)"])
def test_a_citation_that_is_not_written_out_is_refused(decorator: str) -> None:
    with pytest.raises(UnreadableCitation, match=r"test_x\.py, line 1"):
        list(cited_by_tests(f"@{decorator}\ndef test_it(): ...", "test_x.py"))


@pytest.mark.parametrize(
    "decorator",
    ["defect()", 'defect("x")', 'defect("x", breaks=IDS)', "defect(NAME, breaks=())", 'defect("x", breaks=(ID,))'],
)
def test_a_defect_that_is_not_written_out_is_refused(decorator: str) -> None:
    with pytest.raises(UnreadableCitation, match=r"x\.py, line 1"):
        list(broken_by_defects(f"@{decorator}\nclass X: ...", "x.py"))


def test_coverage_counts_what_can_be_tested() -> None:
    black_box, control, vector, hidden = "PROTO-5.7-15", "PROTO-5.7-11", "PROTO-5.4.1-06", "ARCH-2-14"
    wanted = [requirements()[id_] for id_ in (black_box, control, vector, hidden)]
    assert [each.observability for each in wanted] == list(Observability)
    cited, broken = frozenset({black_box, hidden}), frozenset({black_box, control, hidden})
    assert coverage(wanted, cited, broken) == Coverage(4, testable=2, cited=1, killed=1, untested=(control,))


def test_a_citation_of_an_alias_counts_for_the_requirement() -> None:
    wanted = replace(requirements()["PROTO-5.7-15"], aliases=("PROTO-5.7-99",))
    alias = frozenset({"PROTO-5.7-99"})
    assert coverage([wanted], alias, alias) == Coverage(1, testable=1, cited=1, killed=1, untested=())
