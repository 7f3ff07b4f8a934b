"""The policy envelope: which policies the hub accepts in a room, stated when it creates the room (architecture 4.4).

    PolicyEnvelope(
        limits=(
            Limit("base_room_policy.max_users", Range(2, 500)),
            Limit("logging_policy.logging", Fixed(Optionality.forbidden)),
        ),
        components=frozenset({"roles_list", "base_room_policy", "logging_policy"}),
    )

A limit has the name of the setting that it is about: a component, or a field in it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.room.components.registry import component_of
from mimi_conformance.reference.room.decision import Refused
from mimi_conformance.reference.room.rule import RoomRule
from mimi_conformance.reference.wire.encodings import Encoding
from mimi_conformance.reference.wire.structure import Struct, StructEncoding, struct_encoding


class EnvelopeRule(RoomRule):
    """How a policy can be outside the envelope."""

    COMPONENT_ACCEPTED = ("ARCH-2-12", "A room has only policy components that its hub accepts.")
    COMPONENT_REQUIRED = ("ARCH-4.4-05", "A room has the components that its hub requires.")
    FIXED = ("ARCH-4.4-06", "A setting that the hub has fixed stays as it is.")
    ONE_OF = ("ARCH-4.4-06", "A setting has one of the values that the hub accepts.")
    RANGE = ("ARCH-4.4-06", "A setting lies within the bounds that the hub sets.")
    PREDICATE = ("ARCH-4.4-06", "A setting is what the hub asks of it.")


@dataclass(frozen=True, slots=True)
class Fixed:
    """A setting has this value, and keeps it."""

    value: object

    rule = EnvelopeRule.FIXED

    def accepts(self, value: object) -> bool:
        """Whether it has."""
        return value == self.value

    def __str__(self) -> str:
        return f"is {shown(self.value)}"


@dataclass(frozen=True, slots=True)
class OneOf:
    """A setting has one of these values."""

    values: tuple[object, ...]

    rule = EnvelopeRule.ONE_OF

    def accepts(self, value: object) -> bool:
        """Whether it has."""
        return value in self.values

    def __str__(self) -> str:
        return f"is one of {', '.join(map(shown, self.values))}"


@dataclass(frozen=True, slots=True)
class Range:
    """A setting is a number within bounds.

    Attributes:
        minimum: the least; None without.
        maximum: the most; None without.
        may_be_absent: whether a number that the drafts make optional may be left out.

    """

    minimum: int | None = None
    maximum: int | None = None
    may_be_absent: bool = False

    rule = EnvelopeRule.RANGE

    def accepts(self, value: object) -> bool:
        """Whether it is."""
        if not isinstance(value, int):
            return value is None and self.may_be_absent
        return (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)

    def __str__(self) -> str:
        bounds = (("at least", self.minimum), ("at most", self.maximum))
        said = " and ".join(f"{words} {number}" for words, number in bounds if number is not None)
        return f"is {said or 'a number'}{', or absent' if self.may_be_absent else ''}"


@dataclass(frozen=True, slots=True)
class Predicate:
    """A setting has a property.

    Attributes:
        name: the property, as what is said of a setting: "lists no domain but the hub's".
        holds: whether a value has it.

    """

    name: str
    holds: Callable[[object], bool]

    rule = EnvelopeRule.PREDICATE

    def accepts(self, value: object) -> bool:
        """Whether it has."""
        return self.holds(value)

    def __str__(self) -> str:
        return self.name


Accepted: TypeAlias = Fixed | OneOf | Range | Predicate


class UnknownSetting(LookupError):  # noqa: N818 - reads as what it is
    """A limit is about something that no component of a room has."""

    def __init__(self, setting: str, missing: str) -> None:
        self.setting = setting
        super().__init__(f"There is no setting {setting!r}: {missing}.")


@dataclass(frozen=True, slots=True)
class Limit:
    """What a hub accepts of one setting.

    Attributes:
        setting: the name of a component as in the registry, alone or with a field as the drafts spell it in Python:
            "roles_list", "base_room_policy.max_users", "mls_operational_policy.app_message_policy.pad_to_size".
        accepted: what it accepts.

    Raises:
        UnknownSetting: there is no such setting.

    """

    setting: str
    accepted: Accepted

    def __post_init__(self) -> None:
        component = component_of(code_points().components.get(self.component, -1))
        if component is None:
            raise UnknownSetting(self.setting, f"rooms have no component {self.component!r}")
        encoding: Encoding = struct_encoding(component.structure)
        for name in self._fields:
            fields = encoding.fields if isinstance(encoding, StructEncoding) else ()
            found = next((field.encoding for field in fields if field.name == name), None)
            if found is None:
                raise UnknownSetting(self.setting, f"{encoding} has no field {name!r}")
            encoding = found

    @property
    def component(self) -> str:
        """The component that the setting is, or is in."""
        return self.setting.partition(".")[0]

    @property
    def _fields(self) -> list[str]:
        return self.setting.split(".")[1:]

    def refusal(self, value: Struct) -> Refused | None:
        """Why the component may not have a value; None when it may."""
        found: object = value
        for name in self._fields:
            found = None if found is None else getattr(found, name)
        if self.accepted.accepts(found):
            return None
        return Refused(
            self.accepted.rule, f"The hub accepts {self.setting} only if it {self.accepted}, not {shown(found)}."
        )

    def __str__(self) -> str:
        return f"{self.setting} {self.accepted}"


@dataclass(frozen=True, slots=True)
class PolicyEnvelope:
    """The policies that a hub accepts in a room.

    Attributes:
        limits: what it accepts of settings; it accepts every valid value of all others.
        components: the components whose data it accepts in the room at all; None for every one.
        required: the components that the room must have.

    """

    limits: tuple[Limit, ...] = ()
    components: frozenset[str] | None = None
    required: frozenset[str] = frozenset()

    def refusal(self, component: str, value: Struct) -> Refused | None:
        """Why a component may not have a value; None when it may.

        Args:
            component: the name of the component.
            value: its data, read.

        """
        if self.components is not None and component not in self.components:
            return Refused(EnvelopeRule.COMPONENT_ACCEPTED, f"The hub does not accept {component} in this room.")
        refusals = (limit.refusal(value) for limit in self.limits if limit.component == component)
        return next((each for each in refusals if each is not None), None)

    def refusals(self, components: Mapping[str, Struct]) -> Iterator[Refused]:
        """What is outside the envelope in a room with these components, by name."""
        for component in sorted(self.required - components.keys()):
            yield Refused(EnvelopeRule.COMPONENT_REQUIRED, f"The hub requires {component} in this room.")
        for component, value in components.items():
            refused = self.refusal(component, value)
            if refused is not None:
                yield refused

    def description(self) -> tuple[str, ...]:
        """The envelope for people: what they may choose, a sentence each (architecture 5.3)."""
        required = (f"{component} is required" for component in sorted(self.required))
        only = () if self.components is None else (f"the components are among {', '.join(sorted(self.components))}",)
        return (*only, *required, *map(str, self.limits))


def shown(value: object) -> str:
    """A value of a setting, for people."""
    match value:
        case None:
            return "absent"
        case bytes():
            return value.decode(errors="backslashreplace")
        case _:
            return str(getattr(value, "name", value))
