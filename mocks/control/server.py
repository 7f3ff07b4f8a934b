"""Serves an ASGI app on plain HTTP from a thread: the control interface listens on loopback, beside the MIMI server.

Mutual TLS is for the providers' side; that is reference/provider/server.py.
"""

import socket
import threading
from typing import Self

import uvicorn

from mimi_conformance.mocks.network.addresses import show_address
from mimi_conformance.reference.provider.server import ASGIApp

GRACE_SECONDS = 1


class ControlServer:
    """An HTTP server in a thread of its own; ``with ControlServer(app) as server: server.url``."""

    def __init__(self, app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> None:
        self._listen = (host, port)
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._server = _Server(
            uvicorn.Config(
                app,
                ws="none",
                lifespan="off",
                log_config=None,
                timeout_graceful_shutdown=GRACE_SECONDS,
                server_header=False,
            )
        )

    @property
    def url(self) -> str:
        """What an operation's name is appended to.

        Raises:
            RuntimeError: the server has not been started.
        """
        if self._socket is None:
            raise RuntimeError("The control interface has no URL before it is started.")
        host, port = self._socket.getsockname()[:2]
        return f"http://{show_address((host, port))}"

    def start(self) -> None:
        """Listen and serve; returns when connections are accepted.

        Raises:
            OSError: the address is in use or not ours.
        """
        family = socket.AF_INET6 if ":" in self._listen[0] else socket.AF_INET
        listening = self._socket = socket.create_server(self._listen, family=family)
        # asyncio leaves Nagle's algorithm on for sockets made like this; accepted connections inherit the option.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._thread = threading.Thread(
            target=lambda: self._server.run([listening]), name=f"ControlServer {self.url}", daemon=True
        )
        self._thread.start()
        self._server.ready.wait()

    def stop(self) -> None:
        """Stop, and wait for the thread. Harmless when not running."""
        if self._thread is not None:
            self._server.should_exit = True
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _Server(uvicorn.Server):
    """Uvicorn's server, which tells when it accepts connections."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()
