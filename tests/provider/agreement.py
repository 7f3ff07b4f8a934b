"""What has to hold once everything has arrived: everybody has each room as its hub does, and each message once.

A hub notes which messages it has accepted, and who was in the group and in the room then. Nothing else is taken from it
on trust: what clients and followers have is compared, and what came to each of them is counted.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.happenings import Discarded
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group import MemberStateRule
from mimi_conformance.reference.provider.inbox import DeliveryKind
from mimi_conformance.reference.provider.messages import Call
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.room.state import RoomState
from mimi_conformance.reference.wire.protocol.notify import FanoutEvent, FanoutMessage
from mimi_conformance.reference.wire.protocol.submit import SubmitMessageRequest
from tests.provider.hub_scene import Trusting
from tests.provider.network_scene import Instance, Network


@dataclass(frozen=True)
class Accepted:
    """A message that a hub has accepted.

    Attributes:
        call: with which it came.
        at: when, in milliseconds of the Unix epoch.
        epoch: of the room then.
        readers: the clients that were to have it: those in the group whose users were in the room, too.

    """

    call: Call
    at: int
    epoch: int
    readers: frozenset[MimiUri]


@dataclass
class Notes:
    """What providers note; of what was undone as they were killed, too.

    Attributes:
        accepted: the messages that hubs have accepted.
        unseen: rooms and clients that followers may take to be there still: what happened was not to be seen.

    """

    accepted: list[Accepted] = field(default_factory=list)
    unseen: set[tuple[MimiUri, MimiUri]] = field(default_factory=set)


def noting(notes: Notes) -> type[Provider]:
    """The logic of providers that take notes."""

    class NotingProvider(Trusting):
        def fan_out_message(self, transaction, state, call, message, frank, *, accepted) -> None:
            super().fan_out_message(transaction, state, call, message, frank, accepted=accepted)
            present = (
                client.uri
                for user, clients in state.committed.participants.clients_by_user.items()
                if state.updated.takes_part(user)
                for client in clients
            )
            notes.accepted.append(Accepted(call, accepted, state.group.context.epoch, frozenset(present)))

        def process(self, transaction, arrival) -> None:
            room_id = arrival.room_id
            if transaction.room(room_id) is None and arrival.event.event in (FanoutEvent.commit, FanoutEvent.proposal):
                notes.unseen |= {(room_id, each.client) for each in transaction.clients_in(room_id)}
            super().process(transaction, arrival)

    return NotingProvider


def accepted_in(network: Network, room_id: MimiUri, noted: Iterable[Accepted]) -> Iterator[Accepted]:
    """What the hub of a room has really accepted there: it would say so again."""
    hub = network.instances[room_id.provider]
    there = (each for each in noted if each.call.subject == room_id.text)
    with hub.storage.transaction() as transaction:
        for each in there:
            if hub.provider.earlier_answer(transaction, each.call, network.clock()) is not None:
                yield each


def as_seen(state: RoomState) -> dict[str, object]:
    """All that everybody in a room has to agree on."""
    return {
        "GroupContext": state.group.context,
        "participants": state.committed.participants.entries,
        "policy": state.committed.policy,
        "pending proposals": set(state.group.pending),
        "participants with what is pending": state.updated.participants.entries,
    }


def members(network: Network, room_id: MimiUri) -> set[MimiUri]:
    """The clients in the group of a room, as its hub has it."""
    state = network.instances[room_id.provider].room(room_id).state
    return {client.uri for clients in state.committed.participants.clients_by_user.values() for client in clients}


def check_seen(whose: str, state: RoomState, expected: dict[str, object]) -> None:
    """Somebody has a room as its hub does."""
    seen = as_seen(state)
    for what, value in expected.items():
        assert seen[what] == value, f"{what} of {state.room_id} at {whose}"


def check_rooms(network: Network, rooms: Iterable[MimiUri], clients: Iterable[Client]) -> None:
    """All clients and servers of each room agree."""
    for room_id in rooms:
        expected = as_seen(network.instances[room_id.provider].room(room_id).state)
        there = members(network, room_id)
        for instance in network.instances.values():
            check_follower(instance, room_id, expected, there)
        for client in clients:
            membership = client.rooms[room_id].membership if room_id in client.rooms else None
            if client.uri in there:
                assert membership is not None, f"{client.uri} is in {room_id}, and does not know"
                assert not membership.is_over, f"{client.uri} is in {room_id}, and thinks it is not"
                check_seen(str(client.uri), membership.state, expected)
            else:
                assert membership is None or membership.is_over, f"{client.uri} thinks that it is in {room_id}"


def check_follower(instance: Instance, room_id: MimiUri, expected: dict[str, object], there: set[MimiUri]) -> None:
    """A provider has a room as the hub does, unless it has lost track of it, and knows its clients that are there.

    It may count others that have been removed when it did not know the room, and could not see it.
    """
    domain = instance.provider.domain
    followed = instance.room(room_id)
    with instance.storage.transaction() as transaction:
        here = {each.client for each in transaction.clients_in(room_id)}
        theirs = {each for each in there if transaction.user_of(each) is not None}
        assert room_id not in transaction.rooms_waited_in(), f"something of {room_id} waits at {domain}"
    assert theirs <= here, f"{domain} does not know that {theirs - here} are in {room_id}"
    if followed is not None and (theirs or domain == room_id.provider):
        check_seen(domain, followed.state, expected)


def check_messages(network: Network, room_id: MimiUri, noted: Iterable[Accepted], clients: Iterable[Client]) -> None:
    """Every accepted message has come to everybody who was to have it, once, and to nobody else."""
    accepted = list(accepted_in(network, room_id, noted))
    for client in clients:
        said = client.rooms[room_id].messages if room_id in client.rooms else ()
        expected = Counter(each.at for each in accepted if client.uri in each.readers)
        found, too_late = Counter(each.accepted for each in said), len(come_too_late(client, room_id))
        assert found <= expected, f"messages of {room_id} at {client.uri}"
        assert found.total() + too_late == expected.total(), f"messages of {room_id} at {client.uri}"
        ids = Counter(each.message_id for each in said)
        assert not [each for each, times in ids.items() if times > 1], f"{client.uri} has a message twice"


def come_too_late(client: Client, room_id: MimiUri) -> list[Discarded]:
    """The messages of a room that came when the client had gone on by more epochs than it keeps the secrets of."""
    discarded = (each for each in client.happenings if isinstance(each, Discarded) and each.room_id == room_id)
    return [each for each in discarded if each.reason.startswith(MemberStateRule.EPOCH_KEPT.value.text)]


def check_readers(network: Network, notes: Notes, clients: Iterable[Client]) -> None:
    """No accepted message has been delivered to a client that was not to have it, though it could not read it.

    A follower that does not know a room can't see who is taken out of it, and goes on.
    """
    accepted = {SubmitMessageRequest.decode(each.call.body).app_message.encode(): each for each in notes.accepted}
    for client in clients:
        for event in told(network, client):
            message = accepted.get(event.message.encode())
            if message is not None and (MimiUri.parse(message.call.subject), client.uri) not in notes.unseen:
                assert client.uri in message.readers, f"{client.uri} was delivered what was not for it"


def told(network: Network, client: Client) -> list[FanoutMessage]:
    """The events that a client was delivered, but for Welcomes."""
    service = network.instances[client.user.provider].service
    bodies = [each.body for each in service.deliveries(client.uri) if each.kind is DeliveryKind.FANOUT]
    return [event for event in map(FanoutMessage.decode, bodies) if event.event is not FanoutEvent.welcome]


def check_deliveries(network: Network, clients: Iterable[Client]) -> None:
    """Nothing was delivered to a client twice."""
    for client in clients:
        events = Counter(event.message.encode() for event in told(network, client))
        assert not [each for each, times in events.items() if times > 1], f"{client.uri} was told something twice"


def check_nothing_discarded(clients: Iterable[Client]) -> None:
    """No client thinks that a hub has accepted what it should not have."""
    for client in clients:
        excused = [each for room_id in client.rooms for each in come_too_late(client, room_id)]
        discarded = [each for each in client.happenings if isinstance(each, Discarded) and each not in excused]
        assert not discarded, f"{client.uri} has discarded {discarded}"


def check_nothing_waits(network: Network) -> None:
    """No server has anything left to say, or has given up."""
    for domain, instance in network.instances.items():
        assert not instance.service.backlogs(), f"{domain} has not told everything"
        assert not instance.service.losses(), f"{domain} has given up"
