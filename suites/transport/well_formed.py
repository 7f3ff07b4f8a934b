"""A well-formed request for each endpoint: the valid twin of what a test sends broken, misdirected or falsely named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Unpack

import pytest

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.peer import SendOptions
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest, SearchIdentifierType
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.judgement import feature
from mimi_conformance.suites.target.users import ProfileEntry, ProfileType
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import must_accept
from mimi_conformance.suites.transport.fanout import HostedRoom
from mimi_conformance.suites.transport.queries import condition


@dataclass(frozen=True)
class WellFormed:
    """A request of a peer of ours that the target is expected to serve.

    `subject` fills the URL template of `endpoint`; `vector` is where in `body` the header of the first vector stands.
    """

    sender: AddressedPeer
    endpoint: str
    subject: str
    body: bytes
    vector: int

    @property
    def url(self) -> str:
        """Where it goes, by the target's directory."""
        return self.sender.url(self.endpoint, self.subject)

    def send(self, **options: Unpack[SendOptions]) -> Exchange:
        """Send it, with what `options` change about it."""
        return self.sender.call(self.endpoint, self.subject, self.body, **options)

    def carrying(self, body: bytes) -> "WellFormed":
        """The same request with another body."""
        return replace(self, body=body)


def probe(world: World) -> WellFormed:
    """A request that needs no user of the target and changes nothing: a query for a handle that nobody has."""
    return _query(world, world.peer, world.unknown_user().text)


def well_formed(world: World, endpoint: str, sender: AddressedPeer | None = None) -> WellFormed:
    """A request to `endpoint` about a user or room of its own, from `sender` (by default the world's first peer).

    Ends the test as blocked when the target has no such user.
    """
    return _MAKERS[endpoint](world, sender or world.peer)


def _identifier_query(world: World, sender: AddressedPeer) -> WellFormed:
    user = world.user(profile=(ProfileEntry(ProfileType.HANDLE, ""),))
    handle = user.entry(ProfileType.HANDLE, searchable=True)
    return _query(world, sender, user.uri.text if handle is None else handle.value)


def _query(world: World, sender: AddressedPeer, handle: str) -> WellFormed:
    request = IdentifierRequest((condition(SearchIdentifierType.handle, handle),))
    return WellFormed(sender, "identifierQuery", world.domain, request.encode(), vector=0)


def _request_consent(world: World, sender: AddressedPeer) -> WellFormed:
    entry = ConsentEntry(
        consent_operation=ConsentOperation.request,
        requester_uri=world.peer_user(sender).identifier,
        target_uri=IdentifierUri.of(world.user().uri.text),
    )
    return WellFormed(sender, "requestConsent", entry.target_uri.text, entry.encode(), vector=1)


def _update_consent(world: World, sender: AddressedPeer) -> WellFormed:
    entry = ConsentEntry(
        consent_operation=ConsentOperation.revoke,
        requester_uri=IdentifierUri.of(world.user().uri.text),
        target_uri=world.peer_user(sender).identifier,
    )
    return WellFormed(sender, "updateConsent", entry.requester_uri.text, entry.encode(), vector=1)


def introduction(world: World, room: HostedRoom, sender: AddressedPeer) -> WellFormed:
    """The first that the target hears of a room of ours: a Welcome for a client of a user of its own."""
    requester = world.peer_user(sender)
    user = world.user(key_packages=True, consent_for=requester.uri)
    welcome = room.welcome(world.claim(user, requester))
    # Eight octets of time, four of MLSMessage and two of cipher suite precede the secrets.
    return WellFormed(sender, "notify", room.uri.text, welcome.encode(), vector=14)


def _notify(world: World, sender: AddressedPeer) -> WellFormed:
    room = HostedRoom.of(sender)
    if world.has_control and "key-material" in world.description.provider.features:
        # A follower may refuse the events of a room that it does not know (AMB-091).
        must_accept(introduction(world, room, sender).send())
    # Eight octets of time and four of MLSMessage precede the group id.
    return WellFormed(sender, "notify", room.uri.text, room.application().encode(), vector=12)


def _key_material(world: World, sender: AddressedPeer) -> WellFormed:
    requester = world.peer_user(sender)
    user = world.user(key_packages=True, consent_for=requester.uri)
    request = requester.key_material_request(user.uri.text, credential=world.credential(requester))
    return WellFormed(sender, "keyMaterial", user.uri.text, request.encode(), vector=1)


_MAKERS: Mapping[str, Callable[[World, AddressedPeer], WellFormed]] = MappingProxyType(
    {
        "keyMaterial": _key_material,
        "notify": _notify,
        "requestConsent": _request_consent,
        "updateConsent": _update_consent,
        "identifierQuery": _identifier_query,
    }
)

at_every_endpoint = pytest.mark.parametrize(
    "endpoint",
    [
        pytest.param("keyMaterial", marks=feature("key-material")),
        "notify",
        pytest.param("requestConsent", marks=feature("consent")),
        pytest.param("updateConsent", marks=feature("consent")),
        pytest.param("identifierQuery", marks=feature("identifier-query", "search-handle")),
    ],
)
"""Run a test at each endpoint that every provider has, whatever its role in a room; unless it declares not to."""
