"""A follower knows the rooms that its clients are in, and drops what breaks their policies (architecture 4.4)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_framing import IN_PRIVATE
from mimi_conformance.reference.provider.local import UserChange
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add, ReInit
from mimi_conformance.reference.wire.mls.registries import ProtocolVersion
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage
from tests.exercised import exercises
from tests.mls.group_examples import SUITE
from tests.provider.follower_scene import FollowedHub, followed_room
from tests.provider.hub_scene import Code
from tests.provider.test_follower_own_events import application
from tests.provider.test_hub_bundles import SEMI_PRIVATE, semi_private
from tests.provider.test_hub_group_info import Code as GroupInfoCode
from tests.provider.test_hub_group_info import ask
from tests.room.house import HUB, ROOM, client, user


@pytest.fixture
def hub():
    """A room of Alice at the hub with Bob's two clients at the follower, which follows it."""
    return followed_room()


def same_room(hub) -> bool:
    mine, theirs = hub.follower.room().state, hub.room().state
    return (mine.group.context, mine.updated, mine.committed) == (
        theirs.group.context,
        theirs.updated,
        theirs.committed,
    )


def allow_to_wait(hub, proposals: int) -> None:
    provider = hub.follower.provider
    provider.settings = replace(provider.settings, most_pending_proposals=proposals)


def proposals_of(hub, name, *bodies) -> FanoutMessage:
    """Proposals that no hub should accept, as one fans them out that does."""
    first, *more = hub.proposals(name, *bodies)[0]
    return FanoutMessage(timestamp=hub.now, message=first, more_proposals=tuple(more))


@exercises("ARCH-4.4-07")
def test_the_follower_holds_the_same_view_as_the_hub(hub, caplog):
    hub.propose("carl1", hub.listed(removed=["carl"]), *hub.removals("carl"))
    assert same_room(hub)
    hub.commit("bob1")
    assert same_room(hub)
    hub.commit("alice1", hub.listed({"dora": 2}), newcomers=["dora1"])
    assert same_room(hub)
    assert caplog.text == ""


def test_clients_are_proposed_while_their_key_packages_are_valid(hub):
    hub.propose("alice1", hub.listed({"dora": 2}), Add(hub.claimed("dora1")[1].key_package))
    assert same_room(hub)


@exercises("PROTO-5.5-09", "PROTO-5.5-16")
def test_what_the_hub_staples_to_an_external_commit_is_part_of_the_room():
    roles = {"alice": 4, "bob": 2, "carl": 2, "adam": 2, HUB: 3}
    hub = FollowedHub().found(roles, "alice1", "bob1", "carl1", "adam1")
    hub.follower.put_in("bob1")
    hub.follower.follow()
    allow_to_wait(hub, 2)
    hub.service.change_user(UserChange(MimiUri.parse(user("adam")), deleted=True))
    assert len(hub.room().state.pending_changes) == 1
    hub.join("carl2")
    assert same_room(hub)
    assert len(hub.room().state.pending_changes) == 1
    [_, event] = hub.follower.delivered("bob1")
    hub.receive(event.external_proposals)
    hub.follower.know("bob2")
    hub.join("bob2")
    assert same_room(hub)
    assert len(hub.follower.room().state.pending_changes) == 1


@exercises("ARCH-4.4-08")
def test_proposals_against_the_policy_are_taken_off_the_commit_that_they_are_stapled_to(hub, caplog, monkeypatch):
    monkeypatch.setattr(hub.follower, "catch_up", lambda: None)
    assert hub.join("carl2").response_code is Code.success
    [event] = hub.notified("b.example")
    wrong, _ = hub.proposals("carl1", hub.listed(changed={"alice": 2}))
    hub.follower.notify(replace(event, external_proposals=tuple(wrong)))
    assert hub.follower.delivered("bob1") == [event]
    assert same_room(hub)
    assert "carl, as role 2" in caplog.text


def test_an_echo_brings_what_is_stapled_to_it(monkeypatch):
    roles = {"alice": 4, "bob": 2, "adam": 2, HUB: 3}
    hub = FollowedHub().found(roles, "alice1", "bob1", "adam1")
    hub.follower.put_in("bob1")
    hub.follower.follow()
    hub.follower.know("bob2")
    hub.service.change_user(UserChange(MimiUri.parse(user("adam")), deleted=True))
    hub.follower.catch_up()
    hub.follower.delivered("bob1")
    monkeypatch.setattr(hub.follower, "catch_up", lambda: None)
    assert hub.join("bob2").response_code is Code.success
    [own], [commit] = hub.notified("b.example"), hub.follower.delivered("bob1")
    hub.follower.notify(replace(commit, external_proposals=(own.message, *own.more_proposals)))
    assert hub.follower.delivered("bob1") == hub.follower.delivered("bob2") == [own]
    assert same_room(hub)


