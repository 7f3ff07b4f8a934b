"""Answers that go wrong, for a peer to give: ``peer.on("notify", connection_dropped())``.

A slow answer is an ordinary `Reply` with ``delay_seconds`` or ``held_by``; a refusal is a `Reply` with its status.
"""

from mimi_conformance.mocks.peers.answer import RawReply


def connection_dropped() -> RawReply:
    """Take the request and close the connection without a word."""
    return RawReply("connection dropped")


def not_http() -> RawReply:
    """Answer something that is not HTTP."""
    return RawReply("not HTTP", b"\x15\x03\x03\x00\x02\x02\x28 this is not HTTP\r\n\r\n")


def truncated(status: int, body: bytes, *, missing: int = 1) -> RawReply:
    """Announce ``missing`` bytes more than ``body`` has, send it, and close."""
    head = f"HTTP/1.1 {status} \r\nContent-Length: {len(body) + missing}\r\n\r\n"
    return RawReply("truncated response", head.encode() + body)
