"""A hub without sockets, the clients in its room, and what each of its followers is told.

Names are those of tests/room/house.py: `alice1` is a client of Alice at the hub, `bob1` one of Bob at b.example. What
the hub accepts reaches every client of the group at once; what it puts into outbox and inboxes is for tests to look at.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from random import Random
from urllib.parse import quote

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.external_join import ExternalJoin, join_externally
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Committed, Covering, WelcomeContents, commit
from mimi_conformance.reference.mls.group.group_framing import IN_PUBLIC, Framing
from mimi_conformance.reference.mls.group.group_info import partial_group_info
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.group.group_processing import process
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.key_package import NewKeyPackage, key_package_ref
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree, tree_by_distribution_service
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.founding import NewRoom
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.provider.local import ClientChange, LocalService, UserChange
from mimi_conformance.reference.provider.messages import Answer, Endpoint, PeerRequest
from mimi_conformance.reference.provider.outbox import Lane
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.rooms import Room
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.mls.app_data import WireFormats
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders, GroupInfo, Welcome
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add, ProposalBody, Remove
from mimi_conformance.reference.wire.mls.registries import ExtensionType, WireFormat
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.protocol.participant_list import (
    ParticipantListUpdate,
    UserindexRolePair,
    UserRolePair,
)
from mimi_conformance.reference.wire.protocol.update import (
    GroupInfoOption,
    GroupInfoRepresentation,
    HandshakeBundle,
    UpdateRequest,
    UpdateResponseCode,
    UpdateRoomResponse,
)
from mimi_conformance.reference.wire.structure import Struct
from tests.mls.group_examples import LEAF_EXTENSIONS, NOW, SUITE, Client, capabilities
from tests.room.house import HUB, ROOM, _dictionary, _group, client, domain, update, user

NOW_MILLISECONDS = NOW * 1000
Code = UpdateResponseCode


class Trusting(Provider):
    """A provider for which everybody is who it says."""

    def check_certificate(self, request, source) -> None:
        pass


class Capable(Client):
    """A client that supports more than those of other tests do."""

    @property
    def template(self) -> LeafTemplate:
        return replace(super().template, capabilities=self.capabilities, extensions=self.extensions)

    @property
    def capabilities(self) -> Capabilities:
        mine = capabilities(self.suite)
        more = (ExtensionType.supported_wire_formats, ExtensionType.ratchet_tree_source_domains)
        return replace(mine, extensions=(*mine.extensions, *more))

    @property
    def extensions(self) -> tuple[Extension, ...]:
        formats = WireFormats((WireFormat.mls_semiprivate_message,))
        return (*LEAF_EXTENSIONS, Extension(ExtensionType.supported_wire_formats, formats.encode()))

    def key_package(self, **changes) -> NewKeyPackage:
        mine = {"capabilities": self.capabilities, "leaf_extensions": self.extensions}
        return super().key_package(**mine | changes)


def capable(name: str) -> Capable:
    """A client that supports more, by its name."""
    plain = client(name)
    return Capable(plain.name, plain.suite, plain.application)


class Hub:
    """The hub, with clients of everybody in its room.

    Args:
        kind: its logic, which takes everybody for who it says.
        client: makes a client of a name.
        settings: of the hub.

    """

    def __init__(self, kind: type[Provider] = Trusting, client: Callable[[str], Client] = client, **settings) -> None:
        self.client = client
        self.storage = SQLiteStorage()
        self.now = NOW_MILLISECONDS
        self.members: dict[str, tuple[Client, Group]] = {}
        self.read: dict[str, int] = {}
        self.provider = kind(ProviderSettings(HUB, **settings), ProviderKeys(bytes(32)), Random(1).randbytes)
        self.service = LocalService(
            self.provider,
            self.storage,
            None,
            trust_clients=lambda _: None,
            retry_now=lambda: None,
            ask_again=lambda _: None,
            run=None,
            clock=lambda: self.now,
        )

    # What there is.

    def uri(self, name: str) -> MimiUri:
        """The URI of a client."""
        return MimiUri.parse(client(name).name)

    def group(self, name: str) -> Group:
        """The group, as a client has it."""
        return self.members[name][1]

    def room(self, room_id: MimiUri = ROOM) -> Room:
        """The room as the hub has it."""
        with self.storage.transaction() as transaction:
            return transaction.room(room_id)

    def epoch(self) -> int:
        """The epoch of the room's group."""
        return self.room().state.group.context.epoch

    def role(self, name: str) -> int | None:
        """The role of a user in the epoch."""
        return self.room().state.committed.participants.role_index(user(name))

    def dump(self) -> list[str]:
        """Everything in the database, to see that nothing changed."""
        return list(self.storage._connection.iterdump())

    # How a room is made.

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
        self.members = dict(_group(clients, (external, dictionary, *extensions), self.client))
        group = self.members[clients[0]][1]
        return NewRoom(room_id, self.uri(clients[0]), group_info(group, tree=False), tree_of(group), **more)

    def found(self, participants: Mapping[str, int], *clients: str, **how) -> "Hub":
        """Make a room, as `new_room` describes it."""
        self.service.create_room(self.new_room(participants, *clients, **how))
        return self

    # What clients make.

    def listed(self, added: Mapping[str, int] | None = None, removed=(), changed: Mapping[str, int] | None = None):
        """An AppDataUpdate of the participant list, by names."""
        users = [entry.user for entry in self.room().state.committed.participants.entries]
        return update(
            "participant_list",
            ParticipantListUpdate(
                tuple(UserindexRolePair(users.index(user(name)), role) for name, role in (changed or {}).items()),
                tuple(users.index(user(name)) for name in removed),
                tuple(UserRolePair(user(name), role) for name, role in (added or {}).items()),
            ),
        )

    def removals(self, name: str) -> tuple[Remove, ...]:
        """The Removes of all clients of a user."""
        clients = self.room().state.committed.participants.clients(user(name))
        return tuple(Remove(each.leaf_index) for each in clients)

    def claimed(self, name: str) -> tuple[Client, NewKeyPackage]:
        """A new client with a KeyPackage that has come through the hub."""
        newcomer = self.client(name)
        package = newcomer.key_package()
        reference = key_package_ref(package.key_package)
        self.know(name)
        with self.storage.transaction() as transaction:
            if domain(name) == HUB:
                transaction.add_key_package(self.uri(name), reference, package.key_package)
            else:
                transaction.route_key_package(reference, domain(name), NOW + 3600, self.now)
        return newcomer, package

    def proposals(
        self, name: str, *bodies: ProposalBody, framing: Framing = IN_PUBLIC
    ) -> tuple[list[MLSMessage], Group]:
        """Proposals of a member, and its group, which knows them."""
        sender, group = self.members[name]
        messages = []
        for body in bodies:
            proposed = propose(group, body, now=NOW, random=sender.random, framing=framing)
            group = proposed.group
            messages.append(proposed.message)
        return messages, group

    # What they send.

    def ask(self, endpoint: Endpoint, body: bytes, source: str, subject: str = ROOM.text) -> Answer:
        """Ask the hub something, as a local client, or as another provider."""
        if "." not in source:
            return self.service.request(self.uri(source), endpoint, HUB, subject, body)
        headers = (("host", HUB), ("from", f"mimi@{source}"))
        request = PeerRequest("POST", f"/v1/{endpoint}/{quote(subject, safe='')}", headers, None, body)
        with self.storage.transaction() as transaction:
            return self.provider.handle(transaction, request, self.now)

    def proposal_bundle(self, message: MLSMessage, *more: MLSMessage) -> HandshakeBundle:
        """Proposals that go together."""
        return HandshakeBundle(proposal_or_commit=message, more_proposals=more)

    def bundle(self, made: Committed, **how) -> HandshakeBundle:
        """A commit with all that comes along."""
        return bundle_of(made.message, made.after, made.welcome, **how)

    def update(self, name: str, bundle: HandshakeBundle, source: str | None = None) -> UpdateRoomResponse:
        """Send an update: as a client, through its provider or another one."""
        answer = self.ask(Endpoint.UPDATE, UpdateRequest(bundle).encode(), source or asker(name))
        assert answer.status == 200, answer
        return UpdateRoomResponse.decode(answer.body)

    def propose(self, name: str, *bodies: ProposalBody, source: str | None = None, **how) -> UpdateRoomResponse:
        """Let a member propose; whoever is in the group learns of it, if the hub accepts it."""
        messages, group = self.proposals(name, *bodies, **how)
        response = self.update(name, self.proposal_bundle(*messages), source)
        if response.response_code is Code.success:
            self.receive(messages, name, group)
        return response

    def made_commit(self, name: str, *bodies: ProposalBody, newcomers: Sequence[NewKeyPackage] = (), **how):
        """A commit of a member, of all that waits and more."""
        sender, group = self.members[name]
        adds = tuple(Add(each.key_package) for each in newcomers)
        covering = Covering((*bodies, *adds), how.pop("by_reference", None))
        contents = WelcomeContents(tree=False)
        return commit(group, covering, now=NOW, random=sender.random, welcome=contents, **how)

    def commit(
        self,
        name: str,
        *bodies: ProposalBody,
        newcomers: Iterable[str] = (),
        partial: bool = False,
        tree: bool = True,
        **how,
    ) -> UpdateRoomResponse:
        """Let a member commit; whoever is in the group learns of it, if the hub accepts it, and newcomers join."""
        source, change = how.pop("source", None), how.pop("change", lambda bundle: bundle)
        claimed = {each: self.claimed(each) for each in newcomers}
        made = self.made_commit(name, *bodies, newcomers=[package for _, package in claimed.values()], **how)
        bundle = change(self.bundle(made, partial=partial, tree=tree))
        response = self.update(name, bundle, source)
        if response.response_code is Code.success:
            self.receive([made.message], name, made.after)
            for each, (newcomer, package) in claimed.items():
                self.members[each] = newcomer, newcomer.join(made.welcome, package, tree=tree_of(made.after))
            self.check()
        return response

    def join(
        self, name: str, *bodies: ProposalBody, source: str | None = None, newcomer: Client | None = None, **what
    ) -> UpdateRoomResponse:
        """Let a client join by an external commit, with the GroupInfo that the hub has."""
        newcomer, change = newcomer or self.client(name), what.pop("change", lambda bundle: bundle)
        self.know(name)
        room = self.room()
        joined = join_externally(
            room.group_info,
            newcomer.template,
            newcomer.signature_private_key,
            newcomer.application,
            now=NOW,
            random=newcomer.random,
            tree=RatchetTree(room.state.group.tree.to_wire().nodes),
            what=ExternalJoin(by_value=bodies, **what),
        )
        response = self.update(name, change(bundle_of(joined.message, joined.group)), source)
        if response.response_code is Code.success:
            self.receive([joined.message])
            self.members[name] = newcomer, joined.group
            self.check()
        return response

    # What becomes of it.

    def receive(self, messages: Iterable[MLSMessage], sender: str | None = None, after: Group | None = None) -> None:
        """Let everybody in the group learn of messages."""
        for name, (receiver, group) in list(self.members.items()):
            received = group
            if name == sender:
                received = after
            else:
                for message in messages:
                    received = process(received, MLSMessage.decode(message.encode()), NOW).group
            if received.removed:
                del self.members[name]
            else:
                self.members[name] = receiver, received

    def check(self) -> None:
        """The hub and the clients agree."""
        groups = [group for _, group in self.members.values()]
        assert {group.context for group in groups} == {self.room().state.group.context}
        assert len({group.epoch_authenticator for group in groups}) == 1

    def notified(self, provider: str, room_id: MimiUri = ROOM) -> tuple[FanoutMessage, ...]:
        """What a follower is sent that it was not sent before."""
        lane, events = Lane(provider, room_id), list[FanoutMessage]()
        with self.storage.transaction() as transaction:
            while (body := transaction.next_body(lane)) is not None:
                events += FanoutMessage.decode_all(body.body)
                transaction.remove_body(body)
        return tuple(events)

    def delivered(self, name: str) -> tuple[FanoutMessage, ...]:
        """What a local client gets that it did not get before."""
        found = self.service.deliveries(self.uri(name), self.read.get(name, 0))
        if found:
            self.read[name] = found[-1].cursor
        return tuple(FanoutMessage.decode(each.body) for each in found)


