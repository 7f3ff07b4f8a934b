"""What is reported, and what becomes of it: the room's policy, and the status per message and reporter."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.content.message import MessageId
from mimi_conformance.reference.content.status.policy import optionality, report_of
from mimi_conformance.reference.content.status.record import StatusRecord, StatusRule, may_follow, record
from mimi_conformance.reference.content.status.report import MessageStatus, MessageStatusReport, PerMessageStatus
from mimi_conformance.reference.wire.room_policy.base import Optionality
from mimi_conformance.reference.wire.room_policy.messages import StatusNotificationPolicy
from tests.exercised import exercises

FIRST, SECOND, ELSEWHERE = (MessageId(bytes([1, number] * 16)) for number in range(3))
BOB, CATHY = "mimi://b.example/u/bob", "mimi://c.example/u/cathy"
ROOM = {FIRST, SECOND}
NAMED = [*MessageStatus]
UNKNOWN = MessageStatus(200)

statuses = st.sampled_from([*NAMED, UNKNOWN])


def reported(*pairs: tuple[MessageId, MessageStatus]) -> MessageStatusReport:
    return MessageStatusReport(tuple(PerMessageStatus(*pair) for pair in pairs))


def taken(*of_bob: MessageStatus) -> MessageStatus | None:
    """What Bob's first message is after he has reported this of it, one report after the other."""
    known = StatusRecord()
    for status in of_bob:
        known, _ = record(known, BOB, reported((FIRST, status)), messages=ROOM)
    return known.of(FIRST).get(BOB)


class TestTheRecord:
    @exercises("STATUS-3-02")
    def test_each_reporter_has_a_status_of_its_own_for_each_message(self):
        known, ignored = record(
            StatusRecord(),
            BOB,
            reported((FIRST, MessageStatus.read), (SECOND, MessageStatus.delivered)),
            messages=ROOM,
        )
        known, also_ignored = record(known, CATHY, reported((FIRST, MessageStatus.hidden)), messages=ROOM)
        assert known.of(FIRST) == {BOB: MessageStatus.read, CATHY: MessageStatus.hidden}
        assert known.of(SECOND) == {BOB: MessageStatus.delivered}
        assert known.of(ELSEWHERE) == {}
        assert (ignored, also_ignored) == ((), ())

    @exercises("STATUS-3-02")
    def test_what_is_said_of_messages_of_other_rooms_counts_for_nothing(self):
        report = reported((ELSEWHERE, MessageStatus.read), (FIRST, MessageStatus.read))
        known, ignored = record(StatusRecord(), BOB, report, messages=ROOM)
        assert known.by_message == {FIRST: {BOB: MessageStatus.read}}
        assert [(each.entry, each.rule) for each in ignored] == [(report.statuses[0], StatusRule.SAME_ROOM)]

    @exercises("STATUS-3-03")
    def test_a_message_goes_from_delivered_to_read_and_unread_and_expired_as_the_draft_says(self):
        story = (MessageStatus.delivered, MessageStatus.read, MessageStatus.unread, MessageStatus.expired)
        assert taken(*story) is MessageStatus.expired
        assert all(may_follow(*step) for step in pairwise(story))

    @exercises("STATUS-3-03")
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (MessageStatus.deleted, MessageStatus.delivered),
            (MessageStatus.deleted, MessageStatus.expired),
            (MessageStatus.expired, MessageStatus.read),
            (MessageStatus.read, MessageStatus.delivered),
            (MessageStatus.unread, MessageStatus.delivered),
            (MessageStatus.delivered, MessageStatus.error),
        ],
    )
    def test_a_step_back_is_ignored_and_the_reason_given(self, old, new):
        known, _ = record(StatusRecord(), BOB, reported((FIRST, old)), messages=ROOM)
        after, ignored = record(known, BOB, reported((FIRST, new)), messages=ROOM)
        assert after == known
        assert [each.rule for each in ignored] == [StatusRule.STEP]

    @exercises("STATUS-3-03", "STATUS-4-02")
    @pytest.mark.parametrize(
        ("old", "new"),
        [
            (MessageStatus.error, MessageStatus.delivered),
            (MessageStatus.hidden, MessageStatus.unread),
            (MessageStatus.expired, MessageStatus.deleted),
            (MessageStatus.read, UNKNOWN),
            (UNKNOWN, MessageStatus.read),
        ],
    )
    def test_a_step_that_means_something_counts(self, old, new):
        assert taken(old, new) == new

    @given(st.lists(statuses, min_size=1), st.sampled_from([MessageStatus.deleted]))
    def test_what_is_deleted_stays_deleted(self, later, deleted):
        assert taken(deleted, *later) is deleted

    @exercises("STATUS-4-01")
    def test_of_two_entries_about_one_message_the_later_counts_and_an_empty_report_does_nothing(self):
        report = reported((FIRST, MessageStatus.read), (FIRST, MessageStatus.unread))
        known, ignored = record(StatusRecord(), BOB, report, messages=ROOM)
        assert (known.of(FIRST), ignored) == ({BOB: MessageStatus.unread}, ())
        assert record(known, BOB, reported(), messages=ROOM) == (known, ())

    @given(st.lists(st.tuples(st.sampled_from([FIRST, SECOND, ELSEWHERE]), statuses)))
    def test_one_report_is_as_good_as_many(self, pairs):
        at_once, _ = record(StatusRecord(), BOB, reported(*pairs), messages=ROOM)
        known = StatusRecord()
        for pair in pairs:
            known, _ = record(known, BOB, reported(pair), messages=ROOM)
        assert known == at_once


