"""Violations of the list of proposals that a Commit covers (RFC 9420, section 12.2; mls-extensions)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.steps import PROPOSAL_ITEMS, PROPOSALS
from mimi_conformance.mocks.malformed.violations.registry import MEMBER, violation
from mimi_conformance.mocks.malformed.violations.tampering import of_this_epoch, proposable, with_extension
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.commit_rules import CommitRule
from mimi_conformance.reference.mls.group.group_processing import ProcessingRule
from mimi_conformance.reference.mls.key_package import create_key_package
from mimi_conformance.reference.mls.proposals.extensions import APP_ACK, APP_COMPONENTS
from mimi_conformance.reference.mls.proposals.features import Feature, Purpose
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal, ProposalListRule
from mimi_conformance.reference.mls.proposals.proposals import DEFAULT_PROPOSAL_TYPES
from mimi_conformance.reference.mls.tree.leaf_node_signature import signed_leaf_node
from mimi_conformance.reference.mls.tree.leaf_node_validation import LeafNodeRule
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.wire.mls.app_data import AppAck, AppDataUpdate, AppDataUpdateOperation, AppEphemeral
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode, Lifetime
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    ExternalInit,
    GroupContextExtensions,
    PreSharedKey,
    Proposal,
    ProposalBody,
    ProposalOrRef,
    ProposalOrRefType,
    ReInit,
    Remove,
    SelfRemove,
    Update,
)
from mimi_conformance.reference.wire.mls.registries import ExtensionType, ProposalType

Listed = tuple[ListedProposal, ...]


@violation(CommitRule.REFERENCE_KNOWN, at=PROPOSAL_ITEMS)
def reference_to_an_unknown_proposal(items: tuple[ProposalOrRef, ...], maker: Maker) -> tuple[ProposalOrRef, ...]:
    """A Commit that refers to a proposal that nobody has received."""
    size = parameters(maker.public.context.cipher_suite).kdf.size
    return (*items, ProposalOrRef(type=ProposalOrRefType.reference, reference=maker.random(size)))


@violation(ProposalListRule.NO_UPDATE_BY_COMMITTER, at=PROPOSALS)
def update_by_the_committer(listed: Listed, maker: Maker) -> Listed:
    """A Commit with an Update of the committer's leaf, which its path should replace."""
    leaf_index, leaf_node = _own_leaf(maker)
    context = maker.public.context
    key_pair = parameters(context.cipher_suite).new_hpke_key_pair(maker.random)
    updated = signed_leaf_node(
        context.cipher_suite,
        LeafTemplate.of(leaf_node).leaf_node(leaf_node.signature_key, key_pair.public_key),
        maker.signature_private_key,
        group_id=context.group_id,
        leaf_index=leaf_index,
    )
    return _with(listed, maker, Update(updated))


@violation(ProposalListRule.NO_REMOVAL_OF_COMMITTER, at=PROPOSALS)
def removal_of_the_committer(listed: Listed, maker: Maker) -> Listed:
    """A Commit that removes its own sender."""
    leaf_index, _ = _own_leaf(maker)
    return _with(listed, maker, Remove(leaf_index))


@violation(ProposalListRule.BY_REFERENCE_ONLY, at=PROPOSALS)
def self_remove_by_value(listed: Listed, maker: Maker) -> Listed:
    """A Commit with a SelfRemove by value, which then is the committer's own."""
    _own_leaf(maker)
    return _with(listed, maker, SelfRemove())


@violation(ProposalListRule.ONE_CHANGE_PER_LEAF, at=PROPOSALS)
def two_removals_of_a_leaf(listed: Listed, maker: Maker) -> Listed:
    """A member's Commit that removes another one twice."""
    _own_leaf(maker)
    other = _others(maker)[-1]
    return _with(listed, maker, Remove(other), Remove(other))


