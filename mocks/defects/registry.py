"""How a defect is declared, and where to find all of them.

    @defect("ignores-from", breaks=("PROTO-4.1-13",))
    class IgnoresFrom(Provider):
        '''Serves whoever has a certificate, in whosever name.'''

        def check_certificate(self, request, source):
            pass

`breaks` are the requirements at which a test has to notice: those that such a server breaks and no others.
"""

import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib import import_module
from typing import TypeVar

from mimi_conformance.mocks import defects as package
from mimi_conformance.reference.provider.asset_client import AssetClient
from mimi_conformance.reference.provider.instance import Parts
from mimi_conformance.reference.provider.local import LocalService
from mimi_conformance.reference.provider.outbox import Outbox
from mimi_conformance.reference.provider.outgoing import PeerClient
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.server import TLSServer

Part = type[Provider] | type[TLSServer] | type[PeerClient] | type[AssetClient] | type[LocalService] | type[Outbox]
D = TypeVar("D", bound=Part | Callable[[], Parts])


@dataclass(frozen=True)
class Defect:
    """One non-conformance.

    Attributes:
        name: what the server does, in words joined by hyphens.
        breaks: the ids of the requirements that it breaks.
        description: the same as a sentence.
        parts: what a server that does so is put together from.
    """

    name: str
    breaks: tuple[str, ...]
    description: str
    parts: Parts


class DefectError(TypeError):
    """A defect is not declared as it has to be; the message names it and says why."""


_declared: dict[str, Defect] = {}


def defect(name: str, *, breaks: tuple[str, ...]) -> Callable[[D], D]:
    """Declare a defect: a class that does its part of the reference wrong, or a function that gives several as parts.

    Raises:
        DefectError: the name is taken, nothing is broken, the docstring is missing, or the class is no part.
    """

    def declare(wrong: D) -> D:
        if name in _declared:
            raise DefectError(f"Two defects are called {name}.")
        if not breaks:
            raise DefectError(f"The defect {name} breaks no requirement.")
        description = inspect.cleandoc(wrong.__doc__ or "").partition("\n")[0]
        if not description:
            raise DefectError(f"The defect {name} does not say what the server does wrong.")
        parts = _with(name, wrong) if isinstance(wrong, type) else wrong()
        _declared[name] = Defect(name, breaks, description, parts)
        return wrong

    return declare


@cache
def defects() -> tuple[Defect, ...]:
    """Every defect, in the order of the files and of the places in them."""
    for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
        import_module(module.name)
    return tuple(_declared.values())


def _with(name: str, part: type) -> Parts:
    """Return the reference's parts with this one in the place of the class that it derives from."""
    parts = Parts()
    for field in fields(parts):
        if issubclass(part, getattr(parts, field.name)):
            return replace(parts, **{field.name: part})
    raise DefectError(f"The defect {name} is no part of the reference: {part.__name__} derives from none of them.")
