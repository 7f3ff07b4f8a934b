"""Consent on the way out: what the target tells other providers for its own users (PROTO 5.7, 8)."""

import pytest

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.suites.target.judgement import blocked, checks, expect, feature
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.consents import claim, entry, key_packages_in
from mimi_conformance.suites.transport.outgoing import sent_for_client

pytestmark = feature("consent")

REQUEST, CANCEL = ConsentOperation.request, ConsentOperation.cancel
GRANT, REVOKE = ConsentOperation.grant, ConsentOperation.revoke


def sent(world: World, client: MimiUri, asked: ConsentEntry) -> Exchange:
    """What reaches our peer when a local client wants an entry sent to it."""
    endpoint, about = destination(asked)
    return sent_for_client(world, client, world.peer, endpoint=endpoint, about=about, body=asked.encode())


def destination(asked: ConsentEntry) -> tuple[str, str]:
    """The endpoint that an entry is for, and the user who stands in its URL."""
    if asked.consent_operation in (REQUEST, CANCEL):
        return "requestConsent", asked.target_uri.text
    return "updateConsent", asked.requester_uri.text


def entry_in(exchange: Exchange, *ids: str) -> ConsentEntry:
    """The entry in a request of the target, judging that it is one."""
    try:
        return ConsentEntry.decode(exchange.request_body)
    except DecodeError as error:
        expect(False, *ids, expected="a ConsentEntry", got=f"{error}")
        raise AssertionError("expect ends the test") from error


@checks("PROTO-5.7-03", "PROTO-8-08")
@pytest.mark.parametrize(
    ("operation", "rules"),
    [
        pytest.param(
            REQUEST, ("PROTO-5.7-01", "PROTO-5.7-06"), marks=checks("PROTO-5.7-01", "PROTO-5.7-06"), id="request"
        ),
        pytest.param(GRANT, ("PROTO-5.7-02", "PROTO-5.7-07"), marks=checks("PROTO-5.7-02", "PROTO-5.7-07"), id="grant"),
        pytest.param(
            REVOKE, ("PROTO-5.7-02", "PROTO-5.7-07"), marks=checks("PROTO-5.7-02", "PROTO-5.7-07"), id="revoke"
        ),
    ],
)
def test_consent_is_posted_straight_to_the_other_user_s_provider(
    world: World, operation: ConsentOperation, rules: tuple[str, ...]
) -> None:
    """An entry goes by POST to its endpoint at the other user's provider, also when the room in it has another hub."""
    alice, bob, hub = world.peer_user(), world.user(clients=1), world.other_peer
    parties = (bob.uri, alice.uri) if operation is REQUEST else (alice.uri, bob.uri)
    asked = entry(operation, *parties, world.new_room(hub))
    endpoint, about = destination(asked)
    mark = world.recorder.mark()
    outcome = world.control.requests(bob.clients[0], endpoint, world.peer.domain, about, asked.encode())
    calls = [each for each in world.recorder.since(mark) if each.endpoint in ("requestConsent", "updateConsent")]
    if not calls:
        blocked(f"a {endpoint} request: {outcome.failure or f'the client was told {outcome.status}'}")
    for call in calls:
        expect(call.peer != hub.domain, "PROTO-5.7-03", "PROTO-8-08", expected="nothing to the hub", got=call.url)
        came = f"{call.method} to {call.endpoint}"
        expect(came == f"POST to {endpoint}", *rules, expected=f"POST to {endpoint}", got=came)


@pytest.mark.parametrize(
    ("operation", "one_room", "conveyed", "rule"),
    [
        pytest.param(REQUEST, False, 0, "PROTO-5.7-09", marks=checks("PROTO-5.7-09"), id="request-for-any-room"),
        pytest.param(REQUEST, True, 0, "PROTO-5.7-09", marks=checks("PROTO-5.7-09"), id="request-for-one-room"),
        pytest.param(GRANT, False, 0, "PROTO-5.7-19", marks=checks("PROTO-5.7-19"), id="grant-for-any-room"),
        pytest.param(GRANT, True, 0, "PROTO-5.7-21", marks=checks("PROTO-5.7-21"), id="grant-for-one-room"),
        pytest.param(GRANT, False, 2, "PROTO-5.7-22", marks=checks("PROTO-5.7-22"), id="grant-with-key-packages"),
        pytest.param(REVOKE, False, 0, "PROTO-5.7-19", marks=checks("PROTO-5.7-19"), id="revoke-for-any-room"),
        pytest.param(REVOKE, True, 0, "PROTO-5.7-21", marks=checks("PROTO-5.7-21"), id="revoke-for-one-room"),
    ],
)
def test_an_entry_arrives_as_the_client_wrote_it(
    world: World, operation: ConsentOperation, *, one_room: bool, conveyed: int, rule: str
) -> None:
    """What a local user asks, grants or revokes is what the other provider is told: users, room and KeyPackages."""
    alice, bob = world.peer_user(), world.user(clients=1)
    parties = (bob.uri, alice.uri) if operation is REQUEST else (alice.uri, bob.uri)
    room = world.new_room() if one_room else None
    key_packages = world.add_key_packages(bob, bob.clients[0], conveyed) if conveyed else ()
    asked = entry(operation, *parties, room, key_packages)
    told = entry_in(sent(world, bob.clients[0], asked), rule)
    expect(told == asked, rule, expected=f"{asked}", got=told)


@checks("PROTO-5.7-11")
@pytest.mark.parametrize("one_room", [pytest.param(True, id="one-room"), pytest.param(False, id="any-room")])
def test_a_cancel_has_the_scope_of_the_request(world: World, *, one_room: bool) -> None:
    """The cancel of a request is sent with the request's users and room."""
    alice, bob = world.peer_user(), world.user(clients=1)
    room = world.new_room() if one_room else None
    requested = entry_in(sent(world, bob.clients[0], entry(REQUEST, bob.uri, alice.uri, room)))
    cancelled = entry_in(sent(world, bob.clients[0], entry(CANCEL, bob.uri, alice.uri, room)))
    expect(cancelled.scope == requested.scope, expected=f"{requested.scope}", got=cancelled.scope)


@checks("PROTO-5.7-32")
@feature("key-material")
def test_key_packages_of_a_grant_are_not_given_out_again(world: World) -> None:
    """A KeyPackage that a grant has conveyed is not in an answer to keyMaterial, where the client's other one is."""
    alice, bob, room = world.peer_user(), world.user(clients=1), world.new_room()
    conveyed, kept = world.add_key_packages(bob, bob.clients[0], 2)
    sent(world, bob.clients[0], entry(GRANT, alice.uri, bob.uri, None, [conveyed]))
    world.decide(bob, alice.uri, granted=True)
    given = [key_package for _ in range(2) for key_package in key_packages_in(claim(world, alice, bob, room)).values()]
    expect(conveyed not in given, expected="only the KeyPackage that was not in the grant", got=given)
    if kept not in given:
        blocked("the KeyPackage that was not in the grant")
