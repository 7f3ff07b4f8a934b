"""A decoded value as a tree of its parts, each with its place in the bytes; and that tree as lines to read."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from mimi_conformance.reference.wire.containers import NumberVector, Presence, Vector
from mimi_conformance.reference.wire.contents import content_of
from mimi_conformance.reference.wire.encodings import Encoding
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.structure import Struct, StructEncoding, struct_encoding
from mimi_conformance.reference.wire.varint import read_length

SHOWN_BYTES = 32
"""How many bytes of an opaque value a line shows."""

DEEPEST_OPENED = 4
"""How deep opaque values inside opaque values are opened. The drafts need three levels (a ratchet tree, a dictionary
in one of its leaves, a component in that); a tree in the leaf of a tree, and so on, is somebody's attack.
"""


@dataclass(frozen=True)
class Element:
    """A part of a value: what it is called, what it is, and where its bytes are.

    `offset` and `size` are in bytes and include lengths and presence octets. The parts of a vector are called `[0]`,
    `[1]` and so on, but a vector of numbers is one element; an optional value has the parts of what it holds, and an
    opaque one the structure in it, where its place says which that is, it can be read, and not too many are around it.
    """

    name: str
    kind: str
    value: object
    offset: int
    size: int
    parts: tuple["Element", ...] = ()


def outline(value: Struct, offset: int = 0) -> Element:
    """Return the tree of a value that can be encoded and whose bytes start at `offset`."""
    return _element(type(value).__name__, struct_encoding(type(value)), value, offset, 0)


def lines(elements: Iterable[Element], *, full: bool = False) -> Iterator[str]:
    """Yield the lines that print elements: offset, name, type, value. Only with `full` are opaque values complete."""
    yield f"{'offset':>8}  structure"
    for element in elements:
        yield from _lines(element, 0, full)


def _element(name: str, encoding: Encoding, value: Any, offset: int, opened: int) -> Element:
    """Return the element of a value with this encoding, in that many opaque values."""
    if isinstance(encoding, StructEncoding):
        fields = tuple(_fields(encoding, value, offset, opened))
        return Element(name, str(encoding), value, offset, sum(field.size for field in fields), fields)
    if isinstance(encoding, Presence) and value is not None:
        held = _element(name, encoding.of, value, offset + 1, opened)
        return replace(held, kind=str(encoding), offset=offset, size=held.size + 1)
    data = encoding.encoded(value)
    parts: tuple[Element, ...] = ()
    if isinstance(encoding, Vector) and not isinstance(encoding, NumberVector):
        _, start = read_length(data, 0, len(data))
        parts = tuple(_items(encoding, value, offset + start, opened))
    return Element(name, str(encoding), value, offset, len(data), parts)


def _fields(encoding: StructEncoding, value: Any, offset: int, opened: int) -> Iterator[Element]:
    """Yield the fields that take bytes."""
    for field in encoding.fields:
        of = None if field.given else field.encoding_in(value)
        if of is not None:
            element = _element(field.name, of, getattr(value, field.name), offset, opened)
            offset += element.size
            yield _opened(element, content_of(value, field.name), opened)


def _opened(element: Element, content: type[Struct] | None, opened: int) -> Element:
    """Return an element with the structure that its bytes are, if they are one."""
    if content is None or not isinstance(element.value, bytes) or opened == DEEPEST_OPENED:
        return element
    try:
        inside = content.decode(element.value)
    except DecodeError:
        return element
    start = element.offset + element.size - len(element.value)
    part = _element(content.__name__, struct_encoding(content), inside, start, opened + 1)
    return replace(element, parts=(part,))


def _items(encoding: Vector, value: tuple[Any, ...], offset: int, opened: int) -> Iterator[Element]:
    """Yield the values of a vector."""
    for index, item in enumerate(value):
        element = _element(f"[{index}]", encoding.of, item, offset, opened)
        offset += element.size
        yield element


def _lines(element: Element, depth: int, full: bool) -> Iterator[str]:
    """Yield the line of an element and those of its parts."""
    label = element.name if element.name == element.kind else f"{element.name}: {element.kind}"
    start = f"{element.offset:8}  {'  ' * depth}{label}"
    if element.parts:
        yield start
        for part in element.parts:
            yield from _lines(part, depth + 1, full)
    elif isinstance(element.value, Struct):
        yield start
    else:
        yield f"{start} = {_shown(element.value, full)}"


def _shown(value: object, full: bool) -> str:
    """Return a value that has no parts of its own, or a vector of numbers, as a line shows it."""
    match value:
        case None:
            return "absent"
        case bool():
            return str(value).lower()
        case Enumeration():
            return f"{value.name} ({value.value})" if value.name in type(value).__members__ else value.name
        case bytes():
            return _shown_bytes(value, full)
        case tuple():
            return f"[{', '.join(_shown(item, full) for item in value)}]"
    return repr(value)


def _shown_bytes(value: bytes, full: bool) -> str:
    """Return bytes as text in quotes when that is what they are, else as hex."""
    text = value.decode("ascii", "replace")
    if len(value) > 2 and text.isascii() and text.isprintable():
        return repr(text)
    if full or len(value) <= SHOWN_BYTES:
        return value.hex() or "empty"
    return f"{value[:SHOWN_BYTES].hex()}... ({len(value)} bytes)"
