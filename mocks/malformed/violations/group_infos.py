"""Violations of GroupInfos, PartialGroupInfos and RatchetTreeOptions, apart from trees (RFC 9420, section 12.4.3)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.steps import (
    GROUP_CONTEXT,
    GROUP_INFO,
    GROUP_INFO_SIGNATURE,
    PARTIAL_GROUP_INFO,
    TREE_OPTION,
)
from mimi_conformance.mocks.malformed.violations.registry import NEWCOMER, SERVER, violation
from mimi_conformance.mocks.malformed.violations.tampering import flipped, with_extension
from mimi_conformance.reference.mls.group.group_info import GroupInfoRule, ratchet_tree_extension
from mimi_conformance.reference.mls.proposals.extensions import ExtensionRule, find_extension
from mimi_conformance.reference.mls.tree.ratchet_tree_options import RatchetTreeOptionRule
from mimi_conformance.reference.mls.tree.tree_validation import TreeRule
from mimi_conformance.reference.wire.mls.group import GroupContext, GroupInfoTBS
from mimi_conformance.reference.wire.mls.ratchet_tree_options import (
    PartialGroupInfo,
    RatchetTreeOption,
    RatchetTreePresence,
    RatchetTreeRepresentation,
)
from mimi_conformance.reference.wire.mls.registries import ExtensionType


@violation(GroupInfoRule.SIGNATURE, at=GROUP_INFO_SIGNATURE, seen_by=NEWCOMER | SERVER)
def wrong_group_info_signature(signature: bytes, _maker: Maker) -> bytes:
    """A GroupInfo whose signature does not verify; or a PartialGroupInfo whose GroupInfo is so."""
    return flipped(signature)


@violation(GroupInfoRule.SIGNER, at=GROUP_INFO, seen_by=NEWCOMER)
def group_info_signed_by_nobody(group_info: GroupInfoTBS, _maker: Maker) -> GroupInfoTBS:
    """A GroupInfo whose signer is a leaf that the tree doesn't have."""
    return replace(group_info, signer=2**31)


@violation(GroupInfoRule.TREE_AVAILABLE, at=GROUP_INFO, seen_by=NEWCOMER)
def group_info_without_tree(group_info: GroupInfoTBS, _maker: Maker) -> GroupInfoTBS:
    """A GroupInfo without a ratchet tree, for somebody who doesn't get one in another way."""
    return _without(group_info, ExtensionType.ratchet_tree)


@violation(GroupInfoRule.EXTERNAL_PUB, at=GROUP_INFO, seen_by=NEWCOMER)
def group_info_without_external_pub(group_info: GroupInfoTBS, _maker: Maker) -> GroupInfoTBS:
    """A GroupInfo for an external join, without the key that this takes."""
    _require_external_pub(group_info)
    return _without(group_info, ExtensionType.external_pub)


@violation(ExtensionRule.DECODABLE, at=GROUP_INFO, seen_by=NEWCOMER)
def malformed_external_pub(group_info: GroupInfoTBS, _maker: Maker) -> GroupInfoTBS:
    """A GroupInfo for an external join, with an `external_pub` extension that is none."""
    _require_external_pub(group_info)
    extensions = with_extension(group_info.extensions, ExtensionType.external_pub, b"\xff")
    return replace(group_info, extensions=extensions)


@violation(TreeRule.TREE_HASH, at=GROUP_CONTEXT, seen_by=NEWCOMER)
def bad_tree_hash(context: GroupContext, _maker: Maker) -> GroupContext:
    """A GroupInfo whose GroupContext has another tree hash than its tree."""
    return replace(context, tree_hash=flipped(context.tree_hash))


@violation(GroupInfoRule.PRESENCE, at=PARTIAL_GROUP_INFO, seen_by=SERVER)
def wrong_tree_presence(partial: PartialGroupInfo, _maker: Maker) -> PartialGroupInfo:
    """A PartialGroupInfo that is wrong about whether the last GroupInfo had a tree, but not whether this one has."""
    other = {
        RatchetTreePresence.no_ratchet_tree: RatchetTreePresence.removed,
        RatchetTreePresence.removed: RatchetTreePresence.no_ratchet_tree,
        RatchetTreePresence.present: RatchetTreePresence.added,
        RatchetTreePresence.added: RatchetTreePresence.present,
    }
    return replace(partial, ratchet_tree_presence=other[partial.ratchet_tree_presence])


@violation(GroupInfoRule.NO_TREE_IN_PARTIAL, at=PARTIAL_GROUP_INFO, seen_by=SERVER)
def tree_in_partial_group_info(partial: PartialGroupInfo, maker: Maker) -> PartialGroupInfo:
    """A PartialGroupInfo with a ratchet tree, which its server has anyway."""
    if partial.ratchet_tree_presence in (RatchetTreePresence.present, RatchetTreePresence.added):
        raise CannotMakeError("Its GroupInfo would have two trees.")
    tree = ratchet_tree_extension(maker.public.tree)
    return replace(partial, group_info_extensions=(*partial.group_info_extensions, tree))


@violation(RatchetTreeOptionRule.URL, at=TREE_OPTION, seen_by=NEWCOMER)
def tree_by_plain_http(option: RatchetTreeOption, _maker: Maker) -> RatchetTreeOption:
    """A RatchetTreeOption with a URL that isn't one of HTTPS."""
    _require_url(option)
    return replace(option, ratchet_tree_url=b"http://tree.example/tree")


@violation(RatchetTreeOptionRule.URL_DOMAIN, at=TREE_OPTION, seen_by=NEWCOMER)
def tree_from_a_domain_not_permitted(option: RatchetTreeOption, _maker: Maker) -> RatchetTreeOption:
    """A RatchetTreeOption with a URL at a domain that the group doesn't list."""
    _require_url(option)
    return replace(option, ratchet_tree_url=b"https://not-permitted.invalid/tree")


def _require_external_pub(group_info: GroupInfoTBS) -> None:
    if find_extension(group_info.extensions, ExtensionType.external_pub) is None:
        raise CannotMakeError("The GroupInfo has no external_pub.")


def _require_url(option: RatchetTreeOption) -> None:
    if option.representation is not RatchetTreeRepresentation.https_uri:
        raise CannotMakeError("The RatchetTreeOption has no URL.")


def _without(group_info: GroupInfoTBS, extension_type: ExtensionType) -> GroupInfoTBS:
    extensions = tuple(item for item in group_info.extensions if item.extension_type is not extension_type)
    return replace(group_info, extensions=extensions)
