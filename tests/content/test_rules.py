"""Each rule of a message is broken by some bytes, and the error says which rule it was, and where.

The bytes are written in hex: those of fields that are as they should be come from `message`.
"""

from collections.abc import Callable

import pytest

from mimi_conformance.reference.content import deterministic
from mimi_conformance.reference.content.codec import decode_content, encode_content
from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    Disposition,
    ExternalPart,
    MessageId,
    MimiContent,
    MultiPart,
    NullPart,
    PartSemantics,
    RelativeExpiration,
    SinglePart,
)
from mimi_conformance.reference.content.rules import ContentError, ContentRule, EncodingRule
from mimi_conformance.reference.mls.rules import Rule
from tests.exercised import exercises

SALT = bytes(range(16))
ID = "58 20 01" + 31 * "aa"
NULL_PART = "83 01 60 00"
SINGLE_PART = "85 01 60 01 60 40"
EXTERNAL_PART = "8f 01 60 02 60 60 00 00 00 40 40 40 00 40 60 60"


def message(
    *,
    salt: str = "50" + SALT.hex(),
    replaces: str = "f6",
    topic_id: str = "40",
    expires: str = "f6",
    in_reply_to: str = "f6",
    extensions: str = "a0",
    part: str = NULL_PART,
) -> bytes:
    """Return the bytes of a message, its fields given in hex."""
    return bytes.fromhex(" ".join(("87", salt, replaces, topic_id, expires, in_reply_to, extensions, part)))


def multi(*parts: str, semantics: str = "00") -> str:
    """Return the hex of a MultiPart."""
    return f"85 01 60 03 {semantics} {0x80 + len(parts):02x}" + "".join(parts)


def nested(levels: int) -> str:
    """Return the hex of parts that nest so many levels deep."""
    return NULL_PART if levels == 1 else multi(nested(levels - 1), NULL_PART)


EXTENSIONS = 22
"""The byte at which the extensions begin in a message whose other fields are empty."""


def value(encoded: str) -> bytes:
    """Return a message with an extension 3, whose value is given in hex and begins at byte EXTENSIONS + 2."""
    return message(extensions=f"a1 03 {encoded}")


def named(part_of_a_case: object) -> str:
    """Return how pytest calls a part of a case: bytes don't tell anybody anything."""
    return part_of_a_case.name if isinstance(part_of_a_case, Rule) else ""


VALUE = f"byte {EXTENSIONS + 2}"
KEY = f"byte {EXTENSIONS + 1}"
SECOND_KEY = f"byte {EXTENSIONS + 3}"

