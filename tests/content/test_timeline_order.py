"""Any messages in any order: they add up to the same, each is accounted for, and nobody gets past a role."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import Choices
from mimi_conformance.reference.content.message import AbsoluteExpiration
from mimi_conformance.reference.content.timeline.arrival import WITHOUT_ROLES, Arrival
from mimi_conformance.reference.content.timeline.conversation import Conversation
from mimi_conformance.reference.content.timeline.timeline import (
    Discarded,
    Present,
    Taken,
    Timeline,
    Waiting,
    forget,
)
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from tests.content.timeline_scene import ALICE, BOB, MODERATOR, MONA, NOW, START, Talk, received, seen
from tests.exercised import exercises

EVERYTHING = MODERATOR | {CapabilityType.can_edit_own_topic}
TOPICS = (b"", b"lunch", b"dinner")


def conversation_from(entropy: bytes) -> list[Arrival]:
    """Messages of three people that refer to each other. The order is not that of their times."""
    choices, talk, made = Choices(entropy), Talk(), list[Arrival]()
    for _ in range(1 + choices.below(10)):
        sender, said, topic_id = (
            choices.one_of((ALICE, BOB, MONA)),
            choices.one_of(("yes", "no")),
            choices.one_of(TOPICS),
        )
        allowed = choices.one_of(
            (EVERYTHING, WITHOUT_ROLES, frozenset(choices.one_of(sorted(EVERYTHING)) for _ in range(6)))
        )
        how = {"capabilities": allowed, "accepted_timestamp": START + choices.below(10)}
        act = choices.one_of((talk.says, talk.replies, talk.reacts, talk.edits, talk.edits, talk.deletes))
        if not made or act == talk.says:
            expires = choices.one_of((None, AbsoluteExpiration(NOW // 1000)))
            made.append(talk.says(sender, said, how, topic_id=topic_id, expires=expires))
        elif act == talk.deletes:
            made.append(talk.deletes(sender, choices.one_of(made), how))
        else:
            made.append(act(sender, choices.one_of(made), said, how, topic_id=topic_id))
    return made


def conversations() -> st.SearchStrategy[list[Arrival]]:
    return st.binary(min_size=32, max_size=128).map(conversation_from)


def told(conversation: Conversation) -> tuple[object, ...]:
    """A conversation as a value: errors are not equal, but the rules that they name are."""
    discarded = {id_: error.rule for id_, error in conversation.discarded.items()}
    return *(getattr(conversation, name) for name in ("entries", "first_versions", "reactions", "waiting")), discarded


@exercises("CONTENT-4.2-01", "CONTENT-9.1-08")
@given(conversations(), st.randoms(use_true_random=False))
def test_messages_add_up_to_the_same_in_whatever_order_they_come(arrivals: list[Arrival], random: Random):
    in_order, _ = received(*sorted(arrivals, key=lambda arrival: arrival.place))
    random.shuffle(arrivals)
    shuffled, _ = received(*arrivals)
    assert told(shuffled.conversation) == told(in_order.conversation)
    assert shuffled.log == in_order.log


@given(conversations())
def test_each_message_is_shown_waits_or_is_discarded(arrivals: list[Arrival]):
    conversation = received(*arrivals)[0].conversation
    versions = [each.message_id for entry in conversation.entries.values() for each in entry.versions]
    deletions = [entry.deletion.message_id for entry in conversation.entries.values() if entry.deletion]
    waiting = [each.message_id for arrivals in conversation.waiting.values() for each in arrivals]
    found = [*versions, *deletions, *waiting, *conversation.discarded]
    assert sorted(found) == sorted(arrival.message_id for arrival in arrivals)


@given(conversations())
def test_the_outcome_of_a_message_is_what_became_of_it(arrivals: list[Arrival]):
    timeline = Timeline()
    for arrival in arrivals:
        timeline, (outcome,) = received(arrival, timeline=timeline)
        conversation, id_ = timeline.conversation, arrival.message_id
        match outcome:
            case Taken(entry):
                assert conversation.first_versions[id_] == entry
            case Waiting(replaced):
                assert arrival in conversation.waiting[replaced]
            case Discarded(error):
                assert conversation.discarded[id_] is error


@exercises("CONTENT-9.3-02", "CONTENT-9.3-03", "POLICY-8.3-12", "POLICY-8.3-16", "POLICY-8.3-21")
@given(conversations())
def test_nobody_speaks_for_others_or_deletes_what_the_role_does_not_cover(arrivals: list[Arrival]):
    for entry in received(*arrivals)[0].conversation.entries.values():
        own = [each for each in entry.versions if each.sender == entry.first.sender]
        assert entry.nested_part in [each.content.nested_part for each in own]
        for version in entry.versions:
            assert version.content.in_reply_to == entry.first.content.in_reply_to
            assert version.content.expires == entry.first.content.expires
            if version not in own:
                assert CapabilityType.can_edit_other_topic in version.capabilities
        if entry.deletion is not None:
            own_deletion = entry.deletion.sender == entry.first.sender
            kind = "reaction" if entry.first.is_reaction else "message"
            needed = CapabilityType[f"can_delete_{'own' if own_deletion else 'other'}_{kind}"]
            assert needed in entry.deletion.capabilities


@given(conversations())
def test_forgetting_changes_nothing_that_is_seen(arrivals: list[Arrival]):
    timeline, _ = received(*arrivals)
    after = forget(timeline, NOW)
    assert seen(after) == seen(timeline)
    assert forget(after, NOW).log == after.log


@given(conversations())
def test_nothing_is_left_of_what_is_forgotten(arrivals: list[Arrival]):
    bodies = {each.content.nested_part for each in arrivals}
    timeline = forget(received(*arrivals)[0], NOW)
    for entry in timeline.conversation.entries.values():
        gone = not isinstance(timeline.state(entry, NOW), Present)
        assert all((each.content.nested_part in bodies) is not gone for each in entry.versions)
        assert all((each.message_id in timeline.forgotten) is gone for each in entry.versions)


@given(conversations())
def test_a_message_that_comes_again_changes_nothing(arrivals: list[Arrival]):
    timeline, _ = received(*arrivals)
    again, outcomes = received(*arrivals, timeline=timeline)
    assert again == timeline
    assert all(isinstance(outcome, Discarded) for outcome in outcomes)


@given(conversations())
def test_messages_that_name_nobody_add_up_just_so(arrivals: list[Arrival]):
    anonymous = [replace(each, content=replace(each.content, mimi_extensions={})) for each in arrivals]
    assert seen(received(*anonymous)[0]) == seen(received(*arrivals)[0])
