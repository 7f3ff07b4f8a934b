"""Three providers, their users' clients, rooms at each of them, and a bad network; and still everybody agrees at last.

A twentieth of `MIMI_FUZZ_EXAMPLES` says how many such stories are told.
"""

import os
from collections.abc import Callable
from http import HTTPStatus

from hypothesis import HealthCheck, Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from mimi_conformance.reference.client import changes
from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.errors import (
    ClientError,
    HTTPRefusalError,
    NoKeyMaterialError,
    NotInRoomError,
    NotSentError,
    RefusedError,
    TooLateError,
    UnansweredError,
)
from mimi_conformance.reference.client.room import ClientRoom
from mimi_conformance.reference.content.features import Uris, plain_text, reply
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.local import UserChange
from mimi_conformance.reference.provider.messages import Answer
from mimi_conformance.reference.wire.protocol.group_info import GroupInfoCode
from mimi_conformance.reference.wire.protocol.submit import SubmitResponseCode
from tests.provider.agreement import (
    Notes,
    check_deliveries,
    check_messages,
    check_nothing_discarded,
    check_nothing_waits,
    check_readers,
    check_rooms,
    members,
    noting,
)
from tests.provider.network_scene import (
    Exchange,
    Fault,
    Network,
    answered,
    killed_after,
    killed_before,
    late,
    lost,
    twice,
    unheard,
)

STORIES = int(os.environ.get("MIMI_FUZZ_EXAMPLES", "200")) // 20
DOMAINS = ("a.example", "b.example", "c.example")
USERS, DEVICES, MOST_CLIENTS, MOST_ROOMS = 3, 2, 9, 3

