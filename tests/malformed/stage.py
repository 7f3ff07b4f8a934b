"""A valid object of each kind, with whoever made it and whoever is to judge it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

from mimi_conformance.mocks.malformed.unchecked.makers import (
    NEW_MEMBER_COMMIT,
    NEW_MEMBER_PROPOSAL,
    Insider,
    Inviter,
    Maker,
    Outsider,
)
from mimi_conformance.reference.mls.group.external_join import ExternalJoin, join_externally
from mimi_conformance.reference.mls.group.external_proposals import propose_as_external_sender, propose_own_addition
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Covering, commit
from mimi_conformance.reference.mls.group.group_creation import reinitialize
from mimi_conformance.reference.mls.group.group_framing import IN_PRIVATE, Framing
from mimi_conformance.reference.mls.group.group_info import external_pub, follow, partial_group_info
from mimi_conformance.reference.mls.group.group_messages import group_info, send
from mimi_conformance.reference.mls.group.group_proposals import propose, propose_update
from mimi_conformance.reference.mls.group.public_group import PublicGroup
from mimi_conformance.reference.mls.group.welcome import join
from mimi_conformance.reference.mls.key_package import NewKeyPackage
from mimi_conformance.reference.mls.schedule.pre_shared_keys import PreSharedKeys
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType
from mimi_conformance.reference.wire.mls.group import GroupInfo, Welcome
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.proposals import Add, ReInit, Remove, SelfRemove
from mimi_conformance.reference.wire.mls.ratchet_tree_options import RatchetTreeOption, RatchetTreeRepresentation
from mimi_conformance.reference.wire.mls.registries import ProposalType, WireFormat
from tests.malformed.cast import APPLICATION, SERVICE, Actor, actors, crowd, extensions, framing_of
from tests.mls.group_examples import NOW, Client, Room, server_of

SEMI_PRIVATE = Framing(WireFormat.mls_semiprivate_message)


@dataclass(frozen=True)
class Scene:
    """A valid object, who made it, and who is to judge it.

    Attributes:
        subject: the object.
        maker: who made it.
        reader: a member, before the object; None where members don't read it.
        server: a server, before the object; None where servers don't read it.
        newcomer: reads the object, and returns a group; None where nobody joins or starts to follow by it.
        committer: a member that may commit the object, where that is a proposal.

    """

    subject: object
    maker: Maker
    reader: Group | None = None
    server: PublicGroup | None = None
    newcomer: Callable[[object], object] | None = None
    committer: Group | None = None


def insider(room: Room, name: str) -> Insider:
    return Insider.of(room.group(name), Client(name + " again").random)


def with_pending(room: Room) -> Room:
    """The same group when Carol has proposed an Update, Grace a SelfRemove, and Heidi the removal of Ivan."""
    room = Room(dict(room.members), room.server)
    for name, make in (
        ("carol", lambda group, random, how: propose_update(group, now=NOW, random=random, framing=how)),
        ("grace", lambda group, random, how: propose(group, SelfRemove(), now=NOW, random=random, framing=how)),
        ("heidi", lambda group, random, how: propose(group, Remove(3), now=NOW, random=random, framing=how)),
    ):
        client, group = room.members[name]
        room.propose(name, make(group, Client(client.name + "'s proposal").random, framing_of(group)))
    return room


def empty_commit(room: Room, framing: Framing | None = None) -> Scene:
    alice = room.group("alice")
    made = commit(alice, now=NOW, random=Client("commit").random, framing=framing or framing_of(alice))
    readable = made.message.public_message or made.message.semiprivate_message
    return Scene(made.message, insider(room, "alice"), room.group("eve"), room.server if readable else None)


def covering_commit(room: Room) -> Scene:
    room = with_pending(room)
    return empty_commit(room)


def update(room: Room, framing: Framing | None = None) -> Scene:
    carol = room.group("carol")
    how = framing or framing_of(carol)
    made = propose_update(carol, now=NOW, random=Client("update").random, framing=how)
    server = room.server if made.message.public_message or made.message.semiprivate_message else None
    return Scene(made.message, insider(room, "carol"), room.group("eve"), server, committer=room.group("heidi"))


def external_proposal(room: Room) -> Scene:
    data = framing_of(room.group("alice")).authenticated_data
    made = propose_as_external_sender(room.server.context, 0, Remove(1), SERVICE.signature_private_key, data)
    maker = Outsider(
        signature_private_key=SERVICE.signature_private_key,
        random=SERVICE.random,
        followed=room.server,
        outside_sender=Sender(sender_type=SenderType.external, sender_index=0),
    )
    return Scene(MLSMessage.of(made), maker, room.group("eve"), room.server, committer=room.group("heidi"))


def joiner(room: Room, client: Client, sender: Sender, psks: PreSharedKeys | None = None) -> Outsider:
    return Outsider(
        signature_private_key=client.signature_private_key,
        random=Client(client.name + " again").random,
        followed=room.server,
        outside_sender=sender,
        external_pub=external_pub(group_info(room.group("alice"))),
        psks=psks or PreSharedKeys(),
    )


def new_member_proposal(room: Room) -> Scene:
    judy = Actor("judy")
    data = framing_of(room.group("alice")).authenticated_data
    made = propose_own_addition(room.server.context, judy.key_package().key_package, judy.signature_private_key, data)
    maker = joiner(room, judy, NEW_MEMBER_PROPOSAL)
    return Scene(MLSMessage.of(made), maker, room.group("eve"), room.server, committer=room.group("heidi"))


def external_commit(room: Room, name: str = "judy", **what) -> Scene:
    client = Actor(name)
    made = join_externally(
        group_info(room.group("alice")),
        client.template,
        client.signature_private_key,
        room.server.state.application,
        now=NOW,
        random=Client(name + " joins").random,
        what=ExternalJoin(**what),
        authenticated_data=framing_of(room.group("alice")).authenticated_data,
    )
    psks = room.group(name).psks if "replaces" in what else None
    return Scene(made.message, joiner(room, client, NEW_MEMBER_COMMIT, psks), room.group("eve"), room.server)


def resync(room: Room) -> Scene:
    return external_commit(room, "bob", replaces=1)


def application_message(room: Room) -> Scene:
    alice = room.group("alice")
    message, _ = send(
        alice, b"hello", random=Client("m").random, authenticated_data=framing_of(alice).authenticated_data
    )
    return Scene(message, insider(room, "alice"), room.group("eve"))


def key_package(room: Room) -> Scene:
    judy = Actor("judy")
    return Scene(
        judy.key_package().key_package,
        joiner(room, judy, NEW_MEMBER_PROPOSAL),
        room.group("eve"),
        room.server,
        committer=room.group("heidi"),
    )


def group_info_scene(room: Room) -> Scene:
    judy = Actor("judy")

    def enter(info: GroupInfo):
        return join_externally(
            info,
            judy.template,
            judy.signature_private_key,
            room.server.state.application,
            now=NOW,
            random=Client("entering").random,
        ).group

    return Scene(group_info(room.group("alice")), insider(room, "alice"), newcomer=enter)


def followed(room: Room) -> Scene:
    """A server that starts to follow by a GroupInfo; it needs no `external_pub`."""
    return replace(group_info_scene(room), newcomer=lambda info: follow(info, room.server.state.application, NOW))


def partial(room: Room) -> Scene:
    alice = room.group("alice")
    made = commit(alice, now=NOW, random=Client("commit").random, framing=framing_of(alice)).after
    server = room.server.process_commit(
        commit(alice, now=NOW, random=Client("commit").random, framing=framing_of(alice)).message.public_message, NOW
    )
    info = group_info(made, tree=False)
    return Scene(partial_group_info(info, tree_before=False), Insider.of(made, Client("partial").random), server=server)


def tree_option(room: Room) -> Scene:
    option = RatchetTreeOption(
        representation=RatchetTreeRepresentation.https_uri,
        ratchet_tree_url=b"https://tree.example/tree",
        tree_signature=b"",
    )
    return Scene(option, insider(room, "alice"), newcomer=lambda option: option)


def _welcomed(room: Room, **how) -> tuple[Welcome, NewKeyPackage, Group]:
    judy = Actor("judy")
    own = judy.key_package()
    made = commit(
        room.group("alice"), Covering((Add(own.key_package),)), now=NOW, random=Client("welcome").random, **how
    )
    return made.welcome, own, made.after


def welcome(room: Room, **how) -> Scene:
    application = room.server.state.application
    made, own, inviter = _welcomed(room, **how)
    judy = Actor("judy")
    maker = Inviter(signature_private_key=inviter.signature_private_key, random=Client("inviter").random, invited=own)

    def enter(welcome: Welcome) -> Group:
        return join(welcome, own, judy.signature_private_key, application, now=NOW)

    return Scene(made, maker, newcomer=enter)


@cache
def _reinitialized() -> tuple[Welcome, NewKeyPackage, Group, Group]:
    """Alice and Bob end a group and begin another one; what Bob gets, and their views of the old one."""
    alice, bob = actors(APPLICATION, "alice", "bob")
    context_extensions = extensions(required=(ProposalType.app_data_update,))
    group = alice.create(extensions=context_extensions)
    room = Room({"alice": (alice, group)}, server_of(group, NOW))
    room.add("alice", bob)
    context = room.server.context
    room.commit("alice", ReInit(b"next", context.version, context.cipher_suite, context_extensions))
    own = bob.key_package()
    made = reinitialize(
        room.group("alice"), alice.as_member(), (own.key_package,), now=NOW, random=Client("reinit").random
    )
    return made.welcome, own, room.group("bob"), made.after


def linked_welcome(room: Room) -> Scene:
    made, own, predecessor, inviter = _reinitialized()
    bob = Actor("bob")
    maker = Inviter(
        signature_private_key=inviter.signature_private_key,
        random=Client("inviter").random,
        invited=own,
        psks=predecessor.psks,
    )

    def enter(welcome: Welcome) -> Group:
        return join(welcome, own, bob.signature_private_key, APPLICATION, now=NOW, predecessor=predecessor)

    return Scene(made, maker, newcomer=enter)


SCENES: dict[str, Callable[[], Scene]] = {
    "commit": lambda: empty_commit(crowd()),
    "covering commit": lambda: covering_commit(crowd()),
    "private commit": lambda: empty_commit(crowd(), IN_PRIVATE),
    "semi-private commit": lambda: empty_commit(crowd(), SEMI_PRIVATE),
    "semi-private update": lambda: update(crowd(), SEMI_PRIVATE),
    "commit with SafeAAD": lambda: empty_commit(crowd(safe=True)),
    "commit in a frugal group": lambda: empty_commit(crowd("frugal")),
    "commit in an eager group": lambda: empty_commit(crowd("eager")),
    "update": lambda: update(crowd()),
    "private update": lambda: update(crowd(), IN_PRIVATE),
    "external proposal": lambda: external_proposal(crowd()),
    "external proposal in a lax group": lambda: external_proposal(crowd("lax")),
    "new member's proposal": lambda: new_member_proposal(crowd()),
    "external commit": lambda: external_commit(crowd()),
    "external commit with pending proposals": lambda: external_commit(with_pending(crowd())),
    "resync": lambda: resync(crowd()),
    "application message": lambda: application_message(crowd()),
    "KeyPackage": lambda: key_package(crowd()),
    "GroupInfo": lambda: group_info_scene(crowd()),
    "GroupInfo for a server": lambda: followed(crowd()),
    "PartialGroupInfo": lambda: partial(crowd()),
    "RatchetTreeOption": lambda: tree_option(crowd()),
    "Welcome": lambda: welcome(crowd()),
    "Welcome without path": lambda: welcome(crowd(), path=False),
    "linked Welcome": lambda: linked_welcome(crowd()),
}


@cache
def scene(name: str) -> Scene:
    return SCENES[name]()
