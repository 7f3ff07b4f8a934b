"""Whom a hub has leave its rooms by itself, and how it goes on about it until they have left (PROTO 5.5)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.messages import LocalRequestError
from mimi_conformance.reference.room.changes import RemoveParticipant
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.mls.proposals import Remove, SelfRemove
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from tests.exercised import exercises
from tests.provider.hub_scene import HUB, ROOM, Code, Hub
from tests.provider.test_hub_fanout import told
from tests.provider.test_hub_update import Untouched, accepted
from tests.room.house import client, update, user

ROLES = {"alice": 4, "adam": 2, "anna": 2, "bob": 2, "carol": 3, HUB: 5}
CLIENTS = ("alice1", "adam1", "adam2", "bob1", "carol1")
COMMIT, PROPOSAL = FanoutEvent.commit, FanoutEvent.proposal
MORE = {4: CapabilityType.can_change_role_definitions, 5: CapabilityType.can_kick}
PRESET = preset("cooperative").roles_list
ROLES_LIST = replace(
    PRESET,
    roles=tuple(
        replace(role, role_capabilities=(*role.role_capabilities, MORE[role.role_index]))
        if role.role_index in MORE
        else role
        for role in PRESET.roles
    ),
)
"""Roles in which the super admin may change roles, and the hub may remove single clients."""


@pytest.fixture
def hub() -> Hub:
    hub = Hub().found(ROLES, *CLIENTS, components={"roles_list": ROLES_LIST})
    hub.know("anna1")
    return hub


def change(hub: Hub, name: str, **what) -> None:
    """Change a local user at the hub, and let everybody in the group learn of what that brings about."""
    hub.service.change_user(UserChange(MimiUri.parse(user(name)), **what))


def delete(hub: Hub, name: str, *, deleted: bool = True) -> None:
    change(hub, name, deleted=deleted)


def hear(hub: Hub, name: str = "alice1") -> list[FanoutEvent]:
    """Let everybody in the group learn of what the hub has proposed; what the client was told of."""
    events = hub.delivered(name)
    for event in events:
        if event.event is PROPOSAL:
            hub.receive([event.message, *event.more_proposals])
    return [event.event for event in events]


def clients_of(hub: Hub, name: str) -> set[str]:
    return {each for each in hub.members if each.startswith(name)}


class TestDeletedUsers:
    @exercises("PROTO-5.5-07", "PROTO-7.3-01", "PROTO-7.4-01", "ARCH-4-02")
    def test_the_hub_proposes_to_remove_them_with_all_their_clients(self, hub):
        delete(hub, "adam")
        [event] = hub.notified("b.example")
        leaves = frozenset(hub.group(each).leaf_index for each in ("adam1", "adam2"))
        assert hub.room().state.pending_changes == (RemoveParticipant(user("adam"), leaves),)
        assert len((event.message, *event.more_proposals)) == 3
        assert hear(hub) == [PROPOSAL]
        accepted(hub.commit("bob1"))
        assert (hub.role("adam"), clients_of(hub, "adam")) == (None, set())

    @exercises("PROTO-5.5-07")
    def test_everybody_is_told(self, hub):
        delete(hub, "adam")
        names = "alice1", "adam1", "adam2"
        assert told(hub, *names) == {who: [PROPOSAL] for who in (*names, "b.example", "c.example")}

    @exercises("PROTO-5.3-07", "PROTO-5.3-09")
    def test_they_are_out_of_the_room_at_once(self, hub):
        delete(hub, "adam")
        hear(hub)
        assert hub.commit("adam1").response_code is Code.not_allowed

    def test_one_without_a_client_in_the_group_leaves_the_list(self, hub):
        delete(hub, "anna")
        hear(hub)
        accepted(hub.commit("bob1"))
        assert hub.role("anna") is None

    def test_one_whom_nobody_has_added_yet_leaves_when_that_has_come(self, hub):
        hub.know("abel1")
        accepted(hub.propose("alice1", hub.listed(added={"abel": 2})))
        delete(hub, "abel")
        assert told(hub, "adam1")["adam1"] == [PROPOSAL]
        accepted(hub.commit("bob1"))
        assert hub.role("abel") == 2
        hear(hub)
        accepted(hub.commit("bob1"))
        assert hub.role("abel") is None

    def test_they_leave_every_room(self, hub):
        before = hub.members
        another = MimiUri.room(HUB, "another")
        hub.found(ROLES, *CLIENTS, components={"roles_list": ROLES_LIST}, room_id=another)
        hub.members = before
        delete(hub, "adam")
        for room_id in (ROOM, another):
            assert [change.user for change in hub.room(room_id).state.pending_changes] == [user("adam")]

    def test_nothing_happens_in_rooms_of_others(self, hub):
        hub.know("ad1")
        before = hub.room()
        delete(hub, "ad")
        assert hub.room() == before
        assert told(hub, "alice1") == {}
        with hub.storage.transaction() as transaction:
            assert transaction.departures(ROOM) == ()

    @exercises("ARCH-4-02")
    def test_a_hub_without_the_right_to_it_lets_it_be(self):
        hub = Hub().found({"alice": 4, "adam": 2}, "alice1", "adam1")
        delete(hub, "adam")
        assert told(hub, "alice1") == {}
        assert hub.room().state.pending_changes == ()
        accepted(hub.commit("alice1"))

    def test_what_is_not_possible_now_comes_with_the_next_epoch(self, hub):
        accepted(hub.propose("alice1", update("roles_list", PRESET)))
        delete(hub, "adam")
        assert told(hub, "adam1") == {
            "adam1": [PROPOSAL],
            "b.example": [PROPOSAL],
            "c.example": [PROPOSAL],
        }
        accepted(hub.commit("carol1"))
        assert told(hub, "adam1")["adam1"] == [COMMIT, PROPOSAL]

    def test_one_who_comes_back_in_time_stays(self, hub):
        delete(hub, "adam")
        delete(hub, "adam", deleted=False)
        told(hub, "alice1")
        accepted(hub.join("carol2"))
        [event] = hub.delivered("alice1")
        assert event.external_proposals == ()
        assert hub.role("adam") == 2

    def test_a_deletion_that_is_told_again_changes_nothing(self, hub):
        delete(hub, "adam")
        with Untouched(hub):
            delete(hub, "adam")


class TestLostClients:
    @exercises("PROTO-5.5-07", "PROTO-5.5-22")
    def test_the_hub_proposes_to_remove_them_while_their_user_stays(self, hub):
        change(hub, "adam", lost=(hub.uri("adam2"),))
        assert told(hub, "adam1") == {who: [PROPOSAL] for who in ("adam1", "b.example", "c.example")}
        hear(hub)
        accepted(hub.commit("bob1"))
        assert (hub.role("adam"), clients_of(hub, "adam")) == (2, {"adam1"})

    def test_they_are_clients_no_more(self, hub):
        change(hub, "adam", lost=(hub.uri("adam2"),))
        with pytest.raises(LocalRequestError, match="no client of a user"):
            hub.delivered("adam2")
        _, package = hub.claimed("anna2")
        change(hub, "anna", lost=(hub.uri("anna2"),))
        hear(hub)
        made = hub.made_commit("bob1", newcomers=[package])
        assert "Nobody here knows" in hub.update("bob1", hub.bundle(made)).error_description

    def test_one_whose_removal_waits_for_a_commit_is_not_removed_once_more(self, hub):
        adam2 = Remove(hub.group("adam2").leaf_index)
        accepted(hub.propose("adam1", adam2))
        hub.notified("b.example")
        change(hub, "adam", lost=(hub.uri("adam2"),))
        assert hub.notified("b.example") == ()

    def test_one_that_is_there_anew_stays(self, hub):
        old = hub.group("adam2").leaf_index
        change(hub, "adam", lost=(hub.uri("adam2"),))
        hear(hub)
        del hub.members["adam2"]
        newcomer = client("adam2")
        newcomer.random(1)  # so that its keys are other ones than before
        accepted(hub.join("adam2", replaces=old, newcomer=newcomer))
        [event] = hub.delivered("alice1")
        assert event.external_proposals == ()
        accepted(hub.commit("bob1"))
        assert "adam2" in hub.members

    def test_only_the_users_own_clients_can_be_lost(self, hub):
        for stranger in ("alice1", "bob1", "adam3"):
            with Untouched(hub), pytest.raises(LocalRequestError, match="is no client of"):
                change(hub, "adam", lost=(hub.uri(stranger),))

    def test_all_of_a_change_happens_or_nothing(self, hub):
        with Untouched(hub), pytest.raises(LocalRequestError):
            change(hub, "adam", lost=(hub.uri("adam2"), hub.uri("bob1")), clients=(ClientChange(hub.uri("adam3")),))


class TestNewEpochs:
    @pytest.fixture
    def hub(self, hub) -> Hub:
        """The hub has proposed to remove Adam, whose account is gone."""
        delete(hub, "adam")
        hear(hub)
        told(hub)
        return hub

    @exercises("PROTO-5.5-08", "PROTO-5.5-09", "PROTO-5.5-16")
    def test_an_external_commit_comes_with_the_proposals_for_its_epoch(self, hub):
        accepted(hub.join("carol2"))
        [event] = hub.notified("b.example")
        assert event.event is COMMIT
        assert [each.public_message.content.epoch for each in event.external_proposals] == [hub.epoch()] * 3
        assert hub.delivered("alice1") == (event,)
        [own] = hub.notified("c.example")
        assert (own.message, *own.more_proposals) == event.external_proposals
        hub.receive(event.external_proposals)
        accepted(hub.commit("carol2"))
        assert hub.role("adam") is None

    @exercises("PROTO-5.5-09")
    def test_a_provider_whose_first_client_joins_gets_them_by_themselves(self):
        hub = Hub().found(ROLES | {"dora": 2}, *CLIENTS, components={"roles_list": ROLES_LIST})
        delete(hub, "adam")
        accepted(hub.join("dora1"))
        [own], [event] = hub.notified("d.example"), hub.notified("b.example")[-1:]
        assert (own.message, *own.more_proposals) == event.external_proposals
        assert len(event.external_proposals) == 3

    @exercises("PROTO-5.5-09")
    def test_a_local_client_that_joins_gets_them_by_themselves(self, hub):
        accepted(hub.join("alice3"))
        [own] = hub.delivered("alice3")
        [event] = hub.notified("b.example")
        assert (own.message, *own.more_proposals) == event.external_proposals
        assert hub.notified(HUB) == ()

    @exercises("PROTO-7.3-03")
    def test_a_members_commit_has_to_have_them(self, hub):
        made = hub.made_commit("carol1", by_reference=())
        assert "It leaves out" in hub.update("carol1", hub.bundle(made)).error_description

    def test_nothing_is_proposed_for_somebody_who_has_left(self, hub):
        accepted(hub.commit("carol1"))
        told(hub, "alice1")
        accepted(hub.join("carol2"))
        assert hub.delivered("alice1")[0].external_proposals == ()

    def test_somebody_who_is_added_once_more_stays(self, hub):
        accepted(hub.commit("carol1"))
        accepted(hub.commit("carol1", hub.listed(added={"adam": 2})))
        assert hub.role("adam") == 2
        assert hub.room().state.pending_changes == ()

    def test_they_come_again_whatever_else_was_proposed_meanwhile(self, hub):
        accepted(hub.propose("carol1", hub.listed(added={"dave": 2})))
        accepted(hub.join("carol2"))
        assert len(hub.notified("b.example")[-1].external_proposals) == 3

    def test_who_has_to_leave_is_kept_in_the_database(self, hub):
        accepted(hub.join("carol2"))
        with hub.storage.transaction() as transaction:
            assert transaction.departures(ROOM) == (user("adam"),)


def test_what_others_had_proposed_is_theirs_to_repeat(hub):
    accepted(hub.propose("carol1", *hub.removals("adam"), hub.listed(removed=["adam"])))
    told(hub)
    accepted(hub.join("carol2"))
    assert hub.notified("b.example")[0].external_proposals == ()
    assert hub.room().proposals == {}


@exercises("EXT-6.3.1-03")
def test_what_was_proposed_about_nobody_lapses_as_well(hub):
    discoverable = replace(hub.room().state.updated.policy.base, discoverable=True)
    accepted(hub.propose("alice1", update("base_room_policy", discoverable)))
    accepted(hub.join("carol2"))
    assert hub.room().state.pending_changes == ()


def test_a_self_remove_goes_into_the_external_commit(hub):
    [message], group = hub.proposals("adam1", SelfRemove())
    accepted(hub.update("adam1", hub.proposal_bundle(message)))
    hub.receive([message], "adam1", group)
    accepted(hub.join("carol2", self_removes=[message.public_message]))
    assert "adam1" not in hub.members
    assert told(hub, "adam1")["adam1"] == [COMMIT]


class TestWhoLeavesWhileSomebodyJoins:
    @exercises("PROTO-3.5-04", "EXT-6.3.1-03")
    def test_the_hub_takes_those_off_the_list_whose_clients_have_gone(self):
        hub = Hub().found(ROLES, "alice1", "adam1", "carol1", components={"roles_list": ROLES_LIST})
        messages, group = hub.proposals("adam1", SelfRemove(), hub.listed(removed=["adam"]))
        accepted(hub.update("adam1", hub.proposal_bundle(*messages)))
        hub.receive(messages, "adam1", group)
        hub.delivered("alice1")
        accepted(hub.join("carol2", self_removes=[messages[0].public_message]))
        assert hub.role("adam") == 2
        assert hear(hub) == [COMMIT]
        assert hub.room().state.pending_changes == (RemoveParticipant(user("adam")),)
        [event] = hub.notified("c.example")[-1:]
        hub.receive([event.message, *event.more_proposals])
        accepted(hub.commit("alice1"))
        assert hub.role("adam") is None

    def test_those_who_could_ask_again_are_left_to_do_so(self, hub):
        accepted(hub.propose("adam1", *hub.removals("adam"), hub.listed(removed=["adam"])))
        accepted(hub.propose("carol1", hub.listed(removed=["anna"])))
        accepted(hub.join("carol2"))
        assert hub.room().state.pending_changes == ()
        with hub.storage.transaction() as transaction:
            assert transaction.departures(ROOM) == ()
