"""``mimi-conformance requirements``: what the drafts ask for, and how far it is tested."""

import functools
import json
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, fields
from itertools import chain
from typing import Any

import click
from rich.console import Console
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

from mimi_conformance.reference.drafts.interpretations import Interpretation, interpretation
from mimi_conformance.reference.drafts.requirements import (
    Actor,
    Basis,
    Level,
    Observability,
    Requirement,
    UnknownRequirement,
    requirement,
    requirements,
)
from mimi_conformance.reports.layout import Printable
from mimi_conformance.suites.runner.citations import (
    Citations,
    CollectionError,
    Coverage,
    broken_by_defects,
    cited_by_tests,
    coverage,
)

_LONGEST_LINE = 2000  # in columns, more than any requirement needs


@dataclass(frozen=True)
class Selection:
    """The filters of the command line. Values of one filter are alternatives, and all filters have to match."""

    draft: tuple[str, ...]
    topic: tuple[str, ...]
    actor: tuple[Actor, ...]
    level: tuple[Level, ...]
    basis: tuple[Basis, ...]
    observability: tuple[Observability, ...]
    search: tuple[str, ...]

    def requirements(self) -> tuple[Requirement, ...]:
        """Every requirement that matches, in the order of the catalogue."""
        return tuple(each for each in requirements().values() if self._matches(each))

    def _matches(self, each: Requirement) -> bool:
        prefix = each.id.partition("-")[0]
        words = f"{each.section} {each.text} {each.note}".lower()
        return (
            (not self.draft or any(name == prefix or name in each.draft for name in self.draft))
            and (not self.search or any(text.lower() in words for text in self.search))
            and all(
                not choices or value in choices
                for value, choices in (
                    (each.topic, self.topic),
                    (each.actor, self.actor),
                    (each.level, self.level),
                    (each.basis, self.basis),
                    (each.observability, self.observability),
                )
            )
        )


def _known_topics(_context: click.Context, _parameter: click.Parameter, topics: tuple[str, ...]) -> tuple[str, ...]:
    known = dict.fromkeys(each.topic for each in requirements().values())
    for topic in topics:
        if topic not in known:
            raise click.BadParameter(f"{topic!r} is none of {', '.join(known)}.")
    return topics


_FILTERS = (
    click.option(
        "--draft", multiple=True, metavar="TEXT", help="Beginning of the ids (PROTO), or part of the draft's name."
    ),
    click.option("--topic", multiple=True, callback=_known_topics, help="As in consent, transport, policy."),
    click.option("--actor", multiple=True, type=click.Choice(Actor, case_sensitive=False)),
    click.option("--level", multiple=True, type=click.Choice(Level, case_sensitive=False)),
    click.option("--basis", multiple=True, type=click.Choice(Basis, case_sensitive=False)),
    click.option("--observability", multiple=True, type=click.Choice(Observability, case_sensitive=False)),
    click.option("--search", multiple=True, metavar="TEXT", help="Words in the section, the requirement or its note."),
)


