"""Defects of mutual TLS: who is let in, and by which certificate (PROTO 4.1, 9)."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.certificate import provider_domains
from mimi_conformance.reference.provider.instance import Parts
from mimi_conformance.reference.provider.messages import PeerRequest
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.server import ASGIApp, TLSServer

NO_CHECK_TIME = ssl.VerifyFlags(0x200000)  # X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which Python has no name


class BelievingProvider(Provider):
    """Whoever says that it is a provider is that provider."""

    def check_certificate(self, request: PeerRequest, source: str) -> None:
        pass


class AskingNobody(TLSServer):
    """No client is asked for a certificate."""

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        super().__init__(app, **options | {"client_authorities": None, "require_client_certificate": False})


@defect("asks-for-no-certificate", breaks=("PROTO-2-03", "PROTO-4.1-10", "PROTO-4.1-11", "PROTO-9-01"))
def asks_for_no_certificate() -> Parts:
    """Authenticates only itself, and believes what From says."""
    return Parts(server=AskingNobody, provider=BelievingProvider)


class AlsoPlain(TLSServer):
    """What does not begin with a TLS handshake is served as plain HTTP."""

    async def listen(self, loop: asyncio.AbstractEventLoop, listener: socket.socket) -> Callable[[], None]:
        listener.setblocking(False)
        loop.add_reader(listener, self.accept, loop, listener)
        return lambda: self.stop_listening(loop, listener)

    def stop_listening(self, loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
        loop.remove_reader(listener)
        listener.close()

    def accept(self, loop: asyncio.AbstractEventLoop, listener: socket.socket) -> None:
        connection, _ = listener.accept()
        connection.setblocking(False)
        loop.add_reader(connection, self.sort, loop, connection)

    def sort(self, loop: asyncio.AbstractEventLoop, connection: socket.socket) -> None:
        loop.remove_reader(connection)
        handshake = connection.recv(1, socket.MSG_PEEK) == b"\x16"
        context = self._tls_context if handshake else None
        self._sorted = loop.create_task(loop.connect_accepted_socket(self.connection, connection, ssl=context))


@defect("serves-plain-http", breaks=("PROTO-4.1-01", "MLS-16.1-01"))
def serves_plain_http() -> Parts:
    """Serves plain HTTP as well, on the port of HTTPS."""
    return Parts(server=AlsoPlain, provider=BelievingProvider)


@defect("has-no-clock-for-certificates", breaks=("PROTO-4.1-11",))
class HasNoClockForCertificates(TLSServer):
    """Accepts client certificates that have expired, and those that are not valid yet."""

    def __init__(self, app: ASGIApp, **options: Any) -> None:
        super().__init__(app, **options)
        self._tls_context.verify_flags |= NO_CHECK_TIME


@defect("does-not-compare-certificate-and-from", breaks=("PROTO-4.1-13", "PROTO-4.1-15", "PROTO-9-01", "ARCH-6-02"))
class DoesNotCompareCertificateAndFrom(BelievingProvider):
    """Lets every provider with a certificate speak in the name of every other."""


@defect("takes-a-subdomain-for-the-domain", breaks=("PROTO-4.1-13", "PROTO-4.1-15"))
class TakesASubdomainForTheDomain(Provider):
    """Takes the certificate of a subdomain, or a wildcard for all of them, for one of the domain itself."""

    def is_certified(self, certificate: x509.Certificate, source: str) -> bool:
        return any(f".{name}".endswith(f".{source}") for name in provider_domains(certificate))


@defect("compares-the-ends-of-domains", breaks=("PROTO-4.1-13",))
class ComparesTheEndsOfDomains(Provider):
    """Takes a certificate for the provider's when a name in it only ends, or only begins, with the domain."""

    def is_certified(self, certificate: x509.Certificate, source: str) -> bool:
        return any(name.endswith(source) or name.startswith(source) for name in provider_domains(certificate))


@defect("counts-the-common-name", breaks=("PROTO-4.1-15",))
class CountsTheCommonName(Provider):
    """Finds the provider's domain in the common name of a certificate, too."""

    def is_certified(self, certificate: x509.Certificate, source: str) -> bool:
        common_names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return super().is_certified(certificate, source) or source in (name.value for name in common_names)


@defect("reads-one-name-of-a-certificate", breaks=("PROTO-4.1-15",))
class ReadsOneNameOfACertificate(Provider):
    """Looks for the provider's domain in the first DNS name of a certificate only."""

    def is_certified(self, certificate: x509.Certificate, source: str) -> bool:
        return provider_domains(certificate)[0] == source


@defect("pins-certificates", breaks=("ARCH-3-05",))
class PinsCertificates(Provider):
    """Knows a provider by the first key that it shows, and no other machine of it."""

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        self._pinned: dict[str, bytes] = {}

    def is_certified(self, certificate: x509.Certificate, source: str) -> bool:
        key = certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return super().is_certified(certificate, source) and self._pinned.setdefault(source, key) == key
