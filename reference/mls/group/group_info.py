"""GroupInfo: the signed public state of a group, and the start of following it (RFC 9420, section 12.4.3)."""

from collections.abc import Container

from mimi_conformance.reference.mls.crypto.labelled import sign_with_label, verify_with_label
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.proposals.extensions import check_unique, read_dictionary, read_extension
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.leaf_checks import check_leaf, check_leaf_among_others
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.mls.tree.tree_validation import check_tree
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.group import ExternalPub, GroupContext, GroupInfo, GroupInfoTBS
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.ratchet_tree_options import PartialGroupInfo, RatchetTreePresence
from mimi_conformance.reference.wire.mls.registries import ExtensionType

_LABEL = "GroupInfoTBS"


class GroupInfoRule(Rule):
    """What makes a GroupInfo valid, apart from its tree and its extensions."""

    TREE_AVAILABLE = RuleText(
        "RFC 9420, section 12.4.3.3", "The ratchet tree is in the GroupInfo, or comes some other way."
    )
    SIGNER = RuleText("RFC 9420, section 12.4.3", "The signer of a GroupInfo is a member.")
    SIGNATURE = RuleText("RFC 9420, section 12.4.3", "The signature of a GroupInfo verifies with its signer's key.")
    GROUP_NEW = RuleText("RFC 9420, section 12.4.3", "A new member is in no other group of the same group ID.")
    EXTERNAL_PUB = RuleText("RFC 9420, section 12.4.3.2", "A GroupInfo for an external join has an external_pub.")
    PRESENCE = RuleText(
        "ratchet-tree-options, section 4", "The ratchet_tree_presence says truly whether the last GroupInfo had a tree."
    )
    NO_TREE_IN_PARTIAL = RuleText(
        "ratchet-tree-options, section 4", "The extensions of a PartialGroupInfo have no ratchet_tree among them."
    )


class GroupInfoError(RuleError):
    """A GroupInfo breaks a `GroupInfoRule`."""


def ratchet_tree_extension(tree: RatchetTree) -> Extension:
    """The GroupInfo extension with a whole tree (RFC 9420, section 12.4.3.3)."""
    return Extension(ExtensionType.ratchet_tree, tree.to_wire().encode())


def external_pub_extension(external_pub: bytes) -> Extension:
    """The GroupInfo extension that lets others join by an external Commit (RFC 9420, section 12.4.3.2)."""
    return Extension(ExtensionType.external_pub, ExternalPub(external_pub).encode())


def sign_group_info(
    context: GroupContext,
    extensions: tuple[Extension, ...],
    confirmation_tag: bytes,
    signer: LeafIndex,
    signature_private_key: bytes,
) -> GroupInfo:
    """Make and sign a GroupInfo.

    Raises:
        InvalidKeyError: the private key is none of the suite's signature scheme.

    """
    to_sign = GroupInfoTBS(context, extensions, confirmation_tag, signer)
    signature = sign_with_label(context.cipher_suite, signature_private_key, _LABEL, to_sign.encode())
    return GroupInfo(context, extensions, confirmation_tag, signer, signature)


def follow(
    group_info: GroupInfo, application: Application, now: int | None, tree: wire.RatchetTree | None = None
) -> PublicGroup:
    """Start to follow a group, after checking all that a new member must (RFC 9420, sections 12.4.3 and 12.4.3.1).

    Looks at the whole tree, once: the group that comes out is known to be valid.

    Args:
        group_info: the GroupInfo.
        application: what the group is for.
        now: seconds of the Unix epoch; None to let the LeafNodes of members pass that have expired since they joined.
        tree: the ratchet tree, if it is not in the GroupInfo.

    Raises:
        RuleError: a rule is broken; the subclass and the rule say which.
        UnsupportedCipherSuiteError: RFC 9420 does not define the group's cipher suite.

    """
    check_unique(group_info.extensions)
    read_dictionary(group_info.extensions)
    context = group_info.group_context
    ratchet_tree = RatchetTree.from_wire(context.cipher_suite, tree or _embedded_tree(group_info))
    check_tree(ratchet_tree, context.tree_hash)
    verify_group_info(group_info, ratchet_tree)
    state = GroupState.of(application, context, ratchet_tree)
    for leaf_index, leaf_node in ratchet_tree.members():
        check_leaf(state, leaf_node, None, leaf_index=leaf_index, now=now)
    for leaf_index, _ in ratchet_tree.members():
        check_leaf_among_others(state, leaf_index)
    return PublicGroup.at_start_of_epoch(state, group_info.confirmation_tag, group_info.signer)


