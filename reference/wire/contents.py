"""What is inside the opaque fields of extensions and components: the structure that a number there stands for."""

from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.wire.mls.app_data import (
    AppAck,
    AppDataDictionary,
    AppDataUpdate,
    AppEphemeral,
    ComponentData,
    ComponentsList,
    MediaTypeList,
    SafeAADItem,
    WireFormats,
)
from mimi_conformance.reference.wire.mls.group import ApplicationId, ExternalPub, ExternalSenders, RequiredCapabilities
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.ratchet_tree_options import DomainList
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.mls.semi_private_message import ExternalReceivers
from mimi_conformance.reference.wire.mls.tree import RatchetTree
from mimi_conformance.reference.wire.protocol.franking import FrankAAD, FrankingAgentData
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, ParticipantListUpdate
from mimi_conformance.reference.wire.protocol.room_metadata import RoomMetaData
from mimi_conformance.reference.wire.room_policy.assets import AssetPolicy
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy
from mimi_conformance.reference.wire.room_policy.links import (
    BotPolicy,
    JoinLinkPolicy,
    JoinLinksData,
    JoinLinksUpdate,
    LinkPreviewPolicy,
)
from mimi_conformance.reference.wire.room_policy.messages import (
    HistoryPolicy,
    LoggingPolicy,
    MessageExpiration,
    StatusNotificationPolicy,
)
from mimi_conformance.reference.wire.room_policy.operational import OperationalParameters
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, RoleData
from mimi_conformance.reference.wire.structure import Struct

EXTENSIONS: Mapping[ExtensionType, type[Struct]] = MappingProxyType(
    {
        ExtensionType.application_id: ApplicationId,
        ExtensionType.ratchet_tree: RatchetTree,
        ExtensionType.required_capabilities: RequiredCapabilities,
        ExtensionType.external_pub: ExternalPub,
        ExtensionType.external_senders: ExternalSenders,
        ExtensionType.app_data_dictionary: AppDataDictionary,
        ExtensionType.supported_wire_formats: WireFormats,
        ExtensionType.required_wire_formats: WireFormats,
        ExtensionType.ratchet_tree_source_domains: DomainList,
    }
)
"""What `extension_data` holds."""

COMPONENTS: Mapping[str, type[Struct]] = MappingProxyType(
    {
        "app_components": ComponentsList,
        "safe_aad": ComponentsList,
        "content_media_types": MediaTypeList,
        "app_ack": AppAck,
        "external_receivers": ExternalReceivers,
        "frank_aad": FrankAAD,
        "franking_signature_key": FrankingAgentData,
        "participant_list": ParticipantListData,
        "room_metadata": RoomMetaData,
        "mls_operational_policy": OperationalParameters,
        "roles_list": RoleData,
        "preauth_list": PreAuthData,
        "base_room_policy": BaseRoomPolicy,
        "status_notification_policy": StatusNotificationPolicy,
        "join_link_policy": JoinLinkPolicy,
        "join_links": JoinLinksData,
        "link_preview_policy": LinkPreviewPolicy,
        "asset_policy": AssetPolicy,
        "logging_policy": LoggingPolicy,
        "chat_history_policy": HistoryPolicy,
        "bot_policy": BotPolicy,
        "message_expiration_policy": MessageExpiration,
    }
)
"""What a component's data is, by the component's name; `last_resort_key_package` has none."""

UPDATES: Mapping[str, type[Struct]] = MappingProxyType(
    {**COMPONENTS, "participant_list": ParticipantListUpdate, "join_links": JoinLinksUpdate}
)
"""What the `update` of an AppDataUpdate is, by the component's name."""


@cache
def component_name(component_id: int) -> str | None:
    """Return the name that the drafts give a component; None for a number without one."""
    return {number: name for name, number in code_points().components.items()}.get(component_id)


def _of_component(structures: Mapping[str, type[Struct]]) -> Callable[[Any], type[Struct] | None]:
    """Return a function from something with a `component_id` to what its bytes are."""
    return lambda value: structures.get(component_name(value.component_id) or "")


_CONTENTS: Mapping[tuple[type[Struct], str], Callable[[Any], type[Struct] | None]] = {
    (Extension, "extension_data"): lambda extension: EXTENSIONS.get(extension.extension_type),
    (ComponentData, "data"): _of_component(COMPONENTS),
    (AppEphemeral, "data"): _of_component(COMPONENTS),
    (SafeAADItem, "aad_item_data"): _of_component(COMPONENTS),
    (AppDataUpdate, "update"): _of_component(UPDATES),
}


def content_of(value: Struct, field: str) -> type[Struct] | None:
    """Return the structure that an opaque field of a value holds; None when nothing says so."""
    known = _CONTENTS.get((type(value), field))
    return known(value) if known is not None else None
