"""What a scripted peer answers: a reply over HTTP, or bytes that need not be HTTP at all."""

from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from dataclasses import dataclass

from mimi_conformance.mocks.network.exchange import Exchange, Headers


@dataclass(frozen=True)
class Reply:
    """An HTTP response. ``Content-Length`` is added; ``Date`` too, by the server.

    The reply waits for ``held_by`` (which a test completes with ``set_result(None)``), and after that for
    ``delay_seconds``; meanwhile the exchange is in the record as one that is under way.
    """

    status: int
    body: bytes = b""
    headers: Headers = ()
    held_by: "Future[None] | None" = None
    delay_seconds: float = 0.0


@dataclass(frozen=True)
class RawReply:
    """Bytes to put on the TLS connection in place of a response, after which it is closed; none: just close it.

    ``fault`` names what is wrong with that, for the record.
    """

    fault: str
    data: bytes = b""


Answer = Reply | RawReply

Responder = Callable[[Exchange], Answer | Awaitable[Answer]]
"""Answers a request, which it sees as an exchange under way. Called on the server's event loop: it must not block."""


def always(answer: Answer) -> Responder:
    """Give the same answer to every request."""
    return lambda _: answer


def in_turn(*answers: Answer) -> Responder:
    """Give one answer after the other, and the last one to every further request."""
    remaining = list(answers)
    return lambda _: remaining.pop(0) if len(remaining) > 1 else remaining[0]
