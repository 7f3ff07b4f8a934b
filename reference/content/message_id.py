"""Message ids: what messages call each other by (mimi-content-08, section 3.3)."""

import hashlib
from typing import Final

from mimi_conformance.reference.content.codec import encode_content
from mimi_conformance.reference.content.message import MessageId, MimiContent
from mimi_conformance.reference.content.rules import ContentError, MessageIdRule

SHA_256: Final = 1
"""SHA-256 in IANA's registry of Named Information hash algorithms: what ids are made with, whatever MLS hashes with."""

_LONGEST_URI: Final = 2**16 - 1


def message_id(content: MimiContent, *, sender_uri: str | None = None, room_uri: str | None = None) -> MessageId:
    """Return the id of a message.

    The URIs are those that the message gives in its extensions; for want of them, those that MLS and the room tell
    (AMB-180). Decoding is strict, so a message that was received is hashed as it was sent.

    Args:
        content: the message.
        sender_uri: the user that the sender's credential names.
        room_uri: the room that the message was sent in.

    Raises:
        ContentError: the message breaks a rule, or a URI is told neither by it nor by the caller.
    """
    hashed = bytearray()
    for name, uri in (
        ("sender", content.sender_uri if content.sender_uri is not None else sender_uri),
        ("room", content.room_uri if content.room_uri is not None else room_uri),
    ):
        if uri is None:
            raise ContentError(MessageIdRule.URIS_KNOWN, content, name)
        octets = uri.encode()
        if len(octets) > _LONGEST_URI:
            raise ContentError(MessageIdRule.URI_LENGTH, len(octets), name)
        hashed += len(octets).to_bytes(2) + octets
    hashed += encode_content(content) + content.salt
    return MessageId(bytes((SHA_256,)) + hashlib.sha256(hashed).digest()[:31])


def check_hash_known(id_: MessageId, place: str = "") -> None:
    """Refuse an id that was made with a hash function other than SHA-256 (section 9.1).

    Raises:
        ContentError: the id is such a one; the place is the one given.
    """
    if id_[:1] != bytes((SHA_256,)):
        raise ContentError(MessageIdRule.HASH_KNOWN, id_, place)
