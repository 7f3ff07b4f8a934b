"""`mimi-conformance content`, as somebody at a terminal meets it."""

import base64
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mimi_conformance.command_line.content import command
from mimi_conformance.reference.content.attachment import downloaded_content
from mimi_conformance.reference.content.codec import decode_content, encode_content
from mimi_conformance.reference.content.features import (
    Uris,
    alternatives,
    delete,
    edit,
    expiring_at,
    in_topic,
    markdown,
    plain_text,
    react,
    reply,
    say,
    session,
    with_extension,
)
from mimi_conformance.reference.content.message import (
    Disposition,
    ExternalPart,
    MimiContent,
    NestedPart,
    RelativeExpiration,
    SinglePart,
)
from mimi_conformance.reference.content.message_id import message_id

SALT = bytes(range(16))
URIS = Uris("mimi://a.example/u/alice", "mimi://hub.example/r/clubhouse")
HELLO = say(markdown("Hi __everyone__\nHow are you?"), salt=SALT, uris=URIS)
ID = message_id(HELLO)
ADDRESS = ("--sender", URIS.sender, "--room", URIS.room, "--salt", SALT.hex())


def run(*arguments: str, data: bytes = b"") -> Result:
    """Run the command and return what came of it; the exit code is what it returns, or 2 for a usage error."""
    return CliRunner().invoke(command, arguments, input=data, standalone_mode=False)


def shown(content: MimiContent, *arguments: str) -> list[str]:
    """Return the lines that show a message."""
    return run("show", *arguments, data=encode_content(content)).stdout.splitlines()


def made(*arguments: str) -> MimiContent:
    """Return the message that a command makes."""
    return decode_content(run("make", *arguments).stdout_bytes)


def test_a_message_is_shown_with_who_says_it_where_and_what() -> None:
    assert shown(HELLO) == [
        f"message     {ID.hex()}",
        "from        mimi://a.example/u/alice",
        "in          mimi://hub.example/r/clubhouse",
        "",
        "[0] text/markdown;variant=GFM-MIMI",
        "Hi __everyone__",
        "How are you?",
    ]


def test_a_message_that_does_not_say_who_sent_it_can_be_told() -> None:
    silent = say(plain_text("Psst"), salt=SALT)
    assert shown(silent)[:3] == [
        "message     unknown id: say --sender and --room",
        "from        somebody",
        "in          some room",
    ]
    told = shown(silent, "--sender", URIS.sender, "--room", URIS.room)
    assert told[0] == f"message     {message_id(silent, sender_uri=URIS.sender, room_uri=URIS.room).hex()}"
    assert told[1] == "from        mimi://a.example/u/alice"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (reply(plain_text("Yes"), to=ID, salt=SALT), f"replies to  {ID.hex()}"),
        (react("❤", to=ID, salt=SALT), f"reacts to   {ID.hex()}"),
        (edit(HELLO, ID, plain_text("Bye"), salt=SALT), f"edits       {ID.hex()}"),
        (delete(HELLO, ID, salt=SALT), f"takes back  {ID.hex()}"),
        (delete(HELLO, ID, salt=SALT), "[0] nothing"),
        (in_topic(HELLO, b"Foo 118"), "topic       Foo 118"),
        (in_topic(HELLO, bytes(40)), f"topic       {bytes(32).hex()}… (40 bytes)"),
        (expiring_at(HELLO, 1644390004), "expires     2022-02-09 07:00:04 UTC"),
        (replace(HELLO, expires=RelativeExpiration(60)), "expires     60 seconds after it was read"),
        (with_extension(HELLO, -5, "private"), "extension   -5: 'private'"),
        (say(markdown("[@B](mimi://b.example/u/b)"), salt=SALT), "links to    mimi://b.example/u/b as '@B'"),
        (say(SinglePart("image/png", bytes(33)), salt=SALT), f"{bytes(32).hex()}… (33 bytes)"),
        (say(SinglePart("text/plain", b"\xff"), salt=SALT), "ff"),
        (say(plain_text("\x1b[2Jgone\u202e"), salt=SALT), "\\u001b[2Jgone\\u202e"),
        (
            say(SinglePart("\x1b]0;title", b"", Disposition(200), "en"), salt=SALT),
            "[0] \\u001b]0;title, for 0xc8, in en",
        ),
        (say(session("https://a.example/join", "Join us"), salt=SALT), "[0] a service, for session"),
        (say(session("https://a.example/join", "Join us"), salt=SALT), "Join us, size unknown, not encrypted"),
    ],
)
def test_whatever_a_message_says_is_shown(content: MimiContent, line: str) -> None:
    assert line in shown(content)


def test_what_is_outside_the_message_is_described() -> None:
    part = ExternalPart(
        "video/mp4", "https://a.example/v", 1644390004, 1000, 1, filename="v.mp4", description="A video"
    )
    assert shown(say(part, salt=SALT))[-2:] == [
        "https://a.example/v",
        "A video, file v.mp4, 1000 bytes, encrypted with AEAD algorithm 1, until 2022-02-09 07:00:04 UTC",
    ]


def test_parts_are_shown_with_their_numbers_one_in_the_other() -> None:
    body: NestedPart = alternatives(alternatives(plain_text("a"), plain_text("b")), plain_text("c"))
    assert shown(say(body, salt=SALT))[-9:] == [
        "",
        "[0] one of these parts",
        "    [1] one of these parts",
        "        [2] text/plain;charset=utf-8",
        "        a",
        "        [3] text/plain;charset=utf-8",
        "        b",
        "    [4] text/plain;charset=utf-8",
        "    c",
    ]


