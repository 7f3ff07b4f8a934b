"""How lines get onto the terminal: indented, without trailing space, and with nothing in them that the terminal obeys.

What is in the lines is decided elsewhere.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

# Control characters, those that change the direction of writing, and lone surrogates, which no encoding holds.
_UNPRINTABLE = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


@dataclass(frozen=True)
class Printable:
    """Shows `content`; what a server has put into it moves no cursor, changes no colour and breaks no encoding."""

    content: RenderableType

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        for line in Segment.split_lines(console.render(self.content, options)):
            shown = [
                segment._replace(text=_UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", segment.text)) for segment in line
            ]
            yield from _without_trailing_space(shown)
            yield Segment.line()


@dataclass(frozen=True)
class Indented:
    """Shows `content` some columns to the right, also where a line is folded."""

    content: RenderableType
    columns: int = 2

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        narrower = options.update(width=max(options.max_width - self.columns, 1))
        for line in Segment.split_lines(console.render(self.content, narrower)):
            yield Segment(" " * self.columns)
            yield from line
            yield Segment.line()


def _without_trailing_space(line: Iterable[Segment]) -> list[Segment]:
    kept = list(line)
    while kept and not kept[-1].text.rstrip(" "):
        kept.pop()
    if kept:
        kept[-1] = kept[-1]._replace(text=kept[-1].text.rstrip(" "))
    return kept
