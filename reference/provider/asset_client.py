"""Requests to asset hosts (PROTO 5.10): to the host of a URL and nowhere else, whatever the name service says."""

import asyncio
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus

import httpcore

from mimi_conformance.reference.provider.asset_url import AssetUrl
from mimi_conformance.reference.provider.download_settings import DownloadSettings
from mimi_conformance.reference.provider.messages import Refusal
from mimi_conformance.reference.provider.outgoing import PeerClient
from mimi_conformance.reference.provider.proxy_download import Fields

HTTPS_PORT = 443

Resolver = Callable[[str], Awaitable[Sequence[str]]]
"""Gives the IP addresses of a host by its name; OSError when there are none."""


async def resolved(host: str) -> Sequence[str]:
    """The addresses that the system's resolver knows."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, HTTPS_PORT, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public Internet, and does not lead to one that is not.

    Not public are private, loopback, link-local, multicast and reserved addresses, and those of IPv6 with an IPv4
    address in them.
    """
    ip = ipaddress.ip_address(address)
    if not ip.is_global or ip.is_multicast or ip.is_reserved:
        return False
    return ip.version == 4 or not (ip.is_site_local or ip.ipv4_mapped or ip.sixtofour or ip.teredo)


@dataclass(frozen=True, slots=True)
class AssetAnswer:
    """What an asset host answers; the content is read from the network while it is iterated over."""

    status: int
    headers: Fields
    content: AsyncIterator[bytes]

    @property
    def redirection(self) -> str | None:
        """Where the host says that the asset is instead, or None."""
        locations = [value for name, value in self.headers if name == "location"]
        return locations[0] if 300 <= self.status < 400 and len(locations) == 1 else None


class AssetClient:
    """Fetches assets in the name of one provider; each download has a connection of its own.

    A host that the operator or a laboratory has mapped is connected to where it is mapped to. Of any other, all
    addresses have to be public, and the connection goes to one of those that were looked at: a name that leads
    elsewhere the next time it is asked for changes nothing.

    Args:
        settings: the bounds.
        peers: whose TLS identity, trust and host map are used.
        resolve: gives the addresses of a name.

    """

    def __init__(self, settings: DownloadSettings, peers: PeerClient, resolve: Resolver = resolved) -> None:
        self._wait_seconds = settings.wait_seconds
        self._connections = httpcore.AsyncConnectionPool(
            ssl_context=peers.tls,
            max_connections=settings.most_at_once,
            max_keepalive_connections=0,
            network_backend=_CheckedConnections(peers, resolve),
        )

    def headers(self, url: AssetUrl) -> Fields:
        """The header fields of a request, which say nothing of whom it is made for."""
        return ("Host", url.host), ("Accept-Encoding", "identity")

    @asynccontextmanager
    async def get(self, url: AssetUrl) -> AsyncIterator[AssetAnswer]:
        """GET an asset.

        Raises:
            Refusal: 403, the host's address is not public; 502, it can't be reached, or does not speak HTTP over TLS
                in its name; 504, it is too slow. Also while the content is read.

        """
        wait = dict.fromkeys(("connect", "read", "write"), self._wait_seconds)
        try:
            async with self._connections.stream(
                "GET",
                httpcore.URL(scheme=b"https", host=url.host.encode(), port=HTTPS_PORT, target=url.target.encode()),
                headers=self.headers(url),
                extensions={"timeout": wait},
            ) as response:
                headers = tuple(
                    (name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in response.headers
                )
                yield AssetAnswer(response.status, headers, response.aiter_stream())
        except httpcore.TimeoutException as error:
            raise Refusal(HTTPStatus.GATEWAY_TIMEOUT, f"{url.host} is too slow.") from error
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise Refusal(HTTPStatus.BAD_GATEWAY, f"{url.host} can't be reached: {error}.") from error


class _CheckedConnections(httpcore.AsyncNetworkBackend):
    """Connects to hosts by name, after a look at their addresses."""

    def __init__(self, peers: PeerClient, resolve: Resolver) -> None:
        self._peers = peers
        self._resolve = resolve
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to the first address that answers.

        Raises:
            Refusal: 403, an address is not public.
            httpcore.NetworkError: there is no address, or none answers.

        """
        mapped = self._peers.address_of(host)
        addresses = [mapped] if mapped is not None else [(ip, port) for ip in await self._public_addresses(host)]
        for place, (address, its_port) in enumerate(addresses, 1):
            try:
                return await self._backend.connect_tcp(address, its_port, timeout, local_address, socket_options)
            except httpcore.NetworkError:
                if place == len(addresses):
                    raise
        raise httpcore.ConnectError("its name has no address")

    async def _public_addresses(self, host: str) -> Sequence[str]:
        addresses = await self._resolve(host)
        for address in addresses:
            if not is_public(address):
                raise Refusal(HTTPStatus.FORBIDDEN, f"{host} is at {address}, which is no public address.")
        return addresses
