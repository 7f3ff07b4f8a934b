"""The `room_metadata` component (mimi-protocol-06, section 7.6)."""

from collections.abc import Iterator

from mimi_conformance.reference.mls.proposals.components import Contribution
from mimi_conformance.reference.room.components.component import ReplacedComponent
from mimi_conformance.reference.room.components.rules import Fault
from mimi_conformance.reference.room.components.uris import is_uri
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData


class MetadataRule(RoomRule):
    """What makes metadata valid."""

    ROOM_URI = ("PROTO-7.6-01", "The room URI is a valid URI.")
    TEXT = ("PROTO-7.6-04", "Name, subject and mood are UTF-8 without NUL.")
    PLAIN_DESCRIPTION = ("PROTO-7.6-03", "A description without a media type is text in UTF-8.")
    ONE_DESCRIPTION_PER_LANGUAGE = ("PROTO-7.6-02", "There is one description per language.", "AMB-140")
    AVATAR = ("PROTO-7.6-05", "The avatar is an https URI, or there is none.", "AMB-140")
    ONE_UPDATE = ("PROTO-7.6-08", "A commit updates the metadata at most once.", "AMB-141")


def metadata_faults(metadata: RoomMetaData) -> Iterator[Fault]:
    """What is wrong with metadata."""
    if not is_uri(metadata.room_uri):
        yield MetadataRule.ROOM_URI, metadata.room_uri.uri
    for text in (metadata.room_name, metadata.room_subject, metadata.room_mood):
        if not _is_utf8(text.string) or b"\0" in text.string:
            yield MetadataRule.TEXT, text.string
    languages = set()
    for description in metadata.room_descriptions:
        if not description.media_type and not _is_utf8(description.description_content):
            yield MetadataRule.PLAIN_DESCRIPTION, description.description_content
        language = description.language_tag.lower()
        if language in languages:
            yield MetadataRule.ONE_DESCRIPTION_PER_LANGUAGE, description.language_tag
        languages.add(language)
    avatar = metadata.room_avatar
    if avatar.uri and not (is_uri(avatar) and avatar.uri.lower().startswith(b"https://")):
        yield MetadataRule.AVATAR, avatar.uri


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


class MetadataComponent(ReplacedComponent[RoomMetaData]):
    """Replaced as a whole, once per commit."""

    def updated(self, data: bytes | None, updates: tuple[Contribution, ...]) -> bytes:
        """The data of the one update."""
        if len(updates) > 1:
            raise self.error(MetadataRule.ONE_UPDATE, f"{len(updates)} updates")
        return super().updated(data, updates)


ROOM_METADATA = MetadataComponent("room_metadata", RoomMetaData, metadata_faults)
