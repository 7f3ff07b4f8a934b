"""Proposals in messages of their own (RFC 9420, section 12.1)."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.unchecked.framing import protect, sign
from mimi_conformance.mocks.malformed.unchecked.key_packages import make_key_package, make_leaf_node
from mimi_conformance.mocks.malformed.unchecked.steps import CONFIRMATION_TAG, PROPOSAL, Making
from mimi_conformance.reference.mls.framing.authenticated_content import confirmed
from mimi_conformance.reference.wire.mls.framing import FramedContent, SenderType
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add, Proposal, ProposalBody, Update
from mimi_conformance.reference.wire.mls.registries import WireFormat


def make_proposal(making: Making, content: FramedContent, wire_format: WireFormat) -> MLSMessage:
    """Make a message that proposes what another one of the same maker proposes.

    A LeafNode or a KeyPackage of the maker's own is made again, too.
    """
    assert content.proposal is not None, "the caller has looked"
    body = making.at(PROPOSAL, _own_made_again(making, content.proposal.body))
    assert body is not None, "something is proposed"
    signed = sign(making, replace(content, proposal=Proposal.of(body)), wire_format)
    if signed.content.commit is not None:  # a change of the content may have made a Commit of it
        signed = confirmed(signed, making.at(CONFIRMATION_TAG, b""))
    return protect(making, signed)


def _own_made_again(making: Making, body: ProposalBody) -> ProposalBody:
    context, sender = making.maker.public.context, making.maker.sender
    match body:
        case Update(leaf_node) if sender.leaf_index is not None:
            leaf_node = make_leaf_node(making, context.cipher_suite, leaf_node, context.group_id, sender.leaf_index)
            return Update(leaf_node)
        case Add(key_package) if sender.sender_type is SenderType.new_member_proposal:
            return Add(make_key_package(making, key_package))
        case _:
            return body
