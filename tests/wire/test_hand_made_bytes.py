"""Structures whose bytes were written by hand from the drafts: `hand_made_bytes.txt`, which says how to read it.

The JSON form says what the bytes mean, and the printed tree where each field lies, so that no declaration can be
wrong in the same way as the example that it is compared with.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mimi_conformance.reference.wire.outline import Element, outline
from mimi_conformance.reference.wire.registry import STRUCTURES
from tests.exercised import exercises

LINE = re.compile(r"(?P<octets>[0-9a-f ]*)# (?P<path>[\w.\[\]]+)( = (?P<value>.+))?")


@dataclass(frozen=True)
class FieldLine:
    """A line: the bytes that a field begins with, if it has any, its path, and its value unless it is a structure."""

    octets: bytes
    path: str
    has_value: bool
    value: object


@dataclass(frozen=True)
class Example:
    """A structure by name, and its fields in order."""

    structure: str
    lines: tuple[FieldLine, ...]

    @property
    def octets(self) -> bytes:
        """All bytes."""
        return b"".join(line.octets for line in self.lines)


def read(text: str) -> Iterator[Example]:
    """Yield the examples of the file."""
    for part in re.split(r"^== ", text, flags=re.MULTILINE)[1:]:
        title, *lines = part.strip().splitlines()
        yield Example(title.split()[0], tuple(map(field_line, lines)))


def field_line(text: str) -> FieldLine:
    """Return what a line says."""
    match = LINE.fullmatch(text)
    assert match, f"no line of a field: {text}"
    value = match["value"]
    return FieldLine(
        bytes.fromhex(match["octets"]), match["path"], value is not None, value and in_json(ast.literal_eval(value))
    )


def in_json(value: Any) -> Any:
    """Return the JSON form of a value in the file: bytes become hex."""
    if isinstance(value, list):
        return [in_json(item) for item in value]
    return value.hex() if isinstance(value, bytes) else value


def leaves(form: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield path and value of everything in a JSON form that is neither a structure nor a vector of some."""
    if isinstance(form, dict) and form:
        for name, part in form.items():
            yield from leaves(part, f"{path}.{name}".removeprefix("."))
    elif isinstance(form, list) and any(isinstance(item, dict) for item in form):
        for index, item in enumerate(form):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, form


def places(element: Element, path: str = "") -> Iterator[tuple[str, int]]:
    """Yield path and offset of everything below an element."""
    for part in element.parts:
        of = f"{path}{part.name}" if part.name.startswith("[") else f"{path}.{part.name}".removeprefix(".")
        yield of, part.offset
        yield from places(part, of)


EXAMPLES = list(read((Path(__file__).parent / "hand_made_bytes.txt").read_text()))
each_example = pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.structure)


@exercises(
    "POLICY-3-03",
    "POLICY-3-09",
    "POLICY-3-10",
    "POLICY-3-11",
    "POLICY-4-06",
    "POLICY-4-08",
    "POLICY-4-09",
    "POLICY-5-01",
    "POLICY-5-02",
    "POLICY-5-25",
    "POLICY-6.1-01",
    "POLICY-6.1-02",
    "POLICY-6.2-07",
    "POLICY-6.2-08",
    "POLICY-6.3-06",
    "POLICY-6.4-08",
    "POLICY-6.4-09",
    "POLICY-6.4-10",
    "POLICY-6.4-12",
    "POLICY-6.5-07",
    "POLICY-6.6-08",
    "POLICY-6.7-01",
    "POLICY-6.8-05",
    "POLICY-7.1-01",
    "POLICY-7.1-02",
    "POLICY-7.1-05",
    "POLICY-7.1-06",
    "POLICY-7.1-10",
    "POLICY-B-01",
    "PROTO-5.3-12",
    "PROTO-5.3-14",
    "PROTO-5.3-15",
    "PROTO-5.3-18",
    "PROTO-5.3-22",
    "PROTO-5.3-27",
    "PROTO-5.4.1-03",
    "PROTO-5.4.1-04",
    "PROTO-6.1-03",
    "PROTO-6.1-07",
    "PROTO-7.5-06",
    "PROTO-7.5-07",
    "PROTO-7.6-01",
    "PROTO-7.6-02",
)
@each_example
def test_the_bytes_mean_what_they_were_written_for(example: Example) -> None:
    form = STRUCTURES[example.structure].decode(example.octets).to_json()
    assert dict(leaves(form)) == {line.path: line.value for line in example.lines if line.has_value}


@each_example
def test_the_meaning_has_these_bytes(example: Example) -> None:
    structure = STRUCTURES[example.structure]
    form = structure.decode(example.octets).to_json()
    assert structure.from_json(form).encode() == example.octets


@each_example
def test_every_field_is_shown_where_its_bytes_begin(example: Example) -> None:
    shown = dict(places(outline(STRUCTURES[example.structure].decode(example.octets))))
    offset = 0
    for line in example.lines:
        if line.octets:
            assert shown[line.path] == offset, line.path
        offset += len(line.octets)


@each_example
def test_no_byte_can_be_left_off(example: Example) -> None:
    structure = STRUCTURES[example.structure]
    for length in range(len(example.octets)):
        with pytest.raises(ValueError, match=rf"^{example.structure}\b.* at offset \d+: "):
            structure.decode(example.octets[:length])
