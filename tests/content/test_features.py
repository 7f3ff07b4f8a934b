"""What people do with messages, told in the messages of the drafts' own examples."""

from collections.abc import Iterator
from dataclasses import replace

import cbor2
import pytest

from mimi_conformance.reference.content.codec import decode_content, encode_content
from mimi_conformance.reference.content.extensions import ROOM_URI, SENDER_URI
from mimi_conformance.reference.content.features import (
    Uris,
    alternatives,
    delete,
    edit,
    expiring_after,
    expiring_at,
    html_mention,
    in_topic,
    markdown,
    markdown_mention,
    plain_text,
    react,
    reply,
    say,
    session,
    unit,
    unlike,
    with_extension,
)
from mimi_conformance.reference.content.markdown import Link
from mimi_conformance.reference.content.mentions import links, mentions
from mimi_conformance.reference.content.message import (
    AbsoluteExpiration,
    Disposition,
    MultiPart,
    NullPart,
    PartSemantics,
    RelativeExpiration,
    SinglePart,
)
from mimi_conformance.reference.content.message_id import message_id
from mimi_conformance.reference.content.rules import ContentError, ContentRule, EncodingRule, FeatureRule
from tests.content.official_examples import EXAMPLES, FOLDER
from tests.exercised import exercises

ALICE = Uris("mimi://example.com/u/alice-smith", "mimi://example.com/r/engineering_team")
BOB = Uris("mimi://example.com/u/bob-jones", ALICE.room)
CATHY = Uris("mimi://example.com/u/cathy-washington", ALICE.room)

ORIGINAL = say(
    markdown("Hi everyone, we just shipped release 2.0. __Good  work__!"),
    salt=bytes.fromhex("5eed9406c2545547ab6f09f20a18b003"),
    uris=ALICE,
)
ORIGINAL_ID = message_id(ORIGINAL)
REPLY = reply(
    markdown("Right on! _Congratulations_ 'all!"),
    to=ORIGINAL_ID,
    salt=bytes.fromhex("11a458c73b8dd2cf404db4b378b8fe4d"),
    uris=BOB,
)
REPLY_ID = message_id(REPLY)
REACTION = react(
    "\N{HEAVY BLACK HEART}", to=ORIGINAL_ID, salt=bytes.fromhex("d37bc0e6a8b4f04e9e6382375f587bf6"), uris=CATHY
)
SALT = bytes(range(16))

OFFICIAL = {
    "original": lambda: ORIGINAL,
    "reply": lambda: REPLY,
    "reaction": lambda: REACTION,
    "mention": lambda: reply(
        markdown(f"Kudos to {markdown_mention(ALICE.sender, '@Alice Smith')} for making the release happen!"),
        to=ORIGINAL_ID,
        salt=bytes.fromhex("04f290e215d0f82d1750bfa8b7dc089d"),
        uris=CATHY,
    ),
    "edit": lambda: edit(
        REPLY,
        REPLY_ID,
        markdown("Right on! _Congratulations_ y'all!"),
        salt=bytes.fromhex("b8c2e6d8800ecf45df39be6c45f4c042"),
    ),
    "delete": lambda: delete(REPLY, REPLY_ID, salt=bytes.fromhex("0a590d73b2c7761c39168be5ebf7f2e6")),
    "unlike": lambda: unlike(REACTION, message_id(REACTION), salt=bytes.fromhex("c5ba86dc9fd272e58ca52ec805b79199")),
    "multipart-1": lambda: say(
        alternatives(
            markdown("# Welcome!"),
            SinglePart(
                "application/vnd.examplevendor-fancy-im-message", bytes.fromhex("dc861ebaa718fd7c3ca159f71a2001")
            ),
        ),
        salt=bytes.fromhex("261c953e178af653fe3d42641b91d814"),
        uris=ALICE,
    ),
}
"""The official examples, made anew with the words of this module."""


@exercises("CONTENT-5.1-01", "CONTENT-5.2-01", "CONTENT-5.3-01", "CONTENT-5.4-01", "CONTENT-5.5-01", "CONTENT-5.6-01")
@exercises("CONTENT-3.5-01", "CONTENT-5.7-01", "CONTENT-7.2-01", "CONTENT-B.1-01", "CONTENT-3.3-06", "CONTENT-4.1-14")
@pytest.mark.parametrize("name", OFFICIAL)
def test_the_examples_of_the_draft_are_made_byte_by_byte(name: str) -> None:
    if name not in EXAMPLES:
        pytest.skip(f"there is no example {name} in {FOLDER}: set MIMI_CONTENT_EXAMPLES to the folder of the examples")
    content = OFFICIAL[name]()
    assert encode_content(content) == EXAMPLES[name].encoded
    assert message_id(content) == EXAMPLES[name].message_id