@pytest.mark.parametrize(
    ("flags", "data"),
    [
        (("--hex",), encode_content(HELLO).hex(" ").encode()),
        (("--base64",), base64.urlsafe_b64encode(encode_content(HELLO))),
    ],
)
def test_hex_and_base64_are_read(flags: tuple[str, ...], data: bytes) -> None:
    assert run("show", *flags, data=data).stdout.splitlines() == shown(HELLO)


def test_bytes_that_are_no_message_give_one_sentence_and_exit_code_1() -> None:
    result = run("show", data=b"\x87")
    assert (result.return_value, result.stdout) == (1, "")
    assert result.stderr.startswith("In byte 1: The bytes are a well-formed CBOR item.")


def test_words_make_a_message(tmp_path: Path) -> None:
    assert made("say", "Hi __everyone__\nHow are you?", "--markdown", *ADDRESS) == HELLO
    assert made("say", "Yes", "--reply-to", ID.hex(), *ADDRESS) == reply(plain_text("Yes"), to=ID, salt=SALT, uris=URIS)
    assert made("react", "❤", "🥳", "--to", ID.hex(), *ADDRESS) == react("❤", "🥳", to=ID, salt=SALT, uris=URIS)
    assert made("session", "https://a.example/join", "Join us", *ADDRESS) == say(
        session("https://a.example/join", "Join us"), salt=SALT, uris=URIS
    )
    hello = tmp_path / "hello"
    hello.write_bytes(encode_content(HELLO))
    salt = bytes(16)
    again = ("--salt", salt.hex())
    assert made("edit", str(hello), "Bye", *again) == edit(HELLO, ID, plain_text("Bye"), salt=salt)
    assert made("delete", str(hello), *again) == delete(HELLO, ID, salt=salt)


def test_what_can_be_said_about_any_message_can_be_said_of_each() -> None:
    content = made("say", "Hi", *ADDRESS, "--topic", "Foo 118", "--expires-at", "1644390004")
    assert content == expiring_at(in_topic(say(plain_text("Hi"), salt=SALT, uris=URIS), b"Foo 118"), 1644390004)
    assert made("say", "Hi", "--expires-after", "60").expires == RelativeExpiration(60)


def test_every_message_gets_a_salt_of_its_own() -> None:
    assert made("say", "Hi").salt != made("say", "Hi").salt


def test_the_message_id_is_said_where_the_bytes_are_not() -> None:
    result = run("make", "say", "Hi __everyone__\nHow are you?", "--markdown", *ADDRESS, "--hex")
    assert result.stdout == encode_content(HELLO).hex() + "\n"
    assert result.stderr == f"Message id: {ID.hex()}\n"
    in_base64 = run("make", "say", "Hi __everyone__\nHow are you?", "--markdown", *ADDRESS, "--base64")
    assert base64.b64decode(in_base64.stdout) == encode_content(HELLO)
    assert run("make", "say", "Hi").stderr == ""


def test_a_file_is_attached_encrypted_or_not(tmp_path: Path) -> None:
    picture, sealed = tmp_path / "cat.png", tmp_path / "cat.sealed"
    picture.write_bytes(b"\x89PNG")
    part = made("attach", str(picture), "https://a.example/1", "--encrypted", str(sealed)).nested_part
    assert isinstance(part, ExternalPart)
    assert (part.content_type, part.filename, part.url, part.enc_alg) == (
        "image/png",
        "cat.png",
        "https://a.example/1",
        1,
    )
    assert downloaded_content(part, sealed.read_bytes()) == b"\x89PNG"
    public = made("attach", str(picture), "https://a.example/1", "--type", "image/x-cat", "--description", "A cat")
    assert isinstance(public.nested_part, ExternalPart)
    assert (public.nested_part.content_type, public.nested_part.description) == ("image/x-cat", "A cat")
    assert downloaded_content(public.nested_part, picture.read_bytes()) == b"\x89PNG"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("show", "--hex", "--base64"), "The input is either hex or base64."),
        (("show", "/nowhere"), "/nowhere can't be read: No such file or directory."),
        (("make", "say", "Hi", "--hex", "--base64"), "The output is either hex or base64."),
        (
            ("make", "say", "Hi", "--expires-at", "1", "--expires-after", "1"),
            "expires either at a time or after a time",
        ),
        (("make", "say", "Hi", "--room", "mimi://a.example/r/x"), "Say both --sender and --room, or neither."),
        (("make", "say", "Hi", "--salt", "00"), "'00' is not 16 octets in hex."),
        (("make", "react", "❤", "--to", "no"), "'no' is not 32 octets in hex."),
        (("make", "attach", "/nowhere", "https://a.example/"), "/nowhere can't be read"),
    ],
)
def test_a_command_that_makes_no_sense_is_a_usage_error(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert type(result.exception).__name__ in {"UsageError", "BadParameter", "ClickException"}
    assert message in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "data", "sentence"),
    [
        (("say", "Hi", "--expires-after", "-1"), b"", "In time: An expiration is"),
        (("say", "Hi", "--topic", 4097 * "x"), b"", "In topicId: A topic id is at most 4,096 octets long."),
        (("delete", "-"), b"\x00", "A message is an array of seven fields."),
        (("delete", "-"), encode_content(say(plain_text(""), salt=SALT)), "In sender: A message id covers the URIs"),
    ],
)
def test_a_message_that_can_not_be_made_gives_one_sentence_and_exit_code_1(
    arguments: tuple[str, ...], data: bytes, sentence: str
) -> None:
    result = run("make", *arguments, data=data)
    assert (result.return_value, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1
