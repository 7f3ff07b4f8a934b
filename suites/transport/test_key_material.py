"""keyMaterial: which KeyPackages a claim gets, and that each is given out once (PROTO 5.2, 3.2)."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mimi_conformance.mocks.peers.user import CIPHER_SUITE, PeerDevice
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.proposals.components import is_last_resort
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Lifetime
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialClientCode,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)
from mimi_conformance.suites.target.judgement import checks, expect, feature, inconclusive, observe, other_reading
from mimi_conformance.suites.target.users import TargetUser
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import decoded, described, response_code
from mimi_conformance.suites.transport.claims import (
    CATCH_ALL,
    expect_code,
    given_in,
    of_client,
    request_for,
    response_to_claim,
    send_claim,
)

pytestmark = feature("key-material")

Code = KeyMaterialUserCode
ClientCode = KeyMaterialClientCode
GIVEN = (Code.success, Code.partial_success)

OTHER_SUITE = CipherSuite.MLS_128_DHKEMP256_AES128GCM_SHA256_P256
NOBODYS_EXTENSION = ExtensionType(0xF5F5)
"""An extension type for private use (RFC 9420, section 17.3)."""
CAPABLE = Capabilities(
    (ProtocolVersion.mls10,),
    (CIPHER_SUITE,),
    (ExtensionType.app_data_dictionary,),
    (ProposalType.app_data_update,),
    (CredentialType.basic, CredentialType.x509),
)
REQUIREMENTS = {
    "an extension": RequiredCapabilities(extension_types=(ExtensionType.app_data_dictionary,)),
    "a proposal": RequiredCapabilities(proposal_types=(ProposalType.app_data_update,)),
    "a credential": RequiredCapabilities(credential_types=(CredentialType.x509,)),
}
AT_ONCE = 8
HOUR = 3600


@checks("PROTO-5.2-07", "PROTO-5.2-15", "PROTO-5.2-46")
def test_a_claim_with_consent_is_served(world: World) -> None:
    """A claim in the draft's order, signed over all of it but the signature, gets KeyPackages with status 200."""
    alice = world.peer_user()
    bob = world.user(key_packages=True, consent_for=alice.uri)
    exchange = send_claim(world, alice, bob.uri, world.new_room())
    if exchange.status is None or exchange.status >= 500:
        inconclusive(f"neither served nor refused: {described(exchange)}")
    served = response_code(exchange) in GIVEN
    expect(served, "PROTO-5.2-07", "PROTO-5.2-15", expected="KeyPackages", got=described(exchange))
    expect(exchange.status == 200, "PROTO-5.2-46", expected="200", got=described(exchange))


@checks("PROTO-5.2-06", "PROTO-5.2-19", "PROTO-5.2-20", "PROTO-5.2-31", "PROTO-5.2-39")
def test_the_answer_is_about_every_client_of_one_user(world: World) -> None:
    """One claim gets a KeyPackage of each client of the user, and of nobody else's; so the code is success."""
    alice = world.peer_user()
    world.user(clients=1, key_packages=True, consent_for=alice.uri)
    bob = world.user(clients=2, key_packages=True, consent_for=alice.uri)
    response = response_to_claim(world, alice, bob.uri, world.new_room(), ids=("PROTO-5.2-19", "PROTO-5.2-39"))
    if response.user_status not in GIVEN:
        inconclusive(f"the answer is {response.user_status.name}")
    user = response.user_uri.text
    expect(user == bob.uri.text, "PROTO-5.2-19", expected=f"the user {bob.uri}", got=user)
    listed = sorted(each.client_uri.text for each in response.clients)
    clients = sorted(each.text for each in bob.clients)
    expect(listed == clients, "PROTO-5.2-06", "PROTO-5.2-31", expected=f"the clients {clients}", got=listed)
    expect_code(response, Code.success, "PROTO-5.2-20")


@checks("PROTO-5.2-35", "PROTO-4.3.1-01")
def test_each_client_gets_one_of_its_own_key_packages(world: World) -> None:
    """The KeyPackage beside a client's URI is one that this client has made."""
    alice = world.peer_user()
    bob = world.user(clients=2, consent_for=alice.uri)
    made = {client: world.add_key_packages(bob, client, 2) for client in bob.clients}
    response = response_to_claim(world, alice, bob.uri, world.new_room())
    for client, own in made.items():
        given = [each.key_package for each in response.clients if each.client_uri.text == client.text]
        expect(len(given) == 1 and given[0] in own, expected=f"one KeyPackage of {client}", got=given)


