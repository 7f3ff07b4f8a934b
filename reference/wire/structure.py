"""Structures, declared once: a frozen dataclass whose annotations name the encoding of each field.

    @dataclass(frozen=True, slots=True)
    class UserRolePair(Struct):
        user: opaque
        role_index: uint32

The words that annotations are made of are in `declaration`. The annotations are read when a structure is first used.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from operator import attrgetter
from types import MappingProxyType, NoneType
from typing import Annotated, Any, Self, cast, get_args, get_origin, get_type_hints

from mimi_conformance.reference.wire.containers import NumberVector, Presence, Vector
from mimi_conformance.reference.wire.declaration import Among, Given, Giving, Optional, Requires, Select, When
from mimi_conformance.reference.wire.encodings import Boolean, Encoding, Enumerated, Uint
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.errors import DecodeError, EncodeError, in_bytes, one_of


class Struct:
    """A structure of the presentation language. Subclasses are frozen, slotted dataclasses; see the module."""

    __slots__ = ()

    @classmethod
    def decode(cls, data: bytes, **given: object) -> Self:
        """Return the value that `data` is, all of it; raises `DecodeError`.

        `given` has what the structure takes from the one around it, for those few that have a `Given` field.
        """
        data = bytes(data)
        try:
            value, position = struct_encoding(cls).decode(data, 0, len(data), given)
            _require_end(data, position)
        except DecodeError as error:
            error.structure = cls.__name__
            raise
        return cast("Self", value)

    @classmethod
    def decode_all(cls, data: bytes) -> tuple[Self, ...]:
        """Return the values that follow each other to the end of `data`; raises `DecodeError`."""
        data = bytes(data)
        values: list[Self] = []
        position = 0
        try:
            while position < len(data):
                value, position = struct_encoding(cls).decode(data, position, len(data))
                values.append(cast("Self", value))
        except DecodeError as error:
            error.within(f"[{len(values)}]")
            error.structure = cls.__name__
            raise
        return tuple(values)

    def encode(self) -> bytes:
        """Return the bytes; raises `EncodeError` when a field does not fit its declaration."""
        try:
            return struct_encoding(type(self)).encoded(self)
        except EncodeError as error:
            error.structure = type(self).__name__
            raise

    def to_json(self) -> dict[str, Any]:
        """Return the JSON form: bytes as lower-case hex, enum values by name, no fields that a select leaves out."""
        return cast("dict[str, Any]", struct_encoding(type(self)).to_json(self))

    @classmethod
    def from_json(cls, form: object) -> Self:
        """Return the value whose JSON form this is; raises `EncodeError` when it is not one."""
        try:
            return cast("Self", struct_encoding(cls).from_json(form))
        except EncodeError as error:
            error.structure = cls.__name__
            raise

    @classmethod
    def taken_from(cls, other: "Struct", **more: object) -> Self:
        """Return a value with the same-named fields of another: the TBS form of a signed structure, say."""
        names = [field.name for field in fields(cast("Any", cls))]
        return cls(
            **{name: getattr(other, name) for name in names if name not in more and hasattr(other, name)}, **more
        )


@dataclass(frozen=True)
class Field:
    """One field of a structure: its name, its encoding, and what decides whether and how it is there."""

    name: str
    encoding: Encoding
    """How the field is laid out; for a field with arms, one of them."""
    store: Callable[[Any, Any], None]
    given: bool
    when: When | None
    arms: dict[Any, Encoding] | None
    requires: Requires | None
    giving: Giving | None
    path: Callable[[Any], Any]
    """Finds what `when` or `arms` look at."""

    @property
    def switch(self) -> Callable[[Any], Any] | None:
        """Finds what decides whether the field is there; None when it always is."""
        return self.path if self.when is not None else None

    @property
    def values(self) -> frozenset[object]:
        """The values of the switch for which the field is there."""
        return self.when.values if self.when is not None else frozenset()

    @property
    def simple(self) -> bool:
        """Whether the encoding alone reads and writes the field, once it is known to be there."""
        return not (self.arms or self.giving or self.requires)

    def encoding_in(self, value: Any) -> Encoding | None:
        """Return this field's encoding in a structure whose earlier fields are set; None when the select has none."""
        if self.when is not None and self.path(value) not in self.when.values:
            return None
        return self.arm_in(value)

    def arm_in(self, value: Any) -> Encoding:
        """Return this field's encoding in a structure that has it and whose earlier fields are set."""
        return self.encoding if self.arms is None else self.arms[self.path(value)]

    def given_in(self, value: Any) -> dict[str, object]:
        """Return what this field's structure is given, in a structure whose earlier fields are set."""
        return {name: attrgetter(path)(value) for name, path in self.giving.paths.items()} if self.giving else {}

    def require_allowed(self, value: Any) -> None:
        """Raise `ValueError` when a structure where this field is set must not have it so."""
        if self.requires is not None:
            found = attrgetter(self.requires.path)(value)
            if found not in self.requires.values:
                raise ValueError(f"{self.requires.path} is {one_of([found])}, none of {one_of(self.requires.values)}")

    def decode(self, value: Any, data: bytes, position: int, end: int) -> int:
        """Read a field that is there into a structure whose earlier fields are set; return the position after it."""
        encoding = self.arm_in(value)
        if self.giving is not None and isinstance(encoding, StructEncoding):
            item, after = encoding.decode(data, position, end, self.given_in(value))
        else:
            item, after = encoding.decode(data, position, end)
        self.store(value, item)
        try:
            self.require_allowed(value)
        except ValueError as error:
            raise DecodeError(str(error), position) from None
        return after

    def encode(self, value: Any, output: bytearray) -> None:
        """Append a field that is there."""
        item = getattr(value, self.name)
        self.arm_in(value).encode(item, output)
        self.check(value, item)

    def require_absent(self, value: Any) -> None:
        """Raise `EncodeError` when a structure has the field although its select leaves it out."""
        if getattr(value, self.name) is not None:
            raise EncodeError("must be None here: the select has no such field")

    def check(self, value: Any, item: Any) -> None:
        """Raise `EncodeError` when the field, whose value is `item`, contradicts the rest of the structure."""
        for name, needed in self.given_in(value).items():
            if getattr(item, name) != needed:
                raise EncodeError(f"{name} is {getattr(item, name)!r}, but the structure around it says {needed!r}")
        try:
            self.require_allowed(value)
        except ValueError as error:
            raise EncodeError(str(error)) from None


