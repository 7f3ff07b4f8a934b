"""A hub and a follower in one process, without sockets: what a client of the follower sends goes through both.

The hub and the clients in its room are those of hub_scene.py; `bob1` and `bob2` are clients of Bob at the follower.
"""

import asyncio
from collections.abc import Callable
from random import Random
from urllib.parse import quote

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.local import ClientChange, LocalService, UserChange
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Outgoing, PeerRequest, Unanswered
from mimi_conformance.reference.provider.open_requests import OpenRequest
from mimi_conformance.reference.provider.outgoing import PeerError
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.update import HandshakeBundle, UpdateRequest, UpdateRoomResponse
from tests.provider.hub_scene import Hub, Trusting
from tests.room.house import HUB, ROOM, client, user

FOLLOWER = "b.example"


class FollowedHub(Hub):
    """A hub that clients of its follower ask through that.

    Attributes:
        follower: the follower.

    """

    def __init__(self, **settings) -> None:
        super().__init__(**settings)
        self.follower = Follower(self)

    def update(self, name: str, bundle: HandshakeBundle, source: str | None = None) -> UpdateRoomResponse:
        """Send an update, of Bob through the follower; whatever the hub has to say to it, is said at once."""
        if source is None and name.startswith("b"):
            answer = self.follower.ask(name, Endpoint.UPDATE, UpdateRequest(bundle).encode())
            response = UpdateRoomResponse.decode(answer.body)
        else:
            response = super().update(name, bundle, source)
        self.follower.catch_up()
        return response


class Follower:
    """A provider whose clients are in a room of the hub.

    Attributes:
        before_answer: what happens between the hub's acceptance of a request and its answer.
        reachable: whether the hub's answers come through.

    """

    def __init__(self, hub: Hub, kind: type[Provider] = Trusting, path: str = ":memory:") -> None:
        self.hub = hub
        self.kind = kind
        self.path = path
        self.before_answer: Callable[[], None] = lambda: None
        self.reachable = True
        self.read: dict[str, int] = {}
        self.start()

    def start(self) -> None:
        """Begin with what is in the database."""
        self.storage = SQLiteStorage(self.path)
        keys = ProviderKeys(FOLLOWER.encode().ljust(32))
        self.provider = self.kind(ProviderSettings(FOLLOWER), keys, Random(FOLLOWER).randbytes)
        self.service = LocalService(
            self.provider,
            self.storage,
            self,
            trust_clients=lambda _: None,
            retry_now=lambda: None,
            ask_again=self.give_up,
            run=asyncio.run,
            clock=lambda: self.hub.now,
        )

    def restart(self) -> None:
        """End, and begin again."""
        self.storage.close()
        self.start()

    async def send(self, outgoing: Outgoing) -> Answer:
        """Stands where the network begins."""
        assert outgoing.provider == HUB
        answer = self.hub.ask(outgoing.endpoint, outgoing.body, FOLLOWER, outgoing.subject)
        self.before_answer()
        if not self.reachable:
            raise PeerError("The answer was lost.")
        return answer

    def give_up(self, request: OpenRequest) -> None:
        """End a request that had no answer: nobody asks again here."""
        with self.storage.transaction() as transaction:
            self.provider.end_own_request(transaction, request, Unanswered("The answer was lost."), self.hub.now)

    def know(self, *names: str) -> None:
        """Have clients; those that were in the room from its beginning are in it."""
        for name in names:
            self.service.change_user(UserChange(MimiUri.parse(user(name)), (ClientChange(self.uri(name)),)))

    def put_in(self, *names: str) -> None:
        """Have clients that are in the room already."""
        self.know(*names)
        with self.storage.transaction() as transaction:
            for name in names:
                transaction.join_room(ROOM, self.uri(name))

    def follow(self, room_id: MimiUri = ROOM) -> None:
        """Know a room as the hub does."""
        with self.storage.transaction() as transaction:
            room = self.hub.room(room_id)
            tree = room.state.group.tree.to_wire()
            followed = self.provider.followed(transaction, room_id, room.group_info, tree)
            assert followed is not None
            self.provider.keep_followed(transaction, room_id, followed)

    def uri(self, name: str) -> MimiUri:
        """The URI of a client."""
        return MimiUri.parse(client(name).name)

    def ask(self, name: str, endpoint: Endpoint, body: bytes) -> Answer:
        """Let a client ask the hub something about the room."""
        return self.service.request(self.uri(name), endpoint, HUB, ROOM.text, body)

    def notify(self, *events: FanoutMessage) -> None:
        """Be notified, in one body."""
        body = b"".join(event.encode() for event in events)
        headers = (("host", FOLLOWER), ("from", f"mimi@{HUB}"))
        request = PeerRequest("POST", f"/v1/notify/{quote(ROOM.text, safe='')}", headers, None, body)
        with self.storage.transaction() as transaction:
            answer = self.provider.handle(transaction, request, self.hub.now)
        assert answer == Answer(201)

    def catch_up(self) -> None:
        """Be notified of all that waits at the hub."""
        for event in self.hub.notified(FOLLOWER):
            self.notify(event)

    def room(self) -> Room | None:
        """The room as the follower has it."""
        with self.storage.transaction() as transaction:
            return transaction.room(ROOM)

    def clients(self) -> set[MimiUri]:
        """Our clients that are in the room."""
        with self.storage.transaction() as transaction:
            return {each.client for each in transaction.clients_in(ROOM)}

    def delivered(self, name: str) -> list[FanoutMessage]:
        """What a client gets that it did not get before."""
        with self.storage.transaction() as transaction:
            self.provider.go_on_everywhere(transaction, self.hub.now)
        found = self.service.deliveries(self.uri(name), self.read.get(name, 0))
        if found:
            self.read[name] = found[-1].cursor
        return [FanoutMessage.decode(each.body) for each in found]


def followed_room() -> FollowedHub:
    """A room of Alice at the hub with Bob's two clients at the follower, which follows it."""
    hub = FollowedHub().found({"alice": 4, "bob": 2, "carl": 2}, "alice1", "bob1", "bob2", "carl1")
    hub.follower.put_in("bob1", "bob2")
    hub.follower.follow()
    return hub
