"""Parts have numbers, refer to each other by them, and are processed as their semantics say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.content.features import alternatives, collection, plain_text, unit
from mimi_conformance.reference.content.message import (
    ExternalPart,
    MultiPart,
    NestedPart,
    NullPart,
    SinglePart,
)
from mimi_conformance.reference.content.parts import (
    IndexedPart,
    content_id_uri,
    indexed_parts,
    processed_parts,
    referenced_indices,
    referenced_part,
)
from mimi_conformance.reference.content.rules import ContentError, PartRule
from tests.content.strategies import parts
from tests.exercised import exercises


def html(text: str, language: str = "") -> SinglePart:
    """Return a part in HTML."""
    return SinglePart("text/html;charset=utf-8", text.encode(), language=language)


GIF = SinglePart("image/gif", b"GIF89a")
PNG = SinglePart("image/png", b"\x89PNG")
VIDEO = ExternalPart("video/mp4", "https://a.example/v.mp4")


def languages(image: int) -> MultiPart:
    """Return the text of the draft's nested example in two languages, with an image of some number in it."""
    return alternatives(
        html(f"<p>Welcome!</p><img src='cid:{image}@local.invalid'>", "en"),
        html(f"<p>Bienvenue!</p><img src='cid:{image}@local.invalid'>", "fr"),
    )


NESTED = alternatives(collection(languages(5), GIF), collection(languages(10), PNG))
"""The structure of the draft's complicated nested example: eleven parts on four levels."""


def reads(*content_types: str) -> object:
    """Return what a receiver understands that reads these content types."""
    return lambda part: part.content_type.split(";")[0] in content_types


def processed(body: NestedPart, *content_types: str) -> list[int]:
    """Return the numbers of the parts that such a receiver processes."""
    return [indexed.index for indexed in processed_parts(body, reads(*content_types))]


@exercises("CONTENT-4.4-18", "CONTENT-B.3-01")
def test_the_nested_example_numbers_its_parts_from_0_to_10_depth_first() -> None:
    indexed = list(indexed_parts(NESTED))
    assert [each.index for each in indexed] == list(range(11))
    assert indexed[1].part == NESTED.parts[0]
    assert indexed[2].part == languages(5)
    assert [indexed[number].part.language for number in (3, 4, 8, 9)] == ["en", "fr", "en", "fr"]
    assert (indexed[5].part, indexed[6].part, indexed[10].part) == (GIF, NESTED.parts[1], PNG)


@exercises("CONTENT-4.4-18")
@given(parts)
def test_parts_are_numbered_without_gaps(body: NestedPart) -> None:
    assert [each.index for each in indexed_parts(body)] == list(range(len(list(indexed_parts(body)))))


@exercises("CONTENT-4.4-19", "CONTENT-4.4-20")
def test_a_content_id_uri_names_a_part_with_content_by_its_number() -> None:
    assert content_id_uri(NESTED, 5) == "cid:5@local.invalid"
    assert referenced_part(NESTED, "cid:5@local.invalid") == IndexedPart(5, GIF)
    assert referenced_part(unit(plain_text(""), VIDEO), "cid:2@local.invalid") == IndexedPart(2, VIDEO)


@exercises("CONTENT-4.4-20")
@pytest.mark.parametrize("index", [0, 1, 2, 11])
def test_a_content_id_uri_names_neither_a_multi_part_nor_what_is_not_there(index: int) -> None:
    for refer in (lambda: content_id_uri(NESTED, index), lambda: referenced_part(NESTED, f"cid:{index}@local.invalid")):
        with pytest.raises(ContentError) as raised:
            refer()
        assert (raised.value.rule, raised.value.value) == (PartRule.CONTENT_ID_TARGET, index)
    with pytest.raises(ContentError) as raised:
        content_id_uri(alternatives(NullPart(), PNG), 1)
    assert raised.value.rule is PartRule.CONTENT_ID_TARGET


