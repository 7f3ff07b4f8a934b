"""Every requirement of mimi-content is exercised, or there is a reason why not here."""

from tests.exercised import unaccounted

EXCUSED = {
    "CONTENT-3.4-01": "the hub records the time of acceptance and passes it on, which its own tests show",
    "CONTENT-4.4-14": "what a user interface does with a disposition; that it is kept is exercised (CONTENT-4.4-12)",
    "CONTENT-5.3-02": "how a user interface shows a reaction that it does not recognise",
}


def test_every_requirement_is_exercised_or_excused() -> None:
    assert unaccounted("CONTENT", EXCUSED) == []
