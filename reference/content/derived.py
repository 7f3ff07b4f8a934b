"""What a receiver knows of a message besides what is in it (mimi-content-08, section 4.6)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cbor2 import CBORTag

from mimi_conformance.reference.content import deterministic
from mimi_conformance.reference.content.deterministic import Value
from mimi_conformance.reference.content.message import MessageId
from mimi_conformance.reference.content.rules import ContentError, DerivedRule

EXTENDED_TIME_TAG: Final = 1001  # RFC 9581, section 3

_OCTETS_OF_NAME: Final = range(1, 256)


@dataclass(frozen=True, slots=True)
class ExtendedTime:
    """A time as RFC 9581 writes it: by integer or text key, see its section 3."""

    entries: Mapping[int | str, Value]


Timestamp = int | ExtendedTime
"""A number of milliseconds since the UNIX epoch, or an extended time."""


@dataclass(frozen=True, slots=True)
class MessageDerivedValues:
    """What MLS, the hub and the identity of the sender tell of a message.

    Attributes:
        message_id: the message's id.
        hub_accepted_timestamp: when the hub accepted it.
        mls_group_id: the group that it was sent to.
        sender_leaf_index: the sender's leaf in the group's tree.
        sender_client_url: the client that sent it.
        sender_user_url: the user of the sender's credential: "From".
        room_url: the room: "To".
    """

    message_id: MessageId
    hub_accepted_timestamp: Timestamp
    mls_group_id: bytes
    sender_leaf_index: int
    sender_client_url: str
    sender_user_url: str
    room_url: str


def encode_derived(derived: MessageDerivedValues) -> bytes:
    """Return the CBOR of derived values, as the schema of implied fields has it.

    Raises:
        ContentError: they break a `DerivedRule`.
    """
    timestamp = derived.hub_accepted_timestamp
    values: tuple[Value, ...] = (
        derived.message_id,
        CBORTag(EXTENDED_TIME_TAG, timestamp.entries) if isinstance(timestamp, ExtendedTime) else timestamp,
        derived.mls_group_id,
        derived.sender_leaf_index,
        derived.sender_client_url,
        derived.sender_user_url,
        derived.room_url,
    )
    encoded = deterministic.encode(values)
    decode_derived(encoded)
    return encoded


def decode_derived(data: bytes) -> MessageDerivedValues:
    """Return the derived values that some bytes encode.

    Raises:
        ContentError: they break an `EncodingRule` or a `DerivedRule`.
    """
    values: Any = deterministic.decode(data)
    match values:
        case (bytes() as id_, timestamp, bytes() as group_id, int() as index, str(), str(), str()):
            if len(id_) != 32:
                raise ContentError(DerivedRule.MESSAGE_ID, id_, "messageId")
            if isinstance(index, bool) or not 0 <= index < 2**32:
                raise ContentError(DerivedRule.LEAF_INDEX, index, "senderLeafIndex")
            return MessageDerivedValues(MessageId(id_), _timestamp(timestamp), group_id, index, *values[4:])
    raise ContentError(DerivedRule.ARRAY, values)


def _timestamp(value: Value) -> Timestamp:
    match value:
        case int() if not isinstance(value, bool) and 0 <= value < 2**64:
            return value
        case CBORTag(tag=1001, value=Mapping() as entries) if all(map(_is_name, entries)):
            return ExtendedTime(entries)
    raise ContentError(DerivedRule.TIMESTAMP, value, "hubAcceptedTimestamp")


def _is_name(key: Value) -> bool:
    return isinstance(key, int) or (isinstance(key, str) and len(key.encode()) in _OCTETS_OF_NAME)
