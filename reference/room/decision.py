"""Yes or no, and why."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from mimi_conformance.reference.room.rule import RoomRule


@dataclass(frozen=True, slots=True)
class Allowed:
    """The change may be made.

    Attributes:
        rule: what allows it.

    """

    rule: RoomRule


@dataclass(frozen=True, slots=True)
class Refused:
    """The change may not be made.

    Attributes:
        rule: what forbids it, or would have allowed it.
        sentence: why, with the values that are in the way.

    """

    rule: RoomRule
    sentence: str

    def __str__(self) -> str:
        return f"{self.sentence} ({self.rule.requirement}: {self.rule.text})"


Decision: TypeAlias = Allowed | Refused


def first_allowed(ways: Iterable[Decision]) -> Decision:
    """The first of several ways to a change that is open, or why the first of all is not.

    Args:
        ways: what each way comes to, of which there is at least one.

    """
    refused: Refused | None = None
    for way in ways:
        if isinstance(way, Allowed):
            return way
        refused = refused or way
    assert refused is not None, "There is at least one way."
    return refused
