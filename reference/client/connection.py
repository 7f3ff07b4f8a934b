"""All that a client asks of its own provider: the part of MIMI that every provider settles by itself (PROTO 3)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.founding import NewRoom
from mimi_conformance.reference.provider.inbox import Delivery
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.wire.mls.group import ExternalSender
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.franking import FrankingAgentData


@dataclass(frozen=True, slots=True)
class HubKeys:
    """What whoever makes a room puts into its group for the hub.

    Attributes:
        external_sender: the hub's entry in `external_senders` (PROTO 7.4).
        franking_agent: whose stamps count (PROTO 5.4.1); None for a hub that stamps nothing.

    """

    external_sender: ExternalSender
    franking_agent: FrankingAgentData | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the provider that was asked has answered: the HTTP status, and the body."""

    status: int
    body: bytes = b""


class Connection(Protocol):
    """A client's provider, as its clients see it. Safe to use from several threads.

    Each method raises a ClientError: NotSentError when the provider won't, UnansweredError when nobody knows.
    """

    @property
    def domain(self) -> str:
        """The provider's domain."""

    def register(self, user: MimiUri, client: MimiUri, key_packages: Sequence[KeyPackage]) -> None:
        """Make a client known, and its user; hand in KeyPackages for others to fetch, each once."""

    def hub_keys(self, cipher_suite: CipherSuite) -> HubKeys:
        """The keys of this provider as the hub of a room that is to be made."""

    def create_room(self, new: NewRoom) -> None:
        """Make a room of which this provider is the hub."""

    def request(self, client: MimiUri, endpoint: Endpoint, provider: str, about: str, body: bytes) -> Reply:
        """Send a client's request to a provider, which may be this one.

        Args:
            client: who asks.
            endpoint: what is asked.
            provider: the domain of the provider asked.
            about: what the URL template is filled with.
            body: the request structure.

        """

    def deliveries(self, client: MimiUri, after: int, wait_seconds: float) -> tuple[Delivery, ...]:
        """What came for a client after a cursor, oldest first; waits so long for the first when there is none."""
