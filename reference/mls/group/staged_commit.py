"""A Commit that has been checked as far as that is possible without secrets (RFC 9420, section 12.4.2)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mimi_conformance.reference.mls.proposals.proposal_application import AppliedProposals
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.mls.tree.update_path import MergedPath
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, SenderType
from mimi_conformance.reference.wire.mls.group import GroupContext

if TYPE_CHECKING:
    from mimi_conformance.reference.mls.group.public_group import PublicGroup


@dataclass(frozen=True, slots=True)
class StagedCommit:
    """A Commit, what it changes, and the group after it.

    Attributes:
        content: the Commit as it was signed.
        applied: its proposals, and what they change.
        committer: the leaf of whoever committed, in the new tree.
        path: its path, merged into the tree; None without one.
        provisional_context: the GroupContext that the path's secrets are bound to: the old transcript hash, all else
            new (RFC 9420, section 12.4.1).
        group: the group after the Commit.

    """

    content: AuthenticatedContent
    applied: AppliedProposals
    committer: LeafIndex
    path: MergedPath | None
    provisional_context: GroupContext
    group: "PublicGroup"

    @property
    def external(self) -> bool:
        """Whether the committer joins by this Commit."""
        return self.content.content.sender.sender_type is SenderType.new_member_commit
