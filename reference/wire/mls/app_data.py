"""Application data on MLS messages (mls-extensions, sections 4 to 6.2)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, opaque, uint16, uint32
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.registries import WireFormat
from mimi_conformance.reference.wire.structure import Struct

ComponentID = uint16
"""The number of an application component (mls-extensions, section 4.1); names are in `reference.drafts`."""


@dataclass(frozen=True, slots=True)
class ComponentOperationLabel(Struct):
    """The label of an operation by a component; `base_label` is "MLS Component" (mls-extensions, section 4.1)."""

    base_label: opaque
    component_id: ComponentID
    label: opaque


@dataclass(frozen=True, slots=True)
class ComponentData(Struct):
    """The data of one component (mls-extensions, section 4.6)."""

    component_id: ComponentID
    data: opaque


@dataclass(frozen=True, slots=True)
class AppDataDictionary(Struct):
    """The `app_data_dictionary` extension (mls-extensions, section 4.6).

    Its entries must be sorted and unique by component; the codec reads them in any order, because telling a peer
    which rule it broke needs the value.
    """

    component_data: tuple[ComponentData, ...] = ()


NO_APP_DATA = AppDataDictionary()
"""The dictionary without entries: one zero byte."""


class AppDataUpdateOperation(Enumeration):
    """What an AppDataUpdate does; `invalid(0)` is no value to send (mls-extensions, section 4.7)."""

    update = 1
    remove = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class AppDataUpdate(Struct):
    """The proposal that changes a component's data in the GroupContext (mls-extensions, section 4.7)."""

    component_id: ComponentID
    op: AppDataUpdateOperation
    update: Annotated[opaque | None, When("op", AppDataUpdateOperation.update)] = None


@dataclass(frozen=True, slots=True)
class AppEphemeral(Struct):
    """The proposal that brings data to one commit (mls-extensions, section 4.8)."""

    component_id: ComponentID
    data: opaque


@dataclass(frozen=True, slots=True)
class SafeAADItem(Struct):
    """One component's additional authenticated data (mls-extensions, section 4.9)."""

    component_id: ComponentID
    aad_item_data: opaque


@dataclass(frozen=True, slots=True)
class SafeAAD(Struct):
    """What `authenticated_data` holds where the group has the `safe_aad` component (mls-extensions, section 4.9)."""

    aad_items: tuple[SafeAADItem, ...] = ()


@dataclass(frozen=True, slots=True)
class ComponentsList(Struct):
    """The `app_components` and `safe_aad` components: supported or required ones (mls-extensions, section 5)."""

    component_ids: tuple[ComponentID, ...]


@dataclass(frozen=True, slots=True)
class WireFormats(Struct):
    """The `supported_wire_formats` and `required_wire_formats` extensions (mls-extensions, section 5)."""

    wire_formats: tuple[WireFormat, ...]


@dataclass(frozen=True, slots=True)
class MessageRange(Struct):
    """Messages of one sender, both generations included (mls-extensions, section 6.1)."""

    sender: uint32
    first_generation: uint32
    last_generation: uint32


@dataclass(frozen=True, slots=True)
class AppAck(Struct):
    """The `app_ack` component: which messages a member received (mls-extensions, section 6.1)."""

    received_ranges: tuple[MessageRange, ...]


@dataclass(frozen=True, slots=True)
class Parameter(Struct):
    """A parameter of a media type, its value without quoting (mls-extensions, section 6.2.2)."""

    parameter_name: opaque
    parameter_value: opaque


@dataclass(frozen=True, slots=True)
class MediaType(Struct):
    """A media type: type, "/" and subtype, and parameters (mls-extensions, section 6.2.2)."""

    type: opaque
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True)
class MediaTypeList(Struct):
    """The `content_media_types` component (mls-extensions, section 6.2.2)."""

    media_type_list: tuple[MediaType, ...]


@dataclass(frozen=True, slots=True)
class ApplicationFraming(Struct):
    """What `application_data` holds where the group has `content_media_types` (mls-extensions, section 6.2.4)."""

    media_type: MediaType
    inner_application_content: opaque
