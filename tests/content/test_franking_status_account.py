"""Every requirement of franking, abuse reports and message status is exercised, or there is a reason why not here."""

import pytest

from tests.exercised import unaccounted

AT_THE_DOOR = "a matter of the endpoint, which the provider's tests show"

EXCUSED = {
    "PROTO-5.9-01": AT_THE_DOOR,
    "PROTO-5.9-09": AT_THE_DOOR,
    "PROTO-5.9-15": AT_THE_DOOR,
}


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
def test_every_requirement_is_exercised_or_excused(section):
    excused = {id_: reason for id_, reason in EXCUSED.items() if id_.rpartition("-")[0] == section}
    assert unaccounted(section, excused) == []
