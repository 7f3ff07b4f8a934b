"""A hub with one room in it, real clients, and servers that may propose. Whatever is accepted reaches everybody."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.external_join import ExternalJoin, join_externally
from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender, propose_own_addition
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.group.group_processing import process
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.proposals.components import ComponentRegistry, Replaced, with_component
from mimi_conformance.reference.mls.proposals.extensions import find_component
from mimi_conformance.reference.room.components.participant_list import PARTICIPANT_LIST
from mimi_conformance.reference.room.derivation import view_of
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.participants import User
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.room.state import RoomState, found
from mimi_conformance.reference.room.surroundings import ALONE, Surroundings
from mimi_conformance.reference.room.updates import (
    CommitAccepted,
    ProposalsAccepted,
    Refusal,
    accept_commit,
    accept_proposals,
)
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.framing import PublicMessage
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add, ProposalBody, Remove
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.protocol.participant_list import (
    ParticipantListData,
    ParticipantListUpdate,
    UserindexRolePair,
    UserRolePair,
)
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, RoleData
from mimi_conformance.reference.wire.structure import Struct
from tests.mls.group_examples import NOW, SUITE, Client

HUB = "hub.example"
ROOM = MimiUri.room(HUB, "clubhouse")
DOMAINS = {"a": HUB, "b": "b.example", "c": "c.example", "d": "d.example"}
NUMBERS = code_points().components


def domain(name: str) -> str:
    """The provider of a user or a client, by its first letter: `alice` is one of the hub's, `bob` of b.example."""
    return DOMAINS[name[0]]


def user(name: str) -> User:
    """The user of a name, or of one of its clients: `bob` and `bob2` both give Bob."""
    return bytes(MimiUri.user(domain(name), name.rstrip("0123456789")))


def client(name: str, application: Application | None = None) -> Client:
    """A client by its name: `bob2` is Bob's second one."""
    number = name[len(name.rstrip("0123456789")) :]
    uri = MimiUri.client(domain(name), name.rstrip("0123456789"), number)
    return Client(str(uri), SUITE, application or room_application())


def careless() -> Application:
    """The application of a client that knows no component, and takes everything for valid."""
    return Application(components=ComponentRegistry(unknown=Replaced()))


@dataclass
class Server:
    """A server that may propose."""

    domain: str

    @cached_property
    def private_key(self) -> bytes:
        return parameters(SUITE).signature.new_private_key(random.Random(self.domain).randbytes)

    @property
    def entry(self) -> ExternalSender:
        key = parameters(SUITE).signature.public_key(self.private_key)
        return ExternalSender(key, Credential.basic(f"mimi://{self.domain}".encode()))


def senders(*domains: str) -> Extension:
    """An external_senders extension."""
    entries = tuple(Server(each).entry for each in domains)
    return Extension(ExtensionType.external_senders, ExternalSenders(entries).encode())


def update(component: str, data: Struct) -> AppDataUpdate:
    """An AppDataUpdate of a component."""
    return AppDataUpdate(component_id=NUMBERS[component], op=AppDataUpdateOperation.update, update=data.encode())


def remove_component(component: str) -> AppDataUpdate:
    """An AppDataUpdate that removes a component."""
    return AppDataUpdate(component_id=NUMBERS[component], op=AppDataUpdateOperation.remove)


