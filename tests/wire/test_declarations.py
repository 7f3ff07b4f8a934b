"""The declarations as a whole: complete against the drafts, bounded, and in agreement with their annotations."""

import os
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path

import pytest

from mimi_conformance.mocks.malformed.strategies import value_from
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.wire import Struct
from mimi_conformance.reference.wire.containers import Presence, Vector
from mimi_conformance.reference.wire.contents import COMPONENTS
from mimi_conformance.reference.wire.declaration import Select
from mimi_conformance.reference.wire.encodings import Encoding, Enumerated
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.registries import (
    CredentialType,
    ExtensionType,
    ProposalType,
    WireFormat,
)
from mimi_conformance.reference.wire.registry import STRUCTURES
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.structure import StructEncoding, struct_encoding

SPECIFICATIONS = Path(os.environ.get("MIMI_SPECIFICATIONS", Path(__file__).parents[3] / "shared" / "specs"))
DRAFTS = (
    "rfc9420.md",
    "draft-ietf-mls-extensions-10.md",
    "draft-mahy-mls-ratchet-tree-options.md",
    "draft-mahy-mls-semiprivatemessage.md",
    "draft-ietf-mimi-protocol-06.md",
    "draft-ietf-mimi-room-policy-03.md",
)


def inner(encoding: Encoding) -> Iterator[Encoding]:
    """Yield an encoding and those in it, down to the next structures."""
    yield encoding
    if isinstance(encoding, Vector | Presence):
        yield from inner(encoding.of)


def encodings(structure: type[Struct]) -> Iterator[Encoding]:
    """Yield the encodings of all fields and arms."""
    for field in struct_encoding(structure).fields:
        for encoding in field.arms.values() if field.arms else [field.encoding]:
            yield from inner(encoding)


@pytest.mark.parametrize("draft", DRAFTS)
def test_every_structure_of_a_draft_is_declared(draft: str) -> None:
    if not SPECIFICATIONS.is_dir():
        pytest.skip(f"the drafts are not in {SPECIFICATIONS}: set MIMI_SPECIFICATIONS to their folder")
    named = set()
    for block in re.findall(r"^~~~.*?\n(.*?)^~~~", (SPECIFICATIONS / draft).read_text(), re.MULTILINE | re.DOTALL):
        named |= set(re.findall(r"^\s*\}\s*(\w+)\s*;?\s*$", block, re.MULTILINE))
    known = {name for module in list(sys.modules.values()) for name, value in _enumerations(module)} | {"bool"}
    assert named, "no structure was found in the draft"
    assert named - STRUCTURES.keys() - known - {"StructWithVectors"} == set()  # the last only explains vectors


def _enumerations(module: object) -> Iterator[tuple[str, object]]:
    """Yield the enums that a module of the wire declares."""
    if getattr(module, "__name__", "").startswith("mimi_conformance.reference.wire."):
        for name, value in vars(module).items():
            if isinstance(value, type) and issubclass(value, Enumeration):
                yield name, value


def test_every_structure_says_where_it_comes_from() -> None:
    source = (
        r"RFC 9420|mls-extensions|ratchet-tree-options-03|semiprivatemessage-07|mimi-protocol-06|mimi-room-policy-03"
    )
    for structure in STRUCTURES.values():
        assert re.search(rf"({source}), (section )?\d|AMB-\d{{3}}", structure.__doc__ or ""), structure


def test_no_vector_has_elements_without_bytes() -> None:
    """Such a vector could hold any number of them, and reading it would never end."""
    for structure in STRUCTURES.values():
        for encoding in encodings(structure):
            if isinstance(encoding, Vector) and isinstance(encoding.of, StructEncoding):
                first = next(field for field in encoding.of.fields if not field.given)
                assert first.when is None
                assert not isinstance(first.encoding, StructEncoding) or first.encoding.fields


def test_no_structure_contains_itself() -> None:
    """Decoding recurses once for each level, so the levels have to be bounded by the declarations, not by the input."""
    for structure in STRUCTURES.values():
        assert structure not in {found.kind for found in below(structure, set())}


def below(structure: type[Struct], seen: set[type[Struct]]) -> Iterator[StructEncoding]:
    """Yield the structures in a structure, at any depth."""
    for encoding in encodings(structure):
        if isinstance(encoding, StructEncoding) and encoding.kind not in seen:
            seen.add(encoding.kind)
            yield encoding
            yield from below(encoding.kind, seen)


def test_a_select_has_an_arm_for_every_value_that_it_can_meet_and_its_annotation_admits_them() -> None:
    selects = 0
    for structure in STRUCTURES.values():
        fields = {field.name: field for field in struct_encoding(structure).fields}
        for name, hint in typing.get_type_hints(structure, include_extras=True).items():
            for select in (mark for mark in getattr(hint, "__metadata__", ()) if isinstance(mark, Select)):
                switch = fields[select.path].encoding
                assert isinstance(switch, Enumerated)
                assert switch.among == select.arms.keys()
                assert set(typing.get_args(typing.get_type_hints(structure)[name])) == set(select.arms.values())
                selects += 1
    assert selects


def test_a_field_that_can_be_left_out_admits_none() -> None:
    for structure in STRUCTURES.values():
        hints = typing.get_type_hints(structure)
        for field in struct_encoding(structure).fields:
            if field.when is not None:
                assert type(None) in typing.get_args(hints[field.name]), (structure, field.name)


def test_no_choices_at_all_make_a_small_value_of_every_structure() -> None:
    """Where shrinking ends: if this could not be encoded, no failing example could be made small."""
    for structure in STRUCTURES.values():
        assert len(value_from(structure, b"").encode()) < 400


@pytest.mark.parametrize(
    ("registry", "names"),
    [
        (WireFormat, code_points().wire_formats),
        (ExtensionType, code_points().extensions),
        (ProposalType, code_points().proposals),
    ],
)
def test_code_points_are_those_of_the_table(registry: type[Enumeration], names: dict[str, int]) -> None:
    assert {member.name: member.value for member in registry} == dict(names)


def test_credential_types_and_capabilities_are_those_of_the_table_under_python_names() -> None:
    credentials = {name.replace("-", "_"): number for name, number in code_points().credentials.items()}
    assert {member.name: member.value for member in CredentialType} == credentials
    assert sorted(CapabilityType) == sorted(code_points().capabilities.values())
    assert CapabilityType.can_send_mls_psk_proposal == code_points().capability("canSendMLSPSKProposal")


def test_every_component_that_has_data_has_a_structure() -> None:
    assert COMPONENTS.keys() == code_points().components.keys() - {"last_resort_key_package"}
