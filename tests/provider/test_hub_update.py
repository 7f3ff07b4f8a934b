"""update at a hub: what it takes, what it answers, and that a refusal leaves no trace (PROTO 5.3)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender, propose_own_addition
from mimi_conformance.reference.mls.group.group_framing import IN_PRIVATE
from mimi_conformance.reference.mls.group.group_info import verify_group_info
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.mls.group import ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import GroupContextExtensions, Remove, SelfRemove
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.protocol.update import HandshakeBundle, UpdateRequest, UpdateRoomResponse
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import RoleData
from tests.exercised import exercises
from tests.mls.group_examples import NOW, SUITE
from tests.provider.hub_scene import HUB, ROOM, Code, Hub, follower
from tests.room.house import client

ROLES = {"alice": 4, "bob": 2, "carol": 3}
CLIENTS = ("alice1", "bob1", "bob2", "carol1")


@pytest.fixture
def hub() -> Hub:
    return Hub().found(ROLES, *CLIENTS)


def accepted(response: UpdateRoomResponse) -> UpdateRoomResponse:
    assert response.response_code is Code.success, response
    return response


class Untouched:
    """Nothing changes at the hub while this lasts, and nobody is told of anything."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def __enter__(self) -> None:
        self._before = self._hub.dump(), self._hub.room()

    def __exit__(self, *error) -> None:
        assert (self._hub.dump(), self._hub.room()) == self._before


def not_allowed(hub: Hub, act, *arguments, **how) -> str:
    """The reason why an update is refused by policy, as people read it."""
    return refused(Code.not_allowed, hub, act, *arguments, **how).error_description


def invalid(hub: Hub, act, *arguments, **how) -> UpdateRoomResponse:
    """The answer to an update that is invalid as MLS."""
    return refused(Code.invalid_proposal, hub, act, *arguments, **how)


def refused(code: Code, hub: Hub, act, *arguments, **how) -> UpdateRoomResponse:
    with Untouched(hub):
        response = act(*arguments, **how)
    assert response.response_code is code, response
    return response