ENCODINGS = [
    (b"", EncodingRule.WELL_FORMED, "byte 0"),
    (message()[:10], EncodingRule.WELL_FORMED, "byte 1"),
    (message()[:-1], EncodingRule.WELL_FORMED, f"byte {EXTENSIONS + 4}"),
    (value("1c"), EncodingRule.WELL_FORMED, VALUE),
    (value("1f"), EncodingRule.WELL_FORMED, VALUE),
    (value("ff"), EncodingRule.WELL_FORMED, VALUE),
    (value("f8 14"), EncodingRule.WELL_FORMED, VALUE),
    (value("9b ffffffffffffffff"), EncodingRule.WELL_FORMED, f"byte {EXTENSIONS + 15}"),
    (message() + b"\x00", EncodingRule.ONE_ITEM, f"byte {len(message())}"),
    (value("18 17"), EncodingRule.SHORTEST_INTEGER, VALUE),
    (value("19 00ff"), EncodingRule.SHORTEST_INTEGER, VALUE),
    (value("1a 0000ffff"), EncodingRule.SHORTEST_INTEGER, VALUE),
    (value("1b 00000000ffffffff"), EncodingRule.SHORTEST_INTEGER, VALUE),
    (value("38 00"), EncodingRule.SHORTEST_INTEGER, VALUE),
    (message(part="83 18 01 60 00"), EncodingRule.SHORTEST_INTEGER, f"byte {EXTENSIONS + 2}"),
    (message(salt="58 10" + SALT.hex()), EncodingRule.SHORTEST_LENGTH, "byte 1"),
    (message(topic_id="59 0001 aa"), EncodingRule.SHORTEST_LENGTH, "byte 19"),
    (message(extensions="b8 00"), EncodingRule.SHORTEST_LENGTH, f"byte {EXTENSIONS}"),
    (message(part="98 03 01 60 00"), EncodingRule.SHORTEST_LENGTH, f"byte {EXTENSIONS + 1}"),
    (message(part="83 01 78 00 00"), EncodingRule.SHORTEST_LENGTH, f"byte {EXTENSIONS + 3}"),
    (value("d8 17 00"), EncodingRule.SHORTEST_TAG, VALUE),
    (value("fa 3fc00000"), EncodingRule.SHORTEST_FLOAT, VALUE),
    (value("fb 3ff8000000000000"), EncodingRule.SHORTEST_FLOAT, VALUE),
    (value("fb 7ff0000000000000"), EncodingRule.SHORTEST_FLOAT, VALUE),
    (value("c2 41 01"), EncodingRule.SHORTEST_BIGNUM, VALUE),
    (value("c3 48 ffffffffffffffff"), EncodingRule.SHORTEST_BIGNUM, VALUE),
    (value("c2 4a 00 010000000000000000"), EncodingRule.SHORTEST_BIGNUM, VALUE),
    (value("9f ff"), EncodingRule.DEFINITE_LENGTH, VALUE),
    (value("bf ff"), EncodingRule.DEFINITE_LENGTH, VALUE),
    (value("7f ff"), EncodingRule.DEFINITE_LENGTH, VALUE),
    (message(topic_id="5f 41 aa ff"), EncodingRule.DEFINITE_LENGTH, "byte 19"),
    (message(part=multi(*12 * [NULL_PART]).replace("8c", "9f", 1) + "ff"), EncodingRule.DEFINITE_LENGTH, "byte 28"),
    (message(extensions="a2 02 60 01 60"), EncodingRule.KEY_ORDER, SECOND_KEY),
    (message(extensions="a2 20 00 1818 00"), EncodingRule.KEY_ORDER, SECOND_KEY),
    (message(extensions="a2 6161 00 190100 00"), EncodingRule.KEY_ORDER, f"byte {EXTENSIONS + 4}"),
    (value("a3 41aa 00 60 00 41ab 00"), EncodingRule.KEY_ORDER, f"byte {EXTENSIONS + 8}"),
    (message(extensions="a2 01 60 01 60"), EncodingRule.UNIQUE_KEYS, SECOND_KEY),
    (value("a1 f6 00"), EncodingRule.KEY_TYPE, "byte 25"),
    (value("a1 f5 00"), EncodingRule.KEY_TYPE, "byte 25"),
    (value("a1 f93c00 00"), EncodingRule.KEY_TYPE, "byte 25"),
    (value("a1 80 00"), EncodingRule.KEY_TYPE, "byte 25"),
    (message(extensions="a1 f5 60"), EncodingRule.KEY_TYPE, KEY),
    (message(extensions="a1 1b 0020000000000000 00"), EncodingRule.KEY_RANGE, KEY),
    (message(extensions="a1 3b 001fffffffffffff 00"), EncodingRule.KEY_RANGE, KEY),
    (value("a1 1b 0020000000000000 00"), EncodingRule.KEY_RANGE, "byte 25"),
    (value("f9 7e01"), EncodingRule.NAN, VALUE),
    (value("f9 fe00"), EncodingRule.NAN, VALUE),
    (value("fa 7fc00000"), EncodingRule.NAN, VALUE),
    (value("fb 7ff8000000000000"), EncodingRule.NAN, VALUE),
    (value("61 ff"), EncodingRule.UTF8, VALUE),
    (message(part="83 01 63 eda080 00"), EncodingRule.UTF8, f"byte {EXTENSIONS + 3}"),
    (message(part="85 01 60 01 61 ff 40"), EncodingRule.UTF8, f"byte {EXTENSIONS + 5}"),
    (value(40 * "81" + "00"), EncodingRule.NESTING, f"byte {EXTENSIONS + 2 + 30}"),
]

