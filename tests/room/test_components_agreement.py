"""Components together: what each refers to in the others has to be there."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.proposals.components import Replaced, with_component
from mimi_conformance.reference.room.components.agreement import AgreementRule, disagreements
from mimi_conformance.reference.room.components.registry import POLICY_COMPONENTS, read_components, room_components
from mimi_conformance.reference.room.components.rules import ComponentError
from mimi_conformance.reference.room.participants import ParticipantList
from mimi_conformance.reference.room.policy import RoomPolicy
from mimi_conformance.reference.room.presets import PRESETS, preset
from mimi_conformance.reference.room.view import RoomView
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA
from mimi_conformance.reference.wire.protocol.participant_list import ParticipantListData, UserRolePair
from mimi_conformance.reference.wire.protocol.room_metadata import Uri
from mimi_conformance.reference.wire.room_policy.base import DomainName
from mimi_conformance.reference.wire.room_policy.capability_types import CapabilityType
from mimi_conformance.reference.wire.room_policy.links import BotPolicy, JoinLink, JoinLinksData
from mimi_conformance.reference.wire.room_policy.roles import PreAuthData, PreAuthRoleEntry, Role, RoleData
from mimi_conformance.reference.wire.structure import Struct
from tests.exercised import exercises
from tests.room.component_examples import ASSETS, BOT, HISTORY, JOIN_LINK, METADATA

ROOM = MimiUri("mimi://hub.example/r/clubhouse")
EVERY_COMPONENT = tuple(component.component_id for component in POLICY_COMPONENTS)
BANNED = Role(1, b"banned", b"", (), 0, None, 0, 0, ())
USER = Role(2, b"user", b"", (), 0, None, 0, None, ())
SILENT = Role(3, b"silent", b"", (), 0, None, 0, 0, ())


def view(
    *roles: Role,
    participants: tuple[int, ...] = (2,),
    preauthorized: Role | None = None,
    components: dict[str, Struct] | None = None,
    **base,
) -> RoomView:
    preauthorization = preauthorized and PreAuthData((PreAuthRoleEntry((), preauthorized),))
    listed = tuple(UserRolePair(b"mimi://hub.example/u/%d" % number, role) for number, role in enumerate(participants))
    base_policy = replace(preset("cooperative").base_room_policy, **{"policy_component_ids": EVERY_COMPONENT, **base})
    policy = RoomPolicy.of(base_policy, RoleData(roles or (USER,)), preauthorization, components or {})
    return RoomView(ROOM, policy, ParticipantList.of(ParticipantListData(listed)))


def adder(index: int, name: bytes = b"adder") -> Role:
    return replace(USER, role_index=index, role_name=name, role_capabilities=(CapabilityType.can_add_participant,))


def parent(room: bytes) -> dict[str, object]:
    return {"parent_dependant": True, "parent_room": (Uri(room),)}


DISAGREEMENTS = [
    (AgreementRule.PARTICIPANTS_HAVE_ROLES, view(participants=(2, 5))),
    (AgreementRule.PARTICIPANTS_HAVE_ROLES, view(BANNED, participants=(2,))),
    (AgreementRule.PREAUTHORIZED_FOR_ROLES, view(preauthorized=SILENT)),
    (AgreementRule.BOTS_HAVE_ROLES, view(components={"bot_policy": BotPolicy((replace(BOT, bot_role_index=3),))})),
    (
        AgreementRule.HISTORY_SHARED_BY_ROLES,
        view(SILENT, participants=(3,), components={"chat_history_policy": HISTORY}),
    ),
    (
        AgreementRule.HISTORY_SHARED_BY_ACTIVE,
        view(USER, SILENT, components={"chat_history_policy": replace(HISTORY, roles_that_can_share=(2, 3))}),
    ),
    (AgreementRule.NOBODY_ADDED_TO_FIXED, view(adder(2), fixed_membership=True)),
    (AgreementRule.NOBODY_ADDED_TO_FIXED, view(USER, adder(1, b"no ban"), fixed_membership=True)),
    (AgreementRule.PARENT_AT_SAME_HUB, view(**parent(b"mimi://b.example/r/parent"))),
    (AgreementRule.COMPONENTS_LISTED, view(policy_component_ids=())),
    (AgreementRule.COMPONENTS_LISTED, view(policy_component_ids=(0x25,), preauthorized=USER)),
    (AgreementRule.COMPONENTS_LISTED, view(policy_component_ids=(0x25,), components={"join_link_policy": JOIN_LINK})),
    (
        AgreementRule.ONE_JOIN_LINK,
        view(components={"join_link_policy": JOIN_LINK, "join_links": JoinLinksData((JoinLink(b"a"), JoinLink(b"b")))}),
    ),
    (
        AgreementRule.ASSETS_AT_HUB,
        view(
            components={
                "asset_policy": replace(
                    ASSETS, upload_domains=(replace(ASSETS.upload_domains[0], provider=DomainName(b"b.example")),)
                )
            }
        ),
    ),
]


@pytest.mark.parametrize(("rule", "room"), DISAGREEMENTS)
@exercises(
    "POLICY-3-14",
    "PROTO-7.5-15",
    "POLICY-4-08",
    "POLICY-5-05",
    "POLICY-5-11",
    "POLICY-5-24",
    "POLICY-6.2-01",
    "POLICY-6.4-05",
    "POLICY-6.6-05",
    "POLICY-6.7-03",
)
def test_components_that_do_not_go_together_break_a_rule(rule, room):
    found = list(disagreements(room))
    assert {each.rule for each in found} == {rule}
    assert rule.text in str(found[0].error())


def test_every_rule_about_components_together_is_broken_here():
    assert {rule for rule, _ in DISAGREEMENTS} == {*AgreementRule}


@pytest.mark.parametrize(
    "room",
    [
        view(),
        view(preauthorized=replace(USER, role_index=0)),
        view(components={"bot_policy": BotPolicy((replace(BOT, bot_role_index=0),))}),
        view(adder(0), USER, adder(1, b"banned"), fixed_membership=True),
        view(adder(2)),
        view(**parent(b"mimi://hub.example/r/parent"), fixed_membership=True),
        view(components={"join_link_policy": JOIN_LINK, "join_links": JoinLinksData((JoinLink(b"a"),))}),
        view(
            components={
                "join_link_policy": replace(JOIN_LINK, on_request=False),
                "join_links": JoinLinksData((JoinLink(b"a"), JoinLink(b"b"))),
            }
        ),
        view(components={"asset_policy": ASSETS}),
        view(policy_component_ids=(0x25, 0x26, 0x2C)),
    ],
)
@exercises("POLICY-5-14", "POLICY-6.2-04")
def test_components_that_go_together_break_none(room):
    assert list(disagreements(room)) == []


@pytest.mark.parametrize("name", PRESETS)
@exercises("POLICY-A.1-01", "POLICY-A.2-01", "POLICY-A.3-01", "POLICY-A.4-01")
def test_the_presets_are_valid_and_go_together(name):
    made = preset(name)
    policy = RoomPolicy.of(made.base_room_policy, made.roles_list, made.preauth_list)
    creator = UserRolePair(b"mimi://hub.example/u/alice", made.creator_role_index)
    room = RoomView(ROOM, policy, ParticipantList.of(ParticipantListData((creator,))))
    assert list(disagreements(room)) == []
    read = room_components()
    for component, value in (("base_room_policy", made.base_room_policy), ("roles_list", made.roles_list)):
        data = value.encode()
        assert read.component(code_points().component_id(component)).read(data) == value


def test_a_dictionary_is_read_component_by_component():
    dictionary = NO_APP_DATA
    for name, data in (("room_metadata", METADATA.encode()), ("asset_policy", ASSETS.encode()), ("app_ack", b"?")):
        dictionary = with_component(dictionary, code_points().component_id(name), data)
    assert read_components(dictionary) == {"room_metadata": METADATA, "asset_policy": ASSETS}
    with pytest.raises(ComponentError, match="asset_policy"):
        read_components(with_component(dictionary, code_points().component_id("asset_policy"), b""))


@exercises("PROTO-4.3.1-03", "PROTO-4.3.1-04", "PROTO-4.3.1-05", "PROTO-5.3-03")
def test_mls_knows_every_component_of_the_drafts_and_lets_others_pass():
    known = room_components()
    numbers = code_points().components
    assert {name for name, number in numbers.items() if type(known.component(number)) is Replaced} == set()
    assert type(known.component(0xFF00)) is Replaced
    assert known.component(numbers["participant_list"]) is not room_components().component(numbers["participant_list"])
