"""The room of the draft's example (PROTO 3): Alice makes it, Bob and Cathy of other providers come in.

    @checks("PROTO-3.5-03")
    def test_a_leave_waits_for_a_commit(house: Clubhouse) -> None:
        house.everybody_is_in()
        with judging(expected="the leave to be accepted"):
            house.room(house.bob).leave()

We play all clients. The hub is the target or a provider of ours, so that the same people show the target in either
role. What is needed on the way to what a test judges, ends it as blocked when it fails.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from http import HTTPStatus

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.behaving_peer import BehavingPeer
from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.errors import (
    BadAnswerError,
    ClientError,
    HTTPRefusalError,
    RefusedError,
    TooLateError,
    UnansweredError,
)
from mimi_conformance.reference.client.room import ClientRoom
from mimi_conformance.reference.content.message import SinglePart
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.judgement import blocked, expect, inconclusive
from mimi_conformance.suites.target.world import World


@dataclass(frozen=True)
class Person:
    """Somebody of the example, with a phone; more devices as a test wants them.

    Attributes:
        phone: the client.
        new_device: makes another client of the same user, which is in no room.
        new_neighbour: makes a client of another user of the same provider.

    """

    phone: Client
    new_device: Callable[[str], Client]
    new_neighbour: Callable[[str], Client]
    _provider: AddressedPeer | None = None

    @property
    def provider(self) -> AddressedPeer:
        """The provider of ours that this is a user of."""
        assert self._provider is not None, f"{self.uri} is a user of the target"
        return self._provider

    @property
    def uri(self) -> MimiUri:
        """The user."""
        return self.phone.user


class Clubhouse:
    """The room and its people. Who is in it is up to the test.

    Attributes:
        world: the target and our providers.
        alice: a user of the hub, who makes the room.
        bob: a user of the second provider.
        cathy: a user of the third.

    """

    def __init__(self, world: World, alice: Person, bob: Person, cathy: Person) -> None:
        self.world = world
        self.alice, self.bob, self.cathy = alice, bob, cathy

    @cached_property
    def uri(self) -> MimiUri:
        """The room's identifier; the room is made when somebody first asks."""
        with given("Alice makes the room"):
            return self.alice.phone.create_room(self.world.new_name()).uri

    def room(self, person: Person) -> ClientRoom:
        """The room as somebody has it who was let in."""
        return self.on(person.phone)

    def on(self, device: Client) -> ClientRoom:
        """The room as a device has it, with all that it has been told; waits for its Welcome where there was none."""
        uri = self.uri
        if uri not in device.rooms:
            with given(f"{device.user} is told of {uri}"):
                device.room(uri, self.seconds)
        device.catch_up()
        return device.rooms[uri]

    @property
    def seconds(self) -> float:
        """How long the target may take to tell somebody something."""
        return self.world.description.settings.delivery_seconds

    # On the way.

    def bob_is_in(self) -> None:
        """Let Alice add Bob."""
        self.consents(self.bob, self.alice)
        with given("Alice adds Bob"):
            self.room(self.alice).add(self.bob.uri)
        self.room(self.bob)

    def everybody_is_in(self) -> None:
        """Let Alice add Bob, and Bob add Cathy."""
        self.bob_is_in()
        self.consents(self.cathy, self.bob)
        with given("Bob adds Cathy"):
            self.room(self.bob).add(self.cathy.uri)
        self.room(self.cathy)
        self.agree(self.alice.phone, self.bob.phone, self.cathy.phone)

    def consents(self, who: Person, requester: Person) -> None:
        """Let somebody consent to being added by somebody else."""
        with given(f"{who.uri} consents to {requester.uri}"):
            who.phone.grant_consent(requester.uri)

    def agree(self, *devices: Client) -> None:
        """Let devices learn of everything up to the newest epoch that one of them is in."""
        newest = max(self.on(each).epoch for each in devices)
        for device in devices:
            room = self.on(device)
            with given(f"{device.uri} comes into epoch {newest}"):
                device.wait_until(partial(_has_come_to, room, newest), self.seconds, f"epoch {newest}")

    def with_proposals(self, device: Client) -> ClientRoom:
        """The room as a device has it that knows of proposals that wait for a commit."""
        room = self.on(device)
        with given(f"{device.uri} is told of proposals"):
            device.wait_until(lambda: bool(room.membership.group.public.pending), self.seconds, "proposals")
        return room

    def stranger(self, neighbour: Person) -> Client:
        """A client of a user of somebody's provider, who is in no room."""
        return neighbour.new_neighbour("phone")

    # What devices are told.

    def hear(self, device: Client, text: str) -> bool:
        """Whether a device is told of a message that says this, in the time that the target may take."""
        room = self.on(device)
        return self.comes(device, lambda: text in _texts(room))

    def comes(self, device: Client, condition: Callable[[], bool]) -> bool:
        """Whether what a device is told makes something true, in the time that the target may take."""
        try:
            device.wait_until(condition, self.seconds)
        except TooLateError:
            return False
        return True

    def expect_message(self, device: Client, text: str, *ids: str) -> None:
        """Judge that a device is told of a message that it can read."""
        got = [str(each) for each in device.happenings[-3:]]
        expect(self.hear(device, text), *ids, expected=f"{text!r} to reach {device.uri}", got=f"nothing after {got}")

    def expect_epoch(self, device: Client, epoch: int, *ids: str) -> None:
        """Judge that a device is told of what has begun an epoch."""
        room = self.on(device)
        self.comes(device, partial(_has_come_to, room, epoch))
        expect(room.epoch == epoch, *ids, expected=f"{device.uri} to be told of epoch {epoch}", got=room)

    # What our providers see.

    def told(self, provider: AddressedPeer, *, since: int = 0) -> tuple[FanoutMessage, ...]:
        """What the target has notified a provider of about the room, in order."""
        return tuple(event for exchange in self._notifies(provider, since) for event in _events(exchange))

    def wait_until_told(
        self, provider: AddressedPeer, wanted: Callable[[FanoutMessage], bool], *, since: int = 0
    ) -> FanoutMessage | None:
        """The first event about the room, among those after a mark, that is wanted; None when none comes in time."""
        deadline = time.monotonic() + self.seconds
        while True:
            mark = provider.mark()
            found = next((event for event in self.told(provider, since=since) if wanted(event)), None)
            remaining = deadline - time.monotonic()
            if found is not None or remaining <= 0:
                return found
            provider.wait_for("notify", since=mark, seconds=remaining)

    def _notifies(self, provider: AddressedPeer, since: int) -> tuple[Exchange, ...]:
        return tuple(each for each in provider.received("notify", since=since) if each.subject == self.uri.text)