@violation(ProposalListRule.ONE_CHANGE_PER_LEAF, at=PROPOSALS)
def update_and_removal_of_a_leaf(listed: Listed, maker: Maker) -> Listed:
    """A Commit that removes a member whose Update it covers."""
    for item in listed:
        if isinstance(item.proposal.body, Update) and item.by_member is not None:
            return _with(listed, maker, Remove(item.by_member))
    raise CannotMakeError("The Commit covers no Update.")


@violation(ProposalListRule.ONE_CHANGE_PER_LEAF, at=PROPOSALS)
def self_remove_and_removal_of_a_leaf(listed: Listed, maker: Maker) -> Listed:
    """A Commit that removes a member whose SelfRemove it covers."""
    for item in listed:
        if isinstance(item.proposal.body, SelfRemove) and item.by_member is not None:
            return _with(listed, maker, Remove(item.by_member))
    raise CannotMakeError("The Commit covers no SelfRemove.")


@violation(ProposalListRule.ONE_ADD_PER_CLIENT, at=PROPOSALS)
def two_adds_of_a_client(listed: Listed, maker: Maker) -> Listed:
    """A Commit that adds the same client twice, by two KeyPackages."""
    client = _new_client(maker)
    return _with(listed, maker, Add(_key_package(maker, *client)), Add(_key_package(maker, *client)))


@violation(ProposalListRule.CLIENT_NOT_IN_GROUP, at=PROPOSALS)
def add_of_a_member(listed: Listed, maker: Maker) -> Listed:
    """A Commit that adds the committer once more, by a new KeyPackage."""
    _, leaf_node = _own_leaf(maker)
    return _with(listed, maker, Add(_key_package(maker, leaf_node.credential, maker.signature_private_key)))


@violation(ProposalListRule.PSK_ONCE, at=PROPOSALS)
def psk_twice(listed: Listed, maker: Maker) -> Listed:
    """A Commit with the same PreSharedKeyID twice."""
    psk = of_this_epoch(maker)
    return _with(listed, maker, PreSharedKey(psk), PreSharedKey(psk))


@violation(ProposalListRule.ONE_GROUP_CONTEXT_EXTENSIONS, at=PROPOSALS)
def two_group_context_extensions(listed: Listed, maker: Maker) -> Listed:
    """A Commit with two GroupContextExtensions, both of which leave everything as it is."""
    same = GroupContextExtensions(maker.public.context.extensions)
    return _with(listed, maker, same, same)


@violation(ProposalListRule.REINIT_ALONE, at=PROPOSALS)
def reinit_with_another_proposal(listed: Listed, maker: Maker) -> Listed:
    """A Commit with a ReInit and something else."""
    context = maker.public.context
    reinit = ReInit(b"next", context.version, context.cipher_suite, context.extensions)
    return _with(listed, maker, reinit, GroupContextExtensions(context.extensions))


@violation(ProposalListRule.NO_EXTERNAL_INIT, at=PROPOSALS)
def external_init_by_a_member(listed: Listed, maker: Maker) -> Listed:
    """A Commit of a member with an ExternalInit."""
    _own_leaf(maker)
    key_pair = parameters(maker.public.context.cipher_suite).new_hpke_key_pair(maker.random)
    return _with(listed, maker, ExternalInit(key_pair.public_key))


@violation(ProposalListRule.TYPE_SUPPORTED, at=PROPOSALS)
def type_that_a_member_does_not_support(listed: Listed, maker: Maker) -> Listed:
    """A Commit with a proposal of a type that the application uses but not all members support."""
    support, known = maker.public.tree.support, maker.public.state.application.proposals
    assert support is not None, "there is a member"
    for body in (
        AppEphemeral(APP_ACK, AppAck(()).encode()),
        AppDataUpdate(component_id=APP_COMPONENTS, op=AppDataUpdateOperation.update, update=b"\0"),
    ):
        proposal = Proposal.of(body)
        if known.kind_of(proposal) and Feature(Purpose.PROPOSAL, proposal.proposal_type) not in support.features:
            return _with_any(listed, maker, body)
    raise CannotMakeError("All members support all types of proposal.")


