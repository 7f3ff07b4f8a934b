"""Who may send what, and with which key (RFC 9420, sections 6.1 and 12.1.8; mls-extensions, sections 4.9 and 6.3.1)."""

from mimi_conformance.reference.mls.framing.safe_aad import read_safe_aad
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent, FramedContent, SenderType
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.proposals import Add, Proposal
from mimi_conformance.reference.wire.mls.registries import ProposalType, WireFormat


class SenderRule(Rule):
    """What a sender may send."""

    MEMBER = RuleText("RFC 9420, section 6.1", "A member's leaf index is that of a leaf that is not blank.")
    EXTERNAL_SENDER = RuleText(
        "RFC 9420, section 6.1", "An external sender's index is one in the external_senders extension."
    )
    EXTERNAL_PROPOSES = RuleText("RFC 9420, section 6.1", "An external sender sends proposals only.")
    EXTERNAL_TYPE = RuleText(
        "RFC 9420, section 12.1.8", "An external sender proposes only what the proposal type lets it."
    )
    NEW_MEMBER_ADDS = RuleText("RFC 9420, section 6.1", "A new member that proposes sends an Add, and nothing else.")
    NEW_MEMBER_ACCEPTED = RuleText("RFC 9420, section 12.1.8", "The application lets the new member propose itself.")
    NEW_MEMBER_COMMITS = RuleText(
        "RFC 9420, section 6.1", "A new member that joins by itself sends a Commit with a path, and nothing else."
    )
    OUTSIDER_PUBLIC = RuleText("RFC 9420, section 6", "Who is not a member sends PublicMessages.")
    SELF_REMOVE_PUBLIC = RuleText("mls-extensions, section 6.3.1", "A SelfRemove is sent in a PublicMessage.")


class SenderError(RuleError):
    """A message breaks a `SenderRule`."""


def signature_key(state: GroupState, content: FramedContent) -> bytes:
    """The key that must have signed content, which depends on its sender (RFC 9420, section 6.1).

    Raises:
        SenderError: the sender doesn't exist, or may not send content of this type.

    """
    match content.sender.sender_type:
        case SenderType.member:
            return member_key(state.tree, content.sender.leaf_index)
        case SenderType.external:
            return _external_key(state, content)
        case SenderType.new_member_proposal:
            return _added(content).leaf_node.signature_key
        case SenderType.new_member_commit:
            if content.commit is None or content.commit.path is None:
                raise SenderError(SenderRule.NEW_MEMBER_COMMITS, content.content_type)
            return content.commit.path.leaf_node.signature_key


def member_key(tree: RatchetTree, leaf_index: LeafIndex | None) -> bytes:
    """The signature key of a member.

    Raises:
        SenderError: there is no member at this leaf.

    """
    leaf_node = None if leaf_index is None else tree.leaf(leaf_index)
    if leaf_node is None:
        raise SenderError(SenderRule.MEMBER, leaf_index)
    return leaf_node.signature_key


def _external_key(state: GroupState, content: FramedContent) -> bytes:
    index, senders = content.sender.sender_index, state.extensions.external_senders
    if index is None or index >= len(senders):
        raise SenderError(SenderRule.EXTERNAL_SENDER, index)
    if content.proposal is None:
        raise SenderError(SenderRule.EXTERNAL_PROPOSES, content.content_type)
    return senders[index].signature_key


def _added(content: FramedContent) -> KeyPackage:
    """The KeyPackage that a new member proposes to add."""
    proposal = content.proposal
    if proposal is None or not isinstance(proposal.body, Add):
        raise SenderError(SenderRule.NEW_MEMBER_ADDS, content.content_type if proposal is None else proposal)
    return proposal.body.key_package


def check_sender(state: GroupState, authenticated: AuthenticatedContent) -> None:
    """Check that the sender of signed content may send it, and that its additional data has the group's form.

    Raises:
        SenderError: the sender may not.
        FramingError: the additional data is no SafeAAD although the group uses it.

    """
    content, proposal = authenticated.content, authenticated.content.proposal
    public = authenticated.wire_format is WireFormat.mls_public_message
    match content.sender.sender_type:
        case SenderType.member:
            if proposal is not None and proposal.proposal_type is ProposalType.self_remove and not public:
                raise SenderError(SenderRule.SELF_REMOVE_PUBLIC, authenticated.wire_format)
        case _ if not public:
            raise SenderError(SenderRule.OUTSIDER_PUBLIC, authenticated.wire_format)
        case SenderType.external:
            _check_external_type(state, proposal)
        case SenderType.new_member_proposal:
            if not state.application.accepts_new_member(_added(content)):
                raise SenderError(SenderRule.NEW_MEMBER_ACCEPTED, proposal)
    check_additional_data(content.authenticated_data, safe=state.extensions.safe_aad is not None)


def check_additional_data(authenticated_data: bytes, *, safe: bool) -> None:
    """Check the form of a message's additional data.

    Args:
        authenticated_data: the data.
        safe: whether the group has the `safe_aad` component (mls-extensions, section 4.9).

    Raises:
        FramingError: the data is no SafeAAD although the group has.

    """
    if safe:
        read_safe_aad(authenticated_data)


def _check_external_type(state: GroupState, proposal: Proposal | None) -> None:
    kind = None if proposal is None else state.application.proposals.kind_of(proposal)
    if kind is None or not kind.from_external_sender:
        raise SenderError(SenderRule.EXTERNAL_TYPE, proposal)