FIELDS = [
    (bytes.fromhex("86 40 f6 40 f6 f6 a0"), ContentRule.ARRAY, ""),
    (b"\xa0", ContentRule.ARRAY, ""),
    (message(salt="4f" + SALT[1:].hex()), ContentRule.SALT, "salt"),
    (message(salt="60"), ContentRule.SALT, "salt"),
    (message(replaces="58 1f" + 31 * "aa"), ContentRule.MESSAGE_ID, "replaces"),
    (message(in_reply_to="40"), ContentRule.MESSAGE_ID, "inReplyTo"),
    (message(in_reply_to="f4"), ContentRule.MESSAGE_ID, "inReplyTo"),
    (message(topic_id="f6"), ContentRule.TOPIC_ID, "topicId"),
    (message(topic_id="59 1001" + 4097 * "aa"), ContentRule.TOPIC_ID_LENGTH, "topicId"),
    (message(expires="82 f4 20"), ContentRule.EXPIRATION, "expires.time"),
    (message(expires="82 f5 1b 0000000100000000"), ContentRule.EXPIRATION, "expires.time"),
    (message(expires="82 00 00"), ContentRule.EXPIRATION, "expires"),
    (message(expires="83 f4 00 00"), ContentRule.EXPIRATION, "expires"),
    (message(expires="f5"), ContentRule.EXPIRATION, "expires"),
    (message(extensions="80"), ContentRule.EXTENSIONS, "mimiExtensions"),
    (message(extensions="a1 40 00"), ContentRule.EXTENSION_KEY, "mimiExtensions"),
    (message(extensions="a1 79 0100" + 256 * "61" + "00"), ContentRule.EXTENSION_KEY, "mimiExtensions"),
    (message(extensions="a1 01 40"), ContentRule.EXTENSION_URI, "mimiExtensions[1]"),
    (message(extensions="a1 02 f6"), ContentRule.EXTENSION_URI, "mimiExtensions[2]"),
    (message(extensions="a1 6178 81 81 81 80"), ContentRule.EXTENSION_DEPTH, "mimiExtensions['x']"),
    (
        message(extensions="a1 03 a1 00 c5 81 c2 49 010000000000000000"),
        ContentRule.EXTENSION_DEPTH,
        "mimiExtensions[3]",
    ),
    (message(part="f6"), ContentRule.PART, "nestedPart"),
    (message(part="82 01 60"), ContentRule.PART, "nestedPart"),
    (message(part="83 01 60 04"), ContentRule.PART, "nestedPart"),
    (message(part="83 01 60 f4"), ContentRule.PART, "nestedPart"),
    (message(part=multi(NULL_PART, "f6")), ContentRule.PART, "nestedPart.parts[1]"),
    (message(part="84 01 60 00 00"), ContentRule.PART_FIELDS, "nestedPart"),
    (message(part="84 01 60 01 60"), ContentRule.PART_FIELDS, "nestedPart"),
    (message(part="85 01 60 01 40 40"), ContentRule.PART_FIELDS, "nestedPart.contentType"),
    (message(part="85 01 60 01 60 60"), ContentRule.PART_FIELDS, "nestedPart.content"),
    (message(part="85 01 60 03 00 40"), ContentRule.PART_FIELDS, "nestedPart.parts"),
    (message(part=multi(SINGLE_PART, "85 01 60 01 60 60")), ContentRule.PART_FIELDS, "nestedPart.parts[1].content"),
    (message(part="83 190100 60 00"), ContentRule.DISPOSITION, "nestedPart.disposition"),
    (message(part="83 20 60 00"), ContentRule.DISPOSITION, "nestedPart.disposition"),
    (message(part="83 f5 60 00"), ContentRule.DISPOSITION, "nestedPart.disposition"),
    (message(part="83 01 64 656e2c20 00"), ContentRule.LANGUAGE, "nestedPart.language"),
    (message(part="83 01 40 00"), ContentRule.LANGUAGE, "nestedPart.language"),
    (message(part=EXTERNAL_PART.replace("00 40 40", "00 41aa 40")), ContentRule.NOT_ENCRYPTED, "nestedPart"),
    (message(part=multi(NULL_PART, NULL_PART, semantics="03")), ContentRule.PART_SEMANTICS, "nestedPart.partSemantics"),
    (message(part=multi(NULL_PART, NULL_PART, semantics="f4")), ContentRule.PART_SEMANTICS, "nestedPart.partSemantics"),
    (message(part=multi(NULL_PART)), ContentRule.TWO_PARTS, "nestedPart.parts"),
    (message(part=nested(5)), ContentRule.PART_DEPTH, "nestedPart"),
    (
        message(part="85 01 60 03 00 99 0400" + 1024 * NULL_PART),
        ContentRule.PART_COUNT,
        "nestedPart",
    ),
]

