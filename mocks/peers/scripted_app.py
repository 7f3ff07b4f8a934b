"""The server side of a peer: an ASGI app that records each request and answers it by script."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from cryptography import x509

from mimi_conformance.mocks.network.exchange import Direction, Exchange, Failure, Headers
from mimi_conformance.mocks.network.recorder import Recorder, new_exchange_id
from mimi_conformance.mocks.peers.answer import RawReply, Reply, Responder
from mimi_conformance.reference.identity.certificate import provider_domains
from mimi_conformance.reference.provider.server import PEER_CERTIFICATE, Receive, Scope, Send


@dataclass(frozen=True)
class Route:
    """Where a path leads: who answers there, the endpoint, and what its URL template was filled with."""

    responder: Responder
    endpoint: str | None = None
    subject: str | None = None


class ScriptedApp:
    """Records every request before it is answered, so that whoever sees the answer also finds the request recorded.

    ``script`` finds out where a path leads, given as it was sent.
    """

    def __init__(self, domain: str, recorder: Recorder, script: Callable[[str], Route]) -> None:
        self._domain = domain
        self._recorder = recorder
        self._script = script

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request (ASGI 3)."""
        route = self._script(scope["raw_path"].decode("latin-1"))
        exchange = self._arriving(scope, route)
        body, complete = await _read_body(receive)
        exchange = replace(exchange, request_body=body)
        if not complete:
            error = f"{Failure.CLOSED_EARLY.value}: the connection ended before the request body did"
            self._recorder.record(replace(exchange, failure=Failure.CLOSED_EARLY, error=error, ended=time.time()))
            return
        self._recorder.record(exchange)
        try:
            answered = route.responder(exchange)
            answer = answered if isinstance(answered, Reply | RawReply) else await answered
        except Exception as problem:  # whatever a script raises is our fault, and must be on record
            error = f"{Failure.HARNESS_ERROR.value}: the script for {exchange.endpoint} raised {problem!r}"
            exchange = replace(exchange, failure=Failure.HARNESS_ERROR, error=error)
            answer = Reply(500)
        if isinstance(answer, RawReply):
            exchange = replace(exchange, fault=answer.fault, response_body=answer.data)
            self._recorder.record(replace(exchange, ended=time.time()))
            await _send_raw(answer.data, receive, send)
        else:
            if not await _still_there_after_hold(answer, receive):
                error = f"{Failure.CLOSED_EARLY.value}: the connection ended while the answer was held back"
                self._recorder.record(replace(exchange, failure=Failure.CLOSED_EARLY, error=error, ended=time.time()))
                return
            headers = (*answer.headers, ("Content-Length", str(len(answer.body))))
            exchange = replace(
                exchange, status=answer.status, response_headers=headers, response_body=answer.body, ended=time.time()
            )
            self._recorder.record(exchange)
            await _send_reply(answer, headers, send)

    def _arriving(self, scope: Scope, route: Route) -> Exchange:
        query = scope["query_string"].decode("latin-1")
        target = scope["raw_path"].decode("latin-1") + (f"?{query}" if query else "")
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
        host = next((value for name, value in headers if name == "host"), self._domain)
        return Exchange(
            id=new_exchange_id(self._domain),
            direction=Direction.TO_PEER,
            peer=self._domain,
            method=scope["method"],
            url=f"https://{host}{target}",
            request_target=target,
            request_headers=headers,
            request_body=b"",
            endpoint=route.endpoint,
            subject=route.subject,
            certificate_names=_names(scope["extensions"][PEER_CERTIFICATE]),
            started=time.time(),
        )


def _names(certificate: bytes | None) -> tuple[str, ...] | None:
    return None if certificate is None else provider_domains(x509.load_der_x509_certificate(certificate))


async def _read_body(receive: Receive) -> tuple[bytes, bool]:
    """The request's body, and whether all of it came."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return bytes(body), False
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body), True


async def _still_there_after_hold(reply: Reply, receive: Receive) -> bool:
    """Wait as long as the reply says, or until the client is gone; say whether it is still there."""
    if reply.held_by is None and not reply.delay_seconds:
        return True
    holding, leaving = asyncio.ensure_future(_hold(reply)), asyncio.ensure_future(_disconnected(receive))
    try:
        await asyncio.wait({holding, leaving}, return_when=asyncio.FIRST_COMPLETED)
        return holding.done()
    finally:
        holding.cancel()
        leaving.cancel()


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _hold(reply: Reply) -> None:
    if reply.held_by is not None:
        # Shielded: when this task is cancelled, the test's future is not.
        await asyncio.shield(asyncio.wrap_future(reply.held_by))
    if reply.delay_seconds:
        await asyncio.sleep(reply.delay_seconds)


async def _send_reply(reply: Reply, headers: Headers, send: Send) -> None:
    encoded = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": reply.body})


async def _send_raw(data: bytes, receive: Receive, send: Send) -> None:
    # ASGI knows no way to answer wrongly, so this goes past it: `send` is a method of uvicorn's request cycle.
    transport: asyncio.Transport = send.__self__.transport  # type: ignore[attr-defined]
    transport.write(data)
    transport.close()
    await _disconnected(receive)
