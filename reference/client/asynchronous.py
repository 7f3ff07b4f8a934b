"""The client for code that runs in an event loop: what people do, awaited. All logic is in the client itself.

alice = await provider_a.client("alice", "phone")
room = await alice.create_room(preset="cooperative")
await room.add("mimi://b.example/u/bob")
await room.send(text("hi"))
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import TypeAlias

from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.happenings import Happening, Said
from mimi_conformance.reference.client.local_connection import LocalConnection
from mimi_conformance.reference.client.membership import Membership
from mimi_conformance.reference.client.room import ClientRoom
from mimi_conformance.reference.content.features import plain_text
from mimi_conformance.reference.content.message import MessageId, NestedPart
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.local import LocalService

Uri: TypeAlias = MimiUri | str
"""A URI, or its text; what is none raises an IdentifierError."""

KEY_PACKAGES = 10
"""How many a new client lets others have."""

text = plain_text
"""Text that is shown as it stands, to be sent."""


def _uri(uri: Uri) -> MimiUri:
    return uri if isinstance(uri, MimiUri) else MimiUri(uri)


def _room(uri: Uri | None) -> MimiUri | None:
    return None if uri is None else _uri(uri)


class AsyncProvider:
    """A provider, for whoever wants clients of its users.

    Args:
        new_client: makes a client of a user, by the names of both, that the provider knows.

    """

    def __init__(self, new_client: Callable[[str, str], Client]) -> None:
        self._new_client = new_client

    @classmethod
    def of(cls, service: LocalService) -> "AsyncProvider":
        """The provider that offers this to its clients."""

        def new_client(user: str, device: str) -> Client:
            uris = MimiUri.user(service.domain, user), MimiUri.client(service.domain, user, device)
            made = Client(Device(*uris), LocalConnection(service))
            made.register(KEY_PACKAGES)
            return made

        return cls(new_client)

    async def client(self, user: str, device: str) -> "AsyncClient":
        """A new client of a user, who is made with the first one."""
        return AsyncClient(await asyncio.to_thread(self._new_client, user, device))


class AsyncClient:
    """A client. Each method is that of `Client` of the same name, and raises the same errors.

    Attributes:
        client: the client itself.

    """

    def __init__(self, client: Client) -> None:
        self.client = client

    def __repr__(self) -> str:
        return f"AsyncClient({str(self.uri)!r})"

    @property
    def uri(self) -> MimiUri:
        """Its URI."""
        return self.client.uri

    @property
    def user(self) -> MimiUri:
        """Whose client it is."""
        return self.client.user

    async def create_room(self, name: str = "clubhouse", *, preset: str = "cooperative") -> "AsyncRoom":
        """Make a room at one's own provider."""
        return AsyncRoom(await asyncio.to_thread(self.client.create_room, name, preset=preset), self.client)

    async def room(self, room_id: Uri, seconds: float = 10) -> "AsyncRoom":
        """A room that somebody adds this client to; waits for it."""
        return AsyncRoom(await asyncio.to_thread(self.client.room, _uri(room_id), seconds), self.client)

    async def join(self, room_id: Uri, *, joining_code: bytes = b"", role: str | None = None) -> "AsyncRoom":
        """Come into a room by oneself."""
        found = await asyncio.to_thread(self.client.join, _uri(room_id), joining_code=joining_code, role=role)
        return AsyncRoom(found, self.client)

    async def request_consent(self, user: Uri, room_id: Uri | None = None) -> None:
        """Ask somebody whether one may add it to rooms, or to a room."""
        await asyncio.to_thread(self.client.request_consent, _uri(user), _room(room_id))

    async def grant_consent(self, user: Uri, room_id: Uri | None = None) -> None:
        """Let somebody add one to rooms, or to a room."""
        await asyncio.to_thread(self.client.grant_consent, _uri(user), _room(room_id))

    async def revoke_consent(self, user: Uri, room_id: Uri | None = None) -> None:
        """Let somebody not, or no longer."""
        await asyncio.to_thread(self.client.revoke_consent, _uri(user), _room(room_id))

    async def catch_up(self) -> tuple[Happening, ...]:
        """Take in what has come."""
        return await asyncio.to_thread(self.client.catch_up)

    async def wait_until(self, condition: Callable[[], bool], seconds: float = 10, what: str = "something") -> None:
        """Take in what comes until a condition holds."""
        await asyncio.to_thread(self.client.wait_until, condition, seconds, what)


class AsyncRoom:
    """A room in the hands of a client. Each method is that of `ClientRoom` of the same name.

    Attributes:
        room: the room itself.

    """

    def __init__(self, room: ClientRoom, client: Client) -> None:
        self.room = room
        self._client = client

    def __repr__(self) -> str:
        return f"AsyncRoom({str(self.uri)!r}, epoch {self.epoch})"

    @property
    def uri(self) -> MimiUri:
        """The room's identifier."""
        return self.room.uri

    @property
    def epoch(self) -> int:
        """The epoch of its group."""
        return self.room.epoch

    @property
    def participants(self) -> Mapping[str, str]:
        """The participants, by URI, and what their roles are called."""
        return self.room.participants

    @property
    def membership(self) -> Membership:
        """What the client has of the room."""
        return self.room.membership

    @property
    def messages(self) -> tuple[Said, ...]:
        """All messages that came or were sent."""
        return self.room.messages

    async def add(self, user: Uri, role: str | None = None) -> None:
        """Add a user with all clients, or the further clients of one who is there."""
        await asyncio.to_thread(self.room.add, _uri(user), role)

    async def remove(self, user: Uri) -> None:
        """Take a user out of the room."""
        await asyncio.to_thread(self.room.remove, _uri(user))

    async def ban(self, user: Uri) -> None:
        """Take a user out of the room, and let it not come back."""
        await asyncio.to_thread(self.room.ban, _uri(user))

    async def change_role(self, user: Uri, role: str) -> None:
        """Give a user another role."""
        await asyncio.to_thread(self.room.change_role, _uri(user), role)

    async def leave(self) -> None:
        """Ask to be let go, with all clients of the user."""
        await asyncio.to_thread(self.room.leave)

    async def commit(self) -> None:
        """Commit what waits, and renew one's keys."""
        await asyncio.to_thread(self.room.commit)

    async def send(self, body: NestedPart | str) -> Said:
        """Say something."""
        return await asyncio.to_thread(self.room.send, body)

    async def next_message(self, seconds: float = 10) -> Said:
        """The next message; waits for it."""
        return await asyncio.to_thread(self.room.next_message, seconds)

    async def report(self, abuser: Uri, *messages: MessageId, note: str = "") -> None:
        """Show the hub what somebody has said."""
        await asyncio.to_thread(lambda: self.room.report(_uri(abuser), *messages, note=note))

    async def wait_until(self, condition: Callable[[ClientRoom], bool], seconds: float = 10) -> None:
        """Take in what comes until something holds of the room."""
        await asyncio.to_thread(self._client.wait_until, lambda: condition(self.room), seconds, f"{self.uri}")
