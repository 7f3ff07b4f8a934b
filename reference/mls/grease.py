"""GREASE: values without meaning, so that whoever reads them keeps ignoring what it doesn't know.

RFC 9420, section 13.5, and mls-extensions, section 5.1. This is for making objects; whoever reads one must not tell
these values from others that are unknown.
"""

from dataclasses import replace

from mimi_conformance.reference.mls.crypto.signature_scheme import Random
from mimi_conformance.reference.mls.proposals.components import with_component, with_dictionary
from mimi_conformance.reference.mls.proposals.extensions import (
    APP_COMPONENTS,
    SAFE_AAD,
    read_component,
    read_dictionary,
)
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, ComponentsList
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.registries import CipherSuite, CredentialType, ExtensionType, ProposalType

GREASE_VALUES = tuple(range(0x0A0A, 0xEAEA + 1, 0x1010))
"""Those of cipher suites and of the types of extensions, proposals and credentials (RFC 9420, section 13.5)."""

GREASE_COMPONENTS = tuple(range(0x0A0A, 0x7A7A + 1, 0x1010))
"""Those of components (mls-extensions, section 7.5)."""


def grease_extension(random: Random) -> Extension:
    """An extension for a KeyPackage or a GroupInfo; for a LeafNode there is `with_grease`."""
    return Extension(ExtensionType(_drawn(GREASE_VALUES, random)), random(_drawn(range(16), random)))


def with_grease(template: LeafTemplate, random: Random) -> LeafTemplate:
    """A LeafNode that says the same, and something without meaning wherever that may be.

    Components get company where the LeafNode has an `app_data_dictionary`, and the lists in it where they are there.

    Raises:
        ExtensionError: the dictionary, or a list in it, is not what it should be.

    """
    own, extension = template.capabilities, grease_extension(random)
    capabilities = replace(
        own,
        cipher_suites=(*own.cipher_suites, CipherSuite(_drawn(GREASE_VALUES, random))),
        extensions=(*own.extensions, extension.extension_type),
        proposals=(*own.proposals, ProposalType(_drawn(GREASE_VALUES, random))),
        credentials=(*own.credentials, CredentialType(_drawn(GREASE_VALUES, random))),
    )
    extensions, dictionary = template.extensions, read_dictionary(template.extensions)
    if dictionary is not None:
        extensions = with_dictionary(extensions, _with_grease(dictionary, random))
    return LeafTemplate(template.credential, capabilities, (*extensions, extension))


def _with_grease(dictionary: AppDataDictionary, random: Random) -> AppDataDictionary:
    for listing in (APP_COMPONENTS, SAFE_AAD):
        listed = read_component(dictionary, listing, ComponentsList)
        if listed is not None:
            longer = ComponentsList((*listed.component_ids, _drawn(GREASE_COMPONENTS, random)))
            dictionary = with_component(dictionary, listing, longer.encode())
    return with_component(dictionary, _drawn(GREASE_COMPONENTS, random), random(_drawn(range(16), random)))


def _drawn(values: tuple[int, ...] | range, random: Random) -> int:
    return values[random(1)[0] % len(values)]
