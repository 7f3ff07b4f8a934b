"""Events and lanes for the tests of the outbox."""

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.outbox import Lane, NotifyBody
from mimi_conformance.reference.wire.mls.framing import ContentType, PrivateMessage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.registries import ProtocolVersion, WireFormat
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage

ACCEPTED = 1_800_000_000_000
CLUBHOUSE = MimiUri.room("a.example", "clubhouse")
LIBRARY = MimiUri.room("a.example", "library")


def fanout(text: bytes = b"ciphertext", timestamp: int = ACCEPTED) -> FanoutMessage:
    """An application message, as the hub fans it out; its ciphertext is what the test says."""
    message = PrivateMessage(
        group_id=b"group",
        epoch=1,
        content_type=ContentType.application,
        authenticated_data=b"",
        encrypted_sender_data=b"sender",
        ciphertext=text,
    )
    return FanoutMessage(
        timestamp=timestamp,
        message=MLSMessage(
            version=ProtocolVersion.mls10, wire_format=WireFormat.mls_private_message, private_message=message
        ),
    )


def lane(provider: str = "b.example", room: MimiUri = CLUBHOUSE) -> Lane:
    return Lane(provider, room)


def body_of(where: Lane, *texts: bytes, last: int = 1, accepted: int = ACCEPTED) -> NotifyBody:
    """The notify body of these messages in a lane."""
    data = b"".join(fanout(text, accepted).encode() for text in texts)
    return NotifyBody(lane=where, last=last, events=len(texts), accepted=accepted, body=data)
