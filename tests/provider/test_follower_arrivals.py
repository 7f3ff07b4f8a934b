"""Which of a follower's clients an event is for, and when: in the order in which the hub accepted it (PROTO 5.5)."""

import pytest

from mimi_conformance.reference.wire.protocol.notify import FanoutEvent
from tests.exercised import exercises
from tests.provider.follower_scene import followed_room
from tests.provider.hub_scene import Code
from tests.provider.test_follower_following import same_room
from tests.provider.test_follower_own_events import application
from tests.room.house import client


@pytest.fixture
def hub():
    """A room of Alice at the hub with Bob's two clients at the follower, which follows it."""
    return followed_room()


def test_a_client_that_was_removed_gets_the_commit_and_nothing_after_it(hub):
    follower = hub.follower
    hub.commit("bob1", *[each for each in hub.removals("bob") if each.removed == hub.group("bob2").leaf_index])
    assert [each.event for each in follower.delivered("bob2")] == [FanoutEvent.commit]
    assert follower.clients() == {follower.uri("bob1")}
    follower.notify(application(b"later", hub.now + 1, epoch=2))
    assert follower.delivered("bob2") == []
    assert [each.event for each in follower.delivered("bob1")] == [FanoutEvent.application]
    follower.notify(application(b"earlier", hub.now, epoch=1))
    assert [each.event for each in follower.delivered("bob2")] == [FanoutEvent.application]


def test_who_is_in_the_room_again_gets_messages_again(hub):
    follower = hub.follower
    hub.commit("alice1", *[each for each in hub.removals("bob") if each.removed == hub.group("bob2").leaf_index])
    assert same_room(hub)
    assert hub.join("bob2", newcomer=client("bob2")).response_code is Code.success
    follower.delivered("bob2")
    follower.notify(application(b"hello", hub.now + 1, epoch=3))
    assert [each.event for each in follower.delivered("bob2")] == [FanoutEvent.application]


@exercises("PROTO-5.3-08")
@pytest.mark.parametrize(("proposer", "change"), [("bob1", {"removed": ["bob"]}), ("alice1", {"changed": {"bob": 1}})])
def test_messages_are_not_for_users_who_have_left_or_are_banned(hub, proposer, change):
    hub.propose(proposer, hub.listed(**change), *hub.removals("bob"))
    hub.follower.delivered("bob2")
    hub.follower.notify(application(b"too late", hub.now + 1))
    assert hub.follower.delivered("bob2") == []
    hub.follower.notify(application(b"in time", hub.now - 1))
    assert [each.event for each in hub.follower.delivered("bob2")] == [FanoutEvent.application]


def test_who_has_left_gets_the_commit_all_the_same(hub):
    hub.propose("bob1", hub.listed(removed=["bob"]), *hub.removals("bob"))
    hub.follower.delivered("bob2")
    hub.now += 1
    hub.commit("alice1")
    assert [each.event for each in hub.follower.delivered("bob2")] == [FanoutEvent.commit]


def test_messages_are_for_those_who_stay_when_others_have_left(hub):
    hub.propose("carl1", hub.listed(removed=["carl"]), *hub.removals("carl"))
    hub.follower.delivered("bob2")
    hub.follower.notify(application(b"hello", hub.now + 1))
    assert [each.event for each in hub.follower.delivered("bob2")] == [FanoutEvent.application]


def test_who_was_removed_a_day_ago_is_forgotten_and_who_is_still_to_be_removed_is_not(hub):
    follower = hub.follower
    hub.commit("bob1", *[each for each in hub.removals("bob") if each.removed == hub.group("bob2").leaf_index])
    before, hub.now = hub.now - 1, hub.now + 1_000
    hub.propose("bob1", hub.listed(removed=["bob"]), *hub.removals("bob"))
    for expected in ([1, 1], [1, 0]):
        for name in ("bob1", "bob2"):
            follower.delivered(name)
        follower.notify(application(b"in time %d" % hub.now, before, epoch=1))
        assert [len(follower.delivered(name)) for name in ("bob1", "bob2")] == expected
        hub.now += 25 * 60 * 60 * 1000
        hub.propose("carl1", hub.listed(removed=["carl"]), *hub.removals("carl"))
    follower.notify(application(b"too late", hub.now + 1, epoch=2))
    assert follower.delivered("bob1") == []


def test_messages_are_for_users_again_whose_leaving_came_to_nothing(hub):
    hub.propose("bob1", hub.listed(removed=["bob"]), *hub.removals("bob"))
    assert hub.join("carl2").response_code is Code.success
    hub.follower.delivered("bob2")
    hub.follower.notify(application(b"hello", hub.now + 1, epoch=2))
    assert [each.event for each in hub.follower.delivered("bob2")] == [FanoutEvent.application]


def test_a_message_that_its_commit_has_overtaken_is_not_for_a_new_device(hub):
    follower = hub.follower
    follower.know("bob3")
    hub.join("bob3")
    follower.notify(application(b"earlier", hub.now - 1))
    assert [len(follower.delivered(name)) for name in ("bob1", "bob3")] == [2, 0]
    follower.notify(application(b"later", hub.now + 1, epoch=2))
    assert [len(follower.delivered(name)) for name in ("bob1", "bob3")] == [1, 1]


@exercises("POLICY-7-02")
def test_commits_that_overtake_others_wait_for_them_and_messages_for_both(hub):
    follower = hub.follower
    follower.catch_up = lambda: None
    for name in ("alice1", "carl1", "alice1"):
        hub.commit(name)
    first, second, third = hub.notified("b.example")
    message = application(b"hello", hub.now, epoch=2)
    follower.notify(third)
    assert follower.delivered("bob1") == []
    follower.notify(second, first, message)
    assert follower.delivered("bob1") == [first, second, third, message]
    assert same_room(hub)


def test_a_welcome_is_of_no_epoch_and_waits_for_none(hub):
    hub.commit("alice1", hub.listed({"betty": 2}), newcomers=["betty1"])
    assert same_room(hub)


def test_nothing_waits_long_for_an_epoch(hub):
    follower = hub.follower
    event = application(b"from afar", hub.now, epoch=7)
    follower.notify(event)
    assert follower.delivered("bob1") == []
    hub.now += 5_000
    assert follower.delivered("bob1") == [event]


def test_what_waits_outlives_a_restart(hub, tmp_path):
    follower = hub.follower
    follower.path = str(tmp_path / "follower.db")
    follower.restart()
    follower.put_in("bob1")
    follower.follow()
    event = application(b"from afar", hub.now, epoch=7)
    follower.notify(event)
    follower.restart()
    assert follower.delivered("bob1") == []
    hub.now += 5_000
    assert follower.delivered("bob1") == [event]


def test_more_than_a_few_events_do_not_wait(hub):
    *few, last = (application(b"%d" % number, hub.now, epoch=7) for number in range(257))
    hub.follower.notify(*few)
    assert hub.follower.delivered("bob1") == []
    hub.follower.notify(last)
    assert hub.follower.delivered("bob1") == [*few, last]


def test_nor_do_they_wait_for_an_answer(hub):
    events, meanwhile = [application(b"%d" % number, hub.now) for number in range(257)], []

    def answering() -> None:
        hub.follower.notify(*events)
        meanwhile.extend(hub.follower.delivered("bob2"))

    hub.follower.before_answer = answering
    hub.commit("bob1")
    assert meanwhile == events
