"""The URL of an asset (PROTO 5.10), read so strictly that no two programs can take it for different places."""

import re
from dataclasses import dataclass
from typing import Final, Self
from urllib.parse import urljoin

from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.errors import IdentifierError

# RFC 3986, with no user-info and no fragment; the host has to be a name, whose form is checked apart.
_URL: Final = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<host>[A-Za-z0-9.-]+)(?::(?P<port>[0-9]*))?"
    r"(?P<target>(?:/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*)?)"
)


class AssetUrlError(ValueError):
    """A text that is not the URL of an asset; the message quotes it and says why."""

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text!r} is not the URL of an asset: {reason}.")
        self.text = text
        self.reason = reason


@dataclass(frozen=True, slots=True)
class AssetUrl:
    """An https URL on the default port of a host with a name.

    Attributes:
        host: in lower case.
        target: path and query as they were written; what an HTTP request asks for.

    """

    host: str
    target: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The URL that ``text`` is.

        Raises:
            AssetUrlError: it is none. User-info, another port, an IP address in any notation, percent-encoding in the
                host, a dot at its end and a fragment are refused and never interpreted.

        """
        found = _URL.fullmatch(text)
        if found is None:
            raise AssetUrlError(text, "it does not have the form https://host/path")
        if found["scheme"].lower() != "https":
            raise AssetUrlError(text, "the scheme is not https")
        if found["port"] not in (None, "", "443"):
            raise AssetUrlError(text, f"the port is {found['port']}, not that of https")
        host = found["host"].lower()
        try:
            provider_domain(host)
        except IdentifierError as error:
            raise AssetUrlError(text, f"the host is no name: {error.reason}") from error
        target = found["target"]
        return cls(host, target if target.startswith("/") else f"/{target}")

    def joined(self, reference: str) -> Self:
        """The URL that a reference in an answer from here means, such as the Location of a redirection.

        Raises:
            AssetUrlError: as for `parse`.

        """
        try:
            text = urljoin(str(self), reference)
        except ValueError as error:
            raise AssetUrlError(reference, str(error)) from error
        return self.parse(text)

    def __str__(self) -> str:
        return f"https://{self.host}{self.target}"
