"""How each kind of value is laid out in bytes: the nodes a declaration is made of.

An encoding is a value that can be looked at: decoding, encoding, the JSON form, the printed tree and the generated
values of the tests all come from the same one. Nothing in here knows a MIMI structure.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from struct import error as StructError  # noqa: N812 - struct's name for its exception says nothing here
from struct import pack, unpack_from
from typing import Any

from mimi_conformance.reference.wire.enumerations import Enumeration, Registry
from mimi_conformance.reference.wire.errors import DecodeError, EncodeError, in_bytes, one_of
from mimi_conformance.reference.wire.varint import read_length, write_length


class Encoding(ABC):
    """One kind of value on the wire."""

    @abstractmethod
    def decode(self, data: bytes, position: int, end: int) -> tuple[Any, int]:
        """Read a value at `position`, never past `end`; return it and the position after it, or raise `DecodeError`."""

    @abstractmethod
    def encode(self, value: Any, output: bytearray) -> None:
        """Append the bytes of `value` to `output`, or raise `EncodeError`."""

    @abstractmethod
    def to_json(self, value: Any) -> Any:
        """Return the value as JSON shows it: numbers, enum names, text, and bytes as lower-case hex."""

    @abstractmethod
    def from_json(self, form: Any) -> Any:
        """Return the value that `to_json` gave this form for, or raise `EncodeError`."""

    def encoded(self, value: Any) -> bytes:
        """Return the bytes of one value."""
        output = bytearray()
        self.encode(value, output)
        return bytes(output)


def _missing(size: int, position: int, end: int) -> DecodeError:
    return DecodeError(f"{in_bytes(size)} needed, but {in_bytes(end - position)} left", position)


def _unexpected(value: object, expected: str) -> EncodeError:
    shown = repr(value)
    return EncodeError(f"{shown if len(shown) <= 80 else shown[:77] + '...'} is not {expected}")


def _bytes_from_hex(form: object) -> bytes:
    if not isinstance(form, str):
        raise _unexpected(form, "a string of hex digits")
    try:
        return bytes.fromhex(form)
    except ValueError as error:
        raise _unexpected(form, "a string of hex digits") from error


@dataclass(frozen=True)
class Uint(Encoding):
    """An unsigned number of 1 to 8 octets, most significant octet first."""

    octets: int

    def __str__(self) -> str:
        return f"uint{8 * self.octets}"

    def decode(self, data: bytes, position: int, end: int) -> tuple[int, int]:
        """Read the number."""
        after = position + self.octets
        if after > end:
            raise _missing(self.octets, position, end)
        return int.from_bytes(data[position:after], "big"), after

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the number."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise _unexpected(value, "a number")
        try:
            output += value.to_bytes(self.octets, "big")
        except OverflowError as error:
            raise EncodeError(f"{value} does not fit a {self}") from error

    def to_json(self, value: Any) -> Any:
        """Return the number."""
        return int(value)

    def from_json(self, form: Any) -> Any:
        """Return the number."""
        if not isinstance(form, int) or isinstance(form, bool):
            raise _unexpected(form, "a number")
        return form


@dataclass(frozen=True)
class Boolean(Encoding):
    """The drafts' `bool`: an enum of false(0) and true(1) in one octet."""

    def __str__(self) -> str:
        return "bool"

    def decode(self, data: bytes, position: int, end: int) -> tuple[bool, int]:
        """Read the octet; anything but 0 and 1 is an error."""
        if position >= end:
            raise _missing(1, position, end)
        octet = data[position]
        if octet > 1:
            raise DecodeError(f"a bool is 0 or 1, not {octet}", position)
        return octet == 1, position + 1

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the octet."""
        if not isinstance(value, bool):
            raise _unexpected(value, "True or False")
        output.append(value)

    def to_json(self, value: Any) -> Any:
        """Return true or false."""
        return value

    def from_json(self, form: Any) -> Any:
        """Return true or false."""
        if not isinstance(form, bool):
            raise _unexpected(form, "true or false")
        return form


class Enumerated(Encoding):
    """A value of an `Enumeration`, closed, or of a `Registry`, which keeps what it doesn't know."""

    def __init__(self, kind: type[Enumeration], among: Iterable[Enumeration] = ()) -> None:
        """Make the encoding of a kind; `among` names the values that are allowed here when not all are."""
        self.kind = kind
        self.octets = kind.octets()
        self.among = frozenset(among)
        self.members: dict[int, Enumeration] = {member.value: member for member in self.among or kind}

    def __str__(self) -> str:
        return self.kind.__name__

    def decode(self, data: bytes, position: int, end: int) -> tuple[Enumeration, int]:
        """Read the value."""
        after = position + self.octets
        if after > end:
            raise _missing(self.octets, position, end)
        number = int.from_bytes(data[position:after], "big")
        try:
            return self.members[number], after
        except KeyError:
            return self._unnamed(number, position), after

    def _unnamed(self, number: int, position: int) -> Enumeration:
        """Return the value of a registry for a number without a name, and remember it: there are at most 65536."""
        if self.among:
            raise DecodeError(f"{number} is not allowed here, only {one_of(self.among)}", position)
        try:
            value = self.members[number] = self.kind(number)
        except ValueError:
            raise DecodeError(f"{number} is no {self}", position) from None
        return value

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the value."""
        if type(value) is not self.kind:
            raise _unexpected(value, f"of type {self}")
        if self.among and value not in self.among:
            raise _unexpected(value, f"allowed here, only {one_of(self.among)}")
        output += value.to_bytes(self.octets, "big")

    def to_json(self, value: Any) -> Any:
        """Return the name, or the number of a registry value without one."""
        return value.name if value.name in self.kind.__members__ else value.value

    def from_json(self, form: Any) -> Any:
        """Return the value with this name, or, in a registry, with this number."""
        if isinstance(form, str) and form in self.kind.__members__:
            return self.kind[form]
        if issubclass(self.kind, Registry) and isinstance(form, int) and not isinstance(form, bool):
            try:
                return self.kind(form)
            except ValueError as error:
                raise _unexpected(form, f"in {self}") from error
        raise _unexpected(form, f"in {self}")


@dataclass(frozen=True)
class Opaque(Encoding):
    """Bytes behind a length: `opaque<V>`."""

    def __str__(self) -> str:
        return "opaque<V>"

    def decode(self, data: bytes, position: int, end: int) -> tuple[bytes, int]:
        """Read length and bytes."""
        if position < end and data[position] < 0x40:  # most are this short, and a call costs as much as the rest
            start = position + 1
            after = start + data[position]
            if after <= end:
                return data[start:after], after
        length, start = read_length(data, position, end)
        after = start + length
        return data[start:after], after

    def encode(self, value: Any, output: bytearray) -> None:
        """Append length and bytes."""
        if not isinstance(value, bytes):
            raise _unexpected(value, "bytes")
        output += write_length(len(value))
        output += value

    def to_json(self, value: Any) -> Any:
        """Return lower-case hex."""
        return value.hex()

    def from_json(self, form: Any) -> Any:
        """Return the bytes of the hex digits."""
        return _bytes_from_hex(form)


@dataclass(frozen=True)
class Text(Encoding):
    """The `string` of mimi-protocol-06: UTF-8 behind a length (AMB-003)."""

    def __str__(self) -> str:
        return "string"

    def decode(self, data: bytes, position: int, end: int) -> tuple[str, int]:
        """Read length and text; bytes that are not UTF-8 are an error."""
        length, position = read_length(data, position, end)
        after = position + length
        try:
            return data[position:after].decode(), after
        except UnicodeDecodeError as error:
            raise DecodeError(f"the string is not UTF-8: {error.reason}", position + error.start) from None

    def encode(self, value: Any, output: bytearray) -> None:
        """Append length and text."""
        if not isinstance(value, str):
            raise _unexpected(value, "text")
        try:
            encoded = value.encode()
        except UnicodeEncodeError as error:
            raise _unexpected(value, "text that UTF-8 can hold") from error
        output += write_length(len(encoded))
        output += encoded

    def to_json(self, value: Any) -> Any:
        """Return the text."""
        return value

    def from_json(self, form: Any) -> Any:
        """Return the text."""
        if not isinstance(form, str):
            raise _unexpected(form, "text")
        return form


@dataclass(frozen=True)
class Fixed(Encoding):
    """A fixed number of bytes: `opaque x[32]`."""

    octets: int

    def __str__(self) -> str:
        return f"opaque[{self.octets}]"

    def decode(self, data: bytes, position: int, end: int) -> tuple[bytes, int]:
        """Read the bytes."""
        after = position + self.octets
        if after > end:
            raise _missing(self.octets, position, end)
        return data[position:after], after

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the bytes."""
        if not isinstance(value, bytes) or len(value) != self.octets:
            raise _unexpected(value, f"{self.octets} bytes")
        output += value

    def to_json(self, value: Any) -> Any:
        """Return lower-case hex."""
        return value.hex()

    def from_json(self, form: Any) -> Any:
        """Return the bytes of the hex digits."""
        return _bytes_from_hex(form)


