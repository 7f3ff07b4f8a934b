"""Strategies for HTTP messages that are valid in `message/bhttp`."""

from hypothesis import strategies as st

from mimi_conformance.reference.oblivious_http.binary_message import InformationalResponse, Request, Response

TOKEN = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
names = st.text(TOKEN, min_size=1, max_size=8)
values = st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n"), max_size=8).map(
    lambda value: value.strip(" \t")
)
visible = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), max_size=8)
some_visible = visible.filter(bool)
plain_fields = st.lists(st.tuples(names, values), max_size=3)
headers = st.tuples(st.lists(st.tuples(names.map(":x-{}".format), values), max_size=2), plain_fields).map(
    lambda both: tuple(both[0] + both[1])
)
contents = st.binary(max_size=80)
requests = st.builds(
    Request,
    method=st.sampled_from(["GET", "POST", "brew"]),
    scheme=some_visible,
    authority=visible,
    path=some_visible,
    headers=headers,
    content=contents,
    trailers=plain_fields.map(tuple),
)
responses = st.builds(
    Response,
    status=st.integers(200, 599),
    headers=headers,
    content=contents,
    trailers=plain_fields.map(tuple),
    informational=st.lists(st.builds(InformationalResponse, st.integers(100, 199), headers), max_size=2).map(tuple),
)
messages = requests | responses