def test_whoever_joins_is_believed_to_have_a_code_where_codes_let_people_in():
    how = {"policy": "strict", "joining_codes": (b"sesame",)}
    hub = FollowedHub().found({"alice": 4, "bob": 2}, "alice1", "bob1", **how)
    hub.follower.put_in("bob1")
    hub.follower.follow()
    assert ask(hub, "dora1", b"sesame").response.status is GroupInfoCode.success
    assert hub.join("dora1", hub.listed({"dora": 2})).response_code is Code.success
    assert same_room(hub)
    assert [event.event for event in hub.follower.delivered("bob1")] == [FanoutEvent.commit]


def test_a_deleted_user_leaves_rooms_of_other_hubs_by_what_clients_do_there(hub):
    with_its_room = hub.follower.room()
    hub.follower.service.change_user(UserChange(MimiUri.parse(user("bob")), deleted=True))
    assert hub.follower.room() == with_its_room
    with hub.follower.storage.transaction() as transaction:
        assert transaction.departures(ROOM) == ()


def test_the_room_is_the_same_after_a_restart(hub, tmp_path):
    follower = hub.follower
    follower.path = str(tmp_path / "follower.db")
    follower.restart()
    follower.put_in("bob1", "bob2")
    follower.follow()
    hub.propose("carl1", hub.listed(removed=["carl"]), *hub.removals("carl"))
    follower.restart()
    assert follower.room().state.updated == hub.room().state.updated
    hub.commit("alice1")
    assert same_room(hub)


@exercises("ARCH-4.4-08")
def test_proposals_against_the_policy_are_discarded_with_the_reason(hub, caplog):
    hub.follower.notify(proposals_of(hub, "bob1", hub.listed(removed=["alice"]), *hub.removals("alice")))
    assert hub.follower.delivered("bob2") == []
    assert "Discarded an event of mimi://hub.example/r/clubhouse" in caplog.text
    assert same_room(hub)


@exercises("ARCH-4.4-08")
def test_a_commit_against_the_policy_is_discarded_and_the_room_goes_on(hub):
    made = hub.made_commit("bob1", hub.listed(removed=["alice"]), *hub.removals("alice"))
    hub.follower.notify(FanoutMessage(timestamp=hub.now, message=made.message, external_proposals=()))
    assert hub.follower.delivered("bob2") == []
    hub.commit("alice1")
    assert same_room(hub)
    assert [each.event for each in hub.follower.delivered("bob2")] == [FanoutEvent.commit]


@exercises("ARCH-4.4-08")
def test_a_commit_that_is_not_signed_by_its_committer_is_discarded(hub):
    public = hub.made_commit("alice1").message.public_message
    forged = replace(public, auth=replace(public.auth, signature=bytes(64)))
    hub.follower.notify(FanoutMessage(timestamp=hub.now, message=MLSMessage.of(forged), external_proposals=()))
    assert hub.follower.delivered("bob2") == []
    assert same_room(hub)


def test_what_a_follower_knows_nothing_of_it_delivers(hub):
    follower = hub.follower
    with follower.storage.transaction() as transaction:
        transaction.forget_room(hub.room().room_id)
    event = proposals_of(hub, "bob1", hub.listed(removed=["alice"]), *hub.removals("alice"))
    follower.notify(event)
    assert follower.delivered("bob2") == [event]


def test_a_follower_that_knows_nothing_learns_the_room_from_its_clients_commit(hub):
    with hub.follower.storage.transaction() as transaction:
        transaction.forget_room(hub.room().room_id)
    hub.commit("alice1")
    assert hub.follower.room() is None
    hub.commit("bob1")
    assert same_room(hub)


def test_a_commit_of_proposals_that_were_not_seen_is_delivered_and_the_room_is_lost(hub):
    follower = hub.follower
    follower.catch_up = lambda: hub.notified("b.example")
    hub.propose("carl1", hub.listed(removed=["carl"]), *hub.removals("carl"))
    follower.catch_up = lambda: follower.notify(*hub.notified("b.example"))
    hub.commit("alice1")
    assert [each.event for each in follower.delivered("bob1")] == [FanoutEvent.commit]
    assert follower.room() is None


def test_a_commit_that_only_members_and_the_hub_read_is_delivered_and_the_room_is_lost():
    hub = semi_private(kind=FollowedHub)
    hub.follower.put_in("bob1")
    hub.follower.follow()
    assert hub.commit("carol1", framing=SEMI_PRIVATE).response_code is Code.success
    assert [each.event for each in hub.follower.delivered("bob1")] == [FanoutEvent.commit]
    assert hub.follower.room() is None


