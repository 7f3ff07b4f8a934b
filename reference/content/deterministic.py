"""CBOR with exactly one encoding for each value (mimi-content-08, sections 6.1 and 6.2; RFC 8949, section 4.2.1).

cbor2 writes the items. Its reader accepts much that the draft forbids (longer forms, repeated keys, bytes after the
end), says neither what nor where, and turns tags into Python objects that lose how they were written, so reading is
done here.
"""

import math
import struct
from collections.abc import Mapping
from typing import Final, TypeGuard

from cbor2 import CBORSimpleValue, CBORTag, dumps, frozendict, undefined

from mimi_conformance.reference.content.rules import ContentError, EncodingRule

Value = object
"""None, bool, int, float, str, bytes, tuple or frozendict of values, cbor2's CBORTag, CBORSimpleValue, undefined."""

DEEPEST: Final = 32
"""Levels of nesting that the reader follows: four times as many as a message can have."""

_LARGEST_KEY: Final = 2**53 - 1
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_BIGNUMS: Final = (2, 3)
_QUIET_NAN: Final = bytes.fromhex("f97e00")
_SIMPLE: Final = {20: False, 21: True, 22: None, 23: undefined}
_SHORTEST: Final = (
    EncodingRule.SHORTEST_INTEGER,
    EncodingRule.SHORTEST_INTEGER,
    *(EncodingRule.SHORTEST_LENGTH,) * 4,
    EncodingRule.SHORTEST_TAG,
)
"""The rule that an argument longer than it needs to be breaks, by major type."""


def is_text(value: object) -> TypeGuard[str]:
    """Whether a value is a text string."""
    return type(value) is str


def is_octets(value: object) -> TypeGuard[bytes]:
    """Whether a value is a byte string."""
    return type(value) is bytes


def is_unsigned(value: object, octets: int) -> TypeGuard[int]:
    """Whether a value is an integer that has so many octets without a sign."""
    return type(value) is int and 0 <= value < 256**octets


def decode(data: bytes) -> Value:
    """Return the value that some bytes encode.

    Raises:
        ContentError: they break an `EncodingRule`; the place is the number of the byte where the fault begins.
    """
    reader = _Reader(data)
    value = reader.item(1)
    if reader.at < len(data):
        raise reader.error(EncodingRule.ONE_ITEM, reader.at, data[reader.at :])
    return value


def encode(value: Value) -> bytes:
    """Return the one encoding of a value. Lists stand for tuples, and any mapping for a frozendict.

    Raises:
        ContentError: it has none, because it breaks an `EncodingRule`; the place is a byte of what would be encoded.
        TypeError: it is not a `Value`.
    """
    encoded = _encoded(value, 1)
    decode(encoded)
    return encoded


def _encoded(value: Value, depth: int) -> bytes:
    if depth > DEEPEST:
        raise ContentError(EncodingRule.NESTING, value)
    match value:
        case Mapping():
            pairs = sorted((_encoded(key, depth), _encoded(each, depth + 1)) for key, each in value.items())
            encoded = _head(5, len(pairs)) + b"".join(key + each for key, each in pairs)
        case tuple() | list():
            encoded = _head(4, len(value)) + b"".join(_encoded(each, depth + 1) for each in value)
        case CBORTag():
            encoded = _head(6, value.tag) + _encoded(value.value, depth + 1)
        case str():
            encoded = _encoded_text(value)
        case float() if math.isnan(value):
            encoded = _QUIET_NAN
        case _ if value is None or value is undefined or isinstance(value, int | float | bytes | CBORSimpleValue):
            encoded = dumps(value, canonical=True)
        case _:
            raise TypeError(f"CBOR has no encoding for {value!r}.")
    return encoded


def _encoded_text(text: str) -> bytes:
    try:
        octets = text.encode()
    except UnicodeEncodeError as error:
        raise ContentError(EncodingRule.UTF8, text) from error
    return _head(3, len(octets)) + octets


def _head(major: int, argument: int) -> bytes:
    first, *more = dumps(argument)
    return bytes((major << 5 | first, *more))


