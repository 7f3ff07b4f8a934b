"""Rooms of any size as their hub has them, without the life that would lead to them, with a member that can commit."""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from benchmarks.large_groups import LargeGroup
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import parameters
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.welcome import join
from mimi_conformance.reference.mls.key_package import create_key_package
from mimi_conformance.reference.mls.proposals.components import with_component
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.hub_identity import HubIdentity
from mimi_conformance.reference.provider.keys import ProviderKeys
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.presets import preset
from mimi_conformance.reference.room.state import RoomState, found
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, ComponentsList
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import ExternalSenders
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, Lifetime
from mimi_conformance.reference.wire.mls.message import MLSMessage
from mimi_conformance.reference.wire.mls.registries import CipherSuite, CredentialType, ExtensionType, ProtocolVersion
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair

SUITE = CipherSuite.MLS_128_DHKEMX25519_AES128GCM_SHA256_Ed25519
HUB = HubIdentity(ProviderSettings("hub.example"), ProviderKeys(bytes(32)), os.urandom)
ROOM = MimiUri.room(HUB.domain, "large")
HOUR = 3600


@dataclass(frozen=True)
class LargeRoom:
    """A room as its hub has it, and a member that can commit."""

    state: RoomState
    member: Group


def domain_of_hub(_: int) -> str:
    """The domain of a user where all are the hub's."""
    return HUB.domain


def user(number: int, domain: Callable[[int], str] = domain_of_hub) -> MimiUri:
    """One of as many users as there are leaves, each with one client."""
    return MimiUri.user(domain(number), f"user{number}")


def client(number: int, domain: Callable[[int], str] = domain_of_hub) -> MimiUri:
    """The client of a user."""
    return MimiUri.client(domain(number), f"user{number}", "phone")


def extensions(users: tuple[MimiUri, ...], components: dict[str, bytes]) -> tuple[Extension, ...]:
    """Those of a cooperative room in which these users take part."""
    numbers, policy = code_points().components, preset("cooperative")
    everybody = ParticipantListData(tuple(UserRolePair(bytes(each), 2) for each in users))
    base = replace(policy.base_room_policy, policy_component_ids=(numbers["roles_list"],))
    all_components = {
        "participant_list": everybody.encode(),
        "base_room_policy": base.encode(),
        "roles_list": policy.roles_list.encode(),
        **components,
    }
    dictionary = NO_APP_DATA
    for name, value in all_components.items():
        dictionary = with_component(dictionary, numbers[name], value)
    return (
        Extension(ExtensionType.external_senders, ExternalSenders((HUB.external_sender(SUITE),)).encode()),
        Extension(ExtensionType.app_data_dictionary, dictionary.encode()),
    )


def franked() -> dict[str, bytes]:
    """The components of a room in which the hub stamps messages."""
    return {"franking_signature_key": HUB.franking_agent(SUITE).encode(), "safe_aad": ComponentsList(()).encode()}


def large_room(
    leaves: int, domain: Callable[[int], str] = domain_of_hub, components: dict[str, bytes] | None = None
) -> LargeRoom:
    """A room with so many users, each with a client; the last one is the member.

    Args:
        leaves: how many; even.
        domain: the provider of a user.
        components: more components, by name.

    """
    large = LargeGroup(SUITE, leaves, identity=lambda number: bytes(client(number, domain)))
    key, now = parameters(SUITE).signature.new_private_key(os.urandom), int(time.time())
    own = create_key_package(
        SUITE,
        Credential.basic(bytes(client(leaves - 1, domain))),
        key,
        lifetime=Lifetime(now - HOUR, now + HOUR),
        random=os.urandom,
        capabilities=Capabilities(
            (ProtocolVersion.mls10,),
            (SUITE,),
            (ExtensionType.app_data_dictionary, ExtensionType.external_senders),
            (),
            (CredentialType.basic,),
        ),
    )
    everything = extensions(tuple(user(number, domain) for number in range(leaves)), components or {})
    invitation = large.invite(MLSMessage.of(own.key_package).encode(), everything)
    tree = RatchetTree.decode(invitation.tree)
    welcome, info = MLSMessage.decode(invitation.welcome).welcome, MLSMessage.decode(invitation.group_info).group_info
    assert welcome is not None
    assert info is not None
    member = join(welcome, own, key, room_application(), now=now, tree=tree)
    return LargeRoom(found(follow(info, room_application(), None, tree), ROOM), member)
