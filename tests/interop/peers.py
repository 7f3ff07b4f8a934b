"""Implementations of MLS behind one interface, that of README.md: programs of others, and this project's own."""

import json
import os
import select
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

HERE = Path(__file__).parent
TS_MLS = ("node", str(HERE / "ts_mls" / "main.js"))
OPENMLS_TARGET = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parents[1] / ".tox" / "interop-openmls"))
OPENMLS = (str(OPENMLS_TARGET / "release" / "openmls-peer"),)

Json = dict[str, Any]


class PeerError(Exception):
    """A peer answered with an error, or not at all."""


class Peer(ABC):
    """An implementation that performs the operations of README.md.

    Attributes:
        name: of the implementation.

    """

    name: str

    @abstractmethod
    def ask(self, operation: str, **members: object) -> Json:
        """Perform one operation; members and results are JSON values, with bytes as hexadecimal digits.

        Raises:
            PeerError: it did not succeed.

        """

    def client(
        self,
        name: str,
        *,
        suite: int,
        extensions: Sequence[int] = (),
        proposals: Sequence[int] = (),
    ) -> "Client":
        """Make a client whose identity is its name."""
        self.ask(
            "client",
            client=name,
            suite=suite,
            identity=name.encode().hex(),
            extensions=list(extensions),
            proposals=list(proposals),
        )
        return Client(self, name)


class ProgramPeer(Peer):
    """A peer in a program of its own, which starts with the context and ends with it.

    Args:
        name: of the implementation.
        command: the program and its arguments.
        patience: how many seconds it may take to answer.

    """

    def __init__(self, name: str, command: Sequence[str], patience: float = 60) -> None:
        self.name = name
        self._command = command
        self._patience = patience
        self._requests = 0

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    @property
    def process_id(self) -> int:
        return self._process.pid

    def ask(self, operation: str, **members: object) -> Json:
        self._requests += 1
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(json.dumps({"id": self._requests, "do": operation, **members}).encode() + b"\n")
        stdin.flush()
        # There is one answer per request, so nothing is left in the buffer that select cannot see.
        readable, _, _ = select.select([stdout], [], [], self._patience)
        if not readable:
            raise PeerError(f"{self.name} has not answered {operation} for {self._patience} s.")
        line = stdout.readline()
        if not line:
            raise PeerError(f"{self.name} ended instead of answering {operation}.")
        answer: Json = json.loads(line)
        assert answer["id"] == self._requests
        if "error" in answer:
            raise PeerError(f"{operation}: {answer['error']}")
        return answer


@dataclass(frozen=True, slots=True)
class State:
    """What all members of a group must agree on in an epoch."""

    epoch: int
    tree_hash: bytes
    confirmed_transcript_hash: bytes
    epoch_authenticator: bytes | None
    members: tuple[tuple[int, str], ...]
    components: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """What a committer sends: the Commit to the members, the Welcome to those it adds."""

    commit: bytes
    welcome: bytes | None


def add(key_package: bytes) -> Json:
    """Describe an Add proposal."""
    return {"type": "add", "key_package": key_package.hex()}


def remove(leaf: int) -> Json:
    """Describe a Remove proposal."""
    return {"type": "remove", "leaf": leaf}


UPDATE: Json = {"type": "update"}
SELF_REMOVE: Json = {"type": "self_remove"}


def use_psk(psk_id: bytes, component: int | None = None) -> Json:
    """Describe a PreSharedKey proposal, for a component's PSK or for an external one."""
    return {"type": "psk", "psk_id": psk_id.hex(), **_component(component)}


def app_data_update(component: int, data: bytes | None) -> Json:
    """Describe an AppDataUpdate proposal; None removes the component."""
    return {"type": "app_data_update", "component": component, "data": None if data is None else data.hex()}


def app_ephemeral(component: int, data: bytes) -> Json:
    """Describe an AppEphemeral proposal."""
    return {"type": "app_ephemeral", "component": component, "data": data.hex()}


def group_context_extensions(*extensions: tuple[int, bytes]) -> Json:
    """Describe a GroupContextExtensions proposal."""
    return {"type": "group_context_extensions", "extensions": _extensions(extensions)}


def _extensions(extensions: Sequence[tuple[int, bytes]]) -> list[Json]:
    return [{"type": number, "data": data.hex()} for number, data in extensions]


