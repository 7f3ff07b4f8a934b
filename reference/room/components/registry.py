"""All components of a room, by number, as MLS asks for them."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from mimi_conformance.reference.mls.proposals.components import (
    Component,
    ComponentRegistry,
    Replaced,
    ReplacedStructure,
)
from mimi_conformance.reference.mls.proposals.extensions import EXTERNAL_RECEIVERS
from mimi_conformance.reference.room.components.assets import ASSET_POLICY
from mimi_conformance.reference.room.components.base_policy import BASE_ROOM_POLICY
from mimi_conformance.reference.room.components.component import RoomComponent
from mimi_conformance.reference.room.components.franking import FRANK_AAD, FRANKING_AGENT
from mimi_conformance.reference.room.components.links import (
    BOT_POLICY,
    JOIN_LINK_POLICY,
    JOIN_LINKS,
    LINK_PREVIEW_POLICY,
)
from mimi_conformance.reference.room.components.messages import (
    CHAT_HISTORY_POLICY,
    LOGGING_POLICY,
    MESSAGE_EXPIRATION_POLICY,
    STATUS_NOTIFICATION_POLICY,
)
from mimi_conformance.reference.room.components.operational import MLS_OPERATIONAL_POLICY
from mimi_conformance.reference.room.components.participant_list import ParticipantListComponent
from mimi_conformance.reference.room.components.roles import PREAUTH_LIST, ROLES_LIST
from mimi_conformance.reference.room.components.room_metadata import ROOM_METADATA
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary
from mimi_conformance.reference.wire.mls.semi_private_message import ExternalReceivers
from mimi_conformance.reference.wire.structure import Struct

POLICY_COMPONENTS: Final[tuple[RoomComponent[Any], ...]] = (
    MLS_OPERATIONAL_POLICY,
    ROLES_LIST,
    PREAUTH_LIST,
    BASE_ROOM_POLICY,
    STATUS_NOTIFICATION_POLICY,
    JOIN_LINK_POLICY,
    JOIN_LINKS,
    LINK_PREVIEW_POLICY,
    ASSET_POLICY,
    LOGGING_POLICY,
    CHAT_HISTORY_POLICY,
    BOT_POLICY,
    MESSAGE_EXPIRATION_POLICY,
)
"""The components of mimi-room-policy-03, section 10.1."""

_BY_NUMBER: Final[Mapping[int, RoomComponent[Any]]] = MappingProxyType(
    {
        FRANK_AAD.component_id: FRANK_AAD,
        FRANKING_AGENT.component_id: FRANKING_AGENT,
        ROOM_METADATA.component_id: ROOM_METADATA,
        **{each.component_id: each for each in POLICY_COMPONENTS},
    }
)
"""Those that remember nothing: all but the participant list."""


def room_components() -> ComponentRegistry:
    """The components of one room. Those that nobody here knows pass, because other clients may know them (AMB-221)."""
    participant_list = ParticipantListComponent()
    room: dict[int, Component] = {**_BY_NUMBER, participant_list.component_id: participant_list}
    standard = ComponentRegistry(unknown=Replaced())
    return standard.with_components({**room, EXTERNAL_RECEIVERS: ReplacedStructure(ExternalReceivers)})


def component_of(component_id: int) -> RoomComponent[Any] | None:
    """The component of a number, if it is one of a room, and other than the participant list."""
    return _BY_NUMBER.get(component_id)


def read_components(dictionary: AppDataDictionary) -> Mapping[str, Struct]:
    """The values of a room's components, by name; without participants, and without what is nobody's here.

    Raises:
        ComponentError: a component has no valid data.

    """
    known = ((component_of(entry.component_id), entry.data) for entry in dictionary.component_data)
    return {component.name: component.read(data) for component, data in known if component is not None}
