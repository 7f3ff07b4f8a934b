"""How a local client makes a room: the one thing about rooms that takes no MIMI request (PROTO 3.1)."""

from dataclasses import dataclass, replace

from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import UnsupportedCipherSuiteError
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.proposals.components import ComponentRefusal
from mimi_conformance.reference.mls.rules import RuleError
from mimi_conformance.reference.provider.hosting import Hosting
from mimi_conformance.reference.provider.messages import LocalRequestError
from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.reference.provider.rooms import Room, envelope_of
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.actors import JoinCode
from mimi_conformance.reference.room.credentials import client_identity
from mimi_conformance.reference.room.derivation import GroupError
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.policy import NO_ROLE
from mimi_conformance.reference.room.state import RoomState, found
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls import tree as wire
from mimi_conformance.reference.wire.mls.group import GroupInfo
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType


@dataclass(frozen=True, slots=True)
class NewRoom:
    """A room that is to be.

    Attributes:
        room_id: its identifier, at this provider.
        creator: the local client that has made the group.
        group_info: of the group, signed without the ratchet tree (AMB-101).
        ratchet_tree: the ratchet tree.
        joining_codes: codes with which newcomers may join.
        changeable: the policy components that may change later; None when all may (architecture 4.4).

    """

    room_id: MimiUri
    creator: MimiUri
    group_info: GroupInfo
    ratchet_tree: wire.RatchetTree
    joining_codes: tuple[bytes, ...] = ()
    changeable: frozenset[str] | None = None


class RoomExistsError(LocalRequestError):
    """There is a room with this identifier already."""


class Founding(Hosting):
    """Makes rooms of groups that local clients have made."""

    def create_room(self, transaction: Transaction, new: NewRoom) -> None:
        """Make a room.

        Raises:
            LocalRequestError: it is not one, or not one that this hub takes.

        """
        self.check_creator(transaction, new)
        try:
            group = follow(self.group_info_alone(new), room_application(), None, new.ratchet_tree)
            state = found(group, new.room_id, surroundings=self.surroundings(transaction))
        except (RuleError, UnsupportedCipherSuiteError, GroupError, ComponentRefusal) as error:
            raise LocalRequestError(f"{new.room_id} can't be made. {error}") from error
        self.check_made_by(state, new)
        self.check_hub_proposes(state)
        state = replace(state, envelope=envelope_of(state.committed, new.changeable))
        if not transaction.found_room(Room(state, new.group_info, new.changeable)):
            raise RoomExistsError(f"There is a room {new.room_id} already.")
        for code in self.joining_codes(state.committed, new):
            transaction.add_joining_code(new.room_id, code)
        for client, leaf_index in self.first_clients(transaction, state, new):
            transaction.join_room(new.room_id, client, leaf_index)

    def check_creator(self, transaction: Transaction, new: NewRoom) -> None:
        """Refuse a room of another hub, or by somebody who is none of our users."""
        if Role.HUB not in self.settings.roles:
            raise LocalRequestError(f"{self.domain} is the hub of no rooms.")
        if new.room_id.type is not IdentifierType.ROOM or new.room_id.provider != self.domain:
            raise LocalRequestError(f"{new.room_id} is no room of {self.domain}.")
        user = transaction.user_of(new.creator)
        known = None if user is None else transaction.user(user)
        if known is None or known.deleted:
            raise LocalRequestError(f"{new.creator} is no client of a user of {self.domain}.")

    def group_info_alone(self, new: NewRoom) -> GroupInfo:
        """The GroupInfo, which newcomers get as it is, and without the tree (PROTO 5.6)."""
        if any(each.extension_type is ExtensionType.ratchet_tree for each in new.group_info.extensions):
            raise LocalRequestError("The GroupInfo has the ratchet tree in it, and not beside it.")
        return new.group_info

    def check_made_by(self, state: RoomState, new: NewRoom) -> None:
        """Refuse a group that somebody else has made. Pseudonyms of our users are theirs to choose (PROTO 6.1)."""
        signer = client_identity(state.group.tree.member(new.group_info.signer).credential, state.mapping)
        if signer.user.type is IdentifierType.PSEUDONYM:
            made_here = signer.user.provider == self.domain
        else:
            made_here = signer.client == new.creator
        if not made_here:
            raise LocalRequestError(f"The GroupInfo is signed by {signer.client}, not by {new.creator}.")

    def check_hub_proposes(self, state: RoomState) -> None:
        """Refuse a group that lists this hub with another key than the one it has (PROTO 7.4)."""
        if self.sender_index(state.group.context.cipher_suite, state.group.state.extensions) is None:
            raise LocalRequestError(f"The external_senders of the group do not have the key of {self.domain}.")

    def joining_codes(self, view: RoomView, new: NewRoom) -> tuple[JoinCode, ...]:
        """The codes, with the role that they lead to: the lowest that those outside may change into (AMB-164)."""
        if not new.joining_codes:
            return ()
        targets = view.policy.no_role.changes.get(NO_ROLE)
        if CapabilityType.can_use_join_code not in view.policy.no_role.capabilities or not targets:
            raise LocalRequestError("The policy lets nobody in by a code.")
        return tuple(JoinCode(code, min(targets)) for code in new.joining_codes)

    def first_clients(
        self, transaction: Transaction, state: RoomState, new: NewRoom
    ) -> tuple[tuple[MimiUri, int], ...]:
        """The local clients that are in the group from the start, each with its leaf."""
        found = [(new.creator, new.group_info.signer)]
        for clients in state.committed.participants.clients_by_user.values():
            for client in clients:
                assert client.leaf_index is not None, "nobody waits in a new room"
                if client.leaf_index != new.group_info.signer and client.uri and transaction.user_of(client.uri):
                    found.append((client.uri, client.leaf_index))
        return tuple(found)
