"""The server under test, described by ``target.toml``, or by as little as a URL (docs/target.md explains every key).

Opens no connection; whether the description is true is the preflight's question.
"""

import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from mimi_conformance.mocks.network.addresses import Address, address_of
from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.suites.target.identities import kept_identities
from mimi_conformance.suites.target.reading import (
    Table,
    TargetError,
    WrongValueError,
    boolean,
    seconds,
    text,
    whole_number,
)
from mimi_conformance.suites.target.sections import (
    ControlDescription,
    PeersDescription,
    ProviderDescription,
    Reach,
    Settings,
)
from mimi_conformance.suites.target.users import (
    ANYBODY,
    Consent,
    Fixtures,
    ProfileEntry,
    ProfileType,
    RoomEntry,
    TargetRoom,
    TargetUser,
)
from mimi_conformance.suites.target.values import (
    authorities_in,
    bearer_token,
    consent_requester,
    control_url,
    domain_name,
    feature,
    folder_in,
    host_and_port,
    https_url,
    ip_address_and_port,
    mimi_uri,
    provider_in,
    word_of,
)

W = TypeVar("W", bound=StrEnum)

LARGEST_BODY = 1 << 30
LONGEST_WAIT_SECONDS = 600

NameOf = Callable[[Address, Path, Identity], str]
"""Gives the provider domain of the server at an address, seen with our authorities and an identity of ours; ValueError
with a sentence when that can't be found out."""


@dataclass(frozen=True)
class TargetDescription:
    """The server under test.

    Attributes:
        place: the file or URL that this was read from, for messages.
        provider: who and where it is.
        peers: our own providers.
        addresses: host name -> (host, port), for hosts in its URLs other than its domains.
        settings: its readings and limits.
        control: its control interface, or None.
        fixtures: what it has made ready.
        wire_only: whether nobody described it: it was named by a URL, and its directory alone says what it can do.
    """

    place: str
    provider: ProviderDescription
    peers: PeersDescription
    addresses: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    settings: Settings = field(default_factory=Settings)
    control: ControlDescription | None = None
    fixtures: Fixtures = field(default_factory=Fixtures)
    wire_only: bool = False

    @property
    def address_map(self) -> Mapping[str, tuple[str, int]]:
        """Host name -> (host, port) to connect to, for the domains of the target and the other hosts in its URLs."""
        return dict.fromkeys(self.provider.domains, self.provider.address) | dict(self.addresses)

    @classmethod
    def load(cls, path: Path) -> "TargetDescription":
        """Read a ``target.toml``; paths in it are relative to its folder.

        Raises:
            TargetError: with one sentence for each mistake in it.
        """
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except OSError as error:
            raise TargetError(str(path), [f"cannot be read: {error.strerror}"]) from error
        except UnicodeDecodeError as error:
            raise TargetError(str(path), [f"is not UTF-8: {error.reason} at byte {error.start}"]) from error
        except tomllib.TOMLDecodeError as error:
            raise TargetError(str(path), [f"is not TOML: {error}"]) from error
        mistakes: list[str] = []
        document = Table(values, "", mistakes)
        folder = path.parent
        provider = _provider(document.table("provider"), folder)
        provider_is_sound = not mistakes
        description = cls(
            place=str(path),
            provider=provider,
            peers=_peers(document.table("peers"), folder),
            addresses=_addresses(document.table("addresses")),
            settings=_settings(document.table("settings")),
            control=_control(document.table("control"), present="control" in document),
            fixtures=_fixtures(document.table("fixtures")),
        )
        known = document.close()
        if provider_is_sound:
            mistakes += _misplaced(description)
        # A misspelt [control] has been noted as such.
        if known and description.peers.reach is Reach.HOST_MAP and "control" not in document:
            mistakes.append("peers.reach: a host map is told over the control interface; there is no [control] table")
        if mistakes:
            raise TargetError(str(path), mistakes)
        return description

    @classmethod
    def for_url(cls, url: str, authorities: Path, identity: Path, name_of: NameOf | None = None) -> "TargetDescription":
        """Describe a target of which only the URL is known; the wire-only tests need no more.

        Args:
            url: ``https://HOST[:PORT]``, the host being the target's provider domain, or an IP address.
            authorities: PEM file of the authorities that its server certificate leads to.
            identity: folder with the ``chain.pem`` and ``key.pem`` of a provider of ours, or of several such folders.
            name_of: asked for the provider domain of the server at an IP address.

        Raises:
            TargetError: with one sentence for each mistake.
        """
        mistakes: list[str] = []
        given = Table({"url": url, "--ca": str(authorities), "--identity": str(identity)}, "", mistakes)
        usable_url = given.value("url", https_url, otherwise="")
        trust = given.value("--ca", authorities_in(Path()), otherwise=authorities)
        identities = given.value("--identity", _kept_identities, otherwise=dict[str, Identity]())

        def domain_of(_: object) -> str:
            if (domain := provider_in(usable_url)) is not None:
                return domain
            if name_of is None:
                raise WrongValueError("the provider's domain can't be told from an IP address")
            return name_of(address_of(usable_url, {}), trust, next(iter(identities.values())))

        domain = "" if mistakes else given.value("url", domain_of, otherwise="")
        if mistakes:
            raise TargetError(url, mistakes)
        return cls(
            place=url,
            provider=ProviderDescription((domain,), usable_url, trust),
            peers=PeersDescription(identity, dict.fromkeys(identities, ("127.0.0.1", 0))),
            wire_only=True,
        )


