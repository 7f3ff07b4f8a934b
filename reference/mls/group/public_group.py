"""A group as everybody sees it who follows its public messages: the server's view (RFC 9420, sections 6, 8 and 12).

A `PublicGroup` never changes: what it processes gives another one, or an error, and then it is as it was. It checks all
that can be checked without secrets; that a membership tag or a confirmation tag is right, only members can tell
(AMB-212). The members' view, `Group`, has one of these inside, so both views keep to the same rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mimi_conformance.reference.mls.framing.authenticated_content import proposal_ref, verify
from mimi_conformance.reference.mls.framing.epoch import Epoch
from mimi_conformance.reference.mls.framing.public_message import unprotect_without_tag
from mimi_conformance.reference.mls.group.commit_processing import MergedCommit, covered_proposals, merge_commit
from mimi_conformance.reference.mls.group.commit_rules import CommitError, CommitRule
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.group.senders import check_sender, signature_key
from mimi_conformance.reference.mls.group.staged_commit import StagedCommit
from mimi_conformance.reference.mls.proposals.proposal_application import AppliedProposals, apply_proposals
from mimi_conformance.reference.mls.proposals.proposal_checks import Circumstances, check_proposal
from mimi_conformance.reference.mls.proposals.proposal_list import ProposalList
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal, ProposalListRule, ProposalRule
from mimi_conformance.reference.mls.schedule.transcript import confirmed_transcript_hash, interim_transcript_hash
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, FramedContent, PublicMessage
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.proposals import ExternalInit, ReInit, SelfRemove
from mimi_conformance.reference.wire.mls.psk import ResumptionPSKUsage


@dataclass(frozen=True, slots=True)
class PublicGroup:
    """A group in an epoch, without its secrets.

    Attributes:
        state: GroupContext and tree, and what follows from them.
        epoch: what framing needs to know of the epoch.
        confirmation_tag: of the Commit that began the epoch; in a new group, of its first GroupInfo.
        interim_transcript_hash: that of the epoch (RFC 9420, section 8.2).
        committer: the leaf of the member that made that Commit or GroupInfo.
        pending: the proposals that were received in this epoch, by their ProposalRefs, in the order they came in.
        reinit: the ReInit that has ended the group; None while it is in use.

    """

    state: GroupState
    epoch: Epoch
    confirmation_tag: bytes
    interim_transcript_hash: bytes
    committer: LeafIndex
    pending: Mapping[ProposalRef, AuthenticatedContent] = field(default_factory=lambda: MappingProxyType({}))
    reinit: ReInit | None = None

    @classmethod
    def at_start_of_epoch(
        cls, state: GroupState, confirmation_tag: bytes, committer: LeafIndex, reinit: ReInit | None = None
    ) -> "PublicGroup":
        """The group when nothing has happened in its epoch; the arguments are the attributes of these names."""
        context = state.context
        interim = interim_transcript_hash(context.cipher_suite, context.confirmed_transcript_hash, confirmation_tag)
        epoch = Epoch(group_context=context)
        return cls(state, epoch, confirmation_tag, interim, committer, reinit=reinit)

    @property
    def context(self) -> GroupContext:
        """The GroupContext."""
        return self.state.context

    @property
    def tree(self) -> RatchetTree:
        """The ratchet tree."""
        return self.state.tree

    def process_proposal(self, message: PublicMessage | AuthenticatedContent, now: int | None) -> "PublicGroup":
        """Receive a proposal, which a Commit in the same epoch may then refer to (RFC 9420, section 12.1).

        Args:
            message: the message; or what a SemiPrivateMessage held.
            now: seconds of the Unix epoch; None to leave lifetimes unchecked, for messages that may be old.

        Raises:
            RuleError: a rule is broken; the subclass and the rule say which.

        """
        return self.with_proposal(self._authenticated(message), now)

    def process_commit(self, message: PublicMessage | AuthenticatedContent, now: int | None) -> "PublicGroup":
        """The group after a Commit; arguments and errors are those of `stage_commit`."""
        return self.stage_commit(message, now).group

    def stage_commit(self, message: PublicMessage | AuthenticatedContent, now: int | None) -> StagedCommit:
        """Check a Commit, and see what it changes before accepting it (RFC 9420, section 12.4.2).

        Args:
            message: the message; or what a SemiPrivateMessage held.
            now: seconds of the Unix epoch; None to leave lifetimes unchecked, for messages that may be old.

        Raises:
            RuleError: a rule is broken; the subclass and the rule say which.

        """
        return self.staged(self._authenticated(message), now)

    def _authenticated(self, message: PublicMessage | AuthenticatedContent) -> AuthenticatedContent:
        """The content of a message that its sender has signed in this epoch."""
        if isinstance(message, PublicMessage):
            return unprotect_without_tag(message, self.epoch, self.signature_key)
        content = message.content
        self.epoch.check(content.group_id, content.epoch)
        verify(message, self.signature_key(content), self.epoch)
        return message

    def signature_key(self, content: FramedContent) -> bytes:
        """The key of whoever sends content; see `senders.signature_key`."""
        return signature_key(self.state, content)

    def with_proposal(self, content: AuthenticatedContent, now: int | None) -> "PublicGroup":
        """As `process_proposal`, for content whose signature has been verified."""
        proposal = content.content.proposal
        self._check_in_use(content)
        if proposal is None:
            raise CommitError(CommitRule.IS_PROPOSAL, content.content.content_type)
        listed = ListedProposal(None, proposal, content.content.sender)
        if isinstance(proposal.body, ExternalInit):
            raise listed.breaks(ProposalListRule.NO_EXTERNAL_INIT, proposal)
        check_proposal(Circumstances(self.state, now), listed)
        reference = proposal_ref(self.context.cipher_suite, content)
        if isinstance(proposal.body, SelfRemove) and self.self_remove_of(listed.by_member) not in (None, reference):
            raise listed.breaks(ProposalRule.ONE_SELF_REMOVE, listed.by_member)
        return replace(self, pending=MappingProxyType({**self.pending, reference: content}))

    def self_remove_of(self, leaf_index: LeafIndex | None) -> ProposalRef | None:
        """The pending SelfRemove of a member; None when there is none."""
        for reference, pending in self.pending.items():
            content, proposal = pending.content, pending.content.proposal
            if content.sender.leaf_index == leaf_index and proposal and isinstance(proposal.body, SelfRemove):
                return reference
        return None

    def staged(self, content: AuthenticatedContent, now: int | None) -> StagedCommit:
        """As `stage_commit`, for content whose signature has been verified."""
        commit = content.content.commit
        self._check_in_use(content)
        if commit is None or content.auth.confirmation_tag is None:
            raise CommitError(CommitRule.IS_COMMIT, content.content.content_type)
        applied = self.apply(covered_proposals(commit, content.content.sender, self.pending), now)
        merged = merge_commit(applied, commit.path)
        return self.concluded(applied, merged, self.after_commit(merged.state, content), content)

    def concluded(
        self, applied: AppliedProposals, merged: MergedCommit, after: GroupState, content: AuthenticatedContent
    ) -> StagedCommit:
        """A Commit as everybody sees it, once it is confirmed; for those who make one, too.

        Args:
            applied: its proposals.
            merged: its path.
            after: the state of the next epoch, from `after_commit`.
            content: the Commit with its confirmation tag.

        Raises:
            Exception: whatever the application's own rules raise.

        """
        tag = content.auth.confirmation_tag or b""
        group = PublicGroup.at_start_of_epoch(after, tag, merged.committer, applied.reinit)
        staged = StagedCommit(content, applied, merged.committer, merged.path, merged.state.context, group)
        for check in self.state.application.commit_rules:
            check(staged)
        return staged

    def apply(
        self, proposals: ProposalList, now: int | None, usage: ResumptionPSKUsage | None = None
    ) -> AppliedProposals:
        """Check and apply proposals; arguments and errors as for `apply_proposals` and `Circumstances`."""
        return apply_proposals(Circumstances(self.state, now, usage), proposals)

    def after_commit(self, provisional: GroupState, commit: AuthenticatedContent) -> GroupState:
        """The state of the next epoch: the provisional one, its transcript hash updated (RFC 9420, section 8.2)."""
        suite = self.context.cipher_suite
        confirmed = confirmed_transcript_hash(suite, self.interim_transcript_hash, commit)
        return replace(provisional, context=replace(provisional.context, confirmed_transcript_hash=confirmed))

    def _check_in_use(self, content: AuthenticatedContent) -> None:
        if self.reinit is not None:
            raise CommitError(CommitRule.GROUP_IN_USE, self.reinit.group_id)
        check_sender(self.state, content)
