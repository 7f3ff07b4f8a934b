"""The proposals for what people do in rooms: adding, removing, leaving, changing roles (PROTO 5.3, 7.5; POLICY 8)."""

from collections.abc import Iterable, Mapping

from mimi_conformance.reference.client.errors import ClientError
from mimi_conformance.reference.client.membership import Membership
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.credentials import client_identity
from mimi_conformance.reference.room.policy import BANNED, NO_ROLE, RoomPolicy
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.proposals import Add, ProposalBody, Remove, SelfRemove
from mimi_conformance.reference.wire.protocol.participant_list import (
    ParticipantListUpdate,
    UserindexRolePair,
    UserRolePair,
)
from mimi_conformance.reference.wire.structure import Struct


def component_update(name: str, update: Struct) -> AppDataUpdate:
    """The AppDataUpdate of a component, by its name (mls-extensions, section 4.7)."""
    number = code_points().component_id(name)
    return AppDataUpdate(component_id=number, op=AppDataUpdateOperation.update, update=update.encode())


def listing(
    membership: Membership,
    *,
    added: Mapping[MimiUri, int] | None = None,
    removed: Iterable[MimiUri] = (),
    changed: Mapping[MimiUri, int] | None = None,
) -> AppDataUpdate:
    """An update of the participant list, with its indices as in the epoch (AMB-049).

    Raises:
        ClientError: who is to be removed or changed is no participant.

    """
    return component_update(
        "participant_list",
        ParticipantListUpdate(
            tuple(UserindexRolePair(_index(membership, user), role) for user, role in (changed or {}).items()),
            tuple(_index(membership, user) for user in removed),
            tuple(UserRolePair(bytes(user), role) for user, role in (added or {}).items()),
        ),
    )


def _index(membership: Membership, user: MimiUri) -> int:
    index = membership.user_index(user)
    if index is None:
        raise ClientError(f"{user} is no participant of {membership.room_id}.")
    return index


def adding(
    membership: Membership, user: MimiUri, key_packages: Iterable[KeyPackage], role: int | None
) -> tuple[ProposalBody, ...]:
    """Add a user with clients, or further clients of one who is there; nothing is left of those who are in already."""
    there = {each.uri for each in membership.clients_of(user) if each.uri is not None}
    adds = tuple(
        Add(each)
        for each in key_packages
        if client_identity(each.leaf_node.credential, membership.state.mapping).client not in there
    )
    if bytes(user) in membership.view.participants:
        return adds
    target = lowest_role(membership.view.policy) if role is None else role
    return (listing(membership, added={user: target}), *adds)


def removing(membership: Membership, user: MimiUri) -> tuple[ProposalBody, ...]:
    """Take a user off the list, and all its clients out of the group."""
    return (listing(membership, removed=(user,)), *_removes(membership, user))


def banning(membership: Membership, user: MimiUri) -> tuple[ProposalBody, ...]:
    """Give a user the role of the banned, and take all its clients out of the group (POLICY 8.1.3)."""
    return (listing(membership, changed={user: BANNED}), *_removes(membership, user))


def leaving(membership: Membership, user: MimiUri) -> tuple[ProposalBody, ...]:
    """Leave with all clients; the one that asks for it by a SelfRemove (PROTO 3.5, 5.3)."""
    own = membership.group.leaf_index
    others = (each.leaf_index for each in membership.clients_of(user) if each.leaf_index not in (None, own))
    removes = tuple(Remove(leaf_index) for leaf_index in others if leaf_index is not None)
    return (SelfRemove(), *removes, listing(membership, removed=(user,)))


def _removes(membership: Membership, user: MimiUri) -> tuple[Remove, ...]:
    leaves = (each.leaf_index for each in membership.clients_of(user))
    return tuple(Remove(leaf_index) for leaf_index in leaves if leaf_index is not None)


def role_called(policy: RoomPolicy, name: str) -> int:
    """The index of a role by its name.

    Raises:
        ClientError: the room has no such role.

    """
    for role in policy.roles.values():
        if role.name == name:
            return role.index
    raise ClientError(
        f"The room has no role {name!r}; it has {', '.join(each.name for each in policy.roles.values())}."
    )


def lowest_role(policy: RoomPolicy) -> int:
    """The lowest role of which somebody can take part in the room with a client."""
    for index, role in sorted(policy.roles.items()):
        if index != NO_ROLE and not policy.is_banned(index) and role.role.maximum_active_participants_constraint != 0:
            return index
    raise ClientError("The room has no role for anybody who takes part in it.")