@dataclass(frozen=True)
class Client:
    """One client of a peer; each method is an operation of README.md.

    Attributes:
        peer: where it lives.
        name: by which the peer knows it, and its identity.

    """

    peer: Peer
    name: str

    @property
    def kind(self) -> str:
        """Return the name of the implementation."""
        return self.peer.name

    def ask(self, operation: str, **members: object) -> Json:
        return self.peer.ask(operation, client=self.name, **members)

    def key_package(self) -> bytes:
        return bytes.fromhex(self.ask("key_package")["key_package"])

    def create(self, group_id: bytes, extensions: Sequence[tuple[int, bytes]] = ()) -> None:
        self.ask("create", group_id=group_id.hex(), extensions=_extensions(extensions))

    def join(self, welcome: bytes, tree: bytes | None = None) -> None:
        self.ask("join", welcome=welcome.hex(), **_tree(tree))

    def external_join(
        self,
        group_info: bytes,
        tree: bytes | None = None,
        *,
        resync: bool = False,
        self_removes: Sequence[bytes] = (),
    ) -> bytes:
        answer = self.ask(
            "external_join",
            group_info=group_info.hex(),
            resync=resync,
            self_removes=[message.hex() for message in self_removes],
            **_tree(tree),
        )
        return bytes.fromhex(answer["commit"])

    def observe(self, group_info: bytes, tree: bytes | None = None) -> None:
        self.ask("observe", group_info=group_info.hex(), **_tree(tree))

    def propose(self, proposal: Json, *, public: bool = False) -> bytes:
        return bytes.fromhex(self.ask("propose", proposal=proposal, public=public)["message"])

    def commit(
        self, proposals: Sequence[Json] = (), *, public: bool = False, path: bool = False, tree: bool = True
    ) -> Commit:
        answer = self.ask("commit", proposals=list(proposals), public=public, path=path, tree=tree)
        welcome = answer.get("welcome")
        return Commit(bytes.fromhex(answer["commit"]), None if welcome is None else bytes.fromhex(welcome))

    def process(self, message: bytes) -> str:
        """Process a proposal or a commit, and return which of the two it was."""
        kind: str = self.ask("process", message=message.hex())["kind"]
        return kind

    def send(self, data: bytes) -> bytes:
        return bytes.fromhex(self.ask("send", data=data.hex())["message"])

    def read(self, message: bytes) -> bytes:
        """Read an application message."""
        answer = self.ask("process", message=message.hex())
        assert answer["kind"] == "application"
        return bytes.fromhex(answer["data"])

    def group_info(self, *, tree: bool = True) -> bytes:
        return bytes.fromhex(self.ask("group_info", tree=tree)["group_info"])

    def tree(self) -> bytes:
        return bytes.fromhex(self.ask("tree")["tree"])

    def export(self, label: str, context: bytes, length: int) -> bytes:
        return bytes.fromhex(self.ask("export", label=label, context=context.hex(), length=length)["secret"])

    def export_component(self, component: int) -> bytes:
        return bytes.fromhex(self.ask("export_component", component=component)["secret"])

    def learn_psk(self, psk_id: bytes, psk: bytes, component: int | None = None) -> None:
        self.ask("psk", psk_id=psk_id.hex(), psk=psk.hex(), **_component(component))

    def state(self) -> State:
        answer = self.ask("state")
        authenticator = answer.get("epoch_authenticator")
        return State(
            epoch=answer["epoch"],
            tree_hash=bytes.fromhex(answer["tree_hash"]),
            confirmed_transcript_hash=bytes.fromhex(answer["confirmed_transcript_hash"]),
            epoch_authenticator=None if authenticator is None else bytes.fromhex(authenticator),
            members=tuple((member["leaf"], bytes.fromhex(member["identity"]).decode()) for member in answer["members"]),
            components=tuple((entry["component"], bytes.fromhex(entry["data"])) for entry in answer["components"]),
        )

    def leaf(self) -> int:
        leaf: int = self.ask("state")["leaf"]
        return leaf

    def is_active(self) -> bool:
        active: bool = self.ask("state")["active"]
        return active


def _tree(tree: bytes | None) -> Json:
    return {} if tree is None else {"tree": tree.hex()}


def _component(component: int | None) -> Json:
    return {} if component is None else {"component": component}
