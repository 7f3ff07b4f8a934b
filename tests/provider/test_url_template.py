"""URL templates: expansion and raw-path matching are inverse, and nothing ambiguous matches."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.provider.url_template import UrlStyle, UrlTemplateError, expand, match, variable
from tests.exercised import exercises

NOTIFY = "https://mimi.a.example/v1/notify/{roomId}"
ROOM = "mimi://a.example/r/clubhouse"


@exercises("PROTO-5.2-02")
def test_the_whole_uri_is_percent_encoded():
    assert expand(NOTIFY, ROOM) == "https://mimi.a.example/v1/notify/mimi%3A%2F%2Fa.example%2Fr%2Fclubhouse"


def test_the_style_of_the_example_flows_drops_the_scheme_and_keeps_the_slashes():
    assert expand(NOTIFY, ROOM, UrlStyle.SLASHES) == "https://mimi.a.example/v1/notify/a.example/r/clubhouse"
    assert match(NOTIFY, "/v1/notify/a.example/r/clubhouse", UrlStyle.SLASHES) == ROOM
    assert match("https://a.example/q/{domain}", "/q/a.example", UrlStyle.SLASHES) == "a.example"


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_a_match_gives_back_what_was_expanded(value):
    path = expand(NOTIFY, value).removeprefix("https://mimi.a.example")
    assert match(NOTIFY, path) == value


@given(st.text(st.characters(codec="ascii", exclude_characters="?#")))
def test_matching_any_path_is_a_value_or_nothing(path):
    value = match(NOTIFY, "/v1/notify/" + path)
    assert value is None or match(NOTIFY, expand(NOTIFY, value).removeprefix("https://mimi.a.example")) == value


@pytest.mark.parametrize(
    "path",
    [
        "/v1/notify/",
        "/v1/notify",
        "/v2/notify/x",
        "/v1/notify/a/b",
        "/v1/notify/%",
        "/v1/notify/%2",
        "/v1/notify/%zz",
        "/v1/notify/%ff",
    ],
)
def test_other_paths_do_not_match(path):
    assert match(NOTIFY, path) is None


def test_text_after_the_variable_is_part_of_the_match():
    template = "https://a.example/room/{roomId}/notify"
    assert match(template, "/room/x/notify") == "x"
    assert match(template, "/room/x") is None
    assert match(template, "/room//notify") is None


def test_a_prefix_and_suffix_that_overlap_do_not_match():
    assert match("https://a.example/ab{x}ba", "/aba") is None


@pytest.mark.parametrize("template", ["https://a.example/", "https://a.example/{a}{b}", "https://a.example/{+a}", "{"])
def test_a_template_needs_exactly_one_simple_variable(template):
    with pytest.raises(UrlTemplateError, match="exactly one simple variable"):
        variable(template)


@pytest.mark.parametrize("template", ["http://a.example/{a}", "/{a}", "https://{a}", "https:///{a}"])
def test_only_https_urls_with_a_path_can_be_matched(template):
    with pytest.raises(UrlTemplateError, match="absolute https URL"):
        match(template, "/x")


def test_the_variable_has_a_name():
    assert variable(NOTIFY) == "roomId"