@exercises("CONTENT-6.2-06")
@pytest.mark.parametrize("name", OFFICIAL)
def test_no_feature_needs_floating_point(name: str) -> None:
    def leaves(value: object) -> Iterator[object]:
        if isinstance(value, list | dict):
            for each in value.values() if isinstance(value, dict) else value:
                yield from leaves(each)
        else:
            yield value

    assert not any(isinstance(leaf, float) for leaf in leaves(cbor2.loads(encode_content(OFFICIAL[name]()))))


@exercises("CONTENT-4.1-05", "CONTENT-5.5-01")
def test_an_edit_of_an_edit_names_the_first_version() -> None:
    once = edit(REPLY, REPLY_ID, plain_text("Right on"), salt=SALT)
    twice = edit(once, message_id(once), plain_text("Right on!"), salt=bytes(16))
    assert once.replaces == twice.replaces == REPLY_ID
    assert delete(twice, message_id(twice), salt=SALT).replaces == REPLY_ID


@exercises("CONTENT-9.3-03")
def test_an_edit_changes_nothing_but_the_body() -> None:
    first = expiring_after(in_topic(with_extension(REPLY, -5, "private"), b"topic"), 60)
    changed = edit(first, message_id(first), NullPart(), salt=SALT)
    assert (changed.topic_id, changed.expires, changed.in_reply_to) == (b"topic", RelativeExpiration(60), ORIGINAL_ID)
    assert changed.mimi_extensions == first.mimi_extensions


@exercises("CONTENT-4.4-02", "CONTENT-5.6-01", "CONTENT-5.7-01")
def test_what_is_taken_back_leaves_an_empty_body() -> None:
    assert delete(REPLY, REPLY_ID, salt=SALT).nested_part == NullPart()
    assert unlike(REACTION, ORIGINAL_ID, salt=SALT).nested_part == NullPart(Disposition.reaction)
    with pytest.raises(ContentError) as raised:
        unlike(REPLY, REPLY_ID, salt=SALT)
    assert raised.value.rule is FeatureRule.REACTION


@exercises("CONTENT-4.4-15", "CONTENT-5.3-01", "CONTENT-5.3-03", "CONTENT-5.3-04")
def test_several_reactions_are_several_parts_and_an_image_can_be_one() -> None:
    image = SinglePart("image/gif", b"GIF89a")
    content = react("\N{FACE WITH PARTY HORN AND PARTY HAT}", image, to=ORIGINAL_ID, salt=SALT)
    assert content.in_reply_to == ORIGINAL_ID
    assert isinstance(content.nested_part, MultiPart)
    assert content.nested_part.part_semantics is PartSemantics.process_all
    assert [part.content for part in content.nested_part.parts] == ["🥳".encode(), b"GIF89a"]
    assert {part.disposition for part in (content.nested_part, *content.nested_part.parts)} == {Disposition.reaction}


@exercises("CONTENT-B.2-01")
def test_the_example_of_several_reactions_is_made_as_one_message() -> None:
    if "multipart-2" not in EXAMPLES:
        pytest.skip(f"there is no example multipart-2 in {FOLDER}: set MIMI_CONTENT_EXAMPLES to the folder")
    reacted = react("❤", "🥳", "🤞", to=ORIGINAL_ID, salt=bytes.fromhex("8528dc2d92e4f1944d62042907ab94d0"), uris=ALICE)
    assert encode_content(replace(reacted, in_reply_to=None)) == EXAMPLES["multipart-2"].encoded


@exercises("CONTENT-5.4-01")
def test_a_mention_is_a_link_to_a_user_in_markdown_or_html() -> None:
    in_markdown = markdown(f"Kudos to {markdown_mention(ALICE.sender, '@Alice [Smith]')} and <https://a.example/>")
    in_html = SinglePart(
        "text/html;charset=utf-8", f"<p>Kudos to {html_mention(ALICE.sender, '@Alice [Smith]')}</p>".encode()
    )
    wanted = (Link("@Alice [Smith]", ALICE.sender),)
    assert mentions(in_markdown, {ALICE.sender}) == mentions(in_html, {ALICE.sender}) == wanted
    assert mentions(in_markdown, {BOB.sender}) == ()
    assert len(links(in_markdown)) == 2


