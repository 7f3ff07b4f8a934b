"""Content types are compared as media types, and languages as language tags."""

import pytest

from mimi_conformance.reference.content.application_data import MIMI_CONTENT
from mimi_conformance.reference.content.language import is_language_list
from mimi_conformance.reference.content.media_type import (
    GFM_MIMI,
    PLAIN_TEXT,
    RECOMMENDED,
    REQUIRED,
    ContentType,
    is_one_of,
    parse_content_type,
)
from mimi_conformance.reference.wire.mls.app_data import MediaType
from tests.exercised import exercises


@pytest.mark.parametrize(
    ("text", "type_", "parameters"),
    [
        ("text/plain", "text/plain", {}),
        ("Text/Plain;Charset=UTF-8", "text/plain", {"charset": "UTF-8"}),
        ('text/plain ; a="b;c" ;d="e\\"f"', "text/plain", {"a": "b;c", "d": 'e"f'}),
        ("application/vnd.examplevendor-fancy-im-message", "application/vnd.examplevendor-fancy-im-message", {}),
    ],
)
def test_a_content_type_has_a_type_and_parameters(text: str, type_: str, parameters: dict[str, str]) -> None:
    assert parse_content_type(text) == ContentType(type_, parameters)


@exercises("CONTENT-9.1-10")
@pytest.mark.parametrize("text", ["", "text", "text/", "/plain", "text/plain;", "text/plain;charset", "text/pl ain"])
def test_what_is_no_content_type_is_none_of_any(text: str) -> None:
    assert parse_content_type(text) is None
    assert not is_one_of(text, REQUIRED)


@exercises("CONTENT-7.1-01", "CONTENT-7.1-02", "CONTENT-7.1-03", "CONTENT-7.1-04", "CONTENT-8.3-01")
def test_the_media_types_of_the_draft_are_known_however_they_are_written() -> None:
    assert is_one_of("application/mimi-content", REQUIRED)
    assert is_one_of("TEXT/plain; charset=UTF-8", REQUIRED)
    assert is_one_of("text/markdown;variant=gfm-mimi;charset=utf-8", REQUIRED)
    assert not is_one_of("text/markdown;variant=CommonMark", REQUIRED)
    assert not is_one_of("text/plain;charset=utf-16", REQUIRED)
    assert is_one_of("text/html;charset=utf-8", RECOMMENDED)
    assert REQUIRED[1:] == (PLAIN_TEXT, GFM_MIMI)
    assert len(RECOMMENDED) == 4


@exercises("CONTENT-8.1-01")
def test_the_media_type_of_the_container_has_no_parameters() -> None:
    assert MediaType(b"application/mimi-content", ()) == MIMI_CONTENT
    assert REQUIRED[0].encode() == MIMI_CONTENT.type


@exercises("CONTENT-4.4-17")
@pytest.mark.parametrize(
    "text",
    ["", "en", "en,fr", "zh-cmn-Hans-CN", "sl-rozaj-biske-1994", "de-CH-x-phonebk", "az-Arab-x-AZE-derbend", "x-a-b",
     "en-a-myext-b-another", "es-419", "i-klingon", "EN-gb-OED", "qaa", "abcd", "sgn-BE-FR"],
)  # fmt: skip
def test_well_formed_language_tags_are_accepted_known_or_not(text: str) -> None:
    assert is_language_list(text)


@exercises("CONTENT-4.4-17")
@pytest.mark.parametrize(
    "text", ["e", "en_GB", "en,", ",en", "en, fr", "en fr", "englishlanguage", "de-419-DE", "a-DE", "en-a", "x-", "ėn"]
)
def test_what_is_no_list_of_language_tags_is_not(text: str) -> None:
    assert not is_language_list(text)
