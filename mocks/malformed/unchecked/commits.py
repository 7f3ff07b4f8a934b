"""Commits (RFC 9420, section 12.4.1): what one covers is applied as far as it can be, valid or not."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mimi_conformance.mocks.malformed.unchecked.framing import protect, sign
from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Insider, Maker, Outsider
from mimi_conformance.mocks.malformed.unchecked.paths import MadePath, make_path
from mimi_conformance.mocks.malformed.unchecked.steps import (
    CONFIRMATION_TAG,
    HAS_PATH,
    PROPOSAL,
    PROPOSAL_ITEMS,
    PROPOSALS,
    Making,
)
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed
from mimi_conformance.reference.mls.group.commit_processing import covered_proposals
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.proposals.components import (
    ComponentRefusal,
    Contribution,
    with_component,
    with_dictionary,
)
from mimi_conformance.reference.mls.proposals.extensions import ExtensionError, find_component, read_dictionary
from mimi_conformance.reference.mls.proposals.proposal_list import ProposalList
from mimi_conformance.reference.mls.proposals.proposal_rules import ListedProposal
from mimi_conformance.reference.mls.schedule.key_schedule import (
    confirmation_tag,
    epoch_secret,
    joiner_secret,
    new_external_init,
    start_epoch,
)
from mimi_conformance.reference.mls.schedule.psk import PreSharedKey, psk_secret
from mimi_conformance.reference.mls.schedule.transcript import confirmed_transcript_hash
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls import proposals as wire
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataUpdate
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, FramedContent
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNode
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Commit, Proposal, ProposalOrRef, ProposalOrRefType
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID
from mimi_conformance.reference.wire.mls.registries import WireFormat


def make_commit(making: Making, content: FramedContent, wire_format: WireFormat) -> MLSMessage:
    """Make a Commit that covers what another one covers, with a path if that has one.

    Args:
        making: the making of the Commit, by a member or by somebody who joins.
        content: the other one, of the same maker in the same epoch.
        wire_format: how to send it.

    Raises:
        CannotMakeError: the maker can't commit.
        RuleError: the content covers proposals that the maker hasn't received.

    """
    maker, public = making.maker, making.maker.public
    commit = content.commit
    assert commit is not None, "the caller has looked"
    listed, init_secret = _with_init_secret(maker, covered_proposals(commit, maker.sender, public.pending).proposals)
    listed = making.at(PROPOSALS, listed)
    added = making.at(PROPOSAL, None)
    if added is not None:
        listed = (*listed, ListedProposal(len(listed), Proposal.of(added), maker.sender))
    outcome = apply_unchecked(public, listed, maker.sender.leaf_index)
    tree, leaf_index = outcome.tree, maker.sender.leaf_index
    if leaf_index is None:
        tree, leaf_index = tree.with_blank_leaf()
    provisional = replace(
        public.context, epoch=public.context.epoch + 1, tree_hash=tree.tree_hash, extensions=outcome.extensions
    )
    path = None
    if making.at(HAS_PATH, commit.path is not None):
        template = _leaf_node(public, leaf_index) if commit.path is None else commit.path.leaf_node
        path = make_path(making, tree, leaf_index, template, provisional=provisional, new_leaves=outcome.added.keys())
        provisional = replace(provisional, tree_hash=path.tree.tree_hash)
    made = Commit(making.at(PROPOSAL_ITEMS, _items(listed)), path.update_path if path else None)
    signed = sign(making, replace(content, commit=made), wire_format)
    if signed.content.commit is not None:  # a change of the content may have made something else of it
        tag = _tag(maker, signed, provisional, init_secret=init_secret, path=path, psks=outcome.psks)
        signed = confirmed(signed, making.at(CONFIRMATION_TAG, tag))
    return protect(making, signed)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What proposals lead to.

    Attributes:
        tree: the tree after them.
        extensions: those of the GroupContext.
        added: the leaves of new members.
        psks: the PSKs that are injected.

    """

    tree: RatchetTree
    extensions: tuple[Extension, ...]
    added: Mapping[LeafIndex, LeafNode]
    psks: tuple[PreSharedKeyID, ...]


def apply_unchecked(public: PublicGroup, listed: tuple[ListedProposal, ...], committer: LeafIndex | None) -> Outcome:
    """Apply proposals in the order of RFC 9420, section 12.3, as somebody would who doesn't check them.

    What makes no sense at all, such as the removal of nobody or of the committer, is left out.
    """
    proposals, tree, extensions = ProposalList(listed, committer), public.tree, public.context.extensions
    for _, body in proposals.of_type(wire.GroupContextExtensions):
        extensions = body.extensions
    for item, update in proposals.of_type(wire.Update):
        if item.by_member is not None and tree.leaf(item.by_member) is not None:
            tree = tree.update(item.by_member, update.leaf_node)
    for _, leaf_index in proposals.removals():
        if leaf_index != committer and tree.leaf(leaf_index) is not None:
            tree = tree.remove(leaf_index)
    added = {}
    for _, add in proposals.of_type(wire.Add):
        tree, leaf_index = tree.add(add.key_package.leaf_node)
        added[leaf_index] = add.key_package.leaf_node
    psks = tuple(body.psk for _, body in proposals.of_type(wire.PreSharedKey))
    return Outcome(tree, _with_app_data(public, extensions, proposals), added, psks)


