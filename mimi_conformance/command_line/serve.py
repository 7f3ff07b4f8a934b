"""``mimi-conformance serve``: the reference provider as a server of its own, with its own storage."""

import logging
import signal
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import click
from cryptography import x509

from mimi_conformance.reference.identity.certificate import authenticates, provider_domains
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.provider.app import ServedRequest
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.download_settings import DownloadSettings
from mimi_conformance.reference.provider.instance import ReferenceInstance
from mimi_conformance.reference.provider.server import TLSConfigurationError
from mimi_conformance.reference.provider.sqlite_storage import StorageError

DEFAULT_PORT = 8443
LONGEST_PART = 300
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
    "--asset-host", multiple=True, metavar="PROVIDER=HOST", help="Where a peer keeps assets that others may download."
)
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
    asset_host: tuple[str, ...],
    control_port: int | None,
    control_token: str,
) -> None:
    """Run the reference provider until it is interrupted.

    Prints one line for each request. What was answered is in the database, whatever happens next.
    """
    logging.getLogger("asyncio").setLevel(logging.ERROR)  # it warns of peers that go away before they are answered
    database = database or Path(f"mimi-{domain}.sqlite")
    with _sentences(f"{host}:{port}"):
        instance = ReferenceInstance(
            ProviderSettings(domain, downloads=DownloadSettings(_asset_hosts(asset_host))),
            certificate_chain=certificate,
            private_key=key,
            trust=trust,
            host=host,
            port=port,
            database=database,
            served=_log,
        )
        _check_certificate(certificate, domain)
        instance.start()
    stopped = _signals()
    try:
        address, real_port = instance.address
        click.echo(f"The provider {domain} listens on https://{address}:{real_port} and remembers in {database}.")
        if control_port is None:
            stopped.wait()
        else:
            _serve_control(instance, control_port, control_token, stopped)
    finally:
        instance.stop()
    click.echo("Stopped.")


def describe(served: ServedRequest) -> str:
    """One line about a request: when, who, what, the status, how long it took, and why it was refused."""
    time = datetime.now(UTC).strftime("%H:%M:%S")
    sender = _short(", ".join(served.request.header("from"))) or "nobody"
    answer = served.answer
    line = (
        f"{time} {sender} {_short(served.request.method)} {_short(served.request.raw_path)} "
        f"-> {int(answer.status)} ({served.seconds * 1000:.0f} ms)"
    )
    text = f"{line}: {_short(answer.reason)}" if answer.reason else line
    # What a peer sends must not be able to write lines or colours of its own.
    return "".join(c if c.isascii() and c.isprintable() else ascii(c)[1:-1] for c in text)


def _short(text: str) -> str:
    """A part of a line; what a peer sends must not be able to fill the disk with it, either."""
    return text if len(text) <= LONGEST_PART else f"{text[:LONGEST_PART]}... ({len(text)} characters)"


def _log(served: ServedRequest) -> None:
    with suppress(OSError):  # a log that nobody reads any more is no reason not to answer
        click.echo(describe(served))


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


def _serve_control(instance: ReferenceInstance, port: int, token: str, stopped: threading.Event) -> None:
    # Only who asks for it pays for the control interface, and only then is it code that can break.
    from mimi_conformance.mocks.control.reference_adapter import create_control_app  # noqa: PLC0415
    from mimi_conformance.mocks.control.server import ControlServer  # noqa: PLC0415

    control = ControlServer(create_control_app(instance.service, token), port=port)
    with _sentences(f"127.0.0.1:{port}"):
        control.start()
    try:
        click.echo(f"The control interface listens on {control.url}.")
        stopped.wait()
    finally:
        control.stop()


def _signals() -> threading.Event:
    """An event that is set when somebody wants the server to stop."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    return stopped
