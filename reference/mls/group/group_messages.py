"""What a member tells those outside of the group, and the other members (RFC 9420, sections 12.4.3 and 15)."""

from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.group.group import Group, MemberStateError, MemberStateRule
from mimi_conformance.reference.mls.group.group_framing import Framing, protect_as_member, sign_as_member
from mimi_conformance.reference.mls.group.group_info import (
    external_pub_extension,
    ratchet_tree_extension,
    sign_group_info,
)
from mimi_conformance.reference.mls.group.senders import check_additional_data
from mimi_conformance.reference.wire.mls.group import GroupInfo
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.registries import WireFormat


def group_info(
    group: Group, *, tree: bool = True, external_pub: bool = True, extensions: tuple[Extension, ...] = ()
) -> GroupInfo:
    """The signed public state of the group (RFC 9420, section 12.4.3).

    Args:
        group: the group.
        tree: whether to put the ratchet tree into it, after all other extensions.
        external_pub: whether others may join with it by an external Commit.
        extensions: further GroupInfo extensions, which come first.

    Raises:
        MemberStateError: the member was removed, or a ReInit has ended the group.

    """
    group.check_in_use()
    added = []
    if external_pub:
        added.append(external_pub_extension(group.secrets.external_key_pair().public_key))
    if tree:
        added.append(ratchet_tree_extension(group.public.tree))
    return sign_group_info(
        group.context,
        (*extensions, *added),
        group.public.confirmation_tag,
        group.leaf_index,
        group.signature_private_key,
    )


def send(
    group: Group, data: bytes, *, random: Random, authenticated_data: bytes = b"", padding: int = 0
) -> tuple[MLSMessage, Group]:
    """Encrypt an application message (RFC 9420, section 15).

    Args:
        group: the group.
        data: the message.
        random: makes the reuse guard.
        authenticated_data: what goes with it in the clear; a SafeAAD where the group has `safe_aad`.
        padding: how many zero bytes hide its length.

    Returns:
        The message, and the group in which its key is used up.

    Raises:
        MemberStateError: the member was removed, a ReInit has ended the group, or there are proposals to commit first.
        FramingError: the additional data is not a SafeAAD although the group has `safe_aad`.

    """
    group.check_in_use()
    if group.public.pending:
        raise MemberStateError(MemberStateRule.COMMIT_FIRST, len(group.public.pending))
    check_additional_data(authenticated_data, safe=group.keys.safe_aad)
    framing = Framing(WireFormat.mls_private_message, authenticated_data, padding)
    return protect_as_member(group, sign_as_member(group, data, framing), framing, random)
