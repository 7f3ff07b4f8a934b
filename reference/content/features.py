"""What people do with messages, in the words of a client's author (mimi-content-08, section 5).

Bodies first: `plain_text`, `markdown`, `alternatives`, `session`, and the attachments of `attachment`. Then the
messages that carry them: `say`, `reply`, `react`, `edit`, `delete`, `unlike`. Last, what can be said about any message:
`sent_by`, `in_topic`, `expiring_at`, `expiring_after`, `with_extension`::

    hello = say(markdown("Hi __everyone__"), salt=token_bytes(16), uris=uris)
    answer = reply(plain_text("Right on!"), to=message_id(hello), salt=token_bytes(16), uris=uris)

A message is checked when it is encoded. Every message needs a salt of its own: 16 octets, cryptographically random.
"""

from dataclasses import dataclass, replace
from html import escape
from typing import Final

from cbor2 import frozendict

from mimi_conformance.reference.content import deterministic
from mimi_conformance.reference.content.deterministic import Value
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI, ExtensionKey
from mimi_conformance.reference.content.markdown import link, without_html
from mimi_conformance.reference.content.media_type import GFM_MIMI, PLAIN_TEXT
from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    Disposition,
    ExternalPart,
    MessageId,
    MimiContent,
    MultiPart,
    NestedPart,
    NullPart,
    PartSemantics,
    RelativeExpiration,
    SinglePart,
)
from mimi_conformance.reference.content.rules import ContentError, FeatureRule

LARGEST_OWN_EXTENSION: Final = 4095
"""Octets of the largest extension value that is sent from here: some receivers refuse larger ones (AMB-186)."""


@dataclass(frozen=True, slots=True)
class Uris:
    """Who says something, and where. Franking needs both in the message (AMB-075).

    Attributes:
        sender: the URI of the user who sends the message.
        room: the URI of the room that it is sent in.
    """

    sender: str
    room: str


def plain_text(text: str, *, language: str = "") -> SinglePart:
    """Return text that is shown as it stands. `language` is empty or language tags separated by commas."""
    return SinglePart(PLAIN_TEXT, text.encode(), language=language)


def markdown(text: str, *, language: str = "") -> SinglePart:
    """Return text in GFM-MIMI Markdown; HTML in it will be shown as text (section 7.1.1)."""
    return SinglePart(GFM_MIMI, without_html(text).encode(), language=language)


def markdown_mention(uri: str, shown: str) -> str:
    """Return the Markdown that mentions a user or a room, to be put into `markdown` (section 5.4)."""
    return link(shown, uri)


def html_mention(uri: str, shown: str) -> str:
    """Return the HTML that mentions a user or a room (section 5.4)."""
    return f'<a href="{escape(uri)}">{escape(shown)}</a>'


def alternatives(*parts: NestedPart) -> MultiPart:
    """Return two parts or more of which a receiver takes the one that suits it best, the sender's favourite first."""
    return MultiPart(PartSemantics.choose_one, parts)


def unit(*parts: NestedPart) -> MultiPart:
    """Return two parts or more that are of use only together, as a text and the images in it (AMB-185)."""
    return MultiPart(PartSemantics.single_unit, parts)


def collection(*parts: NestedPart) -> MultiPart:
    """Return two parts or more of which a receiver processes all that it can."""
    return MultiPart(PartSemantics.process_all, parts)


def session(url: str, description: str) -> ExternalPart:
    """Return an invitation to a conference at a URL (section 5.10). `description` is a text for people."""
    return ExternalPart("", url, description=description, disposition=Disposition.session)


def say(body: NestedPart, *, salt: bytes, uris: Uris | None = None) -> MimiContent:
    """Return a message that has a body, and no relation to other messages."""
    extensions = {} if uris is None else {SENDER_URI: uris.sender, ROOM_URI: uris.room}
    return MimiContent(salt, body, mimi_extensions=frozendict(extensions))


