"""Making a Commit: what members and those who join by themselves have in common (RFC 9420, section 12.4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed, sign
from mimi_conformance.reference.mls.group.commit_processing import (
    committer_leaf,
    merge_commit,
    with_provisional_context,
)
from mimi_conformance.reference.mls.group.group_framing import Framing, framed
from mimi_conformance.reference.mls.group.new_secrets import NewSecrets, joiner_secret_after, no_commit_secret
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.group.senders import check_sender
from mimi_conformance.reference.mls.group.staged_commit import StagedCommit
from mimi_conformance.reference.mls.proposals.proposal_application import AppliedProposals
from mimi_conformance.reference.mls.schedule.psk import PreSharedKey
from mimi_conformance.reference.mls.schedule.ratchet import RatchetLimits
from mimi_conformance.reference.mls.tree.treekem import CreatedPath, create_update_path
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, Sender
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.proposals import Commit, ProposalOrRef, ProposalOrRefType
from mimi_conformance.reference.wire.mls.tree import UpdatePath


@dataclass(frozen=True, slots=True)
class Committer:
    """Who commits.

    Attributes:
        sender: a member, or a new member.
        signature_private_key: what the Commit is signed with.
        init_secret: what the next epoch follows from: that of this epoch, or an external committer's own.
        psks: the PSKs that the Commit injects, in the order of their proposals.

    """

    sender: Sender
    signature_private_key: bytes = field(repr=False)
    init_secret: bytes = field(repr=False)
    psks: Sequence[PreSharedKey] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewPath:
    """What a Commit's path is to bring, apart from fresh secrets.

    Attributes:
        leaf_node: what the committer's new LeafNode says.
        signature_private_key: that of its signature key.

    """

    leaf_node: LeafNode
    signature_private_key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class BuiltCommit:
    """A signed and confirmed Commit, and what its maker knows.

    Attributes:
        staged: the Commit as everybody sees it.
        secrets: those of the new epoch.
        joiner_secret: what new members are told.
        path: what the maker knows of its path; None without one.
        psks: the PSKs that it injects.

    """

    staged: StagedCommit
    secrets: NewSecrets
    joiner_secret: bytes = field(repr=False)
    path: CreatedPath | None
    psks: Sequence[PreSharedKey] = field(repr=False)


def build_commit(
    public: PublicGroup,
    applied: AppliedProposals,
    committer: Committer,
    path: NewPath | None,
    *,
    framing: Framing,
    limits: RatchetLimits,
    random: Random,
) -> BuiltCommit:
    """Build a Commit of proposals that have been applied.

    Args:
        public: the group before the Commit.
        applied: the proposals.
        committer: who commits.
        path: what the path is to bring; None for a Commit without one.
        framing: how the Commit is to be sent.
        limits: how far from in order messages of the new epoch may arrive.
        random: makes the path.

    Raises:
        RuleError: the outcome breaks a rule; the subclass and the rule say which.
        PrimitiveError: the tree has a key that is none.
        InvalidKeyError: a private key is none of the suite's signature scheme.

    """
    created = None if path is None else _created_path(applied, path, random)
    update_path = None if created is None else created.update_path
    merged = merge_commit(applied, update_path)
    content = _signed(public, applied, committer, update_path, framing)
    after = public.after_commit(merged.state, content)
    commit_secret = no_commit_secret(after.context.cipher_suite) if created is None else created.commit_secret
    joiner_secret = joiner_secret_after(after, committer.init_secret, commit_secret)
    secrets = NewSecrets.of_joiner(after, joiner_secret, committer.psks, limits)
    staged = public.concluded(applied, merged, after, confirmed(content, secrets.confirmation_tag))
    return BuiltCommit(staged, secrets, joiner_secret, created, committer.psks)


def _created_path(applied: AppliedProposals, path: NewPath, random: Random) -> CreatedPath:
    state, leaf_index = committer_leaf(applied)
    return create_update_path(
        state.tree,
        leaf_index,
        path.leaf_node,
        path.signature_private_key,
        group_context=with_provisional_context(state).context,
        new_leaves=frozenset(applied.added),
        random=random,
    )


def _signed(
    public: PublicGroup, applied: AppliedProposals, committer: Committer, path: UpdatePath | None, framing: Framing
) -> AuthenticatedContent:
    items = tuple(
        ProposalOrRef(type=ProposalOrRefType.proposal, proposal=listed.proposal)
        if listed.reference is None
        else ProposalOrRef(type=ProposalOrRefType.reference, reference=listed.reference)
        for listed in applied.proposals.proposals
    )
    context = public.context
    content = framed(context.group_id, context.epoch, committer.sender, Commit(items, path), framing.authenticated_data)
    signed = sign(content, framing.wire_format, public.epoch, committer.signature_private_key)
    check_sender(public.state, signed)
    return signed
