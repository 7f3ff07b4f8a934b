"""`mimi-conformance content show`: a message as a person would read it."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import click

from mimi_conformance.command_line.decode import EXIT_NOT_DECODABLE, read, unwrapped
from mimi_conformance.reference.content.codec import decode_content
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI
from mimi_conformance.reference.content.media_type import is_one_of
from mimi_conformance.reference.content.mentions import links
from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    Disposition,
    Expiration,
    ExternalPart,
    MessageId,
    MimiContent,
    MultiPart,
    NestedPart,
    NullPart,
    PartSemantics,
    SinglePart,
)
from mimi_conformance.reference.content.message_id import message_id
from mimi_conformance.reference.content.parts import indexed_parts
from mimi_conformance.reference.content.rules import ContentError

_LABEL_WIDTH = 12
_MOST_OCTETS = 32
"""Octets of binary content that are shown."""
_HARMLESS = "\t\u200d"
"""What is not printable and still shown as it is: a zero-width joiner is part of many emojis."""
_TEXTS = ("text/plain", "text/markdown", "text/html")

_SEMANTICS = {
    PartSemantics.choose_one: "one of these parts",
    PartSemantics.single_unit: "these parts together",
    PartSemantics.process_all: "these parts",
}


@click.command(name="show")
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--hex", "is_hex", is_flag=True, help="The input is hex digits, not the bytes themselves.")
@click.option("--base64", "is_base64", is_flag=True, help="The input is base64, of either alphabet.")
@click.option("--sender", metavar="URI", help="The sender, when the message does not say it.")
@click.option("--room", metavar="URI", help="The room, when the message does not say it.")
def show(file: str, *, is_hex: bool, is_base64: bool, sender: str | None, room: str | None) -> int:
    """Print the MIMI content in FILE, or on the standard input."""
    if is_hex and is_base64:
        raise click.UsageError("The input is either hex or base64.")
    try:
        content = decode_content(unwrapped(read(file), is_hex=is_hex, is_base64=is_base64))
    except ValueError as error:  # a ContentError, or input that is not hex or base64
        click.echo(f"{error}", err=True)
        return EXIT_NOT_DECODABLE
    click.echo("\n".join(lines(content, sender=sender, room=room)))
    return 0


def lines(content: MimiContent, *, sender: str | None = None, room: str | None = None) -> Iterator[str]:
    """Yield a message line by line: who says it, where and about what; then what is said, part by part."""
    for label, text in _facts(content, sender, room):
        yield f"{label:{_LABEL_WIDTH}}{text}"
    yield ""
    yield from _part(content.nested_part, itertools.count(), "")


def _id(content: MimiContent, sender: str | None, room: str | None) -> MessageId | None:
    try:
        return message_id(content, sender_uri=sender, room_uri=room)
    except ContentError:  # nobody says who sent it, or where
        return None


def _facts(content: MimiContent, sender: str | None, room: str | None) -> Iterator[tuple[str, str]]:
    id_ = _id(content, sender, room)
    yield "message", id_.hex() if id_ else "unknown id: say --sender and --room"
    yield "from", _shown(content.sender_uri or sender or "somebody")
    yield "in", _shown(content.room_uri or room or "some room")
    if content.in_reply_to:
        yield ("reacts to" if _is_reaction(content) else "replies to"), content.in_reply_to.hex()
    if content.replaces:
        yield ("takes back" if isinstance(content.nested_part, NullPart) else "edits"), content.replaces.hex()
    if content.topic_id:
        yield "topic", _octets(content.topic_id)
    if content.expires:
        yield "expires", _expiry(content.expires)
    for key, value in content.mimi_extensions.items():
        if key not in (SENDER_URI, ROOM_URI):
            yield "extension", _shown(f"{key!r}: {value!r}")
    for indexed in indexed_parts(content.nested_part):
        for link in links(indexed.part):
            yield "links to", _shown(f"{link.target} as {link.text!r}")


def _is_reaction(content: MimiContent) -> bool:
    return content.nested_part.disposition is Disposition.reaction


def _expiry(expires: Expiration) -> str:
    if isinstance(expires, AbsoluteExpiration):
        return _time(expires.time)
    return f"{expires.time} seconds after it was read"


def _time(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def _part(part: NestedPart, indices: Iterator[int], indent: str) -> Iterator[str]:
    """Yield a part and the parts in it; `indices` gives each its number."""
    match part:
        case NullPart():
            what, body = "nothing", []
        case SinglePart():
            what, body = _shown(part.content_type), _content(part)
        case ExternalPart():
            what, body = _shown(part.content_type) or "a service", _external(part)
        case MultiPart():
            what, body = _SEMANTICS[part.part_semantics], []
    meant = "" if part.disposition is Disposition.render else f", for {part.disposition.name}"
    language = f", in {part.language}" if part.language else ""
    yield f"{indent}[{next(indices)}] {what}{meant}{language}"
    yield from (indent + line for line in body)
    if isinstance(part, MultiPart):
        for inner in part.parts:
            yield from _part(inner, indices, indent + "    ")


def _content(part: SinglePart) -> list[str]:
    if is_one_of(part.content_type, _TEXTS):
        try:
            return [_shown(line) for line in part.content.decode().split("\n")]
        except UnicodeDecodeError:
            pass
    return [_octets(part.content)]


def _external(part: ExternalPart) -> list[str]:
    size = f"{part.size} bytes" if part.size else "size unknown"
    secrecy = f"encrypted with AEAD algorithm {part.enc_alg}" if part.enc_alg else "not encrypted"
    known = [part.description, part.filename and f"file {part.filename}", size, secrecy]
    if part.expires:
        known.append(f"until {_time(part.expires)}")
    return [_shown(part.url), _shown(", ".join(filter(None, known)))]


def _octets(octets: bytes) -> str:
    """Return octets as text where they are such, otherwise the first of them in hex."""
    try:
        if (text := octets.decode()).isprintable():
            return text
    except UnicodeDecodeError:
        pass
    more = f"… ({len(octets)} bytes)" if len(octets) > _MOST_OCTETS else ""
    return octets[:_MOST_OCTETS].hex() + more


def _shown(text: str) -> str:
    """Return text that can't do anything to a terminal."""
    return "".join(
        character if character.isprintable() or character in _HARMLESS else f"\\u{ord(character):04x}"
        for character in text
    )