def _filtered(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of `Selection`, and the `Selection` as its first argument."""

    @functools.wraps(function)
    def wrapped(**values: Any) -> None:
        filters = {each.name: values.pop(each.name) for each in fields(Selection)}
        function(Selection(**filters), **values)

    decorated: Callable[..., None] = wrapped
    for option in reversed(_FILTERS):
        decorated = option(decorated)
    return decorated


_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def command() -> None:
    """What the drafts ask for, and how far it is tested."""


@command.command("list")
@_filtered
@_as_json
def list_requirements(selection: Selection, *, as_json: bool) -> None:
    """List requirements, all of them or those that match.

    A filter given several times matches any of its values; different filters have to match together.
    """
    found = selection.requirements()
    if as_json:
        _print_json([_requirement_as_json(each) for each in found])
        return
    table = Table(
        Column("id", no_wrap=True), "level", "breaking it", "actor", "topic", "requirement", box=None, pad_edge=False
    )
    for each in found:
        table.add_row(each.id, each.level, each.severity, each.actor, each.topic, Text(each.text))
    console = _console()
    console.print(Printable(table))
    console.print(f"{len(found)} of {len(requirements())} requirements")


@command.command("show")
@click.argument("ids", metavar="ID...", nargs=-1, required=True)
@_as_json
def show(ids: tuple[str, ...], *, as_json: bool) -> None:
    """Show all there is to know about requirements: source, weight, tests, defects, ambiguities."""
    try:
        found = [requirement(id_) for id_ in ids]
    except UnknownRequirement as error:
        raise click.UsageError(f"{error}.") from error
    tests, defects = _citations()
    if as_json:
        _print_json(
            [
                {
                    **_requirement_as_json(each),
                    "interpretations": [asdict(interpretation(ambiguity)) for ambiguity in each.ambiguities],
                    "tests": _naming(each, tests),
                    "defects": _naming(each, defects),
                }
                for each in found
            ]
        )
        return
    console = _console()
    for each in found:
        _print_requirement(console, each, _naming(each, tests), _naming(each, defects))


@command.command("coverage")
@_filtered
@click.option("--untested", is_flag=True, help="List the testable requirements that no test cites.")
@_as_json
def show_coverage(selection: Selection, *, untested: bool, as_json: bool) -> None:
    """Count which requirements tests cite, and which of those a defect is keyed to.

    Nothing is run. Whether a defect is really caught is for `mimi-conformance selfcheck` to say.
    """
    found = selection.requirements()
    cited, broken = (frozenset(chain.from_iterable(each.values())) for each in _citations())

    def count_by(group_of: Callable[[Requirement], str]) -> dict[str, Coverage]:
        groups = dict.fromkeys(group_of(each) for each in found)
        return {group: coverage([each for each in found if group_of(each) == group], cited, broken) for group in groups}

    topics = count_by(lambda each: each.topic)
    drafts = count_by(lambda each: each.draft)
    total = coverage(found, cited, broken)
    if as_json:
        counted = {
            name: {group: asdict(each) for group, each in groups.items()}
            for name, groups in (("topics", topics), ("drafts", drafts))
        }
        _print_json({**counted, "total": asdict(total)})
        return
    console = _console()
    for title, groups in (("topic", topics), ("draft", drafts)):
        console.print(Printable(_coverage_table(title, {**groups, "total": total})))
        console.print()
    if untested:
        for id_ in total.untested:
            console.print(id_, Text(requirements()[id_].text), style="dim")
    elif total.untested:
        console.print(f"{len(total.untested)} testable requirements are cited by no test; --untested lists them.")


def _citations() -> tuple[Citations, Citations]:
    """What tests cite and what defects break."""
    try:
        return cited_by_tests(), broken_by_defects()
    except CollectionError as error:
        raise click.ClickException(str(error)) from error


def _naming(each: Requirement, citations: Citations) -> list[str]:
    """Who names a requirement, by its id or an alias."""
    names = {each.id, *each.aliases}
    return [by for by, ids in citations.items() if not names.isdisjoint(ids)]


def _requirement_as_json(each: Requirement) -> dict[str, Any]:
    return {**asdict(each), "severity": each.severity}


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def _console() -> Console:
    """A console for tables. Without a terminal each row is one line, for other programs to search."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_LONGEST_LINE)


def _print_requirement(console: Console, each: Requirement, tests: list[str], defects: list[str]) -> None:
    console.print(Text(each.id, style="bold"), Text(each.text))
    rows = (
        ("source", f"{each.draft}, section {each.section}"),
        ("level", f"{each.level} ({each.basis}); breaking it counts as {each.severity}"),
        ("actor", each.actor),
        ("topic", each.topic),
        ("observability", each.observability),
        ("note", each.note),
        ("aliases", ", ".join(each.aliases)),
        ("tests", "\n".join(tests) or "none cites it"),
        ("defects", "\n".join(defects) or "none is keyed to it"),
    )
    _print_pairs(console, rows, indent=2)
    for ambiguity in each.ambiguities:
        _print_interpretation(console, interpretation(ambiguity))
    console.print()


def _print_interpretation(console: Console, reading: Interpretation) -> None:
    console.print(Text(f"  {reading.ambiguity} {reading.title}", style="bold"))
    rows = (
        ("where", f"{reading.sections}; {reading.severity}, affects {reading.affects}"),
        ("we take", reading.taken),
        ("we accept", "\n".join(reading.accepted) or "nothing else"),
        ("remark", reading.remark),
    )
    _print_pairs(console, rows, indent=4)


def _print_pairs(console: Console, rows: Iterable[tuple[str, str]], *, indent: int) -> None:
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        if value:
            table.add_row(Text(name, style="dim"), Text(value))
    console.print(Printable(Padding(table, (0, 0, 0, indent))))


def _coverage_table(title: str, groups: dict[str, Coverage]) -> Table:
    table = Table(Column(title, overflow="fold"), box=None, pad_edge=False)
    for heading in ("total", "testable", "cited", "keyed to a defect"):
        table.add_column(heading, justify="right")
    for name, each in groups.items():
        style = "bold" if name == "total" else None
        table.add_row(name, str(each.total), str(each.testable), str(each.cited), str(each.keyed), style=style)
    return table
