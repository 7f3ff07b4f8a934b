"""ConsentEntry, the body of both consent endpoints: which octets are one and which are not (PROTO 5.7)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.suites.target.judgement import checks, expect, feature, other_reading
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import (
    described,
    expect_acknowledged,
    expect_refusal,
    must_accept,
    warn_unless_refused,
)
from mimi_conformance.suites.transport.consents import entry, inbox_of, shows
from mimi_conformance.suites.transport.examples import OVER_THE_WIRE, REPEATED_COMPONENT, UNKNOWN_COMPONENT

pytestmark = feature("consent")

at_both_endpoints = pytest.mark.parametrize("endpoint", ["requestConsent", "updateConsent"])
NO_ROOM = NO_KEY_PACKAGES = NO_EXTENSIONS = b"\x00"


def valid_entry(world: World, endpoint: str) -> ConsentEntry:
    """An entry that an endpoint takes, without a room and without extensions."""
    ours, theirs = world.peer_user().uri, world.user().uri
    if endpoint == "requestConsent":
        return entry(ConsentOperation.request, ours, theirs)
    return entry(ConsentOperation.revoke, theirs, ours)


def send(world: World, endpoint: str, valid: ConsentEntry, body: bytes) -> Exchange:
    """Send octets to where a valid entry goes."""
    subject = valid.target_uri if endpoint == "requestConsent" else valid.requester_uri
    return world.peer.call(endpoint, subject.text, body)


@checks("PROTO-5.7-04", "PROTO-5.7-05")
@pytest.mark.parametrize(
    ("endpoint", "operations"),
    [
        pytest.param("requestConsent", [ConsentOperation.cancel, ConsentOperation.request], id="requestConsent"),
        pytest.param("updateConsent", [ConsentOperation.grant, ConsentOperation.revoke], id="updateConsent"),
    ],
)
def test_every_well_formed_entry_is_acknowledged(
    world: World, endpoint: str, operations: list[ConsentOperation]
) -> None:
    """Entries with and without a room, and with any number of KeyPackages in a grant, are read."""
    alice, bob = world.peer_user(), world.user()
    parties = (alice.uri, bob.uri) if endpoint == "requestConsent" else (bob.uri, alice.uri)
    rooms = [None, *(world.new_room() for _ in range(3))]
    key_packages = [alice.device.key_package().key_package for _ in range(4)]
    asked = {room: entry(ConsentOperation.request, *parties, room) for room in rooms}

    @OVER_THE_WIRE
    @given(st.sampled_from(operations), st.sampled_from(rooms), st.lists(st.sampled_from(key_packages), unique=True))
    def is_acknowledged(operation: ConsentOperation, room: MimiUri | None, conveyed: list[KeyPackage]) -> None:
        if operation is ConsentOperation.cancel:
            must_accept(world.peer.request_consent(asked[room]))
        valid = entry(operation, *parties, room, conveyed)
        expect_acknowledged(send(world, endpoint, valid, valid.encode()))

    is_acknowledged()


@checks("PROTO-5.7-04")
@pytest.mark.parametrize(
    ("endpoint", "operation", "rest"),
    [
        pytest.param("requestConsent", ConsentOperation.request, NO_ROOM, id="request-without-dictionary"),
        pytest.param("requestConsent", ConsentOperation.request, b"\x02" + NO_EXTENSIONS, id="presence-octet-of-two"),
        pytest.param("requestConsent", ConsentOperation.request, b"\x01" + NO_EXTENSIONS, id="announced-room-missing"),
        pytest.param(
            "requestConsent",
            ConsentOperation.request,
            NO_ROOM + NO_KEY_PACKAGES + NO_EXTENSIONS,
            id="request-with-key-packages",
        ),
        pytest.param("updateConsent", ConsentOperation.grant, NO_ROOM + NO_EXTENSIONS, id="grant-without-key-packages"),
        pytest.param(
            "updateConsent",
            ConsentOperation.revoke,
            NO_ROOM + NO_KEY_PACKAGES + NO_EXTENSIONS,
            id="revoke-with-key-packages",
        ),
    ],
)
def test_an_entry_with_a_field_too_many_or_too_few_is_refused(
    world: World, endpoint: str, operation: ConsentOperation, rest: bytes
) -> None:
    """Room and KeyPackages are there just when presence octet and operation say so, and the dictionary always is."""
    valid = valid_entry(world, endpoint)
    must_accept(send(world, endpoint, valid, valid.encode()))
    parties = valid.scope.encode().removesuffix(NO_ROOM)
    expect_refusal(send(world, endpoint, valid, operation.to_bytes() + parties + rest), "PROTO-5.7-04")


@checks("PROTO-5.7-05")
@at_both_endpoints
@pytest.mark.parametrize("operation", [4, 255])
def test_an_unknown_operation_is_refused(world: World, endpoint: str, operation: int) -> None:
    """An operation besides the four that there are is refused; that it is acknowledged and ignored is a warning."""
    valid = valid_entry(world, endpoint)
    must_accept(send(world, endpoint, valid, valid.encode()))
    exchange = send(world, endpoint, valid, bytes([operation]) + valid.encode()[1:])
    warn_unless_refused(exchange)


@checks("PROTO-5.7-30")
@at_both_endpoints
def test_an_unknown_component_is_ignored(world: World, endpoint: str) -> None:
    """The extensions are a dictionary, in which a component that nobody knows changes nothing.

    An entry with one is acknowledged, and shown to the user's clients when an entry without one is.
    """
    alice, bob = world.peer_user(), world.user(clients=1)
    inbox = inbox_of(world, bob)
    parties = (alice.uri, bob.uri) if endpoint == "requestConsent" else (bob.uri, alice.uri)
    operation = ConsentOperation.request if endpoint == "requestConsent" else ConsentOperation.revoke
    plain = entry(operation, *parties, world.new_room())
    extended = replace(entry(operation, *parties), consent_extensions=UNKNOWN_COMPONENT)
    must_accept(send(world, endpoint, plain, plain.encode()))
    exchange = send(world, endpoint, extended, extended.encode())
    if exchange.status is not None and exchange.status // 100 == 4:
        other_reading("AMB-145", f"unknown components are refused: {described(exchange)}")
        return
    expect_acknowledged(exchange, "PROTO-5.7-30")
    if inbox is not None and inbox.wait_for(shows(plain)):
        seen = inbox.wait_for(shows(extended))
        expect(seen, expected=f"the entry to be shown to {inbox.client}, as the one before it was", got="nothing")


@checks("PROTO-5.7-30")
@at_both_endpoints
def test_a_repeated_component_is_refused(world: World, endpoint: str) -> None:
    """The dictionary has an entry for a component once; that it is taken all the same is a warning."""
    valid = valid_entry(world, endpoint)
    must_accept(send(world, endpoint, valid, valid.encode()))
    extended = replace(valid, consent_extensions=REPEATED_COMPONENT)
    warn_unless_refused(send(world, endpoint, extended, extended.encode()))
