"""What becomes of a room when changes are made to it, user level and client level together (PROTO 7.1, 7.5)."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import MappingProxyType

from mimi_conformance.reference.room.changes import (
    AddClients,
    AddParticipant,
    Change,
    ChangeBasePolicy,
    ChangeComponent,
    ChangeMetadata,
    ChangePreauthorization,
    ChangeRole,
    ChangeRoles,
    DestroyRoom,
    RemoveClients,
    RemoveParticipant,
)
from mimi_conformance.reference.room.participants import Client, ParticipantList, User
from mimi_conformance.reference.room.policy import RoomPolicy, RoomRole
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.contents import component_name
from mimi_conformance.reference.wire.protocol.participant_list import UserRolePair


def after(view: RoomView, changes: Sequence[Change]) -> RoomView:
    """The room after changes that are made together, which `authorization` has allowed.

    Raises:
        ParticipantError: the changes do not fit the room.

    """
    metadata, destroyed = view.metadata, view.destroyed
    for change in changes:
        match change:
            case ChangeMetadata():
                metadata = change.metadata
            case DestroyRoom():
                destroyed = True
            case _:
                pass
    participants = participants_after(view.participants, changes)
    return replace(
        view,
        policy=policy_after(view.policy, changes),
        participants=participants,
        metadata=metadata,
        destroyed=destroyed,
    )


def policy_after(policy: RoomPolicy, changes: Iterable[Change]) -> RoomPolicy:
    """The policy after changes; the same object when none of them is about it."""
    for change in changes:
        match change:
            case ChangeRoles():
                policy = replace(policy, roles={role.role_index: RoomRole(role) for role in change.roles.roles})
            case ChangePreauthorization():
                policy = replace(policy, preauthorization=change.preauthorization)
            case ChangeBasePolicy():
                policy = replace(policy, base=change.base)
            case ChangeComponent():
                policy = _with_component(policy, change)
            case _:
                pass
    return policy


def _with_component(policy: RoomPolicy, change: ChangeComponent) -> RoomPolicy:
    name = component_name(change.component_id)
    if name is None:
        return policy
    components = dict(policy.components)
    components.pop(name, None)
    if change.value is not None:
        components[name] = change.value
    return replace(policy, components=MappingProxyType(components))


def participants_after(participants: ParticipantList, changes: Iterable[Change]) -> ParticipantList:
    """The participant list and its clients after changes; the same object when none of them is about it.

    Roles change before users leave, and others come last (PROTO 7.5).

    Raises:
        ParticipantError: the changes do not fit the list.

    """
    new_roles = dict[int, int]()
    removed, leaves = set[int](), set[int]()
    added = list[UserRolePair]()
    clients = dict[User, tuple[Client, ...]]()
    for change in changes:
        match change:
            case AddParticipant():
                added.append(UserRolePair(change.user, change.role_index))
                clients[change.user] = clients.get(change.user, ()) + change.clients
            case AddClients():
                leaves |= change.replaced
                clients[change.user] = clients.get(change.user, ()) + change.clients
            case RemoveParticipant():
                removed.add(participants.index(change.user))
                leaves |= change.leaves
            case RemoveClients():
                leaves |= change.leaves
            case ChangeRole():
                new_roles[participants.index(change.user)] = change.role_index
                leaves |= change.leaves
            case _:
                pass
    if leaves:
        participants = participants.without_leaves(leaves)
    if new_roles or removed or added:
        participants = participants.changed(new_roles, removed, added)
    return participants.with_clients(clients) if any(clients.values()) else participants
