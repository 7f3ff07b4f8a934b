"""The peers of a test session: started when a test first asks for one; where there is none, the test is skipped."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from tests.interop.our_peer import OurPeer
from tests.interop.peers import HERE, OPENMLS, TS_MLS, Client, Peer, ProgramPeer

COMMANDS = {"ts-mls": TS_MLS, "openmls": OPENMLS}


def missing(name: str) -> str | None:
    """Return why a peer cannot run here, or None."""
    if "MIMI_INTEROP" not in os.environ:
        return "live interop runs with MIMI_INTEROP=1, or by `tox run -e interop`"
    if name == "ts-mls" and shutil.which("node") is None:
        return "there is no Node for ts-mls"
    if name == "ts-mls" and not (HERE / "ts_mls" / "node_modules").is_dir():
        return "ts-mls is not installed: npm ci --prefix tests/interop/ts_mls"
    if name == "openmls" and not Path(OPENMLS[0]).is_file():
        return f"the openmls peer is not built: {OPENMLS[0]} is missing"
    return None


@pytest.fixture(scope="session")
def peer() -> Iterator[Callable[[str], Peer]]:
    """Return a peer by its name."""
    started: dict[str, Peer] = {}
    with ExitStack() as stack:

        def get(name: str) -> Peer:
            if name == "ours":
                return started.setdefault(name, OurPeer())
            reason = missing(name)
            if reason is not None:
                pytest.skip(reason)
            if name not in started:
                started[name] = stack.enter_context(ProgramPeer(name, COMMANDS[name]))
            return started[name]

        yield get


@pytest.fixture
def client(peer: Callable[[str], Peer]) -> Iterator[Callable[..., Client]]:
    """Return a new client of a peer, by the peer's name, its suite, and what else `Peer.client` takes."""
    numbers = count()
    clients: list[Client] = []

    def make(name: str, suite: int, **capabilities: Sequence[int]) -> Client:
        made = peer(name).client(f"{name} {next(numbers)}", suite=suite, **capabilities)
        clients.append(made)
        return made

    yield make
    for made in clients:
        made.ask("forget")