@checks("PROTO-5.2-21", "PROTO-5.2-31", "PROTO-5.2-34", "PROTO-5.2-36")
def test_a_client_without_key_packages_makes_it_a_partial_success(world: World) -> None:
    """With a KeyPackage of one client of two, the code is partialSuccess; the other one is keyMaterialExhausted."""
    alice = world.peer_user()
    bob = world.user(clients=2, consent_for=alice.uri)
    rich, poor = bob.clients
    [key_package] = world.add_key_packages(bob, rich)
    response = response_to_claim(world, alice, bob.uri, world.new_room(), ids=("PROTO-5.2-34",))
    expect_code(response, Code.partial_success, "PROTO-5.2-21")
    given = given_in(response)
    expect(given == [key_package], "PROTO-5.2-31", expected="the one KeyPackage that there is", got=given)
    expect_client_code(response, poor, ClientCode.key_material_exhausted, "PROTO-5.2-36")


def expect_client_code(response: KeyMaterialResponse, client: MimiUri, code: ClientCode, *ids: str) -> None:
    """Judge the code of a client that gives nothing, which an answer may leave out as well (AMB-037)."""
    listed = of_client(response, client)
    if listed is None:
        other_reading("AMB-037", "a client with nothing to give is not listed", "PROTO-5.2-31", *ids)
        return
    got = listed.client_status
    expect(got is code, *ids, expected=f"{code.name} for {client}", got=got.name)


@checks("PROTO-5.2-11", "PROTO-5.2-13", "PROTO-5.2-31", "PROTO-5.2-34", "PROTO-5.2-37", "PROTO-4.3.1-02")
@pytest.mark.parametrize("kind", REQUIREMENTS)
def test_a_key_package_supports_whatever_is_required(world: World, kind: str) -> None:
    """A client gives the KeyPackage that supports what is required; one that has none is nothingCompatible."""
    alice = world.peer_user()
    bob = world.user(clients=2, consent_for=alice.uri)
    modern, old = bob.clients
    world.add_key_packages(bob, modern)
    [capable] = world.add_key_packages(bob, modern, capabilities=CAPABLE)
    world.add_key_packages(bob, old)
    response = response_to_claim(
        world,
        alice,
        bob.uri,
        world.new_room(),
        ids=("PROTO-5.2-11", "PROTO-5.2-34"),
        required_capabilities=REQUIREMENTS[kind],
    )
    given = given_in(response)
    observe(capable in given, "PROTO-5.2-11", expected="the KeyPackage that supports it", got=given)
    others = [each for each in given if each != capable]
    observe(not others, "PROTO-5.2-13", "PROTO-4.3.1-02", expected="no KeyPackage that does not support it", got=others)
    expect_client_code(response, old, ClientCode.nothing_compatible, "PROTO-5.2-37")


@checks("PROTO-5.2-13", "PROTO-5.2-23")
def test_what_no_client_supports_is_no_compatible_material(world: World) -> None:
    """When every client lacks what is required, the code is noCompatibleMaterial, and nothing is given out."""
    alice, room = world.peer_user(), world.new_room()
    bob = world.user(clients=1, key_packages=True, consent_for=alice.uri)
    required = RequiredCapabilities(extension_types=(NOBODYS_EXTENSION,))
    response = response_to_claim(world, alice, bob.uri, room, required_capabilities=required)
    given = given_in(response)
    observe(not given, "PROTO-5.2-13", expected="no KeyPackage", got=given)
    expect_code(response, Code.no_compatible_material, "PROTO-5.2-23", readings=CATCH_ALL)


@checks("PROTO-5.2-12")
def test_a_key_package_is_of_an_acceptable_suite(world: World) -> None:
    """Whatever else a client has, it gives KeyPackages of a suite in the list, also when that is not its first."""
    alice = world.peer_user()
    bob = world.user(clients=1, consent_for=alice.uri)
    client = bob.clients[0]
    for suite in (CIPHER_SUITE, OTHER_SUITE):
        world.add_key_packages(bob, client, 2, cipher_suite=suite)
    for suite in (OTHER_SUITE, CIPHER_SUITE):
        device = PeerDevice(alice.device.uri, suite)
        response = response_to_claim(world, alice, bob.uri, world.new_room(), device=device, cipher_suites=(suite,))
        got = [each.cipher_suite for each in given_in(response)]
        expect(got == [suite], expected=f"a KeyPackage of {suite.name}", got=[each.name for each in got])


@checks("PROTO-5.2-05", "PROTO-5.2-40", "PROTO-3.2-04")
def test_a_key_package_is_given_out_once(world: World) -> None:
    """What one claim got, no later one gets, be it for the same room or another, by the same user or another."""
    alice, carol, room = world.peer_user(), world.peer_user(), world.new_room()
    bob = world.user(clients=1, key_packages=True, consent_for=alice.uri)
    if world.has_control:
        world.decide(bob, carol.uri, granted=True)
    given = list[KeyPackage]()
    for requester, place in ((alice, room), (alice, room), (carol, room), (alice, world.new_room()), (alice, None)):
        expect_new(given_in(response_to_claim(world, requester, bob.uri, place)), given)
    if not given:
        inconclusive("no claim got a KeyPackage")


