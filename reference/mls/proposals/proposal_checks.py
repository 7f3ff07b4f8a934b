"""Whether a proposal is valid by itself (RFC 9420, section 12.1; mls-extensions, sections 4.7, 4.8 and 6.3).

What a proposal does together with others is judged in `proposal_list`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.public_keys import PublicKeyError
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.key_package import KeyPackageError, check_key_package
from mimi_conformance.reference.mls.proposals.components import ComponentRefusal, Contribution
from mimi_conformance.reference.mls.proposals.extensions import (
    ExtensionError,
    check_unique,
    find_component,
    find_extension,
)
from mimi_conformance.reference.mls.proposals.features import GroupExtensions
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal, ProposalRule
from mimi_conformance.reference.mls.tree.leaf_checks import MemberError, check_leaf
from mimi_conformance.reference.mls.tree.leaf_node_validation import LeafNodeError
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation, AppEphemeral
from mimi_conformance.reference.wire.mls.leaf_node import LeafNodeSource
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    GroupContextExtensions,
    PreSharedKey,
    ReInit,
    Remove,
    SelfRemove,
    Update,
)
from mimi_conformance.reference.wire.mls.psk import ResumptionPSKUsage
from mimi_conformance.reference.wire.mls.registries import ExtensionType


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a proposal is judged by, besides itself.

    Attributes:
        state: the group, with the extensions that are in force for the proposal.
        now: seconds of the Unix epoch; None to leave lifetimes unchecked, for messages that may be old.
        usage: what the group is being made for, if it is the continuation of another one: such a group is linked to
            that by a resumption PSK that is invalid everywhere else.

    """

    state: GroupState
    now: int | None
    usage: ResumptionPSKUsage | None = None


def check_proposal(circumstances: Circumstances, listed: ListedProposal) -> None:
    """Check a proposal by itself.

    Raises:
        ProposalError: it breaks a rule, of this module or of those about leaf nodes and extensions.

    """
    kind = circumstances.state.application.proposals.kind_of(listed.proposal)
    if kind is None:
        raise listed.breaks(ProposalRule.TYPE_KNOWN, listed.proposal.proposal_type)
    body = listed.proposal.body
    try:
        _CHECKS.get(type(body), _nothing)(circumstances, listed, body)
    except (ExtensionError, KeyPackageError, LeafNodeError, MemberError, PublicKeyError) as error:
        raise listed.breaks(error.rule, error.value) from error
    objection = kind.objection(body, listed.sender)
    if objection is not None:
        raise listed.breaks(ProposalRule.APPLICATION_ACCEPTS, objection)


def _nothing(_circumstances: Circumstances, _listed: ListedProposal, _body: object) -> None:
    """There is nothing more to check."""


def _check_add(circumstances: Circumstances, _listed: ListedProposal, body: Add) -> None:
    """RFC 9420, sections 12.1.1 and 10.1."""
    key_package = body.key_package
    check_key_package(key_package, circumstances.state.context)
    check_leaf(circumstances.state, key_package.leaf_node, LeafNodeSource.key_package, now=circumstances.now)


def _check_update(circumstances: Circumstances, listed: ListedProposal, body: Update) -> None:
    """RFC 9420, sections 12.1.2 and 7.3."""
    state, leaf_index = circumstances.state, listed.by_member
    replaced = None if leaf_index is None else state.tree.leaf(leaf_index)
    if leaf_index is None or replaced is None:
        raise listed.breaks(ProposalRule.UPDATE_BY_MEMBER, listed.sender)
    check_leaf(state, body.leaf_node, LeafNodeSource.update, leaf_index=leaf_index, replaced=replaced)


def _check_remove(circumstances: Circumstances, listed: ListedProposal, body: Remove) -> None:
    """RFC 9420, section 12.1.3."""
    if circumstances.state.tree.leaf(body.removed) is None:
        raise listed.breaks(ProposalRule.REMOVED_IS_MEMBER, body.removed)


