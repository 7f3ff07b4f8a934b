"""Where a provider of ours keeps assets, for others to download through their hub (PROTO 5.10)."""

import itertools
from typing import Self

from mimi_conformance.mocks.network.addresses import Address
from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.network.recorder import Recorder
from mimi_conformance.mocks.peers.answer import Answer, RawReply, Reply, Responder, always
from mimi_conformance.mocks.peers.scripted_app import Route, ScriptedApp
from mimi_conformance.reference.provider.server import TLSServer

ANY_LOOPBACK_PORT: Address = ("127.0.0.1", 0)
OCTET_STREAM = "application/octet-stream"
"""Of assets, which are encrypted."""


class AssetHost:
    """An HTTPS server at ``domain`` with assets at its paths; every request is on record.

        with AssetHost("assets.b.example", identity, recorder) as host:
            url = host.keep(encrypted)

    It asks nobody for a certificate.
    """

    def __init__(
        self, domain: str, identity: Identity, recorder: Recorder, *, listen: Address = ANY_LOOPBACK_PORT
    ) -> None:
        self.domain = domain
        self._recorder = recorder
        self._responders: dict[str, Responder] = {}
        self._numbers = itertools.count(1)
        host, port = listen
        self._server = TLSServer(
            ScriptedApp(domain, recorder, self._route),
            certificate_chain=identity.certificate_chain,
            private_key=identity.private_key,
            client_authorities=None,
            require_client_certificate=False,
            host=host,
            port=port,
        )

    @property
    def address(self) -> Address:
        """Where it listens.

        Raises:
            RuntimeError: it has not been started.
        """
        return self._server.address

    def keep(self, content: bytes, media_type: str = OCTET_STREAM) -> str:
        """Keep an asset, and give its URL."""
        return self.on(f"/{next(self._numbers)}", Reply(200, content, (("Content-Type", media_type),)))

    def on(self, path: str, answer: Responder | Answer) -> str:
        """Answer requests for a path in this way, and give its URL."""
        self._responders[path] = always(answer) if isinstance(answer, Reply | RawReply) else answer
        return f"https://{self.domain}{path}"

    def received(self, since: int = 0) -> tuple[Exchange, ...]:
        """The requests that came after a mark of the recorder, in order."""
        return tuple(exchange for exchange in self._recorder.since(since) if exchange.peer == self.domain)

    def start(self) -> None:
        """Listen.

        Raises:
            OSError: the address is in use or not ours.
        """
        self._server.start()

    def stop(self) -> None:
        """Stop listening and close every connection. Harmless when not running."""
        self._server.stop()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _route(self, raw_path: str) -> Route:
        return Route(self._responders.get(raw_path, always(Reply(404))))
