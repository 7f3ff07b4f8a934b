"""What goes in and out of the protocol logic: requests, answers, refusals, requests of our own. No sockets."""

from dataclasses import dataclass, field
from enum import StrEnum
from http import HTTPStatus

from mimi_conformance.reference.drafts.code_points import code_points
from mimi_conformance.reference.identity.uri import MimiUri

DIRECTORY_PATH = f"/.well-known/{code_points().well_known_name}"
GATEWAY_PATH = "/.well-known/ohttp-gateway"
"""Of an oblivious gateway (RFC 9540, section 4)."""
OCTET_STREAM = "application/octet-stream"
PLAIN_TEXT = "text/plain; charset=utf-8"


class Endpoint(StrEnum):
    """The members of the directory (PROTO 5.1)."""

    KEY_MATERIAL = "keyMaterial"
    UPDATE = "update"
    NOTIFY = "notify"
    SUBMIT_MESSAGE = "submitMessage"
    GROUP_INFO = "groupInfo"
    REQUEST_CONSENT = "requestConsent"
    UPDATE_CONSENT = "updateConsent"
    IDENTIFIER_QUERY = "identifierQuery"
    REPORT_ABUSE = "reportAbuse"
    PROXY_DOWNLOAD = "proxyDownload"


class WellKnown(StrEnum):
    """What is served at a path that nobody has to be told."""

    DIRECTORY = DIRECTORY_PATH
    GATEWAY = GATEWAY_PATH


@dataclass(frozen=True, slots=True)
class PeerRequest:
    """An HTTP request from another provider, complete.

    Attributes:
        method: as in the request line.
        raw_path: the path as it was sent, not percent-decoded, without the query.
        headers: names in lower case, in order.
        certificate: the DER bytes of the client certificate that TLS verified; None when there was none.
        body: at most as many bytes as the provider accepts.

    """

    method: str
    raw_path: str
    headers: tuple[tuple[str, str], ...]
    certificate: bytes | None
    body: bytes = b""

    def header(self, name: str) -> tuple[str, ...]:
        """Every value of a header, given its name in lower case."""
        return tuple(value for key, value in self.headers if key == name)


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks of an endpoint, once it is clear who sent it.

    Attributes:
        endpoint: which one.
        source: domain of the provider that asks.
        subject: what stands in the URL for the template's variable: a MIMI URI or a domain.
        body: the request structure's bytes.
        client: the local client that asks; None when another provider does.

    """

    endpoint: Endpoint
    source: str
    subject: str
    body: bytes
    client: MimiUri | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP response.

    Attributes:
        status: the HTTP status.
        body: empty where the draft gives the response none.
        content_type: of the body, when there is one.
        headers: further headers; of another provider's answer all of them, with names in lower case.
        reason: a sentence for the log of this server when something was refused.

    """

    status: int
    body: bytes = b""
    content_type: str = OCTET_STREAM
    headers: tuple[tuple[str, str], ...] = ()
    reason: str = ""

    def header(self, name: str) -> tuple[str, ...]:
        """Every value of a header of another provider's answer, given its name in lower case."""
        return tuple(value for key, value in self.headers if key == name)


def may_change(status: int) -> bool:
    """Whether a request with this answer may be answered otherwise later, and is worth sending again (AMB-089)."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A request of ours that got no answer, and a sentence that says why."""

    reason: str


class Refusal(Exception):  # noqa: N818  # it is an answer, not an error of this program
    """A request is not served: the HTTP status, and a sentence that says why."""

    def __init__(self, status: HTTPStatus, reason: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.headers = headers


class LocalRequestError(ValueError):
    """A local client asked for something that its provider must not send; the message says which rule forbids it."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request that this provider sends.

    Attributes:
        provider: the domain of the provider it goes to.
        endpoint: which of its endpoints.
        subject: what the URL template is filled with, unless its variable asks for a domain (AMB-013).
        body: the request structure's bytes.

    """

    provider: str
    endpoint: Endpoint
    subject: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Relay:
    """An answer that depends on another provider's, to a request that waits for it.

    Attributes:
        call: what was asked here.
        outgoing: what to ask the other provider.

    """

    call: Call
    outgoing: Outgoing