@violation(ProposalListRule.REQUIREMENTS_SUPPORTED, at=PROPOSALS)
def requirement_that_members_do_not_support(listed: Listed, maker: Maker) -> Listed:
    """A Commit that makes the group require a type of proposal that the committer supports, but not all others."""
    _, leaf_node = _own_leaf(maker)
    support, extensions = maker.public.tree.support, maker.public.state.extensions
    assert support is not None, "there is a member"
    unsupported = _unsupported(leaf_node, support.features)
    if not unsupported:
        raise CannotMakeError("All members support what the committer does.")
    old = extensions.required_capabilities
    required = replace(old, proposal_types=(*old.proposal_types, unsupported[0]))
    changed = with_extension(extensions.extensions, ExtensionType.required_capabilities, required.encode())
    return _with(listed, maker, GroupContextExtensions(changed))


@violation(ProposalListRule.REMOVE_OR_UPDATE_OF_STATE, at=PROPOSALS)
def state_updated_and_removed(listed: Listed, maker: Maker) -> Listed:
    """A Commit that updates the state of a component and removes it."""
    app_data = maker.public.state.extensions.app_data
    for entry in reversed(app_data.component_data if app_data else ()):
        update = AppDataUpdate(component_id=entry.component_id, op=AppDataUpdateOperation.update, update=entry.data)
        removal = AppDataUpdate(component_id=entry.component_id, op=AppDataUpdateOperation.remove)
        return _with(listed, maker, update, removal)
    raise CannotMakeError("No component has state.")


@violation(ProposalListRule.UPDATE_ACCEPTED, at=PROPOSALS)
def update_that_is_not_accepted(listed: Listed, maker: Maker) -> Listed:
    """A Commit with an AppDataUpdate of `app_components` that brings no list of components."""
    update = AppDataUpdate(component_id=APP_COMPONENTS, op=AppDataUpdateOperation.update, update=b"\xff")
    return _with(listed, maker, update)


@violation(ProposalListRule.ONE_EXTERNAL_INIT, at=PROPOSALS)
def no_external_init(listed: Listed, maker: Maker) -> Listed:
    """An external Commit without an ExternalInit."""
    _require_outsider(maker)
    return tuple(item for item in listed if not isinstance(item.proposal.body, ExternalInit))


@violation(ProposalListRule.ONE_EXTERNAL_INIT, at=PROPOSALS)
def two_external_inits(listed: Listed, maker: Maker) -> Listed:
    """An external Commit with the same ExternalInit twice."""
    _require_outsider(maker)
    return (*listed, *(item for item in listed if isinstance(item.proposal.body, ExternalInit)))


@violation(ProcessingRule.EXTERNAL_INIT, at=PROPOSALS, seen_by=MEMBER)
def malformed_external_init(listed: Listed, maker: Maker) -> Listed:
    """An external Commit with an ExternalInit whose `kem_output` is none."""
    _require_outsider(maker)
    none = Proposal.of(ExternalInit(b"none"))
    return tuple(
        replace(item, proposal=none) if isinstance(item.proposal.body, ExternalInit) else item for item in listed
    )


@violation(ProposalListRule.ONE_EXTERNAL_REMOVE, at=PROPOSALS)
def two_external_removals(listed: Listed, maker: Maker) -> Listed:
    """An external Commit that removes two members."""
    _require_outsider(maker)
    removed = {item.proposal.body.removed for item in listed if isinstance(item.proposal.body, Remove)}
    more = [leaf_index for leaf_index in _others(maker) if leaf_index not in removed][: 2 - len(removed)]
    return _with(listed, maker, *(Remove(leaf_index) for leaf_index in more))


@violation(ProposalListRule.TYPE_IN_EXTERNAL_COMMIT, at=PROPOSALS)
def add_in_an_external_commit(listed: Listed, maker: Maker) -> Listed:
    """An external Commit that adds somebody else."""
    _require_outsider(maker)
    return _with_any(listed, maker, Add(_key_package(maker, *_new_client(maker))))


