"""Who is mentioned in a part: links to users and rooms in Markdown or HTML (mimi-content-08, sections 5.4 and 9.6)."""

from collections.abc import Container
from html.parser import HTMLParser

from mimi_conformance.reference.content import markdown
from mimi_conformance.reference.content.markdown import Link
from mimi_conformance.reference.content.media_type import is_one_of
from mimi_conformance.reference.content.message import NestedPart, SinglePart


def mentions(part: NestedPart, mentionable: Container[str]) -> tuple[Link, ...]:
    """Return the links of a part that mention somebody, in order.

    Args:
        part: the part; only Markdown and HTML have links.
        mentionable: the URIs of the users with a client in the group, and of the rooms that can be mentioned. A link to
            anybody else is a link like any other.
    """
    return tuple(link for link in links(part) if link.target in mentionable)


def links(part: NestedPart) -> tuple[Link, ...]:
    """Return the links of a part, in order: of Markdown and HTML, which are read as UTF-8."""
    if not isinstance(part, SinglePart):
        return ()
    text = part.content.decode(errors="replace")
    if is_one_of(part.content_type, ("text/markdown",)):
        return markdown.links(text)
    if is_one_of(part.content_type, ("text/html",)):
        reader = _LinkReader()
        reader.feed(text)
        reader.close()
        return tuple(reader.links)
    return ()


class _LinkReader(HTMLParser):
    """Collects links; what is between two tags of a link is its text, whatever else is in there."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[Link] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href")
        if tag == "a" and target is not None:
            self.links.append(Link("", target))
            self._is_open = True

    def handle_endtag(self, tag: str) -> None:
        self._is_open = self._is_open and tag != "a"

    def handle_data(self, data: str) -> None:
        if self._is_open:
            self.links[-1] = Link(self.links[-1].text + data, self.links[-1].target)
