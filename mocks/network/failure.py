"""Which of the closed list of failures an exception of the network means."""

import socket
import ssl
from collections.abc import Iterator

import httpx

from mimi_conformance.mocks.network.exchange import Failure

_KINDS: tuple[tuple[type[BaseException], Failure], ...] = (
    (socket.gaierror, Failure.NAME_RESOLUTION),
    (ssl.SSLCertVerificationError, Failure.CERTIFICATE_REFUSED),
    (ssl.SSLEOFError, Failure.CLOSED_EARLY),
    (ssl.SSLZeroReturnError, Failure.CLOSED_EARLY),
    (ssl.SSLError, Failure.PROTOCOL_ERROR),
    (TimeoutError, Failure.TIMEOUT),
    (httpx.TimeoutException, Failure.TIMEOUT),
    (ConnectionRefusedError, Failure.CONNECTION_REFUSED),
    (ConnectionError, Failure.CLOSED_EARLY),
    (httpx.ConnectError, Failure.CONNECTION_REFUSED),
    (httpx.NetworkError, Failure.CLOSED_EARLY),
    (OSError, Failure.CONNECTION_REFUSED),
)
"""The first line that fits counts; a class stands before those it inherits from."""


def classify(error: BaseException) -> tuple[Failure, str]:
    """The kind of failure behind an exception of `httpx`, `ssl` or `socket`, and the same in words.

    The libraries wrap each other's exceptions; the innermost one that says something decides.
    """
    kind, cause = Failure.PROTOCOL_ERROR, error
    for candidate in _causes(error):
        if (found := _kind(candidate)) is not None:
            kind, cause = found, candidate
    in_words = cause.strerror if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) else None
    detail = in_words or str(cause) or str(error) or type(cause).__name__
    return kind, kind.value if detail.lower() == kind.value else f"{kind.value}: {detail}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what led to it, outermost first."""
    current: object = error
    while isinstance(current, BaseException):
        yield current
        # httpcore cuts the chain of causes, but has the exception that it wraps for its argument. The context of an
        # exception is no substitute: it may be whatever the caller was handling.
        current = current.__cause__ or next(iter(current.args), None)


def _kind(error: BaseException) -> Failure | None:
    if isinstance(error, ssl.SSLError) and "ALERT" in (error.reason or ""):
        return Failure.TLS_REFUSED
    if isinstance(error, httpx.RemoteProtocolError):
        # httpx has one class for both and tells them apart in words only.
        closed = any(word in str(error) for word in ("closed", "disconnected"))
        return Failure.CLOSED_EARLY if closed else Failure.PROTOCOL_ERROR
    return next((kind for exception, kind in _KINDS if isinstance(error, exception)), None)
