"""A provider of ours: a server that answers by script, and a client that sends what a test wants sent."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self, TypedDict, Unpack

from mimi_conformance.mocks.network.addresses import Address
from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.network.recorder import Recorder
from mimi_conformance.mocks.peers.answer import Answer, RawReply, Reply, Responder, always
from mimi_conformance.mocks.peers.defaults import default_responders
from mimi_conformance.mocks.peers.directory import (
    DIRECTORY,
    OBLIVIOUS_GATEWAY,
    WELL_KNOWN_PATH,
    Directory,
    TemplateReadings,
    templates_of,
)
from mimi_conformance.mocks.peers.scripted_app import Route, ScriptedApp
from mimi_conformance.mocks.peers.sender import DEADLINE_SECONDS, Sender
from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.identity.from_header import format_from_header
from mimi_conformance.reference.provider.messages import GATEWAY_PATH
from mimi_conformance.reference.provider.server import TLSServer
from mimi_conformance.reference.provider.url_template import UrlStyle, match
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage

MEDIA_TYPE = "application/octet-stream"
"""Of every request body; the drafts define none (AMB-005)."""

ANY_LOOPBACK_PORT: Address = ("127.0.0.1", 0)


class SendOptions(TypedDict, total=False):
    """What a test may change about a request; `Peer.send` explains each."""

    headers: Sequence[tuple[str, str]]
    host: str
    identity: Identity
    anonymous: bool
    server_name: str
    deadline_seconds: float


class Peer:
    """The provider at ``domain``, which shows ``identity`` both as a server and as a client.

    ``trust`` is a PEM file: the authorities of servers that it talks to and of clients that talk to it. A client
    without a certificate gets in, so that its requests are on record; a client with an untrusted one does not.
    ``addresses`` is shared with the network and says where the hosts of URLs live; a peer enters itself on start.
    """

    def __init__(
        self,
        domain: str,
        identity: Identity,
        recorder: Recorder,
        *,
        trust: Path,
        addresses: dict[str, Address],
        listen: Address = ANY_LOOPBACK_PORT,
        readings: TemplateReadings | None = None,
    ) -> None:
        self.domain = domain
        self.identity = identity
        self.recorder = recorder
        self.trust = trust
        self.addresses = addresses
        self.readings = readings or TemplateReadings()
        self._listen = listen
        self._sender = Sender(domain, trust, addresses, recorder)
        self._server: TLSServer | None = None
        self._directories: dict[str, Directory] = {}
        self._users: dict[tuple[str, ...], PeerUser] = {}
        self._templates: dict[str, str] = {}
        self._responders: dict[str, Responder] = {}
        self.reset()

    def __repr__(self) -> str:
        return f"Peer({self.domain!r})"

    # The server side.

    @property
    def address(self) -> Address:
        """Where this peer listens.

        Raises:
            RuntimeError: it has not been started.
        """
        if self._server is None:
            raise RuntimeError(f"{self.domain} is not listening.")
        return self._server.address

    def start(self) -> None:
        """Listen, and put this peer's domain on the map.

        Raises:
            OSError: the address is in use or not ours.
            TLSConfigurationError: a certificate, key or trust file can't be used.
        """
        host, port = self._listen
        self._server = TLSServer(
            ScriptedApp(self.domain, self.recorder, self._route),
            certificate_chain=self.identity.certificate_chain,
            private_key=self.identity.private_key,
            client_authorities=self.trust,
            require_client_certificate=False,
            host=host,
            port=port,
        )
        self._server.start()
        self._listen = self._server.address
        self.addresses[self.domain] = self._server.address

    def stop(self) -> None:
        """Stop listening and close every connection. Harmless when not running."""
        self._sender.close()
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def present(self, identity: Identity) -> None:
        """Show another certificate from now on, as server and as client; a running server restarts at its address."""
        running = self._server is not None
        self.stop()
        self.identity = identity
        if running:
            self.start()

    def on(self, endpoint: str, answer: Responder | Answer) -> None:
        """Answer requests to ``endpoint``, a directory member or ``directory``, in this way until ``reset``."""
        self._responders[endpoint] = always(answer) if isinstance(answer, Reply | RawReply) else answer

    def advertise(self, templates: Mapping[str, str]) -> None:
        """List these URL templates in the directory, and answer there, until ``reset``."""
        self._templates = dict(templates)

    def reset(self) -> None:
        """Answer as a well-behaved provider again, and forget the directories of others."""
        self._templates = templates_of(self.domain)
        self._responders = default_responders()
        self._responders[DIRECTORY] = self._serve_directory
        self._directories.clear()

    def _serve_directory(self, request: Exchange) -> Answer:
        if request.method not in ("GET", "HEAD"):
            return Reply(405, headers=(("Allow", "GET, HEAD"),))
        return Reply(200, json.dumps(self._templates).encode(), (("Content-Type", "application/json"),))

    def _route(self, raw_path: str) -> Route:
        """Where a path leads, in whichever style the URI in it is written (AMB-014)."""
        if raw_path == WELL_KNOWN_PATH:
            return Route(self._responders[DIRECTORY], DIRECTORY)
        if raw_path == GATEWAY_PATH:
            return Route(self._responders[OBLIVIOUS_GATEWAY], OBLIVIOUS_GATEWAY)
        for endpoint, template in self._templates.items():
            for style in UrlStyle:
                if (subject := match(template, raw_path, style)) is not None:
                    return Route(self._responders[endpoint], endpoint, subject)
        return Route(always(Reply(404)))

    # The client side.

    def send(
        self,
        method: str,
        url: str,
        *,
        body: bytes = b"",
        endpoint: str | None = None,
        subject: str | None = None,
        headers: Sequence[tuple[str, str]] | None = None,
        host: str | None = None,
        identity: Identity | None = None,
        anonymous: bool = False,
        server_name: str | None = None,
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> Exchange:
        """Send one request and record it. A failure of the network is in the exchange, never raised.

        Args:
            method: any HTTP method.
            url: an https URL; its path and query go out octet for octet, its host is looked up in the host map.
            body: the request's content.
            endpoint: the directory member that this means to call, for the record.
            subject: what the URL template was filled with, for the record.
            headers: instead of From and Content-Type; Host and Content-Length are added when missing.
            host: the Host field, when it is not to be what the URL says.
            identity: another certificate than this peer's.
            anonymous: show no certificate at all.
            server_name: for the TLS handshake, and in the server's certificate, when it is not the URL's host.
            deadline_seconds: for connecting, and then for each wait for the server.

        Raises:
            httpx.LocalProtocolError: what was asked for is not HTTP; mocks/faults can send that.
        """
        fields = list(self.default_headers(body) if headers is None else headers)
        if host is not None:
            fields.insert(0, ("Host", host))
        return self._sender.send(
            method,
            url,
            body=body,
            headers=fields,
            identity=None if anonymous else identity or self.identity,
            server_name=server_name,
            endpoint=endpoint,
            subject=subject,
            deadline_seconds=deadline_seconds,
        )

    def default_headers(self, body: bytes = b"") -> tuple[tuple[str, str], ...]:
        """The header fields of a well-formed request: From (PROTO 4.1), and the media type of a body."""
        sender = ("From", format_from_header(self.domain))
        return (sender, ("Content-Type", MEDIA_TYPE)) if body else (sender,)

    def directory(self, target: str, *, fresh: bool = False, **options: Unpack[SendOptions]) -> Directory:
        """The directory of the provider at the domain ``target``, fetched once, or again when it is to be ``fresh``.

        Raises:
            EndpointError: it could not be fetched or read.
        """
        if fresh or target not in self._directories:
            exchange = self.send("GET", f"https://{target}{WELL_KNOWN_PATH}", endpoint=DIRECTORY, **options)
            self._directories[target] = Directory.read(target, exchange)
        return self._directories[target]

    def url(self, target: str, endpoint: str, subject: str) -> str:
        """The URL of an endpoint of ``target`` for the URI or domain ``subject``, by its directory (AMB-013, AMB-014).

        Raises:
            EndpointError: the directory doesn't lead there.
        """
        return self.directory(target).url(endpoint, subject, self.readings)

    def call(self, target: str, endpoint: str, subject: str, body: bytes, **options: Unpack[SendOptions]) -> Exchange:
        """POST ``body`` to an endpoint of ``target`` for ``subject``.

        Raises:
            EndpointError: the directory doesn't lead there.
        """
        url = self.url(target, endpoint, subject)
        return self.send("POST", url, body=body, endpoint=endpoint, subject=subject, **options)

    def request_consent(self, target: str, entry: ConsentEntry, **options: Unpack[SendOptions]) -> Exchange:
        """Ask, or cancel, by ``requestConsent`` (PROTO 5.7). Raises EndpointError as ``call`` does, like all below."""
        return self.call(target, "requestConsent", entry.target_uri.text, entry.encode(), **options)

    def update_consent(self, target: str, entry: ConsentEntry, **options: Unpack[SendOptions]) -> Exchange:
        """Grant or revoke by ``updateConsent`` (PROTO 5.7)."""
        return self.call(target, "updateConsent", entry.requester_uri.text, entry.encode(), **options)

    def identifier_query(self, target: str, request: IdentifierRequest, **options: Unpack[SendOptions]) -> Exchange:
        """Look for users of ``target`` by ``identifierQuery`` (PROTO 5.8)."""
        return self.call(target, "identifierQuery", target, request.encode(), **options)

    def notify(
        self,
        target: str,
        room_id: str,
        messages: Sequence[FanoutMessage] | bytes,
        **options: Unpack[SendOptions],
    ) -> Exchange:
        """Fan out messages of a room, as its hub, by ``notify`` (PROTO 5.5)."""
        body = messages if isinstance(messages, bytes) else b"".join(message.encode() for message in messages)
        return self.call(target, "notify", room_id, body, **options)

    def key_material(self, target: str, request: KeyMaterialRequest, **options: Unpack[SendOptions]) -> Exchange:
        """Claim KeyPackages of a user by ``keyMaterial`` (PROTO 5.2)."""
        return self.call(target, "keyMaterial", request.target_user.text, request.encode(), **options)

    # Its users.

    def user(self, name: str, *device_names: str) -> PeerUser:
        """The user of this name with these clients, or one named ``phone``; the same each time, keys included."""
        key = (name, *device_names)
        if key not in self._users:
            self._users[key] = PeerUser(self.domain, *key)
        return self._users[key]
