"""Proposals that wait for a commit: what a commit must cover of them, and what the room is without the others."""

from collections.abc import Iterable, Iterator
from typing import Final

from mimi_conformance.reference.mls.group.commit_processing import check_outcome
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.group.staged_commit import StagedCommit
from mimi_conformance.reference.mls.proposals.proposal_application import AppliedProposals
from mimi_conformance.reference.mls.proposals.proposal_checks import Circumstances, check_proposal
from mimi_conformance.reference.mls.proposals.proposal_list import ProposalList, check_list
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal
from mimi_conformance.reference.mls.proposals.proposal_selection import preferred_proposals
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.room.derivation import view_after
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.proposals import SelfRemove

_NOBODY: Final = -1
"""The committer of a commit that anybody could make."""


def waiting(group: PublicGroup, references: Iterable[ProposalRef]) -> ProposalList:
    """Pending proposals as the list of a commit that anybody could make."""
    proposals = []
    for index, reference in enumerate(references):
        content = group.pending[reference].content
        assert content.proposal is not None, "only proposals wait"
        proposals.append(ListedProposal(index, content.proposal, content.sender, reference))
    return ProposalList(tuple(proposals), _NOBODY)


def committable(group: PublicGroup) -> ProposalList:
    """What a commit that anybody could make would cover."""
    return waiting(group, preferred_proposals(group, _NOBODY))


def as_if_committed(group: PublicGroup, now: int | None) -> AppliedProposals:
    """The group when such a commit has come.

    Raises:
        RuleError: none can.

    """
    made = group.apply(committable(group), now)
    check_outcome(made, made.state, None)
    return made


def covered_by(staged: StagedCommit) -> frozenset[ProposalRef]:
    """The pending proposals that a commit covers."""
    proposals = staged.applied.proposals.proposals
    return frozenset(each.reference for each in proposals if each.reference is not None)


def proposal_left_out(state: RoomState, staged: StagedCommit, now: int | None) -> str:
    """An accepted proposal that the committer could have covered, and has not; empty if there is none (AMB-048).

    What is about the committer's own leaf is never asked of it, nor what takes that, nor what has become invalid
    meanwhile, as KeyPackages do with time. An external commit can cover SelfRemoves only.
    """
    group, own = state.group, staged.applied.removed.keys() if staged.external else ()
    wanted = waiting(group, preferred_proposals(group, _NOBODY if staged.external else staged.committer))
    done = covered_by(staged)
    for proposal in wanted.proposals:
        exempt = staged.external and (not isinstance(proposal.proposal.body, SelfRemove) or proposal.by_member in own)
        if proposal.reference in done or exempt:
            continue
        beside = tuple(each for each in wanted.proposals if each.reference in done)
        try:
            check_proposal(Circumstances(group.state, now), proposal)
            if not staged.external:
                check_list(group.state, ProposalList((*beside, proposal), staged.committer))
        except RuleError:
            continue
        assert proposal.reference is not None
        return f"the {proposal.proposal.proposal_type.name} proposal {proposal.reference.hex()}"
    return ""


def rooms_to_judge_by(state: RoomState, staged: StagedCommit, now: int | None) -> Iterator[RoomView]:
    """The rooms that a commit must be right for: the updated one, and if accepted changes lapse, the one without them.

    What lapses is as if it had never been, so that it can make no room for anything.

    Raises:
        RuleError: what the commit covers is invalid without what it leaves out.
        GroupError: likewise.

    """
    yield state.updated
    group, done = state.group, covered_by(staged)
    if all(each.references <= done for each in state.pending):
        return
    if not done:
        yield state.committed
        return
    made = group.apply(waiting(group, [each for each in group.pending if each in done]), now)
    yield view_after(state.committed, made, state.mapping, waiting=True)
