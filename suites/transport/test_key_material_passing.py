"""keyMaterial in passing: claims at the hub of a room, and those of a follower's own clients (PROTO 5.2, 3.2, 3.3)."""

import pytest

from mimi_conformance.mocks.network.exchange import Direction, Exchange
from mimi_conformance.mocks.peers.defaults import body_reply
from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.client.claiming import Claim, claim_request
from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.key_material import (
    ClientKeyMaterial,
    KeyMaterialClientCode,
    KeyMaterialRequest,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.update import UpdateResponseCode, UpdateRoomResponse
from mimi_conformance.suites.target.judgement import (
    blocked,
    checks,
    expect,
    feature,
    inconclusive,
    observe,
    other_reading,
    role,
)
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import decoded, described
from mimi_conformance.suites.transport.claims import given_in, request_for
from mimi_conformance.suites.transport.hosting import asked_at_hub, capable_key_package, room_at_target

pytestmark = feature("key-material")


Code = KeyMaterialUserCode


def material_of(user: PeerUser, key_package: KeyPackage) -> KeyMaterialResponse:
    """What the provider of a user of ours gives: a KeyPackage of the only client."""
    return KeyMaterialResponse(Protocol.mls10, Code.success, user.identifier, (given_by(user, key_package),))


def partial_material_of(world: World, user: PeerUser) -> KeyMaterialResponse:
    """What the provider of a user of ours gives: a KeyPackage of one client, and nothing of another one."""
    other = IdentifierUri.of(MimiUri.client(user.uri.provider, user.uri.path[0], "spare").text)
    exhausted = ClientKeyMaterial(client_status=KeyMaterialClientCode.key_material_exhausted, client_uri=other)
    clients = (given_by(user, capable_key_package(world, user)), exhausted)
    return KeyMaterialResponse(Protocol.mls10, Code.partial_success, user.identifier, clients)


def given_by(user: PeerUser, key_package: KeyPackage) -> ClientKeyMaterial:
    """A KeyPackage of the first client of a user of ours."""
    client = IdentifierUri.of(user.device.uri.text)
    return ClientKeyMaterial(client_status=KeyMaterialClientCode.success, client_uri=client, key_package=key_package)


def answer_of(world: World, user: PeerUser, code: KeyMaterialUserCode) -> KeyMaterialResponse:
    """What the provider of a user of ours answers with a code."""
    if code is Code.partial_success:
        return partial_material_of(world, user)
    return KeyMaterialResponse(Protocol.mls10, code, user.identifier)


@checks("PROTO-5.2-04", "PROTO-5.2-47", "PROTO-3.3-02")
@role("hub")
@pytest.mark.parametrize(
    "code", [Code.partial_success, Code.user_unknown, Code.no_consent_for_this_room], ids=lambda code: code.name
)
def test_a_hub_passes_a_claim_on_and_the_answer_back(world: World, code: KeyMaterialUserCode) -> None:
    """A participant's claim for a user elsewhere reaches that user's provider as it is, and so does its answer."""
    alice, carol = world.peer_user(), world.peer_user(world.other_peer)
    room, theirs = room_at_target(world, alice), answer_of(world, carol, code)
    world.other_peer.on("keyMaterial", body_reply(theirs))
    mark, request = world.other_peer.mark(), request_for(world, alice, carol.uri, room.uri)
    exchange = world.peer.key_material(request)
    received = world.other_peer.received("keyMaterial", since=mark)
    if not received and (exchange.status is None or exchange.status >= 500):
        inconclusive(f"neither passed on nor refused: {described(exchange)}")
    expected = f"the claim to reach {world.other_peer.domain}"
    expect(received, "PROTO-5.2-04", "PROTO-3.3-02", expected=expected, got=described(exchange))
    body = received[0].request_body
    observe(body == request.encode(), "PROTO-5.2-04", expected=f"the claim: {request.encode().hex()}", got=body)
    ids = ("PROTO-5.2-47", "PROTO-3.3-02")
    if exchange.response_body != theirs.encode():
        expect_fewer_clients(decoded(exchange, KeyMaterialResponse, *ids), theirs, *ids)


def expect_fewer_clients(answer: KeyMaterialResponse, theirs: KeyMaterialResponse, *ids: str) -> None:
    """Judge that a changed answer is the other provider's without some of the clients (AMB-034)."""
    fewer = set(answer.clients) < set(theirs.clients)
    if fewer:
        other_reading("AMB-034", "clients are left out of the answer", *ids)
    expect(fewer, *ids, expected=f"the answer: {theirs.encode().hex()}", got=answer.encode())


@checks("PROTO-5.2-40")
@role("hub")
def test_a_hub_passes_on_each_claim_anew(world: World) -> None:
    """What a hub has passed back for one claim, it does not give for the next one."""
    alice, carol = world.peer_user(), world.peer_user(world.other_peer)
    room = room_at_target(world, alice)
    first, second = (answered_claim(world, alice, carol, room.uri) for _ in range(2))
    again = [each for each in second if each in first]
    expect(not again, expected="no KeyPackage of the first answer", got=[each.encode().hex() for each in again])
    if not first or not second:
        inconclusive("the claims did not both get a KeyPackage")


def answered_claim(world: World, requester: PeerUser, target: PeerUser, room: MimiUri) -> list[KeyPackage]:
    """The KeyPackages that a claim at the target gets, while the other peer gives a new one to each."""
    fresh = capable_key_package(world, target)
    world.other_peer.on("keyMaterial", body_reply(material_of(target, fresh)))
    exchange = world.peer.key_material(request_for(world, requester, target.uri, room))
    return given_in(decoded(exchange, KeyMaterialResponse))


@checks("PROTO-3.2-02", "PROTO-5.2-47")
@role("hub")
def test_a_hub_fetches_key_material_for_its_own_clients(world: World) -> None:
    """The claim of a client of the hub itself reaches the target's provider as well, and the client gets the answer."""
    carol, room = world.peer_user(world.other_peer), room_at_target(world)
    theirs, request = partial_material_of(world, carol), own_claim(room.creator, carol.uri, room.uri)
    world.other_peer.on("keyMaterial", body_reply(theirs))
    mark = world.other_peer.mark()
    outcome = asked_at_hub(world, room.creator, "keyMaterial", carol.uri, request.encode())
    received = world.other_peer.received("keyMaterial", since=mark)
    if outcome.failure:
        blocked(f"a claim of {room.creator.uri} at its own provider: {outcome.failure}")
    expected = f"the claim to reach {world.other_peer.domain}"
    expect(received, "PROTO-3.2-02", expected=expected, got=f"{outcome.status}")
    if outcome.body != theirs.encode():
        try:
            answer = KeyMaterialResponse.decode(outcome.body)
        except DecodeError as error:
            expect(False, "PROTO-5.2-47", expected="a KeyMaterialResponse", got=f"{outcome.status}, {error}")
            raise AssertionError("expect ends the test") from error
        expect_fewer_clients(answer, theirs, "PROTO-5.2-47")


def own_claim(client: Client, target: MimiUri, room: MimiUri) -> KeyMaterialRequest:
    """The claim of a client of the target, which we play."""
    return claim_request(client.device, Claim(target, room, client.device.cipher_suite, RequiredCapabilities()))


@checks("PROTO-5.2-43", "PROTO-3.2-05", "PROTO-3.2-06", "PROTO-3.3-03", "PROTO-4.3.1-06", "PROTO-4.3.1-07")
@role("hub")
@pytest.mark.parametrize("own", [pytest.param(True, id="own-client"), pytest.param(False, id="client-elsewhere")])
def test_a_hub_sends_the_welcome_to_where_the_key_package_came_from(world: World, *, own: bool) -> None:
    """When a KeyPackage that a client got through the hub is used, the provider that gave it is sent the Welcome."""
    alice, carol = world.peer_user(), world.peer_user(world.other_peer)
    room, key_package = room_at_target(world, alice), capable_key_package(world, carol)
    world.other_peer.on("keyMaterial", body_reply(material_of(carol, key_package)))
    if own:
        claim = own_claim(room.creator, carol.uri, room.uri)
        outcome = asked_at_hub(world, room.creator, "keyMaterial", carol.uri, claim.encode())
        passed = outcome.body
    else:
        passed = world.peer.key_material(request_for(world, alice, carol.uri, room.uri)).response_body
    if key_package.encode() not in passed:
        blocked(f"the KeyPackage of {carol.device.uri} through the hub: the answer is {passed.hex() or 'empty'}")
    mark, addition = world.other_peer.mark(), room.addition(carol.uri, [key_package])
    outcome = asked_at_hub(world, room.creator, "update", room.uri, addition.encode())
    if not accepted(outcome.body):
        blocked(f"the commit that adds {carol.uri}: {outcome.failure or outcome.body.hex()}")
    reference = key_package_ref(key_package)

    def welcomes(exchange: Exchange) -> bool:
        to_carol = exchange.direction is Direction.TO_PEER and exchange.peer == world.other_peer.domain
        return to_carol and exchange.endpoint == "notify" and reference in welcomed_by(exchange)

    found = world.recorder.wait_for(welcomes, world.description.settings.delivery_seconds, since=mark)
    expected = f"a Welcome for {reference.hex()} at {world.other_peer.domain}"
    expect(found is not None, expected=expected, got="no such notify")


def accepted(body: bytes) -> bool:
    """Whether an update was accepted."""
    try:
        return UpdateRoomResponse.decode(body).response_code is UpdateResponseCode.success
    except DecodeError:
        return False


def welcomed_by(notify: Exchange) -> list[bytes]:
    """The KeyPackageRefs in the Welcomes of a notify."""
    try:
        events = FanoutMessage.decode_all(notify.request_body)
    except DecodeError:
        return []
    welcomes = [event.message.welcome for event in events if event.message.welcome is not None]
    return [secrets.new_member for welcome in welcomes for secrets in welcome.secrets]


@checks("PROTO-5.2-03", "PROTO-5.2-08", "PROTO-5.2-14", "PROTO-3.3-01")
@role("follower")
def test_a_follower_claims_through_the_hub_of_the_room(world: World) -> None:
    """A client's claim for a room goes to the room's hub as the client has made it, and nowhere else."""
    bob = world.client(MimiUri.user(world.domain, world.new_name()), "phone", key_packages=0)
    carol, room = world.peer_user(world.other_peer), world.new_room()
    request = own_claim(bob, carol.uri, room)
    hub, elsewhere = world.peer.mark(), world.other_peer.mark()
    outcome = world.control.requests(bob.uri, "keyMaterial", world.peer.domain, carol.uri.text, request.encode())
    past = world.other_peer.received("keyMaterial", since=elsewhere)
    expect(not past, "PROTO-5.2-03", "PROTO-3.3-01", expected="no claim past the hub", got=len(past))
    received = world.peer.received("keyMaterial", since=hub)
    if not received:
        blocked(f"a claim at {world.peer.domain}: {outcome.failure or outcome.status}")
    body = received[0].request_body
    observe(bytes(room) in body, "PROTO-5.2-08", expected=f"the room {room} in the claim", got=body)
    observe(body == request.encode(), "PROTO-5.2-14", expected=f"what is signed: {request.encode().hex()}", got=body)
