"""Reading a TOML document key by key, so that one pass finds every mistake in it.

Knows nothing of MIMI; suites/target/description.py says which keys there are.
"""

import difflib
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")
U = TypeVar("U")


class TargetError(ValueError):
    """A description of a target that cannot be used; leads to exit code 6 (configuration).

    Attributes:
        place: the file or URL that was described.
        mistakes: one sentence per mistake, each beginning with the key that it is about.
    """

    def __init__(self, place: str, mistakes: Iterable[str]) -> None:
        self.place = place
        self.mistakes = tuple(mistakes)
        count = len(self.mistakes)
        listed = "".join(f"\n  - {mistake}" for mistake in self.mistakes)
        super().__init__(f"{place} has {count} mistake{'s' if count != 1 else ''}:{listed}")


class WrongValueError(ValueError):
    """One value that is wrong; the text is a sentence without its full stop, and the key goes before it."""


class Table:
    """One table of the document; every key must be asked for, or :meth:`close` calls it unknown.

    A value that is wrong is noted in ``mistakes`` and replaced by the caller's ``otherwise``, so that reading goes on;
    whoever started the reading raises :class:`TargetError` at its end when ``mistakes`` is not empty.
    """

    def __init__(self, values: Mapping[str, object], path: str, mistakes: list[str]) -> None:
        self._values = values
        self._path = path
        self._mistakes = mistakes
        self._asked: set[str] = set()

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def place(self, key: str) -> str:
        """The dotted name of a key of this table, as the messages print it."""
        return f"{self._path}.{key}" if self._path else key

    def mistake(self, key: str, sentence: str) -> None:
        """Note what is wrong with a key."""
        self._mistakes.append(f"{self.place(key)}: {sentence}")

    def value(self, key: str, convert: Callable[[object], T], *, otherwise: T, required: str | None = None) -> T:
        """Read one value.

        Args:
            key: its key in this table.
            convert: turns the TOML value into the result, or raises ValueError with a sentence.
            otherwise: the result when the key is absent or wrong.
            required: makes absence a mistake; says what to write.
        """
        self._asked.add(key)
        if key not in self._values:
            if required is not None:
                self.mistake(key, f"missing; {required}")
            return otherwise
        return self._converted(key, self._values[key], convert, otherwise)

    def items(self, key: str, convert: Callable[[object], T], *, required: str | None = None) -> tuple[T, ...]:
        """Read an array, converting each element; those that are wrong are left out and noted by their index.

        ``required`` makes an empty array a mistake, too.
        """
        elements: list[object] = self.value(key, _array, otherwise=[], required=required)
        if required is not None and self._values.get(key) == []:
            self.mistake(key, f"the list is empty; {required}")
        converted = (self._converted(f"{key}[{i}]", element, convert, None) for i, element in enumerate(elements))
        return tuple(element for element in converted if element is not None)

    def table(self, key: str, *, required: str | None = None) -> "Table":
        """Read a table; absent is the same as empty, and ``required`` makes either a mistake."""
        if required is not None and self._values.get(key) == {}:
            self.mistake(key, f"the table is empty; {required}")
        return Table(self.value(key, _table, otherwise={}, required=required), self.place(key), self._mistakes)

    def tables(self, key: str) -> "dict[str, Table]":
        """Read a table of tables, such as ``[fixtures.users.NAME]``; what is no table is noted and left out."""
        named: dict[str, object] = self.value(key, _table, otherwise={})
        read = {name: self._inner(f"{key}.{name}", element) for name, element in named.items()}
        return {name: table for name, table in read.items() if table is not None}

    def array_of_tables(self, key: str) -> "tuple[Table, ...]":
        """Read an array whose elements are tables; what is no table is noted and left out."""
        elements: list[object] = self.value(key, _array, otherwise=[])
        read = (self._inner(f"{key}[{i}]", element) for i, element in enumerate(elements))
        return tuple(table for table in read if table is not None)

    def _inner(self, key: str, value: object) -> "Table | None":
        values = self._converted(key, value, _table, None)
        return None if values is None else Table(values, self.place(key), self._mistakes)

    def keys(self) -> tuple[str, ...]:
        """Every key of this table, for tables whose keys are the user's own names; all count as asked for."""
        self._asked.update(self._values)
        return tuple(self._values)

    def close(self) -> bool:
        """Note each key that nothing asked for; gives whether there were none."""
        unknown = [key for key in self._values if key not in self._asked]
        for key in unknown:
            self.mistake(key, f"unknown key; {suggestion(key, self._asked)}")
        return not unknown

    def _converted(self, key: str, value: object, convert: Callable[[object], T], otherwise: U) -> T | U:
        try:
            return convert(value)
        except ValueError as error:
            self.mistake(key, str(error))
            return otherwise


def suggestion(word: str, known: Iterable[str]) -> str:
    """Say which of the known words was probably meant, or list them all."""
    known = sorted(known)
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(known)}"


def text(value: object) -> str:
    """Take a string that is not empty."""
    if not isinstance(value, str):
        raise WrongValueError(f"{_shown(value)} is not a string; put it in double quotes")
    if not value:
        raise WrongValueError("the string is empty")
    return value


def boolean(value: object) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise WrongValueError(f"{_shown(value)} is neither true nor false")
    return value


def whole_number(minimum: int, maximum: int) -> Callable[[object], int]:
    """Take an integer within bounds, both included."""

    def convert(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not minimum <= value <= maximum:
            raise WrongValueError(f"{_shown(value)} is not a whole number from {minimum} to {maximum}")
        return value

    return convert


def seconds(maximum: float) -> Callable[[object], float]:
    """Take a positive number of seconds."""

    def convert(value: object) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= maximum:
            raise WrongValueError(f"{_shown(value)} is not a number of seconds, more than 0 and at most {maximum:g}")
        return float(value)

    return convert


def one_of(words: Mapping[str, T]) -> Callable[[object], T]:
    """Take one of a closed list of words, and give what it stands for."""

    def convert(value: object) -> T:
        word = text(value)
        if word not in words:
            raise WrongValueError(f"unknown value {word!r}; {suggestion(word, words)}")
        return words[word]

    return convert


def _array(value: object) -> list[object]:
    if not isinstance(value, list):
        raise WrongValueError(f"{_shown(value)} is not a list; write it in square brackets")
    return value


def _table(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise WrongValueError(f"{_shown(value)} is not a table")
    return value


def _shown(value: object) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else repr(value)
