"""How a member proposes (RFC 9420, section 12.1; mls-extensions, sections 4.7, 4.8 and 6.3)."""

from dataclasses import dataclass, replace
from types import MappingProxyType

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.framing.authenticated_content import proposal_ref
from mimi_conformance.reference.mls.group.group import Group, LeafKeys
from mimi_conformance.reference.mls.group.group_framing import (
    IN_PUBLIC,
    Framing,
    protect_as_member,
    sign_as_member,
)
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalError, ProposalRule
from mimi_conformance.reference.mls.tree.leaf_node_signature import signed_leaf_node
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Proposal, ProposalBody, SelfRemove, Update


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposal to send.

    Attributes:
        message: the message.
        reference: the ProposalRef by which a Commit may refer to it.
        group: the group that knows it as a pending proposal.

    """

    message: MLSMessage
    reference: ProposalRef
    group: Group


def propose(
    group: Group, body: ProposalBody, *, now: int | None, random: Random, framing: Framing = IN_PUBLIC
) -> Proposed:
    """Propose something. For an Update there is `propose_update`, which makes its keys.

    Args:
        group: the group.
        body: what to propose.
        now: seconds of the Unix epoch; a KeyPackage must be valid then.
        random: what encryption needs, if the message is encrypted.
        framing: how to send it.

    Raises:
        RuleError: the proposal breaks a rule, or may not be sent so; the subclass and the rule say which.

    """
    group.check_in_use()
    content = sign_as_member(group, Proposal.of(body), framing)
    if isinstance(body, SelfRemove) and group.public.self_remove_of(group.leaf_index) is not None:
        raise ProposalError(ProposalRule.ONE_SELF_REMOVE, group.leaf_index)
    public = group.public.with_proposal(content, now)
    message, group = protect_as_member(group, content, framing, random)
    reference = proposal_ref(group.context.cipher_suite, content)
    return Proposed(message, reference, replace(group, public=public))


def propose_update(
    group: Group,
    *,
    now: int | None,
    random: Random,
    template: LeafTemplate | None = None,
    signature_private_key: bytes | None = None,
    framing: Framing = IN_PUBLIC,
) -> Proposed:
    """Propose new keys for this member, and perhaps other contents of its LeafNode (RFC 9420, section 12.1.2).

    Args:
        group: the group.
        now: seconds of the Unix epoch.
        random: makes the new encryption key, then what encryption needs, if the message is encrypted.
        template: what the new LeafNode says; as before when None.
        signature_private_key: the new signature key; as before when None.
        framing: how to send it.

    Raises:
        RuleError: the proposal breaks a rule, or may not be sent so; the subclass and the rule say which.
        InvalidKeyError: the private key is none of the suite's signature scheme.

    """
    context, suite = group.context, parameters(group.context.cipher_suite)
    signature = signature_private_key or group.signature_private_key
    encryption = suite.new_hpke_key_pair(random)
    leaf_node = (template or LeafTemplate.of(group.leaf_node)).leaf_node(
        suite.signature.public_key(signature), encryption.public_key
    )
    leaf_node = signed_leaf_node(
        context.cipher_suite, leaf_node, signature, group_id=context.group_id, leaf_index=group.leaf_index
    )
    proposed = propose(group, Update(leaf_node), now=now, random=random, framing=framing)
    updates = {**group.updates, encryption.public_key: LeafKeys(encryption.private_key, signature)}
    return replace(proposed, group=replace(proposed.group, updates=MappingProxyType(updates)))
