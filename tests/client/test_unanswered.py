"""What a client has attempted and got no answer to: the hub may have accepted it, so it asks again before all else."""

import pytest

from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.errors import HTTPRefusalError, UnansweredError
from mimi_conformance.reference.client.happenings import Discarded
from mimi_conformance.reference.provider.messages import Answer, Endpoint
from tests.client.conftest import A, B
from tests.provider.network_scene import Exchange, Fault, answered, lost, unheard

ASKED = (Endpoint.UPDATE, Endpoint.SUBMIT_MESSAGE)


def asking(fault: Fault) -> Fault:
    """A fault of what hubs are asked to accept."""

    async def of_some(exchange: Exchange) -> Answer:
        return await (fault if exchange.endpoint in ASKED else Exchange.deliver)(exchange)

    return of_some


def deafen(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    """Let a client not hear from its own provider what was accepted."""
    request = client.connection.request

    def half_heard(uri, endpoint, *asked):
        reply = request(uri, endpoint, *asked)
        if endpoint in ASKED:
            raise UnansweredError("The answer was lost.")
        return reply

    monkeypatch.setattr(client.connection, "request", half_heard)


def discarded(*clients) -> list[Discarded]:
    return [each for client in clients for each in client.happenings if isinstance(each, Discarded)]


def asked(network) -> list[bytes]:
    return [each.request.body for each in network.exchanges if each.endpoint in ASKED]


@pytest.mark.parametrize("fault", [lost, unheard])
def test_a_message_is_sent_as_it_was_by_whoever_looks_again(network, rooms, alice, bob, fault):
    room, bobs = rooms
    network.fault = asking(fault)
    with pytest.raises(UnansweredError):
        bobs.send("hello")
    tried = len(asked(network))
    bob.catch_up()
    assert len(asked(network)) == tried + 1
    assert bobs.messages == ()
    network.fault = Exchange.deliver
    bob.catch_up()
    network.settle()
    alice.catch_up()
    assert [len(each.messages) for each in (room, bobs)] == [1, 1]
    assert len(set(asked(network))) == 1


@pytest.mark.parametrize("fault", [lost, unheard])
def test_nothing_else_is_attempted_in_the_room_before(network, rooms, fault):
    _, bobs = rooms
    network.fault = asking(fault)
    with pytest.raises(UnansweredError):
        bobs.commit()
    with pytest.raises(UnansweredError, match=r"attempted in mimi://a\.example/r/clubhouse before has no answer"):
        bobs.send("hello")
    assert len(set(asked(network))) == 1


def test_what_happens_in_the_room_meanwhile_waits_for_the_answer(network, rooms, alice, bob):
    room, bobs = rooms
    carl = network.client(B, "carl", "phone")
    carl.grant_consent(alice.user)
    network.fault = asking(unheard)
    with pytest.raises(UnansweredError):
        bobs.commit()
    room.add(carl.user)
    room.send("hello")
    network.loop.pass_time(1)
    bob.catch_up()
    assert (bobs.epoch, bobs.messages) == (room.epoch - 2, ())
    network.fault = Exchange.deliver
    bob.wait_until(lambda: bobs.epoch == room.epoch and bobs.messages)
    assert not discarded(alice, bob)


def test_a_commit_that_came_too_late_is_made_anew(network, rooms, alice, bob):
    room, bobs = rooms
    network.fault = asking(lost)
    with pytest.raises(UnansweredError):
        bobs.commit()
    network.fault = Exchange.deliver
    room.commit()
    bob.wait_until(lambda: bobs.epoch == room.epoch)
    bobs.commit()
    alice.wait_until(lambda: bobs.epoch == room.epoch)
    assert not discarded(alice, bob)


def test_who_has_come_into_a_room_without_hearing_of_it_finds_itself_there(network, rooms, alice, monkeypatch):
    room, _ = rooms
    desk = network.client(A, "alice", "desk")
    with monkeypatch.context() as patch:
        deafen(patch, desk)
        with pytest.raises(UnansweredError):
            desk.join(room.uri)
        alice.wait_until(lambda: room.epoch == 2)
        room.send("hello")
        desk.catch_up()
    assert room.uri not in desk.rooms
    desk.catch_up()
    assert [len(each.messages) for each in (room, desk.rooms[room.uri])] == [1, 1]


def test_what_was_refused_is_not_asked_again(network, rooms, bob):
    _, bobs = rooms
    network.fault = asking(answered(403))
    with pytest.raises(HTTPRefusalError):
        bobs.send("hello")
    network.fault = Exchange.deliver
    tried = len(asked(network))
    bob.catch_up()
    assert len(asked(network)) == tried
    bobs.send("hello?")
    assert len(bobs.messages) == 1


@pytest.mark.parametrize(("status", "error"), [(503, UnansweredError), (429, UnansweredError), (403, HTTPRefusalError)])
def test_only_an_answer_that_will_not_change_says_that_an_earlier_attempt_was_in_vain(network, rooms, status, error):
    _, bobs = rooms
    faults = [unheard]

    async def at_first(exchange: Exchange) -> Answer:
        return await (faults.pop() if faults else answered(status))(exchange)

    network.fault = asking(at_first)
    with pytest.raises(error):
        bobs.send("hello")
