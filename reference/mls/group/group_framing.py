"""How a member signs and protects what it sends (RFC 9420, section 6)."""

from dataclasses import dataclass

from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.framing import private_message, semi_private_message
from mimi_conformance.reference.mls.framing.authenticated_content import sign
from mimi_conformance.reference.mls.framing.public_message import protect
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.wire.mls.framing import (
    AuthenticatedContent,
    ContentType,
    FramedContent,
    PrivateMessage,
    Sender,
    SenderType,
)
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Commit, Proposal
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.mls.semi_private_message import SemiPrivateMessage


@dataclass(frozen=True, slots=True)
class Framing:
    """How a message is to be sent.

    Attributes:
        wire_format: PublicMessage, PrivateMessage or SemiPrivateMessage; the last one needs external receivers in the
            group.
        authenticated_data: what goes with it in the clear; a SafeAAD where the group has `safe_aad`.
        padding: how many zero bytes hide the length of what is encrypted.

    """

    wire_format: WireFormat = WireFormat.mls_public_message
    authenticated_data: bytes = b""
    padding: int = 0


IN_PUBLIC = Framing()
IN_PRIVATE = Framing(WireFormat.mls_private_message)


def member_sender(leaf_index: int) -> Sender:
    """A member as a sender."""
    return Sender(sender_type=SenderType.member, leaf_index=leaf_index)


def framed(
    group_id: bytes, epoch: int, sender: Sender, body: Proposal | Commit | bytes, authenticated_data: bytes
) -> FramedContent:
    """Content with its headers; bytes are application data."""
    content_type = {Proposal: ContentType.proposal, Commit: ContentType.commit, bytes: ContentType.application}
    return FramedContent(
        group_id=group_id,
        epoch=epoch,
        sender=sender,
        authenticated_data=authenticated_data,
        content_type=content_type[type(body)],
        proposal=body if isinstance(body, Proposal) else None,
        commit=body if isinstance(body, Commit) else None,
        application_data=body if isinstance(body, bytes) else None,
    )


def sign_as_member(group: Group, body: Proposal | bytes, framing: Framing) -> AuthenticatedContent:
    """Sign a proposal or application data for the present epoch.

    Raises:
        InvalidKeyError: the member's private key is none of the suite's signature scheme.

    """
    context = group.context
    sender = member_sender(group.leaf_index)
    content = framed(context.group_id, context.epoch, sender, body, framing.authenticated_data)
    return sign(content, framing.wire_format, group.keys.framing, group.signature_private_key)


def protect_as_member(
    group: Group, content: AuthenticatedContent, framing: Framing, random: Random
) -> tuple[MLSMessage, Group]:
    """The message that holds what a member signed, and the group in which its key, if it has one, is used up.

    Raises:
        FramingError: the content can't be sent so: application data unless in private, a SemiPrivateMessage that
            nobody outside would read.

    """
    epoch, secret_tree = group.keys.framing, group.keys.secret_tree
    if framing.wire_format is WireFormat.mls_public_message:
        return MLSMessage.of(protect(content, epoch)), group
    message: PrivateMessage | SemiPrivateMessage
    if framing.wire_format is WireFormat.mls_semiprivate_message:
        receivers = group.public.state.extensions.external_receivers
        message, secret_tree = semi_private_message.seal(
            content, epoch, secret_tree, receivers, random=random, padding=framing.padding
        )
    else:
        message, secret_tree = private_message.seal(content, epoch, secret_tree, random=random, padding=framing.padding)
    return MLSMessage.of(message), group.with_secret_tree(secret_tree)
