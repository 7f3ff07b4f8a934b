"""Can the target be reached at all: its name, its port, its TLS. Each thing that can be wrong has its own sentence.

HTTP comes after this; preflight.py goes on with it.
"""

import queue
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from mimi_conformance.mocks.network.addresses import Address, show_address
from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.mocks.network.tls import client_tls_context
from mimi_conformance.reference.identity.certificate import provider_domains
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.suites.target.finding import Finding, Outcome
from mimi_conformance.suites.target.reading import WrongValueError

RESOLVE_SECONDS = 2.0
CONNECT_SECONDS = 2.0
HANDSHAKE_SECONDS = 3.0

# X509_V_ERR_* of OpenSSL's x509_vfy.h, for which Python has no names.
_NOT_YET_VALID, _EXPIRED, _WRONG_HOST = 9, 10, 62

_NAME_ADVICE = (
    "correct the target's URL, let the name resolve here, or describe the target with an IP address as its url"
)


@dataclass(frozen=True)
class Door:
    """Where the target is, and what a handshake with it takes.

    Attributes:
        domain: the provider domain that the server's certificate has to authenticate.
        address: host and port.
        trust: PEM file of the authorities to trust.
        identity: the certificate that we show.
    """

    domain: str
    address: Address
    trust: Path
    identity: Identity


def check_reachability(door: Door) -> Iterator[Finding]:
    """Resolve, connect and shake hands; the first problem is the last finding."""
    checks: tuple[Callable[[Door], Finding], ...] = (_resolve, _connect, _shake_hands)
    for check in checks:
        finding = check(door)
        yield finding
        if finding.outcome is Outcome.PROBLEM:
            return


def _resolve(door: Door) -> Finding:
    host, port = door.address
    answers: queue.SimpleQueue[OSError | None] = queue.SimpleQueue()

    def resolve() -> None:
        try:
            socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            answers.put(error)
        else:
            answers.put(None)

    # getaddrinfo knows no deadline, and a thread that waits for DNS can't be stopped, only left behind.
    threading.Thread(target=resolve, daemon=True).start()
    try:
        problem = answers.get(timeout=RESOLVE_SECONDS)
    except queue.Empty:
        return _problem("name resolution", f"Resolving {host!r} takes too long; {_NAME_ADVICE}.")
    if problem is not None:
        sentence = f"{host!r} can't be resolved ({problem}); {_NAME_ADVICE}."
        return _problem("name resolution", sentence)
    return Finding("name resolution", Outcome.OK, f"{host} resolves.")


def _connect(door: Door) -> Finding:
    where = show_address(door.address)
    try:
        socket.create_connection(door.address, CONNECT_SECONDS).close()
    except ConnectionRefusedError:
        sentence = f"Nothing listens at {where}; start the server, or correct the port in the target's URL."
        return _problem("connection", sentence)
    except TimeoutError:
        sentence = f"{where} does not answer; check the target's URL, and that no firewall is in between."
        return _problem("connection", sentence)
    except OSError as error:
        return _problem("connection", f"{where} is out of reach ({error.strerror or error}); check the target's URL.")
    return Finding("connection", Outcome.OK, f"{where} accepts connections.")


def certified_domain(address: Address, trust: Path, identity: Identity) -> str:
    """The first domain in the certificate of the server at an address, which leads to an authority in ``trust``.

    Raises:
        WrongValueError: there is no such server, or its certificate names no provider; the text says what to do.
    """
    door = Door(show_address(address), address, trust, identity)
    context = client_tls_context(identity, trust)
    context.check_hostname = False
    if (connection := _connect(door)).outcome is Outcome.PROBLEM:
        raise WrongValueError(connection.sentence.removesuffix("."))
    try:
        domains = [name for name in provider_domains(_shake_hands_with(door, context)) if "*" not in name]
    except (HandshakeError, CredentialError) as error:
        raise WrongValueError(str(error).removesuffix(".")) from error
    if not domains:
        raise WrongValueError(f"the certificate that {door.domain} shows names no domain; put it into the URL")
    return domains[0]


