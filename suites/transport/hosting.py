"""Rooms of which the target is the hub, with users of ours in them from the start (PROTO 3.1).

A room is made whole over the control interface: nothing that a test judges of the hub is needed for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mimi_conformance.mocks.control.client import RequestOutcome
from mimi_conformance.mocks.peers.user import CIPHER_SUITE, PeerUser
from mimi_conformance.reference.client.changes import adding
from mimi_conformance.reference.client.client import Client
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.client.errors import NotSentError
from mimi_conformance.reference.client.membership import Membership
from mimi_conformance.reference.client.new_group import RoomPlan, new_group
from mimi_conformance.reference.client.room import commit_bundle
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Committed, Covering, WelcomeContents, commit
from mimi_conformance.reference.mls.group.group_framing import Framing
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.provider.founding import NewRoom
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities
from mimi_conformance.reference.wire.mls.proposals import Add, ProposalBody
from mimi_conformance.reference.wire.mls.registries import (
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from mimi_conformance.reference.wire.protocol.update import UpdateRequest
from mimi_conformance.suites.target.judgement import blocked
from mimi_conformance.suites.target.world import World

CAPABILITIES = Capabilities(
    (ProtocolVersion.mls10,),
    (CIPHER_SUITE,),
    (ExtensionType.app_data_dictionary,),
    (ProposalType.app_data_update, ProposalType.self_remove),
    (CredentialType.basic,),
)
"""What a client needs in the group of a room."""

_POLICY = preset("cooperative")
_ORDINARY_USER = next(each.role_index for each in _POLICY.roles_list.roles if each.role_name == b"ordinary_user")


@dataclass(frozen=True)
class TargetHostedRoom:
    """A room of the target.

    Attributes:
        creator: the client of the target that has made it.
        membership: the room as the creator has it.
    """

    creator: Client
    membership: Membership

    @property
    def uri(self) -> MimiUri:
        """Its identifier."""
        return self.membership.room_id

    def addition(self, user: MimiUri, key_packages: Sequence[KeyPackage]) -> UpdateRequest:
        """The creator's commit that makes somebody a participant and adds clients, with Welcome, GroupInfo and tree."""
        bodies = adding(self.membership, user, key_packages, _ORDINARY_USER)
        made = _committed(self.creator.device, self.membership.group, bodies)
        return UpdateRequest(commit_bundle(made.message, made.after, made.welcome))


def room_at_target(world: World, *guests: PeerUser) -> TargetHostedRoom:
    """A room that a user of the target has made, with these users of ours in it, each with its first client.

    Ends the test as blocked when the target can't make it.
    """
    creator = world.client(MimiUri.user(world.domain, world.new_name()), "phone", key_packages=0)
    device, room = creator.device, MimiUri.room(world.domain, world.new_name())
    try:
        keys = creator.connection.hub_keys(device.cipher_suite)
    except (NotSentError, DecodeError) as error:
        blocked(f"the target's hub_keys in `describe`: {error}")
    plan = RoomPlan(_POLICY, participants={guest.uri: _ORDINARY_USER for guest in guests})
    group = new_group(device, room, keys, plan)
    if guests:
        group = _committed(device, group, [Add(capable_key_package(world, guest)) for guest in guests]).after
    tree = RatchetTree(group.public.tree.to_wire().nodes)
    creator.connection.create_room(NewRoom(room, creator.uri, group_info(group, tree=False), tree))
    return TargetHostedRoom(creator, Membership.begun(room, group))


def _committed(device: Device, group: Group, bodies: Sequence[ProposalBody]) -> Committed:
    framing = Framing(authenticated_data=encode_safe_aad({}) if group.keys.safe_aad else b"")
    return commit(
        group,
        Covering(tuple(bodies)),
        now=device.seconds,
        random=device.random,
        framing=framing,
        welcome=WelcomeContents(tree=False),
    )


def capable_key_package(world: World, user: PeerUser) -> KeyPackage:
    """A KeyPackage with which the first client of a user of ours can be added to a room."""
    made = user.device.key_package(credential=world.credential(user), capabilities=CAPABILITIES)
    return made.key_package


def asked_at_hub(world: World, client: Client, endpoint: str, about: MimiUri, body: bytes) -> RequestOutcome:
    """What becomes of a request that a client of the target makes to the target itself."""
    return world.control.requests(client.uri, endpoint, world.domain, about.text, body)
