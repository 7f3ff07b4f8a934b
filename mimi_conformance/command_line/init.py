"""``mimi-conformance init``: a target.toml, an authority and certificates, and what the server must be told."""

import ipaddress
import shlex
import shutil
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import click

from mimi_conformance.mocks.network.addresses import HTTPS_PORT, Address, show_address
from mimi_conformance.mocks.network.authority import CERTIFICATE_FILE, CHAIN_FILE, IDENTITY_KEY_FILE, KEY_FILE
from mimi_conformance.mocks.network.laboratory import PEER_FOLDER, TARGET_FOLDER, laboratory_files, write_laboratory
from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.reading import TargetError
from mimi_conformance.suites.target.sections import Reach
from mimi_conformance.suites.target.template import render

TARGET_FILE = "target.toml"


def _domain(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return provider_domain(value)
    except ValueError as error:
        raise click.BadParameter(f"{error}.") from error


def _domains(context: click.Context, parameter: click.Parameter, value: str) -> tuple[str, ...]:
    domains = tuple(_domain(context, parameter, domain.strip()) for domain in value.split(","))
    if len(set(domains)) < len(domains):
        raise click.BadParameter(f"{value!r} names a domain twice.")
    return domains


def _ip_address(_context: click.Context, _parameter: click.Parameter, value: str) -> str:
    try:
        return str(ipaddress.ip_address(value))
    except ValueError as error:
        raise click.BadParameter(f"{value!r} is not an IP address, such as 127.0.0.1 or ::1.") from error


@click.command
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path), default=Path())
@click.option("--provider", default="a.example", show_default=True, callback=_domain, help="Domain of your server.")
@click.option("--url", default="https://127.0.0.1:8443", show_default=True, help="Where your server answers.")
@click.option(
    "--peers",
    default="b.example,c.example",
    show_default=True,
    callback=_domains,
    help="Domains of the providers that the tests play, separated by commas; most tests need one, some need two.",
)
@click.option(
    "--listen", default="127.0.0.1", show_default=True, callback=_ip_address, help="IP address that they listen on."
)
@click.option(
    "--reach",
    type=click.Choice([reach.value for reach in Reach]),
    default=Reach.NONE.value,
    show_default=True,
    help="How your server finds them; what init prints explains the choice.",
)
@click.option("--control", metavar="URL", help="Where your server's control interface answers.")
@click.option(
    "--trust",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="PEM file of the authorities of your server's certificate.  [default: the authority made here]",
)
@click.option("--target-certificate", is_flag=True, help="Issue a certificate for your server too, in target/.")
@click.option("--force", is_flag=True, help="Replace everything that is there, the authority and its key included.")
def command(  # noqa: PLR0917  # click passes one argument for each option
    folder: Path,
    provider: str,
    url: str,
    peers: tuple[str, ...],
    listen: str,
    reach: str,
    control: str | None,
    trust: Path | None,
    target_certificate: bool,
    force: bool,
) -> None:
    """Describe your server in FOLDER/target.toml, and make our peers' certificates.

    Prints what your server must be told before `mimi-conformance run --target FOLDER/target.toml` can test it.
    """
    if provider in peers:
        raise click.UsageError(f"{provider} is your server; the peers need domains of their own.")
    chosen = Reach(reach)
    if chosen is Reach.NONE and control is not None:
        chosen = Reach.HOST_MAP
    addresses = _addresses(peers, listen, chosen)
    text = render(
        domain=provider,
        url=url,
        trust=CERTIFICATE_FILE if trust is None else str(trust.absolute()),
        peers_folder=".",
        peers={domain: show_address(address) for domain, address in addresses.items()},
        reach=chosen,
        control_url=control,
    )
    files = (Path(TARGET_FILE), *laboratory_files(peers, provider if target_certificate else None))
    if not force:
        _refuse_to_overwrite(folder, files)
    # Everything is made elsewhere and checked first, so that a mistake leaves nothing behind.
    with tempfile.TemporaryDirectory(prefix="mimi-init-") as temporary:
        draft = Path(temporary)
        write_laboratory(draft, peers, provider if target_certificate else None)
        (draft / TARGET_FILE).write_text(text, encoding="utf-8")
        description = _checked(draft / TARGET_FILE)
        _move(files, draft, folder)
    click.echo(_report(folder, files))
    if target_certificate:
        click.echo(_stand_in(folder, description))
    click.echo(_what_to_tell(folder, provider, addresses, chosen))


