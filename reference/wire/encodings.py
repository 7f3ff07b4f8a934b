"""How each kind of value is laid out in bytes: the nodes a declaration is made of.

An encoding is a value that can be looked at: decoding, encoding, the JSON form, the printed tree and the generated
values of the tests all come from the same one. Nothing in here knows a MIMI structure.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
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


def missing(size: int, position: int, end: int) -> DecodeError:
    """Return the error for an input that ends before the `size` bytes that are needed."""
    return DecodeError(f"{in_bytes(size)} needed, but {in_bytes(end - position)} left", position)


def unexpected(value: object, expected: str) -> EncodeError:
    """Return the error for a value that is not what its declaration expects."""
    shown = repr(value)
    return EncodeError(f"{shown if len(shown) <= 80 else shown[:77] + '...'} is not {expected}")


def _bytes_from_hex(form: object) -> bytes:
    if not isinstance(form, str):
        raise unexpected(form, "a string of hex digits")
    try:
        return bytes.fromhex(form)
    except ValueError as error:
        raise unexpected(form, "a string of hex digits") from error


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
            raise missing(self.octets, position, end)
        return int.from_bytes(data[position:after], "big"), after

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the number."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise unexpected(value, "a number")
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
            raise unexpected(form, "a number")
        return form


@dataclass(frozen=True)
class Boolean(Encoding):
    """The drafts' `bool`: an enum of false(0) and true(1) in one octet."""

    def __str__(self) -> str:
        return "bool"

    def decode(self, data: bytes, position: int, end: int) -> tuple[bool, int]:
        """Read the octet; anything but 0 and 1 is an error."""
        if position >= end:
            raise missing(1, position, end)
        octet = data[position]
        if octet > 1:
            raise DecodeError(f"a bool is 0 or 1, not {octet}", position)
        return octet == 1, position + 1

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the octet."""
        if not isinstance(value, bool):
            raise unexpected(value, "True or False")
        output.append(value)

    def to_json(self, value: Any) -> Any:
        """Return true or false."""
        return value

    def from_json(self, form: Any) -> Any:
        """Return true or false."""
        if not isinstance(form, bool):
            raise unexpected(form, "true or false")
        return form


@cache
def _members(kind: type[Enumeration]) -> dict[int, Enumeration]:
    """Return the values of a kind by number: one mapping for all its fields, so that each learns from the others."""
    return {member.value: member for member in kind}


class Enumerated(Encoding):
    """A value of an `Enumeration`, closed, or of a `Registry`, which keeps what it doesn't know."""

    def __init__(self, kind: type[Enumeration], among: Iterable[Enumeration] = ()) -> None:
        """Make the encoding of a kind; `among` names the values that are allowed here when not all are."""
        self.kind = kind
        self.octets = kind.octets()
        self.among = frozenset(among)
        self.members = {member.value: member for member in self.among} if self.among else _members(kind)

    def __str__(self) -> str:
        return self.kind.__name__

    def allow(self, value: Enumeration) -> None:
        """Allow one more value where not all are: one that an application adds to those of the drafts."""
        self.among |= {value}
        self.members[value.value] = value

    def decode(self, data: bytes, position: int, end: int) -> tuple[Enumeration, int]:
        """Read the value."""
        after = position + self.octets
        if after > end:
            raise missing(self.octets, position, end)
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
            raise unexpected(value, f"of type {self}")
        if self.among and value not in self.among:
            raise unexpected(value, f"allowed here, only {one_of(self.among)}")
        output += value.to_bytes(self.octets, "big")

    def to_json(self, value: Any) -> Any:
        """Return the name, or the number of a registry value without one."""
        return value.name if value.name in self.kind.__members__ else value.value

    def from_json(self, form: Any) -> Any:
        """Return the value with this name, or, in a registry, with this number."""
        value = self.kind.__members__.get(form) if isinstance(form, str) else None
        if issubclass(self.kind, Registry) and type(form) is int and 0 <= form < 256**self.octets:
            value = self.kind(form)
        if value is None or (self.among and value not in self.among):
            raise unexpected(form, f"in {self}" if value is None else f"allowed here, only {one_of(self.among)}")
        return value


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
            raise unexpected(value, "bytes")
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
            raise unexpected(value, "text")
        try:
            encoded = value.encode()
        except UnicodeEncodeError as error:
            raise unexpected(value, "text that UTF-8 can hold") from error
        output += write_length(len(encoded))
        output += encoded

    def to_json(self, value: Any) -> Any:
        """Return the text."""
        return value

    def from_json(self, form: Any) -> Any:
        """Return the text."""
        if not isinstance(form, str):
            raise unexpected(form, "text")
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
            raise missing(self.octets, position, end)
        return data[position:after], after

    def encode(self, value: Any, output: bytearray) -> None:
        """Append the bytes."""
        if not isinstance(value, bytes) or len(value) != self.octets:
            raise unexpected(value, f"{self.octets} bytes")
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
            raise unexpected(value, "zero bytes")
        output += value

    def to_json(self, value: Any) -> Any:
        """Return lower-case hex."""
        return value.hex()

    def from_json(self, form: Any) -> Any:
        """Return the bytes of the hex digits."""
        return _bytes_from_hex(form)
