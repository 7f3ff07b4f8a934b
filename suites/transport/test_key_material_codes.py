"""keyMaterial: what is said when nothing is given out (PROTO 5.2, 3.2)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialRequestTBS,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)
from mimi_conformance.suites.target.judgement import checks, expect, feature, observe
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import described, expect_refusal, must_accept, response_code
from mimi_conformance.suites.transport.claims import CATCH_ALL, expect_code, given_in, request_for, response_to_claim
from mimi_conformance.suites.transport.consents import must_have_consent, must_need_consent

pytestmark = feature("key-material")

Code = KeyMaterialUserCode


def expect_empty(response: KeyMaterialResponse, *ids: str) -> None:
    """Judge that a failure lists no clients."""
    listed = [each.client_uri.text for each in response.clients]
    expect(not listed, *ids, expected="no clients in the list", got=listed)


@checks("PROTO-5.2-24", "PROTO-5.2-33", "PROTO-5.2-45")
def test_a_user_that_nobody_knows_is_unknown(world: World) -> None:
    """For a user that there is not, the code is userUnknown, or noConsent where that is a secret."""
    response = response_to_claim(
        world, world.peer_user(), world.unknown_user(), world.new_room(), ids=("PROTO-5.2-45",)
    )
    expect_code(response, Code.user_unknown, "PROTO-5.2-24", readings=CATCH_ALL)
    expect_empty(response, "PROTO-5.2-33")


@checks("PROTO-5.2-25", "PROTO-5.2-33", "PROTO-5.2-45", "PROTO-3.2-03")
def test_a_requester_without_consent_is_told_so(world: World) -> None:
    """Somebody without any consent gets noConsent, and no KeyPackage."""
    alice = world.peer_user()
    bob = world.user(clients=1, key_packages=True, no_consent_for=alice.uri)
    response = response_to_claim(world, alice, bob.uri, ids=("PROTO-5.2-45",))
    given = given_in(response)
    observe(not given, "PROTO-3.2-03", expected="no KeyPackage", got=given)
    expect_code(response, Code.no_consent, "PROTO-5.2-25")
    expect_empty(response, "PROTO-5.2-33")


@checks("PROTO-5.2-26", "PROTO-5.2-33", "PROTO-5.2-45")
@feature("consent")
def test_consent_for_another_room_is_no_consent_for_this_room(world: World) -> None:
    """Somebody with consent for one room gets noConsentForThisRoom for another, or noConsent."""
    alice, room = world.peer_user(), world.new_room()
    bob = world.user(clients=1, key_packages=True, consent_for=alice.uri, room=room)
    must_need_consent(world, bob, room)
    must_have_consent(world, alice, bob, room)
    response = response_to_claim(world, alice, bob.uri, world.new_room(), ids=("PROTO-5.2-45",))
    expect_code(response, Code.no_consent_for_this_room, "PROTO-5.2-26", readings=CATCH_ALL)
    expect_empty(response, "PROTO-5.2-33")


@checks("PROTO-5.2-27", "PROTO-5.2-33", "PROTO-5.2-45")
def test_a_user_who_is_gone_is_deleted(world: World) -> None:
    """For a user who has been there, the code is userDeleted, userUnknown or noConsent, and nothing is given out."""
    alice, room = world.peer_user(), world.new_room()
    bob = world.user(clients=1, key_packages=True, consent_for=alice.uri)
    must_have_consent(world, alice, bob, room)
    world.delete(bob)
    response = response_to_claim(world, alice, bob.uri, room, ids=("PROTO-5.2-45",))
    expect_code(response, Code.user_deleted, "PROTO-5.2-27", readings={**CATCH_ALL, Code.user_unknown: "AMB-039"})
    expect_empty(response, "PROTO-5.2-33")


@checks("PROTO-5.2-22")
@pytest.mark.parametrize("octet", [2, 255])
def test_a_protocol_that_nobody_has_is_incompatible(world: World, octet: int) -> None:
    """If a claim for an unknown protocol has a code for an answer, that is incompatibleProtocol (AMB-038)."""
    alice, room = world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, consent_for=alice.uri)
    request = request_for(world, alice, bob.uri, room)
    must_accept(world.peer.key_material(request))
    to_sign = bytes([octet]) + KeyMaterialRequestTBS.taken_from(request).encode()[1:]
    signature = alice.device.sign("KeyMaterialRequestTBS", to_sign)
    body = bytes([octet]) + replace(request, key_material_request_signature=signature).encode()[1:]
    exchange = world.peer.call("keyMaterial", bob.uri.text, body)
    code = response_code(exchange)
    if code is None:
        expect_refusal(exchange, ambiguity="AMB-038")
        return
    named = code in (Code.incompatible_protocol, Code.no_consent)
    expect(named, expected="400, or incompatibleProtocol", got=described(exchange))
    expect_refusal(exchange, ambiguity="AMB-038")
