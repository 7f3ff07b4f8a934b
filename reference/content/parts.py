"""The parts of a message: their numbers, how they refer to each other, and which of them a receiver processes.

mimi-content-08, section 4.4.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from mimi_conformance.reference.content.media_type import is_one_of
from mimi_conformance.reference.content.message import (
    ExternalPart,
    MultiPart,
    NestedPart,
    NullPart,
    PartSemantics,
    SinglePart,
)
from mimi_conformance.reference.content.rules import ContentError, PartRule

REFERRING_MEDIA_TYPES: Final = ("text/html", "text/markdown", "text/vcard", "text/calendar")
"""The media types in which content ID URIs are looked for."""

_CONTENT_ID_URI: Final = re.compile(r"cid:(0|[1-9][0-9]*)@local\.invalid")

Understands = Callable[[SinglePart | ExternalPart], bool]
"""Whether a receiver can process a part, by itself."""


@dataclass(frozen=True, slots=True)
class IndexedPart:
    """A part and its number.

    Attributes:
        index: the implied part index: parts are counted from 0, depth first, the outermost part included.
        part: the part.
    """

    index: int
    part: NestedPart


Choose = Callable[[tuple[IndexedPart, ...]], IndexedPart]
"""Which of some alternatives, each of which could be processed, a receiver takes."""


def indexed_parts(part: NestedPart, index: int = 0) -> Iterator[IndexedPart]:
    """Yield a part and every part in it, in the order of their numbers. `index` is the number of the first."""
    yield IndexedPart(index, part)
    if isinstance(part, MultiPart):
        for inner in part.parts:
            for indexed in indexed_parts(inner, index + 1):
                yield indexed
                index = indexed.index


def content_id_uri(body: NestedPart, index: int) -> str:
    """Return the URI by which one part of a message refers to another one.

    Args:
        body: the outermost part.
        index: the number of the part that is referred to.

    Raises:
        ContentError: there is no such part, or it is neither a SinglePart nor an ExternalPart.
    """
    _target(body, index)
    return f"cid:{index}@local.invalid"


def referenced_part(body: NestedPart, uri: str) -> IndexedPart:
    """Return the part that a content ID URI refers to. `body` is the outermost part.

    Raises:
        ContentError: the URI has another form, or refers to what is no SinglePart or ExternalPart.
    """
    if not (found := _CONTENT_ID_URI.fullmatch(uri)):
        raise ContentError(PartRule.CONTENT_ID_URI, uri)
    return _target(body, int(found[1]))


def _target(body: NestedPart, index: int) -> IndexedPart:
    for indexed in indexed_parts(body):
        if indexed.index == index and isinstance(indexed.part, SinglePart | ExternalPart):
            return indexed
    raise ContentError(PartRule.CONTENT_ID_TARGET, index)


def referenced_indices(part: NestedPart) -> frozenset[int]:
    """Return the numbers of the parts that a part's content refers to, whether such parts exist or not."""
    if not isinstance(part, SinglePart) or not is_one_of(part.content_type, REFERRING_MEDIA_TYPES):
        return frozenset()
    text = part.content.decode(errors="replace")
    return frozenset(int(found[1]) for found in _CONTENT_ID_URI.finditer(text))


def _first(alternatives: tuple[IndexedPart, ...]) -> IndexedPart:
    return alternatives[0]


def processed_parts(body: NestedPart, understands: Understands, choose: Choose = _first) -> tuple[IndexedPart, ...]:
    """Return what a receiver processes of a message, in order: parts with content, each of them once.

    Of a chooseOne it takes one part, of a singleUnit all or none, of a processAll what it can. A part that an earlier
    one refers to is processed there, and left out here.

    Args:
        body: the outermost part.
        understands: which parts the receiver can process.
        choose: which alternative it takes; the order of the alternatives is the sender's preference.
    """
    handled: list[IndexedPart] = []
    referenced: set[int] = set()
    for indexed in _selected(IndexedPart(0, body), understands, choose) or ():
        if indexed.index not in referenced:
            handled.append(indexed)
            referenced |= referenced_indices(indexed.part)
    return tuple(handled)


def _selected(indexed: IndexedPart, understands: Understands, choose: Choose) -> tuple[IndexedPart, ...] | None:
    """Return the parts with content that remain of a part, or None when it is not understood."""
    match indexed.part:
        case NullPart():
            return ()
        case MultiPart() as part:
            inner = {each: _selected(each, understands, choose) for each in _inner(indexed.index, part)}
            understood = {each: selected for each, selected in inner.items() if selected is not None}
            if not understood or (part.part_semantics is PartSemantics.single_unit and len(understood) < len(inner)):
                return None
            if part.part_semantics is PartSemantics.choose_one:
                return understood[choose(tuple(understood))]
            return tuple(each for selected in understood.values() for each in selected)
        case part:
            return (indexed,) if understands(part) else None


def _inner(index: int, part: MultiPart) -> Iterator[IndexedPart]:
    """Yield the parts directly in the MultiPart that has a number."""
    index += 1
    for each in part.parts:
        yield IndexedPart(index, each)
        index += sum(1 for _ in indexed_parts(each))
