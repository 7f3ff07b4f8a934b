"""A peer of ours as a test uses it: what it sends goes to the target, and what keeps it from sending ends the test."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Unpack

from mimi_conformance.mocks.network.exchange import Direction, Exchange
from mimi_conformance.mocks.peers.answer import Answer, Responder
from mimi_conformance.mocks.peers.directory import Directory, EndpointError
from mimi_conformance.mocks.peers.peer import Peer, SendOptions
from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.provider.roles import serves
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.judgement import blocked, not_declared


class AddressedPeer:
    """One of our providers, with the target as the one it talks to.

    Requests wait for an answer as long as the target's description allows, unless they are given their own
    ``deadline_seconds``. An endpoint that the target's directory does not lead to ends the test: as not-declared, when
    nobody described the target or its roles have no such endpoint (AMB-017), and as blocked otherwise.

    Attributes:
        peer: the provider itself: its certificate, its server, its scripts; mocks/faults works with it.
    """

    def __init__(self, peer: Peer, description: TargetDescription) -> None:
        self.peer = peer
        self._description = description
        self._target = description.provider.domain

    def __repr__(self) -> str:
        return f"AddressedPeer({self.domain!r})"

    @property
    def domain(self) -> str:
        """Its provider domain."""
        return self.peer.domain

    def user(self, name: str, *device_names: str) -> PeerUser:
        """A user of this provider."""
        return self.peer.user(name, *device_names)

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        endpoint: str | None = None,
        **options: Unpack[SendOptions],
    ) -> Exchange:
        """Send any request; see `Peer.send`."""
        return self.peer.send(method, url, body=body, endpoint=endpoint, **self._patient(options))

    def directory(self, **options: Unpack[SendOptions]) -> Directory:
        """The target's directory, fetched anew."""
        with self._found():
            return self.peer.directory(self._target, fresh=True, **self._patient(options))

    def url(self, endpoint: str, subject: str) -> str:
        """The URL of an endpoint of the target for the URI or domain ``subject``, by its directory."""
        with self._found(endpoint):
            return self.peer.url(self._target, endpoint, subject)

    def call(self, endpoint: str, subject: str, body: bytes, **options: Unpack[SendOptions]) -> Exchange:
        """POST ``body`` to an endpoint of the target for ``subject``."""
        with self._found(endpoint):
            return self.peer.call(self._target, endpoint, subject, body, **self._patient(options))

    def request_consent(self, entry: ConsentEntry, **options: Unpack[SendOptions]) -> Exchange:
        """Ask, or cancel (PROTO 5.7)."""
        with self._found("requestConsent"):
            return self.peer.request_consent(self._target, entry, **self._patient(options))

    def update_consent(self, entry: ConsentEntry, **options: Unpack[SendOptions]) -> Exchange:
        """Grant, or revoke (PROTO 5.7)."""
        with self._found("updateConsent"):
            return self.peer.update_consent(self._target, entry, **self._patient(options))

    def identifier_query(self, request: IdentifierRequest, **options: Unpack[SendOptions]) -> Exchange:
        """Look for users of the target (PROTO 5.8)."""
        with self._found("identifierQuery"):
            return self.peer.identifier_query(self._target, request, **self._patient(options))

    def notify(
        self, room_id: str, messages: Sequence[FanoutMessage] | bytes, **options: Unpack[SendOptions]
    ) -> Exchange:
        """Fan out messages of a room, as its hub (PROTO 5.5)."""
        with self._found("notify"):
            return self.peer.notify(self._target, room_id, messages, **self._patient(options))

    def key_material(self, request: KeyMaterialRequest, **options: Unpack[SendOptions]) -> Exchange:
        """Claim KeyPackages of a user of the target (PROTO 5.2)."""
        with self._found("keyMaterial"):
            return self.peer.key_material(self._target, request, **self._patient(options))

    def on(self, endpoint: str, answer: Responder | Answer) -> None:
        """Answer what the target sends to ``endpoint`` in this way, until the test ends."""
        self.peer.on(endpoint, answer)

    def mark(self) -> int:
        """A moment: what `received` and `wait_for` look at comes after it."""
        return self.peer.recorder.mark()

    def received(self, endpoint: str | None = None, *, since: int = 0) -> tuple[Exchange, ...]:
        """What the target sent to this provider after a mark, to one endpoint or (None) any, answered or not."""
        return tuple(
            exchange
            for exchange in self.peer.recorder.since(since)
            if self._is_call(exchange) and endpoint in (None, exchange.endpoint)
        )

    def wait_for(self, endpoint: str, *, since: int = 0, seconds: float | None = None) -> Exchange | None:
        """The first request of the target to ``endpoint`` after a mark, or None when none comes in time.

        ``seconds`` is how long a target may take to send something, when it is not given.
        """
        deadline = self._description.settings.delivery_seconds if seconds is None else seconds
        return self.peer.recorder.wait_for(
            lambda exchange: self._is_call(exchange) and exchange.endpoint == endpoint, deadline, since=since
        )

    def _is_call(self, exchange: Exchange) -> bool:
        return exchange.direction is Direction.TO_PEER and exchange.peer == self.domain

    def _patient(self, options: SendOptions) -> SendOptions:
        return {"deadline_seconds": self._description.settings.request_seconds, **options}

    @contextmanager
    def _found(self, endpoint: str | None = None) -> Iterator[None]:
        try:
            yield
        except EndpointError as error:
            if endpoint is not None and error.exchange.status == 200:
                self._must_be_declared(endpoint)
            blocked(str(error))

    def _must_be_declared(self, endpoint: str) -> None:
        """End the test when nobody said that the target has an endpoint, or when its roles do not ask for it."""
        if self._description.wire_only or not serves(self._description.provider.roles, Endpoint(endpoint)):
            not_declared(f"endpoint {endpoint}")
