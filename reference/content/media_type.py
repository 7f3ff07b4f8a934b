"""The content types of parts (RFC 2045, section 5.1), and those that clients read (mimi-content-08, section 7)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

PLAIN_TEXT: Final = "text/plain;charset=utf-8"
GFM_MIMI: Final = "text/markdown;variant=GFM-MIMI"

REQUIRED: Final = ("application/mimi-content", PLAIN_TEXT, GFM_MIMI)
"""What every client can receive (section 7.1)."""
RECOMMENDED: Final = ("text/markdown;variant=CommonMark", "text/html", "image/jpeg", "image/png")
"""What clients should be able to receive besides (section 7.1)."""

_TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"  # noqa: S105 - a word of the grammar
_TYPE: Final = re.compile(rf"{_TOKEN}/{_TOKEN}")
_PARAMETER: Final = re.compile(rf'[ \t]*;[ \t]*({_TOKEN})=({_TOKEN}|"(?:[^"\\]|\\.)*")')


@dataclass(frozen=True, slots=True)
class ContentType:
    """A media type.

    Attributes:
        type: type, "/" and subtype, in lower case.
        parameters: by their names in lower case; the values as they stand, without quotes.
    """

    type: str
    parameters: Mapping[str, str]

    def covers(self, other: "ContentType") -> bool:
        """Whether the other one is of this type and has all of its parameters; case matters nowhere."""
        return self.type == other.type and all(
            other.parameters.get(name, "").casefold() == value.casefold() for name, value in self.parameters.items()
        )


@lru_cache(maxsize=256)
def parse_content_type(text: str) -> ContentType | None:
    """Return what a content type says, or None when it is no media type, as that of a service."""
    if not (found := _TYPE.match(text)):
        return None
    parameters: dict[str, str] = {}
    at = found.end()
    while parameter := _PARAMETER.match(text, at):
        name, value = parameter.groups()
        parameters[name.lower()] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
        at = parameter.end()
    return ContentType(found[0].lower(), parameters) if at == len(text.rstrip(" \t")) else None


def is_one_of(content_type: str, media_types: Iterable[str]) -> bool:
    """Whether a content type is one of some media types, each with whatever more parameters."""
    meant = parse_content_type(content_type)
    known = (parse_content_type(each) for each in media_types)
    return meant is not None and any(each.covers(meant) for each in known if each)