def _kept_identities(value: object) -> dict[str, Identity]:
    return kept_identities(folder_in(Path())(value))


def _provider(table: Table, folder: Path) -> ProviderDescription:
    provider = ProviderDescription(
        domains=table.items("domains", domain_name, required='list its domains, as in domains = ["hub.example"]'),
        url=table.value("url", https_url, otherwise="", required='say where it is, as in "https://127.0.0.1:8443"'),
        trust=table.value(
            "trust", authorities_in(folder), otherwise=folder, required="name the CA file of its certificate"
        ),
        roles=frozenset(table.items("roles", word_of(Role), required='as in roles = ["hub", "follower"]')),
        features=frozenset(table.items("features", feature)),
    )
    for domain in sorted({each for each in provider.domains if provider.domains.count(each) > 1}):
        table.mistake("domains", f"{domain!r} stands there more than once")
    table.close()
    return provider


def _peers(table: Table, folder: Path) -> PeersDescription:
    domains = table.table("domains", required='say where each of our peers listens, as in "a.test" = "127.0.0.1:0"')
    peers = PeersDescription(
        folder=table.value("folder", folder_in(folder), otherwise=folder, required="`mimi-conformance init` makes it"),
        domains=_host_addresses(domains, ip_address_and_port),
        reach=table.value("reach", word_of(Reach), otherwise=Reach.NONE),
    )
    table.close()
    return peers


def _addresses(table: Table) -> Mapping[str, tuple[str, int]]:
    return _host_addresses(table, host_and_port)


def _host_addresses(table: Table, convert: Callable[[object], Address]) -> dict[str, Address]:
    """Read a table whose keys are domain names and whose values are addresses."""
    addresses = {}
    for name in table.keys():  # noqa: SIM118 (a Table is no mapping; `keys` marks them as known)
        try:
            domain_name(name)
        except ValueError as error:
            table.mistake(name, str(error))
        addresses[name] = table.value(name, convert, otherwise=("", 0))
    return addresses


def _settings(table: Table) -> Settings:
    default = Settings()

    def reading(key: str, otherwise: W) -> W:
        return table.value(key, word_of(type(otherwise)), otherwise=otherwise)

    def wait(key: str, otherwise: float) -> float:
        return table.value(key, seconds(LONGEST_WAIT_SECONDS), otherwise=otherwise)

    settings = Settings(
        url_template_style=reading("url_template_style", default.url_template_style),
        consent_template_variable=reading("consent_template_variable", default.consent_template_variable),
        credential_identity=reading("credential_identity", default.credential_identity),
        reveals_unknown_users=reading("reveals_unknown_users", default.reveals_unknown_users),
        largest_body_bytes=table.value(
            "largest_body_bytes", whole_number(1, LARGEST_BODY), otherwise=default.largest_body_bytes
        ),
        request_seconds=table.value(
            "request_seconds", seconds(LONGEST_WAIT_SECONDS), otherwise=default.request_seconds
        ),
        delivery_seconds=table.value(
            "delivery_seconds", seconds(LONGEST_WAIT_SECONDS), otherwise=default.delivery_seconds
        ),
        uri_vector=reading("uri_vector", default.uri_vector),
        wire_formats_vector=reading("wire_formats_vector", default.wire_formats_vector),
        external_receivers=reading("external_receivers", default.external_receivers),
    )
    table.close()
    return settings


