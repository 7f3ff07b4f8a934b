"""A follower that lost an answer, or was killed before it, asks again: the hub does not tell by itself (PROTO 5.5)."""

import pytest

from mimi_conformance.reference.client.errors import UnansweredError
from mimi_conformance.reference.client.room import commit_bundle
from mimi_conformance.reference.provider.messages import Answer, Endpoint
from mimi_conformance.reference.provider.peer_connections import ExchangeError
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageResponse, SubmitResponseCode
from mimi_conformance.reference.wire.protocol.update import UpdateRequest
from tests.exercised import exercises
from tests.provider.network_scene import Exchange, Fault, Network, answered, lost, unheard

HUB, FOLLOWER = "a.example", "b.example"


@pytest.fixture
def network():
    with Network(HUB, FOLLOWER) as network:
        yield network


@pytest.fixture
def clients(network):
    """Alice at the hub of her room, and two clients of Bob at a follower."""
    alice = network.client(HUB, "alice", "phone")
    phone, desk = network.client(FOLLOWER, "bob", "phone"), network.client(FOLLOWER, "bob", "desk")
    phone.grant_consent(alice.user)
    alice.create_room().add(phone.user)
    return alice, phone, desk


@pytest.fixture
def rooms(clients):
    alice, phone, desk = clients
    [uri] = alice.rooms
    return [each.room(uri) for each in (alice, phone, desk)]


def killed(network: Network, then: Fault = Exchange.deliver) -> Fault:
    """The follower is killed, and starts again, when the hub was about to answer it; then comes another fault."""

    async def fault(exchange: Exchange) -> Answer:
        network.fault = then
        await exchange.deliver()
        await network.instances[FOLLOWER].kill()
        raise ExchangeError("whoever has asked is gone")

    return fault


def unheard_once(network: Network) -> Fault:
    """The hub's answer gets lost."""

    async def fault(exchange: Exchange) -> Answer:
        network.fault = Exchange.deliver
        return await unheard(exchange)

    return fault


def updating(fault: Fault) -> Fault:
    """A fault of updates only."""

    async def of_some(exchange: Exchange) -> Answer:
        return await (fault if exchange.endpoint == Endpoint.UPDATE else Exchange.deliver)(exchange)

    return of_some


def commit_in_vain(client, room, tries: int = 1) -> None:
    """Commit, and never hear of it."""
    body = UpdateRequest(commit_bundle((made := room.prepared()).message, made.after)).encode()
    for _ in range(tries):
        with pytest.raises(UnansweredError):
            client.connection.request(client.uri, Endpoint.UPDATE, HUB, room.uri.text, body)


def delivered(network: Network, client) -> int:
    """How much a client of the follower has been delivered."""
    return len(network.instances[FOLLOWER].service.deliveries(client.uri))


def followed(network: Network, room):
    """The group as the follower has it."""
    found = network.instances[FOLLOWER].room(room.uri)
    return None if found is None else found.state.group.context


@exercises("PROTO-5.5-20")
@pytest.mark.parametrize("fault", [killed, unheard_once])
def test_siblings_and_the_follower_learn_of_a_commit_whose_sender_is_gone(network, clients, rooms, fault):
    alice, phone, desk = clients
    at_hub, on_phone, on_desk = rooms
    network.fault = fault(network)
    commit_in_vain(phone, on_phone)
    alice.wait_until(lambda: at_hub.epoch == on_phone.epoch + 1)
    at_hub.commit()
    network.settle()
    desk.wait_until(lambda: on_desk.epoch == at_hub.epoch)
    assert followed(network, at_hub) == at_hub.membership.group.context == on_desk.membership.group.context


@exercises("PROTO-5.5-11")
@pytest.mark.parametrize("fault", [lost, answered(503), answered(429)], ids=["lost", "503", "429"])
def test_what_the_hub_notifies_waits_for_the_answer_that_comes_at_last(network, clients, rooms, fault):
    alice, phone, desk = clients
    at_hub, on_phone, on_desk = rooms
    network.fault = killed(network, updating(fault))
    commit_in_vain(phone, on_phone)
    before = delivered(network, desk)
    alice.wait_until(lambda: at_hub.epoch == on_phone.epoch + 1)
    at_hub.commit()
    network.loop.pass_time(30)
    assert delivered(network, desk) == before, "the second commit waits for the first one"
    network.settle()
    desk.wait_until(lambda: on_desk.epoch == at_hub.epoch)
    assert followed(network, at_hub) == at_hub.membership.group.context


def test_it_does_not_wait_for_ever(network, clients, rooms):
    _, phone, desk = clients
    at_hub, on_phone, _ = rooms
    network.fault = killed(network, updating(lost))
    commit_in_vain(phone, on_phone)
    before = delivered(network, desk)
    at_hub.send("hello")
    network.loop.pass_time(50)
    assert delivered(network, desk) == before
    network.loop.pass_time(50)
    assert delivered(network, desk) == before + 1


@exercises("PROTO-5.5-27")
def test_a_message_is_heard_once_when_client_and_follower_ask_again(network, clients, rooms):
    alice, phone, desk = clients
    at_hub, on_phone, on_desk = rooms
    letter = on_phone.seal(on_phone.written("hello"))
    ask = (phone.uri, Endpoint.SUBMIT_MESSAGE, HUB, at_hub.uri.text, letter.request.encode())
    network.fault = killed(network)
    with pytest.raises(UnansweredError):
        phone.connection.request(*ask)
    network.loop.pass_time(2)
    desk.catch_up()
    assert len(on_desk.messages) == 1
    answer = SubmitMessageResponse.decode(phone.connection.request(*ask).body)
    network.settle()
    for each in (alice, desk):
        each.catch_up()
    assert answer.status_code is SubmitResponseCode.accepted
    assert [len(each.messages) for each in (at_hub, on_desk)] == [1, 1]


def test_a_request_that_was_answered_is_not_sent_again(network, rooms):
    rooms[1].send("hello")
    before = len(network.exchanges)
    network.loop.run(network.instances[FOLLOWER].kill())
    network.loop.pass_time(5)
    asked = [each.endpoint for each in network.exchanges[before:] if each.source == FOLLOWER]
    assert Endpoint.SUBMIT_MESSAGE not in asked


def test_a_request_that_its_client_has_sent_again_is_not_sent_once_more(network, rooms):
    network.fault = unheard_once(network)
    rooms[1].send("hello")
    before = len(network.exchanges)
    network.loop.pass_time(70)
    asked = [each.endpoint for each in network.exchanges[before:] if each.source == FOLLOWER]
    assert Endpoint.SUBMIT_MESSAGE not in asked


def test_a_request_without_an_answer_is_sent_ever_less_often_and_then_no_more(network, clients, rooms):
    instants = []

    async def noted(exchange: Exchange) -> Answer:
        instants.append(round(network.loop.time()))
        return await lost(exchange)

    network.fault = updating(noted)
    commit_in_vain(clients[1], rooms[1], tries=2)
    network.loop.pass_time(1000)
    assert [instant - instants[0] for instant in instants] == [0, 0, 1, 3, 7, 15, 30, 60]
