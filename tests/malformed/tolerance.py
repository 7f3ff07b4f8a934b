"""The same code once more, with one rule fewer.

Everything that this package's tests and the reference's MLS consist of is loaded a second time, as `tolerant.*`. In the
copy, whoever is about to raise the error of a rule that is tolerated goes on as if the rule were kept.
"""

import ast
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

_COPIED = ("mimi_conformance.reference.mls", "mimi_conformance.mocks.malformed", "tests.malformed", "tests.mls")
_PREFIX = "tolerant."

_tolerated: set[str] = set()


@contextmanager
def tolerating(rule: Any) -> Iterator[None]:
    """While this lasts, nobody in the copy minds that a rule is broken."""
    _tolerated.add(str(rule))
    try:
        yield
    finally:
        _tolerated.clear()


def tolerant(module: str) -> ModuleType:
    """The copy of a module."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())
    return import_module(_PREFIX + module)


def raised(error: BaseException, cause: BaseException | None = None) -> None:
    """What stands in the copy in place of each `raise`."""
    if str(getattr(error, "rule", None)) not in _tolerated:
        raise error from cause


class _Tolerant(ast.NodeTransformer):
    """Puts `raised` in the place of each `raise`, and the copies of modules in that of the modules."""

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        if node.exc is None:
            return node
        raised = [node.exc, *([node.cause] if node.cause else [])]
        call = ast.Call(ast.Name("raised_in_the_copy", ast.Load()), raised, [])
        return ast.copy_location(ast.Expr(call), node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        named = [f"{node.module}.{name.name}" for name in node.names]
        if node.module is not None and (node.module.startswith(_COPIED) or any(name in _COPIED for name in named)):
            node.module = _PREFIX + node.module
        return node


class _Finder(MetaPathFinder, Loader):
    """Finds copies of modules."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if not f"{fullname}.".startswith(_PREFIX):
            return None
        original = fullname.removeprefix(_PREFIX)
        if fullname == _PREFIX.rstrip(".") or not original.startswith(_COPIED):
            return ModuleSpec(fullname, self, is_package=True)
        found = find_spec(original)
        assert found is not None
        spec = ModuleSpec(fullname, self, origin=found.origin, is_package=found.submodule_search_locations is not None)
        if found.submodule_search_locations is not None:
            spec.submodule_search_locations = list(found.submodule_search_locations)
        return spec

    def exec_module(self, module: ModuleType) -> None:
        origin = module.__spec__.origin if module.__spec__ else None
        if origin is None or not Path(origin).is_file():
            return
        tree = ast.fix_missing_locations(_Tolerant().visit(ast.parse(Path(origin).read_text(), origin)))
        module.__dict__["raised_in_the_copy"] = raised
        exec(compile(tree, origin, "exec"), module.__dict__)
