"""Violations of what a proposal is by itself: in a message of its own, or as one more in a Commit (RFC 9420, 12.1)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.steps import PROPOSAL
from mimi_conformance.mocks.malformed.violations.registry import MEMBER, violation
from mimi_conformance.mocks.malformed.violations.tampering import (
    of_this_epoch,
    proposable,
    with_entries,
    with_extension,
)
from mimi_conformance.reference.mls.proposals.components import ComponentRefusal
from mimi_conformance.reference.mls.proposals.extensions import APP_ACK, APP_COMPONENTS, find_component
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalRule
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeyRule, external_psk
from mimi_conformance.reference.wire.mls.app_data import (
    AppDataUpdate,
    AppDataUpdateOperation,
    AppEphemeral,
    ComponentData,
)
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.proposals import (
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalBody,
    ReInit,
    Remove,
    SelfRemove,
    Update,
)
from mimi_conformance.reference.wire.mls.psk import ResumptionPSKUsage
from mimi_conformance.reference.wire.mls.registries import ExtensionType, ProtocolVersion

Body = ProposalBody | None

UNKNOWN_COMPONENT = 0xBABA
"""A GREASE value, so that no application knows it."""


@violation(ProposalRule.TYPE_KNOWN, at=PROPOSAL)
def type_that_the_application_does_not_use(_body: Body, maker: Maker) -> Body:
    """A proposal of a type that MLS knows but the application of the group doesn't use."""
    candidates = (AppEphemeral(APP_ACK, b"\0"), AppDataUpdate(component_id=1, op=AppDataUpdateOperation.remove))
    known = maker.public.state.application.proposals
    for body in candidates:
        if known.kind_of(Proposal.of(body)) is None:
            return body
    raise CannotMakeError("The application uses all types of proposal.")


@violation(ProposalRule.UPDATE_BY_MEMBER, at=PROPOSAL)
def update_by_an_external_sender(_body: Body, maker: Maker) -> Body:
    """An Update from somebody who has no leaf, in an application that lets external senders propose Updates."""
    if maker.sender.leaf_index is not None:
        raise CannotMakeError("A member may propose Updates.")
    _, leaf_node = next(maker.public.tree.members())
    return proposable(Update(leaf_node), maker)


@violation(ProposalRule.SELF_REMOVE_BY_MEMBER, at=PROPOSAL)
def self_remove_by_an_external_sender(_body: Body, maker: Maker) -> Body:
    """A SelfRemove of somebody who isn't there, in an application that lets external senders propose those."""
    if maker.sender.leaf_index is not None:
        raise CannotMakeError("A member may remove itself.")
    return proposable(SelfRemove(), maker)


@violation(ProposalRule.REMOVED_IS_MEMBER, at=PROPOSAL)
def removal_of_nobody(_body: Body, maker: Maker) -> Body:
    """A Remove of a leaf that the tree doesn't have."""
    return proposable(Remove(maker.public.tree.leaf_count), maker)


@violation(ProposalRule.REMOVED_IS_MEMBER, at=PROPOSAL)
def removal_of_a_blank_leaf(_body: Body, maker: Maker) -> Body:
    """A Remove of a leaf whose member has left."""
    tree = maker.public.tree
    for leaf_index in range(tree.leaf_count):
        if tree.leaf(leaf_index) is None:
            return proposable(Remove(leaf_index), maker)
    raise CannotMakeError("There is no blank leaf.")


@violation(ProposalRule.PSK_NOT_FOR_REINIT, at=PROPOSAL)
def psk_for_reinit(_body: Body, maker: Maker) -> Body:
    """A PSK of this group in this group, for the use of a group that continues it."""
    return proposable(PreSharedKey(of_this_epoch(maker, ResumptionPSKUsage.reinit)), maker)


@violation(ProposalRule.PSK_NOT_FOR_BRANCH, at=PROPOSAL)
def psk_for_branch(_body: Body, maker: Maker) -> Body:
    """A PSK of this group in this group, for the use of its subgroups."""
    return proposable(PreSharedKey(of_this_epoch(maker, ResumptionPSKUsage.branch)), maker)


@violation(ProposalRule.PSK_NONCE_LENGTH, at=PROPOSAL)
def psk_nonce_too_short(_body: Body, maker: Maker) -> Body:
    """A PSK whose nonce is a byte short."""
    psk = of_this_epoch(maker, ResumptionPSKUsage.application)
    return proposable(PreSharedKey(replace(psk, psk_nonce=psk.psk_nonce[:-1])), maker)


