"""The sections of a target's description: who it is, our peers, its readings, its control interface.

Nothing is read from files here; that is description.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from mimi_conformance.mocks.peers.directory import ConsentVariable, TemplateReadings
from mimi_conformance.reference.provider.roles import EVERY_ROLE, Role
from mimi_conformance.reference.provider.url_template import UrlStyle


class Reach(StrEnum):
    """How the target finds our peers, whose names carry no port."""

    NONE = "none"
    HOST_MAP = "host-map"
    HOSTS_FILE = "hosts-file"
    OWN_DOMAINS = "own-domains"


class CredentialIdentity(StrEnum):
    """What an MLS credential carries for the target (AMB-024)."""

    BASIC_CLIENT_URI = "basic-client-uri"
    BASIC_USER_URI = "basic-user-uri"
    X509 = "x509"


class Answer(StrEnum):
    """A yes-or-no question that may be left open."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class UriVector(StrEnum):
    """The bytes of ``Uri parent_room<V>`` and its like (AMB-148)."""

    VECTOR = "vector"
    SINGLE = "single"


class WireFormatsVector(StrEnum):
    """The bytes of ``WireFormats wire_formats<V>`` (AMB-155)."""

    NESTED = "nested"
    FLAT = "flat"


class ExternalReceivers(StrEnum):
    """Where a group lists the external receivers of SemiPrivateMessages (AMB-204)."""

    COMPONENT = "component"
    GROUP_CONTEXT_EXTENSION = "group-context-extension"


FEATURES: Mapping[str, str] = MappingProxyType(
    {
        "consent": "requestConsent and updateConsent (PROTO 5.7)",
        "key-material": "keyMaterial (PROTO 5.2)",
        "identifier-query": "identifierQuery (PROTO 5.8)",
        "proxy-download": "proxyDownload (PROTO 5.10.2)",
        "oblivious-gateway": "the gateway for Oblivious HTTP, at the well-known location of RFC 9540 (PROTO 5.10.3)",
        "oblivious-relay": "the relay for Oblivious HTTP that its own clients use (PROTO 5.10.3)",
        "search-handle": "identifier queries by handle",
        "search-nick": "identifier queries by nick",
        "search-email": "identifier queries by email",
        "search-phone": "identifier queries by phone",
        "search-partial-name": "identifier queries by partialName",
        "search-whole-profile": "identifier queries by wholeProfile",
        "search-oidc-claim": "identifier queries by oidcStdClaim",
        "search-vcard-field": "identifier queries by vcardField",
    }
)
"""Every feature a target can declare, with what it means. A requirement of one not declared is ``not-declared``."""


@dataclass(frozen=True)
class ProviderDescription:
    """Who the target is, and where.

    Attributes:
        domains: its provider domains, the main one first.
        url: ``https://HOST[:PORT]`` where it is reached, whatever its domain resolves to.
        trust: PEM file of the authorities that its server certificate leads to.
        roles: the roles it plays.
        features: names from :data:`FEATURES`.
    """

    domains: tuple[str, ...]
    url: str
    trust: Path
    roles: frozenset[Role] = EVERY_ROLE
    features: frozenset[str] = frozenset(FEATURES)

    @property
    def domain(self) -> str:
        """The main provider domain."""
        return self.domains[0]

    @property
    def address(self) -> tuple[str, int]:
        """Host name or IP address, and port, of ``url``."""
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 443


@dataclass(frozen=True)
class PeersDescription:
    """Our own providers.

    Attributes:
        folder: where ``mimi-conformance init`` put their authority and certificates.
        domains: each one's domain, with the IP address and port it listens on (port 0: any that is free).
        reach: how the target finds them.
    """

    folder: Path
    domains: Mapping[str, tuple[str, int]]
    reach: Reach = Reach.NONE


@dataclass(frozen=True)
class Settings:
    """Readings that the target has taken where the drafts leave a choice, and how long to wait for it.

    Attributes:
        url_template_style: AMB-014.
        consent_template_variable: AMB-013.
        credential_identity: AMB-024.
        reveals_unknown_users: whether it answers 404 for a user it does not know (AMB-107).
        largest_body_bytes: it claims to accept request bodies up to this size.
        request_seconds: how long it may take to answer.
        delivery_seconds: how long it may take to deliver to a local client, or to send to a peer of ours.
        uri_vector: AMB-148.
        wire_formats_vector: AMB-155.
        external_receivers: AMB-204.
    """

    url_template_style: UrlStyle = UrlStyle.ENCODED
    consent_template_variable: ConsentVariable = ConsentVariable.BY_NAME
    credential_identity: CredentialIdentity = CredentialIdentity.BASIC_CLIENT_URI
    reveals_unknown_users: Answer = Answer.UNKNOWN
    largest_body_bytes: int = 1024 * 1024
    request_seconds: float = 10.0
    delivery_seconds: float = 10.0
    uri_vector: UriVector = UriVector.VECTOR
    wire_formats_vector: WireFormatsVector = WireFormatsVector.NESTED
    external_receivers: ExternalReceivers = ExternalReceivers.COMPONENT

    @property
    def template_readings(self) -> TemplateReadings:
        """How our peers have to fill the URL templates of the target's directory."""
        return TemplateReadings(self.url_template_style, self.consent_template_variable)


@dataclass(frozen=True)
class ControlDescription:
    """Where the target's control interface answers (docs/control-interface.md).

    Attributes:
        url: the URL that an operation's name is appended to.
        token: the bearer token it asks for, or empty.
    """

    url: str
    token: str = field(default="", repr=False)
