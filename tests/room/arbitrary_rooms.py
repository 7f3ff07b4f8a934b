"""Hypothesis strategies for rooms of a few users under any policy, and for what anybody may want of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final, TypeVar

from hypothesis import strategies as st

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.room.actors import (
    Actor,
    Committer,
    ExternalJoiner,
    ExternalProposer,
    ExternalSender,
    JoinCode,
    Member,
)
from mimi_conformance.reference.room.changes import (
    USABLE,
    AddClients,
    AddParticipant,
    Change,
    ChangeBasePolicy,
    ChangeComponent,
    ChangeExtensions,
    ChangeMetadata,
    ChangePreauthorization,
    ChangeRole,
    ChangeRoles,
    DestroyRoom,
    MaintainGroup,
    Reinitialize,
    RemoveClients,
    RemoveParticipant,
    Use,
)
from mimi_conformance.reference.room.participants import Client, ParticipantList, User
from mimi_conformance.reference.room.policy import BANNED, BANNED_NAME, NO_ROLE, RoomPolicy
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.roles import (
    Claim,
    PreAuthData,
    PreAuthRoleEntry,
    Role,
    RoleData,
    SingleSourceRoleChangeTargets,
)
from mimi_conformance.reference.wire.structure import Struct
from tests.room.described_rooms import COMPONENTS, HUB, METADATA, ROOM, bare_role, claim, metadata_from, user

T = TypeVar("T")

NAMES: Final = ("alice", "bob", "carol", "~dave", "erin@b.example", "frank@b.example")
USERS: Final = tuple(map(user, NAMES))
SERVERS: Final = (HUB, "b.example")
ROLES: Final = (2, 3, 4)
CLAIMS: Final = (claim("employee"), claim("personnel"))

EVERYTHING: Final = (NO_ROLE, BANNED, *ROLES)
MEMBERSHIP: Final = tuple(CapabilityType(code) for code in range(0x12))
REST: Final = tuple(each for each in CapabilityType if each not in MEMBERSHIP)
MINIMUMS: Final = (0, 0, 0, 1, 2)
MAXIMUMS: Final = (None, None, None, 3, 2, 1, 0)


def _bits(number: int, of: Sequence[T]) -> tuple[T, ...]:
    """The elements that the bits of a number stand for. One number is drawn much faster than a list of elements."""
    return tuple(each for place, each in enumerate(of) if number >> place & 1)


def _mostly(bits: int) -> st.SearchStrategy[int]:
    """A number with most of so many bits set; the simplest has them all, so that simple rooms permit much."""
    every = (1 << bits) - 1
    return st.tuples(*[st.integers(0, every)] * 2).map(lambda unset: every & ~(unset[0] & unset[1]))


def _numbers(*sizes: int) -> st.SearchStrategy[tuple[int, ...]]:
    return st.tuples(*(st.integers(0, size - 1) for size in sizes))


@st.composite
def roles(draw: st.DrawFn, index: int) -> Role:
    """A role that can much, with any constraints."""
    if index == BANNED:
        named = draw(st.integers(0, 4)) < 4
        return Role(index, BANNED_NAME if named else b"guest", b"", (), 0, None, 0, 0 if named else None, ())
    held = _bits(draw(_mostly(len(MEMBERSHIP))), MEMBERSHIP)
    rest = _bits(draw(_mostly(len(REST))), REST)
    of_role_zero = {CapabilityType.can_open_join}
    changes = draw(_mostly(len(EVERYTHING) ** 2))
    minimum, maximum, minimum_active, maximum_active = draw(_numbers(*map(len, (MINIMUMS, MAXIMUMS) * 2)))
    return Role(
        role_index=index,
        role_name=b"role",
        role_description=b"",
        role_capabilities=tuple(each for each in (*held, *rest) if index == NO_ROLE or each not in of_role_zero),
        minimum_participants_constraint=MINIMUMS[minimum],
        maximum_participants_constraint=MAXIMUMS[maximum],
        minimum_active_participants_constraint=MINIMUMS[minimum_active],
        maximum_active_participants_constraint=MAXIMUMS[maximum_active],
        authorized_role_changes=tuple(
            SingleSourceRoleChangeTargets(source, _bits(changes >> len(EVERYTHING) * place, EVERYTHING))
            for place, source in enumerate(EVERYTHING)
        ),
    )


role_lists: Final = st.tuples(*map(roles, EVERYTHING)).map(RoleData)

preauthorizations: Final = st.lists(_numbers(4, len(ROLES)), max_size=2).map(
    lambda entries: PreAuthData(
        tuple(PreAuthRoleEntry(_bits(claims, CLAIMS), bare_role(ROLES[role])) for claims, role in entries)
    )
)


def base_policies(components: tuple[str, ...]) -> st.SearchStrategy[BaseRoomPolicy]:
    """The base policy of a room with these components."""
    return _numbers(10, 3, 4, 4, 2, 3).map(
        lambda numbers: BaseRoomPolicy(
            fixed_membership=numbers[0] == 9,
            parent_dependant=False,
            parent_room=(),
            multi_device=numbers[1] != 2,
            max_clients=(None, None, 4, 8)[numbers[2]],
            max_users=(None, None, 4, 6)[numbers[3]],
            pseudonyms_allowed=bool(numbers[4]),
            persistent_room=numbers[5] != 2,
            discoverable=False,
            policy_component_ids=tuple(map(code_points().component_id, components)),
        )
    )


@st.composite
def rooms(draw: st.DrawFn) -> RoomView:
    """A room: whoever is banned, or in a role that admits no active participants, has no clients."""
    role_list = draw(role_lists)
    components: dict[str, Struct] = {name: COMPONENTS[name] for name in _bits(draw(st.integers(0, 3)), [*COMPONENTS])}
    base = draw(base_policies(("roles_list", "preauth_list", *components)))
    policy = RoomPolicy.of(base, role_list, draw(preauthorizations), components)
    inactive = {each.role_index for each in role_list.roles if each.maximum_active_participants_constraint == 0}
    entries: list[UserRolePair] = []
    clients: dict[User, tuple[Client, ...]] = {}
    leaf = 0
    for who in (*USERS, *map(user, SERVERS)):
        place, more = draw(_numbers(6, 4))
        if role_index := (*ROLES, NO_ROLE, BANNED, NO_ROLE)[place]:
            entries.append(UserRolePair(who, role_index))
            number = (1, 2, 1, 0)[more]
            if number and role_index not in inactive and MimiUri.parse(who).names_user:
                clients[who] = tuple(Client(_client(who, leaf + each), leaf + each) for each in range(number))
                leaf += number
    return RoomView(ROOM, policy, ParticipantList.of(ParticipantListData(tuple(entries)), clients), METADATA)


def _client(who: User, number: int) -> MimiUri:
    uri = MimiUri.parse(who)
    return MimiUri.client(uri.provider, *uri.path, str(number))


@st.composite
def actors(draw: st.DrawFn, room: RoomView, leaf: int) -> Actor:
    """Somebody who may want something of a room; a client that comes in takes a leaf."""
    claims = frozenset(_bits(draw(st.integers(0, 3)), CLAIMS))
    kind, place = draw(_numbers(8, len(USERS)))
    who = USERS[place]
    client = Client(_client(who, leaf), leaf)
    match kind:
        case 4 | 5:
            code = draw(st.sampled_from((None, *ROLES)))
            return ExternalJoiner(who, client, claims, None if code is None else JoinCode(b"open sesame", code))
        case 6:
            return ExternalProposer(who, client, claims)
        case 7:
            domain = SERVERS[place % 2]
            return ExternalSender(user(domain), domain, claims)
        case _:
            return _member(room, place, claims)


def _member(room: RoomView, place: int, claims: frozenset[Claim]) -> Member:
    active = sorted(room.participants.clients_by_user) or [USERS[place]]
    who = active[place % len(active)]
    [leaf, *_] = [each.leaf_index for each in room.participants.clients(who)] or [99]
    assert leaf is not None
    return Member(who, leaf, claims)


@st.composite
def committers(draw: st.DrawFn, room: RoomView) -> Committer:
    """Somebody who may want to commit."""
    if draw(st.integers(0, 3)):
        return _member(room, draw(st.integers(0, 5)), frozenset())
    who = draw(st.sampled_from(USERS))
    return ExternalJoiner(who, Client(_client(who, 20), 20), frozenset(CLAIMS))


@st.composite
def changes(draw: st.DrawFn, room: RoomView, actor: Actor, leaf: int) -> Change:
    """Something that somebody may want of a room; clients that come take leaves from one on.

    Most wishes make some sense: who is added is not there yet, who is removed is, and clients leave all together.
    """
    kind, sense, place, role, number = draw(_numbers(9, 8, 2 * len(USERS), 7, 3))
    there = [entry.user for entry in room.participants.entries]
    absent = [each for each in USERS if each not in there]
    sensible = {0: absent, 1: absent, 3: there, 4: there, 5: there, 6: there}.get(kind) if sense < 6 else None
    candidates = (sensible or list(USERS)) + ([] if sensible is absent else [actor.user])
    who = candidates[place % len(candidates)]
    role_index = (*ROLES, BANNED, *ROLES)[role] if sense < 7 else (NO_ROLE, 9)[role % 2]
    leaves = frozenset(each.leaf_index for each in room.participants.clients(who) if each.leaf_index is not None)
    if sense == 5:
        leaves = frozenset(sorted(leaves)[:1])
    if isinstance(actor, ExternalJoiner | ExternalProposer) and who == actor.user:
        clients: tuple[Client, ...] = (actor.client,)
    else:
        clients = tuple(Client(_client(who, leaf + each), leaf + each) for each in range(number))
    match kind:
        case 0 | 1:
            return AddParticipant(who, role_index, clients)
        case 2:
            return AddClients(who, clients)
        case 3:
            return RemoveParticipant(who, leaves)
        case 4:
            return RemoveClients(who, leaves)
        case 5 | 6:
            return ChangeRole(who, role_index, leaves if role_index == BANNED else frozenset())
        case _:
            return draw(changes_of_the_room(room))


def changes_of_the_room(room: RoomView) -> st.SearchStrategy[Change]:
    """Something that concerns no participant."""
    names = ("roles_list", "preauth_list", *room.policy.components)
    return st.one_of(
        st.sampled_from(({"name": "Riverside"}, {"mood": "calm", "subject": "Boats"}))
        .map(metadata_from)
        .map(ChangeMetadata),
        role_lists.map(ChangeRoles),
        preauthorizations.map(ChangePreauthorization),
        base_policies(names).map(ChangeBasePolicy),
        st.sampled_from(tuple(COMPONENTS)).map(
            lambda name: ChangeComponent(code_points().component_id(name), COMPONENTS[name])
        ),
        st.sampled_from(((HUB,), (HUB, "b.example"), (), None)).map(ChangeExtensions),
        st.sampled_from((DestroyRoom(), Reinitialize(), MaintainGroup())),
        st.sampled_from(sorted(USABLE)).map(Use),
    )


def shuffled(room: RoomView, order: Random) -> RoomView:
    """The same room, with everything in another order whose order means nothing to the draft."""

    def mixed(values: Iterable[T]) -> tuple[T, ...]:
        listed = list(values)
        order.shuffle(listed)
        return tuple(listed)

    def mixed_role(role: Role) -> Role:
        changes = (
            SingleSourceRoleChangeTargets(each.from_role_index, mixed(each.target_role_indexes))
            for each in mixed(role.authorized_role_changes)
        )
        return replace(role, role_capabilities=mixed(role.role_capabilities), authorized_role_changes=tuple(changes))

    policy, participants = room.policy, room.participants
    assert policy.preauthorization is not None
    entries = policy.preauthorization.preauthorized_entries
    return replace(
        room,
        policy=RoomPolicy.of(
            policy.base,
            RoleData(mixed(mixed_role(each.role) for each in policy.roles.values())),
            PreAuthData(tuple(PreAuthRoleEntry(mixed(each.claimset), each.target_role) for each in entries)),
            dict(mixed(policy.components.items())),
        ),
        participants=ParticipantList.of(
            ParticipantListData(mixed(participants.entries)),
            {who: mixed(clients) for who, clients in mixed(participants.clients_by_user.items())},
        ),
    )


@dataclass(frozen=True)
class Numbers:
    """What constraints are about, counted one by one.

    Attributes:
        participants: how many each role has.
        active: how many of them are active.
        users: how many entries of the list are not banned ones.
        clients: how many clients each user has.
    """

    participants: Mapping[int, int]
    active: Mapping[int, int]
    users: int
    clients: Mapping[User, int]


def count(room: RoomView) -> Numbers:
    """Count what there is in a room."""
    clients = {entry.user: len(room.participants.clients(entry.user)) for entry in room.participants.entries}
    listed = [(entry.user, entry.role_index) for entry in room.participants.entries]
    return Numbers(
        participants={index: sum(held == index for _, held in listed) for index in room.policy.roles},
        active={index: sum(held == index and clients[who] > 0 for who, held in listed) for index in room.policy.roles},
        users=sum(not room.policy.is_banned(held) for _, held in listed),
        clients=clients,
    )
