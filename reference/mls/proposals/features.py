"""What clients support and groups require, as features that can be counted (RFC 9420, sections 7.2 and 11.1).

mls-extensions, section 5, adds components and wire formats to the extensions, proposals and credentials of RFC 9420.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, auto
from typing import NamedTuple

from mimi_conformance.reference.mls.proposals.extensions import (
    APP_COMPONENTS,
    CONTENT_MEDIA_TYPES,
    DEFAULT_EXTENSION_TYPES,
    EXTERNAL_RECEIVERS,
    SAFE_AAD,
    ExtensionError,
    ExtensionRule,
    check_unique,
    read_component,
    read_dictionary,
    read_extension,
    source_domains,
)
from mimi_conformance.reference.mls.proposals.proposals import DEFAULT_PROPOSAL_TYPES
from mimi_conformance.reference.wire.mls.app_data import (
    AppDataDictionary,
    ComponentsList,
    MediaType,
    MediaTypeList,
    WireFormats,
)
from mimi_conformance.reference.wire.mls.group import ExternalSender, ExternalSenders, RequiredCapabilities
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNode
from mimi_conformance.reference.wire.mls.registries import CredentialType, ExtensionType, ProposalType
from mimi_conformance.reference.wire.mls.semi_private_message import ExternalReceiver, ExternalReceivers


class Purpose(IntEnum):
    """What a number in a list of capabilities stands for."""

    EXTENSION = auto()
    PROPOSAL = auto()
    CREDENTIAL = auto()
    COMPONENT = auto()
    SAFE_AAD_COMPONENT = auto()
    WIRE_FORMAT = auto()


class Feature(NamedTuple):
    """Something that a client may support or a group may require."""

    purpose: Purpose
    number: int

    def __str__(self) -> str:
        return f"{self.purpose.name.lower().replace('_', ' ')} 0x{self.number:04x}"


def _media_types(dictionary: AppDataDictionary | None) -> tuple[MediaType, ...] | None:
    listed = read_component(dictionary, CONTENT_MEDIA_TYPES, MediaTypeList)
    if listed is None:
        return None
    if not listed.media_type_list:
        raise ExtensionError(ExtensionRule.MEDIA_TYPES_NOT_EMPTY, (), "content_media_types")
    return listed.media_type_list


@dataclass(frozen=True, slots=True)
class _ComponentLists:
    """The lists that a dictionary has in a LeafNode, of what is supported, and in a GroupContext, of what is required.

    `safe_aad` and `media_types` are None when the component is missing, which is not the same as an empty list.
    """

    components: frozenset[int]
    safe_aad: frozenset[int] | None
    media_types: tuple[MediaType, ...] | None

    @classmethod
    def read(cls, dictionary: AppDataDictionary | None) -> "_ComponentLists":
        listed = read_component(dictionary, APP_COMPONENTS, ComponentsList)
        safe = read_component(dictionary, SAFE_AAD, ComponentsList)
        return cls(
            frozenset(listed.component_ids if listed else ()),
            None if safe is None else frozenset(safe.component_ids),
            _media_types(dictionary),
        )

    def features(self) -> Iterable[Feature]:
        yield from (Feature(Purpose.COMPONENT, number) for number in self.components)
        yield from (Feature(Purpose.SAFE_AAD_COMPONENT, number) for number in self.safe_aad or ())


_NO_REQUIREMENTS = RequiredCapabilities()


@dataclass(frozen=True, slots=True)
class GroupExtensions:
    """The extensions of a GroupContext, read.

    Attributes:
        extensions: the list as it is.
        required_capabilities: what `required_capabilities` lists (RFC 9420, section 11.1); nothing when it is missing.
        external_senders: those of `external_senders` (RFC 9420, section 12.1.8.1).
        app_data: the `app_data_dictionary` (mls-extensions, section 4.6); None when there is none.
        safe_aad: the components of `safe_aad`; None when messages have no SafeAAD (mls-extensions, section 4.9).
        media_types: those of `content_media_types`; None when application data isn't framed (section 6.2).
        external_receivers: those of `external_receivers`, for SemiPrivateMessages (semiprivatemessage-07, section 3).
        required_features: everything that a member must support.

    """

    extensions: tuple[Extension, ...]
    required_capabilities: RequiredCapabilities
    external_senders: tuple[ExternalSender, ...]
    app_data: AppDataDictionary | None
    safe_aad: frozenset[int] | None
    media_types: tuple[MediaType, ...] | None
    external_receivers: tuple[ExternalReceiver, ...]
    required_features: frozenset[Feature]

    @classmethod
    def read(cls, extensions: tuple[Extension, ...]) -> "GroupExtensions":
        """Read the extensions of a GroupContext.

        Raises:
            ExtensionError: one appears twice, or is not what it should be.

        """
        check_unique(extensions)
        capabilities = read_extension(extensions, ExtensionType.required_capabilities, RequiredCapabilities)
        senders = read_extension(extensions, ExtensionType.external_senders, ExternalSenders)
        wire_formats = read_extension(extensions, ExtensionType.required_wire_formats, WireFormats)
        source_domains(extensions)
        app_data = read_dictionary(extensions)
        receivers = read_component(app_data, EXTERNAL_RECEIVERS, ExternalReceivers)
        lists = _ComponentLists.read(app_data)
        required = capabilities or _NO_REQUIREMENTS
        features = {
            *_capabilities(
                (*required.extension_types, *(extension.extension_type for extension in extensions)),
                required.proposal_types,
                required.credential_types,
            ),
            *(Feature(Purpose.WIRE_FORMAT, number) for number in (wire_formats.wire_formats if wire_formats else ())),
            *lists.features(),
        }
        return cls(
            extensions,
            required,
            senders.external_senders if senders else (),
            app_data,
            lists.safe_aad,
            lists.media_types,
            receivers.external_receivers if receivers else (),
            frozenset(features),
        )

    @property
    def requires_app_data_update(self) -> bool:
        """Whether every member must know AppDataUpdate, and nothing else may change the dictionary (EXT 4.7)."""
        return ProposalType.app_data_update in self.required_capabilities.proposal_types


def supported_features(leaf_node: LeafNode) -> frozenset[Feature]:
    """What a LeafNode says that its client supports, beyond what every client does (RFC 9420, section 7.2).

    Raises:
        ExtensionError: an extension in it appears twice, or is not what it should be.

    """
    check_unique(leaf_node.extensions)
    wire_formats = read_extension(leaf_node.extensions, ExtensionType.supported_wire_formats, WireFormats)
    capabilities = leaf_node.capabilities
    return frozenset(
        (
            *_capabilities(capabilities.extensions, capabilities.proposals, capabilities.credentials),
            *(Feature(Purpose.WIRE_FORMAT, number) for number in (wire_formats.wire_formats if wire_formats else ())),
            *_ComponentLists.read(read_dictionary(leaf_node.extensions)).features(),
        )
    )


def _capabilities(
    extensions: Iterable[ExtensionType], proposals: Iterable[ProposalType], credentials: Iterable[CredentialType]
) -> Iterable[Feature]:
    """Capabilities as features, without those that every client has (RFC 9420, section 7.2)."""
    yield from (Feature(Purpose.EXTENSION, n) for n in extensions if n not in DEFAULT_EXTENSION_TYPES)
    yield from (Feature(Purpose.PROPOSAL, n) for n in proposals if n not in DEFAULT_PROPOSAL_TYPES)
    yield from (Feature(Purpose.CREDENTIAL, n) for n in credentials)
