"""`mimi-conformance content`: what people say, printed and made."""

import click

from mimi_conformance.command_line.content_make import make
from mimi_conformance.command_line.content_show import show


@click.group(name="content")
def command() -> None:
    """Print MIMI content as a person would read it, or make some."""


command.add_command(show)
command.add_command(make)
