"""The MLS group that a new room begins with (PROTO 3.1, 7.2)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mimi_conformance.reference.client.connection import HubKeys
from mimi_conformance.reference.client.device import Device
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.group import Group
from mimi_conformance.reference.mls.group.group_creation import create
from mimi_conformance.reference.mls.proposals.components import with_component
from mimi_conformance.reference.room.mls_application import room_application
from mimi_conformance.reference.room.presets import Preset, preset
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, ComponentsList
from mimi_conformance.reference.wire.mls.group import ExternalSenders, RequiredCapabilities
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.registries import ExtensionType, ProposalType
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair
from mimi_conformance.reference.wire.structure import Struct

REQUIRED = RequiredCapabilities(
    (ExtensionType.app_data_dictionary,), (ProposalType.app_data_update, ProposalType.self_remove), ()
)
"""What no client of a room can do without."""


NO_POLICY = frozenset(
    {
        "participant_list",
        "base_room_policy",
        "room_metadata",
        "safe_aad",
        "franking_signature_key",
        "external_receivers",
    }
)
"""The components that `policy_component_ids` does not list (POLICY 5)."""


@dataclass(frozen=True, slots=True)
class RoomPlan:
    """What a room is to be like.

    Attributes:
        policy: the preset for its policy.
        participants: further participants from the start, by URI, with their role indices.
        components: further components, or others than the preset's, by name.
        extensions: further extensions of the GroupContext.

    """

    policy: Preset = field(default_factory=lambda: preset("cooperative"))
    participants: Mapping[MimiUri, int] = field(default_factory=lambda: MappingProxyType({}))
    components: Mapping[str, Struct] = field(default_factory=lambda: MappingProxyType({}))
    extensions: tuple[Extension, ...] = ()


def new_group(device: Device, room_id: MimiUri, hub: HubKeys, plan: RoomPlan) -> Group:
    """A group with one member, the client that makes the room.

    Raises:
        RuleError: the components are not what they should be.

    """
    components = {**_components(device, hub, plan), **plan.components}
    listed = tuple(code_points().component_id(each) for each in components if each not in NO_POLICY)
    base = replace(plan.policy.base_room_policy, policy_component_ids=listed)
    dictionary = NO_APP_DATA
    for name, value in {"base_room_policy": base, **components}.items():
        dictionary = with_component(dictionary, code_points().component_id(name), value.encode())
    return create(
        group_id_of(room_id),
        device.as_member(),
        room_application(),
        now=device.seconds,
        random=device.random,
        extensions=(
            Extension(ExtensionType.required_capabilities, REQUIRED.encode()),
            Extension(ExtensionType.external_senders, ExternalSenders((hub.external_sender,)).encode()),
            Extension(ExtensionType.app_data_dictionary, dictionary.encode()),
            *plan.extensions,
        ),
    )


def group_id_of(room_id: MimiUri) -> bytes:
    """The identifier of a room's first group, as the example of PROTO 3 writes it."""
    return f"mimi://{room_id.provider}/g/{room_id.path[0]}".encode()


def _components(device: Device, hub: HubKeys, plan: RoomPlan) -> dict[str, Struct]:
    policy = plan.policy
    roles = {bytes(device.user): policy.creator_role_index}
    if policy.hub_role_index is not None:
        roles[hub.external_sender.credential.identity or b""] = policy.hub_role_index
    roles |= {bytes(user): role for user, role in plan.participants.items()}
    made: dict[str, Struct] = {
        "participant_list": ParticipantListData(tuple(UserRolePair(*each) for each in roles.items())),
        "roles_list": policy.roles_list,
    }
    if policy.preauth_list is not None:
        made["preauth_list"] = policy.preauth_list
    if hub.franking_agent is not None:
        made |= {"franking_signature_key": hub.franking_agent, "safe_aad": ComponentsList(())}
    return made
