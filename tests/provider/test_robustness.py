"""Any bytes at any endpoint: an answer below 500, and nothing changed unless it was accepted."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import DIRECTORY_PATH, Endpoint
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest, QueryElement, SearchIdentifierType

ALICE = MimiUri.user("a.example", "alice").text
SUBJECTS = {
    Endpoint.KEY_MATERIAL: ALICE,
    Endpoint.UPDATE: "mimi://a.example/r/clubhouse",
    Endpoint.SUBMIT_MESSAGE: "mimi://a.example/r/clubhouse",
    Endpoint.GROUP_INFO: "mimi://a.example/r/clubhouse",
    Endpoint.NOTIFY: "mimi://b.example/r/clubhouse",
    Endpoint.REQUEST_CONSENT: ALICE,
    Endpoint.UPDATE_CONSENT: ALICE,
    Endpoint.REPORT_ABUSE: "mimi://a.example/r/clubhouse",
    Endpoint.IDENTIFIER_QUERY: "a.example",
    Endpoint.PROXY_DOWNLOAD: "https://assets.b.example/1",
}

# The world is not changed by any example; that is what is tested.
unchanged = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)


def changed(world, answer, before) -> bool:
    """Whether a request that was not accepted left a trace, or was answered as a failure of the server."""
    assert 200 <= answer.status < 500
    return answer.status != 201 and world.dump() != before


@pytest.mark.parametrize("endpoint", list(Endpoint))
@unchanged
@given(body=st.binary(max_size=300))
def test_any_body(world, endpoint, body):
    before = world.dump()
    assert not changed(world, world.post(endpoint, SUBJECTS[endpoint], body), before)


@pytest.mark.parametrize("endpoint", [Endpoint.REQUEST_CONSENT, Endpoint.IDENTIFIER_QUERY])
@unchanged
@given(data=st.data())
def test_a_good_body_with_a_few_bytes_changed(world, endpoint, data):
    good = {
        Endpoint.REQUEST_CONSENT: world.entry("request", room=MimiUri.room("b.example", "clubhouse")),
        Endpoint.IDENTIFIER_QUERY: IdentifierRequest(
            (QueryElement(search_type=SearchIdentifierType.nick, search_value=b"Ally"),)
        ),
    }
    body = bytearray(good[endpoint].encode())
    for _ in range(data.draw(st.integers(1, 3))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    before = world.dump()
    assert not changed(world, world.post(endpoint, SUBJECTS[endpoint], bytes(body)), before)


PIECES = st.sampled_from(
    ["/", "v1", "notify", "%", "%2F", "%ff", "..", "mimi%3A%2F%2Fb.example", "?", "{", "é", "\0", ""]
)


@unchanged
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "BREW"]) | st.text(max_size=5),
    path=st.lists(PIECES).map("".join) | st.just(DIRECTORY_PATH) | st.text(max_size=20),
    fields=st.lists(
        st.tuples(
            st.sampled_from(["host", "from", "content-type", "x"]),
            st.sampled_from(["a.example", "mimi@b.example", "mimi@"]) | st.text(max_size=10),
        )
    ),
    certificate=st.sampled_from(["a.example", "b.example"]) | st.binary(max_size=20) | st.none(),
)
def test_any_request(world, method, path, fields, certificate):
    before = world.dump()
    answer = world.ask(
        method, path, headers=tuple(fields), certificate=world.certificates.get(certificate, certificate)
    )
    assert not changed(world, answer, before)
