"""Clients that make groups and join them, with randomness of their own that is the same in every run."""

import random
from dataclasses import dataclass, field

from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_creation import Member, create
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.group.group_processing import process
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.group.welcome import join
from mimi_conformance.reference.mls.key_package import NewKeyPackage, create_key_package
from mimi_conformance.reference.mls.proposals.components import with_component
from mimi_conformance.reference.mls.proposals.extensions import APP_COMPONENTS
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, ComponentsList
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, Lifetime
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
NOW = 1_700_000_000
LIFETIME = Lifetime(NOW - 3600, NOW + 3600)
COMPONENT = 0x8001
"""A component that all clients say they support."""

GREASE = 0x0A0A


def capabilities(suite: CipherSuite = SUITE) -> Capabilities:
    return Capabilities(
        (ProtocolVersion.mls10,),
        (suite, CipherSuite(GREASE)),
        (ExtensionType.app_data_dictionary, ExtensionType.required_wire_formats, ExtensionType(GREASE)),
        (
            ProposalType.app_data_update,
            ProposalType.app_ephemeral,
            ProposalType.self_remove,
            ProposalType(GREASE),
        ),
        (CredentialType.basic, CredentialType(GREASE)),
    )


def dictionary(**components: bytes) -> Extension:
    """An `app_data_dictionary`; components are named by their numbers in hex, as in `c8001`."""
    made = NO_APP_DATA
    for name, data in components.items():
        made = with_component(made, int(name[1:], 16), data)
    return Extension(ExtensionType.app_data_dictionary, made.encode())


SUPPORTED_COMPONENTS = ComponentsList((APP_COMPONENTS, 0x0002, 0x0008, COMPONENT, GREASE))
LEAF_EXTENSIONS = (
    dictionary(c0001=SUPPORTED_COMPONENTS.encode(), c0002=ComponentsList((COMPONENT, GREASE)).encode()),
    Extension(ExtensionType(GREASE), b"ignored"),
)


@dataclass
class Client:
    name: str
    suite: CipherSuite = SUITE
    application: Application = field(default_factory=Application)

    def __post_init__(self) -> None:
        self.random = random.Random(self.name).randbytes
        self.signature_private_key = parameters(self.suite).signature.new_private_key(self.random)

    @property
    def credential(self) -> Credential:
        return Credential.basic(self.name.encode())

    @property
    def template(self) -> LeafTemplate:
        return LeafTemplate(self.credential, capabilities(self.suite), LEAF_EXTENSIONS)

    def key_package(self, **changes) -> NewKeyPackage:
        arguments = {
            "lifetime": LIFETIME,
            "capabilities": capabilities(self.suite),
            "leaf_extensions": LEAF_EXTENSIONS,
            **changes,
        }
        return create_key_package(
            self.suite, self.credential, self.signature_private_key, random=self.random, **arguments
        )

    def as_member(self, **changes) -> Member:
        return Member(self.key_package(**changes), self.signature_private_key)

    def create(self, group_id: bytes = b"group", **more) -> Group:
        return create(group_id, self.as_member(), self.application, now=NOW, random=self.random, **more)

    def join(self, welcome, own: NewKeyPackage, **more) -> Group:
        return join(welcome, own, self.signature_private_key, self.application, now=NOW, **more)


def clients(*names: str, suite: CipherSuite = SUITE, application: Application | None = None) -> list[Client]:
    return [Client(name, suite, application or Application()) for name in names]


@dataclass
class Room:
    """A group of clients, and a server that follows it. Every message reaches everybody, as bytes."""

    members: dict[str, tuple[Client, Group]]
    server: PublicGroup

    @classmethod
    def of(cls, *names: str, suite: CipherSuite = SUITE, application: Application | None = None, **more) -> "Room":
        creator, *others = clients(*names, suite=suite, application=application)
        group = creator.create(**more)
        room = cls({creator.name: (creator, group)}, server_of(group, NOW))
        if others:
            room.add(creator.name, *others)
        return room

    def group(self, name: str) -> Group:
        return self.members[name][1]

    def client(self, name: str) -> Client:
        return self.members[name][0]

    def put(self, name: str, group: Group) -> None:
        self.members[name] = self.client(name), group

    def add(self, committer: str, *newcomers: Client, **how) -> None:
        own = {client.name: client.key_package() for client in newcomers}
        adds = tuple(Add(new.key_package) for new in own.values())
        committed = self.commit(committer, *adds, **how)
        for client in newcomers:
            joined = client.join(committed.welcome, own[client.name])
            self.members[client.name] = client, joined

    def commit(self, committer: str, *by_value, **how):
        """Commit, let everybody process it, and check that all who remain agree."""
        client, group = self.members[committer]
        committed = commit(group, Covering(tuple(by_value)), now=NOW, random=client.random, **how)
        self.deliver(committed.message, sender=committer, after=committed.after)
        return committed

    def propose(self, name: str, proposed):
        """Send a proposal that a member has made to all others and to the server."""
        self.put(name, proposed.group)
        self.deliver(proposed.message, sender=name)
        return proposed.reference

    def deliver(self, message: MLSMessage, sender: str | None = None, after: Group | None = None) -> None:
        message = MLSMessage.decode(message.encode())
        for name, (client, group) in list(self.members.items()):
            if name == sender:
                self.members[name] = client, after or group
                continue
            received = process(group, message, NOW).group
            if received.removed:
                del self.members[name]
            else:
                self.members[name] = client, received
        if message.public_message is not None:
            content = message.public_message.content
            step = self.server.process_proposal if content.proposal else self.server.process_commit
            self.server = step(message.public_message, NOW)

    def check_agreement(self) -> None:
        groups = [group for _, group in self.members.values()]
        assert len({group.epoch_authenticator for group in groups}) == 1
        assert {group.context for group in groups} == {self.server.context}
        assert {group.public.interim_transcript_hash for group in groups} == {self.server.interim_transcript_hash}


def server_of(group: Group, now: int | None = None) -> PublicGroup:
    """A server that starts to follow a group."""
    return follow(group_info(group), group.public.state.application, now)