def _embedded_tree(group_info: GroupInfo) -> wire.RatchetTree:
    tree = read_extension(group_info.extensions, ExtensionType.ratchet_tree, wire.RatchetTree)
    if tree is None:
        raise GroupInfoError(GroupInfoRule.TREE_AVAILABLE, None)
    return tree


def verify_group_info(group_info: GroupInfo, tree: RatchetTree) -> None:
    """Check that a GroupInfo is signed by the member that it names.

    Raises:
        GroupInfoError: there is no such member, or the signature is not its own.

    """
    signer = tree.leaf(group_info.signer)
    if signer is None:
        raise GroupInfoError(GroupInfoRule.SIGNER, group_info.signer)
    signed = GroupInfoTBS.taken_from(group_info).encode()
    if not verify_with_label(tree.cipher_suite, signer.signature_key, _LABEL, signed, group_info.signature):
        raise GroupInfoError(GroupInfoRule.SIGNATURE, group_info.signature)


def check_group_new(context: GroupContext, current_groups: Container[bytes]) -> None:
    """Check that a client that is about to join a group isn't in one with the same ID.

    Raises:
        GroupInfoError: it is.

    """
    if context.group_id in current_groups:
        raise GroupInfoError(GroupInfoRule.GROUP_NEW, context.group_id)


def external_pub(group_info: GroupInfo) -> bytes:
    """The public key that an external Commit encrypts to (RFC 9420, section 12.4.3.2).

    Raises:
        GroupInfoError: the GroupInfo has none.
        ExtensionError: its extension is not what it should be.

    """
    extension = read_extension(group_info.extensions, ExtensionType.external_pub, ExternalPub)
    if extension is None:
        raise GroupInfoError(GroupInfoRule.EXTERNAL_PUB, None)
    return extension.external_pub


_WITH_TREE = (RatchetTreePresence.present, RatchetTreePresence.added)
_WITH_TREE_BEFORE = (RatchetTreePresence.present, RatchetTreePresence.removed)


def partial_group_info(group_info: GroupInfo, *, tree_before: bool) -> PartialGroupInfo:
    """What of a GroupInfo a server can't work out from the Commit (ratchet-tree-options, section 4).

    Args:
        group_info: the GroupInfo; if it has a `ratchet_tree` extension, that is the last one.
        tree_before: whether the GroupInfo of the epoch before had one.

    """
    others = tuple(item for item in group_info.extensions if item.extension_type is not ExtensionType.ratchet_tree)
    presence = {
        (False, False): RatchetTreePresence.no_ratchet_tree,
        (True, True): RatchetTreePresence.present,
        (True, False): RatchetTreePresence.removed,
        (False, True): RatchetTreePresence.added,
    }[tree_before, len(others) < len(group_info.extensions)]
    return PartialGroupInfo(presence, others, group_info.signature)


def rebuilt_group_info(group: PublicGroup, partial: PartialGroupInfo, *, tree_before: bool) -> GroupInfo:
    """The GroupInfo of a group after a Commit (ratchet-tree-options, section 4; AMB-202).

    Confirmation tag and signer are those of the Commit; a `ratchet_tree` extension comes after all others.

    Args:
        group: the group after the Commit.
        partial: what came with the Commit.
        tree_before: whether the GroupInfo of the epoch before had a `ratchet_tree` extension.

    Raises:
        GroupInfoError: the signature is not that of the outcome, or what the partial says of trees is wrong.
        ExtensionError: an extension appears twice, or is not what it should be.

    """
    extensions = partial.group_info_extensions
    check_unique(extensions)
    read_dictionary(extensions)
    if any(extension.extension_type is ExtensionType.ratchet_tree for extension in extensions):
        raise GroupInfoError(GroupInfoRule.NO_TREE_IN_PARTIAL, extensions)
    if tree_before is not (partial.ratchet_tree_presence in _WITH_TREE_BEFORE):
        raise GroupInfoError(GroupInfoRule.PRESENCE, partial.ratchet_tree_presence)
    if partial.ratchet_tree_presence in _WITH_TREE:
        extensions = (*extensions, ratchet_tree_extension(group.tree))
    group_info = GroupInfo(group.context, extensions, group.confirmation_tag, group.committer, partial.signature)
    verify_group_info(group_info, group.tree)
    return group_info
