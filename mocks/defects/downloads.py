"""Defects of a hub that fetches assets for its peers, and of a follower that asks for them (PROTO 5.10)."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import urlsplit

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.oblivious_http.binary_message import Response, encode
from mimi_conformance.reference.oblivious_http.encapsulation import Context
from mimi_conformance.reference.provider.asset_client import AssetAnswer, AssetClient
from mimi_conformance.reference.provider.asset_url import AssetUrl
from mimi_conformance.reference.provider.local import LocalService
from mimi_conformance.reference.provider.messages import (
    GATEWAY_PATH,
    Answer,
    Call,
    Endpoint,
    PeerRequest,
    Refusal,
    WellKnown,
)
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.proxy_download import Asset, Download, Fields
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.transport import Route


@defect("knows-no-proxy", breaks=("PROTO-5.10-03", "PROTO-5.10.2-01"))
class KnowsNoProxy(Provider):
    """Lists proxyDownload, and has nothing there."""

    def answer_to_proxy_download(self, transaction: Transaction, call: Call) -> Download:
        raise Refusal(HTTPStatus.NOT_FOUND, "There is no such thing.")


@defect("downloads-by-any-method", breaks=("PROTO-5.10.2-02",))
class DownloadsByAnyMethod(Provider):
    """Answers a POST, PUT or DELETE of an asset as it does a GET."""

    def check_method(self, request: PeerRequest, route: Route) -> None:
        if route.endpoint is not Endpoint.PROXY_DOWNLOAD:
            super().check_method(request, route)


@defect("drops-the-query-of-an-asset", breaks=("PROTO-5.10.2-02",))
class DropsTheQueryOfAnAsset(Provider):
    """Asks for an asset without the query in its URL."""

    def asset_url(self, text: str) -> AssetUrl:
        return super().asset_url(text.partition("?")[0])


@defect("takes-assets-for-text", breaks=("PROTO-5.10.2-06", "PROTO-5.10.3-06"))
class TakesAssetsForText(AssetClient):
    """Changes the content of assets on their way, as if it were letters."""

    @asynccontextmanager
    async def get(self, url: AssetUrl) -> AsyncIterator[AssetAnswer]:
        async with super().get(url) as answer:
            yield replace(answer, content=_lower(answer.content))


async def _lower(content: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in content:
        yield chunk.lower()


@defect("is-an-open-proxy", breaks=("PROTO-5.10.2-04", "PROTO-5.10.2-05", "PROTO-5.10.3-02"))
class IsAnOpenProxy(Provider):
    """Fetches whatever it is asked for, and follows every redirection."""

    def check_asset_host(self, asset: Asset) -> None:
        pass


@defect("follows-every-redirection", breaks=("PROTO-5.10.2-05",))
class FollowsEveryRedirection(Provider):
    """Goes wherever an asset host sends it."""

    def redirected(self, asset: Asset, location: str) -> Asset:
        return replace(asset, url=asset.url.joined(location))


@defect("looks-at-how-a-url-begins", breaks=("PROTO-5.10.2-05",))
class LooksAtHowAUrlBegins(Provider):
    """Takes a URL that begins as those of an asset host do for one of these, user-info or not."""

    def asset(self, transaction: Transaction, text: str) -> Asset:
        hosts = self.asset_hosts(transaction)
        parts = urlsplit(text)
        if parts.username is None or not any(text.startswith(f"https://{host}") for host in hosts):
            return super().asset(transaction, text)
        return Asset(AssetUrl(parts.hostname or "", parts.path), hosts)


@defect("looks-at-what-follows-an-at-sign", breaks=("PROTO-5.10.2-05",))
class LooksAtWhatFollowsAnAtSign(Provider):
    """Takes what follows an @ for the host of a URL, and asks the one that a browser would ask."""

    def asset(self, transaction: Transaction, text: str) -> Asset:
        hosts = self.asset_hosts(transaction)
        before, _, after = text.removeprefix("https://").rpartition("@")
        if not before or not any(after.startswith(host) for host in hosts):
            return super().asset(transaction, text)
        host, path = re.split(r"[/\\#?%]", before)[0], after.partition("/")[2]
        return Asset(AssetUrl(host, f"/{path}"), hosts)


@defect("looks-for-an-asset-host-anywhere-in-a-url", breaks=("PROTO-5.10.2-05",))
class LooksForAnAssetHostAnywhereInAUrl(Provider):
    """Takes a URL in which an asset host is mentioned for one of its own."""

    def check_asset_host(self, asset: Asset) -> None:
        if not any(host in str(asset.url) for host in asset.hosts):
            super().check_asset_host(asset)


@defect("overlooks-http", breaks=("PROTO-5.10.2-05",))
class OverlooksHttp(Provider):
    """Reads http as https."""

    def asset_url(self, text: str) -> AssetUrl:
        return super().asset_url(text.replace("http://", "https://", 1))


@defect("overlooks-ports", breaks=("PROTO-5.10.2-05",))
class OverlooksPorts(Provider):
    """Reads a URL as if it had no port."""

    def asset_url(self, text: str) -> AssetUrl:
        parts = urlsplit(text)
        return super().asset_url(text.replace(parts.netloc, parts.netloc.rpartition(":")[0] or parts.netloc, 1))


@defect("answers-refused-downloads-with-200", breaks=("PROTO-5.10.2-07",))
class AnswersRefusedDownloadsWith200(Provider):
    """Says in the body that an asset is not to be had, and 200."""

    def answer_to_refusal(self, route: Route | None, refusal: Refusal) -> Answer:
        answer = super().answer_to_refusal(route, refusal)
        download = route is not None and route.endpoint is Endpoint.PROXY_DOWNLOAD
        return replace(answer, status=HTTPStatus.OK) if download and refusal.status == HTTPStatus.FORBIDDEN else answer


@defect("takes-every-page-for-an-asset", breaks=("PROTO-5.10.2-07", "PROTO-5.10.3-06"))
class TakesEveryPageForAnAsset(Provider):
    """Passes an asset host's errors on as if they were the asset."""

    def passed_on(self, url: AssetUrl, status: int, headers: Fields, largest_bytes: int) -> Fields:
        return super().passed_on(url, HTTPStatus.OK, headers, largest_bytes)