def _addresses(peers: tuple[str, ...], listen: str, reach: Reach) -> dict[str, Address]:
    """Where each peer listens: any port when the server can be told, else 443 on an address of its own."""
    if reach not in (Reach.HOSTS_FILE, Reach.OWN_DOMAINS):
        return dict.fromkeys(peers, (listen, 0))
    first = ipaddress.ip_address(listen)
    try:
        return {domain: (str(first + number), HTTPS_PORT) for number, domain in enumerate(peers)}
    except ipaddress.AddressValueError as error:
        raise click.UsageError(f"There are no {len(peers)} addresses from {listen} on.") from error


def _refuse_to_overwrite(folder: Path, files: tuple[Path, ...]) -> None:
    there = [str(folder / file) for file in files if (folder / file).exists()]
    if there:
        raise click.UsageError(
            f"{', '.join(there)} {'are' if len(there) > 1 else 'is'} there already. "
            "Choose another folder, or replace everything with --force."
        )


def _checked(target_file: Path) -> TargetDescription:
    try:
        return TargetDescription.load(target_file)
    except TargetError as error:
        mistakes = "".join(f"\n  - {mistake}" for mistake in error.mistakes)
        raise click.UsageError(f"That would not be a usable {TARGET_FILE}:{mistakes}") from error


def _move(files: tuple[Path, ...], source: Path, folder: Path) -> None:
    try:
        for file in files:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).unlink(missing_ok=True)
            shutil.move(source / file, folder / file)
    except OSError as error:
        raise click.ClickException(f"Can't write {error.filename}: {error.strerror}.") from error


def _report(folder: Path, files: tuple[Path, ...]) -> str:
    lines = [f"Wrote {folder / TARGET_FILE}, and beside it:", ""]
    lines += [f"  {file}" for file in files[1:]]
    lines += [
        "",
        f"{KEY_FILE} signs certificates that your server will trust: keep it here, and out of version control.",
    ]
    return "\n".join(lines)


def _stand_in(folder: Path, description: TargetDescription) -> str:
    """How to use the certificate that was made for the server."""
    provider, identity = description.provider, folder / TARGET_FOLDER
    arguments = ["--domain", provider.domain, "--port", provider.address[1], "--trust", folder / CERTIFICATE_FILE]
    arguments += ["--certificate", identity / CHAIN_FILE, "--key", identity / IDENTITY_KEY_FILE]
    if description.control is not None and (port := urlsplit(description.control.url).port):
        arguments += ["--control-port", port]
    command_line = shlex.join(["mimi-conformance", "serve", *map(str, arguments)])
    return f"""
{TARGET_FOLDER}/ holds a certificate for your server. Until it is there, the reference can stand in for it:

  {command_line}"""


def _what_to_tell(folder: Path, provider: str, addresses: dict[str, Address], reach: Reach) -> str:
    """What the server under test must know, and the three ways in which it can find our peers."""
    peers = " and ".join(addresses)
    hosts = "\n".join(f"         {address:<15} {domain}" for domain, (address, _) in _own_addresses(addresses).items())
    return f"""
Your server, the provider {provider}, must be told:

  1. Whom to trust: {(folder / CERTIFICATE_FILE).absolute()}
     signs the certificates of {peers},
     which they show as clients and as servers.

  2. How to find them, because MIMI names carry no port. One of three ways{_chosen(reach)}:

     host-map     The tests tell your server over the control interface where each peer listens.
                  Implement `peers` as docs/control-interface.md says, and fill in [control].
     hosts-file   Each peer gets an IP address of its own and port 443. On your server's machine add to /etc/hosts:

{hosts}

     own-domains  The peers get names that you own and that resolve to this machine, on port 443. Run init with
                  --peers; to use certificates of a public authority, replace those in {folder / PEER_FOLDER}/.

     `init --reach` with one of these names prepares {TARGET_FILE} for it. To listen on port 443 needs privileges.
     Without any of them (reach = "none") the tests of what your server sends to others are `blocked`.

Then read {folder / TARGET_FILE}, strike out what your server does not implement, and:

  mimi-conformance run --target {folder / TARGET_FILE}"""


def _chosen(reach: Reach) -> str:
    return "" if reach is Reach.NONE else f" (you chose {reach})"


def _own_addresses(addresses: dict[str, Address]) -> dict[str, Address]:
    """The same domains with an IP address each, as a hosts file needs them."""
    first = next(iter(addresses.values()))[0]
    return _addresses(tuple(addresses), first, Reach.HOSTS_FILE)