class _Reader:
    """Reads items one after the other, and knows how far it has come."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def error(self, rule: EncodingRule, start: int, value: Value) -> ContentError:
        return ContentError(rule, value, f"byte {start}")

    def take(self, count: int, start: int) -> bytes:
        """Return the next bytes, which belong to the item that began at `start`."""
        taken = self.data[self.at : self.at + count]
        if len(taken) < count:
            raise self.error(EncodingRule.WELL_FORMED, start, self.data[start:])
        self.at += count
        return taken

    def item(self, depth: int) -> Value:
        """Return the next item, which is at a depth of nesting (1 for the outermost)."""
        start = self.at
        (first,) = self.take(1, start)
        major, information = first >> 5, first & 31
        if depth > DEEPEST:
            raise self.error(EncodingRule.NESTING, start, self.data[start:])
        if major == 7:
            return self.simple_or_float(information, start)
        argument = self.argument(major, information, start)
        value: Value
        match major:
            case 0 | 1:
                value = ~argument if major else argument
            case 2:
                value = self.take(argument, start)
            case 3:
                value = self.text(argument, start)
            case 4:
                value = tuple(self.item(depth + 1) for _ in range(argument))
            case 5:
                value = self.map(argument, depth)
            case _:
                value = self.tagged(argument, depth, start)
        return value

    def argument(self, major: int, information: int, start: int) -> int:
        """Return the argument of an item's head: its value, length or tag."""
        if information < 24:
            return information
        if information == 31 and 2 <= major <= 5:
            raise self.error(EncodingRule.DEFINITE_LENGTH, start, self.data[start : start + 1])
        if information > 27:
            raise self.error(EncodingRule.WELL_FORMED, start, self.data[start : start + 1])
        octets = 1 << information - 24
        argument = int.from_bytes(self.take(octets, start))
        if argument < 24 or (octets > 1 and argument < 1 << 4 * octets):
            raise self.error(_SHORTEST[major], start, argument)
        return argument

    def text(self, length: int, start: int) -> str:
        octets = self.take(length, start)
        try:
            return octets.decode()
        except UnicodeDecodeError as error:
            raise self.error(EncodingRule.UTF8, start, octets) from error

    def map(self, length: int, depth: int) -> Mapping[Value, Value]:
        pairs: dict[Value, Value] = {}
        last = b""
        for _ in range(length):
            start = self.at
            key = self.key(depth, start)
            encoded = self.data[start : self.at]
            if key in pairs:
                raise self.error(EncodingRule.UNIQUE_KEYS, start, key)
            if encoded < last:
                raise self.error(EncodingRule.KEY_ORDER, start, key)
            last = encoded
            pairs[key] = self.item(depth + 1)
        return frozendict(pairs)

    def key(self, depth: int, start: int) -> Value:
        key = self.item(depth)
        if type(key) not in (int, str, bytes):
            raise self.error(EncodingRule.KEY_TYPE, start, key)
        if isinstance(key, int) and abs(key) > _LARGEST_KEY:
            raise self.error(EncodingRule.KEY_RANGE, start, key)
        return key

    def tagged(self, tag: int, depth: int, start: int) -> Value:
        value = self.item(depth + 1)
        if tag in _BIGNUMS and isinstance(value, bytes):
            if len(value) < 9 or not value[0]:
                raise self.error(EncodingRule.SHORTEST_BIGNUM, start, value)
            magnitude = int.from_bytes(value)
            return magnitude if tag == 2 else ~magnitude
        return CBORTag(tag, value)

    def simple_or_float(self, information: int, start: int) -> Value:
        if information in _FLOATS:
            return self.float(information, start)
        if information < 24:
            return _SIMPLE[information] if information in _SIMPLE else CBORSimpleValue(information)
        if information == 24:
            (number,) = self.take(1, start)
            if number >= 32:
                return CBORSimpleValue(number)
        raise self.error(EncodingRule.WELL_FORMED, start, self.data[start : self.at])

    def float(self, information: int, start: int) -> float:
        number: float
        (number,) = struct.unpack(_FLOATS[information], self.take(1 << information - 24, start))
        encoded = self.data[start : self.at]
        if math.isnan(number):
            if encoded != _QUIET_NAN:
                raise self.error(EncodingRule.NAN, start, encoded)
        elif encoded != dumps(number, canonical=True):
            raise self.error(EncodingRule.SHORTEST_FLOAT, start, number)
        return number
