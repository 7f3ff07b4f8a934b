"""When followers are notified, and what follows from their answers (PROTO 5.5, AMB-087, AMB-089)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Answer, Unanswered
from mimi_conformance.reference.provider.outbox import (
    DAY,
    SECOND,
    Delivered,
    Failures,
    GivenUp,
    Outbox,
    Retry,
    RetryPolicy,
    retry_after,
    verdict,
)
from tests.exercised import exercises
from tests.provider.outbox_examples import ACCEPTED, CLUBHOUSE, LIBRARY, body_of, lane

NOW = ACCEPTED + 5 * SECOND
POLICY = RetryPolicy(first=SECOND, longest=60 * SECOND, give_up=DAY, in_flight=2)


NO_FAILURES = Failures()
SUCCESS = Answer(201)


def judged(outcome, *, before=NO_FAILURES, chance=1.0, now=NOW):
    return verdict(body_of(lane(), b"1"), outcome, now, policy=POLICY, before=before, chance=chance)


def answer(status: int, after: str | None = None) -> Answer:
    return Answer(status, headers=() if after is None else (("retry-after", after),))


@exercises("PROTO-5.5-25")
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_success_is_success(status):
    assert judged(answer(status)) == Delivered()


@pytest.mark.parametrize("status", [301, 400, 403, 404, 413, 421])
def test_a_refusal_is_final_and_says_so(status):
    assert judged(answer(status)) == GivenUp(f"b.example refuses it with {status}.")


@exercises("PROTO-5.5-27")
@pytest.mark.parametrize("status", [500, 502, 504])
def test_an_error_that_may_be_this_rooms_holds_up_this_room_only(status):
    assert judged(answer(status)) == Retry(NOW + SECOND, None, f"b.example answers {status}.")


@pytest.mark.parametrize("outcome", [answer(429), answer(503), Unanswered("b.example answers 503.")])
def test_a_follower_that_is_not_well_is_left_alone_with_all_rooms(outcome):
    result = judged(outcome)
    assert (result.at, result.hold) == (NOW + SECOND, NOW + SECOND)


@exercises("PROTO-5.5-28")
@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("after", ["120", " 120 ", "Fri, 15 Jan 2027 08:02:05 GMT", "Friday, 15-Jan-27 08:02:05 GMT"])
def test_guidance_is_heeded_in_both_forms(status, after):
    result = judged(answer(status, after))
    assert (result.at, result.hold) == (NOW + 120 * SECOND, NOW + 120 * SECOND)


@pytest.mark.parametrize("after", ["", "-5", "soon", "1.5", "٣", "Fri, 99 Jan 2027 08:02:05 GMT", "9" * 400])
def test_guidance_that_makes_no_sense_makes_nobody_lose_patience(after):
    result = judged(answer(503, after))
    assert isinstance(result, GivenUp if after == "9" * 400 else Retry)


def test_two_guidances_are_none():
    headers = (("retry-after", "5"), ("retry-after", "7"))
    assert retry_after(Answer(503, headers=headers), NOW) is None


@exercises("PROTO-5.5-28")
def test_guidance_never_makes_the_hub_come_back_sooner_than_it_would():
    assert judged(answer(503, "0"), before=Failures(3, 3)).at == NOW + 8 * SECOND


def test_pauses_double_up_to_the_longest():
    pauses = [judged(answer(500), before=Failures(lane=failures)).at - NOW for failures in range(8)]
    assert pauses == [seconds * SECOND for seconds in (1, 2, 4, 8, 16, 32, 60, 60)]
    assert judged(answer(500), before=Failures(lane=10**6)).at == NOW + 60 * SECOND


def test_chance_spreads_a_pause_over_its_second_half():
    assert [judged(answer(500), chance=chance).at - NOW for chance in (0, 0.5, 1)] == [500, 750, 1000]


@pytest.mark.parametrize("outcome", [answer(500), answer(429), Unanswered("It is down.")])
def test_what_has_been_tried_for_too_long_is_given_up(outcome):
    assert isinstance(judged(outcome, now=ACCEPTED + DAY - SECOND), Retry)
    result = judged(outcome, now=ACCEPTED + DAY - SECOND + 1)
    assert isinstance(result, GivenUp)
    assert result.reason.startswith("It has been tried for too long. ")


def test_guidance_to_come_back_after_the_end_is_the_end():
    assert isinstance(judged(answer(503, str(2 * DAY))), GivenUp)


@given(
    status=st.integers(100, 599),
    after=st.none() | st.text(max_size=20),
    failures=st.integers(0, 50),
    chance=st.floats(0, 1),
)
def test_any_answer_has_a_consequence_and_no_retry_is_in_the_past(status, after, failures, chance):
    result = judged(answer(status, after), before=Failures(failures, failures), chance=chance)
    if isinstance(result, Retry):
        assert NOW < (result.hold or result.at) <= result.at


# Which lanes may send, and when.


class Box:
    """An outbox with a clock, in whose lanes there is always as much as the test says."""

    def __init__(self) -> None:
        self.outbox = Outbox(POLICY, lambda: 1.0)
        self.now = NOW

    def due(self, after: int = 0):
        self.now += after
        return self.outbox.due(self.now)

    def answer(self, where, outcome=SUCCESS, more=False):
        result = self.outbox.judge(body_of(where, b"1", accepted=self.now), outcome, self.now)
        self.outbox.finish(where, result, more=more or isinstance(result, Retry))


@pytest.fixture
def box():
    return Box()


ROOMS = [MimiUri.room("a.example", f"room{number}") for number in range(5)]


@exercises("PROTO-5.5-04")
def test_a_lane_sends_one_thing_at_a_time(box):
    box.outbox.wake(lane())
    assert box.due() == (lane(),)
    box.outbox.wake(lane())
    assert box.due() == ()
    box.answer(lane())
    assert box.due() == (lane(),)
    box.answer(lane())
    assert (box.due(), box.outbox.next_due()) == ((), None)


@exercises("PROTO-5.5-26")
def test_lanes_of_several_providers_go_side_by_side_and_of_one_up_to_its_limit(box):
    for room in ROOMS:
        for provider in ("b.example", "c.example"):
            box.outbox.wake(lane(provider, room))
    due = box.due()
    assert sorted(where.provider for where in due) == ["b.example"] * 2 + ["c.example"] * 2
    box.answer(due[0])
    assert [where.provider for where in box.due()] == [due[0].provider]


def test_lanes_of_a_provider_take_turns(box):
    for room in ROOMS[:3]:
        box.outbox.wake(lane(room=room))
    turns = list(box.due())
    for _ in range(4):
        box.answer(turns[-1], more=True)
        turns.extend(box.due())
    assert [ROOMS.index(where.room) for where in turns] == [0, 1, 2, 1, 2, 1]


def test_a_failing_room_waits_alone(box):
    box.outbox.wake(lane(room=CLUBHOUSE))
    box.outbox.wake(lane(room=LIBRARY))
    box.due()
    box.answer(lane(room=CLUBHOUSE), Answer(500))
    box.answer(lane(room=LIBRARY), more=True)
    assert box.due() == (lane(room=LIBRARY),)
    assert box.outbox.next_due() == box.now + SECOND
    assert box.due(after=SECOND - 1) == ()
    assert box.due(after=1) == (lane(room=CLUBHOUSE),)


def test_a_follower_that_is_down_is_asked_by_one_request_at_a_time_and_less_and_less_often(box):
    for room in ROOMS:
        box.outbox.wake(lane(room=room))
    for where in box.due():
        box.answer(where, Unanswered("It is down."))
    pauses = []
    for _ in range(4):
        pauses.append(box.outbox.next_due() - box.now)
        [probe] = box.due(after=pauses[-1])
        box.answer(probe, Unanswered("It is down."))
    assert pauses == [1 * SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND]
    [probe] = box.due(after=16 * SECOND)
    assert box.due() == ()
    box.answer(probe)
    assert len(box.due()) == POLICY.in_flight


def test_a_body_that_a_follower_chokes_on_does_not_stop_its_other_rooms(box):
    arrived = 0
    for room in ROOMS:
        box.outbox.wake(lane(room=room))
    for _ in range(300):
        for where in box.due(after=SECOND):
            good = where.room != ROOMS[0]
            box.answer(where, Answer(201) if good else Unanswered("It hangs up."), more=True)
            arrived += good
    assert arrived > 300


def test_nothing_new_goes_to_a_follower_that_wants_to_be_left_alone(box):
    box.outbox.wake(lane())
    box.due()
    box.answer(lane(), answer(429, "30"))
    box.outbox.wake(lane(room=LIBRARY))
    box.outbox.wake(lane("c.example"))
    assert box.due(after=29 * SECOND) == (lane("c.example"),)
    assert box.due(after=SECOND) == (lane(room=LIBRARY),)


def test_news_of_a_followers_whereabouts_end_the_pauses(box):
    box.outbox.wake(lane())
    box.due()
    box.answer(lane(), answer(503, "3000"))
    box.outbox.end_pauses()
    assert box.due() == (lane(),)


class OutboxMachine(RuleBasedStateMachine):
    """Any order of events, answers and moments. Events are numbered per lane; a lane must send them all in order."""

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(POLICY, lambda: 0.5)
        self.now = NOW
        self.waiting: dict = {}
        self.in_flight: dict = {}
        self.held: dict[str, int] = {}
        self.not_before: dict = {}

    @rule(provider=st.sampled_from(["b.example", "c.example"]), room=st.sampled_from(ROOMS[:4]))
    def something_new(self, provider, room):
        where = lane(provider, room)
        self.waiting[where] = self.waiting.get(where, 0) + 1
        self.outbox.wake(where)

    @rule(after=st.integers(0, 100 * SECOND))
    def look(self, after):
        self.now += after
        for where in self.outbox.due(self.now):
            assert where not in self.in_flight, "two requests of one lane at the same time"
            assert self.held.get(where.provider, 0) <= self.now, "a follower that asked to be left alone is not"
            assert self.not_before.get(where, 0) <= self.now, "a lane is tried before its time"
            self.in_flight[where] = self.waiting.get(where, 0)

    @precondition(lambda self: self.in_flight)
    @rule(
        data=st.data(),
        outcome=st.sampled_from([Answer(201), Answer(400), Answer(500), answer(429, "7"), Unanswered("It is down.")]),
    )
    def outcome(self, data, outcome):
        where = data.draw(st.sampled_from(sorted(self.in_flight, key=repr)))
        self.end(where, outcome)

    def end(self, where, outcome):
        sent = self.in_flight.pop(where)
        if not sent:
            self.outbox.finish(where, None, more=False)
            return
        result = self.outbox.judge(body_of(where, b"1", accepted=self.now), outcome, self.now)
        if isinstance(result, Retry):
            self.not_before[where] = result.at
            if result.hold:
                self.held[where.provider] = max(result.hold, self.held.get(where.provider, 0))
        else:
            self.waiting[where] -= sent
        self.outbox.finish(where, result, more=self.waiting[where] > 0)

    @invariant()
    def providers_are_not_flooded(self):
        for provider in ("b.example", "c.example"):
            assert sum(where.provider == provider for where in self.in_flight) <= POLICY.in_flight

    def teardown(self):
        """When everybody answers well from now on, everything is sent, and nothing waits for anything."""
        for where in list(self.in_flight):
            self.end(where, Answer(201))
        for _ in range(500):
            self.look(0)
            if not self.in_flight:
                due = self.outbox.next_due()
                if due is None:
                    break
                self.look(max(0, due - self.now))
            for where in list(self.in_flight):
                self.end(where, Answer(201))
        assert not any(self.waiting.values()), "something was forgotten"


TestOutboxMachine = OutboxMachine.TestCase
