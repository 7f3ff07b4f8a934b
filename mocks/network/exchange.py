"""One HTTP exchange between a peer of ours and the server under test, as evidence.

No judgement of it; that is for the suites.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

Headers = tuple[tuple[str, str], ...]
"""Header fields in the order they were sent. Values are the octets read as Latin-1."""


class Direction(StrEnum):
    """Who asked whom."""

    TO_TARGET = "to-target"
    TO_PEER = "to-peer"


class Failure(StrEnum):
    """Why an exchange has no usable response. The list is closed."""

    NAME_RESOLUTION = "name resolution failed"
    CONNECTION_REFUSED = "connection refused"
    CERTIFICATE_REFUSED = "certificate refused by us"
    """The other side's certificate leads to no authority that we trust, is not valid now, or names somebody else."""
    TLS_REFUSED = "tls refused"
    """The other side ended the TLS handshake. Under TLS 1.3 a refused client certificate shows at the first read."""
    TIMEOUT = "timeout"
    CLOSED_EARLY = "closed early"
    """The connection ended before a complete HTTP message."""
    PROTOCOL_ERROR = "protocol error"
    """What came is not HTTP, or not TLS."""
    HARNESS_ERROR = "harness error"
    """A script of ours failed; the other side did nothing wrong."""


REFUSED_IN_TRANSPORT = frozenset({Failure.TLS_REFUSED, Failure.CLOSED_EARLY})
"""How a server refuses a client certificate without HTTP. A reset that overtakes its alert leaves `CLOSED_EARLY`."""


@dataclass(frozen=True)
class Exchange:
    """A request and what became of it.

    ``ended`` is None while it is under way. ``url`` is what the request meant; the octets of the request line's target
    are in ``request_target``. Times are seconds since the UNIX epoch.
    """

    id: str
    direction: Direction
    peer: str
    """The domain of our peer, whichever side it was on."""
    method: str
    url: str
    request_target: str
    request_headers: Headers
    request_body: bytes
    started: float
    endpoint: str | None = None
    """The directory member that was called, ``directory`` for the document itself, None when it is neither."""
    subject: str | None = None
    """The URI or domain that the endpoint's URL template was filled with, where it is known."""
    certificate_names: tuple[str, ...] | None = None
    """DNS names in the certificate that the client side showed; None when it showed none."""
    fault: str | None = None
    """Name of what the harness did wrong on purpose."""
    status: int | None = None
    response_headers: Headers = ()
    response_body: bytes = b""
    failure: Failure | None = None
    error: str | None = None
    """The failure in words: the kind, then what the network said."""
    ended: float | None = None

    @property
    def finished(self) -> bool:
        """Whether a response or a failure is there."""
        return self.ended is not None

    @property
    def host(self) -> str:
        """The host that the request's URL names, without port."""
        return urlsplit(self.url).hostname or ""

    @property
    def refused_in_transport(self) -> bool:
        """Whether the server turned us away before any HTTP response (AMB-020)."""
        return self.failure in REFUSED_IN_TRANSPORT

    def request_header(self, name: str) -> tuple[str, ...]:
        """Every value of a request header field, in order; names are compared without case (RFC 9110, 5.1)."""
        return _values(self.request_headers, name)

    def response_header(self, name: str) -> tuple[str, ...]:
        """Every value of a response header field, in order; names are compared without case (RFC 9110, 5.1)."""
        return _values(self.response_headers, name)


def _values(headers: Headers, name: str) -> tuple[str, ...]:
    return tuple(value for field, value in headers if field.lower() == name.lower())
