"""Where the hosts of MIMI URLs live (MIMI names carry no port, so a laboratory needs a host map)."""

from collections.abc import Mapping
from urllib.parse import urlsplit

Address = tuple[str, int]
"""IP address or host name, and port."""

HTTPS_PORT = 443


def address_of(url: str, addresses: Mapping[str, Address]) -> Address:
    """Where to connect for ``url``: what the host map says, else the URL's own host and port (443 when it has none).

    Raises:
        ValueError: the URL's port is not a number.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    return addresses.get(host) or (host, parts.port or HTTPS_PORT)


def show_address(address: Address) -> str:
    """``host:port``, with the brackets that an IPv6 address needs in a URL."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