def _texts(room: ClientRoom) -> tuple[str, ...]:
    """What was said in a room, as far as it is text."""
    parts = (each.content.nested_part for each in room.messages)
    return tuple(part.content.decode(errors="replace") for part in parts if isinstance(part, SinglePart))


def _has_come_to(room: ClientRoom, epoch: int) -> bool:
    return room.epoch >= epoch


def _events(exchange: Exchange) -> tuple[FanoutMessage, ...]:
    try:
        return FanoutMessage.decode_all(exchange.request_body)
    except DecodeError:
        return ()  # the suites for notify judge that


@contextmanager
def clubhouse_at_target(world: World) -> Iterator[Clubhouse]:
    """The clubhouse, with the target as its hub."""
    b, c = world.peer, world.other_peer
    with world.behaving(b) as bs, world.behaving(c) as cs:
        yield Clubhouse(world, _at_target(world), _at_ours(world, bs, b), _at_ours(world, cs, c))


@contextmanager
def clubhouse_at_ours(world: World) -> Iterator[Clubhouse]:
    """The clubhouse, with a provider of ours as its hub; Bob is a user of the target."""
    a, c = world.peer, world.other_peer
    with world.behaving(a) as hub, world.behaving(c) as cs:
        yield Clubhouse(world, _at_ours(world, hub, a), _at_target(world), _at_ours(world, cs, c))


def _at_target(world: World) -> Person:
    user, other = (MimiUri.user(world.domain, world.new_name()) for _ in range(2))
    new_device = partial(world.client, user)
    return Person(new_device("phone"), new_device, partial(world.client, other))


def _at_ours(world: World, provider: BehavingPeer, addressed: AddressedPeer) -> Person:
    new_device = partial(provider.client, world.new_name())
    return Person(new_device("phone"), new_device, partial(provider.client, world.new_name()), addressed)


@contextmanager
def given(step: str) -> Iterator[None]:
    """A step on the way: when it fails, the test is blocked, and says at what."""
    try:
        yield
    except ClientError as error:
        blocked(f"{step}: {error}")


@contextmanager
def judging(*ids: str, expected: str) -> Iterator[None]:
    """Judge (`ids`) that what somebody does works: a refusal breaks them, and no answer is no verdict."""
    try:
        yield
    except HTTPRefusalError as error:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status == HTTPStatus.TOO_MANY_REQUESTS:
            inconclusive(str(error), *ids)
        expect(False, *ids, expected=expected, got=error)
    except (RefusedError, BadAnswerError) as error:
        expect(False, *ids, expected=expected, got=error)
    except (UnansweredError, TooLateError) as error:
        inconclusive(str(error), *ids)
    else:
        expect(True, *ids, expected=expected, got="")


@contextmanager
def refused(*ids: str, expected: str) -> Iterator[None]:
    """Judge (`ids`) that what somebody does does not work: the hub says no, with whichever code or 4xx it has."""
    try:
        yield
    except HTTPRefusalError as error:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR or error.status == HTTPStatus.TOO_MANY_REQUESTS:
            inconclusive(str(error), *ids)
        expect(True, *ids, expected=expected, got=error)
    except RefusedError as error:
        expect(True, *ids, expected=expected, got=error)
    except (UnansweredError, TooLateError, BadAnswerError) as error:
        inconclusive(str(error), *ids)
    else:
        expect(False, *ids, expected=expected, got="it was accepted")
