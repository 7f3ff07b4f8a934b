"""How a client asks its provider: again and again until there is an answer, as a request may come twice (PROTO 5.5)."""

import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from mimi_conformance.reference.client.connection import Connection, Reply
from mimi_conformance.reference.client.errors import HTTPRefusalError, UnansweredError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.messages import Endpoint, may_change

PAUSES: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Seconds between the attempts to get an answer: the hub knows a request that comes again, so that asking is safe."""


class Asking:
    """Sends the requests of a client.

    Args:
        client: the client.
        connection: its provider.
        pauses: seconds between the attempts to get an answer.
        pause: waits some seconds.

    """

    def __init__(
        self,
        client: MimiUri,
        connection: Connection,
        pauses: Sequence[float] = PAUSES,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._connection = connection
        self._pauses = pauses
        self._pause = pause

    def ask(self, endpoint: Endpoint, provider: str, about: str, body: bytes, *, again: bool = False) -> Reply:
        """Have the provider send a request, again and again until there is an answer.

        Args:
            endpoint: what is asked.
            provider: the domain of the provider asked.
            about: what the URL template is filled with.
            body: the request structure.
            again: whether it was asked before, and nobody knows what came of it: ask once more.

        Raises:
            HTTPRefusalError: its status is no success.
            UnansweredError: there was none for some seconds, or none that says what became of an earlier attempt.
            NotSentError: the provider does not send it.

        """
        asked, unanswered = f"{endpoint} at {provider}", again
        for pause in (*(() if again else self._pauses), None):
            try:
                reply = self._connection.request(self._client, endpoint, provider, about, body)
            except UnansweredError:
                if pause is None:
                    raise
                unanswered = True
            else:
                if pause is None or reply.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                    return _checked(asked, reply, unanswered=unanswered)
            self._pause(pause)
        raise AssertionError("the last attempt returns or raises")


def _checked(asked: str, reply: Reply, *, unanswered: bool) -> Reply:
    """An answer that is a success; where earlier attempts had none, only what will not change says that they failed."""
    if unanswered and may_change(reply.status):
        raise UnansweredError(f"{asked} had no answer at first, and then the HTTP status {reply.status}.")
    if not HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
        raise HTTPRefusalError(asked, reply.status)
    return reply
