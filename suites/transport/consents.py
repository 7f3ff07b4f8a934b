"""Consent entries in a test's words, and what consent there is, as keyMaterial shows it (PROTO 5.7, 5.2)."""

from collections.abc import Mapping, Sequence

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialResponse, KeyMaterialUserCode
from mimi_conformance.suites.target.inbox import Condition, Inbox
from mimi_conformance.suites.target.judgement import blocked, expect, inconclusive, other_reading, warning
from mimi_conformance.suites.target.users import TargetUser
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import described, expect_refusal, response_code

_GIVEN = frozenset({KeyMaterialUserCode.success, KeyMaterialUserCode.partial_success})
_WITHHELD = frozenset(
    {
        KeyMaterialUserCode.no_consent,
        KeyMaterialUserCode.no_consent_for_this_room,
        KeyMaterialUserCode.user_unknown,
        KeyMaterialUserCode.user_deleted,
    }
)
"""What a provider may say to somebody without consent (AMB-039)."""


def entry(
    operation: ConsentOperation,
    requester: MimiUri,
    target: MimiUri,
    room: MimiUri | None = None,
    key_packages: Sequence[KeyPackage] = (),
) -> ConsentEntry:
    """A consent entry: `requester` wants, or has, KeyPackages of `target`, for one room or (None) any."""
    return ConsentEntry(
        consent_operation=operation,
        requester_uri=IdentifierUri.of(requester.text),
        target_uri=IdentifierUri.of(target.text),
        room_id=None if room is None else IdentifierUri.of(room.text),
        client_key_packages=tuple(key_packages) if operation is ConsentOperation.grant else None,
    )


def expect_refused_or_dropped(
    exchange: Exchange, rule: str, *, forged: ConsentEntry, fence: ConsentEntry, inbox: Inbox | None
) -> None:
    """Judge that an entry about users of other providers was refused, or acknowledged and dropped (AMB-109).

    Dropped means that the client whose `inbox` it is has been shown the `fence`, sent later, and not the `forged` one.
    Without an inbox nobody can tell whether an entry was dropped, so that a 201 passes for it.
    """
    if exchange.status is None or exchange.status // 100 != 2:
        expect_refusal(exchange, rule, ambiguity="AMB-109")
        return
    if inbox is not None:
        seen = list(filter(shows(forged), inbox.until(shows(fence))))
        expect(not seen, rule, expected=f"the entry to be kept from {inbox.client}", got=f"{forged}")
    other_reading("AMB-109", f"the answer is {described(exchange)}", rule)


def shows(told: ConsentEntry) -> Condition:
    """Whether a delivery is of this entry: of its users and room."""
    scope = told.scope.encode()
    return lambda delivery: delivery.kind == "consent" and scope in delivery.body


def inbox_of(world: World, user: TargetUser) -> Inbox | None:
    """What a client of a user of the target is shown from now on; None without a control interface."""
    return world.inbox(user.clients[0]) if world.has_control else None


def expect_not_found_or_acknowledged(exchange: Exchange) -> None:
    """Judge the answer to an entry about somebody whom the target does not know: 404, or 201 as to anybody."""
    status = exchange.status
    if status is None or status // 100 == 5:
        inconclusive(f"neither 404 nor 201: {described(exchange)}")
    expect(status in (201, 202, 404), expected="404, or 201", got=described(exchange))
    if status == 202:
        warning(expected="201 (AMB-009)", got=described(exchange))


def claim(world: World, requester: PeerUser, user: TargetUser, room: MimiUri | None = None) -> Exchange:
    """What comes of a request for the KeyPackages of a user of the target, for a room or for none in particular."""
    request = requester.key_material_request(
        user.uri.text, "" if room is None else room.text, credential=world.credential(requester)
    )
    return world.peer.key_material(request)


def key_packages_in(exchange: Exchange) -> Mapping[str, KeyPackage]:
    """The KeyPackages that an answer to keyMaterial gives out, by the URI of their client."""
    try:
        clients = KeyMaterialResponse.decode(exchange.response_body).clients
    except DecodeError as error:
        blocked(f"an answer from keyMaterial: {described(exchange)}, {error}")
    return {client.client_uri.text: client.key_package for client in clients if client.key_package is not None}


def must_have_consent(world: World, requester: PeerUser, user: TargetUser, room: MimiUri | None = None) -> None:
    """Go on only when `requester` gets KeyPackages: that somebody else gets none says nothing otherwise."""
    exchange = claim(world, requester, user, room)
    if response_code(exchange) not in _GIVEN:
        blocked(f"KeyPackages of {user.name} for a user with consent: the answer is {described(exchange)}")


def must_need_consent(world: World, user: TargetUser, room: MimiUri | None = None) -> None:
    """Go on only when somebody about whom nothing was decided gets none: a provider may let them (PROTO 8)."""
    exchange = claim(world, world.peer_user(), user, room)
    if response_code(exchange) in _GIVEN:
        blocked(f"a user who has to be asked: KeyPackages of {user.name} were given without consent")


def expect_consent(
    world: World, requester: PeerUser, user: TargetUser, room: MimiUri | None = None, *, ids: tuple[str, ...] = ()
) -> None:
    """Judge that `requester` gets KeyPackages of a user who consents to it."""
    exchange = claim(world, requester, user, room)
    code = response_code(exchange)
    if code is None or code not in _GIVEN | _WITHHELD:
        inconclusive(f"neither given nor withheld for lack of consent: {described(exchange)}", *ids)
    expect(code in _GIVEN, *ids, expected=f"KeyPackages for {_purpose(room)}", got=described(exchange))


def expect_no_consent(
    world: World, requester: PeerUser, user: TargetUser, room: MimiUri | None = None, *, ids: tuple[str, ...] = ()
) -> None:
    """Judge that `requester` gets no KeyPackages of a user who does not consent to it."""
    exchange = claim(world, requester, user, room)
    refused = exchange.status is not None and exchange.status // 100 == 4
    code = response_code(exchange)
    if not refused and (code is None or code not in _GIVEN | _WITHHELD):
        inconclusive(f"neither given nor withheld for lack of consent: {described(exchange)}", *ids)
    expect(refused or code in _WITHHELD, *ids, expected=f"no KeyPackages for {_purpose(room)}", got=described(exchange))


def _purpose(room: MimiUri | None) -> str:
    return "no room in particular" if room is None else f"{room}"
