"""The reference, set up as a server under test: the description that comes out is one like any other.

    with ReferenceTarget() as reference:
        reference.description

A laboratory as `mimi-conformance init` makes it, the provider on loopback, its control interface beside it, and a
target.toml that names them. A defect changes what runs, never what is known about it.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from mimi_conformance.mocks.control.reference_adapter import create_control_app
from mimi_conformance.mocks.control.server import ControlServer
from mimi_conformance.mocks.network.addresses import show_address
from mimi_conformance.mocks.network.authority import CERTIFICATE_FILE, Identity
from mimi_conformance.mocks.network.laboratory import TARGET_FOLDER, write_laboratory
from mimi_conformance.reference.provider.instance import Parts, ReferenceInstance
from mimi_conformance.reference.provider.server import ASGIApp
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.sections import Reach
from mimi_conformance.suites.target.template import render

DOMAIN = "a.example"
PEERS = ("b.example", "c.example")

Wrap = Callable[[ASGIApp], ASGIApp]


class ReferenceTarget:
    """A running reference with everything around it.

    Args:
        parts: what the provider is put together from.
        wrap_control: put around the ASGI app of its control interface.

    Attributes:
        description: the target's description, once started.
    """

    description: TargetDescription

    def __init__(
        self,
        *,
        parts: Parts | None = None,
        wrap_control: Wrap = lambda app: app,
    ) -> None:
        self._parts = parts or Parts()
        self._wrap_control = wrap_control
        self._resources = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.description = self._start(stack)
            self._resources = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._resources.close()

    def _start(self, stack: ExitStack) -> TargetDescription:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mimi-reference-")))
        write_laboratory(folder, PEERS, DOMAIN)
        identity = Identity.load(folder / TARGET_FOLDER)
        instance = stack.enter_context(
            ReferenceInstance(
                DOMAIN,
                certificate_chain=identity.certificate_chain,
                private_key=identity.private_key,
                trust=folder / CERTIFICATE_FILE,
                parts=self._parts,
            )
        )
        control = stack.enter_context(ControlServer(self._wrap_control(create_control_app(instance.service))))
        target_file = folder / "target.toml"
        target_file.write_text(
            render(
                domain=DOMAIN,
                url=f"https://{show_address(instance.address)}",
                trust=CERTIFICATE_FILE,
                peers_folder=".",
                peers=dict.fromkeys(PEERS, "127.0.0.1:0"),
                reach=Reach.HOST_MAP,
                control_url=control.url,
            ),
            encoding="utf-8",
        )
        return TargetDescription.load(target_file)
