"""Two providers, each a process, are killed at random instants of a conversation: nothing is lost, nothing comes twice.

A fiftieth of `MIMI_FUZZ_EXAMPLES` says how often.
"""

import os
import random
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

import pytest

from mimi_conformance.mocks.control.client import ControlClient, ControlUnavailableError
from mimi_conformance.mocks.control.connection import ControlConnection
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.connection import Reply
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.errors import TooLateError, UnansweredError
from mimi_conformance.reference.client.happenings import Discarded, Said
from mimi_conformance.reference.client.room import ClientRoom
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.inbox import Delivery
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from tests.exercised import exercises
from tests.provider.test_serve import DEADLINE_SECONDS, Served, arguments

KILLS = int(os.environ.get("MIMI_FUZZ_EXAMPLES", "200")) // 50
HUB, FOLLOWER = "a.example", "b.example"
LONGEST_LIFE_SECONDS = 0.3
MESSAGES_A_COMMIT = 4


class Killed:
    """A provider that can be killed, and comes back at the same address with the same database.

    Attributes:
        lives: set while it can be asked.

    """

    def __init__(self, network: Network, domain: str, folder: Path) -> None:
        self.domain = domain
        self.database = folder / f"{domain}.sqlite"
        self.address = ("127.0.0.1", free_port())
        self.lives = threading.Event()
        self.peers: dict[str, tuple[str, int]] = {}
        self._network = network
        self._identity = network.issue(domain)
        control_port = free_port()
        self.control = ControlClient(f"http://127.0.0.1:{control_port}")
        self._command = [
            *(sys.executable, "-m", "mimi_conformance"),
            *arguments(
                self._identity,
                network,
                folder,
                domain=domain,
                database=self.database,
                port=self.address[1],
                control_port=control_port,
            ),
        ]

    def start(self) -> None:
        """Begin with what is in the database; back when it can be asked."""
        self.process = subprocess.Popen(self._command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        served = Served(self.process)
        served.line("control interface listens")
        self.meet()
        self.lives.set()

    def meet(self) -> None:
        """Learn where the peers are, and that they are worth another try."""
        self.control.peers(self.peers, self._network.trust.read_text())

    def kill(self) -> None:
        """End it without a warning."""
        self.lives.clear()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(DEADLINE_SECONDS)

    def room(self, uri: MimiUri) -> Room:
        """A room, as it is in the database of the provider that was killed."""
        storage = SQLiteStorage(self.database)
        with storage.transaction() as transaction:
            room = transaction.room(uri)
            assert transaction.backlogs() == ()
        storage.close()
        return room


class PatientConnection(ControlConnection):
    """A connection to a provider that may be killed while it is asked, which waits until it is back."""

    def __init__(self, provider: Killed) -> None:
        super().__init__(provider.control, provider.domain)
        self._provider = provider

    def request(self, client: MimiUri, endpoint: Endpoint, provider: str, about: str, body: bytes) -> Reply:
        self._provider.lives.wait(DEADLINE_SECONDS)
        try:
            return super().request(client, endpoint, provider, about, body)
        except ControlUnavailableError as error:
            raise UnansweredError(str(error)) from error

    def deliveries(self, client: MimiUri, after: int, wait_seconds: float) -> tuple[Delivery, ...]:
        while self._provider.lives.wait(DEADLINE_SECONDS):
            try:
                return super().deliveries(client, after, wait_seconds)
            except ControlUnavailableError:
                continue
        raise UnansweredError(f"{self.domain} does not come back.")


def free_port() -> int:
    """A port that nobody listens on, and that no connection gets by chance while its provider is dead."""
    while True:
        with suppress(OSError), socket.create_server(("127.0.0.1", random.randrange(10_000, 30_000))) as listener:
            return listener.getsockname()[1]


@pytest.fixture
def providers(tmp_path) -> Iterator[dict[str, Killed]]:
    with ExitStack() as stack:
        network = stack.enter_context(Network())
        providers = {domain: Killed(network, domain, tmp_path) for domain in (HUB, FOLLOWER)}
        for provider in providers.values():
            provider.peers = {domain: other.address for domain, other in providers.items()}
            provider.start()
            stack.callback(provider.control.close)
            stack.callback(provider.kill)
        yield providers


def client(provider: Killed, user: str, device: str) -> Client:
    uri = MimiUri.client(provider.domain, user, device)
    pauses = (0.05,) * 20 * DEADLINE_SECONDS
    made = Client(Device(MimiUri.user(provider.domain, user), uri), PatientConnection(provider), pauses=pauses)
    made.register()
    return made


def enter(clients: list[Client]) -> list[ClientRoom]:
    """A room of Alice's, with all clients of Alice and Bob; Bob's provider knows it by a commit of his."""
    alice, _, bob, _ = clients
    bob.grant_consent(alice.user)
    room = alice.create_room()
    room.add(bob.user)
    room.add(alice.user)
    bob.room(room.uri).commit()
    return [each.room(room.uri) for each in clients]


def done(act: Callable[[], object]) -> None:
    """Do something, again if the hub is ahead, and what it has accepted takes long to come: so nothing was accepted."""
    for _ in range(DEADLINE_SECONDS):
        try:
            act()
        except TooLateError:
            continue
        return
    raise AssertionError("A client never learns what the hub has accepted.")


def text_of(message: Said) -> str:
    return message.content.nested_part.content.decode()


def by_acceptance(message: Said) -> int:
    return message.accepted


@exercises("PROTO-5.5-18", "PROTO-5.5-27")
def test_killing_providers_at_random_instants_loses_nothing_and_doubles_nothing(providers):
    seed = random.randrange(2**32)
    instants = random.Random(seed)
    hub, follower = providers[HUB], providers[FOLLOWER]
    clients = [
        client(hub, "alice", "phone"),
        client(hub, "alice", "desk"),
        client(follower, "bob", "phone"),
        client(follower, "bob", "desk"),
    ]
    rooms = enter(clients)
    over = threading.Event()

    def kill() -> None:
        try:
            for _ in range(KILLS):
                over.wait(instants.uniform(0, LONGEST_LIFE_SECONDS))
                victim, other = instants.sample((hub, follower), 2)
                victim.kill()
                victim.start()
                other.meet()
        finally:
            over.set()

    said: list[str] = []
    with ThreadPoolExecutor(1) as killer:
        killing = killer.submit(kill)
        while not over.is_set():
            room = rooms[len(said) % 3]
            said.append(f"{len(said)}")
            done(partial(room.send, said[-1]))
            if len(said) % MESSAGES_A_COMMIT == 0:
                done(rooms[len(said) // MESSAGES_A_COMMIT % 3].commit)
        killing.result()
    epoch = max(room.epoch for room in rooms)
    for each, room in zip(clients, rooms, strict=True):
        each.wait_until(lambda room=room: (len(room.messages), room.epoch) >= (len(said), epoch), 30, f"all ({seed})")
    for each, room in zip(clients, rooms, strict=True):
        assert Counter(map(text_of, room.messages)) == Counter(said), seed
        assert [text_of(each) for each in sorted(room.messages, key=by_acceptance)] == said, seed
        # What a follower's own clients say reaches them at once, and what the hub notifies is in order by itself.
        for domain in (HUB, FOLLOWER):
            heard = [text_of(each) for each in room.messages if each.sender.provider == domain]
            assert heard == sorted(heard, key=int), seed
        assert not [it for it in each.happenings if isinstance(it, Discarded)], seed
    for provider in (hub, follower):
        provider.kill()
    contexts = [room.membership.group.context for room in rooms]
    contexts += [provider.room(rooms[0].uri).state.group.context for provider in (hub, follower)]
    assert len(set(contexts)) == 1, seed
    assert contexts[0].epoch == epoch
