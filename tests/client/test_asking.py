"""What a client asks of providers: consent, KeyPackages, and everything again when there is no answer."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.client.errors import (
    BadAnswerError,
    HTTPRefusalError,
    NoKeyMaterialError,
    TooLateError,
    UnansweredError,
)
from mimi_conformance.reference.client.happenings import Asked
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.wire.protocol.consent import ConsentOperation
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialResponse, KeyMaterialUserCode
from tests.client.conftest import B
from tests.exercised import exercises
from tests.provider.network_scene import Exchange, answered, lost, unheard


def once(network, endpoint: Endpoint, fault) -> None:
    """Let the next exchange with an endpoint go wrong."""
    left = [fault]

    async def faulty(exchange: Exchange):
        return await (left.pop()(exchange) if exchange.endpoint == endpoint and left else exchange.deliver())

    network.fault = faulty


def codes(client) -> list[ConsentOperation]:
    return [each.entry.consent_operation for each in client.happenings if isinstance(each, Asked)]


@pytest.mark.parametrize("fault", [lost, unheard, answered(503)])
def test_a_request_without_an_answer_is_sent_again_as_it_was(network, rooms, alice, fault):
    room, bobs = rooms
    network.exchanges.clear()
    once(network, Endpoint.SUBMIT_MESSAGE, fault)
    bobs.send("hello")
    sent = [each.request.body for each in network.exchanges if each.endpoint == Endpoint.SUBMIT_MESSAGE]
    assert len(sent) == 2
    assert sent[0] == sent[1]
    network.settle()
    alice.catch_up()
    assert len(room.messages) == 1


def test_who_never_gets_an_answer_says_so(network, rooms):
    _, bobs = rooms
    network.fault = lost
    with pytest.raises(UnansweredError, match="the request was lost"):
        bobs.send("hello")


def test_a_refusal_by_http_is_not_asked_again(network, rooms):
    _, bobs = rooms
    network.exchanges.clear()
    network.fault = answered(403)
    with pytest.raises(HTTPRefusalError, match=r"submitMessage at a\.example was answered with the HTTP status 403"):
        bobs.send("hello")
    assert len(network.exchanges) == 1


class TestConsent:
    @exercises("PROTO-3.2-10", "PROTO-8-01")
    def test_without_it_nobody_is_added_and_with_it_somebody_is(self, network, alice):
        room, carl = alice.create_room(), network.client(B, "carl", "phone")
        with pytest.raises(NoKeyMaterialError) as refused:
            room.add(carl.user)
        assert refused.value.code is KeyMaterialUserCode.no_consent
        alice.request_consent(carl.user, room.uri)
        carl.catch_up()
        assert codes(carl) == [ConsentOperation.request]
        carl.grant_consent(alice.user, room.uri)
        alice.catch_up()
        assert codes(alice) == [ConsentOperation.grant]
        room.add(carl.user)
        assert carl.room(room.uri).epoch == 1

    def test_for_one_room_it_counts_in_no_other(self, network, alice):
        room, other = alice.create_room("one"), alice.create_room("another")
        carl = network.client(B, "carl", "phone")
        carl.grant_consent(alice.user, room.uri)
        with pytest.raises(NoKeyMaterialError) as refused:
            other.add(carl.user)
        assert refused.value.code is KeyMaterialUserCode.no_consent_for_this_room

    def test_it_can_be_taken_back_and_so_can_the_question(self, network, alice, bob):
        room = alice.create_room()
        bob.revoke_consent(alice.user)
        with pytest.raises(NoKeyMaterialError):
            room.add(bob.user)
        alice.request_consent(bob.user)
        alice.cancel_consent_request(bob.user)
        bob.catch_up()
        assert codes(bob) == [ConsentOperation.request, ConsentOperation.cancel]
        assert network.exchanges[-1].endpoint == Endpoint.REQUEST_CONSENT


class TestClaims:
    @pytest.mark.parametrize(
        ("change", "why"),
        [
            (lambda package: package, "one of mimi://b.example/u/bob"),
            (lambda package: replace(package, signature=bytes(64)), "one that is not valid"),
        ],
        ids=["of somebody else", "with a wrong signature"],
    )
    def test_a_key_package_that_is_not_the_user_s_is_not_used(self, network, alice, bob, change, why):
        carl = network.client(B, "carl", "phone")
        carl.grant_consent(alice.user)
        room, packages = alice.create_room(), [bob.device.new_key_package().key_package]

        async def swapped(exchange: Exchange):
            answer = await exchange.deliver()
            if exchange.endpoint != Endpoint.KEY_MATERIAL:
                return answer
            response = KeyMaterialResponse.decode(answer.body)
            clients = tuple(replace(each, key_package=change(packages[0])) for each in response.clients)
            return replace(answer, body=replace(response, clients=clients).encode())

        network.fault = swapped
        with pytest.raises(BadAnswerError, match=why):
            room.add(carl.user)
        assert room.epoch == 0


def test_an_answer_that_can_t_be_read_is_none(network, rooms):
    _, bobs = rooms
    network.fault = answered(200)
    with pytest.raises(BadAnswerError, match="submitMessage was answered with something that can't be read"):
        bobs.send("hello")
    with pytest.raises(BadAnswerError, match="update was answered with something that can't be read"):
        bobs.commit()


def test_who_waits_in_vain_says_for_what(alice):
    with pytest.raises(TooLateError, match=r"has waited for a Welcome to mimi://b\.example/r/nowhere for 2 s in vain"):
        alice.room(MimiUri("mimi://b.example/r/nowhere"), 2)
