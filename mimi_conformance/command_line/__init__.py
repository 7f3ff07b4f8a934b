"""The command line: one module per subcommand, each a thin layer over a room.

No protocol logic lives here; a command parses its arguments, calls a room and prints.
"""

import importlib
import sys

import click

# Subcommand -> the module of this package that defines it as `command`. Loaded on demand, so that
# `mimi-conformance decode` does not pay for a web server.
COMMANDS = {
    "run": "run",
    "demo": "demo",
    "serve": "serve",
    "init": "init",
    "decode": "decode",
    "encode": "encode",
    "content": "content",
    "requirements": "requirements",
    "selfcheck": "selfcheck",
}

EXIT_INTERRUPTED = 2
EXIT_USAGE = 4


class _LazyGroup(click.Group):
    """A group whose subcommands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - the signature is click's
        """The subcommands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - as above
        """The subcommand of this name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"{__name__}.{COMMANDS[cmd_name]}")
        command: click.Command = module.command
        return command


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="mimi-conformance")
def command() -> None:
    """Test a MIMI server against the IETF drafts, or run the reference implementation."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with the codes of design section 4 (4: usage, 2: interrupted)."""
    try:
        code = command.main(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(EXIT_USAGE)
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        sys.exit(EXIT_INTERRUPTED)
    sys.exit(code if isinstance(code, int) else 0)
