"""GitHub Flavored Markdown as MIMI has it (mimi-content-08, section 7.1.1): no HTML, and no links that nobody wrote.

markdown-it-py reads it. Its "commonmark" preset with tables and strikethrough is GFM-MIMI: task list items need
nothing of a parser, and the Autolink extension stays off.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_PARSER: Final = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_HTML_PARSER: Final = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])

_ATTRIBUTE: Final = r"""\s+[A-Za-z_:][\w.:-]*(?:\s*=\s*(?:[^\s"'=<>`]+|'[^']*'|"[^"]*"))?"""
_HTML_TAG: Final = (
    rf"<[A-Za-z][A-Za-z0-9-]*(?:{_ATTRIBUTE})*\s*/?>"  # open tag
    r"|</[A-Za-z][A-Za-z0-9-]*\s*>"  # closing tag
    r"|<!--.*?-->"  # comment
    r"|<\?.*?\?>"  # processing instruction
    r"|<![A-Z]+\s[^>]*>"  # declaration
    r"|<!\[CDATA\[.*?\]\]>"
)
_CODE_SPAN: Final = r"(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)"
_ESCAPED_OR_CODE_OR_TAG: Final = re.compile(rf"\\[!-/:-@\[-`{{-~]|{_CODE_SPAN}|(?P<tag>{_HTML_TAG})", re.DOTALL)
_BRACKET_OF_NO_LINK: Final = re.compile(r"<(?![A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*>)")
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_TO_ESCAPE_IN_TEXT: Final = re.compile(r"[\\\[\]`*_<>&~|!#]")


@dataclass(frozen=True, slots=True)
class Link:
    """A link: the text that is shown, and what it leads to."""

    text: str
    target: str


def without_html(markdown: str) -> str:
    """Return Markdown whose HTML tags are text, by escaping their opening brackets; what is code stays as it is.

    Where it takes a parser to tell code inside a line from tags, every bracket that opens no link is escaped.
    """
    code = {
        line
        for token in _tokens(_PARSER, markdown)
        if token.type in {"fence", "code_block"} and token.map
        for line in range(*token.map)
    }
    lines = enumerate(_LINE.findall(markdown))
    escaped = "".join(
        _escaped("".join(line for _, line in group)) if outside else "".join(line for _, line in group)
        for outside, group in groupby(lines, lambda numbered: numbered[0] not in code)
    )
    return _BRACKET_OF_NO_LINK.sub("&lt;", markdown) if has_html(escaped) else escaped


def _escaped(text: str) -> str:
    """Return some lines without code blocks with every tag escaped that is not in a code span of one line."""
    return _ESCAPED_OR_CODE_OR_TAG.sub(
        lambda found: found[0].replace("<", "&lt;", 1) if found["tag"] else found[0], text
    )


def has_html(markdown: str) -> bool:
    """Whether some Markdown would embed HTML where HTML is allowed."""
    return any(token.type in {"html_inline", "html_block"} for token in _tokens(_HTML_PARSER, markdown))


def links(markdown: str) -> tuple[Link, ...]:
    """Return the links of some Markdown, in order."""
    found: list[Link] = []
    text: list[str] | None = None
    for token in _tokens(_PARSER, markdown):
        match token.type:
            case "link_open":
                text = []
                found.append(Link("", str(token.attrGet("href"))))
            case "link_close" if text is not None:
                found[-1] = Link("".join(text), found[-1].target)
                text = None
            case _ if text is not None:
                text.append(token.content)
    return tuple(found)


def link(text: str, target: str) -> str:
    """Return the Markdown of a link that shows some plain text."""
    shown = _TO_ESCAPE_IN_TEXT.sub(r"\\\g<0>", text)
    return f"[{shown}](<{target}>)" if re.search(r"[()\s]", target) else f"[{shown}]({target})"


def html(markdown: str) -> str:
    """Return the HTML that shows some Markdown; HTML in it is shown as text."""
    rendered: str = _PARSER.render(markdown)
    return rendered


def _tokens(parser: MarkdownIt, markdown: str) -> Iterator[Token]:
    for token in parser.parse(markdown):
        yield token
        yield from token.children or ()
