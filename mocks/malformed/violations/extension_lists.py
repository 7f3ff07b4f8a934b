"""Violations of lists of extensions and the dictionaries in them (RFC 9420, section 13.4; mls-extensions, section 4.6).

Each is declared for every object that has such a list: the name says what is wrong, then where.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from mimi_conformance.mocks.malformed.unchecked.makers import CannotMakeError, Maker
from mimi_conformance.mocks.malformed.unchecked.steps import GROUP_INFO, KEY_PACKAGE, LEAF_NODE, PROPOSAL, Step
from mimi_conformance.mocks.malformed.violations.registry import EVERYBODY, NEWCOMER, View, declare
from mimi_conformance.mocks.malformed.violations.tampering import proposable, with_entries, with_extension
from mimi_conformance.reference.mls.proposals.components import with_component
from mimi_conformance.reference.mls.proposals.extensions import CONTENT_MEDIA_TYPES, ExtensionRule, read_dictionary
from mimi_conformance.reference.mls.rules import Rule
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, ComponentData, MediaTypeList
from mimi_conformance.reference.wire.mls.group import GroupInfoTBS
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.leaf_node import Extension, LeafNode
from mimi_conformance.reference.wire.mls.proposals import GroupContextExtensions, ProposalBody, ReInit
from mimi_conformance.reference.wire.mls.ratchet_tree_options import DomainList
from mimi_conformance.reference.wire.mls.registries import ExtensionType

Extensions = tuple[Extension, ...]
T = TypeVar("T")

_DICTIONARY = ExtensionType.app_data_dictionary
_HIGHEST = ComponentData(0xFFFF, b"")


def extension_twice(extensions: Extensions) -> Extensions:
    """Two extensions of one type."""
    twice = Extension(ExtensionType.application_id, b"\0")
    return (*extensions, twice, twice)


def malformed_dictionary(extensions: Extensions) -> Extensions:
    """An `app_data_dictionary` that is none."""
    return with_extension(extensions, _DICTIONARY, b"\xff")


def unsorted_dictionary(extensions: Extensions) -> Extensions:
    """An `app_data_dictionary` whose entries are not sorted."""
    return _with_more(extensions, _HIGHEST, ComponentData(0xFFFE, b""))


def dictionary_with_a_component_twice(extensions: Extensions) -> Extensions:
    """An `app_data_dictionary` with two entries of one component."""
    return _with_more(extensions, _HIGHEST, _HIGHEST)


def no_media_types(extensions: Extensions) -> Extensions:
    """An `app_data_dictionary` that lists no media types where it should list at least one."""
    dictionary = read_dictionary(extensions) or NO_APP_DATA
    with_none = with_component(dictionary, CONTENT_MEDIA_TYPES, MediaTypeList(()).encode())
    return with_extension(extensions, _DICTIONARY, with_none.encode())


def no_source_domains(extensions: Extensions) -> Extensions:
    """A `ratchet_tree_source_domains` without any."""
    return with_extension(extensions, ExtensionType.ratchet_tree_source_domains, DomainList(()).encode())


def _with_more(extensions: Extensions, *more: ComponentData) -> Extensions:
    return with_extension(extensions, _DICTIONARY, with_entries(read_dictionary(extensions), *more))


def _in_leaf_node(change: Callable[[Extensions], Extensions]) -> Callable[[LeafNode, Maker], LeafNode]:
    def changed(leaf_node: LeafNode, _maker: Maker) -> LeafNode:
        """The LeafNode, which lists all its extensions among its capabilities."""
        extensions = change(leaf_node.extensions)
        listed = dict.fromkeys((*leaf_node.capabilities.extensions, *(item.extension_type for item in extensions)))
        capabilities = replace(leaf_node.capabilities, extensions=tuple(listed))
        return replace(leaf_node, extensions=extensions, capabilities=capabilities)

    return changed


def _in_key_package(change: Callable[[Extensions], Extensions]) -> Callable[[KeyPackage, Maker], KeyPackage]:
    return lambda key_package, _maker: replace(key_package, extensions=change(key_package.extensions))


def _in_group_info(change: Callable[[Extensions], Extensions]) -> Callable[[GroupInfoTBS, Maker], GroupInfoTBS]:
    return lambda group_info, _maker: replace(group_info, extensions=change(group_info.extensions))


def _in_proposal(
    change: Callable[[Extensions], Extensions],
) -> Callable[[ProposalBody | None, Maker], ProposalBody | None]:
    def changed(_body: ProposalBody | None, maker: Maker) -> ProposalBody:
        if maker.public.state.extensions.requires_app_data_update and change not in _BESIDE_THE_DICTIONARY:
            raise CannotMakeError("The dictionary of this group is changed by AppDataUpdates only.")
        return proposable(GroupContextExtensions(change(maker.public.context.extensions)), maker)

    return changed


def _in_reinit(
    change: Callable[[Extensions], Extensions],
) -> Callable[[ProposalBody | None, Maker], ProposalBody | None]:
    def changed(_body: ProposalBody | None, maker: Maker) -> ProposalBody:
        context = maker.public.context
        reinit = ReInit(b"next", context.version, context.cipher_suite, change(context.extensions))
        return proposable(reinit, maker)

    return changed


_WRONG: dict[Callable[[Extensions], Extensions], Rule] = {
    extension_twice: ExtensionRule.UNIQUE,
    malformed_dictionary: ExtensionRule.DECODABLE,
    unsorted_dictionary: ExtensionRule.DICTIONARY_SORTED,
    dictionary_with_a_component_twice: ExtensionRule.DICTIONARY_UNIQUE,
    no_media_types: ExtensionRule.MEDIA_TYPES_NOT_EMPTY,
    no_source_domains: ExtensionRule.SOURCE_DOMAINS_NOT_EMPTY,
}
_BESIDE_THE_DICTIONARY = (extension_twice, no_source_domains)


def _declare_in(
    place: str,
    step: Step[T],
    put: Callable[[Callable[[Extensions], Extensions]], Callable[[T, Maker], T]],
    wrong: tuple[Callable[[Extensions], Extensions], ...],
    seen_by: View = EVERYBODY,
) -> None:
    for change in wrong:
        name = f"{change.__name__}_in_{place}".replace("_", "-")
        rule = _WRONG[change]
        description = f"In the {place.replace('_', ' ')}: {change.__doc__}"
        declare(name, put(change), rule, at=step, seen_by=seen_by, description=description)


_EVERYWHERE = (extension_twice, malformed_dictionary, unsorted_dictionary, dictionary_with_a_component_twice)

_declare_in("leaf_node", LEAF_NODE, _in_leaf_node, (*_EVERYWHERE, no_media_types), EVERYBODY | NEWCOMER)
_declare_in("key_package", KEY_PACKAGE, _in_key_package, _EVERYWHERE)
_declare_in("group_context_extensions", PROPOSAL, _in_proposal, tuple(_WRONG))
_declare_in("reinit", PROPOSAL, _in_reinit, (extension_twice,))
_declare_in("group_info", GROUP_INFO, _in_group_info, _EVERYWHERE, NEWCOMER)