def expect_new(found: list[KeyPackage], given: list[KeyPackage]) -> None:
    """Judge that none of these KeyPackages was given out before (AMB-035), and note that they are now."""
    for key_package in found:
        if key_package in given and is_last_resort(key_package):
            other_reading("AMB-035", "a KeyPackage marked as last resort is given out again")
            continue
        expect(key_package not in given, expected="a KeyPackage that nobody has got", got=key_package.encode())
        given.append(key_package)


@checks("PROTO-5.2-05", "PROTO-5.2-40", "PROTO-3.2-04")
def test_claims_at_the_same_time_get_different_key_packages(world: World) -> None:
    """Of claims that overtake one another, no two get the same KeyPackage."""
    alice = world.peer_user()
    bob = world.user(clients=1, consent_for=alice.uri)
    world.add_key_packages(bob, bob.clients[0], AT_ONCE)
    requests = [request_for(world, alice, bob.uri, world.new_room()) for _ in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        exchanges = list(pool.map(world.peer.key_material, requests))
    given = list[KeyPackage]()
    for exchange in exchanges:
        expect_new(given_in(decoded(exchange, KeyMaterialResponse)), given)
    if len(given) < 2:
        inconclusive(f"{len(given)} of {AT_ONCE} claims got a KeyPackage")


EXHAUSTED = {
    Code.partial_success: "AMB-036",
    Code.no_consent: "AMB-036",
    Code.user_unknown: "AMB-036",
}


@checks("PROTO-5.2-23", "PROTO-5.2-36")
def test_a_user_with_nothing_left_is_no_compatible_material(world: World) -> None:
    """When the last KeyPackage is given out, the code is noCompatibleMaterial, and that of the client, if any, fits."""
    alice = world.peer_user()
    bob = world.user(clients=1, consent_for=alice.uri)
    world.add_key_packages(bob, bob.clients[0])
    if not given_in(response_to_claim(world, alice, bob.uri, world.new_room())):
        inconclusive("the first claim got no KeyPackage")
    response = response_to_claim(world, alice, bob.uri, world.new_room())
    expect_code(response, Code.no_compatible_material, "PROTO-5.2-23", readings=EXHAUSTED)
    for listed in response.clients:
        code = listed.client_status
        exhausted = code is ClientCode.key_material_exhausted
        expect(exhausted, "PROTO-5.2-36", expected="keyMaterialExhausted", got=code.name)


@checks("PROTO-5.2-41")
def test_an_expired_key_package_is_not_given_out(world: World) -> None:
    """Of KeyPackages that have expired, that hold, and that will hold, only those that hold are given out (AMB-040)."""
    alice, now = world.peer_user(), int(time.time())
    bob = world.user(clients=1, consent_for=alice.uri)
    client = bob.clients[0]
    [expired] = world.add_key_packages(bob, client, lifetime=Lifetime(now - 2 * HOUR, now - HOUR))
    [early] = world.add_key_packages(bob, client, lifetime=Lifetime(now + HOUR, now + 2 * HOUR))
    [valid] = world.add_key_packages(bob, client)
    given = [each for _ in range(3) for each in given_in(response_to_claim(world, alice, bob.uri, world.new_room()))]
    expect(expired not in given, expected="no KeyPackage after its not_after", got=expired.encode())
    if early in given:
        other_reading("AMB-040", "not_before is not looked at")
    if valid not in given:
        inconclusive("the KeyPackage that holds was not given out")


@checks("PROTO-5.2-09")
def test_a_claim_for_no_room_has_an_empty_room_id(world: World) -> None:
    """A claim outside of any room is served when the user consents to any room."""
    alice = world.peer_user()
    bob = world.user(clients=1, key_packages=True, consent_for=alice.uri)
    exchange = send_claim(world, alice, bob.uri)
    if exchange.status is None or exchange.status >= 500:
        inconclusive(f"neither served nor refused: {described(exchange)}")
    expect(response_code(exchange) in GIVEN, expected="KeyPackages", got=described(exchange))


@checks("PROTO-5.2-02")
def test_a_user_s_uri_is_percent_encoded_in_the_path(world: World) -> None:
    """A user whose URI has percent signs of its own is found: the path is decoded once, and no more."""
    alice, name = world.peer_user(), f"{world.new_name()} ø"
    bob = TargetUser(name, MimiUri.user(world.domain, name), (MimiUri.client(world.domain, name, "client"),))
    world.control.users(bob.uri)
    world.add_key_packages(bob, bob.clients[0])
    world.decide(bob, alice.uri, granted=True)
    exchange = send_claim(world, alice, bob.uri, world.new_room())
    if exchange.status is None or exchange.status >= 500:
        inconclusive(f"neither served nor refused: {described(exchange)}")
    expect(response_code(exchange) in GIVEN, expected=f"KeyPackages of {bob.uri}", got=described(exchange))
