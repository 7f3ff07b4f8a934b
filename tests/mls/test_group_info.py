"""GroupInfo: following a group from it, and building it again from its parts."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.mls.group.external_join import join_externally
from mimi_conformance.reference.mls.group.group_info import (
    GroupInfoError,
    GroupInfoRule,
    follow,
    partial_group_info,
    ratchet_tree_extension,
    rebuilt_group_info,
)
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.proposals.extensions import ExtensionError, ExtensionRule
from mimi_conformance.reference.mls.tree.ratchet_tree_options import (
    RatchetTreeOptionError,
    RatchetTreeOptionRule,
    full_tree,
    tree_by_distribution_service,
    tree_in,
    tree_url,
)
from mimi_conformance.reference.mls.tree.tree_validation import TreeError, TreeRule
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.ratchet_tree_options import (
    Domain,
    DomainList,
    PartialGroupInfo,
    RatchetTreeOption,
    RatchetTreePresence,
    RatchetTreeRepresentation,
)
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from tests.mls.group_examples import NOW, Client, Room, dictionary

OTHERS = (dictionary(c8001=b"info"), Extension(ExtensionType(0x0A0A), b"ignored"))


@pytest.fixture(scope="module")
def room() -> Room:
    room = Room.of("alice", "bob", "carol")
    room.commit("bob")
    return room


@pytest.mark.parametrize("extensions", [(), OTHERS], ids=["none", "some"])
@pytest.mark.parametrize("tree", [False, True])
@pytest.mark.parametrize("tree_before", [False, True])
def test_a_server_rebuilds_the_group_info_from_its_parts(room, tree, tree_before, extensions):
    info = group_info(room.group("bob"), tree=tree, extensions=extensions)
    partial = partial_group_info(info, tree_before=tree_before)
    partial = PartialGroupInfo.decode(partial.encode())
    assert rebuilt_group_info(room.server, partial, tree_before=tree_before) == info


def test_nobody_signs_for_the_committer(room):
    assert room.server.committer == 1
    of_alice = partial_group_info(group_info(room.group("alice")), tree_before=True)
    with pytest.raises(GroupInfoError) as refusal:
        rebuilt_group_info(room.server, of_alice, tree_before=True)
    assert refusal.value.rule is GroupInfoRule.SIGNATURE


def test_a_partial_group_info_tells_the_truth_about_trees(room):
    partial = partial_group_info(group_info(room.group("bob")), tree_before=True)
    with pytest.raises(GroupInfoError) as refusal:
        rebuilt_group_info(room.server, partial, tree_before=False)
    assert refusal.value.rule is GroupInfoRule.PRESENCE
    lying = replace(partial, ratchet_tree_presence=RatchetTreePresence.removed)
    with pytest.raises(GroupInfoError) as refusal:
        rebuilt_group_info(room.server, lying, tree_before=True)
    assert refusal.value.rule is GroupInfoRule.SIGNATURE
    tree = ratchet_tree_extension(room.server.tree)
    with pytest.raises(GroupInfoError) as refusal:
        rebuilt_group_info(room.server, replace(partial, group_info_extensions=(tree,)), tree_before=True)
    assert refusal.value.rule is GroupInfoRule.NO_TREE_IN_PARTIAL


def follow_changed(room: Room, **changes):
    return follow(replace(group_info(room.group("bob")), **changes), room.client("bob").application, NOW)


def test_a_group_is_followed_only_with_a_group_info_that_is_signed(room):
    info = group_info(room.group("bob"))
    assert follow_changed(room).context == room.server.context
    for changes, rule in (
        ({"signature": bytes(64)}, GroupInfoRule.SIGNATURE),
        ({"confirmation_tag": bytes(32)}, GroupInfoRule.SIGNATURE),
        ({"signer": 0}, GroupInfoRule.SIGNATURE),
        ({"signer": 3}, GroupInfoRule.SIGNER),
        ({"signer": 2**32 - 1}, GroupInfoRule.SIGNER),
        ({"extensions": ()}, GroupInfoRule.TREE_AVAILABLE),
    ):
        with pytest.raises(GroupInfoError) as refusal:
            follow_changed(room, **changes)
        assert refusal.value.rule is rule
    with pytest.raises(TreeError) as refusal:
        follow_changed(room, group_context=replace(info.group_context, tree_hash=bytes(32)))
    assert refusal.value.rule is TreeRule.TREE_HASH
    with pytest.raises(ExtensionError) as refusal:
        follow_changed(room, extensions=(*info.extensions, *info.extensions))
    assert refusal.value.rule is ExtensionRule.UNIQUE


def test_expired_members_are_let_pass_when_the_time_is_not_given():
    room = Room.of("alice", "bob")
    info, application = group_info(room.group("alice")), room.client("alice").application
    later = NOW + 10**9
    with pytest.raises(ValueError, match="lifetime"):
        follow(info, application, later)
    assert follow(info, application, None).context == room.server.context


def test_the_tree_comes_as_an_option_too(room):
    option = RatchetTreeOption.decode(full_tree(room.server.tree).encode())
    info = group_info(room.group("bob"), tree=False)
    followed = follow(info, room.client("bob").application, NOW, tree_in(option))
    assert followed.tree.tree_hash == room.server.tree.tree_hash
    assert tree_in(tree_by_distribution_service()) is None


@pytest.mark.parametrize(
    ("url", "domains", "rule"),
    [
        (b"https://a.example/tree", None, None),
        (b"https://a.example/tree", (b"b.example", b"A.example"), None),
        (b"https://x.a.example/tree", (b"a.example",), RatchetTreeOptionRule.URL_DOMAIN),
        (b"https://a.example/tree", (), ExtensionRule.SOURCE_DOMAINS_NOT_EMPTY),
        (b"http://a.example/tree", None, RatchetTreeOptionRule.URL),
        (b"https:///tree", None, RatchetTreeOptionRule.URL),
        (b"https://[a.example/tree", None, RatchetTreeOptionRule.URL),
        (b"https://\xff.example/tree", None, RatchetTreeOptionRule.URL),
    ],
)
def test_trees_are_fetched_from_where_the_group_permits(url, domains, rule):
    option = RatchetTreeOption(
        representation=RatchetTreeRepresentation.https_uri, ratchet_tree_url=url, tree_signature=b""
    )
    listed = () if domains is None else (DomainList(tuple(map(Domain, domains))),)
    extensions = tuple(Extension(ExtensionType.ratchet_tree_source_domains, item.encode()) for item in listed)
    if rule is None:
        assert tree_url(option, extensions) == url.decode()
    else:
        with pytest.raises((RatchetTreeOptionError, ExtensionError)) as refusal:
            tree_url(option, extensions)
        assert refusal.value.rule is rule


def test_an_option_without_url_has_none():
    assert tree_url(tree_by_distribution_service(), ()) is None


def test_whoever_joins_externally_is_the_signer():
    room, carol = Room.of("alice", "bob"), Client("carol")
    joined = join_externally(
        group_info(room.group("alice")),
        carol.template,
        carol.signature_private_key,
        carol.application,
        now=NOW,
        random=carol.random,
    )
    room.deliver(joined.message)
    info = group_info(joined.group)
    assert (room.server.committer, info.signer) == (2, 2)
    partial = partial_group_info(info, tree_before=True)
    assert rebuilt_group_info(room.server, partial, tree_before=True) == info