def follower(name: str) -> Provider:
    """The logic of another provider, with keys of its own."""
    return Trusting(ProviderSettings(name), ProviderKeys(name.encode().ljust(32)), Random(name).randbytes)


def asker(name: str) -> str:
    """Who asks the hub for a client: its provider, or at the hub the client itself."""
    return name if domain(name) == HUB else domain(name)


def tree_of(group: Group) -> RatchetTree:
    """The ratchet tree of a group."""
    return RatchetTree(group.public.tree.to_wire().nodes)


def bundle_of(
    message: MLSMessage, after: Group, welcome: Welcome | None = None, *, partial: bool = False, tree: bool = True
) -> HandshakeBundle:
    """A commit with all that comes along: GroupInfo in full or in part, the tree or a word that the hub has it."""
    return HandshakeBundle(
        proposal_or_commit=message,
        welcome=welcome,
        group_info_option=group_info_option(group_info(after, tree=False), partial=partial),
        ratchet_tree_option=full_tree(after.public.tree) if tree else tree_by_distribution_service(),
    )


def group_info_option(info: GroupInfo, *, partial: bool = False) -> GroupInfoOption:
    """A GroupInfo in full, or what a hub can't work out of it."""
    if not partial:
        return GroupInfoOption(representation=GroupInfoRepresentation.full, group_info=info)
    return GroupInfoOption(
        representation=GroupInfoRepresentation.partial, partial_group_info=partial_group_info(info, tree_before=False)
    )
