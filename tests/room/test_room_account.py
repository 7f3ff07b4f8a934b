"""Every requirement about rooms is exercised, or there is a reason why not here."""

import pytest

from tests.exercised import unaccounted
from tests.room.decision_tables import rows

LINK_MAKER = "for the client that has a link made, outside of what the room's group sees"
PREVIEWS = "how a client shows and makes links, behind its encryption"
ASSETS = "for clients: which host, size and kind an asset has stands in content that is encrypted"
HISTORY = "for clients: what they hand to newcomers is encrypted, and so far no draft says how"
BOTS = "tells people what a bot may do, and forbids nobody anything"
MEMBERS = "a parameter for members' own clients"

EXCUSED = {
    "POLICY-6.2-02": LINK_MAKER,
    "POLICY-6.2-03": LINK_MAKER,
    "POLICY-6.2-05": LINK_MAKER,
    "POLICY-6.2-06": LINK_MAKER,
    "POLICY-6.3-02": PREVIEWS,
    "POLICY-6.3-03": PREVIEWS,
    "POLICY-6.3-04": PREVIEWS,
    "POLICY-6.4-01": ASSETS,
    "POLICY-6.4-02": ASSETS,
    "POLICY-6.4-03": ASSETS,
    "POLICY-6.4-04": "advice to whoever writes a policy; no preset has a policy about assets",
    "POLICY-6.4-06": ASSETS,
    "POLICY-6.4-07": ASSETS,
    "POLICY-6.4-11": ASSETS,
    "POLICY-6.4-13": ASSETS,
    "POLICY-6.4-15": ASSETS,
    "POLICY-6.4-16": ASSETS,
    "POLICY-6.4-17": ASSETS,
    "POLICY-6.4-18": ASSETS,
    "POLICY-6.5-06": "says when people are to be told of logging, which only their clients do",
    "POLICY-6.6-01": HISTORY,
    "POLICY-6.6-03": HISTORY,
    "POLICY-6.6-06": HISTORY,
    "POLICY-6.6-07": HISTORY,
    "POLICY-6.7-04": BOTS,
    "POLICY-6.7-05": BOTS,
    "POLICY-6.8-01": "for clients: whether a message expires stands in content that is encrypted",
    "POLICY-7.1-03": MEMBERS,
    "POLICY-7.1-08": MEMBERS,
    "POLICY-7.1-09": MEMBERS,
    "POLICY-7.1-15": MEMBERS,
}
SECTIONS = (
    "POLICY",
    "PROTO-5.3",
    *(f"PROTO-7.{number}" for number in range(1, 7)),
    "ARCH-4",
    *(f"ARCH-4.{number}" for number in range(1, 5)),
    "ARCH-5.3",
)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_requirement_is_exercised_or_excused(section: str) -> None:
    in_tables = {id_ for row in rows() for id_ in (row.rule, *row.exercises)}
    excused = {id_: reason for id_, reason in EXCUSED.items() if id_.startswith(f"{section}-")}
    assert unaccounted(section, excused, in_data=in_tables) == []


def test_nothing_else_is_excused() -> None:
    assert [id_ for id_ in EXCUSED if not id_.startswith(tuple(f"{section}-" for section in SECTIONS))] == []