numbers = st.integers(0, 2**16)
domains = st.sampled_from(DOMAINS)
FAULTS = (
    lost,
    unheard,
    twice,
    killed_before,
    killed_after,
    late(0.3),
    late(7),
    late(0, answer=0.3),
    late(0, answer=7),
    answered(502),
    answered(429, Retry_After="3"),
    answered(503, Retry_After="3"),
)
faults = st.sampled_from(FAULTS)
EXCUSED = (
    HTTPStatus.FORBIDDEN,  # a claim of somebody who is about to be removed
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


class Trouble:
    """A fault that happens to some exchanges, and then to none.

    Args:
        fault: what happens.
        skipped: how many exchanges go well before.
        times: to how many it happens.

    """

    def __init__(self, fault: Fault, skipped: int, times: int) -> None:
        self.fault, self.skipped, self.times = fault, skipped, times

    async def __call__(self, exchange: Exchange) -> Answer:
        self.skipped -= 1
        if self.skipped >= 0 or self.times == 0:
            return await exchange.deliver()
        self.times -= 1
        return await self.fault(exchange)


class ThreeProviders(RuleBasedStateMachine):
    """The life of a few rooms."""

    def __init__(self) -> None:
        super().__init__()
        self.notes = Notes()
        self.network = Network(*DOMAINS, kind=noting(self.notes)).__enter__()
        self.clients: list[Client] = []
        self.rooms: list[MimiUri] = []
        self.known: set[MimiUri] = set()
        self.deleted: set[MimiUri] = set()
        self.trouble: Trouble | None = None
        self.said = 0

    def teardown(self) -> None:
        try:
            self.settles()
        finally:
            self.network.__exit__(None, None, None)

    # Who and where.

    def anybody(self, number: int) -> Client | None:
        there = [each for each in self.clients if each.user not in self.deleted]
        return there[number % len(there)] if there else None

    def somebody_in_a_room(self, number: int) -> ClientRoom | None:
        """A room in the hands of one of its clients."""
        rooms = [
            room
            for client in self.clients
            for room in client.rooms.values()
            if client.user not in self.deleted and not room.membership.is_over
        ]
        return rooms[number % len(rooms)] if rooms else None

    def tried(self, what: str, action: Callable[[], object]) -> bool:
        """Let a client do something; whether it could."""
        try:
            action()
        except (NotSentError, NotInRoomError, NoKeyMaterialError, UnansweredError) as error:
            event(f"{what}: {type(error).__name__}")
            return False
        except ClientError as error:
            event(f"{what}: {type(error).__name__}")
            return self.excused(error)
        event(f"{what}: done")
        return True

    def excused(self, error: ClientError) -> bool:
        """Whether something may fail now in this way."""
        if isinstance(error, HTTPRefusalError) and error.status in EXCUSED:
            return False
        if isinstance(error, RefusedError) and error.code in (
            GroupInfoCode.not_authorized,
            SubmitResponseCode.not_allowed,
        ):
            return False  # a role is lacking, which only the hub looks at
        if type(error) is ClientError:
            return False  # what was asked for makes no sense any longer
        if isinstance(error, TooLateError | RefusedError) and self.trouble is not None:
            return False  # it does not know yet what has happened in the room
        raise error

    # People and their devices.

    @initialize()
    def begins(self):
        """One room has somebody of each provider in it from the start."""
        for domain in DOMAINS:
            self.registers(domain, 0, 0)
        self.makes_a_room(0, "cooperative")
        for number in (1, 2):
            self.adds(0, number, asked=True)

    @precondition(lambda self: len(self.clients) < MOST_CLIENTS)
    @rule(domain=domains, user=st.integers(0, USERS - 1), device=st.integers(0, DEVICES - 1))
    def registers(self, domain, user, device):
        name, device_name = f"{domain[0]}{user}", f"device{device}"
        deleted = MimiUri.user(domain, name) in self.deleted
        if not deleted and MimiUri.client(domain, name, device_name) not in self.known:
            self.new_client(domain, name, device_name)

    def new_client(self, domain: str, user: str, device: str) -> Client:
        client = self.network.client(domain, user, device)
        self.known.add(client.uri)
        self.clients.append(client)
        return client

    @rule(number=numbers, asker=numbers, granted=st.booleans())
    def decides_about_consent(self, number, asker, granted):
        client, other = self.anybody(number), self.anybody(asker)
        if client.user != other.user:
            decide = client.grant_consent if granted else client.revoke_consent
            self.tried("consent", lambda: decide(other.user))

    @precondition(lambda self: len({each.user for each in self.clients} - self.deleted) > 3)
    @rule(number=numbers)
    def deletes_a_user(self, number):
        user = self.anybody(number).user
        self.network.instances[user.provider].service.change_user(UserChange(user, deleted=True))
        self.deleted.add(user)

    @precondition(lambda self: len(self.clients) > 4)
    @rule(number=numbers)
    def loses_a_client(self, number):
        client = self.anybody(number)
        service = self.network.instances[client.user.provider].service
        service.change_user(UserChange(client.user, lost=(client.uri,)))
        self.clients.remove(client)

    # Rooms.

    @precondition(lambda self: len(self.rooms) < MOST_ROOMS)
    @rule(number=numbers, preset=st.sampled_from(["cooperative", "moderated", "strict", "multi-organization"]))
    def makes_a_room(self, number, preset):
        client = self.anybody(number)
        room = client.create_room(f"room{len(self.rooms)}", preset=preset)
        self.rooms.append(room.uri)

    @rule(number=numbers, whom=numbers, asked=st.booleans())
    def adds(self, number, whom, asked):
        room, other = self.somebody_in_a_room(number), self.anybody(whom)
        if room is None:
            return
        client = self.client_of(room)
        if asked and other.user != client.user:
            self.tried("grant", lambda: other.grant_consent(client.user))
        self.tried("add", lambda: room.add(other.user))

    @rule(number=numbers, which=numbers)
    def joins(self, number, which):
        client = self.anybody(number)
        room_id = self.rooms[which % len(self.rooms)]
        if client.uri not in members(self.network, room_id):
            self.tried("join", lambda: client.join(room_id))

    @rule(number=numbers, name=st.sampled_from(["tablet", "watch"]))
    def joins_with_a_new_device(self, number, name):
        room = self.somebody_in_a_room(number)
        if room is None or len(self.clients) >= MOST_CLIENTS:
            return
        user = self.client_of(room).user
        if MimiUri.client(user.provider, user.path[0], name) not in self.known:
            client = self.new_client(user.provider, user.path[0], name)
            self.tried("join too", lambda: client.join(room.uri))

    @rule(number=numbers)
    def leaves(self, number):
        room = self.somebody_in_a_room(number)
        if room is not None and number % 3 == 0:
            self.tried("leave", room.leave)

    @rule(number=numbers, whom=numbers, how=st.sampled_from(["remove", "ban"]))
    def takes_somebody_out(self, number, whom, how):
        room = self.somebody_in_a_room(number)
        other = None if room is None else self.participant(room, whom)
        if other is not None:
            self.tried(how, lambda: getattr(room, how)(other))

    @rule(number=numbers, whom=numbers, which=numbers)
    def changes_a_role(self, number, whom, which):
        room = self.somebody_in_a_room(number)
        other = None if room is None else self.participant(room, whom)
        if other is not None:
            roles = [each.name for each in room.membership.view.policy.roles.values()]
            self.tried("role", lambda: room.change_role(other, roles[which % len(roles)]))

    @rule(number=numbers)
    def commits(self, number):
        room = self.somebody_in_a_room(number)
        if room is not None:
            self.tried("commit", room.commit)

    @rule(number=numbers, whom=numbers)
    def proposes(self, number, whom):
        """For somebody else to commit."""
        room = self.somebody_in_a_room(number)
        other = None if room is None else self.participant(room, whom)
        if other is not None:
            self.tried("propose", lambda: room.propose(lambda membership: changes.removing(membership, other)))

    def participant(self, room: ClientRoom, number: int) -> MimiUri | None:
        own = self.client_of(room).user.text
        others = sorted(each for each in room.participants if "/u/" in each and each != own)
        return MimiUri.parse(others[number % len(others)]) if others else None

    def client_of(self, room: ClientRoom) -> Client:
        return next(each for each in self.clients if each.rooms.get(room.uri) is room)

    # Messages.

    @rule(number=numbers)
    def sends(self, number):
        room = self.somebody_in_a_room(number)
        if room is not None:
            self.said += 1
            self.tried("send", lambda: room.send(f"message {self.said}"))

    @rule(number=numbers, which=numbers)
    def replies(self, number, which):
        room = self.somebody_in_a_room(number)
        if room is not None and room.messages:
            to = room.messages[which % len(room.messages)].message_id
            uris = Uris(self.client_of(room).user.text, room.uri.text)
            content = reply(plain_text("yes"), to=to, salt=self.network.random.randbytes(16), uris=uris)
            self.tried("reply", lambda: room.send_content(content))

    # What else happens.

    @rule(number=numbers)
    def looks(self, number):
        self.anybody(number).catch_up()

    @rule(seconds=st.sampled_from([0.1, 1, 10, 100]))
    def time_passes(self, seconds):
        self.network.loop.pass_time(seconds)

    @rule(fault=faults, skipped=st.integers(0, 3), times=st.integers(1, 12))
    def goes_wrong(self, fault, skipped, times):
        """Something will happen to a few requests from now on, after some to which nothing does."""
        self.trouble = self.network.fault = Trouble(fault, skipped, times)

    @rule(domain=domains)
    def is_killed(self, domain):
        self.network.loop.run(self.network.instances[domain].kill())

    @rule()
    def settles(self):
        """Everything arrives, and everybody looks."""
        network, self.trouble = self.network, None
        for _ in range(2):  # who looks, asks again for what had no answer, of which others have to hear
            network.settle()
            for client in self.clients:
                client.catch_up()
        check_nothing_waits(network)
        check_nothing_discarded(self.clients)
        check_rooms(network, self.rooms, self.clients)
        for room_id in self.rooms:
            check_messages(network, room_id, self.notes.accepted, self.clients)
        check_readers(network, self.notes, self.clients)
        check_deliveries(network, self.clients)


TestThreeProviders = ThreeProviders.TestCase
TestThreeProviders.settings = settings(
    max_examples=STORIES,
    derandomize="MIMI_FUZZ_EXAMPLES"
    not in os.environ,  # those of CI are always the same: a new story that fails is for `tox -e fuzz` to find
    stateful_step_count=30,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # a shorter story would take minutes to find
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
