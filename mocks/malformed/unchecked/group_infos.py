"""GroupInfos (RFC 9420, section 12.4.3) and PartialGroupInfos (ratchet-tree-options, section 4)."""

from collections.abc import Callable
from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.key_packages import make_leaf_node
from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Insider
from mimi_conformance.mocks.malformed.unchecked.steps import (
    GROUP_CONTEXT,
    GROUP_INFO,
    GROUP_INFO_SIGNATURE,
    GROUP_INFO_TAG,
    PARTIAL_GROUP_INFO,
    TREE,
    Making,
)
from mimi_conformance.reference.mls.crypto.labelled import sign_with_label
from mimi_conformance.reference.mls.group.group_info import ratchet_tree_extension
from mimi_conformance.reference.mls.proposals.extensions import read_extension
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import node_of
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.group import GroupContext, GroupInfo, GroupInfoTBS
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.ratchet_tree_options import PartialGroupInfo, RatchetTreePresence
from mimi_conformance.reference.wire.mls.registries import ExtensionType


def make_group_info(
    making: Making, group_info: GroupInfo, tag_of: Callable[[GroupContext], bytes] | None = None
) -> GroupInfo:
    """Make a GroupInfo that says what another one says.

    Args:
        making: the making of the GroupInfo, by the signer of the other one.
        group_info: the other one.
        tag_of: the confirmation tag for a GroupContext, for those who can tell; None to leave it as it was.

    """
    context, extensions = group_info.group_context, group_info.extensions
    tree = read_extension(extensions, ExtensionType.ratchet_tree, wire.RatchetTree)
    if tree is not None:
        changed = making.at(TREE, _with_own_leaf(making, context, tree, group_info.signer))
        if changed != tree:
            context = replace(context, tree_hash=_tree_hash(context, changed))
            extensions = tuple(_with_tree(extension, changed) for extension in extensions)
    context = making.at(GROUP_CONTEXT, context)
    tag = making.at(GROUP_INFO_TAG, tag_of(context) if tag_of else group_info.confirmation_tag)
    to_sign = making.at(GROUP_INFO, GroupInfoTBS(context, extensions, tag, group_info.signer))
    return GroupInfo.taken_from(to_sign, signature=_signature(making, to_sign))


def make_partial_group_info(making: Making, partial: PartialGroupInfo) -> PartialGroupInfo:
    """Make a PartialGroupInfo that says what another one says. Its maker is the committer, in the new epoch."""
    maker = making.maker
    if not isinstance(maker, Insider):
        raise CannotMakeError("Making a PartialGroupInfo takes the committer's view of the new epoch.")
    partial = making.at(PARTIAL_GROUP_INFO, partial)
    extensions = partial.group_info_extensions
    if partial.ratchet_tree_presence in (RatchetTreePresence.present, RatchetTreePresence.added):
        extensions = (*extensions, ratchet_tree_extension(maker.public.tree))
    tag, signer = maker.public.confirmation_tag, maker.group.leaf_index
    return replace(partial, signature=_signature(making, GroupInfoTBS(maker.group.context, extensions, tag, signer)))


def _signature(making: Making, to_sign: GroupInfoTBS) -> bytes:
    suite = to_sign.group_context.cipher_suite
    signature = sign_with_label(suite, making.maker.signature_private_key, "GroupInfoTBS", to_sign.encode())
    return making.at(GROUP_INFO_SIGNATURE, signature)


def _with_own_leaf(making: Making, context: GroupContext, tree: wire.RatchetTree, signer: int) -> wire.RatchetTree:
    """The tree in which the signer's leaf is made again, which changes nothing unless something is done otherwise."""
    nodes = list(tree.nodes)
    node = nodes[node_of(signer)]
    assert node is not None
    assert node.leaf_node is not None
    leaf_node = make_leaf_node(making, context.cipher_suite, node.leaf_node, context.group_id, signer)
    nodes[node_of(signer)] = replace(node, leaf_node=leaf_node)
    return wire.RatchetTree(tuple(nodes)) if making.changed else tree


def _tree_hash(context: GroupContext, tree: wire.RatchetTree) -> bytes:
    """The hash of a tree; of nodes that are no tree, that which the group has."""
    try:
        return RatchetTree.from_wire(context.cipher_suite, tree).tree_hash
    except RuleError:
        return context.tree_hash


def _with_tree(extension: Extension, tree: wire.RatchetTree) -> Extension:
    if extension.extension_type is not ExtensionType.ratchet_tree:
        return extension
    return Extension(ExtensionType.ratchet_tree, tree.encode())
