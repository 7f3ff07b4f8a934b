"""What the provider remembers, as an interface: the protocol logic knows this and not the database behind it."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol, TypeVar

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.abuse_reports import ReceivedReport
from mimi_conformance.reference.provider.arrival import Arrival, Waiting
from mimi_conformance.reference.provider.inbox import Delivery, DeliveryKind
from mimi_conformance.reference.provider.messages import Outgoing
from mimi_conformance.reference.provider.open_requests import OpenRequest
from mimi_conformance.reference.provider.outbox import Backlog, Lane, Loss, NotifyBody
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.users import ClientInRoom, ConsentDecision, Departure, ProfileEntry, User
from mimi_conformance.reference.room.actors import JoinCode
from mimi_conformance.reference.room.participants import ParticipantList
from mimi_conformance.reference.room.participants import User as RoomUser
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.consent import ConsentScope
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SeenWindow:
    """How many requests of each provider are remembered, and for how long at most (PROTO 5.5, AMB-088; AMB-079).

    Attributes:
        count: requests per provider.
        milliseconds: age at which a request is no longer recognised.

    """

    count: int = 10_000
    milliseconds: int = 24 * 60 * 60 * 1000


class Transaction(Protocol):
    """Reads and writes that happen together or not at all."""

    def rollback(self) -> None:
        """Undo every write of this transaction so far."""

    def clear(self) -> None:
        """Forget everything."""

    def secret(self) -> bytes | None:
        """What the provider's keys follow from; None before `keep_secret`. It outlives `clear`."""

    def keep_secret(self, secret: bytes) -> None:
        """Remember what the provider's keys follow from, once and for all."""

    def add_asset_host(self, provider: str, host: str) -> None:
        """Learn that a provider keeps assets at a host, which outlives `clear`."""

    def asset_hosts(self) -> frozenset[str]:
        """The hosts at which any provider is known to keep assets."""

    def add_user(self, user: MimiUri) -> None:
        """Make a local user, unless there is one with this URI."""

    def add_client(self, user: MimiUri, client: MimiUri) -> None:
        """Give a user a client, unless the user has it already."""

    def remove_client(self, client: MimiUri) -> None:
        """Forget a client, with its KeyPackages, its inbox, and the rooms that it is in."""

    def set_profile(self, user: MimiUri, profile: Iterable[ProfileEntry]) -> None:
        """Replace a user's profile."""

    def set_search_types(self, user: MimiUri, types: frozenset[SearchIdentifierType]) -> None:
        """Replace the searches that may find a user."""

    def set_deleted(self, user: MimiUri, *, deleted: bool) -> None:
        """Mark an account as gone, or as there again."""

    def user(self, uri: MimiUri) -> User | None:
        """The local user with this URI, also when deleted."""

    def users(self) -> tuple[User, ...]:
        """Every local user, in the order they were added."""

    def user_of(self, client: MimiUri) -> MimiUri | None:
        """The user that a local client belongs to."""

    def add_key_package(self, client: MimiUri, reference: bytes, key_package: KeyPackage) -> bool:
        """Keep a KeyPackage to hand out once; False when one with this KeyPackageRef is or was there."""

    def unused_key_packages(self, client: MimiUri) -> tuple[tuple[bytes, KeyPackage], ...]:
        """A client's KeyPackages that were never handed out, oldest first, each after its KeyPackageRef."""

    def use_key_package(self, reference: bytes) -> None:
        """Never hand out this KeyPackage again; its client stays known."""

    def client_of_key_package(self, reference: bytes) -> MimiUri | None:
        """The local client whose KeyPackage this KeyPackageRef names, handed out or not."""

    def route_key_package(self, reference: bytes, provider: str, expires: int, now: int) -> None:
        """Note which provider a KeyPackage came from, so that a Welcome finds the way back to it (PROTO 4.3.1).

        ``expires`` is in seconds of the Unix epoch, like lifetimes in MLS; ``now`` is in milliseconds.
        """

    def provider_of_key_package(self, reference: bytes) -> str | None:
        """Where a KeyPackage came from that `route_key_package` noted, and no Welcome has been for."""

    def forget_route(self, reference: bytes) -> None:
        """A Welcome for this KeyPackage is on its way; it is used up."""

    def record_decision(self, decision: ConsentDecision) -> None:
        """Remember a decision, replacing an older one with the same requester, target and room."""

    def decisions(self, requester: MimiUri, target: MimiUri) -> tuple[ConsentDecision, ...]:
        """The decisions of ``target`` about ``requester`` for whatever room."""

    def add_request(self, scope: ConsentScope) -> bool:
        """Remember a request for consent; False when it was pending already."""

    def remove_request(self, scope: ConsentScope) -> bool:
        """Forget a request for consent; False when none was pending."""

    def seen_request(self, provider: str, digest: bytes, since: int) -> bytes | None:
        """What was answered to the same request of a provider after a time, in milliseconds of the Unix epoch."""

    def remember_request(self, provider: str, digest: bytes, answer: bytes, now: int, count: int) -> None:
        """Remember a request that came now, and what is answered to it, and only the newest `count` of a provider.

        ``now`` is in milliseconds of the Unix epoch.
        """

    def join_room(self, room: MimiUri, client: MimiUri, leaf_index: int | None = None, since: int = 0) -> None:
        """Note that a local client is in a room.

        Args:
            room: the room.
            client: the client.
            leaf_index: in one of our rooms, its leaf, which may be another than before.
            since: in one of another hub, if it was not in it before: messages that the hub has accepted earlier are not
                for it; in milliseconds of the Unix epoch.

        """

    def leave_room(self, room: MimiUri, client: MimiUri) -> None:
        """Note that a local client is in a room no longer."""

    def clients_in(self, room: MimiUri) -> tuple[ClientInRoom, ...]:
        """The local clients in a room, in the order they joined."""

    def note_leaving(self, room: MimiUri, client: MimiUri, since: int, forgotten: int) -> None:
        """Note that messages which the hub of a room accepts from a time on are not for a local client.

        Those for whom that began before the time ``forgotten`` are forgotten, unless they are still in the group. Times
        are in milliseconds of the Unix epoch.
        """

    def note_staying(self, room: MimiUri, client: MimiUri) -> None:
        """Note that messages in a room are for a local client, or are so again."""

    def readers_in(self, room: MimiUri, accepted: int) -> tuple[MimiUri, ...]:
        """The local clients that a message in a room of another hub is for, by the time at which that accepted it."""

    def add_abuse_report(self, received: ReceivedReport) -> None:
        """Keep a report of abuse."""

    def abuse_reports(self) -> tuple[ReceivedReport, ...]:
        """Every report of abuse, oldest first."""

    def rooms_of(self, client: MimiUri) -> tuple[MimiUri, ...]:
        """The rooms that a local client is in, in the order in which it joined."""

    def add_departure(self, room: MimiUri, departure: Departure) -> None:
        """Note that somebody has to leave a room of ours."""

    def departures(self, room: MimiUri) -> tuple[Departure, ...]:
        """Who has to leave a room."""

    def remove_departure(self, room: MimiUri, departure: Departure) -> None:
        """Note that somebody has left a room, or may stay."""

    def add_joining_code(self, room: MimiUri, code: JoinCode) -> None:
        """Let newcomers into a room of ours by a code, which leads to a role."""

    def joining_code(self, room: MimiUri, code: bytes) -> JoinCode | None:
        """The code of a room that has these bytes."""

    def show_code(self, room: MimiUri, user: RoomUser, code: JoinCode) -> None:
        """Note that a user has shown a code of the room (PROTO 5.6, AMB-164)."""

    def shown_code(self, room: MimiUri, user: RoomUser) -> JoinCode | None:
        """The code of the room that a user has shown last."""

    def deliver(
        self, clients: Iterable[MimiUri], kind: DeliveryKind, provider: str, room: MimiUri | None, body: bytes
    ) -> None:
        """Put the same thing at the end of each client's inbox."""

    def deliveries(self, client: MimiUri, after: int) -> tuple[Delivery, ...]:
        """A client's deliveries with a cursor greater than ``after``, oldest first."""

    def room(self, uri: MimiUri) -> Room | None:
        """A room that this provider hosts or follows."""

    def found_room(self, room: Room) -> bool:
        """Keep a new room; False when there is one with its identifier."""

    def record_room(self, room: Room) -> None:
        """Keep what has become of a room, after each update that was accepted: what it writes is what has changed."""

    def forget_room(self, uri: MimiUri) -> None:
        """Keep a room no longer, if it is here."""

    def rooms_lost(self) -> tuple[MimiUri, ...]:
        """The rooms with local clients in them of which nothing else is known."""

    def hold(self, arrival: Arrival, behind: int, now: int) -> None:
        """Let an event wait for its turn: behind all that was notified before, or by its time if it is our own.

        Args:
            arrival: the event.
            behind: as in `Waiting`.
            now: milliseconds of the Unix epoch.

        """

    def waiting(self, room: MimiUri, most: int) -> tuple[Waiting, ...]:
        """What waits in a room, in its order; not more than so many."""

    def waits(self, room: MimiUri, message: bytes) -> bool:
        """Whether an event with this MLSMessage waits in a room."""

    def release(self, position: int) -> Arrival:
        """Take out an event, whose turn has come."""

    def rooms_waited_in(self) -> tuple[MimiUri, ...]:
        """The rooms in which something waits."""

    def keep_own_event(self, room: MimiUri, event: FanoutMessage, most: int) -> None:
        """Keep an event of a local client in a room of another hub, and only the newest so many of that room."""

    def own_events(self, room: MimiUri, after: int) -> tuple[bytes, ...]:
        """Those that the hub has accepted after a time, in milliseconds of the Unix epoch: FanoutMessages."""

    def forget_own_events(self, room: MimiUri) -> None:
        """Keep none of them."""

    def begin_request(self, client: MimiUri, room: MimiUri, outgoing: Outgoing) -> int:
        """Note that a local client asks the hub of a room something; the number of the request, also of an open one."""

    def end_request(self, number: int) -> None:
        """Note that a request has its answer, or will never have one."""

    def has_request(self, number: int) -> bool:
        """Whether a request has begun and not ended."""

    def open_requests(self) -> tuple[OpenRequest, ...]:
        """The requests that have begun and not ended, oldest first; those of earlier runs are among them."""

    def newest_request(self, room: MimiUri) -> int:
        """The number of the last open request about a room to begin; 0 when there is none."""

    def is_request_open(self, room: MimiUri, until: int) -> bool:
        """Whether a request about a room is open that began no later than the one with number ``until``."""

    def rooms_naming(self, user: RoomUser) -> tuple[MimiUri, ...]:
        """The rooms, hosted or followed, whose group or proposals have a user's name in them; others may be, too."""

    def rooms_below(self, parent: MimiUri) -> tuple[MimiUri, ...]:
        """The rooms that depend on a room (POLICY 5)."""

    def asset_hosts_in_rooms(self, hub: str) -> frozenset[str]:
        """The hosts where peers keep their assets by the policies of the rooms of a hub (POLICY 6.4)."""

    def fixed_rooms(self, participants: ParticipantList) -> tuple[MimiUri, ...]:
        """The fixed-membership rooms of exactly these users, of whatever hub (POLICY 5)."""

    def send_later(self, providers: Iterable[str], room: MimiUri, event: FanoutMessage) -> None:
        """Have each of these providers notified of an event, after everything in the room before it (PROTO 5.5)."""

    def next_body(self, lane: Lane) -> NotifyBody | None:
        """What is to be sent next in a lane; the same until `remove_body` or `give_up`, also after a restart."""

    def remove_body(self, body: NotifyBody) -> bool:
        """Forget what a follower has received; whether something else waits in the lane."""

    def give_up(self, body: NotifyBody, reason: str, now: int) -> bool:
        """Do as `remove_body`, but remember for `losses` that the follower has not got it."""

    def backlogs(self) -> tuple[Backlog, ...]:
        """The lanes in which something waits."""

    def losses(self) -> tuple[Loss, ...]:
        """What was given up, oldest first."""


class Storage(Protocol):
    """Where transactions come from; safe to use from several threads."""

    def transaction(self) -> AbstractContextManager[Transaction]:
        """A transaction that is durable once the block has been left, and undone when it is left by an exception."""

    async def run(self, work: Callable[[Transaction], T]) -> T:
        """Do ``work`` in a transaction, and return what it returns once that is durable.

        Transactions that an event loop runs at the same time may become durable together; an exception of ``work``
        undoes what it has written, and nothing else.
        """

    def watch_outbox(self, watch: Callable[[set[Lane]], None]) -> None:
        """Tell ``watch`` of lanes that got something new, once it is durable; in whatever thread that happens."""

    @property
    def commits(self) -> int:
        """How many transactions have changed something since the start."""

    def wait_for_commit(self, seen: int, seconds: float) -> None:
        """Wait until ``commits`` differs from ``seen``, or the time is over."""

    def close(self) -> None:
        """Let go of the database."""
