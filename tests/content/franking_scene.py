"""Alice of b.example says something in a room of hub.example, and Bob of c.example hears it by way of his provider."""

from dataclasses import dataclass, field, replace

from mimi_conformance.reference.content.application_data import MediaTypes, frame
from mimi_conformance.reference.content.codec import encode_content
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI
from mimi_conformance.reference.content.franking.agent import FrankingRoom
from mimi_conformance.reference.content.franking.commitment import commit
from mimi_conformance.reference.content.franking.stamp import FrankingKeys, HubKey, SigningKey, frank
from mimi_conformance.reference.content.franking.verification import FrankedMessage, Received, verify
from mimi_conformance.reference.content.message import MimiContent, SinglePart
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.wire.mls.app_data import MediaType
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.franking import FrankingAgentData

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
SAME_SIGNATURES = CipherSuite.MLS_128_DHKEMX25519_CHACHA20POLY1305_SHA256_Ed25519
OTHER_SIGNATURES = CipherSuite.MLS_128_DHKEMP256_AES128GCM_SHA256_P256

ALICE = MimiUri("mimi://b.example/u/alice")
BOB = MimiUri("mimi://c.example/u/bob")
ROOM = MimiUri("mimi://hub.example/r/clubhouse")
OTHER_ROOM = MimiUri("mimi://hub.example/r/cellar")
ACCEPTED = 1_760_000_000_000
"""When the hub accepted the message, in milliseconds."""

FRAMED: MediaTypes = (MediaType(b"application/mimi-content"),)
"""The content_media_types of a group whose messages are framed."""


def agent_of(key: SigningKey, identity: bytes = b"mimi://hub.example") -> FrankingAgentData:
    return FrankingAgentData(key.public_key, Credential.basic(identity))


SIGNING_KEY = SigningKey.of(SUITE, bytes(range(32)))
OTHER_SIGNING_KEY = SigningKey.of(SUITE, bytes(range(32, 64)))
KEYS = FrankingKeys((HubKey(ACCEPTED - 1000, b"the hub's secret"),), (SIGNING_KEY,))
FRANKING_ROOM = FrankingRoom(ROOM, SUITE, agent_of(SIGNING_KEY))


def said(text: str = "You are all fools.", sender: MimiUri = ALICE, room: MimiUri = ROOM, salt: int = 7) -> MimiContent:
    """MIMI content that can be franked."""
    return MimiContent(
        salt=bytes([salt] * 16),
        nested_part=SinglePart("text/plain;charset=utf-8", text.encode()),
        mimi_extensions={SENDER_URI: str(sender), ROOM_URI: str(room)},
    )


@dataclass(frozen=True)
class Scene:
    """What the three parties do with one message. Each of them can be told something else than the others."""

    content: MimiContent = field(default_factory=said)
    room: FrankingRoom = FRANKING_ROOM
    keys: FrankingKeys = KEYS
    sending_uri: MimiUri = ALICE
    accepted_timestamp: int = ACCEPTED

    def but(self, **changes) -> "Scene":
        return replace(self, **changes)

    @property
    def application_data(self) -> bytes:
        return frame(encode_content(self.content), self.room.media_types)

    @property
    def authenticated_data(self) -> bytes:
        return encode_safe_aad(commit(self.application_data, self.room.media_types))

    def franked_by_hub(self):
        return frank(self.authenticated_data, self.sending_uri, self.accepted_timestamp, self.room, self.keys)

    def received(self) -> Received:
        """What reaches Bob when nobody alters anything."""
        return Received(
            self.application_data, self.authenticated_data, ALICE, self.accepted_timestamp, self.franked_by_hub()
        )

    def verified(self) -> FrankedMessage:
        return verify(self.received(), self.room)
