"""What a follower does with its clients' own updates and messages, once the hub has accepted them (PROTO 5.5)."""

import pytest

from mimi_conformance.reference.provider.messages import Answer, Endpoint, LocalRequestError
from mimi_conformance.reference.provider.outgoing import PeerError
from mimi_conformance.reference.wire.mls.framing import ContentType, PrivateMessage
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.franking import Frank
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import (
    SubmitMessageRequest,
    SubmitMessageResponse,
    SubmitResponseCode,
)
from mimi_conformance.reference.wire.protocol.update import UpdateRequest
from tests.exercised import exercises
from tests.mls.group_examples import SUITE
from tests.provider.follower_scene import followed_room
from tests.provider.hub_scene import Code
from tests.room.house import HUB, ROOM, user


def application(text: bytes, timestamp: int, epoch: int = 1) -> FanoutMessage:
    message = PrivateMessage(b"group", epoch, ContentType.application, b"", b"", text)
    return FanoutMessage(timestamp=timestamp, message=MLSMessage.of(message))


@pytest.fixture
def hub():
    """A room of Alice at the hub with Bob's two clients at the follower, which follows it."""
    return followed_room()


def test_an_accepted_commit_reaches_the_siblings_as_the_hub_would_have_notified_it(hub):
    follower = hub.follower
    assert hub.commit("bob1").response_code is Code.success
    [to_sibling] = follower.delivered("bob2")
    [to_others] = hub.notified("c.example")
    assert to_sibling == to_others
    assert follower.delivered("bob1") == []


def test_accepted_proposals_reach_the_siblings_together(hub):
    assert hub.propose("bob1", hub.listed(removed=["bob"]), *hub.removals("bob")).response_code is Code.success
    [event] = hub.follower.delivered("bob2")
    assert event.event is FanoutEvent.proposal
    assert len(event.more_proposals) == 2
    assert hub.follower.delivered("bob1") == []


def test_what_the_hub_refuses_reaches_nobody(hub):
    response = hub.propose("bob1", hub.listed(removed=["alice"]), *hub.removals("alice"))
    assert response.response_code is Code.not_allowed
    assert hub.follower.delivered("bob2") == []


@exercises("PROTO-5.5-20")
def test_an_echo_is_no_new_event(hub):
    hub.commit("bob1")
    [event] = hub.follower.delivered("bob2")
    hub.follower.notify(event)
    hub.follower.notify(event, application(b"next", event.timestamp + 1, epoch=2))
    assert [each.event for each in hub.follower.delivered("bob2")] == [FanoutEvent.application]
    assert [each.event for each in hub.follower.delivered("bob1")] == [FanoutEvent.application]


@exercises("PROTO-5.5-20")
def test_an_echo_that_overtakes_the_answer_is_delivered_once(hub):
    follower, echoes = hub.follower, []

    def echo():
        [event] = hub.notified("c.example")
        echoes.append(event)
        follower.notify(event)

    follower.before_answer = echo
    hub.commit("bob1")
    assert follower.delivered("bob2") == echoes


@exercises("PROTO-5.5-11")
def test_what_was_accepted_later_comes_after_what_our_client_has_sent(hub):
    follower = hub.follower

    def meanwhile():
        follower.notify(application(b"later", hub.now + 1, epoch=2))
        assert follower.delivered("bob2") == []

    follower.before_answer = meanwhile
    hub.commit("bob1")
    assert [each.event for each in follower.delivered("bob2")] == [FanoutEvent.commit, FanoutEvent.application]


@exercises("PROTO-5.5-11")
def test_what_was_accepted_earlier_comes_before_it(hub):
    follower = hub.follower
    follower.before_answer = lambda: follower.notify(application(b"earlier", hub.now - 1))
    hub.commit("bob1")
    assert [each.event for each in follower.delivered("bob2")] == [FanoutEvent.application, FanoutEvent.commit]


def test_what_waits_for_an_answer_that_never_comes_is_delivered_then(hub):
    follower = hub.follower
    follower.before_answer = lambda: follower.notify(application(b"meanwhile", hub.now - 1))
    follower.reachable = False
    with pytest.raises(PeerError):
        hub.commit("bob1")
    assert [each.event for each in follower.delivered("bob2")] == [FanoutEvent.application]


def test_a_client_that_asks_again_after_a_lost_answer_reaches_its_siblings_once(hub):
    follower = hub.follower
    made = hub.made_commit("bob1")
    body = UpdateRequest(hub.bundle(made)).encode()
    follower.reachable = False
    with pytest.raises(PeerError):
        follower.ask("bob1", Endpoint.UPDATE, body)
    assert follower.delivered("bob2") == []
    follower.reachable = True
    for _ in range(2):
        follower.ask("bob1", Endpoint.UPDATE, body)
    assert [each.event for each in follower.delivered("bob2")] == [FanoutEvent.commit]


@exercises("PROTO-3.4-01")
def test_an_accepted_message_reaches_the_siblings_with_its_frank(hub, monkeypatch):
    frank = Frank(bytes(32), SUITE, b"signature")
    response = SubmitMessageResponse(
        protocol=Protocol.mls10, status_code=SubmitResponseCode.accepted, accepted_timestamp=hub.now, frank=frank
    )
    asked = []
    monkeypatch.setattr(hub, "ask", lambda *request: asked.append(request) or Answer(200, response.encode()))
    message = application(b"hi", hub.now).message
    body = SubmitMessageRequest(Protocol.mls10, message, IdentifierUri(user("bob"))).encode()
    hub.follower.ask("bob1", Endpoint.SUBMIT_MESSAGE, body)
    assert asked == [(Endpoint.SUBMIT_MESSAGE, body, "b.example", ROOM.text)]
    assert hub.follower.delivered("bob2") == [FanoutMessage(timestamp=hub.now, message=message, frank=frank)]
    assert hub.follower.delivered("bob1") == []


@exercises("PROTO-3.3-04")
def test_what_happens_in_a_room_goes_to_its_hub_only(hub):
    with pytest.raises(LocalRequestError, match=HUB):
        hub.follower.service.request(
            hub.follower.uri("bob1"), Endpoint.UPDATE, "c.example", f"mimi://{HUB}/r/clubhouse", b""
        )
