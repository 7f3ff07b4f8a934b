"""Application components: who decides what an AppDataUpdate means (mls-extensions, sections 4.7 and 4.8).

An application registers a `Component` under each of its component ids. MLS asks it whether an update or ephemeral data
is valid and what the new data is; it never looks into the data itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from mimi_conformance.reference.mls.proposals.extensions import (
    APP_ACK,
    APP_COMPONENTS,
    CONTENT_MEDIA_TYPES,
    LAST_RESORT_KEY_PACKAGE,
    SAFE_AAD,
    check_dictionary,
    find_component,
    read_dictionary,
)
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.app_data import (
    NO_APP_DATA,
    AppAck,
    AppDataDictionary,
    ComponentData,
    ComponentsList,
    MediaTypeList,
)
from mimi_conformance.reference.wire.mls.framing import Sender
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.structure import Struct


class ComponentRefusal(ValueError):  # noqa: N818 - an answer of the application, which MLS turns into an error
    """A component finds data invalid; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one proposal has for a component, and who proposed it."""

    data: bytes
    sender: Sender


class Component(ABC):
    """The logic that an application registers for a component id."""

    @abstractmethod
    def updated(self, data: bytes | None, updates: tuple[Contribution, ...]) -> bytes:
        """The component's new data in the GroupContext (mls-extensions, section 4.7).

        Args:
            data: what it has now; None when it has nothing.
            updates: the `update` fields of all its AppDataUpdate proposals in a Commit, in their order.

        Raises:
            ComponentRefusal: the updates are invalid.

        """

    @abstractmethod
    def check_removal(self, data: bytes, sender: Sender) -> None:
        """Whether the component's data may be removed (mls-extensions, section 4.7).

        Raises:
            ComponentRefusal: it must stay.

        """

    @abstractmethod
    def check_ephemeral(self, contribution: Contribution) -> None:
        """Whether the data of an AppEphemeral proposal is valid (mls-extensions, section 4.8).

        Raises:
            ComponentRefusal: it is not.

        """


class Replaced(Component):
    """A component whose updates each hold the new data as a whole; it may be removed, and has no ephemeral data."""

    def updated(self, data: bytes | None, updates: tuple[Contribution, ...]) -> bytes:  # noqa: ARG002
        """The data of the last update; each must be valid."""
        for update in updates:
            self.check(update.data)
        return updates[-1].data

    def check_removal(self, data: bytes, sender: Sender) -> None:
        """Nothing is against it."""

    def check_ephemeral(self, contribution: Contribution) -> None:  # noqa: ARG002
        """Refuse it."""
        raise ComponentRefusal("The component has no ephemeral data.")

    def check(self, data: bytes) -> None:
        """Nothing is wrong with any data.

        Raises:
            ComponentRefusal: a subclass finds something wrong.

        """


@dataclass(frozen=True)
class ReplacedStructure(Replaced):
    """A component that is replaced as a whole, by a structure of this kind."""

    structure: type[Struct]

    def check(self, data: bytes) -> None:
        """The data must be such a structure."""
        _check_is(self.structure, data)


class Acknowledgement(Replaced):
    """`app_ack`: only in AppEphemeral proposals (mls-extensions, section 6.1)."""

    def check(self, data: bytes) -> None:  # noqa: ARG002
        """Refuse it."""
        raise ComponentRefusal("app_ack has no data in the GroupContext.")

    def check_ephemeral(self, contribution: Contribution) -> None:
        """The data must be an AppAck."""
        _check_is(AppAck, contribution.data)


class OnlyInKeyPackages(Replaced):
    """`last_resort_key_package`: neither in the GroupContext nor in proposals (mls-extensions, section 6.4)."""

    def check(self, data: bytes) -> None:  # noqa: ARG002
        """Refuse it."""
        raise ComponentRefusal("The component appears in KeyPackages only.")


def _check_is(structure: type[Struct], data: bytes) -> None:
    try:
        structure.decode(data)
    except DecodeError as error:
        raise ComponentRefusal(f"The data is no {structure.__name__}: {error}.") from error


@dataclass(frozen=True, slots=True)
class ComponentRegistry:
    """The components that an application knows.

    Attributes:
        components: by component id.
        unknown: what stands in for every other component; None when those are invalid, as mls-extensions says. A hub
            lets them pass (AMB-221).

    """

    components: Mapping[int, Component] = field(default_factory=lambda: _STANDARD)
    unknown: Component | None = None

    def component(self, component_id: int) -> Component | None:
        """The logic of a component; None when the application doesn't know it."""
        return self.components.get(component_id, self.unknown)

    def with_components(self, components: Mapping[int, Component]) -> "ComponentRegistry":
        """The same registry with more components, or with others in place of those with the same ids."""
        return replace(self, components=MappingProxyType({**self.components, **components}))


_LIST = ReplacedStructure(ComponentsList)

_STANDARD: Mapping[int, Component] = MappingProxyType(
    {
        APP_COMPONENTS: _LIST,
        SAFE_AAD: _LIST,
        CONTENT_MEDIA_TYPES: ReplacedStructure(MediaTypeList),
        LAST_RESORT_KEY_PACKAGE: OnlyInKeyPackages(),
        APP_ACK: Acknowledgement(),
    }
)
"""The components of mls-extensions itself."""


def with_component(dictionary: AppDataDictionary, component_id: int, data: bytes | None) -> AppDataDictionary:
    """A dictionary in which a component has this data, at its place in the order; without the component for None."""
    others = [entry for entry in dictionary.component_data if entry.component_id != component_id]
    added = [] if data is None else [ComponentData(component_id, data)]
    return AppDataDictionary(tuple(sorted(others + added, key=lambda entry: entry.component_id)))


def with_dictionary(extensions: tuple[Extension, ...], dictionary: AppDataDictionary) -> tuple[Extension, ...]:
    """Extensions with this `app_data_dictionary`: in its place, or at the end when there was none (EXT 4.7).

    Raises:
        ExtensionError: the entries of the dictionary are not sorted and unique.

    """
    check_dictionary(dictionary)
    new = Extension(ExtensionType.app_data_dictionary, dictionary.encode())
    replaced = tuple(new if old.extension_type == new.extension_type else old for old in extensions)
    return replaced if new in replaced else (*extensions, new)


def is_last_resort(key_package: KeyPackage) -> bool:
    """Whether a KeyPackage is marked as one of last resort (mls-extensions, section 6.4).

    Raises:
        ExtensionError: its `app_data_dictionary` is not one.

    """
    return find_component(read_dictionary(key_package.extensions), LAST_RESORT_KEY_PACKAGE) is not None


def last_resort() -> Extension:
    """The KeyPackage extension that marks a KeyPackage of last resort (mls-extensions, section 6.4.2)."""
    dictionary = with_component(NO_APP_DATA, LAST_RESORT_KEY_PACKAGE, b"")
    return Extension(ExtensionType.app_data_dictionary, dictionary.encode())
