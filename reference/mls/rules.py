"""What a rule of the specifications is, and the error for breaking one.

Each module that checks something lists its rules in an enumeration of its own: one member per check, so that an error
says exactly which check failed, and so that all checks can be enumerated.
"""

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True, slots=True)
class RuleText:
    """Where a rule stands, and what it says.

    Attributes:
        section: document and section, for instance "RFC 9420, section 12.2".
        text: the rule in a sentence.

    """

    section: str
    text: str


class Rule(Enum):
    """Base of the enumerations of rules; a member's value is its `RuleText`."""

    _value_: RuleText

    @property
    def section(self) -> str:
        """Document and section, for instance "RFC 9420, section 12.2"."""
        return self._value_.section

    @property
    def text(self) -> str:
        """The rule in a sentence."""
        return self._value_.text


class RuleError(ValueError):
    """Something breaks a rule.

    Attributes:
        rule: the broken rule.
        value: what breaks it.
        place: where that was found, for instance "proposal 2"; empty when there is only one place.

    """

    def __init__(self, rule: Rule, value: object, place: str = "") -> None:
        shown = repr(value)
        where = f"In {place}: " if place else ""
        super().__init__(
            f"{where}{rule.text} ({rule.section}) Found: {shown if len(shown) <= 120 else shown[:117] + '...'}"
        )
        self.rule = rule
        self.value = value
        self.place = place
