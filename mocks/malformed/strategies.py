"""Hypothesis strategies that come from the declarations: values of any structure, and bytes that went wrong.

A strategy draws one byte string and spends it on the choices that make a value. Drawing is one step for Hypothesis,
so thousands of large structures take seconds, and a failing value still shrinks: as bytes run out or become zero,
vectors become empty and numbers small.
"""

import random
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar, cast

from hypothesis import strategies as st

from mimi_conformance.reference.wire.containers import Presence, Vector
from mimi_conformance.reference.wire.encodings import Boolean, Encoding, Enumerated, Fixed, Opaque, Padding, Text, Uint
from mimi_conformance.reference.wire.enumerations import Registry
from mimi_conformance.reference.wire.structure import Struct, StructEncoding, struct_encoding

S = TypeVar("S", bound=Struct)
T = TypeVar("T")

_LONG = (63, 64, 65, 255, 256)
"""Lengths around the places where a vector's header or a careless decoder changes."""

_CHARACTERS = "aZ0 /:\0\u00e9\u6f22\U0001f600"
_OCTETS = b"\x00\x01\x02\x3f\x40\x7f\x80\xbf\xc0\xff"
_ATTEMPTS = 1000


class Choices:
    """Choices that a byte string makes. When it runs out, the first alternative is always taken."""

    def __init__(self, entropy: bytes) -> None:
        self._entropy = entropy
        self._position = 0

    def octets(self, count: int) -> bytes:
        """Return the next bytes, zeros where there are none."""
        taken = self._entropy[self._position : self._position + count]
        self._position += count
        return taken.ljust(count, b"\0")

    def below(self, limit: int) -> int:
        """Return a number from 0 to just below `limit`."""
        return int.from_bytes(self.octets(1 if limit <= 256 else 2), "big") % limit

    def one_of(self, alternatives: Sequence[T]) -> T:
        """Return one of them."""
        return alternatives[self.below(len(alternatives))]

    def length(self) -> int:
        """Return a length, nearly always a small one."""
        shape = self.below(32)
        return self.one_of(_LONG) if shape == 31 else shape % 8


def strategy_for(structure: type[S]) -> st.SearchStrategy[S]:
    """Return values of a structure, every arm of its selects among them."""
    return _entropy().map(lambda entropy: value_from(structure, entropy))


def value_from(structure: type[S], entropy: bytes) -> S:
    """Return the value of a structure that these bytes choose; any bytes do."""
    return cast("S", _struct(struct_encoding(structure), Choices(entropy)))


def mutated(data: bytes) -> st.SearchStrategy[bytes]:
    """Return what becomes of bytes that somebody tampered with: cut, extended, repeated, changed in places."""
    return _entropy().map(lambda entropy: mutate(data, Choices(entropy)))


def mutate(data: bytes, choices: Choices) -> bytes:
    """Return the bytes with one to three changes."""
    for _ in range(1 + choices.below(3)):
        at = choices.below(len(data) + 1)
        to = min(len(data), at + 1 + choices.below(8))
        replacement = choices.one_of(
            (
                bytes([choices.one_of(_OCTETS)]),  # a suspicious octet in place of some
                bytes(octet ^ 1 << choices.below(8) for octet in data[at:to]),  # flipped bits
                b"",  # a gap
                data[at:to] * 2,  # a repetition
                choices.octets(choices.below(5)) + data[at:to],  # an insertion
                choices.octets(to - at),  # noise
            )
        )
        data = data[:at] + replacement + (b"" if choices.below(8) == 7 else data[to:])
    return data


def _entropy() -> st.SearchStrategy[bytes]:
    """Return the bytes that choices are made of: enough for a large value, so that small ones come from shrinking."""
    return st.binary(min_size=64, max_size=256)


def _struct(encoding: StructEncoding, choices: Choices, given: Mapping[str, object] = MappingProxyType({})) -> Any:
    """Return a value of a structure, drawing again each field that contradicts the ones before it."""
    value = object.__new__(encoding.kind)
    for field in encoding.fields:
        if field.name in given:
            field.store(value, given[field.name])
            continue
        source = choices
        for attempt in range(_ATTEMPTS):
            of = field.encoding_in(value)
            field.store(value, None if of is None else _value(of, source, field.given_in(value)))
            try:
                field.require_allowed(value)
            except ValueError:
                source = Choices(random.Random(attempt).randbytes(64))  # noqa: S311 - not a secret
            else:
                break
    return value


def _value(  # noqa: C901, PLR0911 - one case for each encoding there is
    encoding: Encoding, choices: Choices, given: Mapping[str, object] = MappingProxyType({})
) -> Any:
    """Return a value of any encoding."""
    match encoding:
        case StructEncoding():
            return _struct(encoding, choices, given)
        case Uint():
            largest = 256**encoding.octets - 1
            return choices.one_of((0, 1, largest, int.from_bytes(choices.octets(encoding.octets), "big")))
        case Boolean():
            return choices.one_of((False, True))
        case Enumerated():
            return _enumerated(encoding, choices)
        case Opaque():
            return (choices.octets(4) * 64)[: choices.length()]
        case Text():
            return "".join(choices.one_of(_CHARACTERS) for _ in range(choices.length() % 16))
        case Fixed():
            return (choices.octets(4) * encoding.octets)[: encoding.octets]
        case Padding():
            return bytes(choices.length())
        case Presence():
            return _value(encoding.of, choices) if choices.below(2) else None
        case Vector():
            return tuple(_value(encoding.of, choices) for _ in range(choices.below(4)))
    raise TypeError(f"no strategy is known for {encoding}")


def _enumerated(encoding: Enumerated, choices: Choices) -> Any:
    """Return a value that is allowed, in an open registry sometimes one without a name."""
    if issubclass(encoding.kind, Registry) and not encoding.among and choices.below(4) == 3:
        return encoding.kind(int.from_bytes(choices.octets(encoding.octets), "big"))
    return choices.one_of(sorted(encoding.among or encoding.kind))