TOLERATED = {
    "a bignum that is one": value("c2 49 010000000000000000"),
    "the half-width quiet NaN": value("f9 7e00"),
    "a NaN inside a typed array": value("d8 50 44 7e01fe01"),
    "an infinity, and zeros of both signs": value("83 f97c00 f90000 f98000"),
    "simple values without a meaning": value("83 e0 f7 f8ff"),
    "keys at the ends of their range": message(extensions="a2 1b 001fffffffffffff 00 3b 001ffffffffffffe 00"),
    "keys in bytewise order, not in the older one": message(extensions="a4 03 00 190100 00 20 00 6161 00"),
    "keys for private use": message(extensions="a2 20 a0 6178 82 01 f6"),
    "the reserved key and an empty one": message(extensions="a2 00 00 60 00"),
    "a key of 255 octets": message(extensions="a1 78ff" + 255 * "61" + "00"),
    "a value of more than 4,095 octets": value("59 1000" + 4096 * "aa"),
    "four levels of extensions": message(extensions="a2 01 60 190100 82 82 42 1234 d820 60 82 42 3456 19168b"),
    "four levels of parts": message(part=nested(4)),
    "1,024 parts": message(part="85 01 60 03 00 99 03ff" + 1023 * NULL_PART),
    "a topic id of 4,096 octets": message(topic_id="59 1000" + 4096 * "aa"),
    "a disposition that nobody knows": message(part="83 18ff 60 00"),
    "a language that nobody speaks": message(part="83 01 63 717878 00"),
    "a content type that nobody knows": message(part="85 01 60 01 6a 782f756e6b6e6f776e21 40"),
    "an AEAD algorithm and a hash function that nobody knows": message(
        part=EXTERNAL_PART.replace("00 40 40 40 00", "19ffff 41aa 40 40 18ff")
    ),
    "a reply and an edit of messages that never came": message(replaces=ID, in_reply_to=ID),
    "an expiry at once": message(expires="82 f5 00"),
}


@exercises(
    "CONTENT-6.1-01",
    "CONTENT-6.1-02",
    "CONTENT-6.1-03",
    "CONTENT-6.1-04",
    "CONTENT-6.1-05",
    "CONTENT-6.1-06",
    "CONTENT-6.2-02",
    "CONTENT-6.2-03",
    "CONTENT-6.2-04",
    "CONTENT-6.2-05",
    "CONTENT-4.3-02",
)
@pytest.mark.parametrize(("data", "rule", "place"), ENCODINGS, ids=named)
def test_an_encoding_that_is_not_the_one_is_refused_by_the_name_of_its_rule(
    data: bytes, rule: EncodingRule, place: str
) -> None:
    with pytest.raises(ContentError) as raised:
        decode_content(data)
    assert (raised.value.rule, raised.value.place) == (rule, place)


