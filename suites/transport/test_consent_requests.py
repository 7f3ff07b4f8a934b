"""requestConsent: a peer asks for, or no longer asks for, the consent of a user of the target (PROTO 5.7, 8)."""

import pytest

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.protocol.consent import ConsentOperation
from mimi_conformance.suites.target.judgement import checks, feature, other_reading
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import described, expect_acknowledged, expect_refusal, must_accept
from mimi_conformance.suites.transport.consents import (
    entry,
    expect_consent,
    expect_no_consent,
    expect_not_found_or_acknowledged,
    expect_refused_or_dropped,
    inbox_of,
    must_have_consent,
)

pytestmark = feature("consent")

REQUEST, CANCEL = ConsentOperation.request, ConsentOperation.cancel
GRANT, REVOKE = ConsentOperation.grant, ConsentOperation.revoke

for_one_room_or_any = pytest.mark.parametrize(
    "one_room", [pytest.param(True, id="one-room"), pytest.param(False, id="any-room")]
)


@checks("PROTO-5.7-01", "PROTO-5.7-05", "PROTO-5.7-15", "PROTO-8-01", "PROTO-8-02", "PROTO-8-05")
@for_one_room_or_any
def test_a_request_is_acknowledged(world: World, *, one_room: bool) -> None:
    """A request for a user's consent, for one room or for any, is acknowledged with 201."""
    room = world.new_room() if one_room else None
    asked = entry(REQUEST, world.peer_user().uri, world.user().uri, room)
    expect_acknowledged(world.peer.request_consent(asked))


@checks("PROTO-5.7-05", "PROTO-8-01", "PROTO-8-02")
@for_one_room_or_any
def test_a_cancel_is_acknowledged(world: World, *, one_room: bool) -> None:
    """A cancel with the scope of an earlier request is acknowledged with 201."""
    room = world.new_room() if one_room else None
    alice, bob = world.peer_user(), world.user()
    must_accept(world.peer.request_consent(entry(REQUEST, alice.uri, bob.uri, room)))
    expect_acknowledged(world.peer.request_consent(entry(CANCEL, alice.uri, bob.uri, room)))


@checks("PROTO-5.7-12")
def test_a_cancel_without_a_request_is_acknowledged(world: World) -> None:
    """A cancel of what nobody asked for is answered with 201, like any other."""
    alice, bob = world.peer_user(), world.user()
    must_accept(world.peer.request_consent(entry(REQUEST, alice.uri, bob.uri, world.new_room())))
    exchange = world.peer.request_consent(entry(CANCEL, alice.uri, bob.uri, world.new_room()))
    if exchange.status is not None and exchange.status // 100 == 4:
        other_reading("AMB-113", f"a cancel that matches no request is refused: {described(exchange)}")
    else:
        expect_acknowledged(exchange)


@checks("PROTO-5.7-12")
@feature("key-material")
def test_a_cancel_without_a_request_changes_nothing(world: World) -> None:
    """A cancel that matches no request leaves the consent there is as it was."""
    alice, room = world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, consent_for=alice.uri)
    must_have_consent(world, alice, bob, room)
    world.peer.request_consent(entry(CANCEL, alice.uri, bob.uri, room))
    world.peer.request_consent(entry(CANCEL, alice.uri, bob.uri))
    expect_consent(world, alice, bob, room, ids=("PROTO-5.7-12",))


@checks("PROTO-5.7-08", "PROTO-3.2-10")
@feature("key-material")
def test_a_request_alone_gives_no_key_packages(world: World) -> None:
    """To ask for consent is not to have it: the user has to grant it first."""
    alice, carol, room = world.peer_user(), world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, consent_for=carol.uri, no_consent_for=alice.uri)
    must_have_consent(world, carol, bob, room)
    must_accept(world.peer.request_consent(entry(REQUEST, alice.uri, bob.uri, room)))
    expect_no_consent(world, alice, bob, room, ids=("PROTO-5.7-08", "PROTO-3.2-10"))


@checks("PROTO-5.7-16", "PROTO-5.7-18")
def test_a_request_for_an_unknown_user_is_not_found_or_acknowledged(world: World) -> None:
    """A provider says 404 for a user it does not have, or 201 when it does not tell; nothing else."""
    exchange = world.peer.request_consent(entry(REQUEST, world.peer_user().uri, world.unknown_user()))
    expect_not_found_or_acknowledged(exchange)


@checks("PROTO-5.7-13")
def test_a_request_for_a_user_of_another_provider_is_refused(world: World) -> None:
    """The target of a request is a user of the provider that receives it, not somebody else of the same name."""
    alice, bob = world.peer_user(), world.user(clients=1)
    namesake = MimiUri("mimi://elsewhere.example" + bob.uri.text.removeprefix(f"mimi://{bob.uri.provider}"))
    forged, fence = entry(REQUEST, alice.uri, namesake), entry(REQUEST, alice.uri, bob.uri)
    inbox = inbox_of(world, bob)
    exchange = world.peer.request_consent(forged)
    must_accept(world.peer.request_consent(fence))
    expect_refused_or_dropped(exchange, "PROTO-5.7-13", forged=forged, fence=fence, inbox=inbox)


@checks("PROTO-5.7-14")
def test_a_request_in_the_name_of_a_user_of_another_provider_is_refused(world: World) -> None:
    """The requester is a user of the provider that sends the request."""
    alice, bob = world.peer_user(), world.user(clients=1)
    stranger = MimiUri.user("elsewhere.example", world.new_name())
    forged, fence = entry(REQUEST, stranger, bob.uri), entry(REQUEST, alice.uri, bob.uri)
    inbox = inbox_of(world, bob)
    exchange = world.peer.request_consent(forged)
    must_accept(world.peer.request_consent(fence))
    expect_refused_or_dropped(exchange, "PROTO-5.7-14", forged=forged, fence=fence, inbox=inbox)


@checks("PROTO-5.7-06")
@feature("key-material")
def test_a_grant_sent_as_a_request_grants_nothing(world: World) -> None:
    """RequestConsent is for request and cancel: nobody grants themselves consent with it, whatever the answer."""
    alice, carol, room = world.peer_user(), world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, consent_for=carol.uri, no_consent_for=alice.uri)
    must_have_consent(world, carol, bob, room)
    exchange = world.peer.request_consent(entry(GRANT, alice.uri, bob.uri))
    expect_no_consent(world, alice, bob, room)
    refused_or_other_reading(exchange)


@checks("PROTO-5.7-06")
@feature("key-material")
def test_a_revocation_sent_as_a_request_revokes_nothing(world: World) -> None:
    """RequestConsent is for request and cancel: nobody ends with it the consent that a user has given."""
    alice, room = world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, consent_for=alice.uri)
    must_have_consent(world, alice, bob, room)
    exchange = world.peer.request_consent(entry(REVOKE, alice.uri, bob.uri))
    expect_consent(world, alice, bob, room)
    refused_or_other_reading(exchange)


def refused_or_other_reading(exchange: Exchange) -> None:
    """Judge the answer to an operation of the other endpoint, which can be an acknowledgement (AMB-108)."""
    if exchange.status is not None and exchange.status // 100 == 2:
        other_reading("AMB-108", f"an operation of updateConsent is answered with {described(exchange)}")
    else:
        expect_refusal(exchange)
