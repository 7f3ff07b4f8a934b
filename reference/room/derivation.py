"""A room as its MLS group has it: whole at first, and then by what proposals change (PROTO 7.1, 7.2, 7.5).

`application` says the same of changes that are no proposals yet; that both agree is for tests to show.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from mimi_conformance.reference.identity.credential import CredentialMapping
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group_state import GroupState
from mimi_conformance.reference.mls.proposals.extensions import find_component
from mimi_conformance.reference.mls.proposals.proposal_application import AppliedProposals
from mimi_conformance.reference.room.components.participant_list import PARTICIPANT_LIST, ParticipantListComponent
from mimi_conformance.reference.room.components.registry import read_components
from mimi_conformance.reference.room.credentials import client_identity
from mimi_conformance.reference.room.participants import Client, ParticipantError, ParticipantList, User
from mimi_conformance.reference.room.policy import RoomPolicy
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataDictionary, AppDataUpdate, ComponentData
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.proposals import Add
from mimi_conformance.reference.wire.protocol.participant_list import (
    ParticipantListUpdate,
    UserRolePair,
)
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, RoleData


class GroupRule(RoomRule):
    """What makes a group one of a room."""

    COMPONENTS = (
        "PROTO-7.2-02",
        "The group of a room carries participant_list, roles_list and base_room_policy.",
        "AMB-138",
    )
    MEMBER_IS_CLIENT = ("ARCH-5.1-02", "A member of the group is a client, never a server.")
    PARTICIPANT_FOR_CLIENT = ("ARCH-4.2-01", "The user of each client in the group is a participant.", "AMB-051")
    CLIENTS_GO_WITH_USER = ("PROTO-5.3-05", "Who leaves the participant list or is banned has no client in the group.")


class GroupError(ValueError):
    """A group is not one of a room, or would no longer be.

    Attributes:
        rule: the broken rule.
        value: what breaks it.

    """

    def __init__(self, rule: RoomRule, value: object) -> None:
        super().__init__(f"{rule.text} ({rule.requirement}) Found: {value}")
        self.rule = rule
        self.value = value


@dataclass(frozen=True, slots=True)
class Joiner:
    """The client that an external commit adds.

    Attributes:
        leaf_index: its leaf.
        credential: its credential.

    """

    leaf_index: int
    credential: Credential


def view_of(room_id: MimiUri, state: GroupState, mapping: CredentialMapping) -> RoomView:
    """The room that a group has. Looks at every participant and every leaf.

    Raises:
        GroupError: it has none.
        ComponentError: the data of a component is invalid.

    """
    dictionary = state.extensions.app_data or NO_APP_DATA
    data = find_component(dictionary, PARTICIPANT_LIST)
    component = state.application.components.component(PARTICIPANT_LIST)
    if data is None or not isinstance(component, ParticipantListComponent):
        raise GroupError(GroupRule.COMPONENTS, "a group without participant_list")
    participants = ParticipantList.of(component.read(data))
    clients = dict[User, tuple[Client, ...]]()
    for leaf_index, leaf_node in state.tree.members():
        user, client = client_of(leaf_node.credential, mapping, leaf_index)
        clients[user] = (*clients.get(user, ()), client)
    policy, metadata = _policy(dictionary)
    view = RoomView(room_id, policy, _with_clients(participants, clients), metadata)
    _check_banned(view, (entry.user for entry in view.participants.entries))
    return view


def view_after(
    view: RoomView,
    applied: AppliedProposals,
    mapping: CredentialMapping,
    *,
    joiner: Joiner | None = None,
    waiting: bool = False,
) -> RoomView:
    """The room after proposals. Copies the participant list where that changes, and looks at nobody else in it.

    Args:
        view: the room that the group had before.
        applied: the proposals.
        mapping: how credentials name clients and users.
        joiner: who joins by the external commit that covers them.
        waiting: whether they wait for a commit, so that nobody knows yet which leaves new clients will have.

    Raises:
        GroupError: user level and client level would come apart.
        ComponentError: the data of a component is invalid.

    """
    participants, touched = view.participants, set[User]()
    if applied.removed:
        participants = participants.without_leaves(applied.removed)
    updates = tuple(_participant_updates(applied))
    if any(updates):
        participants, touched = _changed(participants, updates)
    clients = dict[User, tuple[Client, ...]]()
    for leaf_index, credential in _added(applied, joiner):
        user, client = client_of(credential, mapping, None if waiting else leaf_index)
        clients[user] = (*clients.get(user, ()), client)
    after = replace(view, participants=_with_clients(participants, clients) if clients else participants)
    before, dictionary = applied.before.extensions.app_data, applied.state.extensions.app_data or NO_APP_DATA
    if _without_participants(before or NO_APP_DATA) != _without_participants(dictionary):
        policy, metadata = _policy(dictionary)
        after = replace(after, policy=policy, metadata=metadata)
    _check_banned(after, touched | clients.keys())
    return after


def client_of(credential: Credential, mapping: CredentialMapping, leaf_index: int | None = None) -> tuple[User, Client]:
    """Whose client a credential names, and which.

    Raises:
        GroupError: it names none.

    """
    try:
        identity = client_identity(credential, mapping)
    except CredentialError as error:
        raise GroupError(GroupRule.MEMBER_IS_CLIENT, error) from error
    return bytes(identity.user), Client(identity.client, leaf_index)


def _participant_updates(applied: AppliedProposals) -> Iterator[ParticipantListUpdate]:
    for _, body in applied.proposals.of_type(AppDataUpdate):
        if body.component_id == PARTICIPANT_LIST and body.update is not None:
            yield ParticipantListUpdate.decode(body.update)


def _changed(
    participants: ParticipantList, updates: Iterable[ParticipantListUpdate]
) -> tuple[ParticipantList, set[User]]:
    """The list after updates, whose indices all count in it as it is, and the users that they touch (AMB-134)."""
    new_roles, removed, added = dict[int, int](), set[int](), list[UserRolePair]()
    for update in updates:
        new_roles |= {change.user_index: change.role_index for change in update.changed_role_participants}
        removed |= {*update.removed_indices}
        added += update.added_participants
    gone = {participants.entries[index].user for index in removed}
    for user in gone:
        if participants.is_active(user):
            raise GroupError(GroupRule.CLIENTS_GO_WITH_USER, user)
    touched = {participants.entries[index].user for index in new_roles} | {each.user for each in added}
    return participants.changed(new_roles, removed, added), touched


def _added(applied: AppliedProposals, joiner: Joiner | None) -> Iterator[tuple[int, Credential]]:
    for leaf_index, listed in applied.added.items():
        assert isinstance(listed.proposal.body, Add)
        yield leaf_index, listed.proposal.body.key_package.leaf_node.credential
    if joiner is not None:
        yield joiner.leaf_index, joiner.credential


def _with_clients(participants: ParticipantList, clients: Mapping[User, tuple[Client, ...]]) -> ParticipantList:
    try:
        return participants.with_clients(clients)
    except ParticipantError as error:
        raise GroupError(GroupRule.PARTICIPANT_FOR_CLIENT, error.value) from error


def _check_banned(view: RoomView, users: Iterable[User]) -> None:
    for user in users:
        if view.is_banned(user) and view.participants.is_active(user):
            raise GroupError(GroupRule.CLIENTS_GO_WITH_USER, user)


def _without_participants(dictionary: AppDataDictionary) -> list[ComponentData]:
    return [entry for entry in dictionary.component_data if entry.component_id != PARTICIPANT_LIST]


def _policy(dictionary: AppDataDictionary) -> tuple[RoomPolicy, RoomMetaData | None]:
    """The policy and the metadata that the components of a group hold."""
    values = dict(read_components(dictionary))
    base, roles = values.pop("base_room_policy", None), values.pop("roles_list", None)
    preauthorization, metadata = values.pop("preauth_list", None), values.pop("room_metadata", None)
    if not isinstance(base, BaseRoomPolicy) or not isinstance(roles, RoleData):
        raise GroupError(GroupRule.COMPONENTS, "a group without base_room_policy or roles_list")
    assert preauthorization is None or isinstance(preauthorization, PreAuthData)
    assert metadata is None or isinstance(metadata, RoomMetaData)
    return RoomPolicy.of(base, roles, preauthorization, values), metadata
