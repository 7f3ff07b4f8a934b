"""Which servers may propose in a room: the hub always, followers while they have participants (PROTO 7.4)."""

import pytest

from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import GroupContextExtensions, ProposalBody
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent
from mimi_conformance.reference.wire.protocol.update import UpdateRoomResponse
from tests.exercised import exercises
from tests.mls.group_examples import SUITE
from tests.provider.hub_scene import HUB, Code, Hub, follower
from tests.provider.test_hub_fanout import told
from tests.provider.test_hub_update import _powerful, accepted, not_allowed

ROLES = {"alice": 4, "bob": 2, "carol": 3, "b.example": 3}
CLIENTS = ("alice1", "bob1", "carol1")


def with_senders(hub: Hub, *names: str) -> GroupContextExtensions:
    """The extensions of the group, with the hub and followers as external senders."""
    entries: list[ExternalSender] = [hub.provider.external_sender(SUITE)]
    entries += [follower(each).external_sender(SUITE) for each in names]
    new = Extension(ExtensionType.external_senders, ExternalSenders(tuple(entries)).encode())
    before = hub.room().state.group.context.extensions
    return GroupContextExtensions(
        tuple(new if each.extension_type is ExtensionType.external_senders else each for each in before)
    )


def propose(hub: Hub, name: str, *bodies: ProposalBody, index: int = 1) -> UpdateRoomResponse:
    """Let a follower propose; whoever is in the group learns of it, if the hub accepts it."""
    key = follower(name).keys.external_sender(SUITE).private_key
    context = hub.room().state.group.context
    messages = [MLSMessage.of(propose_as_external_sender(context, index, body, key)) for body in bodies]
    response = hub.update("bob1", hub.proposal_bundle(*messages), name)
    if response.response_code is Code.success:
        hub.receive(messages)
    return response


@exercises("PROTO-7.4-04", "PROTO-7.4-06", "PROTO-4.3.2-03")
@pytest.mark.parametrize("inline", [True, False])
def test_a_follower_with_participants_may_propose_once_a_commit_has_listed_it(inline):
    hub = Hub().found(ROLES, *CLIENTS, components={"roles_list": _powerful()})
    listing = with_senders(hub, "b.example")
    if not inline:
        accepted(hub.propose("alice1", listing))
        assert hub.room().state.external_senders == (HUB,)
        accepted(hub.commit("carol1"))
    else:
        accepted(hub.commit("alice1", listing))
    assert hub.room().state.external_senders == (HUB, "b.example")
    accepted(propose(hub, "b.example", *hub.removals("carol"), hub.listed(removed=["carol"])))
    accepted(hub.commit("bob1"))
    assert hub.role("carol") is None


@exercises("PROTO-7.4-05")
def test_a_follower_without_participants_is_not_listed():
    hub = Hub().found(ROLES, *CLIENTS, components={"roles_list": _powerful()})
    assert "d.example has no participants" in not_allowed(hub, hub.commit, "alice1", with_senders(hub, "d.example"))
    accepted(hub.commit("alice1", with_senders(hub, "d.example"), hub.listed(added={"dora": 2})))


@exercises("PROTO-7.4-05")
@pytest.mark.parametrize("roles", [{}, {HUB: 5}])
def test_the_hub_has_it_go_with_its_last_participant_whatever_its_own_role(roles):
    hub = Hub().found({"alice": 4, "bob": 2, "carol": 3} | roles, *CLIENTS, senders=("b.example",))
    accepted(hub.commit("carol1", *hub.removals("bob"), hub.listed(removed=["bob"])))
    [_, event] = hub.delivered("alice1")
    assert "It leaves out" in not_allowed(hub, hub.commit, "carol1", by_reference=())
    hub.receive([event.message])
    accepted(hub.commit("carol1"))
    assert hub.room().state.external_senders == (HUB,)
    assert told(hub, "alice1")["alice1"] == [FanoutEvent.commit]
