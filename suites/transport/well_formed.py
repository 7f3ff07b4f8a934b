"""A well-formed request for each endpoint: the valid twin of what a test sends broken, misdirected or falsely named."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Unpack

import pytest

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.peer import SendOptions
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.protocol.consent import ConsentOperation
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest, SearchIdentifierType
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.judgement import feature, inconclusive
from mimi_conformance.suites.target.users import ProfileEntry, ProfileType
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import expect_accepted, must_accept
from mimi_conformance.suites.transport.consents import entry
from mimi_conformance.suites.transport.fanout import HostedRoom
from mimi_conformance.suites.transport.queries import condition


@dataclass(frozen=True)
class WellFormed:
    """A request of a peer of ours that the target is expected to serve.

    `subject` fills the URL template of `endpoint`; `vector` is where in `body` the header of the first vector stands;
    `about_nobody` says that it is about a user or room that the target does not have.
    """

    sender: AddressedPeer
    endpoint: str
    subject: str
    body: bytes
    vector: int
    about_nobody: bool = False

    @property
    def url(self) -> str:
        """Where it goes, by the target's directory."""
        return self.sender.url(self.endpoint, self.subject)

    def send(self, **options: Unpack[SendOptions]) -> Exchange:
        """Send it, with what `options` change about it."""
        return self.sender.call(self.endpoint, self.subject, self.body, **options)

    def must_be_served(self) -> Exchange:
        """Send it, and go on only when the target serves it; not to know the user or room counts, too."""
        exchange = self.send()
        return exchange if self._is_unknown(exchange) else must_accept(exchange)

    def expect_served(self, exchange: Exchange, *ids: str) -> None:
        """Judge that the target served it."""
        if self._is_unknown(exchange):
            inconclusive("404 need not be about the URL: the user or room is unknown (AMB-091, AMB-107)", *ids)
        expect_accepted(exchange, *ids)

    def _is_unknown(self, exchange: Exchange) -> bool:
        return self.about_nobody and exchange.status == 404

    def carrying(self, body: bytes) -> "WellFormed":
        """The same request with another body."""
        return replace(self, body=body)


def probe(world: World) -> WellFormed:
    """A request that needs no user of the target and changes nothing: a query for a handle that nobody has."""
    return _query(world, world.peer, world.unknown_user().text)


def well_formed(world: World, endpoint: str, sender: AddressedPeer | None = None) -> WellFormed:
    """A request to `endpoint` about a user or room of its own, from `sender` (by default the world's first peer).

    Nothing is known about the users of a target that nobody described: there it is about nobody. Otherwise it ends the
    test as blocked when the target has no such user.
    """
    request = _MAKERS[endpoint](world, sender or world.peer)
    return replace(request, about_nobody=world.description.wire_only)


def _identifier_query(world: World, sender: AddressedPeer) -> WellFormed:
    if world.description.wire_only:
        return _query(world, sender, world.unknown_user().text)
    handle = world.user(profile=(ProfileEntry(ProfileType.HANDLE, ""),)).entry(ProfileType.HANDLE, searchable=True)
    return _query(world, sender, "" if handle is None else handle.value)


def _query(world: World, sender: AddressedPeer, handle: str) -> WellFormed:
    request = IdentifierRequest((condition(SearchIdentifierType.handle, handle),))
    return WellFormed(sender, "identifierQuery", world.domain, request.encode(), vector=0)


def _request_consent(world: World, sender: AddressedPeer) -> WellFormed:
    asked = entry(ConsentOperation.request, world.peer_user(sender).uri, _somebody(world))
    return WellFormed(sender, "requestConsent", asked.target_uri.text, asked.encode(), vector=1)


def _update_consent(world: World, sender: AddressedPeer) -> WellFormed:
    revoked = entry(ConsentOperation.revoke, _somebody(world), world.peer_user(sender).uri)
    return WellFormed(sender, "updateConsent", revoked.requester_uri.text, revoked.encode(), vector=1)


def _somebody(world: World, consent_for: MimiUri | None = None) -> MimiUri:
    """A user of the target, who has KeyPackages when there is somebody to consent to."""
    if world.description.wire_only:
        return world.unknown_user()
    return world.user(key_packages=consent_for is not None, consent_for=consent_for).uri


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
    user = _somebody(world, consent_for=requester.uri)
    request = requester.key_material_request(user.text, credential=world.credential(requester))
    return WellFormed(sender, "keyMaterial", user.text, request.encode(), vector=1)


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
