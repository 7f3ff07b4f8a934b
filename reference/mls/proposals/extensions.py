"""Lists of extensions, and the dictionaries in them (RFC 9420, section 13.4; mls-extensions, section 4.6).

Extensions and components whose numbers are unknown here, GREASE among them, are left alone.
"""

from bisect import bisect_left
from collections.abc import Iterable
from typing import TypeVar

from mimi_conformance.reference.mls.rules import Rule, RuleError, RuleText
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.ratchet_tree_options import DomainList
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from mimi_conformance.reference.wire.structure import Struct

DEFAULT_EXTENSION_TYPES = frozenset(
    {
        ExtensionType.application_id,
        ExtensionType.ratchet_tree,
        ExtensionType.required_capabilities,
        ExtensionType.external_pub,
        ExtensionType.external_senders,
    }
)
"""The types that every client knows, so that capabilities don't list them (RFC 9420, section 7.2)."""

APP_COMPONENTS = 0x0001
SAFE_AAD = 0x0002
CONTENT_MEDIA_TYPES = 0x0003
LAST_RESORT_KEY_PACKAGE = 0x0004
APP_ACK = 0x0005
"""The components of mls-extensions itself (mls-extensions, section 7.5)."""

EXTERNAL_RECEIVERS = 0x0008
"""The component with those outside the group who may read handshakes (semiprivatemessage-07, section 5.2; AMB-204)."""


class ExtensionRule(Rule):
    """What makes a list of extensions valid by itself."""

    UNIQUE = RuleText("RFC 9420, section 13.4", "A list of extensions has at most one of each type.")
    DECODABLE = RuleText("RFC 9420, section 13.4", "The data of a known extension or component is what it should be.")
    DICTIONARY_SORTED = RuleText("mls-extensions, section 4.6", "The entries of a dictionary are sorted by component.")
    DICTIONARY_UNIQUE = RuleText("mls-extensions, section 4.6", "A dictionary has at most one entry per component.")
    MEDIA_TYPES_NOT_EMPTY = RuleText("mls-extensions, section 6.2.2", "A list of media types has at least one.")
    SOURCE_DOMAINS_NOT_EMPTY = RuleText(
        "ratchet-tree-options, section 3.1", "A list of domains that trees may come from has at least one."
    )


class ExtensionError(RuleError):
    """A list of extensions breaks an `ExtensionRule`."""


def find_extension(extensions: Iterable[Extension], extension_type: ExtensionType) -> bytes | None:
    """The data of the extension of a type; None when there is none."""
    for extension in extensions:
        if extension.extension_type == extension_type:
            return extension.extension_data
    return None


_S = TypeVar("_S", bound=Struct)


def read_extension(extensions: Iterable[Extension], extension_type: ExtensionType, structure: type[_S]) -> _S | None:
    """What the extension of a type holds; None when there is none.

    Raises:
        ExtensionError: it holds something else.

    """
    data = find_extension(extensions, extension_type)
    return None if data is None else _decoded(data, structure, extension_type.name)


def read_dictionary(extensions: Iterable[Extension]) -> AppDataDictionary | None:
    """The `app_data_dictionary` in a list of extensions (mls-extensions, section 4.6); None when there is none.

    Raises:
        ExtensionError: it is no dictionary, or its entries are not sorted and unique.

    """
    dictionary = read_extension(extensions, ExtensionType.app_data_dictionary, AppDataDictionary)
    if dictionary is not None:
        check_dictionary(dictionary)
    return dictionary


def check_dictionary(dictionary: AppDataDictionary) -> None:
    """Check the order of a dictionary's entries (mls-extensions, section 4.6).

    Raises:
        ExtensionError: they are not sorted and unique.

    """
    entries = dictionary.component_data
    for index in range(1, len(entries)):
        before, after = entries[index - 1].component_id, entries[index].component_id
        if before == after:
            raise ExtensionError(ExtensionRule.DICTIONARY_UNIQUE, after, f"entry {index}")
        if before > after:
            raise ExtensionError(ExtensionRule.DICTIONARY_SORTED, after, f"entry {index}")


def source_domains(extensions: Iterable[Extension]) -> tuple[bytes, ...] | None:
    """The domains that the ratchet tree may be fetched from (ratchet-tree-options, section 3.1); None for all of them.

    Raises:
        ExtensionError: the list is none, or is empty.

    """
    listed = read_extension(extensions, ExtensionType.ratchet_tree_source_domains, DomainList)
    if listed is None:
        return None
    if not listed.domains:
        raise ExtensionError(ExtensionRule.SOURCE_DOMAINS_NOT_EMPTY, (), "ratchet_tree_source_domains")
    return tuple(item.domain for item in listed.domains)


def find_component(dictionary: AppDataDictionary | None, component_id: int) -> bytes | None:
    """A component's data in a dictionary that is in order; None when there is none."""
    entries = dictionary.component_data if dictionary else ()
    place = bisect_left(entries, component_id, key=lambda entry: entry.component_id)
    found = entries[place : place + 1]
    return found[0].data if found and found[0].component_id == component_id else None


def read_component(dictionary: AppDataDictionary | None, component_id: int, structure: type[_S]) -> _S | None:
    """What a component's data holds; None when there is none.

    Raises:
        ExtensionError: it holds something else.

    """
    data = find_component(dictionary, component_id)
    return None if data is None else _decoded(data, structure, f"component 0x{component_id:04x}")


def _decoded(data: bytes, structure: type[_S], name: str) -> _S:
    try:
        return structure.decode(data)
    except DecodeError as error:
        raise ExtensionError(ExtensionRule.DECODABLE, str(error), name) from error


def check_unique(extensions: Iterable[Extension]) -> None:
    """Check that no type appears twice (RFC 9420, section 13.4).

    Raises:
        ExtensionError: one does.

    """
    seen: set[ExtensionType] = set()
    for extension in extensions:
        if extension.extension_type in seen:
            raise ExtensionError(ExtensionRule.UNIQUE, extension.extension_type)
        seen.add(extension.extension_type)
