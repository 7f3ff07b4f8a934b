"""The printed tree: where each part of a value is, and how it reads."""

from dataclasses import replace

from mimi_conformance.mocks.malformed.strategies import value_from
from mimi_conformance.reference.wire.mls.app_data import AppDataDictionary, AppDataUpdate, ComponentData
from mimi_conformance.reference.wire.mls.app_data import AppDataUpdateOperation as Operation
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Extension, LeafNode
from mimi_conformance.reference.wire.mls.registries import CipherSuite, ExtensionType, ProtocolVersion
from mimi_conformance.reference.wire.mls.tree import Node, NodeType, RatchetTree
from mimi_conformance.reference.wire.outline import DEEPEST_OPENED, Element, lines, outline
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListUpdate, UserRolePair
from mimi_conformance.reference.wire.protocol.room_metadata import Uri
from mimi_conformance.reference.wire.registry import STRUCTURES
from mimi_conformance.reference.wire.room_policy.links import JoinLinkPolicy
from mimi_conformance.reference.wire.room_policy.roles import Role

ROLE = Role(1, b"", b"owner\n", (), 0, None, 0, 9, ())


def test_a_value_reads_field_by_field_with_offsets() -> None:
    assert list(lines([outline(ROLE)])) == [
        "  offset  structure",
        "       0  Role",
        "       0    role_index: uint32 = 1",
        "       4    role_name: opaque<V> = empty",
        "       5    role_description: opaque<V> = 6f776e65720a",
        "      12    role_capabilities: CapabilityType<V> = []",
        "      13    minimum_participants_constraint: uint32 = 0",
        "      17    maximum_participants_constraint: optional<uint32> = absent",
        "      18    minimum_active_participants_constraint: uint32 = 0",
        "      22    maximum_active_participants_constraint: optional<uint32> = 9",
        "      27    authorized_role_changes: SingleSourceRoleChangeTargets<V> = []",
    ]


def test_names_numbers_text_and_truth_read_as_such() -> None:
    capabilities = Capabilities((ProtocolVersion.mls10,), (CipherSuite(0x0A0A),), (), (), ())
    assert list(lines([outline(capabilities)]))[2:4] == [
        "       0    versions: ProtocolVersion<V> = [mls10 (1)]",
        "       3    cipher_suites: CipherSuite<V> = [0x0a0a]",
    ]
    policy = JoinLinkPolicy(True, Uri(b"https://a.example/"), False, 5)
    assert list(lines([outline(policy)]))[2:6] == [
        "       0    on_request: bool = true",
        "       1    join_link: Uri",
        "       1      uri: opaque<V> = 'https://a.example/'",
        "      20    multiuser: bool = false",
    ]


def test_long_bytes_are_shortened_unless_asked_for() -> None:
    extension = Extension(ExtensionType(0x0A0A), bytes(100))
    assert list(lines([outline(extension)]))[-1].endswith(f"= {'00' * 32}... (100 bytes)")
    assert list(lines([outline(extension)], full=True))[-1].endswith(f"= {'00' * 100}")


def test_what_is_inside_a_known_extension_or_component_is_shown_where_it_lies() -> None:
    dictionary = AppDataDictionary((ComponentData(0x0022, bytes.fromhex("06 0175 00000001")),))
    extension = Extension(ExtensionType.app_data_dictionary, dictionary.encode())
    assert list(lines([outline(extension)]))[3:] == [
        "       2    extension_data: opaque<V>",
        "       3      AppDataDictionary",
        "       3        component_data: ComponentData<V>",
        "       4          [0]: ComponentData",
        "       4            component_id: uint16 = 34",
        "       6            data: opaque<V>",
        "       7              ParticipantListData",
        "       7                participants: UserRolePair<V>",
        "       8                  [0]: UserRolePair",
        "       8                    user: opaque<V> = 75",
        "      10                    role_index: uint32 = 1",
    ]


def test_an_update_is_read_as_the_components_update() -> None:
    change = ParticipantListUpdate(added_participants=(UserRolePair(b"u", 1),))
    update = AppDataUpdate(component_id=0x0022, op=Operation.update, update=change.encode())
    assert [part.kind for part in outline(update).parts[-1].parts] == ["ParticipantListUpdate"]


def test_bytes_that_are_not_what_their_number_says_stay_bytes() -> None:
    extension = Extension(ExtensionType.required_capabilities, b"\xff")
    assert list(lines([outline(extension)]))[-1] == "       2    extension_data: opaque<V> = ff"


def test_trees_in_the_leaves_of_trees_are_not_opened_without_end() -> None:
    extensions: tuple[Extension, ...] = ()
    for _ in range(200):
        leaf = replace(value_from(LeafNode, b""), extensions=extensions)
        tree = RatchetTree((Node(node_type=NodeType.leaf, leaf_node=leaf),))
        extensions = (Extension(ExtensionType.ratchet_tree, tree.encode()),)
    opened = [part for part in everything(outline(extensions[0])) if part.kind == "RatchetTree"]
    assert len(opened) == DEEPEST_OPENED


def test_every_element_lies_where_its_bytes_are() -> None:
    for structure in STRUCTURES.values():
        value = value_from(structure, bytes(range(1, 250)))
        element = outline(value, offset=1000)
        assert (element.offset, element.size) == (1000, len(value.encode()))
        for part in everything(element):
            assert not part.parts or part.parts[-1].offset + part.parts[-1].size == part.offset + part.size


def everything(element: Element) -> list[Element]:
    """Return an element and all below it."""
    return [element, *(found for part in element.parts for found in everything(part))]
