"""The policy envelope: what it accepts, what it refuses by name, and what it tells people."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.drafts.requirements import requirement
from mimi_conformance.reference.room.envelope import (
    EnvelopeRule,
    Fixed,
    Limit,
    OneOf,
    PolicyEnvelope,
    Predicate,
    Range,
    UnknownSetting,
)
from mimi_conformance.reference.wire.room_policy.base import BaseRoomPolicy, Optionality
from mimi_conformance.reference.wire.room_policy.messages import LoggingPolicy
from tests.exercised import exercises
from tests.room.component_examples import ASSETS, BASE, LOGGING, METADATA, OPERATIONAL, ROLES

FORBIDDEN = LoggingPolicy(logging=Optionality.forbidden)


def base(**changes) -> BaseRoomPolicy:
    return replace(BASE, **changes)


ENVELOPE = PolicyEnvelope(
    limits=(
        Limit("base_room_policy.fixed_membership", Fixed(False)),
        Limit("base_room_policy.max_users", Range(2, 500)),
        Limit("base_room_policy.max_clients", Range(maximum=1000, may_be_absent=True)),
        Limit("logging_policy.logging", OneOf((Optionality.forbidden, Optionality.optional))),
        Limit("roles_list", Predicate("has no more than five roles", lambda value: len(value.roles) <= 5)),
        Limit("mls_operational_policy.app_message_policy.pad_to_size", OneOf((0, 256))),
        Limit("logging_policy.human_readable_policy.uri", Fixed(None)),
    ),
    components=frozenset({"base_room_policy", "roles_list", "logging_policy", "mls_operational_policy"}),
    required=frozenset({"base_room_policy", "logging_policy"}),
)
SMALL = base(max_users=10)


@pytest.mark.parametrize(
    ("component", "value"),
    [
        ("base_room_policy", SMALL),
        ("base_room_policy", base(max_users=2, max_clients=None)),
        ("base_room_policy", base(max_users=500, max_clients=1000)),
        ("logging_policy", FORBIDDEN),
        ("roles_list", ROLES),
        ("mls_operational_policy", OPERATIONAL),
    ],
)
@exercises("ARCH-2-12", "ARCH-4.4-06", "POLICY-1-01")
def test_policies_inside_are_accepted(component, value):
    assert ENVELOPE.refusal(component, value) is None


@pytest.mark.parametrize(
    ("component", "value", "rule", "sentence"),
    [
        (
            "base_room_policy",
            replace(SMALL, fixed_membership=True),
            EnvelopeRule.FIXED,
            "The hub accepts base_room_policy.fixed_membership only if it is False, not True.",
        ),
        (
            "base_room_policy",
            base(max_users=1),
            EnvelopeRule.RANGE,
            "The hub accepts base_room_policy.max_users only if it is at least 2 and at most 500, not 1.",
        ),
        (
            "base_room_policy",
            base(max_users=501),
            EnvelopeRule.RANGE,
            "The hub accepts base_room_policy.max_users only if it is at least 2 and at most 500, not 501.",
        ),
        (
            "base_room_policy",
            base(max_users=None),
            EnvelopeRule.RANGE,
            "The hub accepts base_room_policy.max_users only if it is at least 2 and at most 500, not absent.",
        ),
        (
            "base_room_policy",
            replace(SMALL, max_clients=1001),
            EnvelopeRule.RANGE,
            "The hub accepts base_room_policy.max_clients only if it is at most 1000, or absent, not 1001.",
        ),
        (
            "logging_policy",
            LOGGING,
            EnvelopeRule.ONE_OF,
            "The hub accepts logging_policy.logging only if it is one of forbidden, optional, not required.",
        ),
        (
            "logging_policy",
            replace(LOGGING, logging=Optionality.optional),
            EnvelopeRule.FIXED,
            "The hub accepts logging_policy.human_readable_policy.uri only if it is absent, "
            "not https://a.example/logging.",
        ),
        (
            "roles_list",
            replace(ROLES, roles=ROLES.roles * 3),
            EnvelopeRule.PREDICATE,
            "The hub accepts roles_list only if it has no more than five roles, not ",
        ),
        (
            "mls_operational_policy",
            replace(OPERATIONAL, app_message_policy=replace(OPERATIONAL.app_message_policy, pad_to_size=7)),
            EnvelopeRule.ONE_OF,
            "The hub accepts mls_operational_policy.app_message_policy.pad_to_size only if it is one of 0, 256, not 7.",
        ),
        ("asset_policy", ASSETS, EnvelopeRule.COMPONENT_ACCEPTED, "The hub does not accept asset_policy in this room."),
    ],
)
@exercises("ARCH-2-12", "ARCH-4.4-06", "POLICY-1-01")
def test_policies_outside_are_refused_by_name(component, value, rule, sentence):
    refused = ENVELOPE.refusal(component, value)
    assert refused.rule is rule
    assert refused.sentence.startswith(sentence)
    assert requirement(rule.requirement).text


@exercises("ARCH-4.4-05", "ARCH-5.3-01")
def test_a_new_room_is_judged_as_a_whole():
    assert list(ENVELOPE.refusals({"base_room_policy": SMALL, "logging_policy": FORBIDDEN})) == []
    refused = list(ENVELOPE.refusals({"base_room_policy": BASE, "asset_policy": ASSETS}))
    assert [each.rule for each in refused] == [
        EnvelopeRule.COMPONENT_REQUIRED,
        EnvelopeRule.RANGE,
        EnvelopeRule.COMPONENT_ACCEPTED,
    ]
    assert refused[0].sentence == "The hub requires logging_policy in this room."


@exercises("ARCH-5.3-01")
def test_an_envelope_can_be_shown_to_people():
    assert ENVELOPE.description() == (
        "the components are among base_room_policy, logging_policy, mls_operational_policy, roles_list",
        "base_room_policy is required",
        "logging_policy is required",
        "base_room_policy.fixed_membership is False",
        "base_room_policy.max_users is at least 2 and at most 500",
        "base_room_policy.max_clients is at most 1000, or absent",
        "logging_policy.logging is one of forbidden, optional",
        "roles_list has no more than five roles",
        "mls_operational_policy.app_message_policy.pad_to_size is one of 0, 256",
        "logging_policy.human_readable_policy.uri is absent",
    )
    assert PolicyEnvelope().description() == ()


def test_an_envelope_that_says_nothing_accepts_everything():
    assert PolicyEnvelope().refusal("room_metadata", METADATA) is None
    assert list(PolicyEnvelope().refusals({"asset_policy": ASSETS})) == []


@pytest.mark.parametrize(
    ("setting", "missing"),
    [
        ("max_users", "rooms have no component 'max_users'"),
        ("base_room_policy.maximum", "BaseRoomPolicy has no field 'maximum'"),
        ("base_room_policy.max_users.more", "has no field 'more'"),
        ("participant_list", "rooms have no component 'participant_list'"),
        ("", "rooms have no component ''"),
    ],
)
def test_a_limit_on_what_is_no_setting_is_refused_at_once(setting, missing):
    with pytest.raises(UnknownSetting, match=missing) as caught:
        Limit(setting, Fixed(1))
    assert caught.value.setting == setting


NUMBERS = st.none() | st.integers(0, 10)


@given(NUMBERS, NUMBERS, st.booleans(), NUMBERS)
def test_a_range_accepts_what_lies_within_its_bounds(minimum, maximum, may_be_absent, value):
    inside = may_be_absent if value is None else (minimum or 0) <= value <= (10 if maximum is None else maximum)
    assert Range(minimum, maximum, may_be_absent).accepts(value) is inside


@given(st.lists(st.integers(0, 3), max_size=3), st.integers(0, 3))
def test_a_fixed_value_is_a_choice_of_one(values, value):
    assert OneOf(tuple(values)).accepts(value) is any(Fixed(each).accepts(value) for each in values)
