"""Which requirements of the drafts this project's own tests exercise, so that none is forgotten without a word.

A test names what it exercises, on itself, on its class, on one of its parameter sets, or for a whole module:

    @exercises("CONTENT-5.1-01")
    def test_the_original_example_has_the_message_id_printed_beside_it(): ...

and one test per draft, in the room that the draft is about, compares them with the catalogue:

    def test_every_requirement_is_exercised_or_excused() -> None:
        assert unaccounted("CONTENT", excused={"CONTENT-4.1-02": "only the client's user can see it"}) == []

Calls of `exercises` are found in the source, because a worker of pytest-xdist, or a run of one file, does not see the
others. So the ids stand there as literal strings.
"""

import ast
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from mimi_conformance.reference.drafts.requirements import Observability, requirement, requirements

TESTS = Path(__file__).parent


def exercises(*ids: str) -> pytest.MarkDecorator:
    """Name the requirements that a test exercises; UnknownRequirement for one that the catalogue has not."""
    return pytest.mark.exercises(*(requirement(id_).id for id_ in ids))


@cache
def exercised(folder: Path = TESTS) -> frozenset[str]:
    """The ids that any test below a folder names."""
    sources = (file.read_bytes() for file in folder.rglob("test_*.py"))
    naming = (source for source in sources if exercises.__name__.encode() in source)
    return frozenset(id_ for source in naming for id_ in _named_in(ast.parse(source)))


def _named_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == exercises.__name__:
            for argument in node.args:
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield requirement(argument.value).id


def unaccounted(
    draft: str, excused: Mapping[str, str], folder: Path = TESTS, in_data: Collection[str] = ()
) -> list[str]:
    """What is wrong with the account of a draft's requirements (``CONTENT``, ``PROTO``), a sentence each.

    `excused` are the ids that no test exercises, with the reasons. Requirements that nobody can see need none.
    `in_data` are ids that stand in the data of tests, and not in their source.
    """
    named = exercised(folder) | {*in_data}
    every = {id_: each for id_, each in requirements().items() if id_.startswith(f"{draft}-")}
    testable = {id_ for id_, each in every.items() if each.observability is not Observability.UNTESTABLE}
    return [
        *(
            f"{id_} is neither exercised nor excused: {every[id_].text}."
            for id_ in sorted(testable - named - {*excused})
        ),
        *(f"{id_} is excused and exercised." for id_ in sorted(excused.keys() & named)),
        *(f"{id_} is excused and nothing that a test could see." for id_ in sorted(excused.keys() - testable)),
    ]