def _shake_hands(door: Door) -> Finding:
    try:
        certificate = _shake_hands_with(door, client_tls_context(door.identity, door.trust))
    except HandshakeError as error:
        return _problem("TLS", str(error))
    until = f"{certificate.not_valid_after_utc:%Y-%m-%d}"
    sentence = f"{show_address(door.address)} has a certificate for {door.domain}, valid until {until}."
    return Finding("TLS", Outcome.OK, sentence)


class HandshakeError(Exception):
    """A TLS handshake came to nothing; the text is a sentence that says what to do."""


def _shake_hands_with(door: Door, context: ssl.SSLContext) -> x509.Certificate:
    """The server's certificate, verified as the context asks; HandshakeError when there is none."""
    where = show_address(door.address)
    try:
        return _certificate_of_server(door, context)
    except ssl.SSLCertVerificationError as error:
        sentence = _why_not_trusted(door, error)
    except TimeoutError:
        sentence = (
            f"{where} accepts connections, but does not finish a TLS handshake within {HANDSHAKE_SECONDS:g} seconds; "
            "is this the port of an HTTPS server?"
        )
    except ssl.SSLError as error:
        sentence = _why_no_handshake(where, error)
    except OSError as error:
        sentence = f"{where} ends the connection during the TLS handshake ({error.strerror or error}); see its log."
    except ValueError as error:
        sentence = f"The certificate that {where} shows can't be read ({error}); issue a well-formed one."
    raise HandshakeError(sentence)


def _certificate_of_server(door: Door, context: ssl.SSLContext) -> x509.Certificate:
    with socket.create_connection(door.address, HANDSHAKE_SECONDS) as connection:
        tls = context.wrap_socket(connection, server_hostname=door.domain)
        with tls:
            der = tls.getpeercert(binary_form=True)
    assert der is not None  # a server always shows a certificate in the cipher suites that OpenSSL offers
    return x509.load_der_x509_certificate(der)


def _why_no_handshake(where: str, error: ssl.SSLError) -> str:
    reason = error.reason or str(error)
    if isinstance(error, ssl.SSLEOFError):
        return f"{where} closes the connection in the TLS handshake; see its log for what it does not like."
    if "ALERT" in reason:
        return (
            f"{where} breaks off the TLS handshake ({reason}); it must speak TLS 1.2 or 1.3 and trust the authority of "
            "our peers."
        )
    return f"{where} does not speak TLS ({reason}), and MIMI servers speak HTTPS only; correct the target's URL."


def _why_not_trusted(door: Door, error: ssl.SSLCertVerificationError) -> str:
    seen = _certificate_unverified(door)
    if error.verify_code in (_NOT_YET_VALID, _EXPIRED) and seen is not None:
        return (
            f"The server's certificate is valid from {seen.not_valid_before_utc:%Y-%m-%d %H:%M} to "
            f"{seen.not_valid_after_utc:%Y-%m-%d %H:%M} UTC, and our clock says {datetime.now(UTC):%Y-%m-%d %H:%M}; "
            "set the clock that is wrong, or renew the certificate."
        )
    if error.verify_code == _WRONG_HOST and seen is not None:
        return (
            f"The server's certificate is for {_names(seen)}, not for {door.domain}; correct the target's domain, or "
            f"give the server a certificate with {door.domain} in its subjectAltName."
        )
    issuer = "" if seen is None else f", issued by {seen.issuer.rfc4514_string() or 'nobody'},"
    return (
        f"The server's certificate{issuer} does not lead to an authority in {door.trust} ({error.verify_message}); put "
        "the certificate of its authority into the file that `provider.trust` (or --ca) names."
    )


def _certificate_unverified(door: Door) -> x509.Certificate | None:
    """The certificate of a server that is not trusted, to say what is wrong with it."""
    context = client_tls_context(door.identity, door.trust)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        return _certificate_of_server(door, context)
    except (OSError, ValueError):
        return None


def _names(certificate: x509.Certificate) -> str:
    try:
        return ", ".join(provider_domains(certificate)) or "no domain"
    except CredentialError:
        return "names that can't be read"


def _problem(name: str, sentence: str) -> Finding:
    return Finding(name, Outcome.PROBLEM, sentence)
