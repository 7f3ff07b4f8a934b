"""The two kinds of named numbers in the drafts: closed enums and open registries."""

from enum import IntEnum
from typing import ClassVar, Self


class Enumeration(IntEnum):
    """An `enum` of the presentation language: a number outside it is a decoding error.

    One octet wide unless the class says otherwise: `class X(Enumeration, octets=2)`. A `reserved` value is no member,
    because no sender may use it.
    """

    _octets: ClassVar[int]

    def __init_subclass__(cls, octets: int = 1) -> None:
        cls._octets = octets

    @classmethod
    def octets(cls) -> int:
        """How many octets a value takes."""
        return cls._octets


class Registry(Enumeration, octets=2):
    """A number from an IANA registry: values without a name, GREASE among them, are kept as they are.

    `CipherSuite(0x0A0A)` is a value like any other; `known` tells it from the named ones.
    """

    def __init_subclass__(cls, octets: int = 2) -> None:
        super().__init_subclass__(octets)

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or not 0 <= value < 256 ** cls.octets():
            return None
        unnamed = int.__new__(cls, value)
        unnamed._name_ = f"0x{value:0{2 * cls.octets()}x}"
        unnamed._value_ = value
        return unnamed

    @property
    def known(self) -> bool:
        """Whether the value has a name here."""
        return self.value in type(self)._value2member_map_
