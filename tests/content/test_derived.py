"""What a receiver knows of a message besides what is in it."""

from dataclasses import replace

import pytest
from hypothesis import given

from mimi_conformance.reference.content.derived import (
    ExtendedTime,
    MessageDerivedValues,
    decode_derived,
    encode_derived,
)
from mimi_conformance.reference.content.message import MessageId
from mimi_conformance.reference.content.rules import ContentError, DerivedRule
from tests.content.strategies import derived_values, mutated
from tests.exercised import exercises

ID = MessageId(b"\x01" + 31 * b"\xaa")
ORIGINAL = MessageDerivedValues(
    message_id=ID,
    hub_accepted_timestamp=1644387225019,
    mls_group_id=bytes(range(32)),
    sender_leaf_index=4,
    sender_client_url="mimi://example.com/d/3b52249d-68f9-45ce-8bf5-c799f3cad7ec/0003",
    sender_user_url="mimi://example.com/u/alice-smith",
    room_url="mimi://example.com/r/engineering_team",
)


@exercises("CONTENT-3.4-03", "CONTENT-4.6-01", "CONTENT-4.6-02", "CONTENT-4.6-03")
@given(derived_values)
def test_derived_values_come_back_from_their_bytes(derived: MessageDerivedValues) -> None:
    assert decode_derived(encode_derived(derived)) == derived


@given(mutated(derived_values.map(encode_derived)))
def test_any_bytes_are_derived_values_that_encode_to_them_or_a_content_error(data: bytes) -> None:
    try:
        derived = decode_derived(data)
    except ContentError:
        return
    assert encode_derived(derived) == data


@exercises("CONTENT-3.4-02", "CONTENT-4.6-02")
def test_derived_values_are_an_array_of_seven_with_the_time_in_milliseconds() -> None:
    encoded = encode_derived(ORIGINAL)
    assert encoded[:3] == b"\x87\x58\x20"
    assert encoded[35:44] == b"\x1b" + (1644387225019).to_bytes(8)


@exercises("CONTENT-4.6-03")
def test_a_timestamp_is_milliseconds_or_an_extended_time() -> None:
    extended = replace(ORIGINAL, hub_accepted_timestamp=ExtendedTime({1: 1644387225, -3: 19}))
    encoded = encode_derived(extended)
    assert encoded[35:38] == bytes.fromhex("d9 03e9")
    assert decode_derived(encoded) == extended


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"message_id": b"short"}, DerivedRule.MESSAGE_ID),
        ({"hub_accepted_timestamp": -1}, DerivedRule.TIMESTAMP),
        ({"hub_accepted_timestamp": 2**64}, DerivedRule.TIMESTAMP),
        ({"hub_accepted_timestamp": "today"}, DerivedRule.TIMESTAMP),
        ({"hub_accepted_timestamp": ExtendedTime({"": 0})}, DerivedRule.TIMESTAMP),
        ({"mls_group_id": "group"}, DerivedRule.ARRAY),
        ({"sender_leaf_index": 2**32}, DerivedRule.LEAF_INDEX),
        ({"sender_leaf_index": True}, DerivedRule.LEAF_INDEX),
        ({"room_url": b"mimi://example.com/r/engineering_team"}, DerivedRule.ARRAY),
    ],
)
def test_wrong_values_are_refused_by_the_name_of_their_rule(change: dict[str, object], rule: DerivedRule) -> None:
    with pytest.raises(ContentError) as raised:
        encode_derived(replace(ORIGINAL, **change))
    assert raised.value.rule is rule
