"""The participant list, and which clients of each participant are in the group (PROTO 7.5, architecture 4.2)."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias

from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair

User: TypeAlias = bytes
"""How the participant list names somebody: the bytes of a URI (PROTO 7.5, AMB-136)."""


@dataclass(frozen=True, slots=True)
class Client:
    """A client in the group, or one that an accepted proposal adds to it.

    Attributes:
        uri: what its credential calls it; None when that names the user only (AMB-024).
        leaf_index: its leaf; None as long as its addition waits for a commit.

    """

    uri: MimiUri | None = None
    leaf_index: int | None = None


class ParticipantError(ValueError):
    """What would become of a participant list is none.

    Attributes:
        value: the user, index or client that is in the way.

    """

    def __init__(self, message: str, value: object) -> None:
        super().__init__(f"{message}: {value!r}.")
        self.value = value


NO_CLIENTS: Final[MappingProxyType[User, tuple[Client, ...]]] = MappingProxyType({})
_NO_NUMBERS: Final[Mapping[int, int]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ParticipantList:
    """The participants in their order, each with one role and its clients; immutable.

    Two invariants hold by construction. A user has one role, because it is listed once. And the user of each client
    in the group is a participant, because clients are kept with their user and leave with it.

    What a decision asks takes the same time in a room of any size; only what makes another list copies this one.

    Attributes:
        entries: the list as the group holds it; a place in it is a user index (PROTO 7.5).
        clients_by_user: the clients of each active participant.
        client_count: how many clients all of them have.

    """

    entries: tuple[UserRolePair, ...] = ()
    clients_by_user: MappingProxyType[User, tuple[Client, ...]] = field(default_factory=lambda: NO_CLIENTS)
    client_count: int = field(default=0, compare=False)
    _roles: Mapping[User, int] = field(default_factory=dict, repr=False, compare=False)
    _user_at: Mapping[int, User] = field(default_factory=dict, repr=False, compare=False)
    _participants: Mapping[int, int] = field(default_factory=dict, repr=False, compare=False)
    _active: Mapping[int, int] = field(default_factory=dict, repr=False, compare=False)
    _providers: Mapping[str | None, int] = field(default_factory=dict, repr=False, compare=False)
    _active_providers: Mapping[str | None, int] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def of(
        cls, data: ParticipantListData, clients: Mapping[User, tuple[Client, ...]] = NO_CLIENTS
    ) -> "ParticipantList":
        """The list that the component's data holds, with the clients of its users.

        Raises:
            ParticipantError: a user is in it twice, or a client's user is not in it.

        """
        return cls().changed(added=data.participants).with_clients(clients)

    def __len__(self) -> int:
        return len(self.entries)

    def __contains__(self, user: object) -> bool:
        return user in self._roles

    def data(self) -> ParticipantListData:
        """The list as the component's data (PROTO 7.5)."""
        return ParticipantListData(self.entries)

    def role_index(self, user: User) -> int | None:
        """The role of a user; None when the user is not listed."""
        return self._roles.get(user)

    def index(self, user: User) -> int:
        """The place of a user in the list. Looks at everybody: for whoever makes a change, never to decide about it.

        Raises:
            ParticipantError: the user is not listed.

        """
        if user not in self._roles:
            raise ParticipantError("A user is not listed", user)
        return [entry.user for entry in self.entries].index(user)

    def clients(self, user: User) -> tuple[Client, ...]:
        """The clients of a user."""
        return self.clients_by_user.get(user, ())

    def user_at(self, leaf_index: int) -> User | None:
        """Whose client is at a leaf of the group; None when that is blank."""
        return self._user_at.get(leaf_index)

    def is_active(self, user: User) -> bool:
        """Whether a user has a client in the group (architecture 4.2, AMB-163)."""
        return user in self.clients_by_user

    def participants_in(self, role_index: int) -> int:
        """How many participants have a role."""
        return self._participants.get(role_index, 0)

    def active_in(self, role_index: int) -> int:
        """How many participants with a role are active."""
        return self._active.get(role_index, 0)

    @property
    def roles_in_use(self) -> frozenset[int]:
        """The roles that participants have."""
        return frozenset(role_index for role_index, number in self._participants.items() if number)

    def participants_of(self, provider: str) -> int:
        """How many participants a provider has, by its domain (PROTO 7.4)."""
        return self._providers.get(provider, 0)

    @property
    def active_providers(self) -> frozenset[str]:
        """The domains of the providers that have active participants (PROTO 5.5)."""
        return frozenset(provider for provider, number in self._active_providers.items() if provider and number)

    def changed(
        self,
        new_roles: Mapping[int, int] = _NO_NUMBERS,
        removed: Iterable[int] = (),
        added: Iterable[UserRolePair] = (),
    ) -> "ParticipantList":
        """The list after an update: roles change, then users leave, with their clients, then others come (PROTO 7.5).

        All indices are those of this list (AMB-133).

        Args:
            new_roles: role indices by user index.
            removed: user indices.
            added: who is appended, in this order.

        Raises:
            ParticipantError: an index has no user, or a user would be listed twice.

        """
        copy, entries = _Copy(self), [*self.entries]
        for index, role_index in new_roles.items():
            entries[index] = copy.change(self._entry(index).user, role_index)
        leaving = [*removed]
        for index in leaving:
            copy.remove(self._entry(index).user)
        for index in sorted(leaving, reverse=True):
            del entries[index]
        entries.extend(copy.add(entry) for entry in added)
        return copy.frozen(tuple(entries))

    def with_clients(self, added: Mapping[User, Iterable[Client]]) -> "ParticipantList":
        """The list with more clients in the group.

        Raises:
            ParticipantError: a client's user is not listed, or its leaf is taken.

        """
        copy = _Copy(self)
        for user, clients in added.items():
            for client in clients:
                copy.add_client(user, client)
        return copy.frozen(self.entries)

    def without_leaves(self, removed: Iterable[int]) -> "ParticipantList":
        """The list with fewer clients in the group, by their leaves.

        Raises:
            ParticipantError: a leaf is blank.

        """
        copy = _Copy(self)
        for leaf_index in removed:
            copy.remove_client(leaf_index)
        return copy.frozen(self.entries)

    def _entry(self, index: int) -> UserRolePair:
        if not 0 <= index < len(self.entries):
            raise ParticipantError(f"The list has {len(self.entries)} participants, and none at an index", index)
        return self.entries[index]


