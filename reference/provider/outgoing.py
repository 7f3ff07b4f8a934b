"""Requests to other providers: their directory, their URLs, mutual TLS (PROTO 4.1, 5.1)."""

import asyncio
import json
import ssl
import time
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from mimi_conformance.reference.identity.from_header import format_from_header
from mimi_conformance.reference.oblivious_http.encapsulation import REQUEST_MEDIA_TYPE
from mimi_conformance.reference.provider.messages import (
    DIRECTORY_PATH,
    GATEWAY_PATH,
    OCTET_STREAM,
    Answer,
    Endpoint,
    Outgoing,
    Unanswered,
)
from mimi_conformance.reference.provider.peer_connections import ExchangeError, PeerConnections, Place
from mimi_conformance.reference.provider.server import add_authorities, load_authorities, load_identity
from mimi_conformance.reference.provider.url_template import UrlStyle, UrlTemplateError, expand, variable

Address = tuple[str, int]
"""IP address or host name, and port."""

DIRECTORY_SECONDS = 300.0
"""How long a directory that was fetched is taken as still true."""


class PeerError(Exception):
    """Another provider could not be reached or understood; the message is a sentence that names it."""


class PeerClient:
    """Sends requests in the name of one provider, as many side by side as it is asked to, on one event loop.

    A server's certificate must lead to a trusted authority and carry the host of the URL; the directory is fetched from
    the provider's own domain, so that its URLs speak for the provider (AMB-015).

    Args:
        domain: the provider that sends.
        certificate_chain: its certificate and intermediates, PEM.
        private_key: the certificate's key, PEM.
        authorities: whom to trust for the certificates of others, PEM.
        url_style: how URIs are written into URLs (AMB-014).
        seconds: how long to wait for a connection, and for each part of an answer.
        total_seconds: how long to wait for a whole answer, so that nobody holds us by the sleeve byte by byte.

    Attributes:
        tls: whom it trusts, and what it shows.

    Raises:
        TLSConfigurationError: one of the files can't be used.

    """

    def __init__(
        self,
        domain: str,
        *,
        certificate_chain: Path,
        private_key: Path,
        authorities: Path,
        url_style: UrlStyle = UrlStyle.ENCODED,
        seconds: float = 10.0,
        total_seconds: float = 60.0,
    ) -> None:
        self._from = format_from_header(domain)
        self._url_style = url_style
        self.tls = self.tls_context(authorities)
        self.authenticate(self.tls, certificate_chain, private_key)
        self._total_seconds = total_seconds
        self._connections = PeerConnections(self.tls, seconds)
        self._addresses: dict[str, Address] = {}
        self._fetching: dict[str, asyncio.Lock] = {}
        self._directories: dict[str, tuple[float, Mapping[str, object]]] = {}

    def tls_context(self, authorities: Path) -> ssl.SSLContext:
        """A TLS 1.2+ context that verifies the chain and the name of a server.

        Raises:
            TLSConfigurationError: the file is missing or holds no PEM certificate.

        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        load_authorities(context, authorities)
        return context

    def authenticate(self, context: ssl.SSLContext, certificate_chain: Path, private_key: Path) -> None:
        """Have a context show this provider's certificate.

        Raises:
            TLSConfigurationError: a file is missing, is not PEM, or the key is not the certificate's.

        """
        load_identity(context, certificate_chain, private_key)

    def headers(self, method: str, host: str) -> dict[str, str]:
        """The header fields of a request to a host, which may have a port (PROTO 4.1)."""
        named = {"Host": host, "From": self._from}
        return named | {"Content-Type": OCTET_STREAM} if method == "POST" else named

    def add_peers(self, addresses: Mapping[str, Address], authorities: str = "") -> None:
        """Connect to these addresses for the hosts of URLs, and trust these authorities (PEM), too; from any thread.

        Raises:
            TLSConfigurationError: ``authorities`` holds no certificate.

        """
        if authorities:
            add_authorities(self.tls, authorities)
        self._addresses |= addresses
        self._directories.clear()

    def address_of(self, host: str) -> Address | None:
        """Where to connect to for a host of a URL, when that is not for the name service to say."""
        return self._addresses.get(host)

    def forget_directories(self) -> None:
        """Fetch every directory anew when it is needed again; from any thread."""
        self._directories.clear()

    async def ask(self, outgoing: Outgoing) -> Answer | Unanswered:
        """Send a request and return what became of it."""
        try:
            return await self.send(outgoing)
        except PeerError as error:
            return Unanswered(str(error))

    async def send(self, outgoing: Outgoing) -> Answer:
        """Send a request and return the response, whatever its status.

        Raises:
            PeerError: the provider can't be reached, or its directory has no such endpoint.

        """
        method = "GET" if outgoing.endpoint is Endpoint.PROXY_DOWNLOAD else "POST"
        return await self._exchange(method, await self.url(outgoing), outgoing.body)

    async def gateway_keys(self, hub: str) -> Answer:
        """The key configurations of a hub's oblivious gateway, at the well-known location of RFC 9540 (AMB-130).

        Raises:
            PeerError: the hub can't be reached.

        """
        return await self._exchange("GET", f"https://{hub}{GATEWAY_PATH}")

    async def relay(self, hub: str, encapsulated: bytes) -> Answer:
        """Forward an encapsulated request to a hub's oblivious gateway, and nothing else (RFC 9458, section 5).

        Raises:
            PeerError: the hub can't be reached.

        """
        return await self._exchange("POST", f"https://{hub}{GATEWAY_PATH}", encapsulated, REQUEST_MEDIA_TYPE)

    async def url(self, outgoing: Outgoing) -> str:
        """The URL of a request: the template of the provider's directory, filled by its variable's name (AMB-013).

        Raises:
            PeerError: the directory can't be fetched, or has no usable template for the endpoint.

        """
        template = await self.template(outgoing)
        try:
            wants_domain = variable(template).lower().endswith("domain")
            return expand(template, outgoing.provider if wants_domain else outgoing.subject, self._url_style)
        except UrlTemplateError as error:
            raise PeerError(f"The directory of {outgoing.provider} can't be used: {error}") from error

    async def template(self, outgoing: Outgoing) -> str:
        """The provider's URL template for the endpoint that a request goes to.

        Raises:
            PeerError: the directory can't be fetched, or has no https URL for the endpoint.

        """
        template = (await self.directory(outgoing.provider)).get(outgoing.endpoint)
        if not isinstance(template, str):
            raise PeerError(f"The directory of {outgoing.provider} has no {outgoing.endpoint}.")
        if urlsplit(template).scheme != "https":
            raise PeerError(f"The directory of {outgoing.provider} has a URL that is not https: {template!r}.")
        return template

    async def directory(self, provider: str) -> Mapping[str, object]:
        """The directory document of a provider, fetched when there is no recent one; unknown members are kept.

        Raises:
            PeerError: it can't be fetched, or is no JSON object.

        """
        async with self._fetching.setdefault(provider, asyncio.Lock()):
            expires, document = self._directories.get(provider, (0.0, {}))
            if time.monotonic() >= expires:
                document = await self._fetch_directory(provider)
                self._directories[provider] = (time.monotonic() + DIRECTORY_SECONDS, document)
        return document

    async def close(self) -> None:
        """Close every connection."""
        self._connections.close()

    async def _fetch_directory(self, provider: str) -> Mapping[str, object]:
        answer = await self._exchange("GET", f"https://{provider}{DIRECTORY_PATH}")
        if answer.status != HTTPStatus.OK:
            raise PeerError(f"{provider} answers {answer.status} when asked for its directory.")
        try:
            document = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            raise PeerError(f"The directory of {provider} is not JSON: {error}.") from error
        if not isinstance(document, dict):
            raise PeerError(f"The directory of {provider} is not a JSON object.")
        return document

    async def _exchange(self, method: str, url: str, body: bytes = b"", media_type: str = "") -> Answer:
        parts = urlsplit(url)
        headers = self.headers(method, parts.netloc) | ({"Content-Type": media_type} if media_type else {})
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        try:
            place = self._place(parts)
            async with asyncio.timeout(self._total_seconds):
                return await self._connections.exchange(place, method, target, headers, body)
        except TimeoutError as error:
            raise PeerError(f"{method} {url} was not answered in {self._total_seconds:g} seconds.") from error
        except (ExchangeError, ValueError) as error:
            raise PeerError(f"{method} {url} failed: {error}.") from error

    def _place(self, url: SplitResult) -> Place:
        """Where to connect to for a URL; Host, TLS and the request's target stay those of the URL."""
        host, port = url.hostname, url.port or 443
        if not host:
            raise ValueError("it names no host")
        address, port = self.address_of(host) or (host, port)
        return Place(address, port, host if url.scheme == "https" else None)