def reply(body: NestedPart, *, to: MessageId, salt: bytes, uris: Uris | None = None) -> MimiContent:
    """Return an answer to the version of a message that an id names, which should be its latest (section 5.2)."""
    return replace(say(body, salt=salt, uris=uris), in_reply_to=to)


def react(*reactions: str | NestedPart, to: MessageId, salt: bytes, uris: Uris | None = None) -> MimiContent:
    """Return reactions to a message (section 5.3): each a text, usually an emoji, or a part such as an image.

    Several reactions never share one text: joined, their characters could mean something else.
    """
    parts = tuple(
        replace(plain_text(each) if isinstance(each, str) else each, disposition=Disposition.reaction)
        for each in reactions
    )
    body = parts[0] if len(parts) == 1 else replace(collection(*parts), disposition=Disposition.reaction)
    return reply(body, to=to, salt=salt, uris=uris)


def edit(message: MimiContent, id_: MessageId, body: NestedPart, *, salt: bytes) -> MimiContent:
    """Return a message that puts another body in the place of a message's (section 5.5).

    Everything else stays as it was, because the sender may change nothing else (section 9.3).

    Args:
        message: the message to change, in whatever version.
        id_: the id of that version.
        body: what is said instead.
        salt: of the new message.
    """
    first = id_ if message.replaces is None else message.replaces
    return replace(message, salt=salt, replaces=first, nested_part=body)


def delete(message: MimiContent, id_: MessageId, *, salt: bytes) -> MimiContent:
    """Return a message that takes back a message (section 5.6). The arguments are those of `edit`.

    Who may delete what others have sent has to say that it is not they who do it: see `sent_by`.
    """
    return edit(message, id_, NullPart(message.nested_part.disposition), salt=salt)


def unlike(reaction: MimiContent, id_: MessageId, *, salt: bytes) -> MimiContent:
    """Return a message that takes back a reaction (section 5.7). The arguments are those of `edit`.

    Raises:
        ContentError: the message is no reaction.
    """
    if reaction.nested_part.disposition is not Disposition.reaction:
        raise ContentError(FeatureRule.REACTION, reaction)
    return delete(reaction, id_, salt=salt)


def sent_by(message: MimiContent, uris: Uris) -> MimiContent:
    """Return a message as one that says it is from somebody, whoever it has said before (AMB-075)."""
    named = {SENDER_URI: uris.sender, ROOM_URI: uris.room}
    return replace(message, mimi_extensions=frozendict({**message.mimi_extensions, **named}))


def in_topic(message: MimiContent, topic_id: bytes) -> MimiContent:
    """Return a message as one of a topic, which an opaque, unique octet string names (section 5.11).

    A new topic can take the id of the message that began it.
    """
    return replace(message, topic_id=topic_id)


def expiring_at(message: MimiContent, time: int) -> MimiContent:
    """Return a message that is deleted at a time, in seconds since the UNIX epoch (section 5.8)."""
    return replace(message, expires=AbsoluteExpiration(time))


def expiring_after(message: MimiContent, seconds: int) -> MimiContent:
    """Return a message that is deleted some seconds after it was read (section 5.8)."""
    return replace(message, expires=RelativeExpiration(seconds))


def with_extension(message: MimiContent, key: ExtensionKey, value: Value) -> MimiContent:
    """Return a message with one more extension.

    Raises:
        ContentError: the message has the extension already, the key is 0 or an empty text, which stand for nothing
            (AMB-194), the value is larger than some receivers accept (AMB-186), or it breaks an `EncodingRule`.
    """
    if key in message.mimi_extensions:
        raise ContentError(FeatureRule.EXTENSION_ONCE, key, "mimiExtensions")
    if key in (0, ""):
        raise ContentError(FeatureRule.EXTENSION_KEY, key, "mimiExtensions")
    if (size := len(deterministic.encode(value))) > LARGEST_OWN_EXTENSION:
        raise ContentError(FeatureRule.EXTENSION_SIZE, size, f"mimiExtensions[{key!r}]")
    return replace(message, mimi_extensions=frozendict({**message.mimi_extensions, key: value}))
