"""The rooms of which this provider is the hub: how they are found, and what lies around each."""

from http import HTTPStatus

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.hub_identity import HubIdentity
from mimi_conformance.reference.provider.messages import Refusal
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.room.participants import ParticipantList
from mimi_conformance.reference.room.surroundings import Surroundings
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.protocol.common import IdentifierUri


class Hosting(HubIdentity):
    """What every endpoint of a hub has in common."""

    def hosted_room(self, transaction: Transaction, room_id: MimiUri) -> Room | None:
        """A room of ours."""
        return transaction.room(room_id) if room_id.provider == self.domain else None

    def room_in_path(self, transaction: Transaction, subject: str) -> Room:
        """The room that a path names.

        Raises:
            Refusal: 400, it names none; 404, there is none here (AMB-055).

        """
        room_id = self.parsed_room(IdentifierUri.of(subject))
        room = self.hosted_room(transaction, room_id)
        if room is None:
            raise Refusal(HTTPStatus.NOT_FOUND, f"{self.domain} has no room {room_id}.")
        return room

    def surroundings(self, transaction: Transaction) -> Surroundings:
        """What lies outside a room, for `reference.room` to look at: our other rooms."""

        def find_room(room_id: MimiUri) -> RoomView | None:
            room = self.hosted_room(transaction, room_id)
            return None if room is None else room.state.updated

        def find_fixed_room(participants: ParticipantList) -> MimiUri | None:
            found = transaction.fixed_rooms(participants)
            return next((each for each in found if each.provider == self.domain), None)

        return Surroundings(find_room, find_fixed_room)
