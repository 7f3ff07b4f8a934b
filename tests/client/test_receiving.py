"""What a client believes of what its provider delivers (architecture 4.4): what the rules allow, and nothing else."""

from contextlib import contextmanager
from dataclasses import replace
from unittest.mock import patch

import pytest

from mimi_conformance.mocks.defects.hub import HasNoPolicy
from mimi_conformance.reference.client import changes
from mimi_conformance.reference.client.errors import BadAnswerError, NotSentError
from mimi_conformance.reference.client.happenings import Discarded, Removed
from mimi_conformance.reference.content.features import edit, plain_text
from mimi_conformance.reference.content.timeline.timeline import Taken
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.group_messages import send
from mimi_conformance.reference.provider.inbox import Delivery, DeliveryKind
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageRequest, SubmitResponseCode
from tests.client.conftest import A, B
from tests.provider.hub_scene import Trusting
from tests.provider.network_scene import Network


class Lenient(HasNoPolicy, Trusting):
    """A hub for which everybody is who it says, and may do anything."""


class Forging(Trusting):
    """A hub whose stamps are not what it promises."""

    def frank_for(self, *arguments):
        frank = super().frank_for(*arguments)
        return frank and replace(frank, franking_integrity_signature=bytes(64))


@contextmanager
def hosted_by(kind):
    """A room of such a hub, as Alice there and Bob elsewhere have it."""
    with Network(A, B, kind=kind) as network:
        alice, bob = network.client(A, "alice", "phone"), network.client(B, "bob", "phone")
        bob.grant_consent(alice.user)
        room = alice.create_room()
        room.add(bob.user)
        yield network, room, bob.room(room.uri), alice


def discarded(client) -> list[str]:
    return [each.reason for each in client.happenings if isinstance(each, Discarded)]


def demote_alice(room):
    return (changes.listing(room, changed={MimiUri.user(A, "alice"): 2}),)


def deliver_raw(network, room, client, data: bytes) -> None:
    """Send something as a message that need not be one."""
    message, after = send(
        room.membership.group, data, random=client.device.random, authenticated_data=encode_safe_aad({})
    )
    room.membership = replace(room.membership, group=after)
    request = SubmitMessageRequest(Protocol.mls10, message, IdentifierUri(bytes(client.user)))
    reply = client.ask("submitMessage", room.uri.provider, room.uri.text, request.encode())
    assert reply.status == 200
    network.settle()


def test_a_commit_that_only_the_hub_allows_changes_nothing_here():
    with hosted_by(Lenient) as (network, room, bobs, alice):
        before = room.membership
        bobs.commit(demote_alice, unchecked=True)
        network.settle()
        alice.catch_up()
        assert room.membership is before
        assert "The policy is against it" in discarded(alice)[0]


def test_a_client_does_not_send_what_the_policy_is_against(rooms):
    _, bobs = rooms
    with pytest.raises(NotSentError, match=r"The policy of mimi://a\.example/r/clubhouse is against it"):
        bobs.commit(demote_alice)


def test_a_message_with_a_wrong_stamp_is_nobody_s():
    with hosted_by(Forging) as (network, room, bobs, alice):
        with pytest.raises(BadAnswerError, match="The frank of a message"):
            bobs.send("hello")
        network.settle()
        alice.catch_up()
        assert room.messages == ()
        assert len(discarded(alice)) == 1


@pytest.mark.parametrize("data", [b"", b"hello", b"\x87\xff"])
def test_what_is_no_content_is_discarded(network, rooms, alice, bob, data):
    room, bobs = rooms
    deliver_raw(network, bobs, bob, data)
    alice.catch_up()
    assert room.messages == ()
    assert len(discarded(alice)) == 1
    bobs.send("after it")
    assert [each.content.nested_part.content for each in (room.next_message(),)] == [b"after it"]


@pytest.mark.parametrize("kind", DeliveryKind)
def test_a_delivery_that_can_not_be_read_is_discarded(rooms, alice, kind):
    room, _ = rooms
    before, here = room.membership, room.uri if kind is DeliveryKind.FANOUT else None
    with patch.object(alice.connection, "deliveries", lambda *_: [Delivery(10_000, kind, B, here, b"\x01")]):
        [happening] = alice.catch_up()
    assert isinstance(happening, Discarded)
    assert happening.room_id == here
    assert "can't be read" in happening.reason
    assert room.membership is before


def test_an_event_that_comes_again_is_no_news(network, rooms, alice):
    room, bobs = rooms
    events = list[FanoutMessage]()
    receive = room.receive
    room.receive = lambda event: events.append(event) or receive(event)
    bobs.send("hello")
    bobs.commit()
    network.settle()
    alice.catch_up()
    assert [event.event for event in events] == [FanoutEvent.application, FanoutEvent.commit]
    before = room.membership.state
    for event in events:
        receive(event)
    assert room.membership.state is before
    assert len(room.messages) == 1


def test_an_edit_changes_what_was_said(network, rooms, alice):
    room, bobs = rooms
    said = bobs.send("helo")
    bobs.send_content(edit(said.content, said.message_id, plain_text("hello"), salt=bytes(16)))
    network.settle()
    alice.catch_up()
    assert [each.outcome for each in room.messages] == [Taken(said.message_id)] * 2
    [entry] = room.timeline.messages(network.clock())
    assert entry.nested_part.content == b"hello"


def test_who_is_removed_is_told_and_is_out(network, rooms, bob):
    room, bobs = rooms
    room.remove(bob.user)
    network.settle()
    bob.catch_up()
    assert bobs.membership.is_over
    assert bob.happenings[-1] == Removed(room.uri)


def test_a_message_of_somebody_who_is_gone_is_not_allowed(network, rooms, bob):
    room, bobs = rooms
    letter = bobs.seal(bobs.written("one more thing"))
    room.remove(bob.user)
    network.settle()
    assert bobs.submit(letter).status_code is SubmitResponseCode.not_allowed
