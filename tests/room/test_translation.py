"""From MLS proposals to acts: what is one action, whose it is, and what it says."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal
from mimi_conformance.reference.room.actors import ExternalSender, Member
from mimi_conformance.reference.room.changes import (
    Act,
    AddClients,
    AddParticipant,
    Change,
    ChangeBasePolicy,
    ChangeComponent,
    ChangeExtensions,
    ChangeMetadata,
    ChangePreauthorization,
    ChangeRole,
    ChangeRoles,
    MaintainGroup,
    Reinitialize,
    RemoveClients,
    RemoveParticipant,
)
from mimi_conformance.reference.room.participants import Client
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalBody,
    ReInit,
    Remove,
    SelfRemove,
    Update,
)
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID, PSKType
from mimi_conformance.reference.wire.mls.registries import ExtensionType, ProtocolVersion
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData
from tests.exercised import exercises
from tests.mls.group_examples import SUITE
from tests.room.component_examples import ASSETS, METADATA, ROLES
from tests.room.house import HUB, NUMBERS, House, client, remove_component, senders, update, user

USERS = {"alice": 4, "bob": 2, "carol": 3, "dora": 2}
CLIENTS = ("alice1", "bob1", "bob2", "carol1")


@pytest.fixture
def house() -> House:
    return House.of(USERS, *CLIENTS, servers=(HUB, "b.example"))


def member(leaf_index: int) -> Sender:
    return Sender(sender_type=SenderType.member, leaf_index=leaf_index)


ALICE, BOB, CAROL = member(0), member(1), member(3)


def translated(house: House, *proposals: tuple[Sender, ProposalBody], translator=None):
    """Acts with their references, for proposals that came one after the other, by reference."""
    listed = [
        ListedProposal(index, Proposal.of(body), sender, b"%d" % index)
        for index, (sender, body) in enumerate(proposals)
    ]
    return (translator or house.state.translator()).acts(listed, house.state.group.state.extensions.app_data)


def changes(house: House, *bodies: ProposalBody, sender: Sender = ALICE) -> list[Change]:
    return [each.act.change for each in translated(house, *((sender, body) for body in bodies))]


def add(name: str) -> tuple[Add, Client]:
    newcomer = client(name)
    return Add(newcomer.key_package().key_package), Client(MimiUri(newcomer.name))


@exercises("PROTO-3.2-01", "POLICY-8.1.1-06")
def test_an_entry_and_the_clients_of_its_user_are_one_addition(house):
    (one, first), (two, second) = add("dave1"), add("dave2")
    listed = house.listed(added={"dave": 2, "dan": 3})
    assert changes(house, one, listed, two) == [
        AddParticipant(user("dave"), 2, (first, second)),
        AddParticipant(user("dan"), 3),
    ]


@exercises("POLICY-8.1.2-01", "POLICY-8.1.2-10")
def test_an_entry_that_goes_and_the_removals_are_one_removal(house):
    everybody = changes(house, Remove(2), house.listed(removed=["bob", "dora"]), Remove(1), Remove(3))
    assert everybody == [
        RemoveParticipant(user("bob"), frozenset({1, 2})),
        RemoveParticipant(user("dora")),
        RemoveClients(user("carol"), frozenset({3})),
    ]


@exercises("POLICY-8.1.2-06", "POLICY-8.1.2-13")
def test_removals_without_an_entry_are_about_clients(house):
    assert changes(house, Remove(1), Remove(3)) == [
        RemoveClients(user("bob"), frozenset({1})),
        RemoveClients(user("carol"), frozenset({3})),
    ]
    assert changes(house, SelfRemove(), sender=BOB) == [RemoveClients(user("bob"), frozenset({1}))]


@exercises("POLICY-8.1.3-08")
def test_a_ban_takes_the_removals_along_and_another_role_does_not(house):
    leaves = frozenset({1, 2})
    assert changes(house, house.listed(changed={"bob": 1}), *house.removals("bob")) == [
        ChangeRole(user("bob"), 1, leaves)
    ]
    assert changes(house, house.listed(changed={"bob": 3}), *house.removals("bob")) == [
        ChangeRole(user("bob"), 3),
        RemoveClients(user("bob"), leaves),
    ]


def test_clients_that_come_and_go_without_an_entry_are_two_changes(house):
    added, new = add("bob3")
    assert changes(house, Remove(1), added, sender=BOB) == [
        RemoveClients(user("bob"), frozenset({1})),
        AddClients(user("bob"), (new,)),
    ]
    assert changes(house, added, house.listed(removed=["bob"])) == [
        RemoveParticipant(user("bob")),
        AddClients(user("bob"), (new,)),
    ]


@exercises("POLICY-8-03")
def test_what_different_senders_want_stays_apart(house):
    acts = translated(
        house, (CAROL, house.listed(removed=["bob"])), (ALICE, Remove(1)), (CAROL, Remove(2)), (BOB, SelfRemove())
    )
    assert [(each.act, each.references) for each in acts] == [
        (Act(Member(user("carol"), 3), RemoveParticipant(user("bob"), frozenset({2}))), {b"0", b"2"}),
        (Act(Member(user("alice"), 0), RemoveClients(user("bob"), frozenset({1}))), {b"1"}),
        (Act(Member(user("bob"), 1), RemoveClients(user("bob"), frozenset({1}))), {b"3"}),
    ]


@exercises("PROTO-7.4-01", "POLICY-8-01")
def test_a_server_is_known_by_its_place_among_the_external_senders(house):
    servers = [Sender(sender_type=SenderType.external, sender_index=index) for index in (0, 1)]
    acts = translated(house, *((server, Remove(1)) for server in servers))
    assert [each.act.actor for each in acts] == [
        ExternalSender(f"mimi://{domain}".encode(), domain) for domain in (HUB, "b.example")
    ]


@exercises("PROTO-7.5-08")
def test_indices_are_those_of_the_epoch_and_leaves_those_that_are_left(house):
    gone = house.state.committed.participants.without_leaves((1,)).changed(removed=(0,))
    translator = replace(house.state.translator(), updated=replace(house.state.updated, participants=gone))
    acts = translated(
        house, (CAROL, house.listed(removed=["bob"])), (CAROL, Remove(1)), (CAROL, Remove(2)), translator=translator
    )
    assert [each.act.change for each in acts] == [RemoveParticipant(user("bob"), frozenset({2}))]


PSK = PreSharedKey(PreSharedKeyID(psktype=PSKType.external, psk_id=b"id", psk_nonce=bytes(32)))


@exercises("POLICY-8.7-02", "POLICY-8.7-04", "POLICY-8.6-05", "PROTO-5.3-03")
def test_what_is_about_no_user(house):
    base = house.state.committed.policy.base
    leaf_node = house.group("bob1").leaf_node
    bodies = {
        update("room_metadata", METADATA): ChangeMetadata(METADATA),
        update("roles_list", ROLES): ChangeRoles(ROLES),
        update("preauth_list", PreAuthData(())): ChangePreauthorization(PreAuthData(())),
        update("base_room_policy", base): ChangeBasePolicy(base),
        update("asset_policy", ASSETS): ChangeComponent(NUMBERS["asset_policy"], ASSETS),
        remove_component("app_ack"): ChangeComponent(NUMBERS["app_ack"], removed=True),
        replace(update("asset_policy", ASSETS), component_id=0xFF00): ChangeComponent(0xFF00),
        ReInit(b"next", ProtocolVersion.mls10, SUITE, ()): Reinitialize(),
        PSK: MaintainGroup(),
        Update(leaf_node): MaintainGroup(),
        update("participant_list", ParticipantListUpdate()): MaintainGroup(),
    }
    for body, change in bodies.items():
        assert changes(house, body) == [change]


@exercises("PROTO-7.4-03", "PROTO-7.4-06")
def test_extensions_are_told_by_the_domains_of_the_servers(house):
    before = house.state.group.context.extensions
    other = Extension(ExtensionType.application_id, b"")
    for extensions, change in (
        (before, ChangeExtensions((HUB, "b.example"))),
        (before[1:], ChangeExtensions(None)),
        ((*before[1:], senders("c.example", HUB)), ChangeExtensions(("c.example", HUB))),
        ((*before, other), ChangeExtensions((HUB, "b.example"))),
    ):
        assert changes(house, GroupContextExtensions(extensions)) == [change]