@dataclass(frozen=True)
class Padding(Encoding):
    """Zero bytes up to the end of the input (RFC 9420, section 6.3.1); as a value, the bytes themselves."""

    def __str__(self) -> str:
        return "padding"

    def decode(self, data: bytes, position: int, end: int) -> tuple[bytes, int]:
        """Read to the end; a byte that is not zero is an error."""
        padding = data[position:end]
        text = padding.lstrip(b"\0")
        if text:
            raise DecodeError("the padding is not all zero", end - len(text))
        return padding, end

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the bytes."""
        if not isinstance(value, bytes) or any(value):
            raise _unexpected(value, "zero bytes")
        output += value

    def to_json(self, value: Any) -> Any:
        """Return lower-case hex."""
        return value.hex()

    def from_json(self, form: Any) -> Any:
        """Return the bytes of the hex digits."""
        return _bytes_from_hex(form)


@dataclass(frozen=True)
class Presence(Encoding):
    """`optional<T>`: a presence octet, then the value when the octet is 1 (RFC 9420, section 2.1.1; AMB-002)."""

    of: Encoding

    def __str__(self) -> str:
        return f"optional<{self.of}>"

    def decode(self, data: bytes, position: int, end: int) -> tuple[Any, int]:
        """Read the octet and what it promises; None when there is nothing."""
        if position >= end:
            raise _missing(1, position, end)
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
            raise _unexpected(value, "a tuple")
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
            raise _unexpected(form, "a list")
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
