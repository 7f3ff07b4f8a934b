"""Whether a value is still what it was, down to the last byte: also where its own equality doesn't look."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass


def snapshot(value: object) -> object:
    """A copy of a value in plain tuples, which shares nothing with it that could change."""
    if is_dataclass(value) and not isinstance(value, type):
        return type(value).__name__, tuple(snapshot(getattr(value, field.name)) for field in fields(value))
    if isinstance(value, Mapping):
        return tuple((snapshot(key), snapshot(item)) for key, item in value.items())
    if isinstance(value, tuple | list):
        return tuple(map(snapshot, value))
    if isinstance(value, frozenset | set):
        return frozenset(map(snapshot, value))
    return value if isinstance(value, bytes | str | int | None) else id(value)
