"""Every requirement about endpoints, and rooms of pseudonyms, is exercised, or there is a reason why not here."""

import pytest

from mimi_conformance.reference.drafts.requirements import Actor, requirements
from tests.exercised import exercised, unaccounted

CLIENTS_OWN = "for clients, which say themselves what they claim key material for (reference/client)"
CHOSEN = "a provider may do so; this one does not"
DOWNLOADS = "for clients, which fetch assets by themselves; no provider of theirs sees where"

EXCUSED = {
    "PROTO-5.2-08": CLIENTS_OWN,
    "PROTO-5.2-22": "there is one protocol, which everybody supports; what names another is no request",
    "PROTO-5.2-29": CHOSEN,
    "PROTO-5.2-30": CHOSEN,
    "PROTO-5.6-19": CHOSEN,
    "PROTO-5.7-17": CHOSEN,
    "PROTO-5.7-27": CHOSEN,
    "PROTO-5.7-29": "for users, who have nothing sent that nobody is to know; a decision alone sends nothing",
    "PROTO-5.10-01": DOWNLOADS,
    "PROTO-5.10.1-01": DOWNLOADS,
    "PROTO-5.10.2-03": "for whoever downloads: the URL of a proxied download has no place for a room or a user",
}
SECTIONS = (
    *(f"PROTO-5.{number}" for number in range(2, 11)),
    "PROTO-5.4.1",
    *(f"PROTO-5.4.1.{number}" for number in range(1, 5)),
    *(f"PROTO-5.10.{number}" for number in range(1, 4)),
    "PROTO-6",
    "PROTO-6.1",
)


def encodings() -> dict[str, str]:
    """The requirements for whoever encodes or decodes that tests of tests/wire do not name one by one."""
    reason = "tests/wire holds each structure against its declaration in the draft"
    every = requirements().items()
    return {id_: reason for id_, each in every if each.actor is Actor.CODEC and id_ not in exercised()}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_requirement_is_exercised_or_excused(section: str) -> None:
    every = encodings() | EXCUSED
    assert unaccounted(section, {id_: reason for id_, reason in every.items() if id_.startswith(f"{section}-")}) == []


def test_nothing_else_is_excused() -> None:
    assert [id_ for id_ in EXCUSED if not id_.startswith(tuple(f"{section}-" for section in SECTIONS))] == []
