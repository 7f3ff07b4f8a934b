"""Rooms of which the target is the hub, made over its control interface; we play their clients (PROTO 3.1, 5.3)."""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mimi_conformance.mocks.control.client import RequestOutcome
from mimi_conformance.mocks.peers.user import CIPHER_SUITE, PeerUser
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_commit import Covering, WelcomeContents, commit
from mimi_conformance.reference.mls.group.group_creation import Member, create
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.key_package import NewKeyPackage
from mimi_conformance.reference.mls.proposals.components import with_component
from mimi_conformance.reference.mls.tree.ratchet_tree_options import full_tree
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataUpdate, AppDataUpdateOperation
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension
from mimi_conformance.reference.wire.mls.proposals import Add
from mimi_conformance.reference.wire.mls.registries import (
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from mimi_conformance.reference.wire.protocol.participant_list import (
    ParticipantListData,
    ParticipantListUpdate,
    UserRolePair,
)
from mimi_conformance.reference.wire.protocol.update import (
    GroupInfoOption,
    GroupInfoRepresentation,
    HandshakeBundle,
    UpdateRequest,
)
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
_COMPONENTS = code_points().components


@dataclass(frozen=True)
class TargetHostedRoom:
    """A room of the target.

    Attributes:
        uri: its identifier.
        creator: the client of the target that has made it.
        group: its MLS group, as the creator has it.
    """

    uri: MimiUri
    creator: MimiUri
    group: Group

    def addition(self, user: MimiUri, key_packages: Sequence[KeyPackage]) -> UpdateRequest:
        """The creator's commit that makes somebody a participant and adds clients, with Welcome, GroupInfo and tree."""
        listed = ParticipantListUpdate((), (), (UserRolePair(bytes(user), _ORDINARY_USER),))
        participants = AppDataUpdate(
            component_id=_COMPONENTS["participant_list"], op=AppDataUpdateOperation.update, update=listed.encode()
        )
        made = commit(
            self.group,
            Covering((participants, *(Add(each) for each in key_packages))),
            now=int(time.time()),
            random=os.urandom,
            welcome=WelcomeContents(tree=False),
        )
        info = group_info(made.after, tree=False)
        return UpdateRequest(
            HandshakeBundle(
                proposal_or_commit=made.message,
                welcome=made.welcome,
                group_info_option=GroupInfoOption(representation=GroupInfoRepresentation.full, group_info=info),
                ratchet_tree_option=full_tree(made.after.public.tree),
            )
        )


def room_at_target(world: World, *guests: PeerUser) -> TargetHostedRoom:
    """A room that a user of the target has made, with these users of ours in it, each with its first client.

    Ends the test as blocked when the target can't make it.
    """
    keys = world.control.describe().hub_keys.get(CIPHER_SUITE)
    if keys is None:
        blocked(f"the target's hub_keys for {CIPHER_SUITE.name} in `describe`")
    owner = world.user(clients=1)
    creator, room = owner.clients[0], MimiUri.room(world.domain, world.new_name())
    participants = (
        UserRolePair(bytes(owner.uri), _POLICY.creator_role_index),
        *(UserRolePair(bytes(guest.uri), _ORDINARY_USER) for guest in guests),
    )
    senders = ExternalSenders((ExternalSender.decode(keys.external_sender),))
    extensions = (
        Extension(ExtensionType.external_senders, senders.encode()),
        _components(ParticipantListData(participants)),
    )
    player, now = played(creator), int(time.time())
    member = Member(capable_key_package(world, player), player.device.signature_private_key)
    group_id = MimiUri.group(world.domain, world.new_name())
    group = create(bytes(group_id), member, room_application(), now=now, random=os.urandom, extensions=extensions)
    if guests:
        adds = tuple(Add(capable_key_package(world, guest).key_package) for guest in guests)
        group = commit(group, Covering(adds), now=now, random=os.urandom).after
    tree = RatchetTree(group.public.tree.to_wire().nodes)
    world.control.rooms(room, creator, group_info(group, tree=False).encode(), tree.encode())
    return TargetHostedRoom(room, creator, group)


def played(client: MimiUri) -> PeerUser:
    """The user of the target with this client, whom we play."""
    return PeerUser(client.provider, *client.path)


def capable_key_package(world: World, user: PeerUser) -> NewKeyPackage:
    """A KeyPackage with which the first client of a user can be added to a room."""
    return user.device.key_package(credential=world.credential(user), capabilities=CAPABILITIES)


def asked_at_hub(world: World, client: MimiUri, endpoint: str, about: MimiUri, body: bytes) -> RequestOutcome:
    """What becomes of a request that a client of the target makes to the target itself."""
    return world.control.requests(client, endpoint, world.domain, about.text, body)


def _components(participants: ParticipantListData) -> Extension:
    """The components of a new room."""
    roles = _COMPONENTS["roles_list"]
    values = {
        _COMPONENTS["participant_list"]: participants.encode(),
        _COMPONENTS["base_room_policy"]: replace(_POLICY.base_room_policy, policy_component_ids=(roles,)).encode(),
        roles: _POLICY.roles_list.encode(),
    }
    dictionary = NO_APP_DATA
    for component, data in values.items():
        dictionary = with_component(dictionary, component, data)
    return Extension(ExtensionType.app_data_dictionary, dictionary.encode())
