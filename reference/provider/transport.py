"""Who speaks, to whom, about what: Host, From, the certificate and the path (PROTO 4.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from http import HTTPStatus
from types import MappingProxyType
from urllib.parse import urlsplit

from cryptography import x509

from mimi_conformance.reference.identity.certificate import authenticates
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.from_header import parse_from_header
from mimi_conformance.reference.provider.directory import DirectoryEndpoint
from mimi_conformance.reference.provider.messages import Endpoint, PeerRequest, Refusal, WellKnown
from mimi_conformance.reference.provider.roles import serves
from mimi_conformance.reference.provider.url_template import match

_WELL_KNOWN = MappingProxyType({place.value: place for place in WellKnown})
_METHODS: Mapping[Endpoint | WellKnown, tuple[str, ...]] = MappingProxyType(
    {
        WellKnown.DIRECTORY: ("GET", "HEAD"),
        WellKnown.GATEWAY: ("GET", "HEAD", "POST"),
        Endpoint.PROXY_DOWNLOAD: ("GET",),
    }
)


@dataclass(frozen=True, slots=True)
class Route:
    """Where a path leads: to an endpoint with the value of its template's variable, or to a well-known place."""

    endpoint: Endpoint | WellKnown
    subject: str = ""

    @property
    def methods(self) -> tuple[str, ...]:
        """The HTTP methods that are served there."""
        return _METHODS.get(self.endpoint, ("POST",))


class TransportRules(DirectoryEndpoint):
    """The rules of PROTO 4.1 for incoming requests."""

    @cached_property
    def hosts(self) -> frozenset[str]:
        """The hosts that this provider answers for: its domain and those of its URLs (AMB-015)."""
        return frozenset({self.domain, urlsplit(self.settings.url).hostname or self.domain})

    @cached_property
    def templates(self) -> Mapping[Endpoint, str]:
        """The URL templates that paths are compared with: those of the directory."""
        return self.directory()

    def check_host(self, request: PeerRequest) -> None:
        """Refuse a request that is meant for another provider; the port does not matter (PROTO 4.1).

        Raises:
            Refusal: 400 without exactly one Host, 421 when it names somebody else.

        """
        values = request.header("host")
        if len(values) != 1:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The request has {len(values)} Host headers.")
        host = values[0].rpartition(":")[0] or values[0]
        if host.lower() not in self.hosts:
            raise Refusal(HTTPStatus.MISDIRECTED_REQUEST, f"{values[0]!r} is not served here, but {self.domain} is.")

    def route(self, request: PeerRequest) -> Route:
        """Where the request's path leads.

        Raises:
            Refusal: 404 when nowhere.

        """
        place = _WELL_KNOWN.get(request.raw_path)
        if place is not None and serves(self.settings.roles, place):
            return Route(place)
        for endpoint, template in self.templates.items():
            subject = match(template, request.raw_path, self.settings.url_style)
            if subject is not None:
                return Route(endpoint, subject)
        raise Refusal(HTTPStatus.NOT_FOUND, f"There is nothing at {request.raw_path}.")

    def check_method(self, request: PeerRequest, route: Route) -> None:
        """Refuse a method that a path does not have.

        Raises:
            Refusal: 405, with those it has.

        """
        if request.method not in route.methods:
            allowed = ", ".join(route.methods)
            reason = f"{request.method} is not possible here, only {allowed}."
            raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, reason, (("Allow", allowed),))

    def source_of(self, request: PeerRequest) -> str:
        """The domain of the provider that the request says it comes from (PROTO 4.1, AMB-019).

        Raises:
            Refusal: 400 without exactly one well-formed From.

        """
        try:
            return parse_from_header(*request.header("from"))
        except IdentifierError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{error}.") from error

    def check_certificate(self, request: PeerRequest, source: str) -> None:
        """Refuse a request whose certificate does not authenticate the provider in From (PROTO 4.1, AMB-020).

        Raises:
            Refusal: 403.

        """
        if request.certificate is None:
            raise Refusal(HTTPStatus.FORBIDDEN, "The request came without a client certificate.")
        try:
            certificate = _certificate(request.certificate)
        except ValueError as error:
            raise Refusal(HTTPStatus.FORBIDDEN, f"The client certificate can't be read: {error}.") from error
        if not self.is_certified(certificate, source):
            raise Refusal(HTTPStatus.FORBIDDEN, f"The client certificate does not authenticate {source}.")

    def is_certified(self, certificate: x509.Certificate, source: str) -> bool:
        """Whether a certificate speaks for the provider at a domain (RFC 9525)."""
        return authenticates(certificate, source)


@lru_cache(maxsize=1024)  # a connection shows the same one with each request
def _certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)
