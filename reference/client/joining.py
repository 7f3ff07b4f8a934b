"""How a client comes into the group of a room: by a Welcome, or by an external commit (PROTO 3.2, 3.6, 5.6)."""

from collections.abc import Iterator

from mimi_conformance.reference.client.changes import component_update, role_called
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.errors import ClientError
from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.external_join import ExternalJoin, JoinedExternally, join_externally
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.welcome import join
from mimi_conformance.reference.mls.key_package import NewKeyPackage
from mimi_conformance.reference.mls.tree.ratchet_tree_options import tree_in
from mimi_conformance.reference.room.derivation import view_of
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.policy import NO_ROLE, RoomPolicy
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.framing import PublicMessage
from mimi_conformance.reference.wire.mls.proposals import ProposalBody, SelfRemove
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoRatchetTreeTBE
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate, UserRolePair


def joined_by_welcome(device: Device, own: NewKeyPackage, event: FanoutMessage) -> Group:
    """The group that a Welcome brings a client into.

    Raises:
        RuleError: it brings it into none.

    """
    assert event.message.welcome is not None, "the caller has looked"
    tree = None if event.ratchet_tree_option is None else tree_in(event.ratchet_tree_option)
    return join(event.message.welcome, own, device.signature_private_key, room_application(), now=None, tree=tree)


def joined_by_external_commit(
    device: Device, room_id: MimiUri, content: GroupInfoRatchetTreeTBE, role: str | None = None
) -> JoinedExternally:
    """An external commit, and the group it leads to if the hub accepts it.

    Args:
        device: who joins.
        room_id: the room.
        content: what the hub has told of its group.
        role: the role that a new participant takes, by its name; the lowest that is open to it when None.

    Raises:
        ClientError: the room has no role for the client.
        RuleError: the GroupInfo is not valid.
        GroupError: the group is not one of a room.

    """
    tree = tree_in(content.ratchet_tree_option)
    public = follow(content.group_info, room_application(), None, tree)
    view = view_of(room_id, public.state, DEFAULT_MAPPING)
    replaced = next(
        (each.leaf_index for each in view.participants.clients(bytes(device.user)) if each.uri == device.uri), None
    )
    what = ExternalJoin(replaced, tuple(_listing(device, view, role)), tuple(_self_removes(content)))
    safe_aad = public.state.extensions.safe_aad is not None
    return join_externally(
        content.group_info,
        device.template,
        device.signature_private_key,
        room_application(),
        now=None,
        random=device.random,
        tree=tree,
        what=what,
        authenticated_data=encode_safe_aad({}) if safe_aad else b"",
    )


def _listing(device: Device, view: RoomView, role: str | None) -> Iterator[ProposalBody]:
    """A new participant puts itself on the list."""
    if bytes(device.user) not in view.participants:
        index = open_role(view.policy) if role is None else role_called(view.policy, role)
        update = ParticipantListUpdate((), (), (UserRolePair(bytes(device.user), index),))
        yield component_update("participant_list", update)


def open_role(policy: RoomPolicy) -> int:
    """The lowest role that somebody without one may take (AMB-164).

    Raises:
        ClientError: there is none.

    """
    targets = policy.no_role.changes.get(NO_ROLE)
    if not targets:
        raise ClientError("Nobody may come into the room by itself.")
    return min(targets)


def _self_removes(content: GroupInfoRatchetTreeTBE) -> Iterator[PublicMessage]:
    """The pending SelfRemoves, which an external commit covers (mls-extensions, section 6.3.1)."""
    for pending in content.pending_proposals:
        message = pending.proposal.public_message
        if message is None or message.content.proposal is None:
            continue
        if isinstance(message.content.proposal.body, SelfRemove):
            yield message