DELIVERY = {MessageStatus.delivered, MessageStatus.error}
policies = st.builds(StatusNotificationPolicy, st.sampled_from([*Optionality]), st.sampled_from([*Optionality]))
changes = st.lists(st.builds(PerMessageStatus, st.sampled_from([FIRST, SECOND]), statuses))


def sent(policy: StatusNotificationPolicy | None, *, shared: bool, of=tuple(NAMED)) -> set[MessageStatus]:
    """Which of the statuses a client sends whose user shares all or nothing."""
    report = report_of([PerMessageStatus(FIRST, status) for status in of], policy, lambda _: shared)
    return set() if report is None else {entry.status for entry in report.statuses}


class TestThePolicy:
    @exercises("STATUS-3-12", "STATUS-6-01", "POLICY-6.1-03", "POLICY-6.1-04")
    def test_what_a_room_requires_is_sent_whatever_the_user_shares(self):
        policy = StatusNotificationPolicy(Optionality.required, Optionality.required)
        assert sent(policy, shared=False) == {MessageStatus.delivered, MessageStatus.read}
        assert sent(policy, shared=True) == set(NAMED)

    @exercises("STATUS-3-12", "STATUS-6-02", "POLICY-6.1-05")
    @pytest.mark.parametrize("policy", [None, StatusNotificationPolicy(Optionality.optional, Optionality.optional)])
    def test_what_a_room_leaves_open_is_sent_as_the_user_wants(self, policy):
        assert sent(policy, shared=False) == set()
        assert sent(policy, shared=True) == set(NAMED)

    @exercises("STATUS-6-02", "POLICY-6.1-05")
    def test_a_user_can_share_some_statuses_and_not_others(self):
        everything = [PerMessageStatus(FIRST, status) for status in NAMED]
        report = report_of(everything, None, lambda status: status is MessageStatus.read)
        assert report == reported((FIRST, MessageStatus.read))

    @exercises("STATUS-3-12", "STATUS-6-03", "POLICY-6.1-03", "POLICY-6.1-04")
    def test_what_a_room_forbids_is_not_sent_however_much_the_user_shares(self):
        assert sent(StatusNotificationPolicy(Optionality.forbidden, Optionality.forbidden), shared=True) == set()
        assert sent(StatusNotificationPolicy(Optionality.optional, Optionality.forbidden), shared=True) == DELIVERY
        without_delivery = StatusNotificationPolicy(Optionality.forbidden, Optionality.required)
        assert sent(without_delivery, shared=True) == {*NAMED} - DELIVERY

    @given(changes, policies, st.booleans())
    def test_a_report_holds_no_more_than_what_became_of_the_messages_and_is_never_empty(self, become, policy, shared):
        report = report_of(become, policy, lambda _: shared)
        if report is None:
            assert all(
                optionality(change.status, policy) is Optionality.forbidden
                or (optionality(change.status, policy) is Optionality.optional and not shared)
                for change in become
            )
            return
        rest = iter(become)
        assert report.statuses
        assert all(entry in rest for entry in report.statuses)

    @exercises("STATUS-6-03")
    @given(changes, policies)
    def test_what_is_sent_is_taken_and_what_is_forbidden_is_not(self, become, policy):
        report = report_of(become, policy, lambda _: True)
        if report is not None:
            _, ignored = record(StatusRecord(), BOB, report, messages=ROOM, policy=policy)
            assert all(each.rule is StatusRule.STEP for each in ignored)
        known, ignored = record(StatusRecord(), BOB, MessageStatusReport(tuple(become)), messages=ROOM, policy=policy)
        forbidden = [each for each in become if optionality(each.status, policy) is Optionality.forbidden]
        assert [each.entry for each in ignored if each.rule is StatusRule.ALLOWED] == forbidden
        assert not any(
            optionality(status, policy) is Optionality.forbidden
            for each in known.by_message.values()
            for status in each.values()
        )
