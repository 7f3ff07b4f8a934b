"""An asset host that does as it is told, over real TLS."""

import asyncio
from collections.abc import Callable

from mimi_conformance.reference.provider.server import TLSServer

Script = Callable  # async (scope, receive, send) -> None


async def whole(send, status: int, body: bytes, **fields: str) -> None:
    headers = [(name.replace("_", "-").encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


class AssetHost:
    """What is served at each path, and which requests came."""

    def __init__(self, identity, authority, scripts: dict[str, Script]) -> None:
        self.scripts = scripts
        self.requests = []
        self.server = TLSServer(
            self._app,
            certificate_chain=identity.certificate_chain,
            private_key=identity.private_key,
            client_authorities=authority.trust,
            require_client_certificate=False,
        )

    async def _app(self, scope, receive, send):
        self.requests.append(scope)
        target = scope["raw_path"].decode() + (f"?{scope['query_string'].decode()}" if scope["query_string"] else "")
        await self.scripts[target](scope, receive, send)


def asset(body: bytes, **fields: str) -> Script:
    async def script(scope, receive, send):
        await whole(send, 200, body, content_length=str(len(body)), **fields)

    return script


def status(number: int, **fields: str) -> Script:
    async def script(scope, receive, send):
        await whole(send, number, b"a page of the asset host", **fields)

    return script


def redirection(location: str) -> Script:
    return status(302, location=location)


def endless(chunk: bytes) -> Script:
    async def script(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        gone = asyncio.ensure_future(disconnected(receive))
        while not gone.done():
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await asyncio.sleep(0)

    return script


async def chunked(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    for piece in (b"one ", b"two ", b"three"):
        await send({"type": "http.response.body", "body": piece, "more_body": True})
    await send({"type": "http.response.body"})


def stalled(scope, receive, send):
    """Never answers."""
    return disconnected(receive)


async def stalled_in_content(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body", "body": b"12345", "more_body": True})
    await disconnected(receive)


async def cut_short(scope, receive, send):
    """Announces more than it sends."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body", "body": b"12345", "more_body": True})


async def disconnected(receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