def _with_app_data(
    public: PublicGroup, extensions: tuple[Extension, ...], proposals: ProposalList
) -> tuple[Extension, ...]:
    updates: dict[int, list[tuple[ListedProposal, AppDataUpdate]]] = {}
    for listed, body in proposals.of_type(AppDataUpdate):
        updates.setdefault(body.component_id, []).append((listed, body))
    try:
        dictionary = read_dictionary(extensions) or NO_APP_DATA
        for component_id, of_component in updates.items():
            data = _new_data(public, component_id, find_component(dictionary, component_id), of_component)
            dictionary = with_component(dictionary, component_id, data)
    except ExtensionError:
        return extensions  # who doesn't look at a dictionary doesn't update it
    return with_dictionary(extensions, dictionary) if updates else extensions


def _new_data(
    public: PublicGroup,
    component_id: int,
    data: bytes | None,
    updates: Sequence[tuple[ListedProposal, AppDataUpdate]],
) -> bytes | None:
    contributions = tuple(
        Contribution(body.update, listed.sender) for listed, body in updates if body.update is not None
    )
    component = public.state.application.components.component(component_id)
    if not contributions:
        return None
    try:
        return contributions[-1].data if component is None else component.updated(data, contributions)
    except ComponentRefusal:
        return data


def _with_init_secret(maker: Maker, listed: tuple[ListedProposal, ...]) -> tuple[tuple[ListedProposal, ...], bytes]:
    """The proposals, and the `init_secret` of the next epoch: a member's, or a new one in the ExternalInit."""
    if isinstance(maker, Insider):
        return listed, maker.group.secrets.init_secret
    if not isinstance(maker, Outsider) or maker.external_pub is None:
        raise CannotMakeError("Making an external Commit takes the external_pub of the group.")
    kem_output, init_secret = new_external_init(maker.public.context.cipher_suite, maker.external_pub, maker.random)
    external_init = Proposal.of(wire.ExternalInit(kem_output))
    replaced = tuple(
        replace(item, proposal=external_init) if isinstance(item.proposal.body, wire.ExternalInit) else item
        for item in listed
    )
    return replaced, init_secret


def _leaf_node(public: PublicGroup, leaf_index: LeafIndex) -> LeafNode:
    leaf_node = public.tree.leaf(leaf_index)
    if leaf_node is None:
        raise CannotMakeError("An external Commit without a path says nothing of its sender's LeafNode.")
    return leaf_node


def _items(listed: tuple[ListedProposal, ...]) -> tuple[ProposalOrRef, ...]:
    return tuple(
        ProposalOrRef(type=ProposalOrRefType.proposal, proposal=item.proposal)
        if item.reference is None
        else ProposalOrRef(type=ProposalOrRefType.reference, reference=item.reference)
        for item in listed
    )


def _tag(
    maker: Maker,
    signed: AuthenticatedContent,
    provisional: GroupContext,
    *,
    init_secret: bytes,
    path: MadePath | None,
    psks: tuple[PreSharedKeyID, ...],
) -> bytes:
    """The confirmation tag of the epoch to which a Commit leads those who don't mind what is wrong with it."""
    suite = provisional.cipher_suite
    commit_secret = bytes(parameters(suite).kdf.size) if path is None else path.commit_secret
    transcript = confirmed_transcript_hash(suite, maker.public.interim_transcript_hash, signed)
    context = replace(provisional, confirmed_transcript_hash=transcript).encode()
    joiner = joiner_secret(suite, init_secret, commit_secret, context)
    injected = tuple(_injected(maker, psks))
    secrets, _, _ = start_epoch(suite, epoch_secret(suite, joiner, psk_secret(suite, injected), context), leaf_count=1)
    return confirmation_tag(suite, secrets.confirmation_key, transcript)


def _injected(maker: Maker, psks: tuple[PreSharedKeyID, ...]) -> Iterator[PreSharedKey]:
    """The PSKs; one that the maker doesn't have, nobody has, and any secret will do."""
    known = maker.group.psks if isinstance(maker, Insider) else maker.psks if isinstance(maker, Outsider) else None
    for psk in psks:
        secret = known.find(psk) if known else None
        yield PreSharedKey(psk, b"nobody's" if secret is None else secret)
