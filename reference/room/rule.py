"""What a rule about rooms is."""

from enum import Enum


class RoomRule(Enum):
    """Base of the enumerations of rules. Every refusal names one, so that it says exactly which check failed.

    Attributes:
        requirement: the id of the requirement that the rule is taken from.
        text: the rule in a sentence.
        ambiguity: the number of the ambiguity under which others may see it otherwise, or the empty string.

    """

    def __init__(self, requirement: str, text: str, ambiguity: str = "") -> None:
        self.requirement = requirement
        self.text = text
        self.ambiguity = ambiguity
