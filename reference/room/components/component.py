"""What MLS asks of a room's component (mls-extensions, sections 4.7 and 4.8), and what the room reads from it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.mls.proposals.components import Component, Contribution
from mimi_conformance.reference.room.components.rules import ComponentError, ComponentRule, Fault
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.mls.framing import Sender
from mimi_conformance.reference.wire.structure import Struct

Value = TypeVar("Value", bound=Struct)


def decoded(component: str, structure: type[Value], data: bytes) -> Value:
    """The structure that data is.

    Raises:
        ComponentError: it is not.

    """
    try:
        return structure.decode(data)
    except DecodeError as error:
        raise ComponentError(component, ComponentRule.DECODABLE, error) from error


@dataclass(frozen=True)
class RoomComponent(Component, Generic[Value]):
    """A component whose data is one structure. It is never removed (AMB-137), and has no ephemeral data.

    Attributes:
        name: what the registry of components calls it (mimi-protocol-06, section 10; mimi-room-policy-03, 10.1).
        structure: what its data is.
        faults: what is wrong with a value by itself, rule by rule.

    """

    name: str
    structure: type[Value]
    faults: Callable[[Value], Iterator[Fault]] = lambda _value: iter(())

    cumulative = False
    """Whether an update only says what changes, in a format of its own."""

    @property
    def component_id(self) -> int:
        """Its number."""
        return code_points().component_id(self.name)

    def read(self, data: bytes) -> Value:
        """The value that data holds.

        Raises:
            ComponentError: it holds none, or one that breaks a rule.

        """
        value = decoded(self.name, self.structure, data)
        for rule, found in self.faults(value):
            raise self.error(rule, found)
        return value

    def error(self, rule: RoomRule, value: object) -> ComponentError:
        """The error for the component's data breaking a rule."""
        return ComponentError(self.name, rule, value)

    def check_removal(self, data: bytes, sender: Sender) -> None:  # noqa: ARG002
        """Refuse it."""
        raise self.error(ComponentRule.NOT_REMOVED, "an AppDataUpdate that removes it")

    def check_ephemeral(self, contribution: Contribution) -> None:
        """Refuse it."""
        raise self.error(ComponentRule.NOT_EPHEMERAL, contribution.data.hex())


class ReplacedComponent(RoomComponent[Value]):
    """A component whose updates have the format of its data, which each of them replaces as a whole."""

    def updated(self, data: bytes | None, updates: tuple[Contribution, ...]) -> bytes:  # noqa: ARG002
        """The data of the last update; each must be valid."""
        for update in updates:
            self.read(update.data)
        return updates[-1].data
