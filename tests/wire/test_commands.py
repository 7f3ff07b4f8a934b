"""`mimi-conformance decode` and `encode`, as somebody at a terminal meets them."""

import base64
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mimi_conformance.command_line import decode, encode
from mimi_conformance.mocks.malformed.strategies import value_from
from mimi_conformance.reference.wire.mls.framing import ContentType, FramedContentAuthData, PrivateMessageContent
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.registry import BODIES

ENTRY = ConsentEntry(
    consent_operation=ConsentOperation.request,
    requester_uri=IdentifierUri.of("mimi://a.example/u/alice"),
    target_uri=IdentifierUri.of("mimi://b.example/u/bob"),
)


def run(command: str, *arguments: str, data: bytes = b"") -> Result:
    """Run a subcommand and return what came of it; its exit code is what it returns, or 2 for a usage error."""
    chosen = {"decode": decode.command, "encode": encode.command}[command]
    return CliRunner().invoke(chosen, arguments, input=data, standalone_mode=False)


def usage_error(result: Result) -> str:
    """Return the message of a usage error, which main() turns into exit code 4."""
    assert type(result.exception).__name__ in {"UsageError", "ClickException"}
    return str(result.exception)


def test_a_structure_is_printed_as_a_tree() -> None:
    result = run("decode", "ConsentEntry", data=ENTRY.encode())
    assert result.return_value == 0
    assert "       0    consent_operation: ConsentOperation = request (1)" in result.stdout
    assert "uri: opaque<V> = 'mimi://a.example/u/alice'" in result.stdout


@pytest.mark.parametrize(
    ("flags", "data"),
    [
        ((), ENTRY.encode()),
        (("--hex",), ENTRY.encode().hex(" ").upper().encode() + b"\n"),
        (("--base64",), base64.b64encode(ENTRY.encode()) + b"\n"),
        (("--base64",), base64.urlsafe_b64encode(ENTRY.encode()).rstrip(b"=")),
    ],
)
def test_bytes_hex_and_base64_are_read(flags: tuple[str, ...], data: bytes, tmp_path: Path) -> None:
    file = tmp_path / "entry"
    file.write_bytes(data)
    for arguments in (("consententry", *flags, str(file)), ("ConsentEntry", *flags, "-")):
        result = run("decode", *arguments, "--json", data=data)
        assert ConsentEntry.from_json(json.loads(result.stdout)) == ENTRY


def test_a_file_alone_is_guessed_and_other_candidates_are_named(tmp_path: Path) -> None:
    file = tmp_path / "entry"
    file.write_bytes(ENTRY.encode())
    result = run("decode", str(file))
    assert result.return_value == 0
    assert result.stdout.splitlines()[1] == "       0  ConsentEntry"
    ambiguous = run("decode", data=bytes(3))
    assert "These bytes could also be: " in ambiguous.stderr
    assert "ParticipantListUpdate" in ambiguous.stderr


@pytest.mark.parametrize("structure", BODIES, ids=lambda one: one.__name__)
def test_what_travels_by_itself_is_recognised(structure: type[FanoutMessage]) -> None:
    value = value_from(structure, bytes((7 * number) % 251 for number in range(200)))
    assert decode.guesses(value.encode())[0].structure in BODIES
    assert structure in {reading.structure for reading in decode.guesses(value.encode())}


def test_fanout_messages_in_a_row_are_all_printed_and_come_back() -> None:
    message = value_from(FanoutMessage, b"")
    data = message.encode() * 2
    result = run("decode", "FanoutMessage", data=data)
    offsets = [line.split()[0] for line in result.stdout.splitlines() if line.endswith("  FanoutMessage")]
    assert offsets == ["0", str(len(message.encode()))]
    forms = run("decode", "--json", "FanoutMessage", data=data).stdout
    assert run("encode", "FanoutMessage", data=forms.encode()).stdout_bytes == data


