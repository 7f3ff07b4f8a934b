"""The thin ASGI edge of a provider: reads a request, lets the provider answer, sends the answer."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from mimi_conformance.reference.provider.answering import send_answer, send_download
from mimi_conformance.reference.provider.asset_client import AssetClient
from mimi_conformance.reference.provider.messages import Answer, PeerRequest, Refusal
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.server import PEER_CERTIFICATE, ASGIApp, Receive, Scope, Send
from mimi_conformance.reference.provider.working import WorkingProvider

# A body that is too large is read to this multiple of the limit and dropped: a peer that is still sending when the
# connection closes would lose the answer that tells it why.
_PATIENCE = 8


@dataclass(frozen=True, slots=True)
class ServedRequest:
    """A request and its answer, for a log; without the content of an asset."""

    request: PeerRequest
    answer: Answer
    seconds: float


class DisconnectedError(Exception):
    """The peer went away before its request was complete."""


def create_app(
    working: WorkingProvider,
    assets: AssetClient,
    *,
    served: Callable[[ServedRequest], None] | None = None,
) -> ASGIApp:
    """An ASGI app that answers other providers.

    Args:
        working: the provider.
        assets: fetches what others ask to download.
        served: told of each request once its answer is decided, or its download over.

    """
    provider = working.provider

    def tell(request: PeerRequest, answer: Answer, started: float) -> None:
        if served is not None:
            served(ServedRequest(request, answer, time.perf_counter() - started))

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        try:
            body = await _read_body(provider, receive)
            request = _request(scope, body)
            answer = await working.answer(request)
        except DisconnectedError:
            return
        except Refusal as refusal:
            request = _request(scope, b"")
            answer = provider.answer_to_refusal(None, refusal)
        if isinstance(answer, Answer):
            tell(request, answer, started)
            await send_answer(answer, send)
        else:
            tell(request, await send_download(provider, assets, answer, receive, send), started)

    return app


def _request(scope: Scope, body: bytes) -> PeerRequest:
    return PeerRequest(
        method=scope["method"],
        raw_path=scope["raw_path"].decode("latin-1"),
        headers=tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"]),
        certificate=scope["extensions"][PEER_CERTIFICATE],
        body=body,
    )


async def _read_body(provider: Provider, receive: Receive) -> bytes:
    """The whole body of a request.

    Raises:
        Refusal: 408 or 413, it takes too long or is too large; the connection is then to be closed.
        DisconnectedError: the peer went away.

    """
    settings = provider.settings
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(settings.body_seconds):
            more = True
            while more and size <= _PATIENCE * settings.max_body_bytes:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise DisconnectedError
                chunk = message.get("body", b"")
                size += len(chunk)
                more = message.get("more_body", False)
                if size <= settings.max_body_bytes:
                    body += chunk
    except TimeoutError as error:
        reason = f"The body was not complete after {settings.body_seconds:g} seconds."
        raise Refusal(HTTPStatus.REQUEST_TIMEOUT, reason, (("Connection", "close"),)) from error
    if size > settings.max_body_bytes:
        reason = f"The body is larger than {settings.max_body_bytes} bytes."
        raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, reason, (("Connection", "close"),))
    return bytes(body)
