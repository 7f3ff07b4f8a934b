"""The connection of a client to a reference provider in the same process."""

from collections.abc import Sequence

from mimi_conformance.reference.client.connection import HubKeys, Reply
from mimi_conformance.reference.client.errors import NotSentError, UnansweredError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.founding import NewRoom
from mimi_conformance.reference.provider.inbox import Delivery
from mimi_conformance.reference.provider.local import ClientChange, LocalService, UserChange
from mimi_conformance.reference.provider.messages import Endpoint, LocalRequestError
from mimi_conformance.reference.provider.outgoing import PeerError
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import CipherSuite


class LocalConnection:
    """A `Connection` to a provider by the API that it offers its clients."""

    def __init__(self, service: LocalService) -> None:
        self._service = service

    @property
    def domain(self) -> str:
        """See `Connection`, here as below."""
        return self._service.domain

    def register(self, user: MimiUri, client: MimiUri, key_packages: Sequence[KeyPackage]) -> None:  # noqa: D102
        try:
            self._service.change_user(UserChange(user, (ClientChange(client, tuple(key_packages)),)))
        except LocalRequestError as error:
            raise NotSentError(str(error)) from error

    def hub_keys(self, cipher_suite: CipherSuite) -> HubKeys:  # noqa: D102
        hub = self._service.hub_identity
        return HubKeys(hub.external_sender(cipher_suite), hub.franking_agent(cipher_suite))

    def create_room(self, new: NewRoom) -> None:  # noqa: D102
        try:
            self._service.create_room(new)
        except LocalRequestError as error:
            raise NotSentError(str(error)) from error

    def request(self, client: MimiUri, endpoint: Endpoint, provider: str, about: str, body: bytes) -> Reply:  # noqa: D102
        try:
            answer = self._service.request(client, endpoint, provider, about, body)
        except LocalRequestError as error:
            raise NotSentError(str(error)) from error
        except PeerError as error:
            raise UnansweredError(str(error)) from error
        return Reply(answer.status, answer.body)

    def deliveries(self, client: MimiUri, after: int, wait_seconds: float) -> tuple[Delivery, ...]:  # noqa: D102
        return self._service.deliveries(client, after, wait_seconds)
