"""Directory documents: the one a peer of ours serves, and the one it reads from the server under test (PROTO 5.1)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from urllib.parse import urlsplit

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.url_template import UrlStyle, UrlTemplateError, expand, variable

DIRECTORY = "directory"
"""What an exchange that fetches the document itself has for its endpoint."""

OBLIVIOUS_GATEWAY = "obliviousGateway"
"""What an exchange with the oblivious gateway has for its endpoint: no directory lists it (PROTO 5.10.3)."""

WELL_KNOWN_PATH = "/.well-known/mimi-protocol-directory"

_VARIABLES = MappingProxyType(
    {
        "keyMaterial": "targetUser",
        "update": "roomId",
        "notify": "roomId",
        "submitMessage": "roomId",
        "groupInfo": "roomId",
        "requestConsent": "targetUser",
        "updateConsent": "requesterUser",
        "identifierQuery": "domain",
        "reportAbuse": "roomId",
        "proxyDownload": "downloadUrl",
    }
)
"""Each endpoint with the variable in its URL template, as PROTO 5.1 names them."""

ENDPOINTS = tuple(_VARIABLES)
_CONSENT_ENDPOINTS = ("requestConsent", "updateConsent")


class ConsentVariable(StrEnum):
    """What fills the variable of the two consent templates (AMB-013)."""

    BY_NAME = "by-name"
    """A domain where the variable's name says domain, else the user's URI."""
    USER = "user"
    DOMAIN = "domain"


@dataclass(frozen=True)
class TemplateReadings:
    """How the server under test reads URL templates, where the draft leaves a choice."""

    style: UrlStyle = UrlStyle.ENCODED
    consent_variable: ConsentVariable = ConsentVariable.BY_NAME


class EndpointError(Exception):
    """A server's directory does not lead to an endpoint; the message says why.

    ``exchange`` is the one that should have brought the directory.
    """

    def __init__(self, reason: str, exchange: Exchange) -> None:
        super().__init__(reason)
        self.exchange = exchange


@dataclass(frozen=True)
class Directory:
    """The directory of the provider at ``domain``: the members of the JSON object that are strings."""

    domain: str
    members: Mapping[str, str]
    exchange: Exchange

    @classmethod
    def read(cls, domain: str, exchange: Exchange) -> "Directory":
        """Take the directory out of the exchange that fetched it.

        Raises:
            EndpointError: there was no response, its status is not 200, or its body is not a JSON object.
        """
        if exchange.status != 200 or exchange.error is not None:
            answer = exchange.error or f"status {exchange.status}"
            raise EndpointError(f"The directory of {domain} could not be fetched: {answer}.", exchange)
        try:
            document = json.loads(exchange.response_body)
        except (ValueError, RecursionError) as error:  # the latter for what is nested too deeply
            raise EndpointError(f"The directory of {domain} is not JSON: {error}.", exchange) from error
        if not isinstance(document, dict):
            raise EndpointError(f"The directory of {domain} is not a JSON object.", exchange)
        members = {name: value for name, value in document.items() if isinstance(value, str)}
        return cls(domain, MappingProxyType(members), exchange)

    def url(self, endpoint: str, subject: str, readings: TemplateReadings) -> str:
        """The URL of an endpoint for ``subject``: the URI of a user or room, or a domain.

        Where the template wants a domain and the subject is a URI, the URI's provider is put in.

        Raises:
            EndpointError: the directory has no such endpoint, or its template is no https URL with one variable.
        """
        template = self.members.get(endpoint)
        if template is None:
            raise EndpointError(f"The directory of {self.domain} lists no {endpoint}.", self.exchange)
        try:
            value = _provider_of(subject) if _wants_domain(endpoint, template, readings) else subject
            url = expand(template, value, readings.style)
            parts = urlsplit(url)
            usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
        except (UrlTemplateError, ValueError) as error:
            reason = f"The {endpoint} member in the directory of {self.domain} can't be used: {error}"
            raise EndpointError(reason, self.exchange) from error
        if not usable:
            reason = f"The {endpoint} member in the directory of {self.domain} is no https URL: {template!r}."
            raise EndpointError(reason, self.exchange)
        return url


def templates_of(domain: str) -> dict[str, str]:
    """The URL templates that a peer of ours advertises, one for each endpoint."""
    return {endpoint: f"https://{domain}/v1/{endpoint}/{{{name}}}" for endpoint, name in _VARIABLES.items()}


def _wants_domain(endpoint: str, template: str, readings: TemplateReadings) -> bool:
    if endpoint == "identifierQuery":
        return True
    if endpoint not in _CONSENT_ENDPOINTS:
        return False
    if readings.consent_variable is ConsentVariable.BY_NAME:
        return variable(template).lower().endswith("domain")
    return readings.consent_variable is ConsentVariable.DOMAIN


def _provider_of(subject: str) -> str:
    """The provider of a URI. What is no MIMI URI stands for itself: a domain, or a subject that is wrong on purpose."""
    try:
        return MimiUri.parse(subject).provider
    except IdentifierError:
        return subject
