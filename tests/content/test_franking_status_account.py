"""Every requirement of franking, abuse reports and message status is exercised."""

import pytest

from tests.exercised import unaccounted


@pytest.mark.parametrize(
    "section",
    [
        "STATUS",
        "PROTO-5.4.1",
        "PROTO-5.4.1.1",
        "PROTO-5.4.1.2",
        "PROTO-5.4.1.3",
        "PROTO-5.4.1.4",
        "PROTO-5.9",
        "POLICY-6.1",
    ],
)
def test_every_requirement_is_exercised(section):
    assert unaccounted(section, {}) == []
