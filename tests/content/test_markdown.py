"""GFM-MIMI: HTML is text, links are what somebody wrote as a link, and the rest is GitHub's."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mimi_conformance.reference.content.markdown import Link, has_html, html, link, links, without_html
from tests.exercised import exercises


@exercises("CONTENT-7.1.1-02", "CONTENT-7.1.1-03")
@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("a <b>bold</b> claim", "a &lt;b>bold&lt;/b> claim"),
        ("<a href=\"x\" title='y' z>", "&lt;a href=\"x\" title='y' z>"),
        ("line<br />break", "line&lt;br />break"),
        ("<!-- a\ncomment -->", "&lt;!-- a\ncomment -->"),
        ("<?php echo $a; ?>", "&lt;?php echo $a; ?>"),
        ("<!DOCTYPE html>", "&lt;!DOCTYPE html>"),
        ("<![CDATA[ x ]]>", "&lt;![CDATA[ x ]]>"),
        ("<div\nstill a block", "&lt;div\nstill a block"),
        ("<script>never closed", "&lt;script>never closed"),
    ],
)
def test_the_opening_bracket_of_a_tag_is_escaped(written: str, sent: str) -> None:
    assert has_html(written)
    assert without_html(written) == sent


@exercises("CONTENT-7.1.1-03")
@pytest.mark.parametrize(
    "written",
    [
        "1 < 2 and 3 > 2",
        "I <3 you",
        "<https://a.example/> and <mimi://a.example/u/alice>",
        "`<b>` in code",
        "``a ` <b>`` in code",
        "\\<b> is escaped already",
        "```html\n<b>\n```",
        "~~~\n<b>\n~~~",
        "- item\n\n      <b>",
    ],
)
def test_what_is_no_tag_stays_as_it_is(written: str) -> None:
    assert without_html(written) == written


def test_a_code_span_that_a_table_cuts_in_two_hides_no_tag() -> None:
    assert without_html("| ` | <b> ` |\n|---|---|\n") == "| ` | &lt;b> ` |\n|---|---|\n"


@exercises("CONTENT-7.1.1-02")
@given(st.text(st.sampled_from("<>/!?-[]`~\\ \n\tabCDATA&;|#*_=\"'"), max_size=60))
@example("`\n<b>`")
@example("> `\n<b> `")
def test_whatever_is_written_no_html_is_sent(written: str) -> None:
    assert not has_html(without_html(written))


@exercises("CONTENT-7.1.1-01")
def test_the_extensions_are_tables_task_lists_strikethrough_and_no_html() -> None:
    assert "<table>" in html("| a |\n|---|\n| b |\n")
    assert html("~~gone~~") == "<p><s>gone</s></p>\n"
    assert "[x] done" in html("- [x] done\n")
    assert html("<b>") == "<p>&lt;b&gt;</p>\n"


@exercises("CONTENT-7.1.1-01")
@pytest.mark.parametrize("written", ["https://a.example/", "www.a.example", "alice@a.example"])
def test_a_link_that_nobody_wrote_as_a_link_is_none(written: str) -> None:
    assert links(written) == ()
    assert html(written) == f"<p>{written}</p>\n"


def test_links_are_found_with_the_text_that_is_shown() -> None:
    written = "[@Alice](mimi://a.example/u/alice), <mimi://a.example/u/bob>, [a *b* `c`](https://c.example/)"
    assert links(written) == (
        Link("@Alice", "mimi://a.example/u/alice"),
        Link("mimi://a.example/u/bob", "mimi://a.example/u/bob"),
        Link("a b c", "https://c.example/"),
    )


@given(st.text(st.characters(categories=["L", "P", "S", "Nd"]), min_size=1, max_size=20))
@example("[x](y)")
@example("![")
@example("a\\")
def test_a_link_shows_the_text_that_it_was_made_with(text: str) -> None:
    assert links(link(text, "mimi://a.example/u/(alice)")) == (Link(text, "mimi://a.example/u/(alice)"),)
