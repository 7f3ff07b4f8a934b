"""The encodings that hold another one: optional values and vectors."""

from dataclasses import dataclass
from struct import error as StructError  # noqa: N812 - struct's name for its exception says nothing here
from struct import pack, unpack_from
from typing import Any

from mimi_conformance.reference.wire.encodings import Encoding, Enumerated, Uint, missing, unexpected
from mimi_conformance.reference.wire.errors import DecodeError, EncodeError
from mimi_conformance.reference.wire.varint import read_length, write_length


@dataclass(frozen=True)
class Presence(Encoding):
    """`optional<T>`: a presence octet, then the value when the octet is 1 (RFC 9420, section 2.1.1; AMB-002)."""

    of: Encoding

    def __str__(self) -> str:
        return f"optional<{self.of}>"

    def decode(self, data: bytes, position: int, end: int) -> tuple[Any, int]:
        """Read the octet and what it promises; None when there is nothing."""
        if position >= end:
            raise missing(1, position, end)
        octet = data[position]
        if octet == 0:
            return None, position + 1
        if octet == 1:
            return self.of.decode(data, position + 1, end)
        raise DecodeError(f"a presence octet is 0 or 1, not {octet}", position)

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the octet, and the value unless it is None."""
        if value is None:
            output.append(0)
        else:
            output.append(1)
            self.of.encode(value, output)

    def to_json(self, value: Any) -> Any:
        """Return the value's form, or null."""
        return None if value is None else self.of.to_json(value)

    def from_json(self, form: Any) -> Any:
        """Return the form's value, or None."""
        return None if form is None else self.of.from_json(form)


class Vector(Encoding):
    """Values one after the other behind their length in bytes: `T x<V>`; in Python a tuple."""

    def __init__(self, of: Encoding) -> None:
        self.of = of

    def __str__(self) -> str:
        return f"{self.of}<V>"

    def decode(self, data: bytes, position: int, end: int) -> tuple[tuple[Any, ...], int]:
        """Read the length and the values, which must fill it exactly."""
        length, position = read_length(data, position, end)
        after = position + length
        decode = self.of.decode
        values: list[Any] = []
        try:
            while position < after:
                value, position = decode(data, position, after)
                values.append(value)
        except DecodeError as error:
            error.within(f"[{len(values)}]")
            raise
        return tuple(values), after

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the length and the values."""
        if not isinstance(value, tuple):
            raise unexpected(value, "a tuple")
        start = len(output)
        encode = self.of.encode
        index = 0
        try:
            for index, item in enumerate(value):  # noqa: B007 - the error names the index
                encode(item, output)
        except EncodeError as error:
            error.within(f"[{index}]")
            raise
        output[start:start] = write_length(len(output) - start)

    def to_json(self, value: Any) -> Any:
        """Return the list of the values' forms."""
        return [self.of.to_json(item) for item in value]

    def from_json(self, form: Any) -> Any:
        """Return the tuple of the forms' values."""
        if not isinstance(form, list):
            raise unexpected(form, "a list")
        values = []
        for index, item in enumerate(form):
            try:
                values.append(self.of.from_json(item))
            except EncodeError as error:
                error.within(f"[{index}]")
                raise
        return tuple(values)


class NumberVector(Vector):
    """A vector of numbers or of enumerated values, read and written all at once.

    Wherever that fails, a vector like any other finds the error or, in a registry, learns a new value.
    """

    def __init__(self, of: Uint | Enumerated) -> None:
        super().__init__(of)
        self._octets = of.octets
        self._code = {1: "B", 2: "H", 4: "I", 8: "Q"}[of.octets]
        self._members = of.members if isinstance(of, Enumerated) else None
        self._kinds = {of.kind if isinstance(of, Enumerated) else int}

    def decode(self, data: bytes, position: int, end: int) -> tuple[tuple[Any, ...], int]:
        """Read the length and the values, which must fill it exactly."""
        length, start = read_length(data, position, end)
        count, odd = divmod(length, self._octets)
        if odd:
            return super().decode(data, position, end)
        numbers = unpack_from(f">{count}{self._code}", data, start)
        if self._members is None:
            return numbers, start + length
        try:
            return tuple([self._members[number] for number in numbers]), start + length
        except KeyError:
            return super().decode(data, position, end)

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the length and the values."""
        if type(value) is not tuple or not self._kinds.issuperset(map(type, value)):
            super().encode(value, output)
            return
        try:
            body = pack(f">{len(value)}{self._code}", *value)
        except StructError:
            super().encode(value, output)
            return
        output += write_length(len(body))
        output += body
