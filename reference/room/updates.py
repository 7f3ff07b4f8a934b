"""What a hub does with an update: proposals and commits, all or nothing (PROTO 5.3, 7.1 to 7.5).

Each function gives the room after what it was asked to accept, or a refusal that says why, and nothing has changed. How
the answer looks on the wire, and whom to tell, is for the provider.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar, TypeAlias

from mimi_conformance.reference.mls.framing.authenticated_content import proposal_ref
from mimi_conformance.reference.mls.group.commit_rules import CommitRule
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.group.staged_commit import StagedCommit
from mimi_conformance.reference.mls.proposals.proposal_application import AppliedProposals
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal, ProposalError
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.room.actors import Committer, JoinCode
from mimi_conformance.reference.room.authorization.authorize import authorize_commit, authorize_proposals
from mimi_conformance.reference.room.changes import Act
from mimi_conformance.reference.room.components.rules import ComponentError
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.derivation import GroupError, Joiner, view_after
from mimi_conformance.reference.room.operations import unfit, wrong_format
from mimi_conformance.reference.room.pending import (
    as_if_committed,
    committable,
    covered_by,
    proposal_left_out,
    rooms_to_judge_by,
    waiting,
)
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.surroundings import ALONE, Surroundings
from mimi_conformance.reference.room.translation import TranslatedAct, joining
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, PublicMessage
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.proposals import Add
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.protocol.update import UpdateResponseCode

Handshake: TypeAlias = PublicMessage | AuthenticatedContent
"""A PublicMessage, or what a SemiPrivateMessage held."""


class UpdateRule(RoomRule):
    """What an update must be, whatever it changes."""

    GROUP_OF_ROOM = ("PROTO-5.3-37", "An update is for the group of the room.", "AMB-011")
    QUEUED_INCLUDED = ("PROTO-7.3-03", "A commit covers each accepted proposal that its committer can.", "AMB-048")


@dataclass(frozen=True, slots=True)
class ProposalsAccepted:
    """Proposals wait for a commit.

    Attributes:
        state: the room after them.
        references: their ProposalRefs, in their order.
        acts: what they change; nothing if all of them were accepted before.

    """

    state: RoomState
    references: tuple[ProposalRef, ...]
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class CommitAccepted:
    """A commit has begun an epoch.

    Attributes:
        state: the room after it.
        staged: the commit, and what it did to the group.
        acts: what it changes beyond what was accepted before.
        lapsed: what was accepted before, and waits no longer, because the commit does not have it.

    """

    state: RoomState
    staged: StagedCommit
    acts: tuple[Act, ...]
    lapsed: tuple[TranslatedAct, ...]


@dataclass(frozen=True, slots=True)
class NotAllowed:
    """The policy is against it.

    Attributes:
        refused: the rule, and why.

    """

    refused: Refused
    code: ClassVar = UpdateResponseCode.not_allowed

    def __str__(self) -> str:
        return str(self.refused)


@dataclass(frozen=True, slots=True)
class WrongEpoch:
    """It is for another epoch.

    Attributes:
        current_epoch: the one that the group is in.

    """

    current_epoch: int
    code: ClassVar = UpdateResponseCode.wrong_epoch

    def __str__(self) -> str:
        return f"The group is in epoch {self.current_epoch}."


@dataclass(frozen=True, slots=True)
class InvalidProposal:
    """It is invalid as MLS, or by the rules of a component (AMB-046).

    Attributes:
        error: what is wrong.
        references: those of the proposals that are to blame; inline ones have none (AMB-047).

    """

    error: RuleError
    references: tuple[ProposalRef, ...] = ()
    code: ClassVar = UpdateResponseCode.invalid_proposal

    def __str__(self) -> str:
        cause = self.error.__cause__
        return str(cause if isinstance(cause, ComponentError) else self.error)


Refusal: TypeAlias = NotAllowed | WrongEpoch | InvalidProposal


def accept_proposals(
    state: RoomState, messages: Sequence[Handshake], now: int | None, surroundings: Surroundings = ALONE
) -> ProposalsAccepted | Refusal:
    """Accept proposals that come together: all, or none of them (AMB-050).

    They change the room at once (PROTO 7.1). With those accepted before they make a list that a commit can cover,
    so that nothing accepted is ever in the way of the next epoch.

    Args:
        state: the room.
        messages: the proposals, of which there is at least one, in their order.
        now: seconds of the Unix epoch; None to leave lifetimes unchecked, for messages that may be old.
        surroundings: what lies outside the room.

    """
    group, references = state.group, list[ProposalRef]()
    for message in messages:
        if refusal := _misplaced(state, message):
            return refusal
        reference = reference_of(group, message)
        try:
            group = group.process_proposal(message, now)
        except RuleError as error:
            return InvalidProposal(error, (reference,))
        references.append(reference)
    new = tuple(each for each in dict.fromkeys(references) if each not in state.group.pending)
    if not new:
        return ProposalsAccepted(state, tuple(references), ())
    try:
        return _with_proposals(state, group, new, now, surroundings)
    except GroupError as error:
        return _apart(error)


def accept_overtaken(
    state: RoomState, messages: Sequence[Handshake], now: int | None, surroundings: Surroundings = ALONE
) -> ProposalsAccepted | Refusal:
    """Accept proposals as `accept_proposals` does, or else as if they had come before all others of the epoch.

    For whoever is not the hub: what a hub says to a proposal of one's own may be faster than what it notifies, so that
    this is then judged by a room in which it may not count any longer. Arguments are those of `accept_proposals`.
    """
    answer = accept_proposals(state, messages, now, surroundings)
    if isinstance(answer, ProposalsAccepted) or not state.group.pending:
        return answer
    group = replace(state.group, pending=MappingProxyType({}))
    before = replace(state, group=group, updated=state.committed, pending=())
    first = accept_proposals(before, messages, now, surroundings)
    if not isinstance(first, ProposalsAccepted):
        return answer
    then = accept_proposals(first.state, tuple(state.group.pending.values()), now, surroundings)
    if not isinstance(then, ProposalsAccepted):
        return answer
    pending = MappingProxyType({**state.group.pending, **then.state.group.pending})  # in the order in which they came
    return replace(first, state=replace(then.state, group=replace(state.group, pending=pending)))


def reinstate(state: RoomState, proposals: Mapping[ProposalRef, AuthenticatedContent]) -> RoomState:
    """The room with proposals that it accepted together in this epoch before; nobody is asked again.

    For whoever kept a room and now makes it anew.

    Args:
        state: the room as it was before them.
        proposals: what was accepted, in its order, by the ProposalRefs.

    Raises:
        RuleError: they are not what was accepted in this room.
        GroupError: likewise.

    """
    group = replace(state.group, pending=MappingProxyType({**state.group.pending, **proposals}))
    applied = as_if_committed(group, None)
    acts = _acts(state, group, tuple(proposals), applied)
    return _waiting(state, group, applied, acts)


def _with_proposals(
    state: RoomState, group: PublicGroup, new: tuple[ProposalRef, ...], now: int | None, surroundings: Surroundings
) -> ProposalsAccepted | Refusal:
    """As `accept_proposals`, for a group that has taken them, and of which some are new to the room."""
    try:
        applied = as_if_committed(group, now)
    except RuleError as error:
        references = tuple(each.reference for each in committable(group).proposals)
        return InvalidProposal(error, _blamed(error, references) or new)
    proposed = waiting(group, new).proposals
    if refused := unfit(state.updated.policy, (each.proposal for each in proposed), _added(proposed)):
        return NotAllowed(refused)
    acts = _acts(state, group, new, applied)
    decision = authorize_proposals(
        state.updated, [each.act for each in acts], state.within(surroundings), state.pending_changes
    )
    if isinstance(decision, Refused):
        return NotAllowed(decision)
    after = _waiting(state, group, applied, acts)
    return ProposalsAccepted(after, new, tuple(each.act for each in acts))


def _acts(
    state: RoomState, group: PublicGroup, new: tuple[ProposalRef, ...], applied: AppliedProposals
) -> tuple[TranslatedAct, ...]:
    """What new proposals ask for."""
    return state.translator().acts(waiting(group, new).proposals, applied.state.extensions.app_data or NO_APP_DATA)


def _waiting(
    state: RoomState, group: PublicGroup, applied: AppliedProposals, acts: tuple[TranslatedAct, ...]
) -> RoomState:
    """The room in which these acts wait for a commit, too."""
    updated = view_after(state.committed, applied, state.mapping, waiting=True)
    return replace(state, group=group, updated=updated, pending=(*state.pending, *acts))


def accept_commit(
    state: RoomState,
    message: Handshake,
    now: int | None,
    surroundings: Surroundings = ALONE,
    join_code: JoinCode | None = None,
) -> CommitAccepted | Refusal:
    """Accept a commit, by a member or by a client that joins (PROTO 5.3, 7.3).

    Args:
        state: the room.
        message: the commit.
        now: seconds of the Unix epoch; None to leave lifetimes unchecked, for messages that may be old.
        surroundings: what lies outside the room.
        join_code: the valid code with which the client that joins has asked for the GroupInfo (AMB-164).

    """
    if refusal := _misplaced(state, message):
        return refusal
    try:
        staged = state.group.stage_commit(message, now)
    except RuleError as error:
        commit = message.content.commit
        return InvalidProposal(
            error, _blamed(error, tuple(each.reference for each in commit.proposals) if commit else ())
        )
    if left_out := proposal_left_out(state, staged, now):
        return NotAllowed(Refused(UpdateRule.QUEUED_INCLUDED, f"It leaves out {left_out}."))
    try:
        return _with_commit(state, staged, now, surroundings, join_code)
    except RuleError as error:
        return InvalidProposal(error)
    except GroupError as error:
        return _apart(error)


def _with_commit(
    state: RoomState, staged: StagedCommit, now: int | None, surroundings: Surroundings, join_code: JoinCode | None
) -> CommitAccepted | Refusal:
    """As `accept_commit`, for a commit that is valid as MLS and leaves nothing out."""
    covered, applied = covered_by(staged), staged.applied
    lapsed = tuple(each for each in state.pending if not each.references <= covered)
    pending = [each.act.change for each in state.pending if each.references & covered]
    joiner = joining(_path_credential(staged), state.mapping, join_code) if staged.external else None
    inline = tuple(each for each in applied.proposals.proposals if each.reference is None)
    leaf_nodes = (*_added(inline), *((staged.group.tree.member(staged.committer),) if staged.external else ()))
    if refused := unfit(state.updated.policy, (each.proposal for each in inline), leaf_nodes):
        return NotAllowed(refused)
    for view in rooms_to_judge_by(state, staged, now):
        translator = replace(state.translator(joiner), updated=view)
        acts = [each.act for each in translator.acts(inline, applied.state.extensions.app_data or NO_APP_DATA)]
        committer: Committer = joiner or translator.member(staged.committer)
        decision = authorize_commit(view, committer, acts, state.within(surroundings), pending)
        if isinstance(decision, Refused):
            return NotAllowed(decision)
    joined = Joiner(staged.committer, _path_credential(staged)) if staged.external else None
    after = view_after(state.committed, applied, state.mapping, joiner=joined)
    new = replace(state, group=staged.group, committed=after, updated=after, pending=())
    return CommitAccepted(new, staged, tuple(acts), lapsed)


def _added(proposals: Iterable[ListedProposal]) -> Iterator[LeafNode]:
    for listed in proposals:
        if isinstance(listed.proposal.body, Add):
            yield listed.proposal.body.key_package.leaf_node


def _path_credential(staged: StagedCommit) -> Credential:
    return staged.group.tree.member(staged.committer).credential


def misplaced(state: RoomState, group_id: bytes, epoch: int) -> NotAllowed | WrongEpoch | None:
    """Why a message is not for the room's group, or not for its epoch (PROTO 5.3); None when it is.

    For whoever cannot read a message before that is clear.
    """
    context = state.group.context
    if group_id != context.group_id:
        return NotAllowed(Refused(UpdateRule.GROUP_OF_ROOM, f"{group_id!r} is not that of {state.room_id}."))
    return WrongEpoch(context.epoch) if epoch != context.epoch else None


def _misplaced(state: RoomState, message: Handshake) -> Refusal | None:
    """Whether a message is not one that the room takes now, whatever it says."""
    content = message.content
    if refusal := misplaced(state, content.group_id, content.epoch):
        return refusal
    wire_format = WireFormat.mls_public_message if isinstance(message, PublicMessage) else message.wire_format
    refused = wrong_format(state.updated.policy, content, wire_format)
    return None if refused is None else NotAllowed(refused)


def reference_of(group: PublicGroup, message: Handshake) -> ProposalRef:
    """The ProposalRef of a proposal that came to a group (RFC 9420, section 5.2)."""
    if isinstance(message, PublicMessage):
        message = AuthenticatedContent(WireFormat.mls_public_message, message.content, message.auth)
    return proposal_ref(group.context.cipher_suite, message)


def _blamed(error: RuleError, references: Sequence[ProposalRef | None]) -> tuple[ProposalRef, ...]:
    """The proposals that an error blames, of a list with these references."""
    if isinstance(error, ProposalError) and error.index is not None:
        blamed = references[error.index]
        return () if blamed is None else (blamed,)
    if error.rule is CommitRule.REFERENCE_KNOWN and isinstance(error.value, bytes):
        return (error.value,)
    return ()


def _apart(error: GroupError) -> NotAllowed:
    """The refusal of what would take user level and client level apart."""
    return NotAllowed(Refused(error.rule, f"{error.value}."))
