"""A room as this provider keeps it, and how it becomes what it was after a restart. No database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import MappingProxyType

from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.authenticated_content import proposal_ref
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.tree.ratchet_tree import RatchetTree
from mimi_conformance.reference.mls.tree.tree_math import Node, is_leaf
from mimi_conformance.reference.room.derivation import view_of
from mimi_conformance.reference.room.envelope import Fixed, Limit, PolicyEnvelope
from mimi_conformance.reference.room.participants import ParticipantList
from mimi_conformance.reference.room.state import EVERY_POLICY, RoomState, policy_components
from mimi_conformance.reference.room.updates import CommitAccepted, reinstate
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.crypto import ProposalRef
from mimi_conformance.reference.wire.mls.framing import AuthenticatedContent
from mimi_conformance.reference.wire.mls.group import GroupContext, GroupInfo
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import ReInit
from mimi_conformance.reference.wire.mls.ratchet_tree_options import PartialGroupInfo, RatchetTreePresence
from mimi_conformance.reference.wire.mls.tree import NodeType, ParentNode
from mimi_conformance.reference.wire.protocol.group_info import PendingProposal
from mimi_conformance.reference.wire.room_policy.assets import AssetPolicy


@dataclass(frozen=True, slots=True)
class Room:
    """A room that this provider hosts or follows.

    Attributes:
        state: the room.
        group_info: the GroupInfo of the epoch, without the tree, which is in ``state``; None where nobody sent one.
        changeable: the policy components that may change after the room was made; None when all may.
        proposals: what waits for a commit as it came, in the order in which the hub accepted it.

    """

    state: RoomState
    group_info: GroupInfo | None = None
    changeable: frozenset[str] | None = None
    proposals: Mapping[ProposalRef, PendingProposal] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def room_id(self) -> MimiUri:
        """The room's identifier."""
        return self.state.room_id

    def with_proposals(self, state: RoomState, messages: Mapping[ProposalRef, MLSMessage], time: int) -> "Room":
        """The room in which proposals wait that were accepted at a time, in milliseconds of the Unix epoch."""
        proposals = dict(self.proposals)
        for reference, message in messages.items():
            proposals.setdefault(reference, PendingProposal(message, time))
        return replace(self, state=state, proposals=MappingProxyType(proposals))

    def in_next_epoch(self, accepted: CommitAccepted, group_info: GroupInfo) -> "Room":
        """The room after a commit, with the GroupInfo of the new epoch."""
        return replace(self, state=accepted.state, group_info=group_info, proposals=MappingProxyType({}))


def envelope_of(view: RoomView, changeable: frozenset[str] | None) -> PolicyEnvelope:
    """The policies that a hub accepts in a room where only these components may change (architecture 4.4)."""
    if changeable is None:
        return EVERY_POLICY
    fixed = {name: value for name, value in policy_components(view).items() if name not in changeable}
    limits = tuple(Limit(name, Fixed(value)) for name, value in fixed.items())
    return PolicyEnvelope(limits, components=changeable | fixed.keys(), required=frozenset(fixed))


@dataclass(frozen=True, slots=True)
class KeptRoom:
    """What a `Room` follows from, as bytes.

    Attributes:
        room_id: its identifier.
        context: the GroupContext.
        nodes: the nodes of the ratchet tree that are not blank, each a LeafNode or a ParentNode by its number.
        confirmation_tag: of the epoch.
        committer: the leaf that began the epoch.
        reinit: the ReInit that has ended the group, if one has.
        destroyed: whether somebody ended the room.
        proposals: what waits for a commit, in messages that were accepted together: each as an AuthenticatedContent,
            and as a PendingProposal where it was kept.
        group_info: what of the GroupInfo does not follow from the rest: a PartialGroupInfo.
        changeable: as in `Room`.

    """

    room_id: MimiUri
    context: bytes
    nodes: Mapping[Node, bytes] = field(repr=False)
    confirmation_tag: bytes
    committer: int
    reinit: bytes | None = None
    destroyed: bool = False
    proposals: Sequence[Sequence[tuple[bytes, bytes | None]]] = ()
    group_info: bytes | None = None
    changeable: frozenset[str] | None = None


