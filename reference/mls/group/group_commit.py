"""How a member commits (RFC 9420, section 12.4.1)."""

from dataclasses import dataclass

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.group.commit_creation import BuiltCommit, Committer, NewPath, build_commit
from mimi_conformance.reference.mls.group.commit_processing import covered_proposals
from mimi_conformance.reference.mls.group.group import Group, group_in_epoch
from mimi_conformance.reference.mls.group.group_framing import IN_PUBLIC, Framing, member_sender, protect_as_member
from mimi_conformance.reference.mls.group.group_info import ratchet_tree_extension, sign_group_info
from mimi_conformance.reference.mls.group.staged_commit import StagedCommit
from mimi_conformance.reference.mls.group.welcome import Newcomer, make_welcome
from mimi_conformance.reference.mls.proposals.proposal_selection import preferred_proposals
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.group import Welcome
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    Commit,
    Proposal,
    ProposalBody,
    ProposalOrRef,
    ProposalOrRefType,
)
from mimi_conformance.reference.wire.mls.psk import ResumptionPSKUsage


@dataclass(frozen=True, slots=True)
class Covering:
    """What a Commit is to cover.

    Attributes:
        by_value: proposals of the committer, sent in the Commit itself.
        by_reference: pending proposals; None for those of `preferred_proposals`. They come before the others.

    """

    by_value: tuple[ProposalBody, ...] = ()
    by_reference: tuple[ProposalRef, ...] | None = None


@dataclass(frozen=True, slots=True)
class OwnLeaf:
    """What the committer's LeafNode is to be, if not what it was.

    Attributes:
        template: what it says; as before when None.
        signature_private_key: its new signature key; as before when None.

    """

    template: LeafTemplate | None = None
    signature_private_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class WelcomeContents:
    """What the GroupInfo in a Welcome has besides what it must have.

    Attributes:
        tree: whether it has the ratchet tree.
        extensions: other GroupInfo extensions.

    """

    tree: bool = True
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True)
class Committed:
    """A Commit to send.

    Whether it is the one that counts is not known yet. If it is, its sender goes on with `after`, and may send the
    Welcome; if another one is, with `before` (RFC 9420, section 14).

    Attributes:
        message: the message.
        welcome: for those it adds; None when there are none.
        before: the group in the old epoch, in which the message's key, if it has one, is used up.
        after: the group in the new epoch.
        staged: the Commit and what it changes, as everybody sees it.

    """

    message: MLSMessage
    welcome: Welcome | None
    before: Group
    after: Group
    staged: StagedCommit


def commit(
    group: Group,
    covering: Covering = Covering(),
    *,
    now: int | None,
    random: Random,
    path: bool = True,
    own_leaf: OwnLeaf = OwnLeaf(),
    framing: Framing = IN_PUBLIC,
    welcome: WelcomeContents = WelcomeContents(),
    usage: ResumptionPSKUsage | None = None,
) -> Committed:
    """Make a Commit.

    Args:
        group: the group.
        covering: the proposals.
        now: seconds of the Unix epoch; KeyPackages must be valid then.
        random: makes the path, then what encryption needs, then what encrypts to new members.
        path: whether to make a path even if the proposals don't require one.
        own_leaf: changes of the committer's LeafNode, which need a path.
        framing: how to send it.
        welcome: what new members are sent.
        usage: what the group is being made for, if it continues another one; see `Circumstances`.

    Raises:
        RuleError: the outcome breaks a rule; the subclass and the rule say which.
        PrimitiveError: a key of the tree or of a KeyPackage is none.
        InvalidKeyError: a private key is none of the suite's signature scheme.

    """
    group.check_in_use()
    sender = member_sender(group.leaf_index)
    listed = covered_proposals(Commit(_items(group, covering)), sender, group.public.pending)
    applied = group.public.apply(listed, now, usage)
    psks = group.psks.look_up(applied.psks)
    new_signature_key = own_leaf.signature_private_key or group.signature_private_key
    committer = Committer(sender, group.signature_private_key, group.secrets.init_secret, psks)
    new_path = _new_path(group, own_leaf, new_signature_key) if path or applied.path_required else None
    built = build_commit(
        group.public,
        applied,
        committer,
        new_path,
        framing=framing,
        limits=group.retention.ratchets,
        random=random,
    )
    message, before = protect_as_member(group, built.staged.content, framing, random)
    after = _group_after(before, built, group.signature_private_key if new_path is None else new_signature_key)
    return Committed(message, _welcome(after, built, welcome, random), before, after, built.staged)


def _items(group: Group, covering: Covering) -> tuple[ProposalOrRef, ...]:
    references = covering.by_reference
    if references is None:
        references = preferred_proposals(group.public, group.leaf_index)
    return (
        *(ProposalOrRef(type=ProposalOrRefType.reference, reference=reference) for reference in references),
        *(ProposalOrRef(type=ProposalOrRefType.proposal, proposal=Proposal.of(body)) for body in covering.by_value),
    )


def _new_path(group: Group, own_leaf: OwnLeaf, signature_private_key: bytes) -> NewPath:
    scheme = parameters(group.context.cipher_suite).signature
    template = own_leaf.template or LeafTemplate.of(group.leaf_node)
    return NewPath(template.leaf_node(scheme.public_key(signature_private_key)), signature_private_key)


def _group_after(group: Group, built: BuiltCommit, signature_private_key: bytes) -> Group:
    private = group.private.kept_for(built.staged.group.tree) if built.path is None else built.path.private
    return group_in_epoch(
        built.staged.group,
        built.secrets,
        private,
        signature_private_key,
        psks=group.psks,
        retention=group.retention,
        late=(*group.late, group.keys),
    )


def _welcome(after: Group, built: BuiltCommit, contents: WelcomeContents, random: Random) -> Welcome | None:
    """The Welcome for all that a Commit adds; None when it adds nobody."""
    newcomers = tuple(
        Newcomer(listed.proposal.body.key_package, built.path.path_secret_for(leaf_index) if built.path else None)
        for leaf_index, listed in built.staged.applied.added.items()
        if isinstance(listed.proposal.body, Add)
    )
    if not newcomers:
        return None
    extensions = (*contents.extensions, *((ratchet_tree_extension(after.public.tree),) if contents.tree else ()))
    group_info = sign_group_info(
        after.context, extensions, after.public.confirmation_tag, after.leaf_index, after.signature_private_key
    )
    return make_welcome(group_info, built.joiner_secret, built.psks, newcomers, random)