class TestWhatIsAccepted:
    @exercises(
        "PROTO-3.2-01",
        "PROTO-3.3-04",
        "PROTO-5.3-02",
        "PROTO-5.3-03",
        "PROTO-5.3-12",
        "PROTO-5.3-14",
        "PROTO-5.3-22",
        "PROTO-5.3-23",
        "PROTO-5.3-27",
        "PROTO-5.3-28",
        "PROTO-5.3-36",
    )
    def test_a_commit_begins_an_epoch_at_the_time_that_the_answer_has(self, hub):
        response = accepted(hub.commit("bob1", hub.listed(added={"dave": 2}), newcomers=["dave1"]))
        assert (response.accepted_timestamp, response.error_description) == (hub.now, "")
        assert hub.role("dave") == 2
        assert hub.epoch() == 2

    @exercises("PROTO-3.5-02", "PROTO-3.5-03", "PROTO-5.3-15", "PROTO-5.3-39", "PROTO-7.1-04", "PROTO-7.1-05")
    def test_proposals_change_the_room_at_once_and_wait_for_a_commit(self, hub):
        accepted(hub.propose("bob1", *hub.removals("bob"), hub.listed(removed=["bob"])))
        state = hub.room().state
        assert (state.committed.user_count, state.updated.user_count) == (3, 2)
        assert [each.hub_accepted_time for each in hub.room().proposals.values()] == [hub.now] * 3
        hub.now += 1
        accepted(hub.commit("carol1"))
        assert set(hub.members) == {"alice1", "carol1"}
        assert hub.room().proposals == {}

    @exercises("PROTO-3.6-02", "PROTO-5.3-19", "PROTO-5.3-20", "RTO-4-01", "RTO-4-03", "RTO-4-08", "RTO-4-09")
    @pytest.mark.parametrize("partial", [False, True])
    def test_the_hub_has_the_group_info_of_the_new_epoch(self, hub, partial):
        accepted(hub.commit("carol1", partial=partial))
        room = hub.room()
        assert room.group_info.group_context == room.state.group.context
        verify_group_info(room.group_info, room.state.group.tree)

    @exercises("PROTO-3.6-04", "PROTO-3.6-05", "PROTO-5.3-43", "PROTO-5.6-02")
    def test_a_new_device_joins_by_an_external_commit(self, hub):
        accepted(hub.join("carol2"))
        assert len(hub.room().state.committed.participants.clients(b"mimi://c.example/u/carol")) == 2

    @exercises("PROTO-5.3-34")
    def test_what_comes_again_is_answered_as_before_and_done_once(self, hub):
        made = hub.made_commit("bob1")
        bundle = hub.bundle(made)
        first = accepted(hub.update("bob1", bundle))
        hub.now += 5000
        with Untouched(hub):
            assert hub.update("bob1", bundle) == first
        assert hub.update("alice1", bundle).response_code is Code.wrong_epoch

    def test_a_proposal_that_came_before_in_other_company_is_accepted_once(self, hub):
        [message], _ = hub.proposals("bob1", hub.listed(added={"dave": 2}))
        accepted(hub.update("bob1", hub.proposal_bundle(message)))
        hub.now += 1
        with_itself = hub.proposal_bundle(message, message)
        assert accepted(hub.update("bob1", with_itself)).accepted_timestamp == hub.now - 1
        assert len(hub.notified("c.example")) == 1

    @exercises("PROTO-4.3.2-03", "PROTO-7.3-01", "PROTO-7.4-01")
    def test_a_follower_proposes_as_an_external_sender(self):
        hub = Hub().found(ROLES | {"b.example": 3}, *CLIENTS, senders=("b.example",))
        context = hub.room().state.group.context
        key = follower("b.example").keys.external_sender(SUITE).private_key
        messages = [
            MLSMessage.of(propose_as_external_sender(context, 1, body, key))
            for body in (hub.listed(removed=["carol"]), *hub.removals("carol"))
        ]
        bundle = hub.proposal_bundle(*messages)
        assert "has made" in not_allowed(hub, hub.update, "carol1", bundle)
        accepted(hub.update("bob1", bundle))
        hub.receive(messages)
        accepted(hub.commit("alice1"))
        assert hub.role("carol") is None

    @pytest.mark.parametrize("name", ["bob3", "alice2"])
    def test_a_client_proposes_its_own_addition_and_the_welcome_finds_it(self, hub, name):
        newcomer, package = client(name), client(name).key_package()
        hub.know(name)
        message = MLSMessage.of(
            propose_own_addition(hub.room().state.group.context, package.key_package, newcomer.signature_private_key)
        )
        accepted(hub.update(name, hub.proposal_bundle(message)))
        hub.receive([message])
        made = hub.made_commit("carol1")
        accepted(hub.update("carol1", hub.bundle(made)))
        told = hub.delivered(name) if name == "alice2" else hub.notified("b.example")
        assert told[-1].message.welcome == made.welcome
        assert [each.new_member for each in made.welcome.secrets] == [key_package_ref(package.key_package)]

    def test_a_key_package_with_which_a_client_proposes_its_own_addition_is_not_handed_out(self, hub):
        newcomer, package = client("alice2"), client("alice2").key_package()
        hub.know("alice2")
        message = propose_own_addition(
            hub.room().state.group.context, package.key_package, newcomer.signature_private_key
        )
        accepted(hub.update("alice2", hub.proposal_bundle(MLSMessage.of(message))))
        with hub.storage.transaction() as transaction:
            left = transaction.unused_key_packages(hub.uri("alice2"))
        assert key_package_ref(package.key_package) not in [reference for reference, _ in left]


