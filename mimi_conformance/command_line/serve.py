"""``mimi-conformance serve``: the reference provider as a server of its own, with its own storage."""

import logging
import queue
import signal
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
from cryptography import x509

from mimi_conformance.command_line.server_log import JSONLog, LogHandler, TextLog, count_events
from mimi_conformance.reference.identity.certificate import authenticates, provider_domains
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.download_settings import DownloadSettings
from mimi_conformance.reference.provider.instance import ReferenceInstance
from mimi_conformance.reference.provider.local import LocalService
from mimi_conformance.reference.provider.roles import EVERY_ROLE, Role
from mimi_conformance.reference.provider.server import TLSConfigurationError
from mimi_conformance.reference.provider.sqlite_storage import StorageError

DEFAULT_PORT = 8443
GRACE_SECONDS = 10.0
_FILE = click.Path(path_type=Path, dir_okay=False)


@click.command
@click.option("--domain", required=True, help="The provider's domain, which its users' URIs carry.")
@click.option("--certificate", required=True, type=_FILE, help="PEM: its certificate, then intermediates.")
@click.option("--key", required=True, type=_FILE, help="PEM: the certificate's private key.")
@click.option("--trust", required=True, type=_FILE, help="PEM: authorities of the other providers' certificates.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=DEFAULT_PORT, show_default=True, type=click.IntRange(0, 65535), help="0: any free one.")
@click.option("--database", type=_FILE, help="SQLite file, made when missing.  [default: ./mimi-DOMAIN.sqlite]")
@click.option(
    "--role",
    type=click.Choice([*(each.value for each in Role), "both"]),
    default="both",
    show_default=True,
    help="What it is in rooms, and so what it serves.",
)
@click.option(
    "--asset-host", multiple=True, metavar="PROVIDER=HOST", help="Where a peer keeps assets that others may download."
)
@click.option("--log", type=click.Choice(["text", "json"]), default="text", show_default=True, help="How lines look.")
@click.option("--control-port", type=click.IntRange(0, 65535), help="Serve the control interface here, on loopback.")
@click.option("--control-token", default="", help="Bearer token that the control interface asks for.")
def command(
    *,
    domain: str,
    certificate: Path,
    key: Path,
    trust: Path,
    host: str,
    port: int,
    database: Path | None,
    role: str,
    asset_host: tuple[str, ...],
    log: str,
    control_port: int | None,
    control_token: str,
) -> None:
    """Run the reference provider until it is interrupted.

    Prints one line for each request and each notify to a follower; SIGUSR1 lists what followers are still to be told.
    What was answered is in the database, whatever happens next.
    """
    lines = JSONLog() if log == "json" else TextLog()
    logging.basicConfig(handlers=[LogHandler(lines)])
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of peers that go away before they are answered
    roles = EVERY_ROLE if role == "both" else frozenset({Role(role)})
    database = database or Path(f"mimi-{domain}.sqlite")
    with _sentences(f"{host}:{port}"):
        instance = ReferenceInstance(
            ProviderSettings(domain, downloads=DownloadSettings(_asset_hosts(asset_host)), roles=roles),
            certificate_chain=certificate,
            private_key=key,
            trust=trust,
            host=host,
            port=port,
            database=database,
            served=lines.served,
            notified=lines.notified,
            grace_seconds=GRACE_SECONDS,
        )
        _check_certificate(certificate, domain)
        instance.start()
    signals = _signals()
    try:
        address, real_port = instance.address
        listens = f"listens on https://{address}:{real_port} as {' and '.join(sorted(roles, reverse=True))}"
        lines.said(f"The provider {domain} {listens}, and remembers in {database}.")
        if waiting := sum(backlog.events for backlog in instance.service.backlogs()):
            lines.said(f"{count_events(waiting)} of an earlier run go to followers now.")
        with ExitStack() as stack:
            if control_port is not None:
                url = stack.enter_context(_control(instance, control_port, control_token))
                lines.said(f"The control interface listens on {url}.")
            while signals.get() == signal.SIGUSR1:
                _list_what_waits(instance.service, lines)
            lines.said(f"Stopping: what is under way has {GRACE_SECONDS:g} seconds to finish.")
    finally:
        instance.stop()
    lines.said("Stopped.")


def _list_what_waits(service: LocalService, lines: TextLog) -> None:
    backlogs, losses = service.backlogs(), service.losses()
    if not backlogs and not losses:
        lines.said("Followers have been told everything.")
    lines.listed(backlogs, losses)


@contextmanager
def _sentences(address: str) -> Iterator[None]:
    """Turn what can be wrong with the arguments into a sentence for the command line."""
    try:
        yield
    except (IdentifierError, TLSConfigurationError, StorageError) as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        reason = str(error.strerror).partition(" (while")[0]  # socket.create_server repeats the address
        raise click.ClickException(f"Can't listen on {address}: {reason}.") from error


def _asset_hosts(options: Iterable[str]) -> dict[str, frozenset[str]]:
    """The hosts of each provider, as `DownloadSettings` has them."""
    hosts: dict[str, frozenset[str]] = {}
    for option in options:
        provider, equals, host = option.partition("=")
        if not equals:
            raise click.UsageError(f"--asset-host {option}: write it as in b.example=assets.b.example.")
        hosts[provider] = hosts.get(provider, frozenset()) | {host}
    return hosts


def _check_certificate(path: Path, domain: str) -> None:
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    if not authenticates(certificate, domain):
        names = ", ".join(provider_domains(certificate)) or "no domain"
        raise click.ClickException(f"The certificate in {path} authenticates {names}, not {domain}.")


@contextmanager
def _control(instance: ReferenceInstance, port: int, token: str) -> Iterator[str]:
    """The control interface while the block runs, and its URL."""
    # Only who asks for it pays for the control interface, and only then is it code that can break.
    from mimi_conformance.mocks.control.reference_adapter import create_control_app  # noqa: PLC0415
    from mimi_conformance.mocks.control.server import ControlServer  # noqa: PLC0415

    control = ControlServer(create_control_app(instance.service, token), port=port)
    with _sentences(f"127.0.0.1:{port}"):
        control.start()
    try:
        yield control.url
    finally:
        control.stop()


def _signals() -> queue.SimpleQueue[int]:
    """The signals that come in and that the server heeds: to stop, and to list what waits."""
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
        signal.signal(number, lambda number, _: signals.put(number))
    return signals
