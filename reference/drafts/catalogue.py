"""Reading the TOML files of this room: every value is checked, and nothing unknown goes unnoticed."""

import re
import tomllib
from collections.abc import Callable, Mapping
from enum import StrEnum
from importlib.abc import Traversable
from types import MappingProxyType
from typing import Any, Final, TypeVar

Choice = TypeVar("Choice", bound=StrEnum)
Value = TypeVar("Value")

REQUIREMENT_ID: Final = re.compile(r"[A-Z]+-[A-Z0-9]+(\.[0-9]+)*-[0-9]{2,}")
AMBIGUITY_ID: Final = re.compile(r"AMB-[0-9]{3}")
ANY: Final = re.compile(r".+")


class CatalogueError(ValueError):
    """A file of this room does not hold what it should.

    Attributes:
        file: its name.
        entry: the table at fault, or the empty string when it is the whole file.
        reason: what is wrong.
    """

    def __init__(self, file: str, entry: str, reason: str) -> None:
        self.file = file
        self.entry = entry
        self.reason = reason
        super().__init__(f"{file}{f', {entry}' if entry else ''}: {reason}")


class Table:
    """One TOML table, from which values are taken one by one; `finish` refuses what nobody took."""

    def __init__(self, file: str, entry: str, values: object) -> None:
        self.file = file
        self.entry = entry
        if not isinstance(values, dict):
            raise self.error("it should be a table")
        self._values: dict[str, Any] = dict(values)

    @classmethod
    def read(cls, file: Traversable) -> "Table":
        """The top table of a file.

        Raises:
            CatalogueError: the file holds no TOML, for instance because a table occurs twice.
        """
        try:
            return cls(file.name, "", tomllib.loads(file.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise CatalogueError(file.name, "", f"it can't be read: {error}") from error

    def error(self, reason: str) -> CatalogueError:
        """The error that says what is wrong with this table."""
        return CatalogueError(self.file, self.entry, reason)

    def text(self, key: str, *, default: str | None = None) -> str:
        """Take a text that is not empty; an absent one is an error unless there is a default."""
        if default is not None and key not in self._values:
            return default
        value = self._values.pop(key, None)
        if not isinstance(value, str) or not value:
            raise self.error(f"{key} should be a text, not {value!r}")
        return value

    def choice(self, key: str, choices: type[Choice]) -> Choice:
        """Take one of a closed list of texts."""
        value = self.text(key)
        try:
            return choices(value)
        except ValueError:
            raise self.error(f"{key} should be one of {', '.join(choices)}, not {value!r}") from None

    def number(self, key: str) -> int:
        """Take a number that is not negative."""
        value = self._values.pop(key, None)
        if type(value) is not int or value < 0:  # a bool is no number here
            raise self.error(f"{key} should be a number, not {value!r}")
        return value

    def truth(self, key: str, *, default: bool | None = None) -> bool:
        """Take true or false; an absent one is an error unless there is a default."""
        value = self._values.pop(key, default)
        if not isinstance(value, bool):
            raise self.error(f"{key} should be true or false, not {value!r}")
        return value

    def numbers(self, key: str) -> tuple[int, ...]:
        """Take a list of numbers that are not negative."""
        value = self._values.pop(key, None)
        if not isinstance(value, list) or not all(type(each) is int and each >= 0 for each in value):
            raise self.error(f"{key} should be a list of numbers, not {value!r}")
        return tuple(value)

    def texts(self, key: str, form: re.Pattern[str] = ANY) -> tuple[str, ...]:
        """Take a list of texts of a form; an absent list is empty."""
        values = self._values.pop(key, [])
        if not isinstance(values, list) or not all(isinstance(each, str) and form.fullmatch(each) for each in values):
            raise self.error(f"{key} should be a list of texts like {form.pattern}, not {values!r}")
        return tuple(values)

    def table(self, key: str) -> "Table":
        """Take a table inside this one."""
        return Table(self.file, f"{self.entry}.{key}" if self.entry else key, self._values.pop(key, None))

    def each(self, read: Callable[["Table", str], Value]) -> Mapping[str, Value]:
        """Take everything that is left, one key at a time."""
        return MappingProxyType({key: read(self, key) for key in tuple(self._values)})

    def holds(self, key: str) -> bool:
        """Whether a key has still to be taken."""
        return key in self._values

    def finish(self) -> None:
        """Refuse keys that nobody took."""
        if self._values:
            raise self.error(f"nothing is known of {', '.join(self._values)}")
