"""keyMaterial: which claims a provider has to refuse, whatever there is to give (PROTO 5.2)."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialRequest, KeyMaterialRequestTBS
from mimi_conformance.suites.target.judgement import checks, feature
from mimi_conformance.suites.target.users import TargetUser
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import expect_refusal, must_accept, warn_unless_refused
from mimi_conformance.suites.transport.claims import request_for

pytestmark = feature("key-material")


def served(world: World) -> tuple[PeerUser, TargetUser, KeyMaterialRequest, Exchange]:
    """A claim for no room in particular that the target serves: who asked, for whom, with what, and the exchange."""
    alice = world.peer_user()
    bob = world.user(clients=1, key_packages=True, consent_for=alice.uri)
    request = request_for(world, alice, bob.uri)
    return alice, bob, request, must_accept(world.peer.key_material(request))


def signed(requester: PeerUser, request: KeyMaterialRequest) -> KeyMaterialRequest:
    """A claim with a signature of its own."""
    return requester.signed(KeyMaterialRequestTBS.taken_from(request))


@checks("PROTO-5.2-10")
def test_an_empty_list_of_suites_is_refused(world: World) -> None:
    """A claim has to say which cipher suites it takes."""
    alice, _, request, twin = served(world)
    without = signed(alice, replace(request, acceptable_ciphersuites=()))
    expect_refusal(world.peer.key_material(without), twin=twin)


WRONG: Mapping[str, Callable[[PeerUser, KeyMaterialRequest], bytes]] = {
    "none": lambda user, request: b"",
    "another label": lambda user, request: user.device.sign("KeyMaterialRequest", tbs(request)),
    "another content": lambda user, request: user.device.sign("KeyMaterialRequestTBS", tbs(request) + b"\0"),
    "another key": lambda user, request: PeerUser("z.example", "zoe").device.sign(
        "KeyMaterialRequestTBS", tbs(request)
    ),
}


def tbs(request: KeyMaterialRequest) -> bytes:
    """What the signature of a claim is over."""
    return KeyMaterialRequestTBS.taken_from(request).encode()


@checks("PROTO-5.2-16")
@pytest.mark.parametrize("what", WRONG)
def test_a_signature_that_does_not_verify_is_refused(world: World, what: str) -> None:
    """A claim is signed with the key in it, over everything else in it."""
    alice, _, request, twin = served(world)
    forged = replace(request, key_material_request_signature=WRONG[what](alice, request))
    expect_refusal(world.peer.key_material(forged), twin=twin)


@checks("PROTO-5.2-16")
def test_a_claim_that_was_changed_after_signing_is_refused(world: World) -> None:
    """Nobody can take the signature of a claim for another one of another room."""
    _, _, request, twin = served(world)
    changed = replace(request, room_id=IdentifierUri.of(world.new_room().text))
    expect_refusal(world.peer.key_material(changed), twin=twin)


@checks("PROTO-5.2-17")
@pytest.mark.parametrize(
    "elsewhere", [pytest.param(False, id="a-neighbour"), pytest.param(True, id="another-provider")]
)
def test_the_credential_of_somebody_else_is_refused(world: World, *, elsewhere: bool) -> None:
    """Whoever signs a claim has to be the requesting user."""
    alice, _, request, twin = served(world)
    other = world.peer_user(world.other_peer if elsewhere else world.peer)
    borrowed = signed(alice, replace(request, requester_credential=world.credential(other)))
    expect_refusal(world.peer.key_material(borrowed), twin=twin)


@checks("PROTO-5.2-18")
def test_path_and_body_name_the_same_user(world: World) -> None:
    """A claim in a path that names another user is refused, also when both users consent."""
    alice, _, request, twin = served(world)
    dave = world.user(clients=1, key_packages=True, consent_for=alice.uri)
    expect_refusal(world.peer.call("keyMaterial", dave.uri.text, request.encode()), twin=twin)


@checks("PROTO-5.2-03")
def test_a_claim_for_a_room_comes_through_its_hub(world: World) -> None:
    """A claim for a room of another hub than the one that sends it should be refused (AMB-033)."""
    alice, bob, _, _ = served(world)
    elsewhere = world.new_room(world.other_peer)
    warn_unless_refused(world.peer.key_material(request_for(world, alice, bob.uri, elsewhere)))
