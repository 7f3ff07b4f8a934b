"""A peer that behaves: the reference provider behind one of our peers, with clients of its own.

    with BehavingPeer(peer) as provider:
        alice = provider.client("alice", "phone")

What goes in and out is recorded as with any peer, and each endpoint can still be scripted (`Peer.on`). As a hub it
hosts rooms, as a follower it passes on what it is notified of.
"""

import asyncio
import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import Self
from urllib.parse import quote

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.answer import Reply
from mimi_conformance.mocks.peers.directory import EndpointError
from mimi_conformance.mocks.peers.peer import Peer
from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.local_connection import LocalConnection
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.event_loop import EventLoopThread
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Outgoing, PeerRequest, Unanswered
from mimi_conformance.reference.provider.outbox import Outbox
from mimi_conformance.reference.provider.outgoing import Address, PeerError
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.proxy_download import Download
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.provider.working import WorkingProvider

GRACE_SECONDS = 1.0


class _BehavingProvider(Provider):
    """Leaves certificates to the peer, which records them."""

    def check_certificate(self, request: PeerRequest, source: str) -> None:
        pass


class BehavingPeer:
    """The provider; a context manager, for as long as it behaves.

    Attributes:
        peer: the peer that it is behind.
        service: what it offers its clients.

    """

    def __init__(self, peer: Peer) -> None:
        self.peer = peer
        settings = ProviderSettings(peer.domain)
        self._thread = EventLoopThread(f"behaving peer {peer.domain}")
        self._working = WorkingProvider(
            _BehavingProvider(settings, ProviderKeys(os.urandom(32)), os.urandom),
            SQLiteStorage(),
            _Calls(peer),
            Outbox(settings.retry, lambda: 0.5),
            run=self._thread.run,
        )
        self.service = self._working.service

    def client(self, user: str, device: str, *, key_packages: int = 10) -> Client:
        """A client of a user of this provider, registered, with KeyPackages that others may claim."""
        domain = self.peer.domain
        uris = MimiUri.user(domain, user), MimiUri.client(domain, user, device)
        made = Client(Device(*uris), LocalConnection(self.service), pauses=())
        made.register(key_packages)
        return made

    def start(self) -> None:
        """Behave from now on."""
        self._thread.start()
        self._thread.run(self._working.start())
        for endpoint in Endpoint:
            self.peer.on(endpoint, self._answer)

    def stop(self) -> None:
        """Send nothing more. What the peer answers until its `reset`, is that there is nothing here."""
        for endpoint in Endpoint:
            self.peer.on(endpoint, Reply(HTTPStatus.NOT_FOUND))
        self._thread.run(self._working.stop(GRACE_SECONDS))
        self._thread.stop()
        self._working.storage.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def _answer(self, exchange: Exchange) -> Reply:
        """Answer in the thread of the provider: its storage belongs to one loop."""
        answer = await asyncio.wrap_future(self._thread.submit(self._decided(_request(exchange))))
        headers = (*answer.headers, *((("Content-Type", answer.content_type),) if answer.body else ()))
        return Reply(answer.status, answer.body, headers)

    async def _decided(self, request: PeerRequest) -> Answer:
        answer = await self._working.answer(request)
        return Answer(HTTPStatus.NOT_FOUND) if isinstance(answer, Download) else answer


class _Calls:
    """What the provider sends goes out by its peer, and is recorded there."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    async def send(self, outgoing: Outgoing) -> Answer:
        outcome = await self.ask(outgoing)
        if isinstance(outcome, Unanswered):
            raise PeerError(outcome.reason)
        return outcome

    async def ask(self, outgoing: Outgoing) -> Answer | Unanswered:
        return await asyncio.to_thread(self._called, outgoing)

    def _called(self, outgoing: Outgoing) -> Answer | Unanswered:
        try:
            exchange = self._peer.call(outgoing.provider, outgoing.endpoint, outgoing.subject, outgoing.body)
        except EndpointError as error:
            return Unanswered(str(error))
        if exchange.status is None:
            return Unanswered(exchange.error or "No answer came.")
        headers = tuple((name.lower(), value) for name, value in exchange.response_headers)
        return Answer(exchange.status, exchange.response_body, headers=headers)

    async def gateway_keys(self, hub: str) -> Answer:
        raise PeerError(f"{self._peer.domain} relays nothing to {hub}.")

    async def relay(self, hub: str, encapsulated: bytes) -> Answer:
        raise PeerError(f"{self._peer.domain} relays nothing to {hub}, {len(encapsulated)} bytes least of all.")

    def add_peers(self, addresses: Mapping[str, Address], authorities: str = "") -> None:
        raise AssertionError(f"{addresses} {authorities}: the network knows where its peers are")

    def forget_directories(self) -> None:
        pass


def _request(exchange: Exchange) -> PeerRequest:
    """A request as the provider has it, with its own URL: the peer has understood the one that was asked."""
    subject = quote(exchange.subject or "", safe="")
    headers = tuple((name.lower(), value) for name, value in exchange.request_headers)
    return PeerRequest(exchange.method, f"/v1/{exchange.endpoint}/{subject}", headers, None, exchange.request_body)
