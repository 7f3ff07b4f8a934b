"""Messages survive the way to bytes and back, and bytes that are no message say so in one way."""

import cbor2
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.content import codec, deterministic
from mimi_conformance.reference.content.codec import decode_content, encode_content
from mimi_conformance.reference.content.message import MimiContent
from mimi_conformance.reference.content.ordinary import ordinary_content
from mimi_conformance.reference.content.rules import ContentError
from tests.content.strategies import messages, mutated, ordinary_messages, values
from tests.exercised import exercises


def read_strictly(data: bytes) -> MimiContent | None:
    """Read a message without the short cut for ordinary ones; None when it is none."""
    try:
        return codec._content(deterministic.decode(data))
    except ContentError:
        return None


@exercises("CONTENT-4.1-01", "CONTENT-6.1-01")
@given(messages)
def test_a_message_comes_back_from_its_bytes(content: MimiContent) -> None:
    encoded = encode_content(content)
    assert decode_content(encoded) == content
    assert encode_content(decode_content(encoded)) == encoded


@exercises("CONTENT-3.1-01")
@given(ordinary_messages)  # it also judges what is in tags, which extensions may hold
def test_another_cbor_library_reads_what_is_written(content: MimiContent) -> None:
    salt, replaces, topic_id, _, in_reply_to, _, (disposition, language, *_) = cbor2.loads(encode_content(content))
    assert (salt, replaces, topic_id, in_reply_to) == (
        content.salt,
        content.replaces,
        content.topic_id,
        content.in_reply_to,
    )
    assert (disposition, language) == (content.nested_part.disposition, content.nested_part.language)


@exercises("CONTENT-6.1-01")
@given(mutated(messages.map(encode_content)) | mutated(ordinary_messages.map(encode_content)) | st.binary())
def test_any_bytes_are_a_message_that_encodes_to_them_or_a_content_error(data: bytes) -> None:
    try:
        content = decode_content(data)
    except ContentError:
        return
    assert encode_content(content) == data


@given(ordinary_messages.map(encode_content) | mutated(ordinary_messages.map(encode_content)))
def test_the_short_cut_for_ordinary_messages_reads_what_the_long_way_reads(data: bytes) -> None:
    ordinary = ordinary_content(data)
    assert ordinary is None or ordinary == read_strictly(data)


@given(messages.map(encode_content) | mutated(messages.map(encode_content)))
def test_the_short_cut_reads_nothing_else_differently(data: bytes) -> None:
    ordinary = ordinary_content(data)
    assert ordinary is None or ordinary == read_strictly(data)


@given(values)
def test_a_value_comes_back_from_its_one_encoding(value: deterministic.Value) -> None:
    encoded = deterministic.encode(value)
    assert deterministic.decode(encoded) == value
    assert deterministic.encode(deterministic.decode(encoded)) == encoded


@given(mutated(values.map(deterministic.encode)) | st.binary())
def test_any_bytes_are_a_value_that_encodes_to_them_or_a_content_error(data: bytes) -> None:
    try:
        value = deterministic.decode(data)
    except ContentError:
        return
    assert deterministic.encode(value) == data
