"""`mimi-conformance content make`: a message from a few words."""

import base64
import mimetypes
import sys
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from secrets import token_bytes
from typing import Any

import click

from mimi_conformance.command_line.decode import EXIT_NOT_DECODABLE, read
from mimi_conformance.reference.content import features
from mimi_conformance.reference.content.attachment import encrypted_upload, public_upload
from mimi_conformance.reference.content.codec import decode_content, encode_content
from mimi_conformance.reference.content.features import Uris
from mimi_conformance.reference.content.message import MessageId, MimiContent, NestedPart, SinglePart
from mimi_conformance.reference.content.message_id import message_id
from mimi_conformance.reference.content.rules import ContentError


class _Octets(click.ParamType[bytes]):
    """Octets in hex digits, some number of them."""

    name = "hex"

    def __init__(self, count: int) -> None:
        self.count = count

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> bytes:
        """Return the octets; a usage error when they are not as many."""
        try:
            octets = bytes.fromhex(value)
        except ValueError:
            octets = b""
        if len(octets) != self.count:
            self.fail(f"{value!r} is not {self.count} octets in hex.", param, ctx)
        return octets


_ID = _Octets(32)

_COMMON = (
    click.option("--sender", metavar="URI", help="Who sends the message."),
    click.option("--room", metavar="URI", help="The room that it is sent in."),
    click.option("--salt", type=_Octets(16), help="16 octets in hex instead of random ones."),
    click.option("--topic", metavar="TEXT", help="The topic of the message."),
    click.option("--expires-at", type=int, metavar="SECONDS", help="Delete it so long after the UNIX epoch."),
    click.option("--expires-after", type=int, metavar="SECONDS", help="Delete it so long after it was read."),
    click.option("--hex", "as_hex", is_flag=True, help="Print hex digits instead of the bytes themselves."),
    click.option("--base64", "as_base64", is_flag=True, help="Print base64 instead of the bytes themselves."),
)


@click.group(name="make")
def make() -> None:
    """Print the bytes of a message, and its message id on the standard error if sender and room are known."""


def _messages(function: Callable[..., MimiContent]) -> click.Command:
    """Return the subcommand that prints the message a function returns, with the options of every message."""

    @wraps(function)
    def run(
        *,
        topic: str | None,
        expires_at: int | None,
        expires_after: int | None,
        as_hex: bool,
        as_base64: bool,
        **own: Any,
    ) -> int:
        if as_hex and as_base64:
            raise click.UsageError("The output is either hex or base64.")
        if expires_at is not None and expires_after is not None:
            raise click.UsageError("A message expires either at a time or after a time.")
        try:
            content = function(**own)
            if topic is not None:
                content = features.in_topic(content, topic.encode())
            if expires_at is not None:
                content = features.expiring_at(content, expires_at)
            if expires_after is not None:
                content = features.expiring_after(content, expires_after)
        except ContentError as error:
            click.echo(f"{error}", err=True)
            return EXIT_NOT_DECODABLE
        _print(content, as_hex=as_hex, as_base64=as_base64)
        return 0

    for option in reversed(_COMMON):
        run = option(run)
    return make.command(name=function.__name__)(run)


def _print(content: MimiContent, *, as_hex: bool, as_base64: bool) -> None:
    encoded = encode_content(content)
    if content.sender_uri is not None and content.room_uri is not None:
        click.echo(f"Message id: {message_id(content).hex()}", err=True)
    if as_hex:
        click.echo(encoded.hex())
    elif as_base64:
        click.echo(base64.b64encode(encoded).decode())
    else:
        sys.stdout.buffer.write(encoded)


def _uris(sender: str | None, room: str | None) -> Uris | None:
    if sender is None and room is None:
        return None
    if sender is None or room is None:
        raise click.UsageError("Say both --sender and --room, or neither.")
    return Uris(sender, room)


def _salt(given: bytes | None) -> bytes:
    return token_bytes(16) if given is None else given