def _control(table: Table, *, present: bool) -> ControlDescription | None:
    if not present:
        return None
    control = ControlDescription(
        url=table.value("url", control_url, otherwise="", required='as in url = "http://127.0.0.1:9000"'),
        token=table.value("token", bearer_token, otherwise=""),
    )
    table.close()
    return control


def _fixtures(table: Table) -> Fixtures:
    fixtures = Fixtures(
        users={name: _user(name, element) for name, element in table.tables("users").items()},
        rooms={name: _room(name, element) for name, element in table.tables("rooms").items()},
    )
    table.close()
    return fixtures


def _user(name: str, table: Table) -> TargetUser:
    user = TargetUser(
        name=name,
        uri=table.value("uri", mimi_uri(IdentifierType.USER), otherwise=_NOBODY, required="give the user's URI"),
        clients=table.items("clients", mimi_uri(IdentifierType.CLIENT)),
        key_packages=table.value("key_packages", boolean, otherwise=False),
        consent=tuple(_consent(element) for element in table.array_of_tables("consent")),
        profile=tuple(_profile_entry(element) for element in table.array_of_tables("profile")),
    )
    if user.key_packages and "clients" not in table:
        table.mistake("key_packages", "KeyPackages belong to clients, and the user has none; list them in `clients`")
    table.close()
    return user


def _consent(table: Table) -> Consent:
    requester = table.value("requester", consent_requester, otherwise=ANYBODY, required='a user URI, a domain, or "*"')
    consent = Consent(requester, table.value("room", mimi_uri(IdentifierType.ROOM), otherwise=None))
    table.close()
    return consent


def _profile_entry(table: Table) -> ProfileEntry:
    type_ = table.value(
        "type", word_of(ProfileType), otherwise=ProfileType.HANDLE, required=f"one of {', '.join(ProfileType)}"
    )
    entry = ProfileEntry(
        type=type_,
        value=table.value("value", text, otherwise="", required="give its text"),
        name=table.value("name", text, otherwise="", required="name the claim or property" if type_.is_named else None),
        searchable=table.value("searchable", boolean, otherwise=True),
        shared=table.value("shared", boolean, otherwise=False),
    )
    if not type_.is_named:
        for key in ("name", "shared"):
            if key in table:
                table.mistake(key, f"only oidcStdClaim and vcardField have this; the type here is {type_}")
    table.close()
    return entry


def _room(name: str, table: Table) -> TargetRoom:
    room = TargetRoom(
        name=name,
        uri=table.value("uri", mimi_uri(IdentifierType.ROOM), otherwise=_NOBODY, required="give the room's URI"),
        entry=table.value(
            "entry", word_of(RoomEntry), otherwise=RoomEntry.OPEN, required=f"one of {', '.join(RoomEntry)}"
        ),
        joining_code=table.value("joining_code", text, otherwise=""),
    )
    if (room.entry is RoomEntry.JOIN_CODE) != bool(room.joining_code):
        table.mistake("joining_code", 'goes together with entry = "join-code", and neither works alone')
    table.close()
    return room


def _misplaced(description: TargetDescription) -> Iterator[str]:
    """Say which users and rooms are not the target's own, and which peers are the target."""
    domains = description.provider.domains
    for domain in description.peers.domains:
        if domain in domains:
            yield f"peers.domains.{domain}: this is the target; our peers need domains of their own"
    for kind, fixtures in (("users", description.fixtures.users), ("rooms", description.fixtures.rooms)):
        for name, fixture in fixtures.items():
            if fixture.uri is not _NOBODY and fixture.uri.provider not in domains:
                yield (
                    f"fixtures.{kind}.{name}.uri: {str(fixture.uri)!r} is not under a domain of the target "
                    f"({', '.join(domains)})"
                )


_NOBODY = MimiUri("mimi://nobody.invalid")
"""Stands in for a URI that could not be read, while reading goes on to the next mistake."""
