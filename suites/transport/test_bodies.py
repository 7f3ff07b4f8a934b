"""Bodies: only what an endpoint defines is taken, and all of it (PROTO 2, 4.1, 5)."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.mocks.faults.sending import oversize_body, slow_body, truncated_body
from mimi_conformance.mocks.malformed.strategies import mutated
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, ComponentData
from mimi_conformance.reference.wire.protocol.common import Protocol
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest
from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialRequest,
    KeyMaterialRequestTBS,
    KeyMaterialResponse,
)
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.varint import read_length
from mimi_conformance.suites.target.judgement import checks, expect, feature, inconclusive
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import (
    decoded,
    described,
    expect_accepted,
    expect_refusal,
    must_accept,
    response_code,
)
from mimi_conformance.suites.transport.consents import entry
from mimi_conformance.suites.transport.examples import OVER_THE_WIRE
from mimi_conformance.suites.transport.well_formed import WellFormed, at_every_endpoint, well_formed

UNKNOWN_COMPONENT = 0xF5F5
"""A component id for private use (mls-extensions, 7.5), so that nobody looks for a meaning in its data."""
LARGEST_OVERSIZE = 8 * 1024 * 1024
TAIL = 2
"""Octets at the end of a body that stand for options not taken; other readings (AMB-002, AMB-112) leave them out."""


@checks("PROTO-4.1-16")
@at_every_endpoint
@pytest.mark.parametrize("body", [b'{"protocol": "mls10"}', b"\0"], ids=["JSON", "one zero octet"])
def test_a_body_that_is_no_request_is_refused(world: World, endpoint: str, body: bytes) -> None:
    """An endpoint takes the structure that is defined for it, and nothing else."""
    request = well_formed(world, endpoint)
    twin = request.must_be_served()
    expect_refusal(request.carrying(body).send(), twin=twin)


@checks("PROTO-4.1-16")
@at_every_endpoint
def test_a_request_of_another_endpoint_is_refused(world: World, endpoint: str) -> None:
    """A structure is no body for an endpoint that another one is defined for."""
    request = well_formed(world, endpoint)
    twin = request.must_be_served()
    other = well_formed(world, "requestConsent" if endpoint == "notify" else "notify")
    expect_refusal(request.carrying(other.body).send(), twin=twin)


@checks("PROTO-2-01")
@at_every_endpoint
def test_a_truncated_body_is_refused(world: World, endpoint: str) -> None:
    """A body that ends before its structure does is no request, wherever it ends."""
    request = well_formed(world, endpoint)
    twin = request.must_be_served()

    @OVER_THE_WIRE
    @given(st.integers(1, len(request.body) - TAIL - 1))
    def is_refused(length: int) -> None:
        expect_refusal(request.carrying(request.body[:length]).send(), twin=twin)

    is_refused()


@checks("PROTO-2-01", "PROTO-4.1-16")
@at_every_endpoint
def test_a_tampered_body_is_refused(world: World, endpoint: str) -> None:
    """A body in which octets are changed, gone, new or repeated, so that no structure is left, is no request."""
    request = well_formed(world, endpoint)
    twin = request.must_be_served()

    def is_broken(body: bytes) -> bool:
        return not request.body.startswith(body) and not decodes(endpoint, body)

    @OVER_THE_WIRE
    @given(mutated(request.body).filter(is_broken))
    def is_refused(body: bytes) -> None:
        expect_refusal(request.carrying(body).send(), twin=twin)

    is_refused()


def decodes(endpoint: str, body: bytes) -> bool:
    """Whether a body is what the endpoint takes, or a query of an unknown type, which has an answer too (AMB-118)."""
    decode: Callable[[bytes], object]
    match endpoint:
        case "keyMaterial":
            decode = KeyMaterialRequest.decode
        case "notify":
            decode = FanoutMessage.decode_all
        case "identifierQuery":
            decode = IdentifierRequest.decode
        case _:
            decode = ConsentEntry.decode
    try:
        decode(body)
    except DecodeError as error:
        return error.path.endswith("].search_type")
    return True


@checks("PROTO-5-05")
@at_every_endpoint
@pytest.mark.parametrize("trailing", [b"\0", b"and so on"], ids=["a zero octet", "text"])
def test_trailing_bytes_are_refused(world: World, endpoint: str, trailing: bytes) -> None:
    """Nothing may follow the structure of a request; what follows a FanoutMessage is another one or nothing."""
    request = well_formed(world, endpoint)
    twin = request.must_be_served()
    expect_refusal(request.carrying(request.body + trailing).send(), twin=twin)


@checks("PROTO-5-04")
@at_every_endpoint
@pytest.mark.parametrize("octets", [2, 4, 8], ids=["two octets", "four octets", "prefix 11"])
def test_a_vector_length_in_a_longer_form_is_refused(world: World, endpoint: str, octets: int) -> None:
    """The length of a vector is written in as few octets as it takes, and never with the prefix 11."""
    request = well_formed(world, endpoint)
    twin = request.must_be_served()
    expect_refusal(request.carrying(with_longer_header(request, octets)).send(), twin=twin)


def with_longer_header(request: WellFormed, octets: int) -> bytes:
    """The body of a request with the header of its first vector in that many octets."""
    length, after = read_length(request.body, request.vector, len(request.body))
    if after - request.vector >= octets:
        inconclusive(f"a vector of {length} bytes needs a header of {octets} octets")
    prefix = {2: 0b01, 4: 0b10, 8: 0b11}[octets]
    header = (prefix << (8 * octets - 2) | length).to_bytes(octets, "big")
    return request.body[: request.vector] + header + request.body[after:]


@checks("PROTO-5-03")
@feature("consent")
@pytest.mark.parametrize("length", [63, 64, 16383, 16384])
def test_vectors_of_every_length_are_understood(world: World, length: int) -> None:
    """A vector has a header of one, two or four octets, as long as its content demands."""
    user, requester = world.user(), world.peer_user()
    plain = entry(ConsentOperation.request, requester.uri, user.uri)
    must_accept(world.peer.request_consent(plain))
    data = ComponentData(UNKNOWN_COMPONENT, bytes(length))
    exchange = world.peer.request_consent(replace(plain, consent_extensions=AppDataDictionary((data,))))
    if exchange.status == 413:
        inconclusive("the target takes no bodies of this size")
    expect_accepted(exchange)


@checks("PROTO-5-02")
@feature("key-material")
@pytest.mark.parametrize("octet", [0, 2, 255])
def test_an_unknown_protocol_is_refused(world: World, octet: int) -> None:
    """A request for a protocol that is reserved or that nobody knows is not served, though it is well signed."""
    requester = world.peer_user()
    user = world.user(key_packages=True, consent_for=requester.uri)
    request = requester.key_material_request(user.uri.text, credential=world.credential(requester))
    twin = must_accept(world.peer.key_material(request))
    to_sign = bytes([octet]) + KeyMaterialRequestTBS.taken_from(request).encode()[1:]
    signature = requester.device.sign("KeyMaterialRequestTBS", to_sign)
    body = bytes([octet]) + replace(request, key_material_request_signature=signature).encode()[1:]
    exchange = world.peer.call("keyMaterial", user.uri.text, body)
    expect_refusal(exchange, twin=twin, ambiguity="AMB-038")


@checks("PROTO-5-01")
@feature("key-material")
def test_an_answer_names_its_protocol_in_one_octet(world: World) -> None:
    """The Protocol of a response is one octet, 1 for MLS 1.0."""
    exchange = must_accept(well_formed(world, "keyMaterial").send())
    response = decoded(exchange, KeyMaterialResponse)
    expect(response.protocol is Protocol.mls10, expected="mls10", got=response.protocol.name)


@checks("PROTO-2-01")
@feature("identifier-query")
def test_a_body_that_comes_in_small_pieces_is_taken_as_a_whole(world: World) -> None:
    """How the octets of a body are spread over time says nothing about the request."""
    request = well_formed(world, "identifierQuery")
    twin = request.must_be_served()
    exchange = slow_body(
        world.peer.peer, request.url, request.body, seconds_between_bytes=0.001, endpoint=request.endpoint
    )
    if exchange.status == 408:
        inconclusive("the target had no patience")
    expect_accepted(exchange)
    expect(response_code(exchange) == response_code(twin), expected=described(twin), got=described(exchange))


@checks("PROTO-2-01")
@feature("consent")
def test_a_body_that_is_cut_off_by_the_network_is_not_processed(world: World) -> None:
    """A request of which less arrives than it announces is not served, though what arrived would be a whole one."""
    user = world.user(clients=1)
    cut_off, fence = (entry(ConsentOperation.request, world.peer_user().uri, user.uri) for _ in range(2))
    inbox = world.inbox(user.clients[0])
    must_accept(world.peer.request_consent(entry(ConsentOperation.request, world.peer_user().uri, user.uri)))
    url = world.peer.url("requestConsent", user.uri.text)
    exchange = truncated_body(world.peer.peer, url, cut_off.encode(), missing=1, endpoint="requestConsent")
    served = exchange.status is not None and exchange.status // 100 == 2
    expect(not served, expected="no success for half a request", got=described(exchange))
    must_accept(world.peer.request_consent(fence))
    before_fence = inbox.until(lambda delivery: delivery.body == fence.encode())
    processed = [delivery.body for delivery in before_fence if delivery.body == cut_off.encode()]
    expect(not processed, expected="no delivery of half a request", got=processed)


@checks("PROTO-4.1-16")
@feature("consent")
def test_a_body_beyond_every_limit_is_refused(world: World) -> None:
    """Megabytes of zeros are no request, and don't pass for one because nobody looks at all of them."""
    request = well_formed(world, "requestConsent")
    request.must_be_served()
    size = min(2 * world.description.settings.largest_body_bytes, LARGEST_OVERSIZE)
    exchange = oversize_body(world.peer.peer, request.url, size, endpoint=request.endpoint)
    served = exchange.status is not None and exchange.status // 100 == 2
    expect(not served, expected="the body to be refused", got=described(exchange))