def _text(text: str, *, is_markdown: bool) -> SinglePart:
    return features.markdown(text) if is_markdown else features.plain_text(text)


def _addressed(
    body: NestedPart, reply_to: bytes | None, salt: bytes | None, sender: str | None, room: str | None
) -> MimiContent:
    uris = _uris(sender, room)
    if reply_to is None:
        return features.say(body, salt=_salt(salt), uris=uris)
    return features.reply(body, to=MessageId(reply_to), salt=_salt(salt), uris=uris)


_markdown = click.option("--markdown", "is_markdown", is_flag=True, help="TEXT is Markdown, not plain text.")
_reply_to = click.option("--reply-to", type=_ID, metavar="ID", help="The id of the message that this one answers.")


@_messages
@click.argument("text")
@_markdown
@_reply_to
def say(text: str, *, is_markdown: bool, reply_to: bytes | None, **address: Any) -> MimiContent:
    """Say TEXT."""
    return _addressed(_text(text, is_markdown=is_markdown), reply_to, **address)


@_messages
@click.argument("reactions", nargs=-1, required=True, metavar="EMOJI...")
@click.option("--to", type=_ID, required=True, metavar="ID", help="The id of the message to react to.")
def react(
    reactions: tuple[str, ...], *, to: bytes, salt: bytes | None, sender: str | None, room: str | None
) -> MimiContent:
    """React with EMOJI, one or more."""
    return features.react(*reactions, to=MessageId(to), salt=_salt(salt), uris=_uris(sender, room))


@_messages
@click.argument("file")
@click.argument("text")
@_markdown
def edit(
    file: str, text: str, *, is_markdown: bool, salt: bytes | None, sender: str | None, room: str | None
) -> MimiContent:
    """Say TEXT instead of what the message in FILE says."""
    message = decode_content(read(file))
    id_ = message_id(message, sender_uri=sender, room_uri=room)
    return features.edit(message, id_, _text(text, is_markdown=is_markdown), salt=_salt(salt))


@_messages
@click.argument("file")
def delete(file: str, *, salt: bytes | None, sender: str | None, room: str | None) -> MimiContent:
    """Take back the message in FILE, be it a reaction or any other."""
    message = decode_content(read(file))
    return features.delete(message, message_id(message, sender_uri=sender, room_uri=room), salt=_salt(salt))


@_messages
@click.argument("url")
@click.argument("description")
@_reply_to
def session(url: str, description: str, *, reply_to: bytes | None, **address: Any) -> MimiContent:
    """Invite to the conference at URL."""
    return _addressed(features.session(url, description), reply_to, **address)


@_messages
@click.argument("file")
@click.argument("url")
@click.option("--type", "content_type", metavar="TYPE", help="The media type, if FILE's name does not tell it.")
@click.option("--description", default="", help="What it is, for people.")
@click.option(
    "--encrypted", metavar="FILE", help="Write here what is to be uploaded; without it, FILE is, unencrypted."
)
@_reply_to
def attach(
    file: str,
    url: str,
    *,
    content_type: str | None,
    description: str,
    encrypted: str | None,
    reply_to: bytes | None,
    **address: Any,
) -> MimiContent:
    """Attach FILE, which will be found at URL."""
    kind = content_type or mimetypes.guess_type(file)[0] or "application/octet-stream"
    name = Path(file).name
    if encrypted is None:
        upload = public_upload(read(file), kind, description=description, filename=name)
        return _addressed(upload.at(url), reply_to, **address)
    key, nonce = token_bytes(16), token_bytes(12)
    upload = encrypted_upload(read(file), kind, key=key, nonce=nonce, description=description, filename=name)
    content = _addressed(upload.at(url), reply_to, **address)
    try:
        Path(encrypted).write_bytes(upload.octets)
    except OSError as error:
        raise click.ClickException(f"{encrypted} can't be written: {error.strerror}.") from error
    return content
