"""`mimi-conformance decode`: bytes to a tree that people can read, or to JSON."""

import base64
import binascii
import difflib
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import click

from mimi_conformance.reference.wire import DecodeError, Struct
from mimi_conformance.reference.wire.encodings import Enumerated
from mimi_conformance.reference.wire.outline import Element, lines, outline
from mimi_conformance.reference.wire.protocol.notify import FanoutMessage
from mimi_conformance.reference.wire.registry import BODIES, STRUCTURES
from mimi_conformance.reference.wire.structure import struct_encoding

EXIT_NOT_DECODABLE = 1


@dataclass(frozen=True)
class Reading:
    """One way to read some bytes: a structure, and its values (several only for a body of FanoutMessages)."""

    structure: type[Struct]
    values: tuple[Struct, ...]

    @cached_property
    def elements(self) -> tuple[Element, ...]:
        """The outlines of the values, each at its offset."""
        found: list[Element] = []
        for value in self.values:
            found.append(outline(value, found[-1].offset + found[-1].size if found else 0))
        return tuple(found)


def structure_named(name: str) -> type[Struct]:
    """Return the structure with this name, in whatever case; `click.UsageError` when there is none."""
    by_name = {known.lower(): known for known in STRUCTURES}
    if name.lower() in by_name:
        return STRUCTURES[by_name[name.lower()]]
    near = difflib.get_close_matches(name.lower(), by_name, n=3)
    hint = f" Did you mean {' or '.join(by_name[known] for known in near)}?" if near else ""
    raise click.UsageError(f"The drafts have no structure {name}.{hint}")


def read(file: str) -> bytes:
    """Return the bytes of a file, or of the standard input for `-`; `click.ClickException` when that fails."""
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise click.ClickException(f"{file} can't be read: {error.strerror}.") from error


def unwrapped(data: bytes, *, is_hex: bool, is_base64: bool) -> bytes:
    """Return the bytes that hex digits or base64 (of either alphabet) stand for; `ValueError` when they are neither.

    White space doesn't matter.
    """
    compact = b"".join(data.split())
    try:
        if is_hex:
            return binascii.unhexlify(compact)
        if is_base64:
            standard = compact.translate(bytes.maketrans(b"-_", b"+/")).rstrip(b"=")
            return base64.b64decode(standard + b"=" * (-len(standard) % 4), validate=True)
    except ValueError as error:
        raise ValueError(f"The input is not {'hex' if is_hex else 'base64'}: {error}") from error
    return data


def given_from(pairs: Sequence[str], structure: type[Struct]) -> Mapping[str, object]:
    """Return the values of `--given NAME=VALUE` options."""
    encodings = {field.name: field.encoding for field in struct_encoding(structure).given}
    given: dict[str, object] = {}
    for pair in pairs:
        name, _, value = pair.partition("=")
        encoding = encodings.get(name)
        if not isinstance(encoding, Enumerated) or value not in encoding.kind.__members__:
            raise click.UsageError(f"{structure.__name__} can't be given {pair}.")
        given[name] = encoding.kind[value]
    if missing := encodings.keys() - given.keys():
        raise click.UsageError(
            f"What a {structure.__name__} holds depends on the structure around it: say --given {min(missing)}=VALUE."
        )
    return given


def reading_as(structure: type[Struct], data: bytes, given: Mapping[str, object]) -> Reading:
    """Return the reading as this structure, or raise `DecodeError`."""
    if structure is FanoutMessage:
        return Reading(structure, structure.decode_all(data) or (structure.decode(data),))
    return Reading(structure, (structure.decode(data, **given),))


def guesses(data: bytes) -> list[Reading]:
    """Return every reading of all the bytes, the likeliest first: what travels alone, then what has the most parts."""
    found = []
    for structure in dict.fromkeys(STRUCTURES.values()):
        if not struct_encoding(structure).given:
            try:
                found.append(reading_as(structure, data, {}))
            except DecodeError:
                continue
    return sorted(found, key=lambda one: (one.structure not in BODIES, -sum(map(_parts, one.elements))))


def _parts(element: Element) -> int:
    """Return the number of elements in a tree."""
    return 1 + sum(map(_parts, element.parts))


def _furthest(data: bytes) -> DecodeError:
    """Return the error of the body that could be read the furthest."""
    errors = []
    for structure in BODIES:
        try:
            structure.decode(data)
        except DecodeError as error:
            errors.append(error)
    return max(errors, key=lambda error: error.offset)


def _named(arguments: Sequence[str]) -> tuple[type[Struct] | None, str]:
    """Return the structure, if one is named, and the file."""
    match arguments:
        case []:
            return None, "-"
        case [one] if one == "-" or Path(one).exists():
            return None, one
        case [one] if not one.isidentifier():
            raise click.UsageError(f"There is no file {one}, and no structure has such a name.")
        case [one]:
            return structure_named(one), "-"
        case [structure, file]:
            return structure_named(structure), file
    raise click.UsageError("decode takes a structure and a file, not more.")


@click.command(name="decode")
@click.argument("arguments", nargs=-1, metavar="[STRUCT] [FILE|-]")
@click.option("--hex", "is_hex", is_flag=True, help="The input is hex digits, not the bytes themselves.")
@click.option("--base64", "is_base64", is_flag=True, help="The input is base64, of either alphabet.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, which `encode` turns back into bytes.")
@click.option("--full", is_flag=True, help="Print long opaque values in full.")
@click.option("--given", multiple=True, metavar="NAME=VALUE", help="What STRUCT takes from the structure around it.")
def command(
    arguments: tuple[str, ...], *, is_hex: bool, is_base64: bool, as_json: bool, full: bool, given: tuple[str, ...]
) -> int:
    """Print the structure in FILE, or the standard input, with the offset of every field.

    Without STRUCT the structure is guessed; what else the bytes could be is named on the standard error.
    """
    if is_hex and is_base64:
        raise click.UsageError("The input is either hex or base64.")
    structure, file = _named(arguments)
    around = given_from(given, structure) if structure else {}
    try:
        data = unwrapped(read(file), is_hex=is_hex, is_base64=is_base64)
        readings = [reading_as(structure, data, around)] if structure else guesses(data)
    except ValueError as error:  # a DecodeError, or input that is not hex or base64
        click.echo(f"{error}.", err=True)
        return EXIT_NOT_DECODABLE
    if not readings:
        click.echo(f"These {len(data)} bytes are no structure of the drafts. Nearest: {_furthest(data)}.", err=True)
        return EXIT_NOT_DECODABLE
    best, *others = readings
    if others:
        names = ", ".join(other.structure.__name__ for other in others)
        click.echo(f"Read as {best.structure.__name__}. These bytes could also be: {names}.", err=True)
    if as_json:
        forms = [value.to_json() for value in best.values]
        click.echo(json.dumps(forms[0] if len(forms) == 1 else forms, indent=2))
    else:
        click.echo("\n".join(lines(best.elements, full=full)))
    return 0