@violation(ProposalListRule.TYPE_IN_EXTERNAL_COMMIT, at=PROPOSALS)
def group_context_extensions_in_an_external_commit(listed: Listed, maker: Maker) -> Listed:
    """An external Commit with a GroupContextExtensions that leaves everything as it is."""
    _require_outsider(maker)
    return _with_any(listed, maker, GroupContextExtensions(maker.public.context.extensions))


@violation(ProposalListRule.EXTERNAL_BY_VALUE, at=PROPOSALS)
def reference_in_an_external_commit(listed: Listed, maker: Maker) -> Listed:
    """An external Commit that refers to a pending Remove or PreSharedKey."""
    _require_outsider(maker)
    for reference, content in maker.public.pending.items():
        proposal = content.content.proposal
        if proposal is not None and isinstance(proposal.body, Remove | PreSharedKey):
            return (*listed, ListedProposal(len(listed), proposal, content.content.sender, reference))
    raise CannotMakeError("No Remove or PreSharedKey is pending.")


@violation(LeafNodeRule.SIGNATURE_KEY_UNIQUE, at=PROPOSALS)
def resync_without_removal(listed: Listed, maker: Maker) -> Listed:
    """An external Commit of a client that is in the group already, and leaves its former leaf where it is."""
    _require_outsider(maker)
    others = tuple(item for item in listed if not isinstance(item.proposal.body, Remove))
    if others == listed:
        raise CannotMakeError("The external Commit removes nobody.")
    return others


def _with(listed: Listed, maker: Maker, *bodies: ProposalBody) -> Listed:
    """The list with more proposals by value, of types that the sender may use so."""
    return _with_any(listed, maker, *(proposable(body, maker) for body in bodies))


def _with_any(listed: Listed, maker: Maker, *bodies: ProposalBody) -> Listed:
    """The list with more proposals by value."""
    added = (ListedProposal(len(listed) + n, Proposal.of(body), maker.sender) for n, body in enumerate(bodies))
    return (*listed, *added)


def _unsupported(leaf_node: LeafNode, features: frozenset[Feature]) -> list[ProposalType]:
    """The types of proposal that one member supports, but not all."""
    supported = set(leaf_node.capabilities.proposals) - DEFAULT_PROPOSAL_TYPES
    return sorted(kind for kind in supported if Feature(Purpose.PROPOSAL, kind) not in features)


def _own_leaf(maker: Maker) -> tuple[int, LeafNode]:
    leaf_index = maker.sender.leaf_index
    if leaf_index is None:
        raise CannotMakeError("Only a member does this.")
    return leaf_index, maker.public.tree.member(leaf_index)


def _others(maker: Maker) -> list[int]:
    others = [leaf_index for leaf_index, _ in maker.public.tree.members() if leaf_index != maker.sender.leaf_index]
    if not others:
        raise CannotMakeError("There are no other members.")
    return others


def _require_outsider(maker: Maker) -> None:
    if maker.sender.leaf_index is not None:
        raise CannotMakeError("Only somebody who joins by itself does this.")


def _new_client(maker: Maker) -> tuple[Credential, bytes]:
    """The credential and the signature private key of a client that isn't in the group."""
    key = parameters(maker.public.context.cipher_suite).signature.new_private_key(maker.random)
    _, leaf_node = next(maker.public.tree.members())
    return Credential.basic((leaf_node.credential.identity or b"") + b"-" + maker.random(4).hex().encode()), key


def _key_package(maker: Maker, credential: Credential, signature_private_key: bytes) -> KeyPackage:
    """A KeyPackage that supports what a member does, and is valid as long as the KeyPackages of members."""
    leaf_nodes = [leaf_node for _, leaf_node in maker.public.tree.members()]
    lifetimes = [leaf_node.lifetime for leaf_node in leaf_nodes if leaf_node.lifetime is not None]
    return create_key_package(
        maker.public.context.cipher_suite,
        credential,
        signature_private_key,
        lifetime=lifetimes[0] if lifetimes else Lifetime(0, 2**64 - 1),
        capabilities=leaf_nodes[0].capabilities,
        leaf_extensions=leaf_nodes[0].extensions,
        random=maker.random,
    ).key_package
