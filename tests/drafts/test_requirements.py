import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mimi_conformance.reference.drafts.catalogue import CatalogueError
from mimi_conformance.reference.drafts.interpretations import interpretations
from mimi_conformance.reference.drafts.requirements import (
    Actor,
    Basis,
    Level,
    Observability,
    Requirement,
    Severity,
    UnknownRequirement,
    load_requirements,
    requirement,
    requirements,
)

WHOLE = """\
section = "5.7 Convey explicit consent"
level = "MUST"
actor = "hub"
topic = "consent"
requirement = "Something is done"
observability = "black-box"
basis = "prose"
"""

Catalogue = Callable[..., Path]


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    """Writes files of a catalogue, each with a draft's name at its top, and returns their folder."""

    def write(**contents: str) -> Path:
        for name, content in contents.items():
            (tmp_path / f"{name}.toml").write_text(f'draft = "{name}"\n{content}', encoding="utf-8")
        return tmp_path

    return write


def test_all_requirements_of_all_drafts_are_there() -> None:
    by_draft = {each.id.partition("-")[0]: each.draft for each in requirements().values()}
    assert len(requirements()) == 1393
    assert set(by_draft) == {"ARCH", "CONTENT", "EXT", "MLS", "POLICY", "PROTO", "RTO", "SPM", "STATUS"}
    assert len(set(by_draft.values())) == len(by_draft)


def test_a_requirement_stands_in_the_section_that_its_id_names() -> None:
    for each in requirements().values():
        assert each.id.split("-")[1] == each.section.split()[0].rstrip(".")


def test_ambiguities_that_requirements_meet_are_explained() -> None:
    met = {ambiguity for each in requirements().values() for ambiguity in each.ambiguities}
    assert met <= interpretations().keys()


@pytest.mark.parametrize("prefix", ["PROTO", "POLICY", "MLS"])
def test_sections_and_numbers_go_up_within_a_draft(prefix: str) -> None:
    ids = [id_.split("-") for id_ in requirements() if re.fullmatch(rf"{prefix}-[0-9.]+-[0-9]+", id_)]
    places = [([int(part) for part in section.split(".")], int(number)) for _, section, number in ids]
    assert places == sorted(places)


def test_a_requirement_tells_what_its_table_says() -> None:
    found = requirement("PROTO-5.7-15")
    assert (found.level, found.basis, found.topic) == (Level.MUST, Basis.PROSE, "consent")
    assert found.section == "5.7 Convey explicit consent"
    assert found.ambiguities == ("AMB-009",)


@pytest.mark.parametrize(
    ("level", "basis", "severity"),
    [
        (Level.MUST, Basis.BCP14, Severity.FAIL),
        (Level.MUST, Basis.PROSE, Severity.FAIL),
        (Level.MUST, Basis.SYNTAX, Severity.FAIL),
        (Level.MUST, Basis.REGISTRY, Severity.FAIL),
        (Level.MUST, Basis.DERIVED, Severity.WARN),
        (Level.MUST, Basis.EXAMPLE, Severity.WARN),
        (Level.SHOULD, Basis.BCP14, Severity.WARN),
        (Level.SHOULD, Basis.DERIVED, Severity.WARN),
        (Level.MAY, Basis.BCP14, Severity.INFO),
        (Level.MAY, Basis.EXAMPLE, Severity.INFO),
        (Level.ARCH, Basis.PROSE, Severity.FAIL),
        (Level.ARCH, Basis.DERIVED, Severity.WARN),
    ],
)
def test_a_breach_counts_as_the_softer_of_level_and_basis(level: Level, basis: Basis, severity: Severity) -> None:
    made = Requirement("X-1-01", "x", "1 X", level, Actor.HUB, "x", "x", Observability.BLACK_BOX, basis)
    assert made.severity is severity


def test_an_unknown_id_is_answered_with_similar_ones() -> None:
    with pytest.raises(UnknownRequirement) as caught:
        requirement("proto-5.7-151")
    assert "PROTO-5.7-15" in caught.value.similar
    assert "PROTO-5.7-15" in str(caught.value)


def test_files_are_read_in_order_and_entries_as_they_stand(catalogue: Catalogue) -> None:
    folder = catalogue(b=f'["B-1-01"]\n{WHOLE}', a=f'["A-2-01"]\n{WHOLE}["A-1-01"]\n{WHOLE}')
    assert list(load_requirements(folder)) == ["A-2-01", "A-1-01", "B-1-01"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ('["A-1-01"]\n' + WHOLE, '["A-1-01"]\n' + WHOLE),
        ('["A-1-01"]\n' + WHOLE + 'aliases = ["A-1-02"]', '["A-1-02"]\n' + WHOLE),
        ('["A-1-01"]\n' + WHOLE, '["B-1-01"]\n' + WHOLE + 'aliases = ["A-1-01"]'),
        ('["A-1-01"]\n' + WHOLE + 'aliases = ["A-1-09"]', '["B-1-01"]\n' + WHOLE + 'aliases = ["A-1-09"]'),
    ],
)
def test_no_two_requirements_share_an_id_or_an_alias(catalogue: Catalogue, first: str, second: str) -> None:
    with pytest.raises(CatalogueError, match=r"taken already, in one\.toml") as caught:
        load_requirements(catalogue(one=first, two=second))
    assert caught.value.file == "two.toml"


def test_an_id_twice_in_one_file_is_refused(catalogue: Catalogue) -> None:
    with pytest.raises(CatalogueError, match="can't be read"):
        load_requirements(catalogue(one=f'["A-1-01"]\n{WHOLE}["A-1-01"]\n{WHOLE}'))


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ('["A-1-01"]\n' + WHOLE.replace("MUST", "SHALL"), "level should be one of MUST, SHOULD, MAY, ARCH"),
        ('["A-1-01"]\n' + WHOLE.replace("prose", "rumour"), "basis should be one of"),
        ('["A-1-01"]\n' + WHOLE.replace('"hub"', "7"), "actor should be a text"),
        ('["A-1-01"]\n' + WHOLE.replace("topic", "subject"), "topic should be a text, not None"),
        ('["A-1-01"]\n' + WHOLE + 'colour = "red"', "nothing is known of colour"),
        ('["A-1-01"]\n' + WHOLE + 'ambiguities = ["AMB-9"]', "ambiguities should be a list"),
        ('["A-1-01"]\n' + WHOLE + 'aliases = "A-1-02"', "aliases should be a list"),
        ('["A-1-1"]\n' + WHOLE, "DRAFT-SECTION-NN"),
        ('"A-1-01" = 1', "should be a table"),
        ('["A-1-01"', "can't be read"),
    ],
)
def test_what_is_wrong_with_an_entry_is_said(catalogue: Catalogue, entry: str, reason: str) -> None:
    with pytest.raises(CatalogueError, match=r"one\.toml") as caught:
        load_requirements(catalogue(one=entry))
    assert reason in str(caught.value)


def test_a_file_has_to_name_its_draft(tmp_path: Path) -> None:
    (tmp_path / "one.toml").write_text(f'["A-1-01"]\n{WHOLE}', encoding="utf-8")
    with pytest.raises(CatalogueError, match="draft should be a text"):
        load_requirements(tmp_path)
