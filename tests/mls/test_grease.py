"""GREASE is where it may be and nowhere else, and nobody minds it."""

from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.grease import GREASE_COMPONENTS, GREASE_VALUES, grease_extension, with_grease
from mimi_conformance.reference.mls.group.group_info import follow
from mimi_conformance.reference.mls.group.group_messages import group_info
from mimi_conformance.reference.mls.proposals.extensions import (
    APP_COMPONENTS,
    SAFE_AAD,
    read_component,
    read_dictionary,
)
from mimi_conformance.reference.mls.proposals.features import supported_features
from mimi_conformance.reference.mls.tree.leaf_template import LeafTemplate
from mimi_conformance.reference.wire.mls.app_data import ComponentsList
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities
from mimi_conformance.reference.wire.mls.registries import CredentialType, ExtensionType, ProtocolVersion
from tests.mls.group_examples import COMPONENT, NOW, SUITE, Client, Room, dictionary

LISTS = dictionary(c0001=ComponentsList((APP_COMPONENTS, SAFE_AAD, COMPONENT)).encode(), c8001=b"own")
PLAIN = LeafTemplate(
    Credential.basic(b"alice"),
    Capabilities((ProtocolVersion.mls10,), (SUITE,), (ExtensionType.app_data_dictionary,), (), (CredentialType.basic,)),
    (LISTS,),
)


def test_the_values_are_those_of_the_specifications():
    assert [f"{value:04x}" for value in GREASE_VALUES] == [2 * f"{digit:x}a" for digit in range(15)]
    assert GREASE_VALUES[:8] == GREASE_COMPONENTS


@given(st.integers())
def test_every_place_has_one_value_more_and_nothing_else_has_changed(seed):
    greased = with_grease(PLAIN, Random(seed).randbytes)
    assert greased.credential == PLAIN.credential
    capabilities, extensions = greased.capabilities, greased.extensions
    assert capabilities.versions == PLAIN.capabilities.versions
    for name in ("cipher_suites", "extensions", "proposals", "credentials"):
        *own, added = getattr(capabilities, name)
        assert tuple(own) == getattr(PLAIN.capabilities, name)
        assert added in GREASE_VALUES
    assert extensions[-1].extension_type == capabilities.extensions[-1]
    found = read_dictionary(extensions)
    *own, added = read_component(found, APP_COMPONENTS, ComponentsList).component_ids
    assert (own, added in GREASE_COMPONENTS) == ([APP_COMPONENTS, SAFE_AAD, COMPONENT], True)
    assert {entry.component_id for entry in found.component_data} - {APP_COMPONENTS, COMPONENT} <= {*GREASE_COMPONENTS}
    assert len(found.component_data) == 3
    assert read_component(found, SAFE_AAD, ComponentsList) is None


def test_without_a_dictionary_there_are_no_components():
    bare = LeafTemplate(PLAIN.credential, PLAIN.capabilities)
    (extension,) = with_grease(bare, Random(0).randbytes).extensions
    assert extension.extension_type in GREASE_VALUES


@dataclass
class Greased(Client):
    """A client with GREASE in its LeafNode and its KeyPackages."""

    @property
    def template(self):
        return with_grease(LeafTemplate(self.credential, PLAIN.capabilities, PLAIN.extensions), self.random)

    def key_package(self, **changes):
        template, extension = self.template, grease_extension(self.random)
        chosen = {"capabilities": template.capabilities, "leaf_extensions": template.extensions}
        return super().key_package(**chosen, extensions=(extension,), **changes)


@pytest.mark.parametrize("number", range(8))
def test_clients_with_grease_meet_in_a_group(number):
    alice, bob = Greased(f"alice {number}"), Greased(f"bob {number}")
    group = alice.create()
    room = Room({"alice": (alice, group)}, follow(group_info(group), group.public.state.application, NOW))
    room.add("alice", bob)
    room.commit(bob.name)
    room.check_agreement()
    ignored = grease_extension(Random(number).randbytes)
    info = group_info(room.group("alice"), extensions=(ignored,))
    assert follow(info, group.public.state.application, NOW).context == room.server.context
    common = supported_features(room.server.tree.member(0)) & supported_features(room.server.tree.member(1))
    assert supported_features(PLAIN.leaf_node(b"")) <= common
