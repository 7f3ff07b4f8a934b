import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.errors import IdentifierError

LONGEST = ".".join(["a" * 63] * 3 + ["b" * 61])


@pytest.mark.parametrize(
    "domain", ["a.example", "localhost", "local.invalid", "3com.example", "xn--mnchen-3ya.example", LONGEST]
)
def test_domain_names_in_canonical_form_are_providers(domain: str) -> None:
    assert provider_domain(domain) == domain


@pytest.mark.parametrize(
    ("domain", "reason", "position"),
    [
        ("", "empty", None),
        ("A.example", "upper case", 0),
        ("a.example.", "ends in a dot", 9),
        (".", "empty label", 0),
        ("a..example", "empty label", 2),
        (".example", "empty label", 0),
        ("-a.example", "hyphen", 0),
        ("b.a-.example", "hyphen", 2),
        ("a_b.example", "'_'", 1),
        ("a.example:443", "port", 9),
        ("m\u00fcnchen.example", "A-labels", 1),
        ("b.xn--a.example", "no A-label", 2),
        ("xn--.example", "hyphen", 0),
        ("ab--c.example", "reserved", 0),
        ("192.0.2.1", "IP addresses", 8),
        ("a" * 64 + ".example", "63", 0),
        (LONGEST + "b", "253", None),
    ],
)
def test_what_is_wrong_with_a_domain_is_said_with_its_place(domain: str, reason: str, position: int | None) -> None:
    with pytest.raises(IdentifierError) as caught:
        provider_domain(domain)
    assert reason in str(caught.value)
    assert caught.value.position == position


@given(st.one_of(st.text(), st.text("ab0-.", max_size=20), st.text("ab0-", max_size=8).map(lambda tail: "xn--" + tail)))
def test_any_text_is_a_domain_unchanged_or_an_identifier_error(text: str) -> None:
    try:
        spoken_of = provider_domain(text)
    except IdentifierError as error:
        spoken_of = error.value
    assert spoken_of == text
