"""How a group begins, from nothing or as the continuation of another one (RFC 9420, section 11)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group import Group, Retention, group_in_epoch
from mimi_conformance.reference.mls.group.group_commit import Committed, Covering, WelcomeContents, commit
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.group.linked_groups import LinkError, LinkRule, check_link
from mimi_conformance.reference.mls.group.new_secrets import NewSecrets
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.key_package import NewKeyPackage
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys, resumption_psk
from mimi_conformance.reference.mls.tree.leaf_checks import check_leaf, check_leaf_among_others
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.treekem import TreeKEMPrivate
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNodeSource
from mimi_conformance.reference.wire.mls.proposals import Add, PreSharedKey
from mimi_conformance.reference.wire.mls.psk import ResumptionPSKUsage


@dataclass(frozen=True, slots=True)
class Member:
    """What a client brings when it makes a group.

    Attributes:
        key_package: a KeyPackage of its own, whose cipher suite the group gets, and the private keys.
        signature_private_key: that of the KeyPackage's LeafNode.

    """

    key_package: NewKeyPackage = field(repr=False)
    signature_private_key: bytes = field(repr=False)


def create(
    group_id: bytes,
    creator: Member,
    application: Application,
    *,
    now: int | None,
    random: Random,
    extensions: tuple[Extension, ...] = (),
    psks: PreSharedKeys | None = None,
    retention: Retention = Retention(),  # noqa: B008 - a frozen value
) -> Group:
    """Create a group with one member (RFC 9420, section 11).

    Args:
        group_id: one that no other group has.
        creator: the member.
        application: what the group is for.
        now: seconds of the Unix epoch, at which the creator's KeyPackage must be valid.
        random: makes the first `epoch_secret`.
        extensions: those of the GroupContext.
        psks: the pre-shared keys that the creator has.
        retention: how much of the past is to be kept.

    Raises:
        RuleError: the creator's LeafNode doesn't fit the group, or an extension is not what it should be.

    """
    key_package = creator.key_package.key_package
    suite, leaf_node = key_package.cipher_suite, key_package.leaf_node
    tree = RatchetTree.of_creator(suite, leaf_node)
    context = GroupContext(
        cipher_suite=suite,
        group_id=group_id,
        epoch=0,
        tree_hash=tree.tree_hash,
        confirmed_transcript_hash=b"",
        extensions=extensions,
    )
    state = GroupState.of(application, context, tree)
    check_leaf(state, leaf_node, LeafNodeSource.key_package, leaf_index=0, now=now)
    check_leaf_among_others(state, 0)
    secrets = NewSecrets.of_creator(state, random(parameters(suite).kdf.size), retention.ratchets)
    return group_in_epoch(
        PublicGroup.at_start_of_epoch(state, secrets.confirmation_tag, 0),
        secrets,
        TreeKEMPrivate.of_leaf(0, creator.key_package.encryption_private_key),
        creator.signature_private_key,
        psks=psks or PreSharedKeys(),
        retention=retention,
    )


def reinitialize(
    old: Group,
    creator: Member,
    key_packages: Sequence[KeyPackage],
    *,
    now: int | None,
    random: Random,
    welcome: WelcomeContents = WelcomeContents(),  # noqa: B008 - a frozen value
) -> Committed:
    """Create the group that a ReInit announced, and add everybody to it (RFC 9420, section 11.2).

    Args:
        old: the group that the ReInit has ended.
        creator: this member, in the new group.
        key_packages: of all other members.
        now: seconds of the Unix epoch.
        random: makes the group and its first Commit.
        welcome: what the members are sent.

    Returns:
        The new group's first Commit, whose Welcome brings the others in; the Commit itself nobody needs.

    Raises:
        RuleError: no ReInit has ended the old group, or the new one isn't as it says, or a rule about KeyPackages
            and extensions is broken.

    """
    reinit = old.public.reinit
    if reinit is None:
        raise LinkError(LinkRule.REINIT_COMMITTED, old.context.epoch)
    new = create(
        reinit.group_id,
        creator,
        old.public.state.application,
        now=now,
        random=random,
        extensions=reinit.extensions,
        psks=old.psks,
        retention=old.retention,
    )
    return _linked(old, new, key_packages, ResumptionPSKUsage.reinit, welcome=welcome, now=now, random=random)


def branch(
    old: Group,
    group_id: bytes,
    creator: Member,
    key_packages: Sequence[KeyPackage],
    *,
    now: int | None,
    random: Random,
    extensions: tuple[Extension, ...] = (),
    welcome: WelcomeContents = WelcomeContents(),  # noqa: B008 - a frozen value
) -> Committed:
    """Create a subgroup of a group, and add those to it whose KeyPackages these are (RFC 9420, section 11.3).

    Arguments, outcome and errors are as for `reinitialize`.
    """
    old.check_in_use()
    new = create(
        group_id,
        creator,
        old.public.state.application,
        now=now,
        random=random,
        extensions=extensions,
        psks=old.psks,
        retention=old.retention,
    )
    return _linked(old, new, key_packages, ResumptionPSKUsage.branch, welcome=welcome, now=now, random=random)


def _linked(
    old: Group,
    new: Group,
    key_packages: Sequence[KeyPackage],
    usage: ResumptionPSKUsage,
    *,
    welcome: WelcomeContents,
    now: int | None,
    random: Random,
) -> Committed:
    """The first Commit of a new group, which adds its members and links it to the old one."""
    link = resumption_psk(new.context.cipher_suite, old.context.group_id, old.context.epoch, random, usage)
    additions = (Add(key_package) for key_package in key_packages)
    covering = Covering((PreSharedKey(link), *additions))
    committed = commit(new, covering, now=now, random=random, welcome=welcome, usage=usage)
    check_link(link, old, committed.after.public)
    return committed
