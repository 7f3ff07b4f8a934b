"""`mimi-conformance encode`: the JSON that `decode --json` prints, back to bytes."""

import base64
import json
import sys

import click

from mimi_conformance.command_line.decode import EXIT_NOT_DECODABLE, read, structure_named
from mimi_conformance.reference.wire import EncodeError


@click.command(name="encode")
@click.argument("structure", metavar="STRUCT")
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option("--hex", "as_hex", is_flag=True, help="Print hex digits instead of the bytes themselves.")
@click.option("--base64", "as_base64", is_flag=True, help="Print base64 instead of the bytes themselves.")
def command(structure: str, file: str, *, as_hex: bool, as_base64: bool) -> int:
    """Turn the JSON form of a STRUCT, in FILE or on the standard input, into its bytes.

    A list becomes several values in a row, as in the body of a notify request.
    """
    if as_hex and as_base64:
        raise click.UsageError("The output is either hex or base64.")
    kind = structure_named(structure)
    try:
        form = json.loads(read(file))
    except (ValueError, RecursionError) as error:
        click.echo(f"The input is not JSON: {error}.", err=True)
        return EXIT_NOT_DECODABLE
    try:
        data = b"".join(kind.from_json(one).encode() for one in (form if isinstance(form, list) else [form]))
    except EncodeError as error:
        click.echo(f"{error}.", err=True)
        return EXIT_NOT_DECODABLE
    if as_hex:
        click.echo(data.hex())
    elif as_base64:
        click.echo(base64.b64encode(data).decode())
    else:
        sys.stdout.buffer.write(data)
    return 0