class StructEncoding(Encoding):
    """The encoding of a structure: its fields, one after the other."""

    def __init__(self, kind: type[Struct]) -> None:
        self.kind = kind
        hints = get_type_hints(kind, include_extras=True)
        self.fields = tuple(_field(kind, field.name, hints[field.name]) for field in fields(cast("Any", kind)))
        self.given = tuple(field for field in self.fields if field.given)
        carried = [field for field in self.fields if not field.given]
        # What the two loops below need of each field. Without a function for its bytes, the field itself decides.
        self._reads = tuple(
            (
                field.name,
                field.store,
                field.switch,
                field.values,
                field.encoding.decode if field.simple else None,
                field,
            )
            for field in carried
        )
        self._writes = tuple(
            (field.name, field.switch, field.values, field.encoding.encode if field.simple else None, field)
            for field in carried
        )

    def __str__(self) -> str:
        return self.kind.__name__

    def decode(
        self, data: bytes, position: int, end: int, given: Mapping[str, object] = MappingProxyType({})
    ) -> tuple[Any, int]:
        """Read the fields. Those that are `Given` come from `given`, and one that is missing there is a `TypeError`."""
        value: Any = object.__new__(self.kind)
        name = ""
        for field in self.given:
            if field.name not in given:
                raise TypeError(f"{self} can only be decoded with the {field.name} of the structure around it")
            field.store(value, given[field.name])
        try:
            self._check_given(value)
        except EncodeError as error:
            raise DecodeError(error.reason, position) from None
        try:
            for name, store, switch, values, decode, field in self._reads:  # noqa: B007 - the error names the field
                if switch is not None and switch(value) not in values:
                    store(value, None)
                elif decode is not None:
                    item, position = decode(data, position, end)
                    store(value, item)
                else:
                    position = field.decode(value, data, position, end)
        except DecodeError as error:
            error.within(name)
            raise
        return value, position

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the fields."""
        if type(value) is not self.kind:
            raise EncodeError(f"{self} is needed here, not {type(value).__name__}")
        self._check_given(value)
        name = ""
        try:
            for name, switch, values, encode, field in self._writes:
                if switch is not None and switch(value) not in values:
                    field.require_absent(value)
                elif encode is not None:
                    encode(getattr(value, name), output)
                else:
                    field.encode(value, output)
        except EncodeError as error:
            error.within(name)
            raise

    def _check_given(self, value: Any) -> None:
        """Raise `EncodeError` when what comes from the structure around is not what this one can be in."""
        for field in self.given:
            field.encoding.encoded(getattr(value, field.name))

    def to_json(self, value: Any) -> Any:
        """Return an object with the fields that are there."""
        form = {}
        for field in self.fields:
            encoding = field.encoding_in(value)
            if encoding is not None:
                form[field.name] = encoding.to_json(getattr(value, field.name))
        return form

    def from_json(self, form: Any) -> Any:
        """Return the value; a field too many or too few is an `EncodeError`."""
        if not isinstance(form, dict):
            raise EncodeError(f"a {self} is a JSON object")
        value: Any = object.__new__(self.kind)
        present: set[str] = set()
        for field in self.fields:
            try:
                self._field_from_json(field, form, value, present)
            except EncodeError as error:
                error.within(field.name)
                raise
        for name in form:
            if name not in present:
                raise EncodeError(f"{name} is no field of a {self} like this one")
        return value

    def _field_from_json(self, field: Field, form: dict[str, Any], value: Any, present: set[str]) -> None:
        """Set one field from the object that holds it."""
        encoding = field.encoding_in(value)
        if encoding is None:
            field.store(value, None)
            return
        if field.name not in form:
            raise EncodeError("is missing")
        item = encoding.from_json(form[field.name])
        present.add(field.name)
        field.store(value, item)
        field.check(value, item)


_compiled: dict[type[Struct], StructEncoding] = {}


def struct_encoding(kind: type[Struct]) -> StructEncoding:
    """Return the encoding of a structure, compiled once."""
    encoding = _compiled.get(kind)
    if encoding is None:
        encoding = _compiled[kind] = StructEncoding(kind)
    return encoding


def _require_end(data: bytes, position: int) -> None:
    """Raise `DecodeError` for bytes after the structure."""
    if position != len(data):
        raise DecodeError(f"{in_bytes(len(data) - position)} left over after the structure", position)


def encoding_of(annotation: Any) -> Encoding:
    """Return the encoding that an annotation names."""
    hint, marks = _opened(annotation)
    for mark in marks:
        if isinstance(mark, Encoding):
            return mark
    among = next((mark.values for mark in marks if isinstance(mark, Among)), frozenset[Enumeration]())
    if Optional() in marks:
        return Presence(encoding_of(_without_none(hint)))
    if get_origin(hint) is tuple:
        of = encoding_of(get_args(hint)[0])
        return NumberVector(of) if isinstance(of, (Uint, Enumerated)) else Vector(of)
    if hint is bool:
        return Boolean()
    if isinstance(hint, type) and issubclass(hint, Enumeration):
        return Enumerated(hint, among)
    if isinstance(hint, type) and issubclass(hint, Struct):
        return struct_encoding(hint)
    raise TypeError(f"{hint} names no encoding")


def _field(kind: type[Struct], name: str, annotation: Any) -> Field:
    """Read the annotation of a field."""
    hint, marks = _opened(annotation)
    found: dict[type, Any] = {type(mark): mark for mark in marks}
    when, select = found.get(When), found.get(Select)
    arms = {value: encoding_of(arm) for value, arm in select.arms.items()} if select else None
    if when and Optional not in found:
        hint = _without_none(hint)
    return Field(
        name=name,
        encoding=next(iter(arms.values())) if arms else encoding_of(Annotated[hint, *marks] if marks else hint),
        store=kind.__dict__[name].__set__,
        given=Given in found,
        when=when,
        arms=arms,
        requires=found.get(Requires),
        giving=found.get(Giving),
        path=attrgetter(when.path if when else select.path if select else name),
    )


def _opened(annotation: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the type and the marks of an annotation."""
    if get_origin(annotation) is Annotated:
        hint, *marks = get_args(annotation)
        return hint, tuple(marks)
    return annotation, ()


def _without_none(hint: Any) -> Any:
    """Return `T` of `T | None`."""
    (inner,) = (part for part in get_args(hint) if part is not NoneType)
    return inner