class _Copy:
    """A participant list in the making."""

    def __init__(self, original: ParticipantList) -> None:
        self.roles = dict(original._roles)  # noqa: SLF001 - the two classes are one
        self.clients = original.clients_by_user.copy()  # many times as fast as to make a dict of a proxy
        self.user_at = dict(original._user_at)  # noqa: SLF001
        self.participants = Counter(original._participants)  # noqa: SLF001
        self.active = Counter(original._active)  # noqa: SLF001
        self.providers = Counter(original._providers)  # noqa: SLF001
        self.active_providers = Counter(original._active_providers)  # noqa: SLF001
        self.client_count = original.client_count

    def add(self, entry: UserRolePair) -> UserRolePair:
        if entry.user in self.roles:
            raise ParticipantError("A user is listed already", entry.user)
        self.roles[entry.user] = entry.role_index
        self.participants[entry.role_index] += 1
        self.providers[provider_of(entry.user)] += 1
        return entry

    def remove(self, user: User) -> None:
        if user not in self.roles:
            raise ParticipantError("A user is removed twice", user)
        for client in self.clients.get(user, ()):
            self._forget(client)
        role_index, provider = self.roles.pop(user), provider_of(user)
        was_active = self.clients.pop(user, None) is not None
        self.participants[role_index] -= 1
        self.active[role_index] -= was_active
        self.providers[provider] -= 1
        self.active_providers[provider] -= was_active

    def change(self, user: User, role_index: int) -> UserRolePair:
        before, is_active = self.roles[user], user in self.clients
        self.roles[user] = role_index
        for role, change in ((before, -1), (role_index, 1)):
            self.participants[role] += change
            self.active[role] += change * is_active
        return UserRolePair(user, role_index)

    def add_client(self, user: User, client: Client) -> None:
        if user not in self.roles:
            raise ParticipantError("The user of a client is no participant", user)
        if client.leaf_index is not None:
            if client.leaf_index in self.user_at:
                raise ParticipantError("There is a client at the leaf already", client)
            self.user_at[client.leaf_index] = user
        self.client_count += 1
        if user not in self.clients:
            self.active[self.roles[user]] += 1
            self.active_providers[provider_of(user)] += 1
        self.clients[user] = (*self.clients.get(user, ()), client)

    def remove_client(self, leaf_index: int) -> None:
        user = self.user_at.get(leaf_index)
        if user is None:
            raise ParticipantError("There is no client at the leaf", leaf_index)
        [gone] = (client for client in self.clients[user] if client.leaf_index == leaf_index)
        self._forget(gone)
        self.clients[user] = tuple(client for client in self.clients[user] if client is not gone)
        if not self.clients[user]:
            del self.clients[user]
            self.active[self.roles[user]] -= 1
            self.active_providers[provider_of(user)] -= 1

    def _forget(self, client: Client) -> None:
        self.client_count -= 1
        if client.leaf_index is not None:
            del self.user_at[client.leaf_index]

    def frozen(self, entries: tuple[UserRolePair, ...]) -> ParticipantList:
        return ParticipantList(
            entries,
            MappingProxyType(self.clients),
            self.client_count,
            self.roles,
            self.user_at,
            self.participants,
            self.active,
            self.providers,
            self.active_providers,
        )


def provider_of(user: User) -> str | None:
    """The domain of a user's provider; None when a server names its users by something else than MIMI URIs."""
    try:
        return MimiUri.parse(user).provider
    except IdentifierError:
        return None
