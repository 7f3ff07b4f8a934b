import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.from_header import format_from_header, parse_from_header


def test_the_header_names_the_source_provider() -> None:
    assert parse_from_header("mimi@a.example") == "a.example"
    assert format_from_header("a.example") == "mimi@a.example"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((), "carries none"),
        (("mimi@a.example", "mimi@a.example"), "carries 2"),
        (("mimi@a.example, mimi@b.example",), "several mailboxes"),
        (("",), "no @"),
        (("a.example",), "no @"),
        (("MIMI <mimi@a.example>",), "addr-spec"),
        (("<mimi@a.example>",), "addr-spec"),
        (("alice@a.example",), "local part must be 'mimi'"),
        (("mimi+x@a.example",), "local part must be 'mimi'"),
        (("Mimi@a.example",), "local part must be 'mimi'"),
        ((" mimi@a.example",), "local part must be 'mimi'"),
        (("mimi@a.example ",), "' '"),
        (("mimi@",), "empty"),
        (("mimi@A.example",), "upper case"),
        (("mimi@a.example:443",), "port"),
        (("mimi@b@a.example",), "'@'"),
    ],
)
def test_anything_but_one_bare_mailbox_of_mimi_is_refused(values: tuple[str, ...], reason: str) -> None:
    with pytest.raises(IdentifierError, match="From header") as caught:
        parse_from_header(*values)
    assert reason in caught.value.reason


def test_the_place_of_a_fault_counts_from_the_start_of_the_header() -> None:
    with pytest.raises(IdentifierError) as caught:
        parse_from_header("mimi@a.Example")
    assert caught.value.value[caught.value.position or 0] == "E"


def test_no_header_is_made_for_what_is_no_provider() -> None:
    with pytest.raises(IdentifierError):
        format_from_header("a.example\r\nHost: b.example")


@given(st.text())
def test_any_header_names_a_provider_that_gives_it_back_or_is_refused(value: str) -> None:
    try:
        spoken_of = format_from_header(parse_from_header(value))
    except IdentifierError as error:
        spoken_of = error.value
    assert spoken_of == value
