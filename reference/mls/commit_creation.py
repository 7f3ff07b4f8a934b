"""Making a Commit: what members and those who join by themselves have in common (RFC 9420, section 12.4.1)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mimi_conformance.reference.mls.cipher_suite import parameters
from mimi_conformance.reference.mls.commit_processing import (
    check_outcome,
    committer_leaf,
    replaced_leaf,
    with_provisional_context,
)
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed, sign
from mimi_conformance.reference.mls.group_framing import Framing, framed
from mimi_conformance.reference.mls.group_state import GroupState
from mimi_conformance.reference.mls.leaf_checks import check_leaf
from mimi_conformance.reference.mls.new_secrets import NewSecrets, joiner_secret_after
from mimi_conformance.reference.mls.proposal_application import AppliedProposals
from mimi_conformance.reference.mls.psk import PreSharedKey
from mimi_conformance.reference.mls.public_group import PublicGroup
from mimi_conformance.reference.mls.ratchet import RatchetLimits
from mimi_conformance.reference.mls.senders import check_sender
from mimi_conformance.reference.mls.signature_scheme import Random
from mimi_conformance.reference.mls.tree_math import LeafIndex
from mimi_conformance.reference.mls.treekem import CreatedPath, create_update_path
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, Sender
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode, LeafNodeSource
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
        content: the Commit.
        public: the group after it.
        leaf_index: the committer's leaf in it.
        secrets: those of the new epoch.
        joiner_secret: what new members are told.
        path: its path; None without one.
        applied: its proposals.
        psks: the PSKs that it injects.

    """

    content: AuthenticatedContent
    public: PublicGroup
    leaf_index: LeafIndex
    secrets: NewSecrets
    joiner_secret: bytes = field(repr=False)
    path: CreatedPath | None
    applied: AppliedProposals
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
    state, leaf_index = committer_leaf(applied)
    created = None if path is None else _created_path(applied, state, leaf_index, path, random)
    after = state if created is None else state.with_leaf(created.tree, leaf_index)
    check_outcome(applied, after, None if created is None else leaf_index)
    content = _signed(public, applied, committer, created.update_path if created else None, framing)
    after = public.after_commit(with_provisional_context(after), content)
    no_commit_secret = bytes(parameters(after.context.cipher_suite).kdf.size)
    joiner_secret = joiner_secret_after(
        after, committer.init_secret, created.commit_secret if created else no_commit_secret
    )
    secrets = NewSecrets.of_joiner(after, joiner_secret, committer.psks, limits)
    tag = secrets.confirmation_tag
    new_public = PublicGroup.at_start_of_epoch(after, tag, leaf_index, applied.reinit)
    return BuiltCommit(
        confirmed(content, tag), new_public, leaf_index, secrets, joiner_secret, created, applied, committer.psks
    )


def _created_path(
    applied: AppliedProposals, state: GroupState, leaf_index: LeafIndex, path: NewPath, random: Random
) -> CreatedPath:
    created = create_update_path(
        state.tree,
        leaf_index,
        path.leaf_node,
        path.signature_private_key,
        group_context=with_provisional_context(state).context,
        new_leaves=frozenset(applied.added),
        random=random,
    )
    leaf_node = created.update_path.leaf_node
    replaced = replaced_leaf(applied, leaf_index)
    check_leaf(state, leaf_node, LeafNodeSource.commit, leaf_index=leaf_index, replaced=replaced)
    return created


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
