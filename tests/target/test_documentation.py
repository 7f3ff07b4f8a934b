"""docs/target.md explains every key, every value and every feature, and nothing else."""

import re
from dataclasses import fields
from enum import StrEnum
from pathlib import Path

from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.suites.target.sections import FEATURES, Reach, Settings
from mimi_conformance.suites.target.users import ProfileType, RoomEntry

PAGE = (Path(__file__).parents[2] / "docs" / "target.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The first column of the tables below a heading, without quotes, with the rest of the row."""
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", section, flags=re.MULTILINE))


def test_every_feature_is_listed_with_what_it_stands_for() -> None:
    keys = {"domains", "url", "trust", "roles", "features"}
    assert {name: text for name, text in rows("[provider]").items() if name not in keys} == FEATURES


def test_every_setting_is_listed_with_its_values_default_first() -> None:
    listed = rows("[settings]")
    assert list(listed) == [field.name for field in fields(Settings)]
    for name, row in listed.items():
        default = getattr(Settings(), name)
        values = row.partition(" | ")[0]
        if isinstance(default, StrEnum):
            words = re.findall(r'"([^"]+)"', values)
            assert words[0] == default
            assert set(words) == set(type(default))
        else:
            assert float(values) == default


def test_every_word_of_the_closed_lists_is_explained() -> None:
    for words in (Role, Reach, RoomEntry):
        assert all(f'`"{word}"`' in PAGE for word in words)
    assert all(f"`{word}`" in PAGE for word in ProfileType)
