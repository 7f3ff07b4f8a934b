"""Whether the proposals that a Commit covers are valid together (RFC 9420, section 12.2; mls-extensions).

Applying them is for `proposal_application`; some rules can only be checked there, with the result.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.proposals.proposal_rules import (
    ListedProposal,
    ProposalError,
    ProposalListRule,
    ProposalRule,
)
from mimi_conformance.reference.mls.proposals.proposals import InExternalCommit, ProposalKind
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    ProposalBody,
    ReInit,
    Remove,
    SelfRemove,
    Update,
)

_B = TypeVar("_B", bound=ProposalBody)


@dataclass(frozen=True, slots=True)
class ProposalList:
    """The proposals that a Commit covers, in its order.

    Attributes:
        proposals: the proposals.
        committer: the leaf of the member that commits; None in an external Commit.

    """

    proposals: tuple[ListedProposal, ...]
    committer: LeafIndex | None

    def of_type(self, body_type: type[_B]) -> Iterator[tuple[ListedProposal, _B]]:
        """The proposals with a body of one type, and their bodies."""
        for listed in self.proposals:
            if isinstance(listed.proposal.body, body_type):
                yield listed, listed.proposal.body

    def removals(self) -> Iterator[tuple[ListedProposal, LeafIndex]]:
        """The proposals that remove a member, SelfRemoves first, and the leaves (mls-extensions, section 6.3.1)."""
        for listed, _ in self.of_type(SelfRemove):
            if listed.by_member is not None:
                yield listed, listed.by_member
        for listed, body in self.of_type(Remove):
            yield listed, body.removed


def check_list(state: GroupState, proposals: ProposalList) -> None:
    """Check what the list as a whole must be like, before its proposals are checked one by one.

    Raises:
        ProposalError: a `ProposalListRule` is broken, or a proposal is of a type that the application doesn't use.

    """
    for check in _REGULAR if proposals.committer is not None else _EXTERNAL:
        check(state, proposals)


def _no_update_by_committer(_state: GroupState, proposals: ProposalList) -> None:
    for listed, _ in proposals.of_type(Update):
        if listed.by_member == proposals.committer:
            raise listed.breaks(ProposalListRule.NO_UPDATE_BY_COMMITTER, proposals.committer)


def _no_removal_of_committer(_state: GroupState, proposals: ProposalList) -> None:
    for listed, leaf_index in proposals.removals():
        if leaf_index == proposals.committer:
            raise listed.breaks(ProposalListRule.NO_REMOVAL_OF_COMMITTER, leaf_index)


def _one_change_per_leaf(_state: GroupState, proposals: ProposalList) -> None:
    seen = {listed.by_member for listed, _ in proposals.of_type(Update)}
    updates = [listed for listed, _ in proposals.of_type(Update)]
    if len(seen) < len(updates):
        raise updates[-1].breaks(ProposalListRule.ONE_CHANGE_PER_LEAF, updates[-1].by_member)
    for listed, leaf_index in proposals.removals():
        if leaf_index in seen:
            raise listed.breaks(ProposalListRule.ONE_CHANGE_PER_LEAF, leaf_index)
        seen.add(leaf_index)


def _clients_once(state: GroupState, proposals: ProposalList) -> None:
    """Of the clients in the group, those stay that no proposal removes; those that update may become others."""
    leaving = {leaf_index for _, leaf_index in proposals.removals()}
    added: set[bytes] = set()
    for listed, body in proposals.of_type(Add):
        leaf_node = body.key_package.leaf_node
        staying = state.leaves_of(leaf_node) - leaving
        if staying:
            raise listed.breaks(ProposalListRule.CLIENT_NOT_IN_GROUP, min(staying))
        client = state.application.client_of(leaf_node)
        names = {b"key " + leaf_node.signature_key, *(() if client is None else (b"client " + client,))}
        if names & added:
            raise listed.breaks(ProposalListRule.ONE_ADD_PER_CLIENT, client or leaf_node.signature_key)
        added |= names


def _psk_once(_state: GroupState, proposals: ProposalList) -> None:
    seen = set()
    for listed, body in proposals.of_type(PreSharedKey):
        if body.psk in seen:
            raise listed.breaks(ProposalListRule.PSK_ONCE, body.psk)
        seen.add(body.psk)


def _one_group_context_extensions(_state: GroupState, proposals: ProposalList) -> None:
    for listed, _ in list(proposals.of_type(GroupContextExtensions))[1:]:
        raise listed.breaks(ProposalListRule.ONE_GROUP_CONTEXT_EXTENSIONS, listed.proposal)


def _reinit_alone(_state: GroupState, proposals: ProposalList) -> None:
    for listed, _ in proposals.of_type(ReInit):
        if len(proposals.proposals) > 1:
            raise listed.breaks(ProposalListRule.REINIT_ALONE, len(proposals.proposals))


def _no_external_init(_state: GroupState, proposals: ProposalList) -> None:
    for listed, _ in proposals.of_type(ExternalInit):
        raise listed.breaks(ProposalListRule.NO_EXTERNAL_INIT, listed.proposal)


def _by_reference_only(state: GroupState, proposals: ProposalList) -> None:
    for listed in proposals.proposals:
        if _kind(state, listed).by_reference_only and listed.reference is None:
            raise listed.breaks(ProposalListRule.BY_REFERENCE_ONLY, listed.proposal.proposal_type)


def _remove_or_update_of_state(_state: GroupState, proposals: ProposalList) -> None:
    operations: dict[int, AppDataUpdateOperation] = {}
    for listed, body in proposals.of_type(AppDataUpdate):
        before = operations.get(body.component_id)
        operations[body.component_id] = body.op
        if before is not None and AppDataUpdateOperation.remove in (before, body.op):
            raise listed.breaks(ProposalListRule.REMOVE_OR_UPDATE_OF_STATE, body.component_id)


def _one_external_init(_state: GroupState, proposals: ProposalList) -> None:
    found = [listed for listed, _ in proposals.of_type(ExternalInit)]
    if len(found) != 1:
        raise ProposalError(ProposalListRule.ONE_EXTERNAL_INIT, len(found), found[1].index if found else None)


def _one_external_remove(_state: GroupState, proposals: ProposalList) -> None:
    for listed, body in list(proposals.of_type(Remove))[1:]:
        raise listed.breaks(ProposalListRule.ONE_EXTERNAL_REMOVE, body.removed)


def _types_in_external_commit(state: GroupState, proposals: ProposalList) -> None:
    for listed in proposals.proposals:
        place = _kind(state, listed).in_external_commit
        if place is InExternalCommit.NEVER:
            raise listed.breaks(ProposalListRule.TYPE_IN_EXTERNAL_COMMIT, listed.proposal.proposal_type)
        if place is InExternalCommit.BY_VALUE and listed.reference is not None:
            raise listed.breaks(ProposalListRule.EXTERNAL_BY_VALUE, listed.proposal.proposal_type)


def _kind(state: GroupState, listed: ListedProposal) -> ProposalKind:
    kind = state.application.proposals.kind_of(listed.proposal)
    if kind is None:
        raise listed.breaks(ProposalRule.TYPE_KNOWN, listed.proposal.proposal_type)
    return kind


_Check = Callable[[GroupState, ProposalList], None]

_EVERY: tuple[_Check, ...] = (_by_reference_only, _one_change_per_leaf, _psk_once, _remove_or_update_of_state)

_REGULAR: tuple[_Check, ...] = (
    *_EVERY,
    _no_external_init,
    _reinit_alone,
    _no_update_by_committer,
    _no_removal_of_committer,
    _clients_once,
    _one_group_context_extensions,
)

_EXTERNAL: tuple[_Check, ...] = (_types_in_external_commit, _one_external_init, _one_external_remove, *_EVERY)
