"""The sender's part: a tag that commits it to what it sends (mimi-protocol-06, section 5.4.1.1)."""

from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives import hashes, hmac

from mimi_conformance.reference.content.application_data import MIMI_CONTENT, MediaTypes, unframe
from mimi_conformance.reference.content.codec import decode_content
from mimi_conformance.reference.content.franking.rules import CommitmentRule, FrankingError
from mimi_conformance.reference.content.rules import ContentError
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.mls.framing.safe_aad import read_safe_aad
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.franking import FrankAAD, ServerFrankingContext

FRANK_AAD: Final = code_points().component_id("frank_aad")
"""The number of the component that carries the tag in a message's SafeAAD."""


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a franked message commits its sender to, beside its text.

    Every format that is to be franked has to say where these are (mimi-protocol-06, section 5.4.1.1).

    Attributes:
        salt: random bytes of the sender's.
        sender_uri: who it says it is from.
        room_uri: where it says it was sent.

    """

    salt: bytes
    sender_uri: str
    room_uri: str

    def context(self, accepted_timestamp: int) -> ServerFrankingContext:
        """What the hub franked, if it accepted the message at this time, in milliseconds of the Unix epoch."""
        return ServerFrankingContext(
            IdentifierUri.of(self.sender_uri), IdentifierUri.of(self.room_uri), accepted_timestamp
        )


def read_commitment(application_data: bytes, media_types: MediaTypes) -> Commitment:
    """What an application message commits its sender to: of MIMI content, its salt and the extensions 1 and 2.

    Args:
        application_data: as MLS carries it, with its framing where the group has one.
        media_types: the `content_media_types` of the group; None when messages are not framed.

    Raises:
        FrankingError: it can't be franked, because it is something else or lacks a URI.

    """
    try:
        media_type, encoded = unframe(application_data, media_types)
    except DecodeError as error:
        raise FrankingError(CommitmentRule.CONTENT, str(error)) from error
    if media_type.type.lower() != MIMI_CONTENT.type:
        raise FrankingError(CommitmentRule.MEDIA_TYPE, media_type.type)
    try:
        content = decode_content(encoded)
    except ContentError as error:
        raise FrankingError(CommitmentRule.CONTENT, str(error)) from error
    if content.sender_uri is None:
        raise FrankingError(CommitmentRule.SENDER_URI, content.mimi_extensions)
    if content.room_uri is None:
        raise FrankingError(CommitmentRule.ROOM_URI, content.mimi_extensions)
    return Commitment(content.salt, content.sender_uri, content.room_uri)


def franking_tag(salt: bytes, application_data: bytes) -> bytes:
    """The tag of a message: 32 bytes (mimi-protocol-06, section 5.4.1.1).

    Args:
        salt: that of the MIMI content.
        application_data: exactly what MLS encrypts, with its framing, without a length (AMB-065).

    """
    return hmac_sha256(salt, application_data)


def hmac_sha256(key: bytes, data: bytes) -> bytes:
    """The HMAC that all of franking uses, whatever the cipher suite."""
    context = hmac.HMAC(key, hashes.SHA256())
    context.update(data)
    return context.finalize()


def commit(application_data: bytes, media_types: MediaTypes) -> dict[int, bytes]:
    """The item that a franked message has in its SafeAAD (mimi-protocol-06, section 5.4.1.1).

    `encode_safe_aad` makes the `authenticated_data` of it and of other components' items.

    Raises:
        FrankingError: the message can't be franked, because it is no MIMI content or lacks a URI (AMB-075).

    """
    salt = read_commitment(application_data, media_types).salt
    return {FRANK_AAD: FrankAAD(franking_tag(salt, application_data)).encode()}


def read_franking_tag(authenticated_data: bytes) -> bytes | None:
    """The tag in the additional data of a message of a group with `safe_aad`; None when there is none.

    A damaged or repeated item is no reason to go on without a frank: the message is refused (AMB-068).

    Raises:
        FramingError: the additional data is no SafeAAD.
        FrankingError: the item is not a tag.

    """
    item = read_safe_aad(authenticated_data).get(FRANK_AAD)
    if item is None:
        return None
    try:
        return FrankAAD.decode(item).franking_tag
    except DecodeError as error:
        raise FrankingError(CommitmentRule.TAG_SIZE, item, "frank_aad") from error
