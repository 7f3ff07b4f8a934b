"""Components: dictionaries, who decides about updates, and what their lists ask of members."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.group.application import Application
from mimi_conformance.reference.mls.group.group_proposals import propose
from mimi_conformance.reference.mls.proposals.components import (
    Component,
    ComponentRefusal,
    ComponentRegistry,
    Contribution,
    Replaced,
    is_last_resort,
    last_resort,
    with_component,
    with_dictionary,
)
from mimi_conformance.reference.mls.proposals.extensions import (
    APP_ACK,
    APP_COMPONENTS,
    CONTENT_MEDIA_TYPES,
    LAST_RESORT_KEY_PACKAGE,
    SAFE_AAD,
    ExtensionError,
    ExtensionRule,
    check_dictionary,
    find_component,
    read_dictionary,
)
from mimi_conformance.reference.mls.proposals.features import Feature, GroupExtensions, Purpose, supported_features
from mimi_conformance.reference.mls.proposals.proposal_rules import ProposalError, ProposalListRule
from mimi_conformance.reference.wire.mls.app_data import (
    NO_APP_DATA,
    AppAck,
    AppDataDictionary,
    AppDataUpdate,
    AppDataUpdateOperation,
    AppEphemeral,
    ComponentData,
    ComponentsList,
    MediaType,
    MediaTypeList,
    MessageRange,
)
from mimi_conformance.reference.wire.mls.framing import Sender, SenderType
from mimi_conformance.reference.wire.mls.leaf_node import Extension
from mimi_conformance.reference.wire.mls.registries import ExtensionType
from tests.mls.group_examples import COMPONENT, NOW, SUPPORTED_COMPONENTS, Client, Room, dictionary
from tests.mls.group_examples import capabilities as all_capabilities

SENDER = Sender(sender_type=SenderType.member, leaf_index=0)
ENTRIES = st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=8))


@given(ENTRIES, st.integers(0, 0xFFFF), st.none() | st.binary(max_size=8))
def test_a_dictionary_stays_sorted_and_unique(entries, component_id, data):
    made = NO_APP_DATA
    for number, value in entries.items():
        made = with_component(made, number, value)
    made = with_component(made, component_id, data)
    check_dictionary(made)
    assert find_component(made, component_id) == data
    expected = {**entries, component_id: data}
    assert {e.component_id: e.data for e in made.component_data} == {k: v for k, v in expected.items() if v is not None}


@given(st.lists(st.integers(0, 5), max_size=5))
def test_a_dictionary_is_valid_exactly_when_sorted_and_unique(numbers):
    made = AppDataDictionary(tuple(ComponentData(number, b"") for number in numbers))
    if numbers == sorted(set(numbers)):
        check_dictionary(made)
    else:
        with pytest.raises(ExtensionError) as refusal:
            check_dictionary(made)
        assert refusal.value.rule in (ExtensionRule.DICTIONARY_SORTED, ExtensionRule.DICTIONARY_UNIQUE)


def test_a_dictionary_keeps_its_place_among_the_extensions():
    first, last = Extension(ExtensionType.application_id, b""), Extension(ExtensionType.external_senders, b"\0")
    made = with_component(NO_APP_DATA, COMPONENT, b"new")
    assert with_dictionary((first, dictionary(c8001=b"old"), last), made) == (first, dictionary(c8001=b"new"), last)
    assert with_dictionary((first, last), made) == (first, last, dictionary(c8001=b"new"))


def test_key_packages_of_last_resort_are_marked():
    client = Client("alice")
    assert is_last_resort(client.key_package(extensions=(last_resort(),)).key_package)
    assert not is_last_resort(client.key_package().key_package)
    assert read_dictionary((last_resort(),)).component_data == (ComponentData(LAST_RESORT_KEY_PACKAGE, b""),)


MEDIA = MediaTypeList((MediaType(b"text/plain"),)).encode()
ACK = AppAck((MessageRange(0, 1, 2),)).encode()


@pytest.mark.parametrize(
    ("component_id", "valid", "invalid"),
    [
        (APP_COMPONENTS, ComponentsList((1, 2)).encode(), b"\x01"),
        (SAFE_AAD, ComponentsList(()).encode(), b""),
        (CONTENT_MEDIA_TYPES, MEDIA, b"\x05"),
        (LAST_RESORT_KEY_PACKAGE, None, b""),
        (APP_ACK, None, ACK),
    ],
)
def test_the_components_of_mls_extensions_take_their_structures(component_id, valid, invalid):
    component = ComponentRegistry().component(component_id)
    with pytest.raises(ComponentRefusal):
        component.updated(None, (Contribution(invalid, SENDER),))
    if valid is not None:
        assert component.updated(b"old", (Contribution(valid, SENDER),)) == valid
        component.check_removal(valid, SENDER)


def test_acknowledgements_are_ephemeral_and_nothing_else_is():
    registry = ComponentRegistry()
    registry.component(APP_ACK).check_ephemeral(Contribution(ACK, SENDER))
    for component_id, data in ((APP_ACK, b"\x01"), (APP_COMPONENTS, b"\0")):
        with pytest.raises(ComponentRefusal):
            registry.component(component_id).check_ephemeral(Contribution(data, SENDER))


def test_unknown_components_are_known_to_an_application_that_says_so():
    assert ComponentRegistry().component(COMPONENT) is None
    lenient = ComponentRegistry(unknown=Replaced())
    assert lenient.component(COMPONENT).updated(b"old", (Contribution(b"new", SENDER),)) == b"new"


class Log(Component):
    """Appends what each member says, after its leaf index."""

    def updated(self, data, updates):
        return (data or b"") + b"".join(b"%d:%s;" % (update.sender.leaf_index, update.data) for update in updates)

    def check_removal(self, data, sender):
        """Nothing is against it."""

    def check_ephemeral(self, contribution):
        """Nothing is wrong with it."""


def update(data: bytes | None, component_id: int = COMPONENT) -> AppDataUpdate:
    operation = AppDataUpdateOperation.remove if data is None else AppDataUpdateOperation.update
    return AppDataUpdate(component_id=component_id, op=operation, update=data)


@pytest.fixture
def room() -> Room:
    application = Application(components=ComponentRegistry().with_components({COMPONENT: Log()}))
    return Room.of("alice", "bob", application=application)


def data_in(room: Room) -> bytes | None:
    room.check_agreement()
    return find_component(room.server.state.extensions.app_data, COMPONENT)


def test_updates_from_proposals_and_commits_reach_the_component_in_their_order(room):
    bob, group = room.members["bob"]
    room.propose("bob", propose(group, update(b"one"), now=NOW, random=bob.random))
    room.commit("alice", update(b"two"), AppEphemeral(COMPONENT, b"x"), update(b"three"), path=False)
    assert data_in(room) == b"1:one;0:two;0:three;"
    room.commit("bob", update(b"four"))
    assert data_in(room) == b"1:one;0:two;0:three;1:four;"
    room.commit("bob", update(None))
    assert data_in(room) is None


def test_new_members_find_the_data(room):
    room.commit("alice", update(b"hello"))
    carol = Client("carol", application=room.client("alice").application)
    room.add("bob", carol)
    assert find_component(room.group("carol").public.state.extensions.app_data, COMPONENT) == b"0:hello;"
    assert data_in(room) == b"0:hello;"


def test_what_members_must_support_grows_only_as_far_as_all_of_them_do(room):
    room.commit("alice", update(ComponentsList((COMPONENT,)).encode(), APP_COMPONENTS))
    room.check_agreement()
    with pytest.raises(ProposalError) as refusal:
        room.commit("bob", update(ComponentsList((COMPONENT, 0x8002)).encode(), APP_COMPONENTS), path=False)
    assert refusal.value.rule is ProposalListRule.REQUIREMENTS_SUPPORTED
    assert "component 0x8002" in str(refusal.value)


def test_required_components_and_wire_formats_are_features():
    lists = dictionary(c0001=ComponentsList((COMPONENT,)).encode(), c0002=ComponentsList((0x20,)).encode())
    read = GroupExtensions.read((lists, Extension(ExtensionType.required_wire_formats, b"\x02\xf0\x01")))
    assert read.required_features == {
        Feature(Purpose.EXTENSION, ExtensionType.app_data_dictionary),
        Feature(Purpose.EXTENSION, ExtensionType.required_wire_formats),
        Feature(Purpose.COMPONENT, COMPONENT),
        Feature(Purpose.SAFE_AAD_COMPONENT, 0x20),
        Feature(Purpose.WIRE_FORMAT, 0xF001),
    }
    assert (read.safe_aad, read.media_types, read.external_senders) == ({0x20}, None, ())


def test_a_client_supports_what_its_leaf_lists_grease_included():
    features = supported_features(Client("alice").key_package().key_package.leaf_node)
    assert {Feature(Purpose.COMPONENT, number) for number in SUPPORTED_COMPONENTS.component_ids} <= features
    assert {Feature(Purpose.PROPOSAL, number) for number in all_capabilities().proposals} <= features


@pytest.mark.parametrize(
    ("extensions", "rule"),
    [
        ((dictionary(c0003=b"\0"),), ExtensionRule.MEDIA_TYPES_NOT_EMPTY),
        ((dictionary(c0001=b"\1"),), ExtensionRule.DECODABLE),
        ((Extension(ExtensionType.required_capabilities, b""),), ExtensionRule.DECODABLE),
        ((dictionary(), dictionary()), ExtensionRule.UNIQUE),
    ],
)
def test_group_context_extensions_are_what_they_should_be(extensions, rule):
    with pytest.raises(ExtensionError) as refusal:
        GroupExtensions.read(extensions)
    assert refusal.value.rule is rule
