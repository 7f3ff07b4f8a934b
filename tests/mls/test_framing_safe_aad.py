"""SafeAAD: what several components put into `authenticated_data` (mls-extensions, section 4.9)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.mls.framing.rules import FramingError, SafeAADRule
from mimi_conformance.reference.mls.framing.safe_aad import encode_safe_aad, read_safe_aad
from mimi_conformance.reference.wire.errors import EncodeError
from mimi_conformance.reference.wire.mls.app_data import SafeAAD, SafeAADItem


@given(st.dictionaries(st.integers(0, 0xFFFF), st.binary(max_size=70)))
def test_every_component_gets_back_its_own_data(items):
    assert read_safe_aad(encode_safe_aad(items)) == items


def test_items_are_sorted_by_component_whatever_order_they_are_given_in():
    assert encode_safe_aad({0x0205: b"b", 0x0021: b"a"}) == bytes.fromhex("08 0021 01 61 0205 01 62")


def test_a_message_without_data_has_an_empty_vector():
    assert encode_safe_aad({}) == b"\0"
    assert read_safe_aad(b"\0") == {}


def test_a_number_that_is_no_component_is_not_sent():
    with pytest.raises(EncodeError):
        encode_safe_aad({0x10000: b""})


@pytest.mark.parametrize(
    ("numbers", "rule", "found"),
    [((1, 1), SafeAADRule.UNIQUE, 1), ((2, 1), SafeAADRule.SORTED, 1), ((1, 3, 2, 3), SafeAADRule.SORTED, 2)],
)
def test_items_that_are_not_sorted_and_unique_are_refused(numbers, rule, found):
    with pytest.raises(FramingError) as refused:
        read_safe_aad(SafeAAD(tuple(SafeAADItem(number, b"") for number in numbers)).encode())
    assert (refused.value.rule, refused.value.value) == (rule, found)


@pytest.mark.parametrize(
    "authenticated_data", [b"", b"free text", b"\0\0", encode_safe_aad({1: b"x"}) + b"more", b"\x03\x00\x01\x01"]
)
def test_authenticated_data_is_a_safe_aad_from_the_first_byte_to_the_last(authenticated_data):
    with pytest.raises(FramingError) as refused:
        read_safe_aad(authenticated_data)
    assert refused.value.rule is SafeAADRule.STRUCTURE
    assert refused.value.value == authenticated_data


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused_by_name(authenticated_data):
    try:
        items = read_safe_aad(authenticated_data)
    except FramingError:
        return
    assert encode_safe_aad(items) == authenticated_data
