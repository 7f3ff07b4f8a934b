"""proxyDownload: what may be fetched through this hub, and what is passed on of the answer (PROTO 5.10.2).

Decides, and fetches nothing: an answer that needs an asset is a `Download`, which the edge carries out.
"""

from dataclasses import dataclass, replace
from http import HTTPStatus

from mimi_conformance.reference.oblivious_http.encapsulation import Context
from mimi_conformance.reference.provider.asset_url import AssetUrl, AssetUrlError
from mimi_conformance.reference.provider.base import ProviderBase
from mimi_conformance.reference.provider.messages import Call, Refusal
from mimi_conformance.reference.provider.storage import Transaction

Fields = tuple[tuple[str, str], ...]
"""Header fields, names in lower case."""

PASSED_ON = frozenset(
    {
        "content-type",
        "content-length",
        "content-encoding",
        "etag",
        "last-modified",
        "cache-control",
        "expires",
        "age",
    }
)
"""What of an asset host's header fields is passed on: what the bytes are, and how long they may be kept."""

_ERRORS = frozenset(status for status in HTTPStatus if status >= HTTPStatus.BAD_REQUEST)


@dataclass(frozen=True, slots=True)
class Asset:
    """An asset that may be fetched.

    Attributes:
        url: where it is.
        hosts: all hosts where it may be, should its own redirect to another.

    """

    url: AssetUrl
    hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class ProxyDownload:
    """The answer is this asset."""

    asset: Asset


@dataclass(frozen=True, slots=True)
class ObliviousDownload:
    """The answer is this asset, encapsulated in ``context`` (PROTO 5.10.3)."""

    asset: Asset
    context: Context


Download = ProxyDownload | ObliviousDownload


class ProxyDownloadEndpoint(ProviderBase):
    """Answers for proxyDownload, and knows which assets may be fetched at all."""

    def answer_to_proxy_download(self, transaction: Transaction, call: Call) -> Download:
        """The asset that a peer asks for.

        Raises:
            Refusal: 400, what stands in the URL is not that of an asset; 403, it is not that of a peer's.

        """
        return ProxyDownload(self.asset(transaction, call.subject))

    def asset(self, transaction: Transaction, text: str) -> Asset:
        """The asset whose URL a text is, when it may be fetched.

        Raises:
            Refusal: 400, it is no such URL; 403, its host is not where a peer keeps its assets.

        """
        asset = Asset(self.asset_url(text), self.asset_hosts(transaction))
        self.check_asset_host(asset)
        return asset

    def asset_url(self, text: str) -> AssetUrl:
        """The URL of an asset.

        Raises:
            Refusal: 400.

        """
        try:
            return AssetUrl.parse(text)
        except AssetUrlError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, str(error)) from error

    def asset_hosts(self, transaction: Transaction) -> frozenset[str]:
        """Where peers keep their assets: as the operator has chosen, as was learned, and as rooms say (AMB-127)."""
        in_rooms = transaction.asset_hosts_in_rooms(self.domain)
        return transaction.asset_hosts().union(in_rooms, *self.settings.downloads.asset_hosts.values())

    def check_asset_host(self, asset: Asset) -> None:
        """Refuse an asset whose host is none of those where it may be (PROTO 5.10.2).

        Raises:
            Refusal: 403.

        """
        if asset.url.host not in asset.hosts:
            reason = f"{asset.url.host} is not where a peer of {self.domain} keeps its assets."
            raise Refusal(HTTPStatus.FORBIDDEN, reason)

    def redirected(self, asset: Asset, location: str) -> Asset:
        """Where a redirection of an asset host leads, when that is an asset host again (AMB-128).

        Raises:
            Refusal: 502.

        """
        try:
            target = replace(asset, url=asset.url.joined(location))
            self.check_asset_host(target)
        except (AssetUrlError, Refusal) as error:
            raise Refusal(HTTPStatus.BAD_GATEWAY, f"{asset.url.host} redirects to another place: {error}") from error
        return target

    def passed_on(self, url: AssetUrl, status: int, headers: Fields, largest_bytes: int) -> Fields:
        """Which header fields are passed on with the content that follows them.

        Raises:
            Refusal: there is no such content. The status is the asset host's when it answers with an error, and 502
                for any other but 200, and for more than ``largest_bytes``.

        """
        if status != HTTPStatus.OK:
            failure = HTTPStatus(status) if status in _ERRORS else HTTPStatus.BAD_GATEWAY
            raise Refusal(failure, f"{url.host} answers {status}.")
        passed = tuple((name, value) for name, value in headers if name in PASSED_ON)
        length = next((value for name, value in passed if name == "content-length"), "0")
        self.check_asset_size(url, int(length), largest_bytes)
        return passed

    def check_asset_size(self, url: AssetUrl, size: int, largest_bytes: int) -> None:
        """Refuse an asset that is too large.

        Raises:
            Refusal: 502.

        """
        if size > largest_bytes:
            reason = f"The asset at {url.host} has more than {largest_bytes} bytes."
            raise Refusal(HTTPStatus.BAD_GATEWAY, reason)
