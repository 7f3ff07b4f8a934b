"""What a Commit does to a group, in the view that members and servers share (RFC 9420, sections 12.3 and 12.4.2)."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyRule, check_public_key
from mimi_conformance.reference.mls.group.commit_rules import CommitError, CommitRule
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.proposals.features import Feature
from mimi_conformance.reference.mls.proposals.proposal_application import AppliedProposals
from mimi_conformance.reference.mls.proposals.proposal_list import ProposalList
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal, ProposalListRule
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.mls.tree.leaf_checks import check_leaf, check_leaf_among_others
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.mls.tree.update_path import MergedPath, merge_update_path
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, Sender, SenderType
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode, LeafNodeSource
from mimi_conformance.reference.wire.mls.proposals import Commit, GroupContextExtensions, Remove
from mimi_conformance.reference.wire.mls.tree import UpdatePath


def covered_proposals(
    commit: Commit, sender: Sender, pending: Mapping[ProposalRef, AuthenticatedContent]
) -> ProposalList:
    """The proposals that a Commit covers, by value and by reference.

    Raises:
        CommitError: it refers to a proposal that is not among the pending ones.

    """
    listed = []
    for index, item in enumerate(commit.proposals):
        if item.proposal is not None:
            listed.append(ListedProposal(index, item.proposal, sender))
            continue
        proposed = pending.get(item.reference or b"")
        if proposed is None or proposed.content.proposal is None:
            raise CommitError(CommitRule.REFERENCE_KNOWN, item.reference, f"proposal {index}")
        listed.append(ListedProposal(index, proposed.content.proposal, proposed.content.sender, item.reference))
    return ProposalList(tuple(listed), sender.leaf_index if sender.sender_type is SenderType.member else None)


@dataclass(frozen=True, slots=True)
class MergedCommit:
    """The group after a Commit's proposals and its path.

    Attributes:
        state: the group; its GroupContext is the provisional one.
        committer: the leaf of whoever committed.
        path: the path in the tree; None without one.

    """

    state: GroupState
    committer: LeafIndex
    path: MergedPath | None


def committer_leaf(applied: AppliedProposals) -> tuple[GroupState, LeafIndex]:
    """The leaf of the committer, and the group with room for it (RFC 9420, section 12.4.2).

    A new member gets the leftmost blank leaf.
    """
    if applied.proposals.committer is not None:
        return applied.state, applied.proposals.committer
    tree, leaf_index = applied.state.tree.with_blank_leaf()
    return replace(applied.state, tree=tree), leaf_index


def replaced_leaf(applied: AppliedProposals, leaf_index: LeafIndex) -> LeafNode | None:
    """The LeafNode that the committer's new one replaces: its own, or the one that it removes to join again."""
    if applied.proposals.committer is not None:
        return applied.state.tree.leaf(leaf_index)
    for _, remove in applied.proposals.of_type(Remove):
        return applied.removed[remove.removed][1]
    return None


def merge_commit(applied: AppliedProposals, path: UpdatePath | None) -> MergedCommit:
    """Merge the path, and check all that depends on the outcome.

    Raises:
        CommitError: the Commit lacks a path that it needs.
        RuleError: the path, its LeafNode or the new tree breaks a rule.

    """
    if path is None and applied.path_required:
        raise CommitError(CommitRule.PATH_PRESENT, None)
    state, committer = committer_leaf(applied)
    merged = None
    if path is not None:
        replaced = replaced_leaf(applied, committer)
        check_leaf(state, path.leaf_node, LeafNodeSource.commit, leaf_index=committer, replaced=replaced)
        for node in path.nodes:
            check_public_key(state.context.cipher_suite, node.encryption_key, PublicKeyRule.PATH_KEY)
        merged = merge_update_path(state.tree, committer, path, frozenset(applied.added))
        state = state.with_leaf(merged.tree, committer)
    check_outcome(applied, state, None if path is None else committer)
    return MergedCommit(with_provisional_context(state), committer, merged)


def with_provisional_context(state: GroupState) -> GroupState:
    """The group with its provisional GroupContext (RFC 9420, section 12.4.1)."""
    context = replace(
        state.context,
        epoch=state.context.epoch + 1,
        tree_hash=state.tree.tree_hash,
        extensions=state.extensions.extensions,
    )
    return replace(state, context=context)


def check_outcome(applied: AppliedProposals, after: GroupState, committer: LeafIndex | None) -> None:
    """Check the new tree: its new leaves among the others, and everybody against new requirements.

    Args:
        applied: the proposals.
        after: the group with the Commit's path, if there is one.
        committer: the leaf whose LeafNode the path brings; None without a path.

    Raises:
        RuleError: a rule is broken; a ProposalError when a proposal is to blame.

    """
    for leaf_index, listed in (*applied.updated.items(), *applied.added.items()):
        try:
            check_leaf_among_others(after, leaf_index)
        except RuleError as error:
            raise listed.breaks(error.rule, error.value) from error
    if committer is not None:
        check_leaf_among_others(after, committer)
    support = after.tree.support
    for listed, feature in _new_requirements(applied):
        if support is None or feature not in support.features:
            raise listed.breaks(ProposalListRule.REQUIREMENTS_SUPPORTED, str(feature))


def _new_requirements(applied: AppliedProposals) -> Iterator[tuple[ListedProposal, Feature]]:
    """What members must support that they needn't before, each with a proposal that wants it."""
    new = applied.state.extensions.required_features - applied.before.extensions.required_features
    proposals = applied.proposals
    changes = [listed for kind in (GroupContextExtensions, AppDataUpdate) for listed, _ in proposals.of_type(kind)]
    for feature in sorted(new):
        yield changes[0], feature
