"""The words of a declaration: what stands beside a field's type and says how it is laid out.

The types are `uint8` to `uint64`, `opaque` (`opaque x<V>`), `string`, `bool`, an `Enumeration` or `Registry`, another
structure, `tuple[T, ...]` for `T x<V>`, `optional[T]` for `optional<T>`, and `Annotated[bytes, Fixed(32)]` for
`opaque x[32]`. The marks below, inside `Annotated`, say what a `select` does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from mimi_conformance.reference.wire.encodings import Opaque, Text, Uint
from mimi_conformance.reference.wire.enumerations import Enumeration


@dataclass(frozen=True)
class When:
    """The field is there only when the value at `path`, seen from this structure, is one of `values`."""

    path: str
    values: frozenset[object]

    def __init__(self, path: str, *values: object) -> None:
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "values", frozenset(values))


@dataclass(frozen=True)
class Select:
    """What the field is depends on the value at `path`: a type for each value that is `Among` that field's values."""

    path: str
    arms: Mapping[Any, Any]


@dataclass(frozen=True)
class Among:
    """The field is one of these values of its enum or registry: the draft fixes it, or no arm exists for any other."""

    values: frozenset[Enumeration]

    def __init__(self, *values: Enumeration) -> None:
        object.__setattr__(self, "values", frozenset(values))


@dataclass(frozen=True)
class Requires:
    """With this field the value at `path`, seen from this structure, must be one of `values`: no arm for any other."""

    path: str
    values: frozenset[object]

    def __init__(self, path: str, *values: object) -> None:
        object.__setattr__(self, "path", path)
        object.__setattr__(self, "values", frozenset(values))


@dataclass(frozen=True)
class Given:
    """The field takes no bytes: it repeats what a `select` in here needs from the structure around it."""


@dataclass(frozen=True)
class Giving:
    """The inner structure's `Given` fields and the paths, seen from this structure, of their values."""

    paths: Mapping[str, str]

    def __init__(self, **paths: str) -> None:
        object.__setattr__(self, "paths", MappingProxyType(paths))


@dataclass(frozen=True)
class Optional:
    """Marks `optional[T]`, so that it can't be mistaken for a field that `When` leaves out."""


T = TypeVar("T")

uint8 = Annotated[int, Uint(1)]
uint16 = Annotated[int, Uint(2)]
uint32 = Annotated[int, Uint(4)]
uint64 = Annotated[int, Uint(8)]
opaque = Annotated[bytes, Opaque()]
string = Annotated[str, Text()]
optional = Annotated[T | None, Optional()]