@defect("tells-for-whom-it-asks", breaks=("PROTO-5.10.2-08",))
class TellsForWhomItAsks(AssetClient):
    """Says, as proxies do, at whose address somebody wants the asset."""

    def headers(self, url: AssetUrl) -> Fields:
        return *super().headers(url), ("X-Forwarded-For", "192.0.2.1")


@defect("tells-the-hub-who-downloads", breaks=("PROTO-5.10.2-03",))
class TellsTheHubWhoDownloads(LocalService):
    """Puts the client into the URL that it asks a hub for."""

    def request(self, client: MimiUri, endpoint: Endpoint, provider: str, about: str, body: bytes) -> Answer:
        if endpoint is Endpoint.PROXY_DOWNLOAD:
            about = f"{about}?for={client}"
        return super().request(client, endpoint, provider, about, body)


@defect("has-no-gateway", breaks=("PROTO-5.10-03", "PROTO-5.10.3-01"))
class HasNoGateway(Provider):
    """Has nothing at the well-known location of an oblivious gateway."""

    def route(self, request: PeerRequest) -> Route:
        route = super().route(request)
        if route.endpoint is WellKnown.GATEWAY:
            raise Refusal(HTTPStatus.NOT_FOUND, "There is no gateway.")
        return route


@defect("keeps-its-gateway-for-one-relay", breaks=("PROTO-5.10.3-03",))
class KeepsItsGatewayForOneRelay(Provider):
    """Serves the first provider that comes to the gateway, and no other."""

    _relay = ""

    def source_of(self, request: PeerRequest) -> str:
        source = super().source_of(request)
        if request.raw_path == GATEWAY_PATH:
            self._relay = self._relay or source
            if source != self._relay:
                raise Refusal(HTTPStatus.FORBIDDEN, f"Only {self._relay} relays to here.")
        return source


@defect("answers-oblivious-clients-in-the-open", breaks=("PROTO-5.10.3-01", "PROTO-5.10.3-06"))
class AnswersObliviousClientsInTheOpen(Provider):
    """Answers an encapsulated request with a response that the relay can read."""

    def sealed(self, context: Context, status: int, headers: Fields, content: bytes) -> Answer:
        return replace(super().sealed(context, status, headers, content), body=encode(Response(status, (), content)))
