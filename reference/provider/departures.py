"""Has users and clients leave the rooms of this hub that have no place there any longer.

Those are users whose accounts are gone, clients that are lost (PROTO 5.5), and in rooms that depend on another whoever
has left that (POLICY 5). Only a member's commit can take them out. The hub proposes it, in each epoch anew, until that
has come.
"""

from collections.abc import Collection, Iterable, Iterator

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.own_proposals import Bodies, OwnProposals
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.users import Departure
from mimi_conformance.reference.room.changes import RemoveParticipant
from mimi_conformance.reference.room.components.participant_list import PARTICIPANT_LIST
from mimi_conformance.reference.room.participants import User
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.room.updates import CommitAccepted
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.proposals import Remove
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate


class Departures(OwnProposals):
    """Remembers who has to leave which room, and proposes it. Times are in milliseconds of the Unix epoch."""

    def user_deleted(self, transaction: Transaction, user: MimiUri, now: int) -> None:
        """The account of a local user is gone: the user has to leave our rooms, under whatever name."""
        self.have_leave(transaction, self.rooms_of_user(transaction, user), now)

    def user_restored(self, transaction: Transaction, user: MimiUri) -> None:
        """The account is there again: the user may stay where nobody has committed that it leaves."""
        for room_id, name in self.rooms_of_user(transaction, user):
            transaction.remove_departure(room_id, name)

    def client_lost(self, transaction: Transaction, client: MimiUri, now: int) -> None:
        """A local client will never come back, and has to leave our rooms, while its user stays."""
        leaves = tuple(self.leaves_of(transaction, client))
        transaction.remove_client(client)
        self.have_leave(transaction, leaves, now)

    def rooms_of_user(self, transaction: Transaction, user: MimiUri) -> tuple[tuple[MimiUri, User], ...]:
        """Our rooms with a local user in them, each with what the user is called there (PROTO 6.1)."""
        named = {(room_id, bytes(user)) for room_id in self.hosted(transaction.rooms_naming(bytes(user)))}
        account = transaction.user(user)
        assert account is not None, "it is a local user"
        for client in account.clients:
            for room_id, leaf_index in self.leaves_of(transaction, client):
                room = transaction.room(room_id)
                name = None if room is None else room.state.committed.participants.user_at(leaf_index)
                named |= set() if name is None else {(room_id, name)}
        return tuple(sorted(named, key=lambda each: (each[0].text, each[1])))

    def leaves_of(self, transaction: Transaction, client: MimiUri) -> Iterator[tuple[MimiUri, int]]:
        """Our rooms with a local client in them, each with its leaf."""
        for room_id in self.hosted(transaction.rooms_of(client)):
            for each in transaction.clients_in(room_id):
                if each.client == client and each.leaf_index is not None:
                    yield room_id, each.leaf_index

    def hosted(self, room_ids: Iterable[MimiUri]) -> Iterator[MimiUri]:
        """Those of some rooms that are ours."""
        return (room_id for room_id in room_ids if room_id.provider == self.domain)

    def have_leave(self, transaction: Transaction, departures: Collection[tuple[MimiUri, Departure]], now: int) -> None:
        """Propose departures from rooms, and tell everybody there."""
        for room_id, departure in departures:
            transaction.add_departure(room_id, departure)
        for room_id in dict.fromkeys(room_id for room_id, _ in departures):
            self.pursue_wishes(transaction, room_id, now)

    def pursue_wishes(self, transaction: Transaction, room_id: MimiUri, now: int) -> None:
        """Propose what is to become of a room, and of those that depend on it, and tell everybody there."""
        room = transaction.room(room_id)
        assert room is not None, "it is one of ours"
        after, own = self.propose_each(transaction, room, self.wishes(transaction, room.state), now)
        if own:
            self.fan_out_proposals(transaction, after.state, None, own, accepted=now)
        self.pursue_wishes_below(transaction, room_id, now)

    def pursue_wishes_below(self, transaction: Transaction, room_id: MimiUri, now: int) -> None:
        """Do as `pursue_wishes` in the rooms that depend on one in which something has changed (AMB-168)."""
        for below in self.hosted(transaction.rooms_below(room_id)):
            self.pursue_wishes(transaction, below, now)

    def note_leavers(self, transaction: Transaction, commit: CommitAccepted) -> None:
        """Remember who wanted to leave, and is out of the group by an external commit that could not change the list.

        Without a client nobody can ask for it again (PROTO 3.5, AMB-053).
        """
        participants = commit.state.committed.participants
        for lapsed in commit.lapsed:
            user, change = lapsed.act.actor.user, lapsed.act.change
            own = isinstance(change, RemoveParticipant) and change.user == user
            if own and user in participants and not participants.clients(user):
                transaction.add_departure(commit.state.room_id, user)

    def wishes(self, transaction: Transaction, state: RoomState, removed: Collection[int] = ()) -> Iterator[Bodies]:
        """What the hub wants to become of a room, as far as nobody has proposed it in this epoch.

        That is everything anew that it has proposed before and that a commit has left out (PROTO 5.5), and that the
        external senders be the right ones.

        Args:
            transaction: what the provider remembers.
            state: the room.
            removed: the leaves that a commit has just removed, which may be those of others by now.

        """
        for departure in transaction.departures(state.room_id):
            if self.has_departed(state, departure, removed):
                transaction.remove_departure(state.room_id, departure)
            else:
                yield self.departure_of(state, departure)
        for user in self.absent_from_parent(transaction, state):
            yield self.departure_of(state, user)
        yield self.right_external_senders(state)

    def absent_from_parent(self, transaction: Transaction, state: RoomState) -> Iterator[User]:
        """The users of a room who have left, or are banned from, the one that it depends on (POLICY 5)."""
        base = state.updated.policy.base
        parent = self.hosted_room(transaction, MimiUri.parse(base.parent_room[0].uri)) if base.parent_room else None
        if parent is None:
            return
        for entry in state.updated.participants.entries:
            if state.updated.takes_part(entry.user) and not parent.state.updated.takes_part(entry.user):
                yield entry.user

    def has_departed(self, state: RoomState, departure: Departure, removed: Collection[int]) -> bool:
        """Whether a departure has taken place."""
        if isinstance(departure, int):
            return departure in removed
        return departure not in state.committed.participants and departure not in state.updated.participants

    def departure_of(self, state: RoomState, departure: Departure) -> Bodies:
        """The proposals that make up a departure; none if it waits for a commit already."""
        participants = state.updated.participants
        if isinstance(departure, int):
            user = participants.user_at(departure)
            return () if user is None else (Remove(departure),)
        if departure not in state.committed.participants or departure not in participants:
            return ()
        gone = ParticipantListUpdate(removed_indices=(state.committed.participants.index(departure),))
        listed = AppDataUpdate(component_id=PARTICIPANT_LIST, op=AppDataUpdateOperation.update, update=gone.encode())
        leaves = (client.leaf_index for client in participants.clients(departure))
        return (*(Remove(leaf_index) for leaf_index in leaves if leaf_index is not None), listed)