def test_json_comes_back_as_the_same_bytes() -> None:
    form = run("decode", "--json", "ConsentEntry", data=ENTRY.encode()).stdout.encode()
    assert run("encode", "ConsentEntry", data=form).stdout_bytes == ENTRY.encode()
    assert run("encode", "ConsentEntry", "--hex", data=form).stdout.strip() == ENTRY.encode().hex()
    assert base64.b64decode(run("encode", "ConsentEntry", "--base64", data=form).stdout) == ENTRY.encode()


def test_a_structure_that_depends_on_another_is_told_what_it_needs() -> None:
    auth = FramedContentAuthData(content_type=ContentType.application, signature=b"s")
    content = PrivateMessageContent(content_type=ContentType.application, application_data=b"hello", auth=auth)
    given = ("--given", "content_type=application")
    assert "'hello'" in run("decode", "PrivateMessageContent", *given, data=content.encode()).stdout
    assert "say --given content_type=VALUE" in usage_error(run("decode", "PrivateMessageContent"))
    assert "can't be given content_type=x" in usage_error(
        run("decode", "PrivateMessageContent", "--given", "content_type=x")
    )


def test_long_values_are_printed_in_full_on_request() -> None:
    data = IdentifierUri(bytes(100)).encode()
    assert "... (100 bytes)" in run("decode", "IdentifierUri", data=data).stdout
    assert "00" * 100 in run("decode", "IdentifierUri", "--full", data=data).stdout


@pytest.mark.parametrize(
    ("command", "arguments", "data", "sentence"),
    [
        (
            "decode",
            ("ConsentEntry",),
            b"\x09",
            "ConsentEntry.consent_operation at offset 0: 9 is no ConsentOperation.\n",
        ),
        ("decode", ("ConsentEntry",), ENTRY.encode() + b"!", "1 byte is left over after the structure.\n"),
        ("decode", ("FanoutMessage",), b"", "FanoutMessage.timestamp at offset 0: 8 bytes are needed"),
        ("decode", (), b"\xff" * 30, "These 30 bytes are no structure of the drafts. Nearest: "),
        ("decode", ("--hex",), b"0g", "The input is not hex: "),
        ("decode", ("--base64",), b"a!b", "The input is not base64: "),
        ("encode", ("ConsentEntry",), b"{", "The input is not JSON: "),
        ("encode", ("ConsentEntry",), b"\xff", "The input is not JSON: "),
        ("encode", ("ConsentEntry",), b"[" * 100_000, "The input is not JSON: "),
        ("encode", ("ConsentEntry",), b"{}", "ConsentEntry.consent_operation: is missing.\n"),
        ("encode", ("IdentifierUri",), b'[{"uri": "x"}]', "IdentifierUri.uri: 'x' is not a string of hex digits.\n"),
    ],
)
def test_input_that_can_not_be_read_gives_one_sentence_and_exit_code_1(
    command: str, arguments: tuple[str, ...], data: bytes, sentence: str
) -> None:
    result = run(command, *arguments, data=data)
    assert (result.return_value, result.stdout) == (1, "")
    assert sentence in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("decode", ("ConsentEntri",), "The drafts have no structure ConsentEntri. Did you mean ConsentEntry"),
        ("decode", ("quux",), "The drafts have no structure quux."),
        ("decode", ("quux.bin",), "There is no file quux.bin, and no structure has such a name."),
        ("decode", ("ConsentEntry", "/nowhere"), "/nowhere can't be read: No such file or directory."),
        ("decode", ("a", "b", "c"), "decode takes a structure and a file, not more."),
        ("decode", ("--hex", "--base64"), "The input is either hex or base64."),
        ("encode", ("ConsentEntry", "--hex", "--base64"), "The output is either hex or base64."),
        ("encode", ("Nothing",), "The drafts have no structure Nothing."),
    ],
)
def test_a_command_that_makes_no_sense_is_a_usage_error(command: str, arguments: tuple[str, ...], message: str) -> None:
    assert message in usage_error(run(command, *arguments))
