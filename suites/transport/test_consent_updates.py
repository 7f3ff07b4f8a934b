"""updateConsent: a peer says that a user of its own consents, or does not, to a user of the target (PROTO 5.7, 8)."""

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.protocol.consent import ConsentOperation
from mimi_conformance.suites.target.judgement import checks, feature, other_reading
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import described, expect_acknowledged, expect_refusal, must_accept
from mimi_conformance.suites.transport.consents import (
    entry,
    expect_no_consent,
    expect_not_found_or_acknowledged,
    expect_refused_or_dropped,
    inbox_of,
    must_have_consent,
)
from mimi_conformance.suites.transport.outgoing import sent_for_client

pytestmark = feature("consent")

REQUEST, GRANT, REVOKE = ConsentOperation.request, ConsentOperation.grant, ConsentOperation.revoke

for_one_room_or_any = pytest.mark.parametrize(
    "one_room", [pytest.param(True, id="one-room"), pytest.param(False, id="any-room")]
)


@checks(
    "PROTO-5.7-02",
    "PROTO-5.7-05",
    "PROTO-5.7-19",
    "PROTO-5.7-20",
    "PROTO-5.7-25",
    "PROTO-8-01",
    "PROTO-8-02",
    "PROTO-8-04",
)
@pytest.mark.parametrize("operation", [GRANT, REVOKE], ids=lambda operation: operation.name)
@for_one_room_or_any
def test_a_grant_or_a_revocation_that_nobody_asked_for_is_acknowledged(
    world: World, operation: ConsentOperation, *, one_room: bool
) -> None:
    """A grant or a revocation, for one room or for any, is acknowledged with 201 without a request before it."""
    room = world.new_room() if one_room else None
    told = entry(operation, world.user().uri, world.peer_user().uri, room)
    expect_acknowledged(world.peer.update_consent(told))


@checks("PROTO-5.7-20")
@pytest.mark.parametrize("operation", [GRANT, REVOKE], ids=lambda operation: operation.name)
@for_one_room_or_any
def test_an_answer_can_have_another_scope_than_the_request(
    world: World, operation: ConsentOperation, *, one_room: bool
) -> None:
    """Asked for one room, a user can answer for any; asked for any, for one room."""
    alice, bob, room = world.peer_user(), world.user(clients=1), world.new_room()
    asked = entry(REQUEST, bob.uri, alice.uri, None if one_room else room)
    sent_for_client(
        world, bob.clients[0], world.peer, endpoint="requestConsent", about=alice.uri.text, body=asked.encode()
    )
    answer = entry(operation, bob.uri, alice.uri, room if one_room else None)
    expect_acknowledged(world.peer.update_consent(answer))


@checks("PROTO-5.7-22")
@pytest.mark.parametrize("count", [pytest.param(0, id="none"), pytest.param(1, id="one"), pytest.param(2, id="two")])
def test_a_grant_with_key_packages_is_acknowledged(world: World, count: int) -> None:
    """A grant brings a list of KeyPackages of the user who grants, which can be empty."""
    alice, bob = world.peer_user(), world.user()
    key_packages = [alice.device.key_package().key_package for _ in range(count)]
    expect_acknowledged(world.peer.update_consent(entry(GRANT, bob.uri, alice.uri, None, key_packages)))


@checks("PROTO-5.7-31")
def test_a_bilateral_connection_is_a_request_and_a_grant(world: World) -> None:
    """A peer can ask for a user's consent and give its own user's in return: both are acknowledged."""
    alice, bob = world.peer_user(), world.user()
    expect_acknowledged(world.peer.request_consent(entry(REQUEST, alice.uri, bob.uri)))
    key_packages = [alice.device.key_package().key_package]
    expect_acknowledged(world.peer.update_consent(entry(GRANT, bob.uri, alice.uri, None, key_packages)))


@checks("PROTO-5.7-26", "PROTO-5.7-28")
@pytest.mark.parametrize("operation", [GRANT, REVOKE], ids=lambda operation: operation.name)
def test_consent_for_an_unknown_user_is_not_found_or_acknowledged(world: World, operation: ConsentOperation) -> None:
    """A provider says 404 for a requester it does not have, or 201 when it does not tell; nothing else."""
    told = entry(operation, world.unknown_user(), world.peer_user().uri)
    expect_not_found_or_acknowledged(world.peer.update_consent(told))


@checks("PROTO-5.7-23")
def test_consent_for_a_user_of_another_provider_is_refused(world: World) -> None:
    """The requester in a grant is a user of the provider that receives it, not somebody else of the same name."""
    alice, bob = world.peer_user(), world.user(clients=1)
    namesake = MimiUri("mimi://elsewhere.example" + bob.uri.text.removeprefix(f"mimi://{bob.uri.provider}"))
    forged, fence = entry(GRANT, namesake, alice.uri), entry(GRANT, bob.uri, alice.uri)
    inbox = inbox_of(world, bob)
    exchange = world.peer.update_consent(forged)
    must_accept(world.peer.update_consent(fence))
    expect_refused_or_dropped(exchange, "PROTO-5.7-23", forged=forged, fence=fence, inbox=inbox)


@checks("PROTO-5.7-24")
def test_consent_in_the_name_of_a_user_of_another_provider_is_refused(world: World) -> None:
    """The target in a grant, who consents, is a user of the provider that sends it."""
    alice, bob = world.peer_user(), world.user(clients=1)
    stranger = MimiUri.user("elsewhere.example", world.new_name())
    forged, fence = entry(GRANT, bob.uri, stranger), entry(GRANT, bob.uri, alice.uri)
    inbox = inbox_of(world, bob)
    exchange = world.peer.update_consent(forged)
    must_accept(world.peer.update_consent(fence))
    expect_refused_or_dropped(exchange, "PROTO-5.7-24", forged=forged, fence=fence, inbox=inbox)


@checks("PROTO-5.7-24", "PROTO-3.2-10")
@feature("key-material")
def test_a_provider_cannot_grant_its_users_the_consent_of_others(world: World) -> None:
    """A grant by the requester's provider, in the name of a user of the target, gives nobody KeyPackages."""
    alice, carol, room = world.peer_user(), world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, consent_for=carol.uri, no_consent_for=alice.uri)
    must_have_consent(world, carol, bob, room)
    exchange = world.peer.update_consent(entry(GRANT, alice.uri, bob.uri))
    expect_no_consent(world, alice, bob, room)
    if exchange.status is not None and exchange.status // 100 == 2:
        other_reading("AMB-109", f"the answer is {described(exchange)}", "PROTO-5.7-24")
    else:
        expect_refusal(exchange, "PROTO-5.7-24", ambiguity="AMB-109")
