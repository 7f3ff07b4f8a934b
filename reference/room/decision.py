"""Yes or no, and why."""

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
