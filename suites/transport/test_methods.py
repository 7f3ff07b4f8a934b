"""The HTTP method of each endpoint, which is POST (PROTO 5.2, 5.5, 5.7, 5.8)."""

import pytest

from mimi_conformance.suites.target.judgement import checks, feature, role
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import expect_refusal, must_accept
from mimi_conformance.suites.transport.well_formed import well_formed


@pytest.mark.parametrize(
    ("endpoint", "rule"),
    [
        pytest.param(
            "keyMaterial", "PROTO-5.2-01", marks=(checks("PROTO-5.2-01"), feature("key-material")), id="keyMaterial"
        ),
        pytest.param("notify", "PROTO-5.5-01", marks=(checks("PROTO-5.5-01"), role("follower")), id="notify"),
        pytest.param(
            "requestConsent", "PROTO-5.7-01", marks=(checks("PROTO-5.7-01"), feature("consent")), id="requestConsent"
        ),
        pytest.param(
            "updateConsent", "PROTO-5.7-02", marks=(checks("PROTO-5.7-02"), feature("consent")), id="updateConsent"
        ),
        pytest.param(
            "identifierQuery",
            "PROTO-5.8-01",
            marks=(checks("PROTO-5.8-01"), feature("identifier-query", "search-handle")),
            id="identifierQuery",
        ),
    ],
)
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_another_method_than_post_is_refused(world: World, endpoint: str, rule: str, method: str) -> None:
    """A request that is served when it is posted is refused when it comes with another method."""
    request = well_formed(world, endpoint)
    twin = must_accept(request.send())
    exchange = request.sender.send(method, request.url, body=request.body, endpoint=endpoint)
    expect_refusal(exchange, rule, twin=twin)
