"""Violations of who may send what (RFC 9420, sections 6.1 and 12.1.8; mls-extensions, section 6.3.1)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker, Outsider
from mimi_conformance.mocks.malformed.unchecked.steps import HAS_PATH, PRIVATE_CONTENT, PROPOSAL, PUBLIC_CONTENT
from mimi_conformance.mocks.malformed.violations.registry import violation
from mimi_conformance.reference.mls.group.senders import SenderRule
from mimi_conformance.reference.wire.mls.framing import ContentType, FramedContent, Sender, SenderType
from mimi_conformance.reference.wire.mls.proposals import (
    Commit,
    ExternalInit,
    Proposal,
    ProposalBody,
    Remove,
    SelfRemove,
)


@violation(SenderRule.MEMBER, at=PUBLIC_CONTENT)
def sent_by_nobody(content: FramedContent, maker: Maker) -> FramedContent:
    """A message from a leaf that the tree doesn't have."""
    if maker.sender.leaf_index is None:
        raise CannotMakeError("Only a member can tag a message.")
    nobody = Sender(sender_type=SenderType.member, leaf_index=maker.public.tree.leaf_count)
    return replace(content, sender=nobody)


@violation(SenderRule.EXTERNAL_SENDER, at=PUBLIC_CONTENT)
def external_sender_not_listed(content: FramedContent, maker: Maker) -> FramedContent:
    """A proposal from an external sender whose place in the `external_senders` extension doesn't exist."""
    _require(maker, SenderType.external)
    index = len(maker.public.state.extensions.external_senders)
    return replace(content, sender=Sender(sender_type=SenderType.external, sender_index=index))


@violation(SenderRule.EXTERNAL_PROPOSES, at=PUBLIC_CONTENT)
def commit_by_external_sender(content: FramedContent, maker: Maker) -> FramedContent:
    """A Commit from an external sender."""
    _require(maker, SenderType.external)
    return replace(content, content_type=ContentType.commit, proposal=None, commit=Commit((), None))


@violation(SenderRule.EXTERNAL_TYPE, at=PROPOSAL)
def type_not_for_external_senders(_body: ProposalBody | None, maker: Maker) -> ProposalBody:
    """A proposal of a type that no external sender may propose: an ExternalInit."""
    _require(maker, SenderType.external)
    return ExternalInit(b"")


@violation(SenderRule.NEW_MEMBER_ADDS, at=PUBLIC_CONTENT)
def removal_proposed_by_new_member(content: FramedContent, maker: Maker) -> FramedContent:
    """A proposal of somebody who wants to join, to remove a member."""
    _require(maker, SenderType.new_member_proposal)
    leaf_index, _ = next(maker.public.tree.members())
    return replace(content, proposal=Proposal.of(Remove(leaf_index)))


@violation(SenderRule.NEW_MEMBER_COMMITS, at=HAS_PATH)
def external_commit_without_path(_has_path: bool, maker: Maker) -> bool:
    """An external Commit without a path, and so without a LeafNode of whoever joins."""
    _require(maker, SenderType.new_member_commit)
    return False


@violation(SenderRule.SELF_REMOVE_PUBLIC, at=PRIVATE_CONTENT)
def self_remove_in_private(content: FramedContent, _maker: Maker) -> FramedContent:
    """A SelfRemove in an encrypted message, in the place of another proposal."""
    if content.proposal is None:
        raise CannotMakeError("The message is no proposal.")
    return replace(content, proposal=Proposal.of(SelfRemove()))


def _require(maker: Maker, sender_type: SenderType) -> None:
    if not isinstance(maker, Outsider) or maker.sender.sender_type is not sender_type:
        raise CannotMakeError(f"Only a sender of type {sender_type.name} does this.")