@exercises(
    "CONTENT-3.3-01",
    "CONTENT-4.1-01",
    "CONTENT-4.1-02",
    "CONTENT-4.1-04",
    "CONTENT-4.1-08",
    "CONTENT-4.1-10",
    "CONTENT-4.3-01",
    "CONTENT-4.3-04",
    "CONTENT-4.3-05",
    "CONTENT-4.4-03",
    "CONTENT-4.4-07",
    "CONTENT-4.4-08",
    "CONTENT-4.4-17",
    "CONTENT-4.5-05",
    "CONTENT-6.2-01",
    "CONTENT-6.3-01",
    "CONTENT-6.3-02",
    "CONTENT-9.1-05",
    "CONTENT-9.1-07",
)
@pytest.mark.parametrize(("data", "rule", "place"), FIELDS, ids=named)
def test_a_field_that_the_draft_forbids_is_refused_by_the_name_of_its_rule(
    data: bytes, rule: ContentRule, place: str
) -> None:
    with pytest.raises(ContentError) as raised:
        decode_content(data)
    assert (raised.value.rule, raised.value.place) == (rule, place)


def test_every_rule_of_a_message_is_broken_above() -> None:
    broken = {rule for _, rule, _ in [*ENCODINGS, *FIELDS]}
    assert {*EncodingRule, *ContentRule} - broken == {ContentRule.SIZE}


@exercises("CONTENT-9.1-07")
def test_a_message_is_refused_when_it_is_larger_than_local_policy_allows() -> None:
    data = message()
    assert decode_content(data, largest=len(data)) == decode_content(data)
    with pytest.raises(ContentError) as raised:
        decode_content(data, largest=len(data) - 1)
    assert raised.value.rule is ContentRule.SIZE


@exercises(
    "CONTENT-4.3-03",
    "CONTENT-4.3-06",
    "CONTENT-4.3-07",
    "CONTENT-4.4-13",
    "CONTENT-8.2.1-01",
    "CONTENT-9.1-08",
    "CONTENT-9.1-10",
)
@pytest.mark.parametrize("what", TOLERATED)
def test_what_the_draft_tolerates_is_kept_as_it_came(what: str) -> None:
    assert encode_content(decode_content(TOLERATED[what])) == TOLERATED[what]


@exercises("CONTENT-4.4-12", "CONTENT-4.4-13", "CONTENT-8.2.2-01", "CONTENT-9.1-09")
def test_dispositions_have_their_registered_meanings_and_an_unknown_one_is_rendered() -> None:
    registered = "unspecified render reaction profile inline icon attachment session preview"
    assert [disposition.name for disposition in Disposition] == registered.split()
    for number in range(256):
        read = decode_content(message(part=f"83 {deterministic.encode(number).hex()} 60 00")).nested_part.disposition
        assert read == number
        assert read.understood == (number if number <= 8 else Disposition.render)


@exercises("CONTENT-4.4-01", "CONTENT-4.4-05")
@exercises("CONTENT-4.1-06", "CONTENT-4.1-07", "CONTENT-4.1-08", "CONTENT-4.1-09", "CONTENT-4.4-02", "CONTENT-4.4-04")
def test_the_fields_of_a_message_mean_what_the_draft_says() -> None:
    empty = decode_content(message())
    assert empty == MimiContent(SALT, NullPart())
    assert (empty.replaces, empty.topic_id, empty.expires, empty.in_reply_to) == (None, b"", None, None)
    assert decode_content(message(expires="82 f5 0a")).expires == RelativeExpiration(10)
    assert decode_content(message(expires="82 f4 0a")).expires == AbsoluteExpiration(10)
    assert decode_content(message(replaces=ID)).replaces == bytes.fromhex(ID)[2:]
    assert decode_content(message(part=SINGLE_PART)).nested_part == SinglePart("", b"")
    assert decode_content(message(part=EXTERNAL_PART)).nested_part == ExternalPart("", "")
    for number, semantics in enumerate(("choose_one", "single_unit", "process_all")):
        both = decode_content(message(part=multi(NULL_PART, SINGLE_PART, semantics=f"{number:02x}"))).nested_part
        assert both == MultiPart(PartSemantics[semantics], (NullPart(), SinglePart("", b"")))


