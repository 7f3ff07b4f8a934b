"""The connection of a client that the harness plays to a server under test: its control interface."""

from collections.abc import Sequence

from mimi_conformance.mocks.control.client import ClientDevice, ControlClient
from mimi_conformance.reference.client.connection import HubKeys, Reply
from mimi_conformance.reference.client.errors import NotSentError, UnansweredError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.founding import NewRoom
from mimi_conformance.reference.provider.inbox import Delivery, DeliveryKind
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.wire.mls.group import ExternalSender
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.franking import FrankingAgentData


class ControlConnection:
    """A `Connection` by a control interface, whose errors come through as they are.

    Args:
        control: the control interface.
        domain: the server's provider domain.

    """

    def __init__(self, control: ControlClient, domain: str) -> None:
        self._control = control
        self._domain = domain

    @property
    def domain(self) -> str:
        """See `Connection`, here as below."""
        return self._domain

    def register(self, user: MimiUri, client: MimiUri, key_packages: Sequence[KeyPackage]) -> None:  # noqa: D102
        encoded = tuple(each.encode() for each in key_packages)
        self._control.users(user, clients=[ClientDevice(client, encoded)])

    def hub_keys(self, cipher_suite: CipherSuite) -> HubKeys:  # noqa: D102
        described = self._control.describe().hub_keys.get(cipher_suite)
        if described is None:
            raise NotSentError(f"{self._domain} describes no hub_keys for {cipher_suite.name}.")
        agent = described.franking_signature_key
        return HubKeys(
            ExternalSender.decode(described.external_sender), None if agent is None else FrankingAgentData.decode(agent)
        )

    def create_room(self, new: NewRoom) -> None:  # noqa: D102
        self._control.rooms(
            new.room_id,
            new.creator,
            new.group_info.encode(),
            new.ratchet_tree.encode(),
            joining_codes=new.joining_codes,
            policy_envelope=None if new.changeable is None else sorted(new.changeable),
        )

    def request(self, client: MimiUri, endpoint: Endpoint, provider: str, about: str, body: bytes) -> Reply:  # noqa: D102
        outcome = self._control.requests(client, endpoint, provider, about, body)
        if outcome.status is None:
            raise UnansweredError(f"{self._domain} could not have {endpoint} answered: {outcome.failure}")
        return Reply(outcome.status, outcome.body)

    def deliveries(self, client: MimiUri, after: int, wait_seconds: float) -> tuple[Delivery, ...]:  # noqa: D102
        found = self._control.deliveries(client, after, wait_seconds)
        return tuple(
            Delivery(
                each.cursor,
                DeliveryKind(each.kind),
                each.provider,
                MimiUri(each.room) if each.room else None,
                each.body,
            )
            for each in found
        )
