"""What the proposals that a Commit covers change (RFC 9420, section 12.3; mls-extensions, sections 4.7, 4.8, 6.3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.proposals.components import ComponentRefusal, Contribution, with_dictionary
from mimi_conformance.reference.mls.proposals.extensions import ExtensionError
from mimi_conformance.reference.mls.proposals.features import Feature, Purpose
from mimi_conformance.reference.mls.proposals.proposal_checks import Circumstances, check_proposal
from mimi_conformance.reference.mls.proposals.proposal_list import ProposalList, check_list
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal, ProposalListRule
from mimi_conformance.reference.mls.proposals.proposals import DEFAULT_PROPOSAL_TYPES
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataDictionary, AppDataUpdate, ComponentData
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    ReInit,
    Update,
)
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID


@dataclass(frozen=True, slots=True)
class AppliedProposals:
    """A valid list of proposals, and the group after it.

    Attributes:
        proposals: the list.
        before: the group before it.
        state: the group with the new extensions, and the new tree but for the Commit's path.
        updated: the leaves that Updates replaced, with the proposals.
        removed: the leaves that were removed, with the proposals and the LeafNodes that were there.
        added: the leaves of new members, with the proposals.
        psks: the PSKs to inject, in their order.
        path_required: whether the Commit must have a path (RFC 9420, section 12.4).

    """

    proposals: ProposalList
    before: GroupState
    state: GroupState
    updated: Mapping[LeafIndex, ListedProposal]
    removed: Mapping[LeafIndex, tuple[ListedProposal, LeafNode]]
    added: Mapping[LeafIndex, ListedProposal]
    psks: tuple[PreSharedKeyID, ...]
    path_required: bool

    @property
    def external_init(self) -> ExternalInit | None:
        """The ExternalInit of an external Commit."""
        return next((body for _, body in self.proposals.of_type(ExternalInit)), None)

    @property
    def reinit(self) -> ReInit | None:
        """The ReInit that ends the group."""
        return next((body for _, body in self.proposals.of_type(ReInit)), None)


def apply_proposals(circumstances: Circumstances, proposals: ProposalList) -> AppliedProposals:
    """Check a list of proposals and apply it.

    Args:
        circumstances: with the group as it is before.
        proposals: the list.

    Raises:
        ProposalError: the list, or a proposal in it, breaks a rule.

    """
    before = circumstances.state
    check_list(before, proposals)
    circumstances = _with_new_extensions(circumstances, proposals)
    state = circumstances.state
    for listed in proposals.proposals:
        check_proposal(circumstances, listed)
    updated, removed, added = {}, {}, {}
    after = state
    for listed, update in proposals.of_type(Update):
        if listed.by_member is not None:
            after = after.with_leaf(after.tree.update(listed.by_member, update.leaf_node), listed.by_member)
            updated[listed.by_member] = listed
    for listed, leaf_index in proposals.removals():
        removed[leaf_index] = listed, after.tree.member(leaf_index)
        after = after.with_leaf(after.tree.remove(leaf_index), leaf_index)
    _check_types_supported(after, proposals)
    for listed, add in proposals.of_type(Add):
        tree, leaf_index = after.tree.add(add.key_package.leaf_node)
        after = after.with_leaf(tree, leaf_index)
        added[leaf_index] = listed
    return AppliedProposals(
        proposals=proposals,
        before=before,
        state=_with_app_data(after, proposals),
        updated=updated,
        removed=removed,
        added=added,
        psks=tuple(body.psk for _, body in proposals.of_type(PreSharedKey)),
        path_required=_path_required(state, proposals),
    )


def _with_new_extensions(circumstances: Circumstances, proposals: ProposalList) -> Circumstances:
    """The group with the extensions that a valid GroupContextExtensions brings, by which all others are judged."""
    for listed, body in proposals.of_type(GroupContextExtensions):
        check_proposal(circumstances, listed)
        return replace(circumstances, state=circumstances.state.with_extensions(body.extensions))
    return circumstances


def _check_types_supported(state: GroupState, proposals: ProposalList) -> None:
    """Check that whoever stays supports each type of proposal (RFC 9420, section 12.2); those added need not."""
    support = state.tree.support
    for listed in proposals.proposals:
        proposal_type = listed.proposal.proposal_type
        if support is None or proposal_type in DEFAULT_PROPOSAL_TYPES:
            continue
        if Feature(Purpose.PROPOSAL, proposal_type) not in support.features:
            raise listed.breaks(ProposalListRule.TYPE_SUPPORTED, proposal_type)


def _with_app_data(state: GroupState, proposals: ProposalList) -> GroupState:
    """Apply the AppDataUpdates, component by component (mls-extensions, section 4.7)."""
    updates: dict[int, list[tuple[ListedProposal, AppDataUpdate]]] = {}
    for listed, body in proposals.of_type(AppDataUpdate):
        updates.setdefault(body.component_id, []).append((listed, body))
    if not updates:
        return state
    dictionary = state.extensions.app_data or NO_APP_DATA
    data = {entry.component_id: entry.data for entry in dictionary.component_data}
    for component_id, of_component in updates.items():
        last = of_component[-1][0]
        try:
            new_data = _new_data(state, component_id, data.pop(component_id, None), of_component)
            if new_data is not None:
                data[component_id] = new_data
        except ComponentRefusal as refusal:
            raise last.breaks(ProposalListRule.UPDATE_ACCEPTED, str(refusal)) from refusal
    dictionary = AppDataDictionary(
        tuple(ComponentData(component_id, data[component_id]) for component_id in sorted(data))
    )
    try:
        return state.with_extensions(with_dictionary(state.extensions.extensions, dictionary))
    except ExtensionError as error:
        raise last.breaks(error.rule, error.value) from error


def _new_data(
    state: GroupState, component_id: int, data: bytes | None, updates: Sequence[tuple[ListedProposal, AppDataUpdate]]
) -> bytes | None:
    """A component's data after its updates; None after its removal.

    Raises:
        ComponentRefusal: the component doesn't accept them.

    """
    contributions = tuple(
        Contribution(body.update, listed.sender) for listed, body in updates if body.update is not None
    )
    if not contributions:
        return None
    component = state.application.components.component(component_id)
    assert component is not None, "check_proposal refuses updates of others"
    return component.updated(data, contributions)


def _path_required(state: GroupState, proposals: ProposalList) -> bool:
    """Whether a Commit of these proposals needs a path (RFC 9420, section 12.4; AMB-214)."""
    kinds = (state.application.proposals.kind_of(listed.proposal) for listed in proposals.proposals)
    return not proposals.proposals or any(kind is None or kind.path_required for kind in kinds)
