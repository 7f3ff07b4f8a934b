"""Messages are called by a hash of who said what in which room."""

import hashlib

import pytest

from mimi_conformance.reference.content.codec import encode_content
from mimi_conformance.reference.content.features import Uris, plain_text, reply, say
from mimi_conformance.reference.content.message import MessageId, MimiContent, NullPart
from mimi_conformance.reference.content.message_id import check_hash_known, message_id
from mimi_conformance.reference.content.rules import ContentError, MessageIdRule
from tests.exercised import exercises

ALICE = "mimi://a.example/u/alice"
ROOM = "mimi://hub.example/r/clubhouse"
SALT = bytes(range(16))


@exercises("CONTENT-3.3-01", "CONTENT-3.3-02", "CONTENT-3.3-03", "CONTENT-3.3-04", "CONTENT-3.3-05")
def test_an_id_is_sha_256_of_both_uris_with_their_lengths_the_message_and_the_salt_once_more() -> None:
    content = say(plain_text("Hello"), salt=SALT, uris=Uris(ALICE, ROOM))
    hashed = b"\x00\x18mimi://a.example/u/alice" + b"\x00\x1emimi://hub.example/r/clubhouse"
    digest = hashlib.sha256(hashed + encode_content(content) + SALT).digest()
    assert message_id(content) == b"\x01" + digest[:31]


@exercises("CONTENT-3.3-03")
def test_a_message_without_uris_takes_those_of_the_credential_and_the_room() -> None:
    silent = say(plain_text("Hello"), salt=SALT)
    hashed = b"\x00\x18mimi://a.example/u/alice" + b"\x00\x1emimi://hub.example/r/clubhouse"
    digest = hashlib.sha256(hashed + encode_content(silent) + SALT).digest()
    assert message_id(silent, sender_uri=ALICE, room_uri=ROOM) == b"\x01" + digest[:31]


@exercises("CONTENT-3.3-03")
def test_the_uris_in_a_message_come_before_those_of_the_credential_and_the_room() -> None:
    content = say(plain_text("Hello"), salt=SALT, uris=Uris(ALICE, ROOM))
    assert message_id(content, sender_uri="mimi://a.example/u/bob", room_uri="") == message_id(content)


@exercises("CONTENT-3.2-01")
def test_uris_of_any_scheme_are_hashed_byte_by_byte() -> None:
    in_cpim = say(plain_text("Hello"), salt=SALT, uris=Uris("im:%61lice@a.example", "im:room@hub.example"))
    hashed = b"\x00\x14im:%61lice@a.example\x00\x13im:room@hub.example"
    assert message_id(in_cpim)[1:] == hashlib.sha256(hashed + encode_content(in_cpim) + SALT).digest()[:31]


@exercises("CONTENT-4.1-11")
def test_an_id_covers_what_the_message_replies_to_so_that_nobody_makes_a_loop_on_purpose() -> None:
    said = {
        message_id(reply(plain_text("Hello"), to=MessageId(b"\x01" + 31 * to), salt=SALT, uris=Uris(ALICE, ROOM)))
        for to in (b"a", b"b", b"c")
    }
    assert len(said) == 3


@pytest.mark.parametrize(
    ("sender", "room", "rule", "place"),
    [
        (None, ROOM, MessageIdRule.URIS_KNOWN, "sender"),
        (ALICE, None, MessageIdRule.URIS_KNOWN, "room"),
        (ALICE, 2**16 * "x", MessageIdRule.URI_LENGTH, "room"),
    ],
)
def test_without_both_uris_there_is_no_id(
    sender: str | None, room: str | None, rule: MessageIdRule, place: str
) -> None:
    with pytest.raises(ContentError) as raised:
        message_id(MimiContent(SALT, NullPart()), sender_uri=sender, room_uri=room)
    assert (raised.value.rule, raised.value.place) == (rule, place)


@exercises("CONTENT-4.1-03")
def test_the_same_words_with_another_salt_have_another_id() -> None:
    words = plain_text("Hello")
    first, second = (message_id(say(words, salt=salt, uris=Uris(ALICE, ROOM))) for salt in (SALT, bytes(16)))
    assert first != second


@exercises("CONTENT-9.1-03")
def test_an_id_of_an_unknown_hash_function_is_refused() -> None:
    check_hash_known(MessageId(b"\x01" + bytes(31)))
    for algorithm in (0, 2, 7, 255):
        with pytest.raises(ContentError) as raised:
            check_hash_known(MessageId(bytes((algorithm,)) + bytes(31)), "inReplyTo")
        assert (raised.value.rule, raised.value.place) == (MessageIdRule.HASH_KNOWN, "inReplyTo")
