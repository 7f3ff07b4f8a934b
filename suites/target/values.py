"""What a single value of ``target.toml`` can be: functions that take a TOML value or raise ValueError with a sentence.

Which key holds which is description.py's business.
"""

import ipaddress
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.suites.target.reading import WrongValueError, one_of, suggestion, text
from mimi_conformance.suites.target.sections import FEATURES
from mimi_conformance.suites.target.users import ANYBODY

W = TypeVar("W", bound=StrEnum)


def word_of(words: type[W]) -> Callable[[object], W]:
    """Take a word of an enumeration."""
    return one_of({str(word): word for word in words})


def feature(value: object) -> str:
    """Take the name of a feature."""
    word = text(value)
    if word not in FEATURES:
        raise WrongValueError(f"unknown feature {word!r}; {suggestion(word, FEATURES)}")
    return word


def domain_name(value: object) -> str:
    """Take a provider domain."""
    return provider_domain(text(value))


def mimi_uri(type_: IdentifierType) -> Callable[[object], MimiUri]:
    """Take a MIMI URI of one type."""

    def convert(value: object) -> MimiUri:
        uri = MimiUri.parse(text(value))
        if uri.type is not type_:
            raise WrongValueError(
                f"{str(uri)!r} is the URI of a {uri.type.name.lower()}, not of a {type_.name.lower()}"
            )
        return uri

    return convert


def consent_requester(value: object) -> str:
    """Take a user URI, a provider domain, or ``*``."""
    word = text(value)
    if word == ANYBODY:
        return word
    return str(mimi_uri(IdentifierType.USER)(word)) if ":" in word else provider_domain(word)


def https_url(value: object) -> str:
    """Take ``https://HOST[:PORT]``."""
    url = text(value)
    _require_bare_url(url, {"https"}, "MIMI servers speak HTTPS only; write https://HOST:PORT")
    if urlsplit(url).path not in ("", "/"):
        raise WrongValueError(f"{url!r} has a path; name the server only, its directory has a well-known place")
    return url.rstrip("/")


def control_url(value: object) -> str:
    """Take the URL of a control interface, which may have a path."""
    url = text(value)
    _require_bare_url(url, {"http", "https"}, "write http://HOST:PORT or https://HOST:PORT")
    return url.rstrip("/")


def _require_bare_url(url: str, schemes: set[str], advice: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise WrongValueError(f"{url!r} is not a URL: {error}") from error
    if not usable:
        raise WrongValueError(f"{url!r} is not usable; {advice}")
    if parts.query or parts.fragment or parts.username is not None:
        raise WrongValueError(f"{url!r} has more than scheme, host, port and path")


def provider_in_url(value: object) -> str:
    """The provider domain in a URL, when its host is a name."""
    host = urlsplit(https_url(value)).hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return provider_domain(host)
    raise WrongValueError(f"the provider's domain can't be told from the address {host}; describe it in a target.toml")


def host_and_port(value: object) -> tuple[str, int]:
    """Take ``HOST:PORT``; an IPv6 address stands in brackets."""
    host, colon, port = text(value).rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise WrongValueError(f'{value!r} is not an address; write it as "127.0.0.1:8443"')
    return host.removeprefix("[").removesuffix("]"), int(port)


def file_in(folder: Path) -> Callable[[object], Path]:
    """Take the name of a file that is there, relative to a folder."""

    def convert(value: object) -> Path:
        path = folder / text(value)
        if not path.is_file():
            raise WrongValueError(f"there is no file {str(path)!r}")
        return path

    return convert


def folder_in(folder: Path) -> Callable[[object], Path]:
    """Take the name of a folder that is there, relative to another."""

    def convert(value: object) -> Path:
        path = folder / text(value)
        if not path.is_dir():
            raise WrongValueError(f"there is no folder {str(path)!r}; `mimi-conformance init` makes it")
        return path

    return convert


def identity_domains(value: object) -> tuple[str, ...]:
    """The domains that the certificate of an identity folder authenticates."""
    identity = Identity.load(folder_in(Path())(value))
    if not identity.domains:
        raise WrongValueError(
            f"the certificate {str(identity.certificate_chain)!r} names no domain in its subjectAltName"
        )
    return identity.domains