class TestWhatIsRefused:
    @exercises("PROTO-3.2-09", "PROTO-5.3-31", "PROTO-5.3-33", "PROTO-5.3-44", "PROTO-7.1-02", "PROTO-7.1-03")
    def test_what_the_policy_is_against_with_the_reason_in_words(self, hub):
        reason = not_allowed(hub, hub.propose, "bob1", hub.listed(changed={"carol": 2}))
        assert "role 2 (ordinary_user), does not hold canChangeUserRole" in reason
        reason = not_allowed(hub, hub.commit, "bob1", hub.listed(added={"dave": 4}), newcomers=())
        assert "may not take mimi://d.example/u/dave from role 0" in reason

    @exercises("PROTO-5.3-30", "PROTO-5.3-35", "PROTO-5.3-38")
    def test_of_two_commits_for_an_epoch_the_second_learns_the_current_one(self, hub):
        one, other = hub.made_commit("bob1"), hub.made_commit("carol1")
        accepted(hub.update("bob1", hub.bundle(one)))
        response = refused(Code.wrong_epoch, hub, hub.update, "carol1", hub.bundle(other))
        assert response.current_epoch == hub.epoch() == 2
        assert response.error_description == "The group is in epoch 2."

    @exercises("PROTO-5.3-38")
    def test_proposals_for_a_past_or_future_epoch(self, hub):
        [past], _ = hub.proposals("bob1", hub.listed(added={"dave": 2}))
        accepted(hub.commit("alice1"))
        after = hub.made_commit("alice1").after
        future = propose(after, hub.listed(added={"dave": 2}), now=NOW, random=bytes).message
        for message, name in ((future, "alice1"), (past, "bob1")):
            bundle = hub.proposal_bundle(message)
            assert refused(Code.wrong_epoch, hub, hub.update, name, bundle).current_epoch == hub.epoch()

    @exercises("PROTO-5.3-32", "PROTO-5.3-41")
    def test_a_bundle_with_an_invalid_proposal_as_a_whole_and_with_its_reference(self, hub):
        good, bad = hub.listed(added={"dave": 2}), hub.listed(removed=["alice"])
        (first, second), _ = hub.proposals("bob1", good, bad)
        broken = replace(second.public_message, content=replace(second.public_message.content, group_id=b"x"))
        bundle = hub.proposal_bundle(first, MLSMessage.of(broken))
        assert "is not that of" in not_allowed(hub, hub.update, "bob1", bundle)
        auth = replace(second.public_message.auth, signature=bytes(64))
        unsigned = MLSMessage.of(replace(second.public_message, auth=auth))
        bundle = hub.proposal_bundle(first, unsigned)
        assert len(invalid(hub, hub.update, "bob1", bundle).invalid_proposals) == 1

    @exercises("PROTO-5.3-40")
    def test_a_commit_that_refers_to_what_the_hub_never_accepted(self, hub):
        [message], group = hub.proposals("bob1", hub.listed(added={"dave": 2}))
        hub.receive([message], "bob1", group)
        made = hub.made_commit("carol1")
        response = invalid(hub, hub.update, "carol1", hub.bundle(made))
        assert len(response.invalid_proposals) == 1

    @exercises("PROTO-3.5-04", "PROTO-7.3-03")
    def test_a_commit_that_leaves_out_what_waits(self, hub):
        accepted(hub.propose("bob1", hub.listed(added={"dave": 2})))
        assert "It leaves out" in not_allowed(hub, hub.commit, "carol1", by_reference=())

    @exercises("PROTO-5.3-13", "PROTO-4.2-02")
    def test_handshakes_that_the_hub_cannot_read(self, hub):
        messages, _ = hub.proposals("bob1", hub.listed(added={"dave": 2}), framing=IN_PRIVATE)
        bundle = hub.proposal_bundle(messages[0])
        assert "is an mls_private_message" in not_allowed(hub, hub.update, "bob1", bundle)
        made = hub.made_commit("bob1", framing=IN_PRIVATE)
        assert "is an mls_private_message" in not_allowed(hub, hub.update, "bob1", hub.bundle(made))

    def test_a_commit_among_proposals(self, hub):
        messages, _ = hub.proposals("bob1", hub.listed(added={"dave": 2}))
        bundle = hub.proposal_bundle(*messages, hub.made_commit("bob1").message)
        assert "something else among the proposals" in not_allowed(hub, hub.update, "bob1", bundle)

    @exercises("MLS-12.4.3.2-02")
    def test_an_external_commit_without_a_path(self, hub):
        def pathless(bundle: HandshakeBundle) -> HandshakeBundle:
            message = bundle.proposal_or_commit.public_message
            content = replace(message.content, commit=replace(message.content.commit, path=None))
            return replace(bundle, proposal_or_commit=MLSMessage.of(replace(message, content=content)))

        invalid(hub, hub.join, "bob3", change=pathless)

    @exercises("PROTO-5.3-43")
    def test_an_external_commit_of_nobody(self, hub):
        nobody = replace(client("bob3"), name="nobody")
        assert "is a client, never a server" in not_allowed(hub, hub.join, "bob3", newcomer=nobody)

    @exercises("PROTO-5.3-37", "PROTO-5.3-01")
    def test_rooms_that_are_none_or_other_ones(self, hub):
        other = MimiUri.room(HUB, "other")
        members = hub.members
        hub.found({"alice": 4}, "alice1", room_id=other)
        hub.members = members
        made = hub.made_commit("alice1")
        body = UpdateRequest(hub.bundle(made)).encode()
        with Untouched(hub):
            assert hub.ask(Endpoint.UPDATE, body, "alice1", "mimi://hub.example/r/nowhere").status == 404
            assert hub.ask(Endpoint.UPDATE, body, "alice1", "mimi://b.example/r/clubhouse").status == 404
            assert hub.ask(Endpoint.UPDATE, body, "alice1", "mimi://hub.example/u/alice").status == 400
            assert hub.ask(Endpoint.UPDATE, body, "alice1", "clubhouse").status == 400

    @exercises("PROTO-5.3-21")
    def test_bodies_that_are_none(self, hub):
        made = hub.made_commit("bob1")
        body = UpdateRequest(hub.bundle(made)).encode()
        info = hub.bundle(made).group_info_option.encode()
        with Untouched(hub):
            for damaged in (b"", body[:-1], body + b"\0", body.replace(info, b"\x03" + info[1:])):
                assert hub.ask(Endpoint.UPDATE, damaged, "b.example").status == 400

    @pytest.mark.parametrize("length", [1_000_000, 2**30 - 1])
    def test_bodies_that_claim_more_than_they_have(self, hub, length):
        messages, _ = hub.proposals("bob1", hub.listed(added={"dave": 2}))
        body = UpdateRequest(hub.proposal_bundle(*messages)).encode()
        assert body.endswith(b"\0")
        claims = body[:-1] + (length | 2 << 30).to_bytes(4)
        with Untouched(hub):
            for damaged in (claims, claims + messages[0].encode()):
                assert hub.ask(Endpoint.UPDATE, damaged, "b.example").status == 400

    @exercises("PROTO-5.3-42")
    def test_what_is_sent_by_another_provider_than_its_makers(self, hub):
        for act in (hub.propose, hub.commit):
            assert "c.example sends what" in not_allowed(
                hub, act, "bob1", hub.listed(added={"dave": 2}), source="c.example"
            )
        assert "c.example sends what" in not_allowed(hub, hub.join, "bob3", source="c.example")
        accepted(hub.propose("bob1", hub.listed(added={"dave": 2})))

    @exercises("PROTO-7.4-03")
    @pytest.mark.parametrize("inline", [True, False])
    def test_what_would_take_the_hub_off_the_external_senders(self, inline):
        hub = Hub().found(ROLES | {HUB: 5}, *CLIENTS, policy="cooperative", components={"roles_list": _powerful()})
        entries = (replace(hub.provider.external_sender(SUITE), signature_key=bytes(32)),)
        new = Extension(ExtensionType.external_senders, ExternalSenders(entries).encode())
        others = hub.room().state.group.context.extensions
        body = GroupContextExtensions(
            tuple(new if each.extension_type is new.extension_type else each for each in others)
        )
        act = hub.commit if inline else hub.propose
        assert "listed with another key" in not_allowed(hub, act, "alice1", body)
        accepted(act("alice1", GroupContextExtensions(others)))

    def test_more_proposals_than_may_wait(self):
        hub = Hub(most_pending_proposals=2).found(ROLES, *CLIENTS)
        messages, _ = hub.proposals("bob1", *(hub.listed(added={name: 2}) for name in ("dave", "dora", "dan")))
        bundle = hub.proposal_bundle(*messages)
        with Untouched(hub):
            answer = hub.ask(Endpoint.UPDATE, UpdateRequest(bundle).encode(), "b.example")
        assert (answer.status, answer.reason) == (
            429,
            f"0 proposals wait for a commit in {ROOM}, and 3 more are too many.",
        )

    def test_one_more_than_may_wait(self):
        hub = Hub(most_pending_proposals=2).found(ROLES, *CLIENTS)
        first, second, third = (
            hub.proposal_bundle(*hub.proposals("bob1", hub.listed(added={name: 2}))[0])
            for name in ("dave", "dora", "dan")
        )
        accepted(hub.update("bob1", first))
        accepted(hub.update("bob1", second))
        with Untouched(hub):
            assert hub.ask(Endpoint.UPDATE, UpdateRequest(third).encode(), "b.example").status == 429


