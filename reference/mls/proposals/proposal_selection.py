"""Which of the received proposals a Commit should cover (RFC 9420, sections 12.2 and 12.4; mls-extensions, 6.3.1)."""

from collections.abc import Hashable

from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.tree.tree_math import LeafIndex
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent
from mimi_conformance.reference.wire.mls.proposals import (
    Add,
    GroupContextExtensions,
    PreSharedKey,
    ReInit,
    Remove,
    SelfRemove,
    Update,
)

_RANKS = {Update: 1, Remove: 2, SelfRemove: 3}
_REINIT = "reinit"


def preferred_proposals(group: PublicGroup, committer: LeafIndex) -> tuple[ProposalRef, ...]:
    """The pending proposals that a member should commit: all, but for those that can't be in one list.

    Of several about the same leaf that is a SelfRemove, else a Remove, else the last Update; of others that exclude
    each other the last one; a ReInit only when there is nothing else. What concerns the committer's own leaf is left
    to others. The list can still be invalid, by rules that look further.
    """
    chosen: dict[Hashable, tuple[int, ProposalRef]] = {}
    for reference, content in group.pending.items():
        place, rank = _place(reference, content), _RANKS.get(type(_body(content)), 0)
        if place != committer and rank >= chosen.get(place, (0, b""))[0]:
            chosen[place] = rank, reference
    if len(chosen) > 1:
        chosen.pop(_REINIT, None)
    references = {reference for _, reference in chosen.values()}
    return tuple(reference for reference in group.pending if reference in references)


def _place(reference: ProposalRef, content: AuthenticatedContent) -> Hashable:
    """What only one proposal of a list can have: a leaf, an added client, a PSK, the whole list of extensions, ..."""
    place: Hashable = reference
    match _body(content):
        case Update() | SelfRemove():
            place = content.content.sender.leaf_index
        case Remove(removed):
            place = removed
        case Add(key_package):
            place = key_package.leaf_node.signature_key
        case PreSharedKey(psk):
            place = psk
        case GroupContextExtensions():
            place = "extensions"
        case ReInit():
            place = _REINIT
    return place


def _body(content: AuthenticatedContent) -> object:
    return content.content.proposal.body if content.content.proposal else None