@exercises("CONTENT-5.4-01")
def test_names_can_not_break_out_of_a_mention() -> None:
    name = '"><b>](x)'
    in_html = SinglePart("text/html", html_mention(ALICE.sender, name).encode())
    in_markdown = markdown(markdown_mention(ALICE.sender, name))
    assert links(in_html) == links(in_markdown) == (Link(name, ALICE.sender),)
    assert links(plain_text(f"<a href='{ALICE.sender}'>")) == links(NullPart()) == ()


@exercises("CONTENT-7.1-02", "CONTENT-7.1-03", "CONTENT-7.1.1-03", "CONTENT-8.3-01")
def test_texts_say_what_they_are_written_in() -> None:
    assert plain_text("<b>ü", language="de") == SinglePart("text/plain;charset=utf-8", b"<b>\xc3\xbc", language="de")
    assert markdown("<b>") == SinglePart("text/markdown;variant=GFM-MIMI", b"&lt;b>")


@exercises("CONTENT-4.1-08", "CONTENT-4.1-09")
def test_a_message_expires_at_a_time_or_some_time_after_it_was_read() -> None:
    for content, expires in (
        (expiring_at(ORIGINAL, 1644390004), AbsoluteExpiration(1644390004)),
        (expiring_after(ORIGINAL, 600), RelativeExpiration(600)),
    ):
        assert decode_content(encode_content(content)).expires == expires


@exercises("CONTENT-4.4-16", "CONTENT-5.10-01", "CONTENT-4.5-05", "CONTENT-5.11-01", "CONTENT-5.11-02")
def test_a_conference_is_joined_at_a_url_and_can_be_in_a_topic() -> None:
    part = session("https://example.com/join/12345", "Join the Foo 118 conference")
    content = in_topic(say(part, salt=SALT, uris=ALICE), b"Foo 118")
    assert encode_content(content).hex() == (
        f"8750{SALT.hex()}f647466f6f20313138f6f6a2"
        "0178206d696d693a2f2f6578616d706c652e636f6d2f752f616c6963652d736d697468"
        "0278256d696d693a2f2f6578616d706c652e636f6d2f722f656e67696e656572696e675f7465616d"
        "8f07600260781e68747470733a2f2f6578616d706c652e636f6d2f6a6f696e2f3132333435"
        "000000404040" "0040" "781b4a6f696e2074686520466f6f2031313820636f6e666572656e636560"
    )  # fmt: skip
    assert in_topic(reply(plain_text("Coming"), to=message_id(content), salt=SALT), b"Foo 118").topic_id == b"Foo 118"


@exercises("CONTENT-5.11-01", "CONTENT-4.1-07")
def test_a_new_topic_can_take_the_id_of_the_message_that_began_it() -> None:
    assert in_topic(REPLY, ORIGINAL_ID).topic_id == ORIGINAL_ID
    with pytest.raises(ContentError) as raised:
        in_topic(REPLY, bytes(4097))
    assert raised.value.rule is ContentRule.TOPIC_ID_LENGTH


@exercises("CONTENT-4.4-10")
def test_rich_text_with_an_image_is_one_unit() -> None:
    body = unit(markdown("![](cid:2@local.invalid)"), SinglePart("image/png", b"\x89PNG"))
    assert body.part_semantics is PartSemantics.single_unit


@exercises("CONTENT-4.3-07", "CONTENT-8.2.1-01")
def test_an_extension_is_sent_once_small_and_under_a_key_that_stands_for_something() -> None:
    extended = with_extension(ORIGINAL, "example.com/mood", {"happy": True})
    assert extended.mimi_extensions == {
        SENDER_URI: ALICE.sender,
        ROOM_URI: ALICE.room,
        "example.com/mood": {"happy": True},
    }
    for key, value, rule in (
        ("example.com/mood", 1, FeatureRule.EXTENSION_ONCE),
        (SENDER_URI, BOB.sender, FeatureRule.EXTENSION_ONCE),
        (0, 1, FeatureRule.EXTENSION_KEY),
        ("", 1, FeatureRule.EXTENSION_KEY),
        (-1, bytes(4093), FeatureRule.EXTENSION_SIZE),
        (-1, {None: 1}, EncodingRule.KEY_TYPE),
    ):
        with pytest.raises(ContentError) as raised:
            with_extension(extended, key, value)
        assert raised.value.rule is rule
    assert with_extension(extended, -1, bytes(4092)).mimi_extensions[-1] == bytes(4092)
