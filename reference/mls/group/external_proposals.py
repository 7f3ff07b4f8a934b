"""Proposals from outside a group (RFC 9420, section 12.1.8)."""

from mimi_conformance.reference.mls.framing.authenticated_content import sign
from mimi_conformance.reference.mls.framing.epoch import Epoch
from mimi_conformance.reference.mls.framing.public_message import protect_from_outside
from mimi_conformance.reference.mls.group.group_framing import framed
from mimi_conformance.reference.wire.mls.framing import PublicMessage, Sender, SenderType
from mimi_conformance.reference.wire.mls.group import GroupContext
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.proposals import Add, Proposal, ProposalBody
from mimi_conformance.reference.wire.mls.registries import WireFormat


def propose_as_external_sender(
    context: GroupContext,
    sender_index: int,
    body: ProposalBody,
    signature_private_key: bytes,
    authenticated_data: bytes = b"",
) -> PublicMessage:
    """Propose something as one of the group's `external_senders`.

    Args:
        context: of the group; of it only the ID, the epoch and the cipher suite count.
        sender_index: the proposer's place in the `external_senders` extension.
        body: what to propose.
        signature_private_key: that of the proposer's key in the extension.
        authenticated_data: what goes with it; a SafeAAD where the group has `safe_aad`.

    Raises:
        InvalidKeyError: the private key is none of the suite's signature scheme.

    """
    sender = Sender(sender_type=SenderType.external, sender_index=sender_index)
    return _proposed(context, sender, body, signature_private_key, authenticated_data)


def propose_own_addition(
    context: GroupContext, key_package: KeyPackage, signature_private_key: bytes, authenticated_data: bytes = b""
) -> PublicMessage:
    """Propose to be added to a group; arguments and errors are as for `propose_as_external_sender`."""
    sender = Sender(sender_type=SenderType.new_member_proposal)
    return _proposed(context, sender, Add(key_package), signature_private_key, authenticated_data)


def _proposed(
    context: GroupContext, sender: Sender, body: ProposalBody, signature_private_key: bytes, authenticated_data: bytes
) -> PublicMessage:
    content = framed(context.group_id, context.epoch, sender, Proposal.of(body), authenticated_data)
    epoch = Epoch(group_context=context)
    return protect_from_outside(sign(content, WireFormat.mls_public_message, epoch, signature_private_key))
