"""The error for component data that breaks a rule, and the rules that all components share."""

from typing import TypeAlias

from mimi_conformance.reference.mls.proposals.components import ComponentRefusal
from mimi_conformance.reference.room.rule import RoomRule

_MOST_SHOWN = 120

Fault: TypeAlias = tuple[RoomRule, object]
"""A broken rule, and the value that breaks it."""


class ComponentError(ComponentRefusal):
    """The data of a component breaks a rule.

    Attributes:
        component: the name of the component.
        rule: the broken rule.
        value: what breaks it.

    """

    def __init__(self, component: str, rule: RoomRule, value: object) -> None:
        shown = str(value)
        shown = shown if len(shown) <= _MOST_SHOWN else shown[: _MOST_SHOWN - 3] + "..."
        super().__init__(f"In {component}: {rule.text} ({rule.requirement}) Found: {shown}")
        self.component = component
        self.rule = rule
        self.value = value


class ComponentRule(RoomRule):
    """What holds for the data of every component."""

    DECODABLE = ("EXT-4.7-11", "The data of a component is the structure that its draft gives it.")
    NOT_REMOVED = ("PROTO-7.5-17", "Participants, metadata and policy are never removed as a whole.", "AMB-137")
    NOT_EPHEMERAL = ("EXT-4.8-02", "The component has no data that lives for a single commit.")
    NOT_IN_GROUP_CONTEXT = ("PROTO-5.4.1-03", "The component is additional data of messages, not of the group.")
