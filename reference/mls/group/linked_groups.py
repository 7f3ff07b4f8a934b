"""Groups that continue another one: reinitialized or branched off (RFC 9420, sections 11.2 and 11.3)."""

from collections.abc import Sequence

from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.psk import PreSharedKeyID, ResumptionPSKUsage


class LinkRule(Rule):
    """What makes a group the continuation of another one."""

    ALONE = RuleText("RFC 9420, section 12.4.3.1", "At most one PSK links a group to another one.")
    PREDECESSOR = RuleText("RFC 9420, section 12.4.3.1", "The PSK names the group that this one continues.")
    EPOCH = RuleText("RFC 9420, sections 11.2 and 11.3", "The Welcome to a linked group is for epoch 1.")
    REINIT_COMMITTED = RuleText(
        "RFC 9420, section 12.4.3.1", "The last Commit of the old group, whose epoch the PSK is of, has a ReInit."
    )
    REINIT_PARAMETERS = RuleText(
        "RFC 9420, section 11.2", "The new group's ID, version, cipher suite and extensions are those of the ReInit."
    )
    REINIT_MEMBERS = RuleText("RFC 9420, section 12.4.3.1", "All members of the old group are in the new one.")
    BRANCH_PARAMETERS = RuleText(
        "RFC 9420, section 11.3", "A subgroup has the version and the cipher suite of the group it branched from."
    )
    BRANCH_MEMBERS = RuleText("RFC 9420, section 11.3", "All members of a subgroup are in the group it branched from.")


class LinkError(RuleError):
    """A group breaks a `LinkRule`."""


_LINKING = (ResumptionPSKUsage.reinit, ResumptionPSKUsage.branch)


def linking_psk(psks: Sequence[PreSharedKeyID]) -> PreSharedKeyID | None:
    """The PSK that links a group to the one it continues; None in a group that doesn't.

    Raises:
        LinkError: there are several.

    """
    linking = [psk for psk in psks if psk.usage in _LINKING]
    if len(linking) > 1:
        raise LinkError(LinkRule.ALONE, linking)
    return linking[0] if linking else None


def check_link(link: PreSharedKeyID, predecessor: Group | None, public: PublicGroup) -> None:
    """Check that a group continues another one as the PSK that links them says.

    Raises:
        LinkError: it doesn't.

    """
    if predecessor is None or link.psk_group_id != predecessor.context.group_id:
        raise LinkError(LinkRule.PREDECESSOR, link.psk_group_id)
    if public.context.epoch != 1:
        raise LinkError(LinkRule.EPOCH, public.context.epoch)
    if link.usage is ResumptionPSKUsage.reinit:
        _check_reinitialized(link, predecessor.public, public)
    else:
        _check_branched(predecessor.public, public)


def _check_reinitialized(link: PreSharedKeyID, old: PublicGroup, new: PublicGroup) -> None:
    reinit, context = old.reinit, new.context
    if reinit is None or link.psk_epoch != old.context.epoch:
        raise LinkError(LinkRule.REINIT_COMMITTED, link.psk_epoch)
    if (reinit.group_id, reinit.version, reinit.cipher_suite, reinit.extensions) != (
        context.group_id,
        context.version,
        context.cipher_suite,
        context.extensions,
    ):
        raise LinkError(LinkRule.REINIT_PARAMETERS, context)
    missing = _identities(old) - _identities(new)
    if missing:
        raise LinkError(LinkRule.REINIT_MEMBERS, sorted(missing))


def _check_branched(old: PublicGroup, new: PublicGroup) -> None:
    if (new.context.version, new.context.cipher_suite) != (old.context.version, old.context.cipher_suite):
        raise LinkError(LinkRule.BRANCH_PARAMETERS, new.context)
    strangers = _identities(new) - _identities(old)
    if strangers:
        raise LinkError(LinkRule.BRANCH_MEMBERS, sorted(strangers))


def _identities(group: PublicGroup) -> frozenset[bytes]:
    """Who is in a group: the clients that the application tells apart, else the credentials."""

    def identity(leaf_node: LeafNode) -> bytes:
        client = group.state.application.client_of(leaf_node)
        return leaf_node.credential.encode() if client is None else client

    return frozenset(identity(leaf_node) for _, leaf_node in group.tree.members())