def test_proposals_of_an_epoch_gone_by_are_delivered_and_change_nothing(hub):
    late = proposals_of(hub, "alice1", hub.listed({"dora": 2}))
    hub.commit("alice1")
    hub.follower.delivered("bob1")
    hub.follower.notify(late)
    assert hub.follower.delivered("bob1") == [late]
    assert same_room(hub)


def test_after_a_group_has_ended_everything_is_delivered_and_the_room_is_lost(monkeypatch):
    monkeypatch.setattr(Group, "check_in_use", lambda _: None)  # the GroupInfo is of no use, but has to be there
    hub = FollowedHub().found({"alice": 4, "bob": 2, "carol": 3}, "alice1", "bob1", "carol1", policy="strict")
    hub.follower.put_in("bob1")
    hub.follower.follow()
    wrong = proposals_of(hub, "bob1", hub.listed(removed=["alice"]))
    extensions = hub.room().state.group.context.extensions
    hub.propose("alice1", ReInit(b"next", ProtocolVersion.mls10, SUITE, extensions))
    hub.commit("carol1")
    assert same_room(hub)
    hub.follower.delivered("bob1")
    hub.follower.notify(wrong)
    assert hub.follower.delivered("bob1") == [wrong]
    assert hub.follower.room() is None


def test_a_client_that_joins_anew_stays_though_the_room_is_lost_with_the_same_event(hub, monkeypatch):
    newcomer, old = client("bob2"), hub.group("bob2").leaf_index
    newcomer.random(1)  # so that its keys are other ones than before
    monkeypatch.setattr(hub.follower, "catch_up", lambda: None)
    assert hub.join("bob2", replaces=old, newcomer=newcomer, source="b.example").response_code is Code.success
    made = hub.proposals("alice1", hub.listed(added={"dora": 2}), framing=IN_PRIVATE)[0]
    [event] = hub.notified("c.example")
    hub.follower.notify(replace(event, external_proposals=tuple(made)))
    assert hub.follower.room() is None
    assert hub.follower.clients() == {hub.uri("bob1"), hub.uri("bob2")}


def test_with_the_last_client_the_room_is_forgotten(hub):
    hub.commit("bob1")
    hub.commit("alice1", hub.listed(removed=["bob"]), *hub.removals("bob"))
    assert hub.follower.clients() == set()
    assert hub.follower.room() is None
    with hub.follower.storage.transaction() as transaction:
        assert transaction.own_events(ROOM, 0) == ()


def test_a_new_device_of_ours_is_in_the_room_once_its_commit_is_accepted(hub):
    follower = hub.follower
    follower.know("bob3")
    assert hub.join("bob3").response_code is Code.success
    assert follower.uri("bob3") in follower.clients()
    assert same_room(hub)
    assert follower.delivered("bob3") == []
    assert [each.event for each in follower.delivered("bob1")] == [FanoutEvent.commit]


def test_more_proposals_than_we_would_take_are_delivered_and_the_room_is_lost(hub):
    allow_to_wait(hub, 2)
    for name in ("dora", "dave"):
        hub.propose("alice1", hub.listed(added={name: 2}))
    hub.follower.catch_up()
    assert same_room(hub)
    hub.propose("alice1", hub.listed(added={"dan": 2}))
    hub.follower.catch_up()
    assert len(hub.follower.delivered("bob1")) == 3
    assert hub.follower.room() is None


def test_after_a_missed_commit_the_room_is_unknown_and_everything_is_delivered(hub):
    follower = hub.follower
    follower.catch_up = lambda: None
    hub.commit("alice1")
    hub.commit("carl1")
    _, second = hub.notified("b.example")
    follower.notify(second)
    hub.now += 5_000
    assert follower.delivered("bob1") == [second]
    assert follower.room() is None


def test_a_hub_may_say_any_time(hub):
    follower = hub.follower
    follower.catch_up = lambda: None
    hub.propose("carl1", hub.listed(removed=["carl"]), *hub.removals("carl"))
    one_of_ours = [each for each in hub.removals("bob") if each.removed == hub.group("bob2").leaf_index]
    assert hub.commit("alice1", *one_of_ours).response_code is Code.success
    events = [replace(each, timestamp=2**64 - 1) for each in hub.notified("b.example")]
    assert {each.event for each in events} == {FanoutEvent.proposal, FanoutEvent.commit}
    for event in (*events, application(b"hello", 2**64 - 1)):
        follower.notify(event)
    assert same_room(hub)