class TestThoseWhoAreGone:
    @exercises("PROTO-5.3-09", "PROTO-5.3-10", "PROTO-5.3-11")
    def test_a_removed_user_commits_nothing_and_proposes_only_its_own_removal(self, hub):
        accepted(hub.propose("carol1", *hub.removals("bob"), hub.listed(removed=["bob"])))
        for act in (hub.propose, hub.commit):
            assert "bob is no participant" in not_allowed(hub, act, "bob1", hub.listed(added={"dave": 2}))
        accepted(hub.propose("bob1", Remove(hub.group("bob2").leaf_index)))

    @exercises("PROTO-5.3-09", "PROTO-5.3-10", "PROTO-5.3-11")
    def test_a_banned_user_likewise(self, hub):
        accepted(hub.propose("carol1", *hub.removals("bob"), hub.listed(changed={"bob": 1})))
        for act in (hub.propose, hub.commit):
            assert "bob is banned" in not_allowed(hub, act, "bob1", hub.listed(added={"dave": 2}))
        accepted(hub.propose("bob1", SelfRemove()))


def _powerful() -> RoleData:
    """Roles in which the super admin may change the external senders."""
    roles = preset("cooperative").roles_list
    more = (CapabilityType.can_change_mls_operational_policies,)
    return replace(
        roles,
        roles=tuple(
            replace(role, role_capabilities=(*role.role_capabilities, *more)) if role.role_index == 4 else role
            for role in roles.roles
        ),
    )
