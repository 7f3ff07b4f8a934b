"""Application messages, in time and late; and what stands in the way of sending them."""

import pytest

from mimi_conformance.reference.mls.framing.rules import FramingError, FramingRule, SafeAADRule
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.group import MemberStateError, MemberStateRule
from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.mls.group.group_messages import send
from mimi_conformance.reference.mls.group.group_processing import ReceivedApplicationData, process
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.schedule.ratchet import RatchetError, RatchetRule
from mimi_conformance.reference.wire.mls.app_data import ComponentsList
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Remove
from tests.exercised import exercises
from tests.mls.group_examples import COMPONENT, NOW, Client, Room, dictionary


def say(room: Room, name: str, data: bytes, **how) -> MLSMessage:
    client, group = room.members[name]
    message, group = send(group, data, random=client.random, **how)
    room.put(name, group)
    return MLSMessage.decode(message.encode())


def hear(room: Room, name: str, message: MLSMessage) -> ReceivedApplicationData:
    received = process(room.group(name), message, NOW)
    assert isinstance(received, ReceivedApplicationData)
    room.put(name, received.group)
    return received


def test_messages_reach_all_members_in_any_order():
    room = Room.of("alice", "bob", "carol")
    messages = [say(room, "alice", b"%d" % number, padding=number) for number in range(10)]
    assert [hear(room, "bob", message).data for message in messages] == [b"%d" % number for number in range(10)]
    backwards = [hear(room, "carol", message).data for message in reversed(messages)]
    assert backwards == [b"%d" % number for number in reversed(range(10))]
    received = hear(room, "bob", say(room, "carol", b"hello", authenticated_data=b"aad"))
    assert (received.sender, received.epoch, received.authenticated_data) == (2, 1, b"aad")


def test_a_message_is_read_once():
    room = Room.of("alice", "bob")
    message = say(room, "alice", b"hello")
    hear(room, "bob", message)
    with pytest.raises(RatchetError) as refusal:
        hear(room, "bob", message)
    assert refusal.value.rule is RatchetRule.UNUSED


def test_late_messages_are_read_for_a_bounded_number_of_epochs():
    room, messages = Room.of("alice", "bob"), []
    kept = room.group("bob").retention.late_epochs
    for _ in range(kept + 2):
        messages.append(say(room, "alice", b"late"))
        room.commit("bob")
    for message in messages[-kept:]:
        assert hear(room, "bob", message).data == b"late"
    for message in messages[:-kept]:
        with pytest.raises(MemberStateError) as refusal:
            hear(room, "bob", message)
        assert refusal.value.rule is MemberStateRule.EPOCH_KEPT


def test_late_messages_of_removed_members_are_still_read():
    room = Room.of("alice", "bob", "carol")
    message = say(room, "carol", b"farewell")
    room.commit("alice", Remove(2))
    assert hear(room, "bob", message).data == b"farewell"


def test_proposals_are_committed_before_anything_is_said():
    room = Room.of("alice", "bob", "carol")
    bob, group = room.members["bob"]
    room.propose("bob", propose(group, Remove(2), now=NOW, random=bob.random))
    for name in ("alice", "bob"):
        with pytest.raises(MemberStateError) as refusal:
            say(room, name, b"hello")
        assert refusal.value.rule is MemberStateRule.COMMIT_FIRST
    room.commit("alice")
    assert hear(room, "bob", say(room, "alice", b"hello")).data == b"hello"


def test_a_message_of_another_group_is_refused():
    message = say(Room.of("alice", "bob", group_id=b"other"), "alice", b"hello")
    with pytest.raises(FramingError) as refusal:
        hear(Room.of("alice", "bob"), "bob", message)
    assert refusal.value.rule is FramingRule.GROUP


@exercises("ARCH-4.1-01")
def test_what_is_tampered_with_is_refused_and_changes_nothing():
    room = Room.of("alice", "bob")
    message = say(room, "alice", b"hello").encode()
    for position in range(0, len(message), 3):
        changed = message[:position] + bytes([message[position] ^ 1]) + message[position + 1 :]
        with pytest.raises(ValueError):  # noqa: PT011 - RuleError or DecodeError
            process(room.group("bob"), MLSMessage.decode(changed), NOW)
    assert hear(room, "bob", MLSMessage.decode(message)).data == b"hello"


def test_a_group_with_safe_aad_takes_nothing_else():
    room = Room.of("alice", extensions=(dictionary(c0002=ComponentsList((COMPONENT,)).encode()),))
    with pytest.raises(FramingError) as refusal:
        room.add("alice", Client("bob"))
    assert refusal.value.rule is SafeAADRule.STRUCTURE
    room.add("alice", Client("bob"), framing=Framing(authenticated_data=encode_safe_aad({})))
    with pytest.raises(FramingError) as refusal:
        say(room, "alice", b"hello", authenticated_data=b"aad")
    assert refusal.value.rule is SafeAADRule.STRUCTURE
    data = encode_safe_aad({COMPONENT: b"data"})
    assert hear(room, "bob", say(room, "alice", b"hello", authenticated_data=data)).authenticated_data == data
