"""A hub without sockets, the clients in its room, and what each of its followers is told.

Names are those of tests/room/house.py: `alice1` is a client of Alice at the hub, `bob1` one of Bob at b.example. What
the hub accepts reaches every client of the group at once; what it puts into outbox and inboxes is for tests to look at.
"""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from urllib.parse import quote

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.founding import NewRoom
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.local import ClientChange, LocalService, UserChange
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from mimi_conformance.reference.wire.structure import Struct
from tests.mls.group_examples import NOW, SUITE, Client
from tests.room.house import HUB, ROOM, _dictionary, _group, client, domain, user

NOW_MILLISECONDS = NOW * 1000


class Trusting(Provider):
    """A provider for which everybody is who it says."""

    def check_certificate(self, request, source) -> None:
        pass


class Hub:
    """The hub, with clients of everybody in its room.

    Args:
        kind: its logic, which takes everybody for who it says.
        settings: of the hub.

    """

    def __init__(self, kind: type[Provider] = Trusting, **settings) -> None:
        self.storage = SQLiteStorage()
        self.now = NOW_MILLISECONDS
        self.members: dict[str, tuple[Client, Group]] = {}
        self.provider = kind(ProviderSettings(HUB, **settings), ProviderKeys(bytes(32)), Random(1).randbytes)
        self.service = LocalService(
            self.provider,
            self.storage,
            None,
            trust_clients=lambda _: None,
            retry_now=lambda: None,
            run=None,
            clock=lambda: self.now,
        )

    def uri(self, name: str) -> MimiUri:
        """The URI of a client."""
        return MimiUri.parse(client(name).name)

    def know(self, *names: str) -> None:
        """Let the hub know local clients and their users."""
        for name in names:
            if domain(name) == HUB:
                self.service.change_user(UserChange(MimiUri.parse(user(name)), (ClientChange(self.uri(name)),)))

    def new_room(
        self,
        participants: Mapping[str, int],
        *clients: str,
        room_id: MimiUri = ROOM,
        policy: str = "cooperative",
        components: Mapping[str, Struct] | None = None,
        base: Mapping[str, object] | None = None,
        hub_entry: ExternalSender | None = None,
        senders: tuple[str, ...] = (),
        extensions: tuple[Extension, ...] = (),
        **more,
    ) -> NewRoom:
        """A room with these users and clients, whose first client has made the group; see `House.of`."""
        self.know(*clients)
        components = {"roles_list": preset(policy).roles_list, **(components or {})}
        dictionary = _dictionary(participants, replace(preset(policy).base_room_policy, **(base or {})), components)
        own = hub_entry or self.provider.external_sender(SUITE)
        entries = (own, *(follower(each).external_sender(SUITE) for each in senders))
        external = Extension(ExtensionType.external_senders, ExternalSenders(entries).encode())
        self.members = dict(_group(clients, (external, dictionary, *extensions)))
        group = self.members[clients[0]][1]
        tree = RatchetTree(group.public.tree.to_wire().nodes)
        return NewRoom(room_id, self.uri(clients[0]), group_info(group, tree=False), tree, **more)

    def found(self, participants: Mapping[str, int], *clients: str, **how) -> None:
        """Make a room, as `new_room` describes it."""
        self.service.create_room(self.new_room(participants, *clients, **how))

    def room(self, room_id: MimiUri = ROOM):
        """The room as the hub has it."""
        with self.storage.transaction() as transaction:
            return transaction.room(room_id)

    def dump(self) -> list[str]:
        """Everything in the database, to see that nothing changed."""
        return list(self.storage._connection.iterdump())


def follower(name: str) -> Provider:
    """The logic of another provider, with keys of its own."""
    return Trusting(ProviderSettings(name), ProviderKeys(name.encode().ljust(32)), Random(name).randbytes)


def path(endpoint: str, subject: str) -> str:
    """The path of an endpoint's URL."""
    return f"/v1/{endpoint}/{quote(subject, safe='')}"
