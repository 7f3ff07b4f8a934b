"""A delivery service that orders handshakes and is slow, forgetful and repetitive; and clients that live with that."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import TypeVar

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.framing.rules import FramingRule
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.commit_rules import CommitRule
from mimi_conformance.reference.mls.group.external_join import ExternalJoin, join_externally
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Committed, Covering, commit
from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.group.group_processing import (
    ReceivedApplicationData,
    ReceivedCommit,
    process,
)
from mimi_conformance.reference.mls.group.group_proposals import Proposed
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.group.staged_commit import StagedCommit
from mimi_conformance.reference.mls.key_package import NewKeyPackage, key_package_ref
from mimi_conformance.reference.mls.proposals.components import ComponentRegistry, Replaced
from mimi_conformance.reference.mls.rules import Rule, RuleError
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys
from mimi_conformance.reference.wire.mls.framing import PublicMessage, Sender
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add, ProposalBody, SelfRemove
from mimi_conformance.reference.wire.mls.registries import ExtensionType, WireFormat
from tests.mls.group_examples import COMPONENT, NOW, SUITE, Client, dictionary, server_of
from tests.mls.outsiders import Former
from tests.mls.served import EXTERNAL_RECEIVERS, served

SEMI_PRIVATE = Framing(WireFormat.mls_semiprivate_message, padding=3)
SERVICE = Client("service")
PSKS = PreSharedKeys(external=MappingProxyType({b"everybody's": b"a secret"}))
APPLICATION = Application(
    components=ComponentRegistry().with_components({COMPONENT: Replaced()}),
    client_of=lambda leaf_node: leaf_node.credential.identity,
)
BEHIND: frozenset[Rule] = frozenset({FramingRule.EPOCH, CommitRule.REFERENCE_KNOWN})
"""What a member finds wrong with the next message when it has missed one."""


def extensions() -> tuple[Extension, ...]:
    key = parameters(SUITE).signature.public_key(SERVICE.signature_private_key)
    senders = ExternalSenders((ExternalSender(key, SERVICE.credential),)).encode()
    return Extension(ExtensionType.external_senders, senders), dictionary(c0008=EXTERNAL_RECEIVERS, c8001=b"start")


STRANGER = Client("stranger", application=APPLICATION).create(extensions=extensions())
"""The only member of a group of the same name."""


@dataclass
class Device:
    """A client in the group.

    Attributes:
        client: the client.
        group: its view of the group.
        inbox: handshakes that are on their way to it.
        since: the epoch in which it joined, or joined again.
        lost: whether a handshake for it got lost.
        last: the handshake that it read last.
        read: the application messages that it has read, by their numbers.

    """

    client: Client
    group: Group
    inbox: deque[MLSMessage] = field(default_factory=deque)
    since: int = 0
    lost: bool = False
    last: MLSMessage | None = None
    read: set[int] = field(default_factory=set)


@dataclass(frozen=True)
class Said:
    """An application message: where it was sent, by whom, and what it says."""

    message: MLSMessage
    epoch: int
    sender: str
    data: bytes


_T = TypeVar("_T")


def tried(attempt: Callable[[], _T]) -> _T | RuleError:
    """What an attempt leads to: a value, or a refusal."""
    try:
        return attempt()
    except RuleError as refusal:
        return refusal


class Delivery:
    """The group as the server has it, and the devices."""

    def __init__(self) -> None:
        founder = Client("c0", application=APPLICATION)
        group = founder.create(extensions=extensions(), psks=PSKS)
        self.server: PublicGroup = server_of(group, NOW)
        self.devices = {founder.name: Device(founder, group)}
        self.former: list[Former] = []
        self.invited: list[tuple[Client, NewKeyPackage]] = []
        self.said: list[Said] = []
        self.self_removes: list[PublicMessage] = []
        self.made = 1

    @property
    def epoch(self) -> int:
        return self.server.context.epoch

    def names(self) -> list[str]:
        return list(self.devices)

    def new_client(self) -> Client:
        self.made += 1
        return Client(f"c{self.made - 1}", application=APPLICATION)

    def proposed(self) -> Iterator[tuple[Sender, ProposalBody]]:
        """The pending proposals and who made them, as the server has them."""
        for authenticated in self.server.pending.values():
            content = authenticated.content
            assert content.proposal is not None
            yield content.sender, content.proposal.body

    def leaving(self) -> set[int | None]:
        """The leaves of those that have proposed to leave."""
        return {sender.leaf_index for sender, body in self.proposed() if isinstance(body, SelfRemove)}

    # What devices receive

    def catch_up(self, name: str, count: int | None = None) -> bool:
        """Let a device read what is on its way, or some of it; whether it is where the server is."""
        device = self.devices[name]
        while device.inbox and count != 0:
            count = None if count is None else count - 1
            if not self._reads(device, device.inbox[0]):
                device.inbox.clear()
                return False
            device.inbox.popleft()
            if name not in self.devices:
                return False
        return device.group.context.epoch == self.epoch and not device.lost

    def _reads(self, device: Device, message: MLSMessage) -> bool:
        """Let a device read a handshake; whether it could."""
        before = device.group
        received = tried(partial(process, before, message, NOW))
        if isinstance(received, RuleError):
            assert device.lost, f"nothing was lost, but: {received}"
            assert received.rule in BEHIND, received
            return False
        device.group, device.last = received.group, message
        device.lost = device.lost and device.group.context.epoch == before.context.epoch
        if isinstance(received, ReceivedCommit) and received.group.removed:
            self._leaves(device, received.staged)
        return True

    def _leaves(self, device: Device, removal: StagedCommit | None = None) -> None:
        del self.devices[device.client.name]
        self.former.append(Former.of(device.group, removal))

    def repeat(self, name: str) -> None:
        """Deliver a handshake once more: it changes nothing."""
        device = self.devices[name]
        if device.last is None:
            return
        received = tried(partial(process, device.group, device.last, NOW))
        if not isinstance(received, RuleError):
            assert received.group.public.pending == device.group.public.pending
            assert received.group.context == device.group.context

    def ahead_of_time(self, name: str) -> None:
        """Deliver the second handshake before the first: it is read, or refused until its time has come."""
        device = self.devices[name]
        if len(device.inbox) < 2 or device.lost:
            return
        epoch = device.group.context.epoch
        received = tried(partial(process, device.group, device.inbox[1], NOW))
        if isinstance(received, RuleError):
            assert received.rule in BEHIND, received
            return
        device.group = received.group
        del device.inbox[1]
        if isinstance(received, ReceivedCommit) and received.group.removed:
            self._leaves(device, received.staged)
        elif device.group.context.epoch != epoch:
            device.inbox.popleft()  # a proposal of the old epoch that nobody has committed

    def lose(self, name: str) -> None:
        device = self.devices[name]
        if device.inbox:
            device.inbox.popleft()
            device.lost = True

    # What devices send

    def distribute(self, sender: str | None, message: MLSMessage) -> None:
        """Let the server take a handshake, and put it on its way to all devices but the sender's."""
        message = MLSMessage.decode(message.encode())
        epoch, leaving = self.epoch, [self.server.tree.member(leaf_index) for leaf_index in self.leaving()]
        self.server = served(self.server, message, NOW)
        if self.epoch != epoch:
            self.self_removes.clear()
            assert not any(leaf_node in leaving for _, leaf_node in self.server.tree.members()), "somebody has to stay"
        for name, device in self.devices.items():
            if name != sender:
                device.inbox.append(message)

    def propose(self, name: str, proposed: Proposed) -> None:
        self.devices[name].group = proposed.group
        message = proposed.message.public_message
        if message and message.content.proposal and isinstance(message.content.proposal.body, SelfRemove):
            self.self_removes.append(message)
        self.distribute(name, proposed.message)

    def propose_from_outside(self, message: PublicMessage) -> None:
        self.distribute(None, MLSMessage.of(message))

    def prepared(self, name: str, by_value: tuple[ProposalBody, ...] = (), **how) -> Committed:
        """A Commit of a device that is where the server is."""
        device = self.devices[name]
        return commit(device.group, Covering(by_value), now=NOW, random=device.client.random, **how)

    def accept(self, name: str, committed: Committed) -> None:
        """A Commit wins: its sender and the server go on with it."""
        self.distribute(name, committed.message)
        self.devices[name].group = committed.after
        welcomed = set() if committed.welcome is None else {entry.new_member for entry in committed.welcome.secrets}
        for client, own in list(self.invited):
            if key_package_ref(own.key_package) in welcomed:
                self.invited.remove((client, own))
                self.devices[client.name] = Device(
                    client, client.join(committed.welcome, own, psks=PSKS), since=self.epoch
                )

    def invite(self) -> tuple[Client, NewKeyPackage]:
        """A new client, which waits for a Welcome."""
        client = self.new_client()
        self.invited.append((client, client.key_package()))
        return self.invited[-1]

    def add(self, name: str, count: int, **how) -> None:
        """Add clients, which join with the Welcome."""
        adds = tuple(Add(self.invite()[1].key_package) for _ in range(count))
        self.accept(name, self.prepared(name, adds, **how))

    def join(self, client: Client, device: Device | None = None) -> None:
        """Join by an external Commit; or again, as a device that has lost its way."""
        informed = next(group for group in (item.group for item in self.devices.values()) if self._is_current(group))
        replaces = None
        if device is not None and device.group.leaf_index not in self.leaving():
            replaces = device.group.leaf_index
        made = join_externally(
            group_info(informed),
            client.template,
            client.signature_private_key,
            APPLICATION,
            now=NOW,
            random=client.random,
            psks=PSKS,
            what=ExternalJoin(replaces=replaces, self_removes=tuple(self.self_removes)),
        )
        if device is not None:
            self._leaves(device)
        self.distribute(None, made.message)
        self.devices[client.name] = Device(client, made.group, since=self.epoch)

    def _is_current(self, group: Group) -> bool:
        return group.context.epoch == self.epoch

    # When all is quiet

    def settle(self) -> None:
        """Deliver everything; who can't go on joins again; then all agree."""
        for name in self.names():
            self.catch_up(name)
        for name in self.names():
            device = self.devices.get(name)
            if device is not None and not self.catch_up(name):
                if name in self.devices and self.was_removed(device):
                    self._leaves(device)
                elif name in self.devices:
                    self.join(device.client, device)
        for name in self.names():
            assert self.catch_up(name) or name not in self.devices
        self.check_agreement()

    def was_removed(self, device: Device) -> bool:
        """Whether a device that lost its way is in the group no more: what it would learn from the GroupInfo."""
        leaf_node = self.server.tree.leaf(device.group.leaf_index)
        return leaf_node is None or leaf_node.credential != device.client.credential

    def check_agreement(self) -> None:
        groups = [device.group for device in self.devices.values()]
        assert {group.context for group in groups} == {self.server.context}
        assert {group.public.interim_transcript_hash for group in groups} == {self.server.interim_transcript_hash}
        assert {tuple(sorted(group.public.pending)) for group in groups} == {tuple(sorted(self.server.pending))}
        assert len({group.epoch_authenticator for group in groups}) == 1
        assert len({group.export("label", b"context", 32) for group in groups}) == 1
        assert len({group.export_for_component(COMPONENT)[0] for group in groups}) == 1
        assert len({group.secrets.external_key_pair().public_key for group in groups}) == 1
        leaves = {device.client.credential: device.group.leaf_index for device in self.devices.values()}
        assert {leaf_node.credential: index for index, leaf_node in self.server.tree.members()} == leaves
        for device in self.devices.values():
            assert device.group.leaf_node == self.server.tree.leaf(device.group.leaf_index)
        assert server_of(groups[0], NOW).context == self.server.context

    def hear(self, name: str, number: int) -> None:
        """Let a device read an application message: once, of an epoch in which it is or was a short while ago."""
        device, number = self.devices[name], number % len(self.said)
        said = self.said[number]
        epoch = device.group.context.epoch
        readable = device.since <= said.epoch <= epoch <= said.epoch + device.group.retention.late_epochs
        fresh = number not in device.read and said.sender != name
        received = tried(partial(process, device.group, said.message, NOW))
        if isinstance(received, RuleError):
            assert not (readable and fresh), f"unread, and yet: {received}"
            return
        assert readable
        assert fresh
        assert isinstance(received, ReceivedApplicationData)
        assert (received.data, received.epoch) == (said.data, said.epoch)
        device.group = received.group
        device.read.add(number)
        again = tried(partial(process, device.group, said.message, NOW))
        assert isinstance(again, RuleError), "a message was read twice"

    def check_outsiders_learn_nothing(self) -> None:
        """Who has left reads nothing of later epochs, nor is anything encrypted to it; a stranger reads nothing."""
        for said in self.said[-3:]:
            former = [group for former in self.former if former.epoch < said.epoch for group in former.groups]
            for outsider in (STRANGER, *former):
                assert isinstance(tried(partial(process, outsider, said.message, NOW)), RuleError)
        for former in self.former:
            for key in former.public_keys:
                assert not self.server.tree.encryption_keys.nodes_with(key), "somebody outside knows a key of the tree"
