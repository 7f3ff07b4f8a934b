"""What comes along with a commit: GroupInfo, ratchet tree and Welcome, and handshakes for members and hub alone."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree
from mimi_conformance.reference.wire.mls.app_data import WireFormats
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.ratchet_tree_options import (
    Domain,
    DomainList,
    PartialGroupInfo,
    RatchetTreeOption,
    RatchetTreePresence,
    RatchetTreeRepresentation,
)
from mimi_conformance.reference.wire.mls.registries import ExtensionType, WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import ExternalReceivers
from mimi_conformance.reference.wire.protocol.update import GroupInfoOption, GroupInfoRepresentation
from tests.exercised import exercises
from tests.mls.group_examples import SUITE
from tests.provider.hub_scene import HUB, Hub, capable, follower, group_info_option
from tests.provider.test_hub_update import CLIENTS, ROLES, accepted, invalid, not_allowed

SEMI_PRIVATE = Framing(WireFormat.mls_semiprivate_message)
NO_TREE = RatchetTreePresence.no_ratchet_tree


@pytest.fixture
def hub() -> Hub:
    return Hub().found(ROLES, *CLIENTS)


def with_group_info(change):
    """Another GroupInfo in a bundle than the one that came."""

    def changed(bundle):
        return replace(bundle, group_info_option=group_info_option(change(bundle.group_info_option.group_info)))

    return changed


def with_parts(change):
    """Another PartialGroupInfo."""

    def changed(bundle):
        parts = change(bundle.group_info_option.partial_group_info)
        option = GroupInfoOption(representation=GroupInfoRepresentation.partial, partial_group_info=parts)
        return replace(bundle, group_info_option=option)

    return changed


def with_tree(option: RatchetTreeOption):
    """Another ratchet tree."""
    return lambda bundle: replace(bundle, ratchet_tree_option=option)


class TestTheGroupInfo:
    @exercises("PROTO-5.3-19", "RTO-4-10", "POLICY-7-04")
    def test_it_is_signed_by_the_committer(self, hub):
        def forged(info):
            return replace(info, signature=bytes(64))

        response = invalid(hub, hub.commit, "bob1", change=with_group_info(forged))
        assert "signature of a GroupInfo" in response.error_description
        response = invalid(hub, hub.commit, "bob1", change=with_parts(forged), partial=True)
        assert "signature of a GroupInfo" in response.error_description

    @exercises("PROTO-5.3-19")
    def test_it_is_that_of_the_new_epoch(self, hub):
        before = group_info(hub.group("bob1"), tree=False)
        assert "another one, of epoch 1" in not_allowed(
            hub, hub.commit, "bob1", change=with_group_info(lambda _: before)
        )
        other = hub.made_commit("bob1").after
        assert "another one, of epoch 2" in not_allowed(
            hub, hub.commit, "bob1", change=with_group_info(lambda _: group_info(other, tree=False))
        )

    @exercises("PROTO-5.3-16")
    def test_it_has_no_tree_in_it(self, hub):
        made = hub.made_commit("bob1")
        bundle = replace(hub.bundle(made), group_info_option=group_info_option(group_info(made.after)))
        assert "no ratchet_tree among them" in invalid(hub, hub.update, "bob1", bundle).error_description

    @exercises("RTO-4-04", "RTO-4-05", "RTO-4-06", "RTO-4-07")
    @pytest.mark.parametrize("presence", set(RatchetTreePresence) - {NO_TREE}, ids=lambda each: each.name)
    def test_no_group_info_of_a_room_has_or_had_a_tree(self, hub, presence):
        def claimed(parts: PartialGroupInfo):
            return replace(parts, ratchet_tree_presence=presence)

        invalid(hub, hub.commit, "bob1", change=with_parts(claimed), partial=True)


class TestTheTree:
    @exercises("RTO-3-02", "RTO-3-05", "PROTO-5.3-14")
    @pytest.mark.parametrize("tree", [True, False])
    def test_it_comes_in_full_or_not_at_all(self, hub, tree):
        accepted(hub.commit("bob1", tree=tree))

    @exercises("RTO-3-07")
    def test_it_is_that_of_the_new_epoch(self, hub):
        old = full_tree(hub.group("bob1").public.tree)
        assert "another tree" in not_allowed(hub, hub.commit, "bob1", change=with_tree(old))

    @exercises("RTO-3-03", "RTO-3-04")
    def test_it_may_be_had_elsewhere(self, hub):
        accepted(hub.commit("bob1", change=with_tree(at("https://trees.example/1"))))
        out_of_band = RatchetTreeOption(representation=RatchetTreeRepresentation.out_of_band, tree_signature=b"")
        accepted(hub.commit("bob1", change=with_tree(out_of_band)))

    @exercises("RTO-3.1-02")
    def test_it_is_to_be_had_where_the_group_says(self):
        domains = DomainList((Domain(b"trees.example"),))
        extension = Extension(ExtensionType.ratchet_tree_source_domains, domains.encode())
        hub = Hub(client=capable).found(ROLES, "alice1", extensions=(extension,))
        accepted(hub.commit("alice1", change=with_tree(at("https://trees.example/1"))))
        elsewhere = with_tree(at("https://woods.example/1"))
        assert "woods.example" in invalid(hub, hub.commit, "alice1", change=elsewhere).error_description


def at(url: str) -> RatchetTreeOption:
    return RatchetTreeOption(
        representation=RatchetTreeRepresentation.https_uri, ratchet_tree_url=url.encode(), tree_signature=b""
    )


class TestTheWelcome:
    @exercises("PROTO-5.3-17")
    def test_it_is_there_when_somebody_is_added_and_only_then(self, hub):
        made = hub.made_commit("bob1", hub.listed(added={"dave": 2}), newcomers=[hub.claimed("dave1")[1]])
        without = replace(hub.bundle(made), welcome=None)
        assert "adds 1 clients, and welcomes 0" in not_allowed(hub, hub.update, "bob1", without)
        nobody = hub.made_commit("bob1")
        superfluous = replace(hub.bundle(nobody), welcome=made.welcome)
        assert "adds 0 clients, and welcomes 1" in not_allowed(hub, hub.update, "bob1", superfluous)
        empty = replace(made.welcome, secrets=())
        assert "adds 0 clients" in not_allowed(hub, hub.update, "bob1", replace(hub.bundle(nobody), welcome=empty))

    @exercises("PROTO-5.3-17")
    def test_it_is_for_all_who_are_added_and_for_nobody_else(self, hub):
        packages = [hub.claimed(name)[1] for name in ("dave1", "dave2")]
        made = hub.made_commit("bob1", hub.listed(added={"dave": 2}), newcomers=packages)
        one, other = made.welcome.secrets
        for secrets in ((one,), (one, one), (one, other, other), (one, replace(other, new_member=b"x"))):
            bundle = replace(hub.bundle(made), welcome=replace(made.welcome, secrets=secrets))
            assert "adds 2 clients" in not_allowed(hub, hub.update, "bob1", bundle)
        bundle = replace(hub.bundle(made), welcome=replace(made.welcome, secrets=(other, one)))
        accepted(hub.update("bob1", bundle))

    @exercises("PROTO-3.2-06", "PROTO-4.3.1-07")
    def test_whoever_is_added_has_a_key_package_that_came_through_the_hub(self, hub):
        _, package = hub.claimed("dave1")
        with hub.storage.transaction() as transaction:
            transaction._execute("DELETE FROM key_package_route")
        made = hub.made_commit("bob1", hub.listed(added={"dave": 2}), newcomers=[package])
        assert "Nobody here knows" in not_allowed(hub, hub.update, "bob1", hub.bundle(made))


class TestSemiPrivateHandshakes:
    @pytest.fixture
    def hub(self) -> Hub:
        return semi_private()

    @exercises("PROTO-5.3-24", "PROTO-5.3-25", "SPM-3-04", "SPM-3.3-02", "SPM-3.3-03", "SPM-3.3-04", "SPM-3.3-05")
    def test_the_hub_judges_what_it_reads_as_an_external_receiver(self, hub):
        too_high = hub.listed(added={"dora": 3})
        assert "may not take" in not_allowed(hub, hub.propose, "bob1", too_high, framing=SEMI_PRIVATE)
        accepted(hub.propose("bob1", hub.listed(added={"dave": 2}), framing=SEMI_PRIVATE))
        accepted(hub.commit("carol1", framing=SEMI_PRIVATE))
        assert hub.role("dave") == 2

    @exercises("PROTO-5.3-26", "PROTO-5.5-36")
    def test_followers_get_them_as_they_came(self, hub):
        [message], _ = hub.proposals("bob1", hub.listed(added={"dave": 2}), framing=SEMI_PRIVATE)
        accepted(hub.update("bob1", hub.proposal_bundle(message)))
        [event] = hub.notified("c.example")
        assert event.message == message

    @exercises("PROTO-5.3-30")
    def test_one_for_another_epoch(self, hub):
        [message], _ = hub.proposals("bob1", hub.listed(added={"dave": 2}), framing=SEMI_PRIVATE)
        accepted(hub.commit("alice1"))
        assert hub.update("bob1", hub.proposal_bundle(message)).current_epoch == hub.epoch()

    @exercises("SPM-3.3-01")
    def test_one_that_is_not_for_the_hub(self, hub):
        [message], _ = hub.proposals("bob1", hub.listed(added={"dave": 2}), framing=SEMI_PRIVATE)
        hidden = replace(message.semiprivate_message, keys_for_external_receivers=())
        bundle = hub.proposal_bundle(replace(message, semiprivate_message=hidden))
        assert "a key for the external receiver" in invalid(hub, hub.update, "bob1", bundle).error_description

    @exercises("SPM-3-05")
    def test_one_in_a_group_that_does_not_require_the_format(self):
        hub = semi_private(extensions=())
        response = not_allowed(hub, hub.propose, "bob1", hub.listed(added={"dave": 2}), framing=SEMI_PRIVATE)
        assert "for groups that require the format" in response

    def test_one_in_a_group_that_does_not_list_the_hub(self):
        hub = semi_private(receivers=lambda _: (OTHER,))
        invalid(hub, hub.propose, "bob1", hub.listed(added={"dave": 2}), framing=SEMI_PRIVATE)

    @exercises("SPM-3.3-01")
    def test_one_in_a_group_that_lists_the_hub_among_others_and_by_its_bare_domain(self):
        bare = Credential.basic(HUB.encode())
        hub = semi_private(receivers=lambda own: (OTHER, replace(own, credential=bare)))
        accepted(hub.propose("bob1", hub.listed(added={"dave": 2}), framing=SEMI_PRIVATE))


OTHER = follower("b.example").external_receiver(SUITE)
REQUIRED = Extension(ExtensionType.required_wire_formats, WireFormats((WireFormat.mls_semiprivate_message,)).encode())


def semi_private(extensions=(REQUIRED,), receivers=lambda own: (own,), kind: type[Hub] = Hub) -> Hub:
    """A hub with a room whose members may send it SemiPrivateMessages."""
    hub = kind(client=capable)
    listed = ExternalReceivers(receivers(hub.provider.external_receiver(SUITE)))
    return hub.found(ROLES, *CLIENTS, components={"external_receivers": listed}, extensions=extensions)
