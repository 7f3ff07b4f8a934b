"""Which requirements the tests cite and the defects break, read from their source without running any of it.

A test cites with ``@checks("PROTO-5.7-15", ...)``, on itself, on its class or on one of its parameter sets; a defect
is declared with ``@defect("name", breaks=("PROTO-5.7-15", ...))``. Both have to write the ids out, so that they can
be found here, by `grep`, and by a reader.
"""

import ast
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.abc import Traversable
from importlib.resources import files
from typing import Final

from mimi_conformance.reference.drafts.requirements import Observability, Requirement

_TESTABLE: Final = (Observability.BLACK_BOX, Observability.CONTROL)


@dataclass(frozen=True, slots=True)
class Citation:
    """One place that names a requirement.

    Attributes:
        requirement: the id as it stands there, known or not.
        by: the test, as in ``transport/consent::test_a_grant_is_received``; or the name of the defect.
        file: the file, from the folder of the room.
        line: where in it, counted from 1.
    """

    requirement: str
    by: str
    file: str
    line: int


class UnreadableCitation(ValueError):  # noqa: N818 - reads as what it is
    """A file cites in a way that cannot be understood without running it."""

    def __init__(self, file: str, line: int, reason: str) -> None:
        self.file = file
        self.line = line
        self.reason = reason
        super().__init__(f"{file}, line {line}: {reason}")


@dataclass(frozen=True, slots=True)
class Coverage:
    """How far the requirements of one topic or draft are tested.

    Attributes:
        total: how many there are.
        testable: how many a test against a running server can judge; the others need a vector, or no peer can see them.
        cited: how many of those a test cites.
        killed: how many of those a defect is keyed to; whether it is caught is for ``selfcheck`` to say.
        untested: the ids that are testable and not cited.
    """

    total: int
    testable: int
    cited: int
    killed: int
    untested: tuple[str, ...]


def coverage(wanted: Iterable[Requirement], cited: frozenset[str], broken: frozenset[str]) -> Coverage:
    """How far some requirements are tested, given the ids that tests cite and that defects break."""
    every = tuple(wanted)
    testable = [each for each in every if each.observability in _TESTABLE]
    tested = [each for each in testable if _named(each, cited)]
    return Coverage(
        total=len(every),
        testable=len(testable),
        cited=len(tested),
        killed=sum(_named(each, broken) for each in tested),
        untested=tuple(each.id for each in testable if not _named(each, cited)),
    )


def _named(requirement: Requirement, ids: frozenset[str]) -> bool:
    return not ids.isdisjoint((requirement.id, *requirement.aliases))


@cache
def suite_citations() -> tuple[Citation, ...]:
    """Every citation by a test of the suites.

    Raises:
        UnreadableCitation: a test does not write its ids out.
    """
    return tuple(_citations(files("mimi_conformance.suites"), cited_by_tests))


@cache
def defect_citations() -> tuple[Citation, ...]:
    """Every requirement that a defect is keyed to.

    Raises:
        UnreadableCitation: a defect does not write its ids out.
    """
    return tuple(_citations(files("mimi_conformance.mocks.defects"), broken_by_defects))


def _citations(folder: Traversable, read: Callable[[str, str], Iterator[Citation]]) -> Iterator[Citation]:
    for path, file in _python_files(folder, ""):
        yield from read(file.read_text(encoding="utf-8"), path)


def _python_files(folder: Traversable, parent: str) -> Iterator[tuple[str, Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            yield from _python_files(entry, f"{parent}{entry.name}/")
        elif entry.name.endswith(".py"):
            yield f"{parent}{entry.name}", entry


def cited_by_tests(source: str, file: str) -> Iterator[Citation]:
    """Every citation in the source of one test file.

    Raises:
        UnreadableCitation: a test does not write its ids out.
    """
    folder, slash, name = file.rpartition("/")
    place = folder + slash + name.removeprefix("test_").removesuffix(".py")
    yield from _cited_below(ast.parse(source), place, file)


def _cited_below(scope: ast.Module | ast.ClassDef, name: str, file: str) -> Iterator[Citation]:
    for node in scope.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            test = f"{name}::{node.name}"
            for call in _calls_of("checks", node.decorator_list):
                for argument in call.args:
                    yield Citation(_literal(argument, file), test, file, argument.lineno)
            if isinstance(node, ast.ClassDef):
                yield from _cited_below(node, test, file)


def broken_by_defects(source: str, file: str) -> Iterator[Citation]:
    """Every requirement that the defects in the source of one file are keyed to.

    Raises:
        UnreadableCitation: a defect does not write its name or its ids out.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for call in _calls_of("defect", node.decorator_list):
                if not call.args:
                    raise UnreadableCitation(file, call.lineno, "the defect has no name")
                name = _literal(call.args[0], file)
                for element in _elements(_keyword(call, "breaks", file), file):
                    yield Citation(_literal(element, file), name, file, element.lineno)


def _calls_of(name: str, decorators: Iterable[ast.expr]) -> Iterator[ast.Call]:
    """Calls of a function, by its name alone or as an attribute, anywhere inside some decorators."""
    for node in (node for decorator in decorators for node in ast.walk(decorator)):
        if isinstance(node, ast.Call):
            match node.func:
                case ast.Name(id=called) | ast.Attribute(attr=called) if called == name:
                    yield node


def _keyword(call: ast.Call, name: str, file: str) -> ast.expr:
    for keyword in call.keywords:
        if keyword.arg == name:
            return keyword.value
    raise UnreadableCitation(file, call.lineno, f"there is no {name}=")


def _elements(node: ast.expr, file: str) -> list[ast.expr]:
    if isinstance(node, ast.Tuple | ast.List | ast.Set):
        return node.elts
    raise UnreadableCitation(file, node.lineno, "the ids have to be written out as a tuple")


def _literal(node: ast.expr, file: str) -> str:
    match node:
        case ast.Constant(value=str() as text):
            return text
    raise UnreadableCitation(file, node.lineno, f"{ast.unparse(node)} is not an id written out")
