"""A timeline: what messages add up to, who may change what, and why a message counts for nothing."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.content.codec import decode_content
from mimi_conformance.reference.content.features import Uris, delete, sent_by
from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    Disposition,
    MessageId,
    MimiContent,
    NullPart,
    RelativeExpiration,
    SinglePart,
)
from mimi_conformance.reference.content.message_id import message_id
from mimi_conformance.reference.content.rules import ContentError, MessageIdRule
from mimi_conformance.reference.content.status.report import (
    MessageStatus,
    MessageStatusReport,
    PerMessageStatus,
    ReportRule,
    as_part,
)
from mimi_conformance.reference.content.timeline.arrival import FIRST_FORMAT, WITHOUT_ROLES, YEAR, Arrival
from mimi_conformance.reference.content.timeline.rules import ConversationRule, HandlingRule, TimelineError
from mimi_conformance.reference.content.timeline.timeline import (
    Deleted,
    Discarded,
    Expired,
    Outcome,
    Reported,
    Taken,
    Timeline,
    Waiting,
    forget,
    mark_read,
    receive,
)
from mimi_conformance.reference.mls.rules import Rule
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from tests.content.official_examples import EXAMPLES
from tests.content.timeline_scene import (
    ALICE,
    BOB,
    CIRCUMSTANCES,
    MODERATOR,
    MONA,
    NOW,
    ROOM,
    START,
    STRANGER,
    Talk,
    received,
    seen,
)
from tests.exercised import exercises


@pytest.fixture
def talk() -> Talk:
    return Talk()


def why(outcome: Outcome) -> Rule:
    """The rule for which a message is discarded."""
    assert isinstance(outcome, Discarded), outcome
    return outcome.error.rule


class TestWhatIsShown:
    @exercises("CONTENT-4.1-05", "CONTENT-4.1-06", "CONTENT-4.2-01", "CONTENT-5.5-01")
    def test_messages_with_their_edits_and_reactions_in_their_order(self, talk):
        hello, hi = talk.says(ALICE, "Hello"), talk.says(BOB, "Hi")
        heart, thumb = talk.reacts(BOB, hello, "<3"), talk.reacts(MONA, hello, "(y)")
        timeline, outcomes = received(hello, hi, thumb, heart, talk.edits(ALICE, hello, "Hello!"))
        assert seen(timeline) == ["Hello! (edited) +<3 +(y)", "Hi"]
        assert outcomes[-1] == Taken(hello.message_id)

    @exercises("CONTENT-9.3-01", "CONTENT-4.1-13", "CONTENT-4.1-14")
    def test_an_entry_knows_its_versions_and_which_of_them_others_refer_to(self, talk):
        borrow = talk.says(ALICE, "Could I borow a pen?")
        thumb = talk.reacts(BOB, borrow, "(y)")
        ferrari = talk.edits(ALICE, borrow, "Could I borrow your Ferrari?")
        yes = talk.replies(BOB, ferrari, "Yes.")
        timeline, _ = received(borrow, thumb, ferrari, yes)
        entry = timeline.conversation.entry(borrow.message_id)
        assert entry is not None
        assert entry is timeline.conversation.entry(ferrari.message_id)
        assert (entry.edited, entry.newest) == (True, ferrari.message_id)
        assert [version.message_id for version in entry.versions] == [borrow.message_id, ferrari.message_id]
        assert [each.first.content.in_reply_to for each in timeline.reactions(entry, NOW)] == [borrow.message_id]

    @exercises("CONTENT-5.6-01")
    def test_a_deleted_message_leaves_a_placeholder(self, talk):
        oops = talk.says(ALICE, "Oops")
        timeline, _ = received(oops, talk.edits(ALICE, oops, "Ooops"), talk.deletes(ALICE, oops))
        assert seen(timeline) == ["Deleted"]
        entry = timeline.conversation.entry(oops.message_id)
        assert entry is not None
        assert timeline.state(entry, NOW) == Deleted(by=ALICE)

    @exercises("CONTENT-5.7-01")
    def test_a_reaction_that_was_taken_back_is_gone(self, talk):
        hello = talk.says(ALICE, "Hello")
        heart = talk.reacts(BOB, hello, "<3")
        timeline, _ = received(hello, heart, talk.deletes(BOB, heart))
        assert seen(timeline) == ["Hello"]

    @exercises("CONTENT-4.1-05", "CONTENT-5.3-01")
    def test_a_reaction_can_be_changed(self, talk):
        hello = talk.says(ALICE, "Hello")
        heart = talk.reacts(BOB, hello, "<3")
        timeline, _ = received(hello, heart, talk.edits(BOB, heart, "</3"))
        assert seen(timeline) == ["Hello +</3"]

    @exercises("CONTENT-4.4-15", "CONTENT-5.3-01")
    def test_a_reaction_to_nothing_is_a_message_and_one_to_something_unknown_waits_out_of_sight(self, talk):
        hello = talk.says(ALICE, "Hello")
        to_nothing = talk.reacts(BOB, hello, "!", in_reply_to=None)
        heart = talk.reacts(BOB, hello, "<3")
        timeline, outcomes = received(to_nothing, heart)
        assert seen(timeline) == ["!"]
        assert outcomes == [Taken(to_nothing.message_id), Taken(heart.message_id)]
        assert seen(received(hello, timeline=timeline)[0]) == ["Hello +<3", "!"]

    @exercises("CONTENT-5.11-01", "CONTENT-5.11-02", "CONTENT-5.11-03")
    def test_threads_are_sorted_by_time_and_then_by_the_lowest_id(self, talk):
        at_once = {"accepted_timestamp": START + 50_000}
        begin = talk.says(ALICE, "Lunch?", topic_id=b"lunch")
        answers = [talk.replies(BOB, begin, str(n), at_once, topic_id=b"lunch") for n in range(5)]
        elsewhere = talk.says(BOB, "Rain")
        timeline, _ = received(*answers, elsewhere, begin)
        topics = timeline.topics(NOW)
        assert [*topics] == [b"lunch"]
        assert [entry.message_id for entry in topics[b"lunch"]] == [
            begin.message_id,
            *sorted(each.message_id for each in answers),
        ]

    @pytest.mark.skipif(not EXAMPLES, reason="the examples of mimi-content are missing")
    @exercises("CONTENT-5.2-01", "CONTENT-5.3-01", "CONTENT-5.5-01", "CONTENT-5.6-01", "CONTENT-5.7-01")
    def test_the_draft_s_own_conversation(self):
        def arrival(name: str, at: int) -> Arrival:
            content = decode_content(EXAMPLES[name].encoded)
            assert content.sender_uri is not None
            return Arrival(EXAMPLES[name].message_id, content, content.sender_uri, at)

        begin = 1_644_387_225_019
        story = [arrival(name, begin + n) for n, name in enumerate(("original", "reply", "reaction", "edit"))]
        members = {each.sender for each in story}
        circumstances = replace(
            CIRCUMSTANCES, room_uri="mimi://example.com/r/engineering_team", members=members, room_created=None
        )

        def after(timeline: Timeline, *arrivals: Arrival) -> Timeline:
            for each in arrivals:
                timeline, outcome = receive(timeline, each, circumstances)
                assert isinstance(outcome, Taken)
            return timeline

        timeline = after(Timeline(), *story)
        assert seen(timeline) == [
            "Hi everyone, we just shipped release 2.0. __Good  work__! +\N{HEAVY BLACK HEART}",
            "Right on! _Congratulations_ y'all! (edited)",
        ]
        timeline = after(timeline, arrival("unlike", begin + 9))
        assert seen(timeline)[0] == "Hi everyone, we just shipped release 2.0. __Good  work__!"
        assert seen(after(timeline, arrival("delete", begin + 10)))[1] == "Deleted"


class TestNonsense:
    """Mimi-content-08, section 9.1."""

    @exercises("CONTENT-9.1-01")
    def test_a_sender_is_a_member_and_names_itself(self, talk):
        _, outcomes = received(talk.says(STRANGER, "Hi"), replace(talk.says(ALICE, "Hi"), sender=BOB))
        assert [why(each) for each in outcomes] == [HandlingRule.MEMBER, HandlingRule.SENDER_URI]

    def test_a_message_of_another_room_is_not_taken(self, talk):
        _, outcome = receive(Timeline(), talk.says(ALICE, "Hi"), replace(CIRCUMSTANCES, room_uri=ROOM + "2"))
        assert why(outcome) is HandlingRule.ROOM_URI

    def test_a_message_need_not_name_anybody(self, talk):
        plain = talk.says(ALICE, "Hi")
        timeline, _ = received(replace(plain, content=replace(plain.content, mimi_extensions={})))
        assert seen(timeline) == ["Hi"]

    @exercises("CONTENT-9.1-02")
    def test_a_message_counts_once(self, talk):
        hello = talk.says(ALICE, "Hello")
        once, _ = received(hello)
        twice, outcomes = received(hello, timeline=once)
        assert (why(outcomes[0]), twice) == (HandlingRule.NEW_ID, once)

    def test_who_copies_a_message_cannot_keep_the_original_out(self, talk):
        hello = talk.says(ALICE, "Hello")
        timeline, outcomes = received(replace(hello, sender=BOB), hello)
        assert why(outcomes[0]) is HandlingRule.SENDER_URI
        assert seen(timeline) == ["Hello"]

    @exercises("CONTENT-9.1-03")
    @pytest.mark.parametrize("field", ["replaces", "in_reply_to"])
    def test_ids_of_unknown_hash_functions_name_nothing(self, talk, field):
        unknown = MessageId(b"\x02" + bytes(31))
        hello = talk.says(ALICE, "Hello")
        _, outcomes = received(replace(hello, message_id=unknown), talk.says(ALICE, "Hello", **{field: unknown}))
        assert [why(each) for each in outcomes] == [MessageIdRule.HASH_KNOWN] * 2

    @exercises("CONTENT-9.1-04")
    @pytest.mark.parametrize(
        ("accepted_timestamp", "rule"),
        [
            (NOW + 300_001, HandlingRule.NOT_IN_FUTURE),
            (FIRST_FORMAT - 1, HandlingRule.AFTER_FORMAT),
            (START - 2, HandlingRule.AFTER_ROOM),
        ],
    )
    def test_a_message_has_a_time_at_which_it_can_have_been_sent(self, talk, accepted_timestamp, rule):
        hello = talk.says(ALICE, "Hello", {"accepted_timestamp": accepted_timestamp})
        assert why(received(hello)[1][0]) is rule

    @exercises("CONTENT-9.1-04")
    @pytest.mark.parametrize("accepted_timestamp", [NOW + 300_000, START - 1])
    def test_clocks_differ_by_minutes(self, talk, accepted_timestamp):
        hello = talk.says(ALICE, "Hello", {"accepted_timestamp": accepted_timestamp})
        assert seen(received(hello)[0]) == ["Hello"]

    @exercises("CONTENT-9.1-04")
    def test_a_message_can_be_as_old_as_the_format_where_nobody_knows_how_old_the_room_is(self, talk):
        first = talk.says(ALICE, "First!", {"accepted_timestamp": FIRST_FORMAT})
        _, outcome = receive(Timeline(), first, replace(CIRCUMSTANCES, room_created=None))
        assert outcome == Taken(first.message_id)

    @exercises("CONTENT-9.1-06")
    @pytest.mark.parametrize(
        ("expires", "rule"),
        [
            (AbsoluteExpiration(NOW // 1000 - YEAR - 1), HandlingRule.EXPIRY_NOT_PAST),
            (AbsoluteExpiration(NOW // 1000 + YEAR + 1), HandlingRule.EXPIRY_NOT_FAR),
            (RelativeExpiration(YEAR + 1), HandlingRule.EXPIRY_NOT_FAR),
        ],
    )
    def test_a_message_expires_within_a_year(self, talk, expires, rule):
        assert why(received(talk.says(ALICE, "Hello", expires=expires))[1][0]) is rule

    @exercises("CONTENT-9.1-06")
    @pytest.mark.parametrize(
        "expires",
        [AbsoluteExpiration(NOW // 1000 - YEAR), AbsoluteExpiration(NOW // 1000 + YEAR), RelativeExpiration(YEAR)],
    )
    def test_a_year_is_not_too_long(self, talk, expires):
        assert isinstance(received(talk.says(ALICE, "Hello", expires=expires))[1][0], Taken)

    @exercises("CONTENT-4.4-02")
    def test_only_what_replaces_something_has_no_body(self, talk):
        nothing = talk.sent(ALICE, MimiContent(bytes(16), NullPart()))
        assert why(received(nothing)[1][0]) is ConversationRule.SOMETHING_SAID

    def test_a_message_that_is_nonsense_changes_nothing(self, talk):
        before, _ = received(talk.says(ALICE, "Hello"))
        assert received(talk.says(STRANGER, "Hi"), timeline=before)[0] == before

    @exercises("CONTENT-9.1-09", "CONTENT-9.1-10")
    def test_unknown_dispositions_content_types_and_languages_are_no_nonsense(self, talk):
        part = SinglePart("application/x-own", b"\0\1", Disposition(77), "x-klingon")
        timeline, outcomes = received(talk.sent(ALICE, MimiContent(bytes(16), part)))
        assert isinstance(outcomes[0], Taken)
        assert len(timeline.messages(NOW)) == 1


class TestReplyLoops:
    """A loop needs ids that no honest hash gives, so these messages have made-up ones."""

    def named(self, talk: Talk, name: int, to: int | None, **fields) -> Arrival:
        arrival = talk.says(ALICE, str(name), in_reply_to=None if to is None else self.id_of(to), **fields)
        return replace(arrival, message_id=self.id_of(name))

    def id_of(self, name: int) -> MessageId:
        return MessageId(b"\x01" + bytes([name]) * 31)

    @exercises("CONTENT-4.1-12")
    @pytest.mark.parametrize("length", [1, 2, 3, 7])
    def test_the_message_that_closes_a_loop_is_discarded(self, talk, length):
        chain = [self.named(talk, name, (name + 1) % length) for name in range(length)]
        timeline, outcomes = received(*chain)
        assert [isinstance(each, Taken) for each in outcomes] == [True] * (length - 1) + [False]
        assert why(outcomes[-1]) is ConversationRule.NO_LOOP
        assert seen(timeline) == [str(name) for name in range(length - 1)]

    @exercises("CONTENT-4.1-12")
    def test_a_chain_without_a_loop_may_be_long_and_end_in_the_unknown(self, talk):
        chain = [self.named(talk, name, name + 1) for name in range(200)]
        _, outcomes = received(*reversed(chain))
        assert all(isinstance(each, Taken) for each in outcomes)

    @exercises("CONTENT-4.1-12")
    def test_a_version_that_closes_a_loop_is_discarded(self, talk):
        one, two = self.named(talk, 1, 3), self.named(talk, 2, 1)
        third = replace(self.named(talk, 3, 1, replaces=self.id_of(2)))
        timeline, outcomes = received(one, two, third)
        assert why(outcomes[-1]) is ConversationRule.NO_LOOP
        assert seen(timeline) == ["1", "2"]


class TestWhoMayChangeWhat:
    """Mimi-content-08, section 9.3."""

    @exercises("CONTENT-9.3-02")
    @pytest.mark.parametrize("of_arrival", [{}, {"capabilities": MODERATOR}], ids=["anybody", "a moderator"])
    def test_nobody_changes_what_others_say(self, talk, of_arrival):
        hello = talk.says(ALICE, "Hello")
        timeline, outcomes = received(hello, talk.edits(BOB, hello, "I quit", of_arrival))
        assert why(outcomes[-1]) is ConversationRule.ORIGINAL_SENDER
        assert seen(timeline) == ["Hello"]

    @exercises("CONTENT-9.3-02", "POLICY-8.3-12", "POLICY-8.3-09")
    def test_others_delete_only_what_their_role_lets_them(self, talk):
        hello = talk.says(ALICE, "Hello")
        heart = talk.reacts(ALICE, hello, "<3")
        timeline, outcomes = received(hello, heart, talk.deletes(BOB, hello), talk.deletes(BOB, heart))
        assert [why(each) for each in outcomes[2:]] == [ConversationRule.CAPABILITY] * 2
        assert seen(timeline) == ["Hello +<3"]
        timeline, _ = received(talk.deletes(MONA, heart), timeline=timeline)
        assert seen(timeline) == ["Hello"]
        timeline, _ = received(talk.deletes(MONA, hello), timeline=timeline)
        assert seen(timeline) == ["Deleted"]

    @exercises("POLICY-8.3-12")
    def test_a_moderator_deletes_in_its_own_name(self, talk):
        hello = talk.says(ALICE, "Hello")
        how = {"sender": MONA, "accepted_timestamp": NOW, "capabilities": MODERATOR}
        in_alices_name = delete(hello.content, hello.message_id, salt=b"m" * 16)
        in_its_own = sent_by(in_alices_name, Uris(MONA, ROOM))
        arrivals = [Arrival(message_id(content), content, **how) for content in (in_alices_name, in_its_own)]
        timeline, outcomes = received(hello, *arrivals)
        assert why(outcomes[1]) is HandlingRule.SENDER_URI
        assert seen(timeline) == ["Deleted"]

    @exercises("CONTENT-9.3-03")
    @pytest.mark.parametrize(
        ("fields", "place"),
        [
            ({"in_reply_to": MessageId(b"\x01" * 32)}, "inReplyTo"),
            ({"expires": AbsoluteExpiration(NOW // 1000 + 60)}, "expires"),
            ({"mimi_extensions": {-1: "more"}}, "mimiExtensions"),
        ],
    )
    def test_even_the_sender_changes_only_the_body(self, talk, fields, place):
        hello = talk.says(ALICE, "Hello")
        timeline, outcomes = received(hello, talk.edits(ALICE, hello, "Bye", **fields))
        assert isinstance(outcomes[-1], Discarded)
        assert (outcomes[-1].error.rule, outcomes[-1].error.place) == (ConversationRule.ONLY_BODY, place)
        assert seen(timeline) == ["Hello"]

    @exercises("CONTENT-9.3-03")
    def test_a_message_does_not_become_a_reaction_nor_the_other_way_round(self, talk):
        hello = talk.says(ALICE, "Hello")
        reply, heart = talk.replies(BOB, hello, "Hi"), talk.reacts(BOB, hello, "<3")
        as_reaction = replace(reply.content.nested_part, disposition=Disposition.reaction)
        as_message = replace(heart.content.nested_part, disposition=Disposition.render)
        _, outcomes = received(
            hello,
            reply,
            heart,
            talk.edits(BOB, reply, "Hi", nested_part=as_reaction),
            talk.edits(BOB, heart, "<3", nested_part=as_message),
        )
        assert [why(each) for each in outcomes[3:]] == [ConversationRule.SAME_KIND] * 2

    def test_what_is_deleted_stays_deleted(self, talk):
        hello = talk.says(ALICE, "Hello")
        gone = talk.deletes(ALICE, hello)
        timeline, outcomes = received(
            hello,
            gone,
            talk.edits(ALICE, hello, "Hello again"),
            talk.edits(ALICE, gone, "Hello again"),
            talk.deletes(MONA, hello),
        )
        assert [why(each) for each in outcomes[2:]] == [ConversationRule.NOT_DELETED] * 3
        assert seen(timeline) == ["Deleted"]

    @exercises("CONTENT-9.3-03", "POLICY-8.3-15", "POLICY-8.3-16")
    def test_a_topic_changes_by_whose_role_allows_it_and_the_words_stay(self, talk):
        hello = talk.says(ALICE, "Hello", topic_id=b"lunch")
        fixed = talk.edits(ALICE, hello, "Hello!")
        moved = talk.edits(MONA, hello, "Hello", topic_id=b"dinner")
        timeline, outcomes = received(
            hello,
            talk.edits(ALICE, hello, "Hello", topic_id=b"breakfast"),
            talk.edits(BOB, hello, "Hello", topic_id=b"breakfast"),
            fixed,
            moved,
        )
        assert [why(each) for each in outcomes[1:3]] == [ConversationRule.CAPABILITY] * 2
        assert seen(timeline) == ["Hello! (edited)"], "the moderator had not seen the last version"
        assert [*timeline.topics(NOW)] == [b"dinner"]
        timeline, _ = received(talk.edits(ALICE, hello, "Hello!!"), timeline=timeline)
        assert (seen(timeline), [*timeline.topics(NOW)]) == (["Hello!! (edited)"], [b"dinner"])
        own_topic = {"capabilities": WITHOUT_ROLES | {CapabilityType.can_edit_own_topic}}
        timeline, _ = received(talk.edits(ALICE, hello, "Hello!!", own_topic, topic_id=b"tea"), timeline=timeline)
        assert [*timeline.topics(NOW)] == [b"tea"]

    @exercises("POLICY-8.3-10", "POLICY-8.3-15")
    def test_words_and_topic_take_a_capability_each(self, talk):
        hello = talk.says(ALICE, "Hello", topic_id=b"lunch")
        topic_only = {CapabilityType.can_edit_own_topic}
        both = talk.edits(ALICE, hello, "Bye", {"capabilities": topic_only}, topic_id=b"tea")
        neither = talk.edits(ALICE, hello, "Hello", {"capabilities": topic_only})
        topic = talk.edits(ALICE, hello, "Hello", {"capabilities": topic_only}, topic_id=b"tea")
        _, outcomes = received(hello, both, neither, topic)
        for refused in outcomes[1:3]:
            assert isinstance(refused, Discarded)
            assert refused.error.value is CapabilityType.can_edit_own_message
        assert outcomes[3] == Taken(hello.message_id)

    @exercises("CONTENT-9.3-02")
    def test_who_may_move_messages_may_not_put_words_into_them(self, talk):
        hello = talk.says(ALICE, "Hello", topic_id=b"lunch")
        _, outcomes = received(hello, talk.edits(MONA, hello, "I quit", topic_id=b"dinner"))
        assert why(outcomes[-1]) is ConversationRule.ORIGINAL_SENDER


class TestRoles:
    """Mimi-room-policy-03, section 8.3: what takes a capability, and is discarded without it."""

    @exercises(
        "POLICY-8.3-05",
        "POLICY-8.3-06",
        "POLICY-8.3-07",
        "POLICY-8.3-08",
        "POLICY-8.3-10",
        "POLICY-8.3-11",
        "POLICY-8.3-13",
        "POLICY-8.3-14",
        "POLICY-8.3-21",
    )
    @pytest.mark.parametrize(
        ("capability", "act"),
        [
            (CapabilityType.can_reply_to_message, lambda talk, hello, own, how: talk.replies(BOB, hello, "Hi", how)),
            (CapabilityType.can_react_to_message, lambda talk, hello, own, how: talk.reacts(BOB, hello, "<3", how)),
            (CapabilityType.can_edit_reaction, lambda talk, hello, own, how: talk.edits(BOB, own[1], "</3", how)),
            (CapabilityType.can_delete_own_reaction, lambda talk, hello, own, how: talk.deletes(BOB, own[1], how)),
            (CapabilityType.can_edit_own_message, lambda talk, hello, own, how: talk.edits(BOB, own[0], "Bye", how)),
            (CapabilityType.can_delete_own_message, lambda talk, hello, own, how: talk.deletes(BOB, own[0], how)),
            (
                CapabilityType.can_start_topic,
                lambda talk, hello, own, how: talk.says(BOB, "Tea?", how, topic_id=b"tea"),
            ),
            (
                CapabilityType.can_start_topic,
                lambda talk, hello, own, how: talk.replies(BOB, hello, "Tea?", how, topic_id=b"tea"),
            ),
            (
                CapabilityType.can_reply_in_topic,
                lambda talk, hello, own, how: talk.replies(BOB, hello, "Yes", how, topic_id=b"lunch"),
            ),
        ],
    )
    def test_a_message_takes_the_capability_that_the_draft_names(self, talk, capability, act):
        hello = talk.says(ALICE, "Lunch?", topic_id=b"lunch")
        own = talk.says(BOB, "I don't know"), talk.reacts(BOB, hello, "?")
        before, _ = received(hello, *own)
        without = act(talk, hello, own, {"capabilities": WITHOUT_ROLES - {capability}})
        _, (outcome,) = received(without, timeline=before)
        assert isinstance(outcome, Discarded)
        assert (outcome.error.rule, outcome.error.value) == (ConversationRule.CAPABILITY, capability)
        _, (outcome,) = received(act(talk, hello, own, {}), timeline=before)
        assert isinstance(outcome, Taken)

    @exercises("POLICY-8.3-13", "POLICY-8.3-14")
    def test_a_reply_to_something_unknown_may_be_in_its_topic_or_begin_one(self, talk):
        hello = talk.says(ALICE, "Lunch?", topic_id=b"lunch")
        topical = {CapabilityType.can_start_topic, CapabilityType.can_reply_in_topic}
        for allowed in topical:
            how = {"capabilities": WITHOUT_ROLES - topical | {allowed}}
            assert isinstance(received(talk.replies(BOB, hello, "Yes", how, topic_id=b"lunch"))[1][0], Taken)
        neither = talk.replies(BOB, hello, "Yes", {"capabilities": WITHOUT_ROLES - topical}, topic_id=b"lunch")
        assert why(received(neither)[1][0]) is ConversationRule.CAPABILITY


class TestOutOfOrder:
    @exercises("CONTENT-9.1-08")
    def test_what_changes_an_unknown_message_waits_for_it(self, talk):
        hello = talk.says(ALICE, "Hello")
        version, gone = talk.edits(ALICE, hello, "Hello!"), talk.deletes(MONA, hello)
        timeline, outcomes = received(version, gone)
        assert outcomes == [Waiting(hello.message_id)] * 2
        timeline, outcomes = received(hello, timeline=timeline)
        assert outcomes == [Taken(hello.message_id)]
        assert seen(timeline) == ["Deleted"]

    @exercises("CONTENT-9.1-08", "CONTENT-5.5-01")
    def test_versions_of_a_message_from_before_one_s_membership_stand_in_for_it(self, talk):
        hello = talk.says(ALICE, "Hello")
        first, second = talk.edits(ALICE, hello, "Hello!"), talk.edits(ALICE, hello, "Hello!!")
        timeline, _ = received(first, second)
        assert seen(timeline) == ["Hello!! (edited)"]
        timeline, _ = received(talk.deletes(BOB, hello), timeline=timeline)
        assert seen(timeline) == ["Hello!! (edited)"]
        timeline, _ = received(talk.deletes(ALICE, hello), talk.edits(ALICE, hello, "Hello?"), timeline=timeline)
        assert seen(timeline) == []

    @exercises("CONTENT-9.3-02", "CONTENT-9.1-08")
    def test_a_forged_version_that_comes_first_is_not_taken_for_the_message(self, talk):
        hello = talk.says(ALICE, "Hello")
        forged = talk.edits(BOB, hello, "I quit")
        timeline, _ = received(forged)
        assert [(entry.first.sender, seen(timeline)) for entry in timeline.messages(NOW)] == [
            (BOB, ["I quit (edited)"])
        ]
        timeline, _ = received(hello, timeline=timeline)
        assert seen(timeline) == ["Hello"]
        assert timeline.conversation.discarded[forged.message_id].rule is ConversationRule.ORIGINAL_SENDER

    def test_a_message_that_the_hub_accepted_after_its_versions_gets_them_all_the_same(self, talk):
        hello = talk.says(ALICE, "Hello", {"accepted_timestamp": START + 500_000})
        version, forged = talk.edits(ALICE, hello, "Hello!"), talk.edits(BOB, hello, "I quit")
        timeline, outcomes = received(version, forged, hello)
        assert outcomes == [Waiting(hello.message_id)] * 2 + [Taken(hello.message_id)]
        assert seen(timeline) == ["Hello! (edited)"]
        assert [*timeline.conversation.waiting] == []
        assert timeline.conversation.discarded[forged.message_id].rule is ConversationRule.ORIGINAL_SENDER

    def test_a_long_chain_of_versions_can_come_before_its_message(self, talk):
        hello = talk.says(ALICE, "Hello", {"accepted_timestamp": START + 900_000})
        versions = [talk.edits(ALICE, hello, "1")]
        for number in range(2, 600):
            versions.append(talk.edits(ALICE, hello, str(number), replaces=versions[-1].message_id))
        timeline, outcomes = received(*versions, hello)
        assert outcomes[-1] == Taken(hello.message_id)
        assert seen(timeline) == ["599 (edited)"]

    def test_words_that_a_moderator_may_only_repeat_are_not_shown_as_its_own(self, talk):
        hello = talk.says(ALICE, "Hello")
        timeline, _ = received(talk.edits(MONA, hello, "Hello", topic_id=b"greetings"))
        assert seen(timeline) == []
        timeline, _ = received(hello, timeline=timeline)
        assert [*timeline.topics(NOW)] == [b"greetings"]

    @exercises("CONTENT-4.2-01")
    def test_a_message_that_comes_late_counts_from_when_the_hub_accepted_it(self, talk):
        hello = talk.says(ALICE, "Hello")
        first, gone, last = talk.edits(ALICE, hello, "1"), talk.deletes(ALICE, hello), talk.edits(ALICE, hello, "2")
        timeline, outcomes = received(hello, last, first)
        assert seen(timeline) == ["2 (edited)"]
        timeline, _ = received(gone, timeline=timeline)
        assert isinstance(outcomes[1], Taken)
        assert timeline.conversation.discarded[last.message_id].rule is ConversationRule.NOT_DELETED

    @exercises("CONTENT-9.1-08")
    def test_a_reply_to_something_unknown_is_a_message(self, talk):
        hello = talk.says(ALICE, "Hello")
        assert seen(received(talk.replies(BOB, hello, "Hi"))[0]) == ["Hi"]


class TestExpiry:
    @exercises("CONTENT-4.1-09", "CONTENT-5.8-01")
    def test_an_absolute_expiry_comes_whether_the_message_was_read_or_not(self, talk):
        timeline, _ = received(talk.says(ALICE, "Quick", expires=AbsoluteExpiration(NOW // 1000)))
        assert seen(timeline, now=NOW - 1) == ["Quick"]
        assert seen(timeline, now=NOW) == []

    @exercises("CONTENT-4.1-09")
    def test_a_relative_expiry_begins_when_the_message_is_read_first(self, talk):
        secret = talk.says(ALICE, "Quick", expires=RelativeExpiration(10))
        timeline, _ = received(secret)
        assert seen(timeline, now=NOW + 10**9) == ["Quick"]
        timeline = mark_read(timeline, secret.message_id, NOW)
        timeline = mark_read(timeline, secret.message_id, NOW + 5000)
        assert seen(timeline, now=NOW + 9999) == ["Quick"]
        assert seen(timeline, now=NOW + 10_000) == []

    @exercises("CONTENT-4.1-09")
    def test_a_relative_expiry_of_zero_comes_with_the_reading(self, talk):
        secret = talk.says(ALICE, "Quick", expires=RelativeExpiration(0))
        timeline, _ = received(secret)
        assert seen(timeline) == ["Quick"]
        assert seen(mark_read(timeline, secret.message_id, NOW), now=NOW) == []

    def test_reading_a_version_is_reading_the_message(self, talk):
        secret = talk.says(ALICE, "Quick", expires=RelativeExpiration(10))
        version = talk.edits(ALICE, secret, "Quicker")
        timeline, _ = received(secret, version)
        assert seen(mark_read(timeline, version.message_id, NOW), now=NOW + 10_000) == []

    def test_a_reaction_can_expire(self, talk):
        hello = talk.says(ALICE, "Hello")
        timeline, _ = received(hello, talk.reacts(BOB, hello, "<3", expires=AbsoluteExpiration(NOW // 1000)))
        assert seen(timeline, now=NOW - 1) == ["Hello +<3"]
        assert seen(timeline, now=NOW) == ["Hello"]

    @exercises("CONTENT-5.8-01", "CONTENT-5.6-01")
    def test_what_has_expired_or_was_deleted_can_be_forgotten_for_good(self, talk):
        secret = talk.says(ALICE, "XYZZY", expires=AbsoluteExpiration(NOW // 1000))
        version, answer = talk.edits(ALICE, secret, "XYZZY!"), talk.replies(BOB, secret, "Done")
        oops = talk.says(BOB, "PLUGH")
        before, _ = received(secret, version, answer, oops, talk.deletes(MONA, oops))
        after = forget(before, NOW)
        assert "XYZZY" in repr(before)
        assert "XYZZY" not in repr(after)
        assert "PLUGH" not in repr(after)
        assert seen(after) == seen(before, NOW) == ["Done", "Deleted"]
        entry = after.conversation.entry(version.message_id)
        assert entry is not None
        assert after.state(entry, NOW) == Expired()

    def test_what_was_forgotten_is_not_taken_again_nor_brought_back(self, talk):
        secret = talk.says(ALICE, "Quick", expires=AbsoluteExpiration(NOW // 1000))
        timeline, _ = received(secret)
        timeline = forget(timeline, NOW)
        late = talk.says(BOB, "Hello", {"accepted_timestamp": START})
        timeline, outcomes = received(secret, talk.edits(ALICE, secret, "Again"), late, timeline=timeline)
        assert why(outcomes[0]) is HandlingRule.NEW_ID
        assert seen(timeline, now=0) == ["Hello"], "whatever the clock says"

    def test_what_was_refused_is_forgotten_with_what_it_was_to_change(self, talk):
        oops = talk.says(ALICE, "Oops")
        refused = talk.edits(BOB, oops, "XYZZY"), talk.edits(ALICE, oops, "PLUGH")
        timeline, _ = received(oops, refused[0], talk.deletes(ALICE, oops), refused[1])
        assert "XYZZY" in repr(timeline)
        assert "XYZZY" not in repr(forget(timeline, NOW))
        assert "PLUGH" not in repr(forget(timeline, NOW))

    @exercises("POLICY-8.3-14")
    def test_what_was_forgotten_still_decides_what_others_may(self, talk):
        lunch = talk.says(ALICE, "Lunch?", topic_id=b"lunch", expires=AbsoluteExpiration(NOW // 1000))
        only_there = {"capabilities": WITHOUT_ROLES - {CapabilityType.can_start_topic}}
        timeline, _ = received(lunch, talk.edits(MONA, lunch, "Lunch?", topic_id=b"dinner"))
        timeline = forget(timeline, NOW)
        yes = talk.replies(BOB, lunch, "Yes", only_there, topic_id=b"dinner")
        timeline, outcomes = received(yes, timeline=timeline)
        assert isinstance(outcomes[0], Taken)

    def test_versions_without_their_message_can_be_forgotten(self, talk):
        secret = talk.says(ALICE, "Quick", expires=AbsoluteExpiration(NOW // 1000))
        timeline, _ = received(talk.edits(ALICE, secret, "XYZZY"))
        assert "XYZZY" not in repr(forget(timeline, NOW))

    def test_nothing_is_forgotten_that_is_still_there(self, talk):
        timeline, _ = received(talk.says(ALICE, "Hello"))
        assert forget(timeline, NOW) == timeline


class TestStatusReports:
    REPORT = MessageStatusReport((PerMessageStatus(MessageId(b"\x01" * 32), MessageStatus.read),))

    @exercises("STATUS-3-01")
    def test_a_status_report_is_handed_on_and_shown_nowhere(self, talk):
        report = talk.sent(BOB, MimiContent(bytes(16), as_part(self.REPORT)))
        timeline, outcomes = received(report, report)
        assert outcomes[0] == Reported(self.REPORT)
        assert why(outcomes[1]) is HandlingRule.NEW_ID
        assert seen(timeline) == []

    def test_a_broken_report_is_discarded(self, talk):
        part = SinglePart("application/mimi-message-status", b"\x00")
        _, outcomes = received(talk.sent(BOB, MimiContent(bytes(16), part)))
        assert why(outcomes[0]) is ReportRule.ARRAY


def test_a_discarded_message_says_why_in_a_sentence(talk):
    hello = talk.says(ALICE, "Hello")
    _, outcomes = received(hello, talk.edits(BOB, hello, "I quit"), replace(hello, message_id=MessageId(bytes(32))))
    first, second = outcomes[1:]
    assert isinstance(first, Discarded)
    assert isinstance(second, Discarded)
    assert str(first.error) == (
        f"Only the original sender of a message changes what it says. (mimi-content-08, section 9.3) Found: {BOB!r}"
    )
    assert (type(first.error), type(second.error)) == (TimelineError, ContentError)
