"""Sends answers over ASGI: one that is ready, or an asset while it comes from its host (PROTO 5.10)."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from http import HTTPStatus

from mimi_conformance.reference.oblivious_http.encapsulation import Context
from mimi_conformance.reference.provider.asset_client import AssetAnswer, AssetClient
from mimi_conformance.reference.provider.asset_url import AssetUrl
from mimi_conformance.reference.provider.messages import Answer, Refusal
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.proxy_download import Asset, Download, ObliviousDownload, ProxyDownload
from mimi_conformance.reference.provider.server import Receive, Send


async def send_answer(answer: Answer, send: Send) -> None:
    """Send an answer that is ready."""
    fields = [("content-length", str(len(answer.body))), *answer.headers]
    if answer.body:
        fields.append(("content-type", answer.content_type))
    await _start(answer.status, fields, send)
    await send({"type": "http.response.body", "body": answer.body})


async def send_download(
    provider: Provider, assets: AssetClient, download: Download, receive: Receive, send: Send
) -> Answer:
    """Fetch an asset and send it, or say why there is none; return what was answered, without an asset's content.

    An answer that had begun when the asset host failed is left unfinished, so that nobody takes it for the asset.
    """
    match download:
        case ProxyDownload(asset):
            return await _pass_on(provider, assets, asset, receive, send)
        case ObliviousDownload(asset, context):
            answer = await _encapsulated(provider, assets, asset, context)
            await send_answer(answer, send)
            return answer


async def _pass_on(provider: Provider, assets: AssetClient, asset: Asset, receive: Receive, send: Send) -> Answer:
    largest = provider.settings.downloads.largest_bytes
    leaving = asyncio.ensure_future(_disconnected(receive))
    begun = False
    try:
        async with _fetched(provider, assets, asset) as found:
            fields = provider.passed_on(asset.url, found.status, found.headers, largest)
            await _start(HTTPStatus.OK, fields, send)
            begun = True
            async for chunk in _limited(provider, asset.url, found, largest):
                if leaving.done():
                    return Answer(HTTPStatus.OK, reason="The peer went away before it had the asset.")
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body"})
        return Answer(HTTPStatus.OK)
    except Refusal as refusal:
        if begun:
            return Answer(HTTPStatus.OK, reason=f"The asset is incomplete: {refusal.reason}")
        answer = provider.answer_to_refusal(None, refusal)
        await send_answer(answer, send)
        return answer
    finally:
        leaving.cancel()


async def _encapsulated(provider: Provider, assets: AssetClient, asset: Asset, context: Context) -> Answer:
    largest = provider.settings.downloads.largest_oblivious_bytes
    try:
        async with _fetched(provider, assets, asset) as found:
            fields = provider.passed_on(asset.url, found.status, found.headers, largest)
            content = b"".join([chunk async for chunk in _limited(provider, asset.url, found, largest)])
    except Refusal as refusal:
        return provider.sealed_refusal(context, refusal)
    return provider.sealed(context, HTTPStatus.OK, fields, content)


@asynccontextmanager
async def _fetched(provider: Provider, assets: AssetClient, asset: Asset) -> AsyncIterator[AssetAnswer]:
    """What the host of an asset answers, after redirections.

    Raises:
        Refusal: there is no answer, or not in time; also while its content is read.

    """
    settings = provider.settings.downloads
    try:
        async with asyncio.timeout(settings.total_seconds):
            for _ in range(1 + settings.most_redirections):
                async with assets.get(asset.url) as answer:
                    if answer.redirection is None:
                        yield answer
                        return
                    asset = provider.redirected(asset, answer.redirection)
    except TimeoutError as error:
        reason = f"The download from {asset.url.host} takes more than {settings.total_seconds:g} seconds."
        raise Refusal(HTTPStatus.GATEWAY_TIMEOUT, reason) from error
    reason = f"{asset.url.host} redirects more than {settings.most_redirections} times."
    raise Refusal(HTTPStatus.BAD_GATEWAY, reason)


async def _limited(provider: Provider, url: AssetUrl, answer: AssetAnswer, largest_bytes: int) -> AsyncIterator[bytes]:
    """The content of an asset.

    Raises:
        Refusal: it is too large, which its host had not said before.

    """
    size = 0
    async for chunk in answer.content:
        size += len(chunk)
        provider.check_asset_size(url, size, largest_bytes)
        yield chunk


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _start(status: int, fields: Iterable[tuple[str, str]], send: Send) -> None:
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in fields]
    await send({"type": "http.response.start", "status": int(status), "headers": headers})
