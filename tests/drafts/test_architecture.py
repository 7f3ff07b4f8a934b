"""docs/architecture.md: what it names is there, and it leaves nothing of the architecture draft out."""

import re
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from mimi_conformance import reference
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.drafts.interpretations import interpretations
from mimi_conformance.reference.drafts.requirements import requirements
from mimi_conformance.reference.wire.registry import STRUCTURES

PAGE = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| ARCH 2") and not line.startswith("| ARCH |")
]
CODE, WIRE = -2, -1
HEADERS = {"From", "Host"}


def named_in(column: int) -> list[str]:
    return sorted({name for row in ROWS for name in re.findall(r"`([^`]+)`", row[column])})


@pytest.mark.parametrize("name", named_in(CODE))
def test_code_that_is_named_is_there(name: str) -> None:
    found: object = reference
    for part in name.split("."):
        if isinstance(found, ModuleType) and not hasattr(found, part):
            import_module(f"{found.__name__}.{part}")
        assert hasattr(found, part), f"{name}: there is no {part} in {found}"
        found = getattr(found, part)


@pytest.mark.parametrize("name", named_in(WIRE))
def test_what_is_named_on_the_wire_is_defined(name: str) -> None:
    assert name in STRUCTURES.keys() | code_points().endpoints.keys() | HEADERS


def test_every_rule_of_the_architecture_has_a_row() -> None:
    listed = [id_ for row in ROWS for id_ in re.findall(r"ARCH-[\d.]+-\d+", row[0])]
    assert sorted(listed) == sorted(id_ for id_ in requirements() if id_.startswith("ARCH-"))


def test_what_has_nothing_on_the_wire_is_explained() -> None:
    explained = PAGE.partition("## Where the wire has nothing")[2]
    for row in ROWS:
        if "see below" in row[WIRE] and row[0].startswith("ARCH-"):
            assert any(id_ in explained for id_ in re.findall(r"ARCH-[\d.]+-\d+", row[0])), row[0]


def test_readings_and_sections_exist() -> None:
    assert set(re.findall(r"AMB-\d{3}", PAGE)) <= interpretations().keys()
    known = {f"{id_.partition('-')[0]} {each.section.split(' ')[0]}." for id_, each in requirements().items()}
    for draft, sections in re.findall(r"\b(PROTO|POLICY|CONTENT|ARCH) (\d[\d.]*(?:, \d[\d.]*)*)", PAGE):
        for section in sections.split(", "):
            cited = f"{draft} {section.rstrip('.')}."
            assert any(each.startswith(cited) for each in known), f"There is no {cited}"
