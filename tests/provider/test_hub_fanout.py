"""Whom a hub tells what, in which order, and what goes along with it (PROTO 5.5)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree
from mimi_conformance.reference.wire.mls.proposals import Remove
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent
from tests.exercised import exercises
from tests.provider.hub_scene import HUB, Hub
from tests.provider.test_hub_update import accepted
from tests.room.house import client

ROLES = {"alice": 4, "adam": 2, "bob": 2, "carol": 3, "dora": 2}
CLIENTS = ("alice1", "alice2", "adam1", "bob1", "carol1")
FOLLOWERS = ("b.example", "c.example", "d.example")
COMMIT, PROPOSAL, WELCOME = FanoutEvent.commit, FanoutEvent.proposal, FanoutEvent.welcome


@pytest.fixture
def hub() -> Hub:
    return Hub().found(ROLES, *CLIENTS)


def told(hub: Hub, *names: str) -> dict[str, list[FanoutEvent]]:
    """What every follower, and every local client with one of these names, has been told since the last time."""
    assert hub.notified(HUB) == (), "a hub does not notify itself"
    by_provider = {each: [event.event for event in hub.notified(each)] for each in FOLLOWERS}
    by_client = {each: [event.event for event in hub.delivered(each)] for each in names}
    return {who: events for who, events in (by_provider | by_client).items() if events}


class TestCommits:
    @exercises("PROTO-3.3-05", "PROTO-5.5-02", "PROTO-5.5-03", "PROTO-5.5-19", "PROTO-5.3-29", "PROTO-5.5-18")
    def test_they_go_to_all_with_clients_in_the_group_but_whoever_sent_them(self, hub):
        accepted(hub.commit("bob1"))
        assert told(hub, *CLIENTS[:3]) == {name: [COMMIT] for name in (*CLIENTS[:3], "c.example")}
        accepted(hub.commit("alice1"))
        assert told(hub, *CLIENTS[:3]) == {name: [COMMIT] for name in (*CLIENTS[1:3], "b.example", "c.example")}

    @exercises("PROTO-5.5-12", "PROTO-5.5-16", "PROTO-5.5-17", "PROTO-5.5-35", "PROTO-5.5-36", "PROTO-5.3-28")
    def test_they_come_as_they_were_sent_with_the_time_of_the_answer(self, hub):
        made = hub.made_commit("bob1")
        response = accepted(hub.update("bob1", hub.bundle(made)))
        [event], [local] = hub.notified("c.example"), hub.delivered("alice1")
        assert event == local
        assert (event.message, event.timestamp) == (made.message, response.accepted_timestamp)
        assert event.external_proposals == ()

    @exercises("PROTO-5.5-21", "PROTO-3.5-06", "PROTO-5.5-37")
    def test_who_is_removed_is_told_and_nothing_after_that(self, hub):
        removals = *hub.removals("bob"), *hub.removals("adam"), hub.listed(removed=["bob", "adam"])
        accepted(hub.commit("carol1", *removals))
        assert told(hub, "adam1", "alice1") == {"b.example": [COMMIT], "adam1": [COMMIT], "alice1": [COMMIT]}
        accepted(hub.commit("carol1"))
        assert told(hub, "adam1", "alice1") == {"alice1": [COMMIT]}

    def test_a_client_whose_user_stays_is_told_nothing_more_either(self, hub):
        accepted(hub.propose("alice1", Remove(hub.group("alice2").leaf_index)))
        accepted(hub.commit("carol1"))
        told(hub, "alice1", "alice2")
        accepted(hub.commit("carol1"))
        assert told(hub, "alice1", "alice2") == {"alice1": [COMMIT], "b.example": [COMMIT]}

    @exercises("PROTO-3.6-06", "PROTO-5.5-02")
    def test_a_client_that_joins_is_in_the_room_from_then_on(self, hub):
        accepted(hub.join("alice3"))
        assert told(hub, "alice1", "alice3") == {name: [COMMIT] for name in ("b.example", "c.example", "alice1")}
        accepted(hub.commit("bob1"))
        assert told(hub, "alice3") == {"alice3": [COMMIT], "c.example": [COMMIT]}

    def test_a_provider_is_told_from_its_first_client_on(self, hub):
        accepted(hub.join("dora1"))
        assert "d.example" not in told(hub)
        accepted(hub.commit("bob1"))
        assert told(hub)["d.example"] == [COMMIT]

    def test_a_client_that_joins_once_more_is_told_once(self, hub):
        old = hub.group("alice2").leaf_index
        accepted(hub.commit("bob1"))
        del hub.members["alice2"]
        newcomer = client("alice2")
        newcomer.random(1)  # so that its keys are other ones than before
        accepted(hub.join("alice2", replaces=old, newcomer=newcomer))
        told(hub, "alice2")
        accepted(hub.commit("bob1"))
        assert told(hub, "alice2")["alice2"] == [COMMIT]


class TestWelcomes:
    @exercises("PROTO-3.2-06", "PROTO-3.3-05", "PROTO-5.5-05", "PROTO-5.5-06", "PROTO-5.5-14", "PROTO-5.5-38")
    def test_they_go_with_the_tree_to_the_providers_of_the_key_packages(self, hub):
        accepted(hub.commit("bob1", hub.listed(added={"cleo": 2}), newcomers=["cleo1", "dora1", "dora2"], tree=False))
        commit, welcome = hub.notified("c.example")
        assert (commit.event, welcome.event) == (COMMIT, WELCOME)
        assert welcome.ratchet_tree_option == full_tree(hub.room().state.group.tree)
        assert welcome.timestamp == commit.timestamp == hub.now
        assert hub.notified("d.example") == (welcome,)
        assert told(hub) == {}

    @exercises("PROTO-5.5-05")
    def test_local_clients_get_them_and_what_comes_after(self, hub):
        accepted(hub.commit("bob1", hub.listed(added={"anna": 2}), newcomers=["anna1", "anna2"]))
        names = "anna1", "anna2", "adam1"
        first = {"anna1": [WELCOME], "anna2": [WELCOME], "adam1": [COMMIT], "c.example": [COMMIT]}
        assert told(hub, *names) == first
        accepted(hub.commit("anna1"))
        assert told(hub, *names) == {each: [COMMIT] for each in ("anna2", "adam1", "b.example", "c.example")}

    @exercises("PROTO-4.3.1-07")
    def test_a_key_package_is_good_for_one_of_them(self, hub):
        _, package = hub.claimed("dora1")
        made = hub.made_commit("bob1", newcomers=[package])
        accepted(hub.update("bob1", hub.bundle(made)))
        with hub.storage.transaction() as transaction:
            assert transaction.provider_of_key_package(made.welcome.secrets[0].new_member) is None


class TestProposals:
    @exercises("PROTO-3.5-05", "PROTO-5.5-15", "PROTO-5.5-23", "PROTO-5.5-36")
    def test_they_go_out_together_as_they_came(self, hub):
        messages, _ = hub.proposals("bob1", *hub.removals("bob"), hub.listed(removed=["bob"]))
        accepted(hub.update("bob1", hub.proposal_bundle(*messages)))
        [event], [local] = hub.notified("c.example"), hub.delivered("alice2")
        assert event == local
        assert (event.message, *event.more_proposals) == tuple(messages)
        assert told(hub) == {}

    @exercises("PROTO-3.5-06", "PROTO-5.5-21")
    def test_who_leaves_is_told_of_the_commit_that_lets_it_go(self, hub):
        accepted(hub.propose("bob1", *hub.removals("bob"), hub.listed(removed=["bob"])))
        accepted(hub.commit("carol1"))
        assert told(hub, "alice1") == {
            "b.example": [COMMIT],
            "c.example": [PROPOSAL],
            "alice1": [PROPOSAL, COMMIT],
        }


class TestExternalSenders:
    @exercises("PROTO-7.4-05", "PROTO-7.4-06", "PROTO-5.5-07")
    @pytest.mark.parametrize("inline", [True, False])
    def test_a_follower_goes_with_its_last_participant(self, inline):
        roles = {"alice": 4, "bob": 2, "carol": 3, HUB: 5}
        hub = Hub().found(roles, "alice1", "bob1", "carol1", senders=("b.example",))
        removal = *hub.removals("bob"), hub.listed(removed=["bob"])
        accepted((hub.commit if inline else hub.propose)("carol1", *removal))
        events = hub.delivered("alice1")
        assert [each.event for each in events] == ([COMMIT, PROPOSAL] if inline else [PROPOSAL, PROPOSAL])
        assert hub.room().state.external_senders == (HUB, "b.example")
        hub.receive([events[-1].message, *events[-1].more_proposals])
        accepted(hub.commit("carol1"))
        assert hub.room().state.external_senders == (HUB,)
        assert told(hub, "alice1")["alice1"] == [COMMIT]


def test_nobody_is_told_of_what_is_refused(hub):
    made = hub.made_commit("bob1")
    bundle = replace(hub.bundle(made), welcome=None, ratchet_tree_option=full_tree(hub.group("bob1").public.tree))
    hub.update("bob1", bundle)
    assert told(hub, *CLIENTS[:3]) == {}