@exercises("CONTENT-4.4-06")
def test_an_external_part_has_twelve_fields_in_the_order_of_the_draft() -> None:
    part = "8f 06 62656e 02 6161 6162 01 02 03 4104 4105 4106 07 4108 6163 6164"
    assert decode_content(message(part=part)).nested_part == ExternalPart(
        content_type="a",
        url="b",
        expires=1,
        size=2,
        enc_alg=3,
        key=b"\x04",
        nonce=b"\x05",
        aad=b"\x06",
        hash_alg=7,
        content_hash=b"\x08",
        description="c",
        filename="d",
        disposition=Disposition.attachment,
        language="en",
    )


@pytest.mark.parametrize(
    ("make", "rule", "place"),
    [
        (lambda: MimiContent(b"short", NullPart()), ContentRule.SALT, "salt"),
        (lambda: MimiContent(SALT, NullPart(), replaces=MessageId(b"1")), ContentRule.MESSAGE_ID, "replaces"),
        (lambda: MimiContent(SALT, NullPart(), topic_id="topic"), ContentRule.TOPIC_ID, "topicId"),
        (lambda: MimiContent(SALT, NullPart(), expires=5), ContentRule.EXPIRATION, "expires"),
        (lambda: MimiContent(SALT, None), ContentRule.PART, "nestedPart"),
        (lambda: MimiContent(SALT, NullPart(), mimi_extensions=[1]), ContentRule.EXTENSIONS, "mimiExtensions"),
        (lambda: MimiContent(SALT, NullPart(), mimi_extensions={3: "\ud800"}), EncodingRule.UTF8, ""),
        (lambda: MimiContent(SALT, NullPart(), mimi_extensions={2**53: 0}), EncodingRule.KEY_RANGE, "byte 1"),
        (lambda: AbsoluteExpiration(-1), ContentRule.EXPIRATION, "time"),
        (lambda: NullPart(disposition=1), ContentRule.DISPOSITION, "disposition"),
        (lambda: NullPart(language="en_GB"), ContentRule.LANGUAGE, "language"),
        (lambda: SinglePart("text/plain", "text"), ContentRule.PART_FIELDS, "content"),
        (lambda: ExternalPart("", "", size=-1), ContentRule.PART_FIELDS, "size"),
        (lambda: ExternalPart("", "", content_hash="aa"), ContentRule.PART_FIELDS, "contentHash"),
        (lambda: ExternalPart("", "", key=b"aa"), ContentRule.NOT_ENCRYPTED, ""),
        (lambda: MultiPart(PartSemantics.choose_one, (NullPart(),)), ContentRule.TWO_PARTS, "parts"),
        (lambda: MultiPart(PartSemantics.choose_one, [NullPart()] * 2), ContentRule.PART_FIELDS, "parts"),
        (lambda: MultiPart(0, (NullPart(), NullPart())), ContentRule.PART_SEMANTICS, "partSemantics"),
    ],
)
def test_a_message_that_would_be_refused_can_not_be_made(
    make: Callable[[], object], rule: ContentRule, place: str
) -> None:
    with pytest.raises(ContentError) as raised:
        make()
    assert (raised.value.rule, raised.value.place) == (rule, place)


def test_an_error_reads_like_a_sentence() -> None:
    with pytest.raises(ContentError) as raised:
        decode_content(message(part=multi(SINGLE_PART, "83 01 62 2121 00")))
    assert str(raised.value) == (
        "In nestedPart.parts[1].language: The language is empty or language tags separated by commas."
        " (mimi-content-08, section 4.4) Found: '!!'"
    )


def test_extensions_can_not_be_changed_and_are_in_the_order_of_their_encoding() -> None:
    content = MimiContent(SALT, NullPart(), mimi_extensions={"a": [1, {"b": []}], 3: 0, -1: b""})
    assert list(content.mimi_extensions) == [3, -1, "a"]
    assert content.mimi_extensions["a"] == (1, {"b": ()})
    assert hash(content) == hash(decode_content(encode_content(content)))


def test_what_cbor_has_no_encoding_for_is_no_extension() -> None:
    with pytest.raises(TypeError, match="CBOR has no encoding for"):
        MimiContent(SALT, NullPart(), mimi_extensions={3: object()})