@dataclass
class House:
    """The hub, its room, and the clients in it by name.

    Attributes:
        state: the room as the hub has it.
        members: the clients in the group.
        surroundings: what lies outside the room.

    """

    state: RoomState
    members: dict[str, tuple[Client, Group]]
    surroundings: Surroundings = ALONE
    history: list[RoomState] = field(default_factory=list)

    @classmethod
    def of(
        cls,
        participants: Mapping[str, int],
        *clients: str,
        policy: str = "cooperative",
        roles: RoleData | None = None,
        preauthorized: PreAuthData | None = None,
        components: Mapping[str, Struct] | None = None,
        servers: tuple[str, ...] = (HUB,),
        base: Mapping[str, object] | None = None,
        **how,
    ) -> "House":
        """A room with these users, by name and role index, and these clients; the first one makes the group.

        Args:
            participants: role indices by names of users, or by domains of servers.
            clients: names of clients.
            policy: the preset that gives base policy and roles.
            roles: other roles.
            preauthorized: the preauthorised users.
            components: more components, by name.
            servers: the external senders.
            base: fields of the base policy that are to be otherwise.
            how: further arguments of `found`.

        """
        more = {"preauth_list": preauthorized} if preauthorized else {}
        more |= {"roles_list": roles or preset(policy).roles_list, **(components or {})}
        dictionary = _dictionary(participants, replace(preset(policy).base_room_policy, **(base or {})), more)
        members = dict(_group(clients, (senders(*servers), dictionary)))
        info = group_info(members[clients[0]][1])
        state = found(follow(info, room_application(), NOW), ROOM, **how)
        house = cls(state, members, how.get("surroundings", ALONE))
        house.check()
        return house

    def group(self, name: str) -> Group:
        return self.members[name][1]

    def leaf(self, name: str) -> int:
        return self.group(name).leaf_index

    def index(self, name: str) -> int:
        """The place of a user in the list of the epoch."""
        return [entry.user for entry in self.state.committed.participants.entries].index(user(name))

    def role(self, name: str, *, committed: bool = True) -> int | None:
        view = self.state.committed if committed else self.state.updated
        return view.participants.role_index(user(name))

    def listed(self, added: Mapping[str, int] | None = None, removed=(), changed: Mapping[str, int] | None = None):
        """An AppDataUpdate of the participant list, by names."""
        return update(
            "participant_list",
            ParticipantListUpdate(
                tuple(UserindexRolePair(self.index(name), role) for name, role in (changed or {}).items()),
                tuple(self.index(name) for name in removed),
                tuple(UserRolePair(user(name), role) for name, role in (added or {}).items()),
            ),
        )

    def removals(self, name: str) -> tuple[Remove, ...]:
        """The Removes of all clients of a user."""
        return tuple(Remove(each.leaf_index) for each in self.state.committed.participants.clients(user(name)))

    def proposals(self, name: str, *bodies: ProposalBody) -> tuple[list[PublicMessage], Group]:
        """Proposals of a member, and its group, which knows them."""
        sender, group = self.members[name]
        messages = []
        for body in bodies:
            proposed = propose(group, body, now=NOW, random=sender.random)
            group = proposed.group
            messages.append(proposed.message.public_message)
        return messages, group

    def propose(self, name: str, *bodies: ProposalBody) -> ProposalsAccepted | Refusal:
        """Let a member propose, and the hub decide."""
        messages, group = self.proposals(name, *bodies)
        return self.accept_proposals(messages, sender=name, after=group)

    def server_proposes(self, *bodies: ProposalBody, server: str = HUB) -> ProposalsAccepted | Refusal:
        """Let a server propose, and the hub decide."""
        context = self.state.group.context
        index = self.state.external_senders.index(server)
        key = Server(server).private_key
        return self.accept_proposals([propose_as_external_sender(context, index, body, key) for body in bodies])

    def proposes_itself(self, newcomer: Client) -> ProposalsAccepted | Refusal:
        """Let a client propose its own addition."""
        package = newcomer.key_package().key_package
        message = propose_own_addition(self.state.group.context, package, newcomer.signature_private_key)
        return self.accept_proposals([message])

    def accept_proposals(self, messages, sender: str | None = None, after: Group | None = None):
        messages = [as_received(each) for each in messages]
        answer = accept_proposals(self.state, messages, NOW, self.surroundings)
        if isinstance(answer, ProposalsAccepted):
            self._now(answer.state)
            for message in messages:
                self._deliver(message, sender, after)
        return answer

    def commit(self, name: str, *bodies: ProposalBody, newcomers: Mapping[str, Client] | None = None, **how):
        """Let a member commit all that waits and more, and the hub decide. New clients of `adding` come in."""
        sender, group = self.members[name]
        own = {each: client.key_package() for each, client in (newcomers or {}).items()}
        adds = tuple(Add(each.key_package) for each in own.values())
        covering = Covering((*bodies, *adds), how.pop("by_reference", None))
        committed = commit(how.pop("group", group), covering, now=NOW, random=sender.random, **how)
        message = as_received(committed.message.public_message)
        answer = accept_commit(self.state, message, NOW, self.surroundings)
        if isinstance(answer, CommitAccepted):
            self._now(answer.state)
            self._deliver(message, name, committed.after)
            for each, package in own.items():
                self.members[each] = newcomers[each], newcomers[each].join(committed.welcome, package)
            self.check()
        return answer

    def careless_commit(self, name: str, *bodies: ProposalBody):
        """Let a client commit that checks nothing which only a room's components know, and the hub decide."""
        sender, group = self.members[name]
        state = replace(group.public.state, application=careless())
        group = replace(group, public=replace(group.public, state=state))
        committed = commit(group, Covering(bodies), now=NOW, random=sender.random)
        return accept_commit(self.state, as_received(committed.message.public_message), NOW, self.surroundings)

    def join(self, name: str, *bodies: ProposalBody, newcomer: Client | None = None, join_code=None, **what):
        """Let a client join by an external commit, and the hub decide."""
        newcomer = newcomer or client(name)
        joined = join_externally(
            group_info(next(iter(self.members.values()))[1]),
            newcomer.template,
            newcomer.signature_private_key,
            newcomer.application,
            now=NOW,
            random=newcomer.random,
            what=ExternalJoin(by_value=bodies, **what),
        )
        message = as_received(joined.message.public_message)
        answer = accept_commit(self.state, message, NOW, self.surroundings, join_code)
        if isinstance(answer, CommitAccepted):
            self._now(answer.state)
            self._deliver(message)
            self.members[name] = newcomer, joined.group
            self.check()
        return answer

    def _now(self, state: RoomState) -> None:
        self.history.append(self.state)
        self.state = state

    def _deliver(self, message: PublicMessage, sender: str | None = None, after: Group | None = None) -> None:
        for name, (receiver, group) in list(self.members.items()):
            received = after if name == sender else process(group, message, NOW).group
            if received.removed:
                del self.members[name]
            else:
                self.members[name] = receiver, received

    def check(self) -> None:
        """The hub, the clients, and both levels of the room agree."""
        groups = [group for _, group in self.members.values()]
        assert {group.context for group in groups} <= {self.state.group.context}
        assert len({group.epoch_authenticator for group in groups}) <= 1
        committed = self.state.committed
        assert in_order(view_of(ROOM, self.state.group.state, self.state.mapping)) == in_order(committed)
        data = find_component(self.state.group.state.extensions.app_data, PARTICIPANT_LIST)
        assert data == committed.participants.data().encode()