def parent_of(view: RoomView) -> str | None:
    """The room that a room depends on; None for one that depends on none, or is over (POLICY 5)."""
    base = view.policy.base
    return base.parent_room[0].uri.decode() if base.parent_dependant and not view.destroyed else None


def asset_hosts_of(view: RoomView) -> frozenset[str]:
    """Where providers with clients in a room keep their assets by its policy (POLICY 6.4).

    A room speaks for hosts under the domain of such a provider only, so that nobody opens a hub to other hosts by a
    policy (AMB-127).
    """
    assets = view.policy.components.get("asset_policy")
    if not isinstance(assets, AssetPolicy) or view.destroyed:
        return frozenset()
    peers = view.participants.active_providers - {view.hub}
    return frozenset(
        host
        for entry in assets.upload_domains
        if (provider := entry.provider.domain.decode()) in peers
        for host in (each.domain.decode() for each in entry.asset_upload_destinations)
        if host == provider or host.endswith(f".{provider}")
    )


def fixed_members_of(view: RoomView) -> bytes | None:
    """A digest of the users of a fixed-membership room; None for any other, and for one that is over (POLICY 5)."""
    return fixed_members(view.participants) if view.policy.base.fixed_membership and not view.destroyed else None


def fixed_members(participants: ParticipantList) -> bytes:
    """A digest of the users of a list, whatever their order."""
    return sha256(b"\n".join(sorted(entry.user for entry in participants.entries))).digest()


def kept_group_info(room: Room) -> bytes | None:
    """`KeptRoom.group_info` of a room."""
    info = room.group_info
    if info is None:
        return None
    return PartialGroupInfo(RatchetTreePresence.no_ratchet_tree, info.extensions, info.signature).encode()


def restored(kept: KeptRoom, application: Application) -> Room:
    """The room as it was kept. What it was found to be then, is not looked at again.

    Args:
        kept: what was kept.
        application: the application of the room's group, its own.

    """
    context = GroupContext.decode(kept.context)
    tree = RatchetTree.from_wire(context.cipher_suite, _wire_tree(kept.nodes))
    reinit = None if kept.reinit is None else ReInit.decode(kept.reinit)
    group = PublicGroup.at_start_of_epoch(
        GroupState.of(application, context, tree), kept.confirmation_tag, kept.committer, reinit
    )
    view = replace(view_of(kept.room_id, group.state, DEFAULT_MAPPING), destroyed=kept.destroyed)
    state = RoomState(group, view, view, envelope=envelope_of(view, kept.changeable))
    proposals = dict[ProposalRef, PendingProposal]()
    for batch in kept.proposals:
        contents = dict[ProposalRef, AuthenticatedContent]()
        for content, pending in batch:
            authenticated = AuthenticatedContent.decode(content)
            reference = proposal_ref(context.cipher_suite, authenticated)
            contents[reference] = authenticated
            if pending is not None:
                proposals[reference] = PendingProposal.decode(pending)
        state = reinstate(state, contents)
    return Room(state, _group_info(kept, context), kept.changeable, MappingProxyType(proposals))


def _group_info(kept: KeptRoom, context: GroupContext) -> GroupInfo | None:
    if kept.group_info is None:
        return None
    partial = PartialGroupInfo.decode(kept.group_info)
    return GroupInfo(context, partial.group_info_extensions, kept.confirmation_tag, kept.committer, partial.signature)


def _wire_tree(nodes: Mapping[Node, bytes]) -> wire.RatchetTree:
    listed: list[wire.Node | None] = [None] * (max(nodes) + 1)
    for number, body in nodes.items():
        if is_leaf(number):
            listed[number] = wire.Node(node_type=NodeType.leaf, leaf_node=LeafNode.decode(body))
        else:
            listed[number] = wire.Node(node_type=NodeType.parent, parent_node=ParentNode.decode(body))
    return wire.RatchetTree(tuple(listed))