def _check_pre_shared_key(circumstances: Circumstances, listed: ListedProposal, body: PreSharedKey) -> None:
    """RFC 9420, section 12.1.4."""
    psk = body.psk
    for forbidden, rule in (
        (ResumptionPSKUsage.reinit, ProposalRule.PSK_NOT_FOR_REINIT),
        (ResumptionPSKUsage.branch, ProposalRule.PSK_NOT_FOR_BRANCH),
    ):
        if psk.usage is forbidden and circumstances.usage is not forbidden:
            raise listed.breaks(rule, psk)
    if len(psk.psk_nonce) != parameters(circumstances.state.context.cipher_suite).kdf.size:
        raise listed.breaks(ProposalRule.PSK_NONCE_LENGTH, len(psk.psk_nonce))


def _check_reinit(circumstances: Circumstances, listed: ListedProposal, body: ReInit) -> None:
    """RFC 9420, section 12.1.5."""
    if body.version < circumstances.state.context.version:
        raise listed.breaks(ProposalRule.REINIT_VERSION, body.version)
    check_unique(body.extensions)


def _check_group_context_extensions(
    circumstances: Circumstances, listed: ListedProposal, body: GroupContextExtensions
) -> None:
    """RFC 9420, section 12.1.7, and mls-extensions, section 4.7. Whether members support them is for the list."""
    state, new = circumstances.state, GroupExtensions.read(body.extensions)
    dictionary = ExtensionType.app_data_dictionary
    changed = find_extension(body.extensions, dictionary) != find_extension(state.extensions.extensions, dictionary)
    if changed and (state.application.dictionary_by_update_only or state.extensions.requires_app_data_update):
        raise listed.breaks(ProposalRule.DICTIONARY_UNTOUCHED, body)
    for sender in new.external_senders:
        if not state.application.authentication.accepts(sender.credential, sender.signature_key):
            raise listed.breaks(ProposalRule.EXTERNAL_SENDER_CREDENTIAL, sender)


def _check_app_data_update(circumstances: Circumstances, listed: ListedProposal, body: AppDataUpdate) -> None:
    """mls-extensions, section 4.7. Whether the component accepts updates is for the list, which has all of them."""
    component = circumstances.state.application.components.component(body.component_id)
    if component is None:
        raise listed.breaks(ProposalRule.UPDATED_COMPONENT_KNOWN, body.component_id)
    if body.op is AppDataUpdateOperation.update:
        return
    data = find_component(circumstances.state.extensions.app_data, body.component_id)
    if data is None:
        raise listed.breaks(ProposalRule.REMOVED_STATE_PRESENT, body.component_id)
    try:
        component.check_removal(data, listed.sender)
    except ComponentRefusal as refusal:
        raise listed.breaks(ProposalRule.REMOVAL_ACCEPTED, str(refusal)) from refusal


def _check_app_ephemeral(circumstances: Circumstances, listed: ListedProposal, body: AppEphemeral) -> None:
    """mls-extensions, section 4.8."""
    component = circumstances.state.application.components.component(body.component_id)
    if component is None:
        raise listed.breaks(ProposalRule.EPHEMERAL_COMPONENT_KNOWN, body.component_id)
    try:
        component.check_ephemeral(Contribution(body.data, listed.sender))
    except ComponentRefusal as refusal:
        raise listed.breaks(ProposalRule.EPHEMERAL_ACCEPTED, str(refusal)) from refusal


def _check_self_remove(_circumstances: Circumstances, listed: ListedProposal, _body: SelfRemove) -> None:
    """mls-extensions, section 6.3.1."""
    if listed.by_member is None:
        raise listed.breaks(ProposalRule.SELF_REMOVE_BY_MEMBER, listed.sender)


_CHECKS: Mapping[type, Callable[[Circumstances, ListedProposal, Any], None]] = {
    Add: _check_add,
    Update: _check_update,
    Remove: _check_remove,
    PreSharedKey: _check_pre_shared_key,
    ReInit: _check_reinit,
    GroupContextExtensions: _check_group_context_extensions,
    AppDataUpdate: _check_app_data_update,
    AppEphemeral: _check_app_ephemeral,
    SelfRemove: _check_self_remove,
}
