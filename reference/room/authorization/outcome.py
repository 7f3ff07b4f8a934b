"""The numbers of a room as they would be after changes, which is what constraints are about (POLICY 3, AMB-162).

Only the users that the changes touch are looked at, so that the room's size doesn't matter.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from mimi_conformance.reference.room.changes import (
    AddClients,
    AddParticipant,
    Change,
    ChangeRole,
    RemoveClients,
    RemoveParticipant,
)
from mimi_conformance.reference.room.participants import Client, User, provider_of
from mimi_conformance.reference.room.view import RoomView


@dataclass(slots=True)
class _Participant:
    """A user in the making: its role, None when it is not listed, and its clients."""

    role_index: int | None
    clients: tuple[Client, ...]

    def without(self, leaves: frozenset[int]) -> tuple[Client, ...]:
        return tuple(client for client in self.clients if client.leaf_index not in leaves)


class Outcome:
    """What a room would be after changes that are made together."""

    def __init__(self, view: RoomView, changes: Iterable[Change]) -> None:
        self._view = view
        self._touched: dict[User, _Participant] = {}
        for change in changes:
            self._apply(change)
        self._participants: defaultdict[int, int] = defaultdict(int)
        self._active: defaultdict[int, int] = defaultdict(int)
        self._providers: defaultdict[str | None, int] = defaultdict(int)
        self._clients = 0
        for user, after in self._touched.items():
            self._tally(user, _Participant(view.participants.role_index(user), view.participants.clients(user)), -1)
            self._tally(user, after, 1)

    def role_index(self, user: User) -> int | None:
        """The role of a user; None for somebody who is not listed."""
        return self._user(user).role_index

    def clients(self, user: User) -> tuple[Client, ...]:
        """The clients of a user."""
        return self._user(user).clients

    def participants_in(self, role_index: int) -> int:
        """How many participants have a role."""
        return self._view.participants.participants_in(role_index) + self._participants[role_index]

    def active_in(self, role_index: int) -> int:
        """How many participants with a role are active."""
        return self._view.participants.active_in(role_index) + self._active[role_index]

    def participants_of(self, provider: str) -> int:
        """How many participants a provider has, by its domain."""
        return self._view.participants.participants_of(provider) + self._providers[provider]

    @property
    def client_count(self) -> int:
        """How many clients the group has."""
        return self._view.participants.client_count + self._clients

    @property
    def user_count(self) -> int:
        """How many entries of the participant list are not banned ones (POLICY 5)."""
        more = sum(
            number for role_index, number in self._participants.items() if not self._view.policy.is_banned(role_index)
        )
        return self._view.user_count + more

    def _user(self, user: User) -> _Participant:
        listed = self._view.participants
        return self._touched.get(user) or _Participant(listed.role_index(user), listed.clients(user))

    def _apply(self, change: Change) -> None:
        match change:
            case AddParticipant():
                after = self._touch(change.user)
                after.role_index = change.role_index
                after.clients += change.clients
            case AddClients():
                after = self._touch(change.user)
                after.clients = after.without(change.replaced) + change.clients
            case RemoveParticipant():
                after = self._touch(change.user)
                after.role_index = None
                after.clients = after.without(change.leaves)
            case RemoveClients():
                after = self._touch(change.user)
                after.clients = after.without(change.leaves)
            case ChangeRole():
                after = self._touch(change.user)
                after.role_index = change.role_index
                after.clients = after.without(change.leaves)
            case _:
                pass

    def _touch(self, user: User) -> _Participant:
        return self._touched.setdefault(user, self._user(user))

    def _tally(self, user: User, participant: _Participant, sign: int) -> None:
        self._clients += sign * len(participant.clients)
        if participant.role_index is not None:
            self._participants[participant.role_index] += sign
            self._providers[provider_of(user)] += sign
            self._active[participant.role_index] += sign * bool(participant.clients)
