"""The catalogue of requirements: one TOML file per draft in ``requirements/``, one table per requirement.

An id (``PROTO-5.7-15``: draft, section, number) is for ever: never renumbered, never given to something else. When a
requirement splits or merges, ids that fall away live on as aliases of the one that took over. Levels, bases and
the rest are closed lists, and the loader refuses what it doesn't know.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.abc import Traversable
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from mimi_conformance.reference.drafts.catalogue import AMBIGUITY_ID, REQUIREMENT_ID, CatalogueError, Table


class Level(StrEnum):
    """How strongly a requirement binds; ARCH marks the rules of the architecture draft, which carry no keyword."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"
    ARCH = "ARCH"


class Basis(StrEnum):
    """Where a requirement's level comes from."""

    BCP14 = "bcp14"
    """A capitalised keyword."""
    PROSE = "prose"
    """A rule, definition or flow that interoperation needs, without a capitalised keyword."""
    SYNTAX = "syntax"
    """A structure or CDDL."""
    REGISTRY = "registry"
    """A code point."""
    EXAMPLE = "example"
    """Shown in an example and nowhere else."""
    DERIVED = "derived"
    """Not written; it follows from other rules or from care with hostile input."""


class Actor(StrEnum):
    """Whose obligation it is. A client's are reached through its provider; codec means anybody's encoder or decoder."""

    CLIENT = "client"
    CODEC = "codec"
    FOLLOWER = "follower"
    HUB = "hub"
    PROVIDER = "provider(any)"


class Observability(StrEnum):
    """What it takes to judge a requirement on a system under test (SUT)."""

    BLACK_BOX = "black-box"
    """Only the MIMI interface, given fixtures prepared beforehand."""
    CONTROL = "needs-control-API-on-SUT"
    """The system must be told to originate something, or its clients or state must be read."""
    CODEC = "codec-vector-only"
    """Only an encoding or decoding of given bytes decides."""
    UNTESTABLE = "untestable"
    """No peer can see it."""


class Severity(StrEnum):
    """How hard a broken requirement counts, from hardest to softest."""

    FAIL = "fail"
    WARN = "warn"
    INFO = "info"


_SOFTNESS: Final = {severity: rank for rank, severity in enumerate(Severity)}
_BY_LEVEL: Final = {
    Level.MUST: Severity.FAIL,
    Level.SHOULD: Severity.WARN,
    Level.MAY: Severity.INFO,
    Level.ARCH: Severity.FAIL,  # so that the basis alone decides
}
_BY_BASIS: Final = {Basis.EXAMPLE: Severity.WARN, Basis.DERIVED: Severity.WARN}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a draft asks for.

    Attributes:
        id: names it for ever.
        draft: the document it comes from, with its revision.
        section: number and title of the section.
        level: how strongly it binds.
        actor: whose obligation it is.
        topic: the part of the protocol it belongs to, as in ``consent``.
        text: the requirement, paraphrased.
        observability: what it takes to judge it.
        basis: where the level comes from.
        ambiguities: the numbers of the ambiguities it meets, which `interpretations` explains.
        note: what else there is to know, or the empty string.
        aliases: ids that stand for it besides its own.
    """

    id: str
    draft: str
    section: str
    level: Level
    actor: Actor
    topic: str
    text: str
    observability: Observability
    basis: Basis
    ambiguities: tuple[str, ...] = ()
    note: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def severity(self) -> Severity:
        """How hard breaking it counts: the softer of what its level and its basis say (design section 4)."""
        return max(_BY_LEVEL[self.level], _BY_BASIS.get(self.basis, Severity.FAIL), key=_SOFTNESS.__getitem__)


class UnknownRequirement(LookupError):  # noqa: N818 - reads as what it is
    """No requirement has this id or alias.

    Attributes:
        id: the id that was asked for.
        similar: ids that look like it.
    """

    def __init__(self, id_: str, similar: tuple[str, ...]) -> None:
        self.id = id_
        self.similar = similar
        hint = f"; similar ones are {', '.join(similar)}" if similar else ""
        super().__init__(f"there is no requirement {id_!r}{hint}")


@cache
def requirements() -> Mapping[str, Requirement]:
    """Every requirement by its id, draft by draft in the order of the drafts' sections. Aliases are not keys.

    Raises:
        CatalogueError: the catalogue is damaged.
    """
    return load_requirements(files(__package__) / "requirements")


def requirement(id_: str) -> Requirement:
    """The requirement with an id or an alias.

    Raises:
        UnknownRequirement: there is none.
    """
    if found := requirements().get(id_) or _by_alias().get(id_):
        return found
    raise UnknownRequirement(id_, tuple(difflib.get_close_matches(id_.upper(), requirements(), n=3)))


@cache
def _by_alias() -> Mapping[str, Requirement]:
    return {alias: each for each in requirements().values() for alias in each.aliases}


def load_requirements(folder: Traversable) -> Mapping[str, Requirement]:
    """Read a catalogue: every TOML file of a folder, in the order of their names.

    Raises:
        CatalogueError: a file isn't TOML, an entry is not a requirement, or an id or alias occurs twice.
    """
    catalogue: dict[str, Requirement] = {}
    owners: dict[str, str] = {}  # id or alias -> file
    for file in sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name):
        for found in _read_file(file):
            for name in (found.id, *found.aliases):
                if name in owners:
                    raise CatalogueError(file.name, found.id, f"the id {name} is taken already, in {owners[name]}")
                owners[name] = file.name
            catalogue[found.id] = found
    return MappingProxyType(catalogue)


def _read_file(file: Traversable) -> Iterable[Requirement]:
    tables = Table.read(file)
    draft = tables.text("draft")
    yield from tables.each(lambda top, id_: _requirement_from(id_, draft, top.table(id_))).values()


def _requirement_from(id_: str, draft: str, table: Table) -> Requirement:
    if not REQUIREMENT_ID.fullmatch(id_):
        raise table.error("its id is not of the form DRAFT-SECTION-NN")
    made = Requirement(
        id=id_,
        draft=draft,
        section=table.text("section"),
        level=table.choice("level", Level),
        actor=table.choice("actor", Actor),
        topic=table.text("topic"),
        text=table.text("requirement"),
        observability=table.choice("observability", Observability),
        basis=table.choice("basis", Basis),
        ambiguities=table.texts("ambiguities", AMBIGUITY_ID),
        note=table.text("note", default=""),
        aliases=table.texts("aliases", REQUIREMENT_ID),
    )
    table.finish()
    return made
