"""Components by themselves: what each may hold, which rule each fault breaks, and what updates make of them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.mocks.malformed.strategies import mutated, strategy_for
from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.drafts.interpretations import interpretations
from mimi_conformance.reference.drafts.requirements import requirement
from mimi_conformance.reference.mls.proposals.components import ComponentRefusal, Contribution
from mimi_conformance.reference.room.components.assets import AssetsRule
from mimi_conformance.reference.room.components.base_policy import BasePolicyRule
from mimi_conformance.reference.room.components.franking import FRANK_AAD
from mimi_conformance.reference.room.components.links import (
    JOIN_LINKS,
    LinksRule,
)
from mimi_conformance.reference.room.components.messages import (
    CHAT_HISTORY_POLICY,
    LOGGING_POLICY,
    MESSAGE_EXPIRATION_POLICY,
    MessagesRule,
)
from mimi_conformance.reference.room.components.operational import OperationalRule
from mimi_conformance.reference.room.components.roles import ROLES_LIST, RolesRule
from mimi_conformance.reference.room.components.room_metadata import ROOM_METADATA, MetadataRule
from mimi_conformance.reference.room.components.rules import ComponentError, ComponentRule
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.protocol.franking import FrankAAD
from mimi_conformance.reference.wire.room_policy.links import (
    JoinLink,
    JoinLinksData,
    JoinLinksUpdate,
)
from tests.exercised import exercises
from tests.room.component_examples import (
    EDGES,
    EXAMPLES,
    FAULTS,
    METADATA,
    NAMES,
    REPLACED,
    ROLES,
    SENDER,
    contributions,
    role,
)


@pytest.mark.parametrize(("component", "value"), EXAMPLES, ids=NAMES)
@exercises("POLICY-3-04", "POLICY-3-11", "POLICY-4-09", "POLICY-5-25", "POLICY-8.7-03", "PROTO-5.4.1-06")
def test_a_component_reads_what_is_valid(component, value):
    assert component.read(value.encode()) == value


@pytest.mark.parametrize(("component", "value"), REPLACED, ids=[component.name for component, _ in REPLACED])
@exercises("POLICY-3-12", "POLICY-4-10", "PROTO-7.6-06")
def test_an_update_replaces_the_component_as_a_whole(component, value):
    assert component.updated(b"anything else", contributions(value.encode())) == value.encode()
    assert component.updated(None, contributions(value.encode())) == value.encode()


@pytest.mark.parametrize(
    ("component", "rule", "broken"), FAULTS, ids=[f"{r.name}-{n}" for n, (_, r, _) in enumerate(FAULTS)]
)
@exercises(
    "PROTO-7.6-01",
    "PROTO-7.6-02",
    "PROTO-7.6-03",
    "PROTO-7.6-04",
    "PROTO-7.6-05",
    "POLICY-3-14",
    "POLICY-8.1.1-14",
    "POLICY-5-12",
    "POLICY-5-13",
    "POLICY-6.3-01",
    "POLICY-6.3-05",
    "POLICY-6.4-05",
    "POLICY-6.4-10",
    "POLICY-6.5-01",
    "POLICY-6.5-03",
    "POLICY-6.5-04",
    "POLICY-6.5-05",
    "POLICY-6.6-04",
    "POLICY-6.7-02",
    "POLICY-6.8-02",
    "POLICY-6.8-03",
    "POLICY-7-03",
    "POLICY-7.1-04",
    "POLICY-7.1-05",
)
def test_each_fault_breaks_its_own_rule_and_no_other(component, rule, broken):
    assert {found for found, _ in component.faults(broken)} == {rule}
    with pytest.raises(ComponentError) as refusal:
        component.updated(None, contributions(broken.encode()))
    assert (refusal.value.rule, refusal.value.component) == (rule, component.name)
    assert str(refusal.value).startswith(f"In {component.name}: {rule.text} ({rule.requirement}) Found: ")


def rules(kind: type[RoomRule] = RoomRule) -> list[RoomRule]:
    return [*kind, *(rule for narrower in kind.__subclasses__() for rule in rules(narrower))]


def test_every_rule_names_a_requirement_and_an_ambiguity_that_exist():
    for rule in rules():
        assert requirement(rule.requirement).id == rule.requirement
        assert not rule.ambiguity or rule.ambiguity in interpretations()
        assert rule.text.endswith(".")


BY_VALUE = (MetadataRule, RolesRule, BasePolicyRule, MessagesRule, LinksRule, AssetsRule, OperationalRule)
OF_UPDATES = {MetadataRule.ONE_UPDATE, LinksRule.JOIN_LINK_INDEX, LinksRule.JOIN_LINK_REMOVED_ONCE}


def test_every_rule_about_values_is_broken_here():
    assert {rule for _, rule, _ in FAULTS} == {rule for kind in BY_VALUE for rule in kind} - OF_UPDATES


@pytest.mark.parametrize(
    ("component", "value"),
    EDGES,
)
@exercises("POLICY-3-05", "POLICY-3-06", "POLICY-5-14", "POLICY-8-04", "POLICY-6.2-04", "POLICY-10.2-01")
def test_values_at_the_edge_are_valid(component, value):
    assert list(component.faults(value)) == []


@pytest.mark.parametrize("component", [LOGGING_POLICY, CHAT_HISTORY_POLICY, MESSAGE_EXPIRATION_POLICY])
@exercises("POLICY-6.5-02", "POLICY-6.6-02", "POLICY-6.8-04")
def test_nothing_follows_what_is_forbidden(component):
    assert component.read(b"\x02").encode() == b"\x02"
    with pytest.raises(ComponentError) as refusal:
        component.read(b"\x02" + bytes(8))
    assert refusal.value.rule is ComponentRule.DECODABLE


@given(st.sampled_from(EXAMPLES).flatmap(lambda example: st.tuples(st.just(example[0]), mutated(example[1].encode()))))
def test_tampered_data_is_read_as_what_it_is_or_refused_by_a_rule(case):
    component, data = case
    with suppress(ComponentError):
        assert component.read(data).encode() == data


@given(
    st.sampled_from(EXAMPLES).flatmap(
        lambda example: st.tuples(st.just(example[0]), strategy_for(example[0].structure))
    )
)
def test_any_structure_is_valid_or_breaks_rules_that_name_what_they_found(case):
    component, value = case
    for rule, found in component.faults(value):
        assert str(component.error(rule, found)).endswith((str(found), "..."))


@exercises("EXT-4.7-11")
def test_data_that_is_no_such_structure_is_refused_with_the_place_of_the_fault():
    with pytest.raises(ComponentError) as refusal:
        ROLES_LIST.read(ROLES.encode()[:-1])
    assert refusal.value.rule is ComponentRule.DECODABLE
    assert "RoleData" in str(refusal.value)


@pytest.mark.parametrize(("component", "value"), EXAMPLES, ids=NAMES)
@exercises("PROTO-7.5-17", "EXT-4.8-02")
def test_no_component_has_ephemeral_data_or_is_ever_removed(component, value):
    with pytest.raises(ComponentError) as refusal:
        component.check_ephemeral(Contribution(value.encode(), SENDER))
    assert refusal.value.rule is ComponentRule.NOT_EPHEMERAL
    with pytest.raises(ComponentError) as refusal:
        component.check_removal(value.encode(), SENDER)
    assert (refusal.value.rule, refusal.value.rule.ambiguity) == (ComponentRule.NOT_REMOVED, "AMB-137")


@exercises("PROTO-7.6-08")
def test_metadata_is_updated_once_in_a_commit():
    with pytest.raises(ComponentError) as refusal:
        ROOM_METADATA.updated(METADATA.encode(), contributions(METADATA.encode(), METADATA.encode()))
    assert refusal.value.rule is MetadataRule.ONE_UPDATE


def test_of_several_role_lists_the_last_one_counts_and_all_must_be_valid():
    other = role(role_name=b"boss")
    assert ROLES_LIST.updated(None, contributions(ROLES.encode(), other.encode())) == other.encode()
    with pytest.raises(ComponentRefusal):
        ROLES_LIST.updated(None, contributions(role(role_name=b"\xff").encode(), other.encode()))


@exercises("PROTO-5.4.1-03")
def test_the_franking_tag_is_no_data_of_the_group():
    tag = FrankAAD(bytes(32))
    assert FRANK_AAD.read(tag.encode()) == tag
    with pytest.raises(ComponentError) as refusal:
        FRANK_AAD.updated(None, contributions(tag.encode()))
    assert refusal.value.rule is ComponentRule.NOT_IN_GROUP_CONTEXT


LINKS = tuple(JoinLink(b"link %d" % number) for number in range(4))


def links_after(*updates: JoinLinksUpdate, before: tuple[JoinLink, ...] | None = LINKS) -> tuple[JoinLink, ...]:
    data = None if before is None else JoinLinksData(before).encode()
    return JoinLinksData.decode(
        JOIN_LINKS.updated(data, contributions(*(each.encode() for each in updates)))
    ).join_links


@exercises("POLICY-6.2-08", "POLICY-6.2-04")
def test_join_links_are_removed_by_their_places_at_the_start_and_appended():
    new = JoinLink(b"new"), JoinLink(b"newer")
    assert links_after(JoinLinksUpdate((0, 2), new)) == (LINKS[1], LINKS[3], *new)
    assert links_after(JoinLinksUpdate((2, 0))) == (LINKS[1], LINKS[3])
    assert links_after(JoinLinksUpdate((1,), new[:1]), JoinLinksUpdate((3,), new[1:])) == (LINKS[0], LINKS[2], *new)
    assert links_after(JoinLinksUpdate(added_links=new), before=None) == new


@pytest.mark.parametrize(
    ("updates", "rule"),
    [
        ((JoinLinksUpdate((4,)),), LinksRule.JOIN_LINK_INDEX),
        ((JoinLinksUpdate((), (JoinLink(b"new"),)), JoinLinksUpdate((4,))), LinksRule.JOIN_LINK_INDEX),
        ((JoinLinksUpdate((1, 1)),), LinksRule.JOIN_LINK_REMOVED_ONCE),
        ((JoinLinksUpdate((1,)), JoinLinksUpdate((1,))), LinksRule.JOIN_LINK_REMOVED_ONCE),
    ],
)
@exercises("POLICY-6.2-08")
def test_join_links_that_are_not_there_or_gone_are_not_removed(updates, rule):
    with pytest.raises(ComponentError) as refusal:
        links_after(*updates)
    assert refusal.value.rule is rule


@pytest.mark.parametrize(("component", "value"), EXAMPLES, ids=NAMES)
@exercises(
    "POLICY-10.1.1-01",
    "POLICY-10.1.2-01",
    "POLICY-10.1.3-01",
    "POLICY-10.1.4-01",
    "POLICY-10.1.5-01",
    "POLICY-10.1.6-01",
    "POLICY-10.1.7-01",
    "POLICY-10.1.8-01",
    "POLICY-10.1.9-01",
    "POLICY-10.1.10-01",
    "POLICY-10.1.11-01",
    "POLICY-10.1.12-01",
    "POLICY-10.1.13-01",
)
def test_a_component_has_the_number_that_the_drafts_suggest(component, value):
    assert component.component_id == code_points().component_id(component.name)
