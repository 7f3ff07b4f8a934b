"""Which reading the reference takes where the drafts allow several, and which others a target may take.

The drafts are ambiguous in 225 known places, numbered ``AMB-001`` to ``AMB-225``. The places that a core flow meets
were decided one by one. All others follow four rules, the first that applies:

1. what a structure or sentence literally shows beats what the prose around it suggests;
2. what lets the embedded MLS objects parse beats what does not;
3. send the strictest form, accept every form;
4. a rule that nobody wrote down yields a warning at most.

A target that takes an accepted reading gets the verdict ``other-reading``, never a failure.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.abc import Traversable
from importlib.resources import files

from mimi_conformance.reference.drafts.catalogue import AMBIGUITY_ID, Table


class Impact(StrEnum):
    """What peers with different readings lose."""

    HIGH = "high"
    """They fail to interoperate in a core flow, or a verdict flips."""
    MEDIUM = "medium"
    """A secondary flow, an error path or an optional feature suffers."""
    LOW = "low"
    """Rare or recoverable."""


class Affects(StrEnum):
    """Where different readings show."""

    BYTES = "bytes"
    """In encodings, signatures or hashes."""
    BEHAVIOUR = "behaviour"
    """In how a peer reacts to the same bytes."""


@dataclass(frozen=True, slots=True)
class Interpretation:
    """One place where the drafts allow several readings, and what became of it.

    Attributes:
        ambiguity: its number, as in ``AMB-009``.
        title: what it is about.
        sections: where in the drafts, as in ``PROTO 5.5, 5.7``.
        severity: what peers with different readings lose.
        affects: where different readings show.
        taken: the reading of the reference.
        accepted: other readings that a target may take. When there is none, only the reading taken passes.
        remark: what else there is to know, or the empty string.
        rule: which of the four rules decided, 1 to 4; None when it was decided by itself.
    """

    ambiguity: str
    title: str
    sections: str
    severity: Impact
    affects: Affects
    taken: str
    accepted: tuple[str, ...]
    remark: str
    rule: int | None


class UnknownAmbiguity(LookupError):  # noqa: N818 - reads as what it is
    """No ambiguity has this number."""

    def __init__(self, ambiguity: str) -> None:
        self.ambiguity = ambiguity
        super().__init__(f"there is no ambiguity {ambiguity!r}; they are called AMB-001 and so on")


@cache
def interpretations() -> Mapping[str, Interpretation]:
    """Every interpretation by the number of its ambiguity, in order.

    Raises:
        CatalogueError: the file is damaged.
    """
    return load_interpretations(files(__package__) / "interpretations.toml")


def load_interpretations(file: Traversable) -> Mapping[str, Interpretation]:
    """Read a file of interpretations.

    Raises:
        CatalogueError: the file isn't TOML, or an entry is not an interpretation.
    """
    tables = Table.read(file)
    return tables.each(lambda top, ambiguity: _interpretation_from(ambiguity, top.table(ambiguity)))


def interpretation(ambiguity: str) -> Interpretation:
    """The interpretation of an ambiguity.

    Raises:
        UnknownAmbiguity: there is none of this number.
    """
    try:
        return interpretations()[ambiguity]
    except KeyError:
        raise UnknownAmbiguity(ambiguity) from None


def _interpretation_from(ambiguity: str, table: Table) -> Interpretation:
    if not AMBIGUITY_ID.fullmatch(ambiguity):
        raise table.error("its number is not of the form AMB-NNN")
    rule = table.number("rule") if table.holds("rule") else None
    if rule not in (None, 1, 2, 3, 4):
        raise table.error(f"there is no rule {rule}")
    made = Interpretation(
        ambiguity=ambiguity,
        title=table.text("title"),
        sections=table.text("sections"),
        severity=table.choice("severity", Impact),
        affects=table.choice("affects", Affects),
        taken=table.text("taken"),
        accepted=table.texts("accepted"),
        remark=table.text("remark", default=""),
        rule=rule,
    )
    table.finish()
    return made