@cache
def _group(
    clients: tuple[str, ...], extensions: tuple[Extension, ...], make: Callable[[str], Client] = client
) -> Mapping[str, tuple[Client, Group]]:
    """A group of clients, made once for all tests that begin with it; the first one makes it."""
    creator, *others = (make(name) for name in clients)
    group = creator.create(b"group", extensions=extensions)
    own = [each.key_package() for each in others]
    if not own:
        return {clients[0]: (creator, group)}
    adds = tuple(Add(each.key_package) for each in own)
    committed = commit(group, Covering(adds), now=NOW, random=creator.random)
    joined = {
        name: (each, each.join(committed.welcome, package))
        for name, each, package in zip(clients[1:], others, own, strict=True)
    }
    return {clients[0]: (creator, committed.after), **joined}


def in_order(view: RoomView) -> tuple[object, ...]:
    """What a room is, with the clients of each user by their leaves: their order has no meaning."""
    clients = {
        user: tuple(sorted(each, key=lambda client: client.leaf_index))
        for user, each in view.participants.clients_by_user.items()
    }
    return view.room_id, view.policy, view.metadata, view.participants.entries, clients


def as_received(message: PublicMessage) -> PublicMessage:
    """A message as bytes, and read from them."""
    received = MLSMessage.decode(MLSMessage.of(message).encode()).public_message
    assert received is not None
    return received


def _dictionary(participants: Mapping[str, int], base: BaseRoomPolicy, more: Mapping[str, Struct]) -> Extension:
    pairs = tuple(
        UserRolePair(f"mimi://{name}".encode() if "." in name else user(name), role)
        for name, role in participants.items()
    )
    listed = tuple(NUMBERS[name] for name in more if name != "room_metadata")
    values = {
        "participant_list": ParticipantListData(pairs),
        "base_room_policy": replace(base, policy_component_ids=listed),
        **more,
    }
    made = NO_APP_DATA
    for name, value in values.items():
        made = with_component(made, NUMBERS[name], value.encode())
    return Extension(ExtensionType.app_data_dictionary, made.encode())
