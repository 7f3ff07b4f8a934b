"""What a single value of ``target.toml`` can be: functions that take a TOML value or raise ValueError with a sentence.

Which key holds which is description.py's business.
"""

import ipaddress
import re
import ssl
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar
from urllib.parse import urlsplit

from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.suites.target.reading import WrongValueError, one_of, suggestion, text
from mimi_conformance.suites.target.sections import FEATURES
from mimi_conformance.suites.target.users import ANYBODY

W = TypeVar("W", bound=StrEnum)

# A name that can be looked up. Unlike a provider domain it may have underscores, as names in container networks do.
_HOST_NAME: Final = re.compile(r"(?!.{254})[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?", re.IGNORECASE)


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
    if not url.isprintable() or " " in url:  # urlsplit would drop some of these, and keep others
        raise WrongValueError(f"{url!r} is not a URL: it has a space or a control character in it")
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise WrongValueError(f"{url!r} is not a URL: {error}") from error
    if not usable:
        raise WrongValueError(f"{url!r} is not usable; {advice}")
    if parts.query or parts.fragment or parts.username is not None:
        raise WrongValueError(f"{url!r} has more than scheme, host, port and path")
    _require_host(parts.hostname or "")


def _require_host(host: str) -> None:
    if not (_is_ip_address(host) or _HOST_NAME.fullmatch(host)):
        raise WrongValueError(f"{host!r} is neither an IP address nor a host name")


def _is_ip_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def provider_in(url: str) -> str | None:
    """The provider domain in the URL of a server; None when its host is an IP address.

    Raises:
        IdentifierError: the host is no provider domain.
    """
    host = urlsplit(url).hostname or ""
    return None if _is_ip_address(host) else provider_domain(host)


def bearer_token(value: object) -> str:
    """Take a secret that can stand in an HTTP header; no message shows it."""
    word = text(value)
    if not (word.isascii() and word.isprintable()):
        raise WrongValueError("it can't stand in an HTTP header; make it of printable ASCII characters")
    return word


def host_and_port(value: object) -> tuple[str, int]:
    """Take ``HOST:PORT``; an IPv6 address stands in brackets."""
    host, colon, port = text(value).rpartition(":")
    if not (colon and host and port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise WrongValueError(f'{value!r} is not an address; write it as "127.0.0.1:8443"')
    bare = host.removeprefix("[").removesuffix("]")
    if ":" in host and host != f"[{bare}]":
        raise WrongValueError(f'{value!r} is not an address; an IPv6 address stands in brackets, as in "[::1]:8443"')
    _require_host(bare)
    return bare, int(port)


def ip_address_and_port(value: object) -> tuple[str, int]:
    """Take ``IP:PORT``, where somebody can listen and others connect without looking up a name."""
    host, port = host_and_port(value)
    if not _is_ip_address(host):
        raise WrongValueError(f"{host!r} is not an IP address, such as 127.0.0.1 or [::1]")
    return host, port


def file_in(folder: Path) -> Callable[[object], Path]:
    """Take the name of a file that is there, relative to a folder."""

    def convert(value: object) -> Path:
        path = folder / text(value)
        if not path.is_file():
            raise WrongValueError(f"there is no file {str(path)!r}")
        return path

    return convert


def authorities_in(folder: Path) -> Callable[[object], Path]:
    """Take the name of a file of certificates (PEM), relative to a folder."""

    def convert(value: object) -> Path:
        path = file_in(folder)(value)
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
        except ssl.SSLError as error:
            raise WrongValueError(f"{str(path)!r} holds no certificate in PEM") from error
        except OSError as error:
            raise WrongValueError(f"{str(path)!r} can't be read: {error.strerror}") from error
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