@exercises("CONTENT-4.4-19")
@pytest.mark.parametrize(
    "uri", ["cid:05@local.invalid", "cid:5@a.example", "cid:@local.invalid", "cid:-5@local.invalid", "5@local.invalid"]
)
def test_a_content_id_uri_has_one_form(uri: str) -> None:
    with pytest.raises(ContentError) as raised:
        referenced_part(NESTED, uri)
    assert raised.value.rule is PartRule.CONTENT_ID_URI


@exercises("CONTENT-4.4-19")
def test_references_are_found_in_what_can_refer_and_nowhere_else() -> None:
    text = "cid:1@local.invalid cid:22@local.invalid cid:3@elsewhere.example"
    assert referenced_indices(html(text)) == {1, 22}
    assert referenced_indices(SinglePart("text/markdown;variant=GFM-MIMI", text.encode())) == {1, 22}
    assert referenced_indices(plain_text(text)) == referenced_indices(VIDEO) == frozenset()


@exercises("CONTENT-4.4-09")
def test_of_a_choose_one_a_receiver_takes_one_part_by_its_own_policy() -> None:
    choice = alternatives(GIF, PNG, VIDEO)
    assert processed(choice, "image/gif", "image/png") == [1]
    assert processed(choice, "image/png", "video/mp4") == [2]
    assert processed(choice, "text/plain") == []
    last = processed_parts(choice, reads("image/gif", "image/png"), choose=lambda possible: possible[-1])
    assert last == (IndexedPart(2, PNG),)


@exercises("CONTENT-4.4-10")
def test_of_a_single_unit_a_receiver_processes_all_parts_or_none() -> None:
    whole = unit(html("<p>Look</p>"), PNG)
    assert processed(whole, "text/html", "image/png") == [1, 2]
    assert processed(whole, "text/html") == []


@exercises("CONTENT-4.4-11")
def test_of_a_process_all_a_receiver_processes_what_it_can() -> None:
    several = collection(html("<p>Look</p>"), PNG, VIDEO)
    assert processed(several, "text/html", "image/png", "video/mp4") == [1, 2, 3]
    assert processed(several, "video/mp4") == [3]


@exercises("CONTENT-4.4-09", "CONTENT-4.4-10")
def test_a_unit_that_is_not_understood_leaves_the_choice_to_another_alternative() -> None:
    choice = alternatives(unit(html("<p>Look</p>"), GIF), plain_text("Look"))
    assert processed(choice, "text/html", "text/plain") == [4]
    assert processed(choice, "text/html", "text/plain", "image/gif") == [2, 3]


@exercises("CONTENT-4.4-21", "CONTENT-B.3-01")
def test_a_part_that_an_earlier_one_refers_to_is_not_processed_again() -> None:
    assert processed(NESTED, "text/html", "image/gif") == [3]
    assert processed(NESTED, "text/html", "image/png") == [3]
    french = processed_parts(NESTED, reads("text/html", "image/png"), choose=lambda possible: possible[-1])
    assert [each.index for each in french] == [9]


@exercises("CONTENT-4.4-21")
def test_a_part_is_processed_before_what_refers_to_it_when_it_comes_first() -> None:
    assert processed(collection(PNG, html("<img src='cid:1@local.invalid'>")), "text/html", "image/png") == [1, 2]


@exercises("CONTENT-9.1-10")
def test_a_single_part_that_is_not_understood_is_not_processed() -> None:
    assert processed(SinglePart("application/x-unknown", b""), "text/plain") == []
    assert processed(NullPart(), "text/plain") == []


@exercises("CONTENT-4.4-09", "CONTENT-4.4-10", "CONTENT-4.4-11")
@given(parts, st.integers(0, 2**32 - 1))
def test_whatever_a_receiver_understands_it_processes_only_that_and_in_order(body: NestedPart, understood: int) -> None:
    by_index = {each.index: each.part for each in indexed_parts(body)}
    known = [part for index, part in by_index.items() if understood >> index % 32 & 1]
    chosen = processed_parts(body, known.__contains__)
    assert all(each.part in known and by_index[each.index] == each.part for each in chosen)
    assert [each.index for each in chosen] == sorted({each.index for each in chosen})
