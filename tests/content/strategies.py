"""Hypothesis strategies for messages: everything that the draft allows, now and then in a form that few would send."""

from collections.abc import Callable
from typing import Any

from cbor2 import CBORSimpleValue, CBORTag, undefined
from hypothesis import strategies as st

from mimi_conformance.reference.content.derived import ExtendedTime, MessageDerivedValues
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI
from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    Disposition,
    ExternalPart,
    MessageId,
    MimiContent,
    MultiPart,
    NestedPart,
    NullPart,
    PartSemantics,
    RelativeExpiration,
    SinglePart,
)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
octets = st.binary(max_size=300)
uris = st.sampled_from(["mimi://a.example/u/alice", "mimi://b.example/r/" + 250 * "x", "im:cathy@b.example", ""])
message_ids = st.binary(min_size=32, max_size=32).map(MessageId)
languages = st.sampled_from(["", "en", "FR", "de-CH-1996,sr-Latn", "x-own", "i-klingon"])
content_types = st.sampled_from(["text/plain;charset=utf-8", "text/markdown;variant=GFM-MIMI", "", "no type"]) | texts
dispositions = st.sampled_from(Disposition) | st.integers(0, 255).map(Disposition)


def unsigned(size: int) -> st.SearchStrategy[int]:
    """Integers of so many octets, the edges of each width among them."""
    edges = [0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1]
    return st.sampled_from([edge for edge in edges if edge < 256**size]) | st.integers(0, 256**size - 1)


keys = st.integers(-(2**53) + 1, 2**53 - 1) | texts
leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**64), 2**64 - 1),
    st.floats(allow_nan=False),
    st.floats(width=16, allow_nan=False),
    texts,
    octets,
    st.sampled_from([*map(CBORSimpleValue, (0, 19, 32, 255)), undefined]),
)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    tags = st.builds(CBORTag, unsigned(8).filter(lambda tag: tag not in (2, 3)), inner)
    return st.lists(inner, max_size=3).map(tuple) | st.dictionaries(keys | octets, inner, max_size=3) | tags


shallow = leaves | st.integers() | _containers(leaves)
values = leaves | _containers(shallow) | _containers(_containers(leaves))
"""What extensions may hold: a bignum is a tag, and so takes a level of the four."""

own_extensions = st.dictionaries(keys.filter(lambda key: key not in (SENDER_URI, ROOM_URI)), values, max_size=3)
extensions = st.builds(
    lambda known, own: {**known, **own},
    st.fixed_dictionaries({}, optional={SENDER_URI: uris, ROOM_URI: uris}),
    st.just({}) | own_extensions,
)

null_parts = st.builds(NullPart, dispositions, languages)
single_parts = st.builds(SinglePart, content_types, octets, dispositions, languages)
external_parts = st.builds(
    ExternalPart,
    content_types,
    texts,
    unsigned(4),
    unsigned(8),
    st.integers(1, 65535),
    octets,
    octets,
    octets,
    unsigned(1),
    octets,
    texts,
    texts,
    dispositions,
    languages,
) | st.builds(ExternalPart, content_types, texts, size=unsigned(8), disposition=dispositions)
aes_parts = st.builds(
    ExternalPart,
    content_types,
    texts,
    st.just(0) | unsigned(4),
    unsigned(8),
    st.just(1),
    st.binary(min_size=16, max_size=16),
    st.binary(min_size=12, max_size=12),
    st.just(b""),
    st.just(1),
    message_ids,
    texts,
    texts,
    dispositions,
    languages,
)


def _multi_parts(inner: st.SearchStrategy[NestedPart], most: int = 3) -> st.SearchStrategy[MultiPart]:
    several = st.lists(inner, min_size=2, max_size=most).map(tuple)
    return st.builds(MultiPart, st.sampled_from(PartSemantics), several, dispositions, languages)


def _level(deeper: st.SearchStrategy[NestedPart]) -> st.SearchStrategy[NestedPart]:
    return null_parts | single_parts | external_parts | aes_parts | _multi_parts(deeper)


_leaf_parts = null_parts | single_parts | aes_parts
parts = _leaf_parts | _multi_parts(single_parts | null_parts, 26) | _level(_level(_level(_leaf_parts)))
expirations = st.builds(AbsoluteExpiration, unsigned(4)) | st.builds(RelativeExpiration, unsigned(4))

messages = st.builds(
    MimiContent,
    salt=st.binary(min_size=16, max_size=16),
    nested_part=parts,
    replaces=st.none() | message_ids,
    topic_id=st.just(b"") | message_ids | octets,
    expires=st.none() | expirations,
    in_reply_to=st.none() | message_ids,
    mimi_extensions=extensions,
)

ordinary_messages = st.builds(
    MimiContent,
    salt=st.binary(min_size=16, max_size=16),
    nested_part=null_parts | single_parts | aes_parts | _multi_parts(single_parts | aes_parts),
    replaces=st.none() | message_ids,
    topic_id=st.just(b"") | message_ids,
    expires=st.none() | st.builds(AbsoluteExpiration, st.integers(1_600_000_000, 2**32 - 1)),
    in_reply_to=st.none() | message_ids,
    mimi_extensions=st.fixed_dictionaries({SENDER_URI: uris, ROOM_URI: uris}),
)


def mutated(encoded: st.SearchStrategy[bytes]) -> st.SearchStrategy[bytes]:
    """Bytes with one bit flipped, one byte replaced, some bytes removed, repeated or inserted, or the end cut off."""
    return encoded.flatmap(_mutation)


def _mutation(data: bytes) -> st.SearchStrategy[bytes]:
    at = st.integers(0, max(0, len(data) - 1))
    change: Callable[..., bytes] = lambda start, size, new: data[:start] + new + data[start + size :]  # noqa: E731
    flip = st.builds(lambda start, bit: change(start, 1, bytes((data[start] ^ 1 << bit,))), at, st.integers(0, 7))
    return flip | st.builds(change, at, st.integers(0, 3), st.binary(max_size=3)) | at.map(lambda end: data[:end])


times = unsigned(8) | st.builds(
    ExtendedTime,
    st.dictionaries(st.integers(-9, 9) | texts.filter(bool), st.integers(0, 2**64 - 1) | texts, max_size=3),
)
derived_values = st.builds(MessageDerivedValues, message_ids, times, octets, unsigned(4), uris, uris, uris)
