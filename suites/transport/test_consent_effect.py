"""Consent in force: whose KeyPackages a peer can fetch, for whom and for which room (PROTO 5.7, 8, 5.2)."""

import pytest

from mimi_conformance.suites.target.judgement import checks, feature
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.consents import (
    expect_consent,
    expect_no_consent,
    must_have_consent,
    must_need_consent,
)

pytestmark = feature("consent", "key-material")


@checks("PROTO-5.7-33", "PROTO-3.2-10")
def test_key_packages_are_for_those_with_consent(world: World) -> None:
    """Of two requesters, the one with consent gets KeyPackages and the other does not."""
    alice, carol, room = world.peer_user(), world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, consent_for=alice.uri, no_consent_for=carol.uri)
    expect_consent(world, alice, bob, room, ids=("PROTO-5.7-33",))
    expect_no_consent(world, carol, bob, room, ids=("PROTO-5.7-33", "PROTO-3.2-10"))


@checks("PROTO-5.7-33")
def test_a_grant_takes_effect(world: World) -> None:
    """A requester gets no KeyPackages before the user grants consent, and does after."""
    alice, room = world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, no_consent_for=alice.uri)
    expect_no_consent(world, alice, bob, room)
    world.decide(bob, alice.uri, granted=True)
    expect_consent(world, alice, bob, room)


@checks("PROTO-5.2-48", "PROTO-8-02")
@pytest.mark.parametrize("one_room", [pytest.param(True, id="one-room"), pytest.param(False, id="any-room")])
def test_a_revocation_takes_effect(world: World, *, one_room: bool) -> None:
    """After consent for one room, or for any, is revoked in the same scope, the same request gets no KeyPackages."""
    alice, bob, room = world.peer_user(), world.user(key_packages=True), world.new_room()
    scope = room if one_room else None
    world.decide(bob, alice.uri, granted=True, room=scope)
    must_have_consent(world, alice, bob, room)
    world.decide(bob, alice.uri, granted=False, room=scope)
    expect_no_consent(world, alice, bob, room)


@checks("PROTO-5.2-48", "PROTO-8-02")
def test_a_revocation_for_one_room_ends_consent_for_any_there(world: World) -> None:
    """With consent for any room, a later revocation for one room counts in that room, however scopes rank (AMB-110)."""
    alice, bob, room = world.peer_user(), world.user(key_packages=True), world.new_room()
    world.decide(bob, alice.uri, granted=True)
    must_have_consent(world, alice, bob, room)
    world.decide(bob, alice.uri, granted=False, room=room)
    expect_no_consent(world, alice, bob, room)


@checks("PROTO-5.7-09", "PROTO-5.7-10", "PROTO-8-02")
def test_consent_for_one_room_is_for_that_room_only(world: World) -> None:
    """With consent for a room, KeyPackages are given for this room, and not for another or for none in particular."""
    alice, room = world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, consent_for=alice.uri, room=room)
    must_need_consent(world, bob, room)
    expect_consent(world, alice, bob, room)
    expect_no_consent(world, alice, bob, world.new_room())
    expect_no_consent(world, alice, bob)


@checks("PROTO-5.7-09", "PROTO-8-02")
def test_consent_without_a_room_is_for_every_room(world: World) -> None:
    """With consent that names no room, KeyPackages are given for one room as well as for the next."""
    alice = world.peer_user()
    bob = world.user(key_packages=True, consent_for=alice.uri)
    for _ in range(2):
        expect_consent(world, alice, bob, world.new_room())


@checks("PROTO-5.7-10")
def test_consent_is_that_of_one_user(world: World) -> None:
    """That Bob consents to Alice says nothing about what Dave does."""
    alice, room = world.peer_user(), world.new_room()
    dave = world.user(key_packages=True, no_consent_for=alice.uri)
    bob = world.user(key_packages=True, consent_for=alice.uri)
    must_have_consent(world, alice, bob, room)
    expect_no_consent(world, alice, dave, room)


@checks("PROTO-8-03")
def test_both_models_of_consent_coexist(world: World) -> None:
    """One user can be connected to Alice, for any room, and let Carol in room by room."""
    alice, carol, room = world.peer_user(), world.peer_user(), world.new_room()
    bob = world.user(key_packages=True)
    must_need_consent(world, bob, room)
    world.decide(bob, alice.uri, granted=True)
    world.decide(bob, carol.uri, granted=True, room=room)
    expect_consent(world, alice, bob, world.new_room())
    expect_consent(world, carol, bob, room)
    expect_no_consent(world, carol, bob, world.new_room())