@violation(PreSharedKeyRule.AVAILABLE, at=PROPOSAL, seen_by=MEMBER)
def psk_that_nobody_has(_body: Body, maker: Maker) -> Body:
    """A Commit with a PSK that its readers don't have."""
    return proposable(
        PreSharedKey(external_psk(maker.public.context.cipher_suite, maker.random(16), maker.random)), maker
    )


@violation(ProposalRule.REINIT_VERSION, at=PROPOSAL)
def reinit_to_an_earlier_version(_body: Body, maker: Maker) -> Body:
    """A ReInit to a version of MLS before the first."""
    context = maker.public.context
    return proposable(ReInit(b"next", ProtocolVersion(0), context.cipher_suite, context.extensions), maker)


@violation(ProposalRule.DICTIONARY_UNTOUCHED, at=PROPOSAL)
def dictionary_changed_without_app_data_update(_body: Body, maker: Maker) -> Body:
    """A GroupContextExtensions that changes the dictionary, where that takes AppDataUpdates."""
    state, extensions = maker.public.state, maker.public.state.extensions
    if not (extensions.requires_app_data_update or state.application.dictionary_by_update_only):
        raise CannotMakeError("A GroupContextExtensions may change the dictionary of this group.")
    data = with_entries(extensions.app_data, ComponentData(0xFFFF, b""))
    return proposable(
        GroupContextExtensions(with_extension(extensions.extensions, ExtensionType.app_data_dictionary, data)), maker
    )


@violation(ProposalRule.EXTERNAL_SENDER_CREDENTIAL, at=PROPOSAL)
def external_sender_that_is_not_believed(_body: Body, maker: Maker) -> Body:
    """A GroupContextExtensions with an external sender of an empty name, which the Authentication Service knows not."""
    _, leaf_node = next(maker.public.tree.members())
    senders = ExternalSenders((ExternalSender(leaf_node.signature_key, Credential.basic(b"")),))
    extensions = maker.public.context.extensions
    return proposable(
        GroupContextExtensions(with_extension(extensions, ExtensionType.external_senders, senders.encode())), maker
    )


@violation(ProposalRule.UPDATED_COMPONENT_KNOWN, at=PROPOSAL)
def update_of_an_unknown_component(_body: Body, maker: Maker) -> Body:
    """An AppDataUpdate for a component that the application doesn't know."""
    return proposable(
        AppDataUpdate(component_id=UNKNOWN_COMPONENT, op=AppDataUpdateOperation.update, update=b""), maker
    )


@violation(ProposalRule.REMOVED_STATE_PRESENT, at=PROPOSAL)
def removal_of_state_that_is_not_there(_body: Body, maker: Maker) -> Body:
    """An AppDataUpdate that removes what isn't there, of a component that the application knows."""
    state = maker.public.state
    for component_id in state.application.components.components:
        if find_component(state.extensions.app_data, component_id) is None:
            return proposable(AppDataUpdate(component_id=component_id, op=AppDataUpdateOperation.remove), maker)
    raise CannotMakeError("All components that the application knows have state.")


@violation(ProposalRule.REMOVAL_ACCEPTED, at=PROPOSAL)
def removal_of_state_that_must_stay(_body: Body, maker: Maker) -> Body:
    """An AppDataUpdate that removes the state of a component which doesn't want that."""
    state = maker.public.state
    for entry in state.extensions.app_data.component_data if state.extensions.app_data else ():
        component = state.application.components.component(entry.component_id)
        try:
            if component is not None:
                component.check_removal(entry.data, maker.sender)
        except ComponentRefusal:
            return proposable(AppDataUpdate(component_id=entry.component_id, op=AppDataUpdateOperation.remove), maker)
    raise CannotMakeError("No component minds the removal of its state.")


@violation(ProposalRule.EPHEMERAL_COMPONENT_KNOWN, at=PROPOSAL)
def ephemeral_data_of_an_unknown_component(_body: Body, maker: Maker) -> Body:
    """An AppEphemeral for a component that the application doesn't know."""
    return proposable(AppEphemeral(UNKNOWN_COMPONENT, b""), maker)


@violation(ProposalRule.EPHEMERAL_ACCEPTED, at=PROPOSAL)
def ephemeral_data_that_are_not_accepted(_body: Body, maker: Maker) -> Body:
    """An AppEphemeral for `app_ack` whose data are no AppAck."""
    return proposable(AppEphemeral(APP_ACK, b"\xff"), maker)


@violation(ProposalRule.EPHEMERAL_ACCEPTED, at=PROPOSAL)
def ephemeral_data_of_a_component_without_any(_body: Body, maker: Maker) -> Body:
    """An AppEphemeral for `app_components`, which never has one."""
    return proposable(AppEphemeral(APP_COMPONENTS, b"\0"), maker)
