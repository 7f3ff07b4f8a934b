"""docs/control-interface.md holds what the contract says, and its adapter works as it stands there."""

import json
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mimi_conformance.mocks.control.client import (
    ClientDevice,
    ConsentDecision,
    ControlClient,
    ControlledField,
    ControlNotSupportedError,
    ControlRefusedError,
)
from mimi_conformance.mocks.control.contract import ErrorCode, Operation, schema
from mimi_conformance.mocks.peers.directory import OBLIVIOUS_GATEWAY
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.wire.protocol.identifier import SearchIdentifierType

PAGE = (Path(__file__).parents[2] / "docs" / "control-interface.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"<!-- (\w+) -->\n```json\n(.*?)```", PAGE, flags=re.DOTALL)
BOB = MimiUri("mimi://a.example/u/bob")
PHONE = MimiUri("mimi://a.example/d/bob/phone")
DESK = MimiUri("mimi://a.example/d/bob/desk")
ALICE = MimiUri("mimi://b.example/u/alice")


@pytest.mark.parametrize(("name", "text"), EXAMPLES)
def test_each_example_fits_the_contract(name: str, text: str) -> None:
    Draft202012Validator({"$ref": f"#/$defs/{name}", "$defs": schema()["$defs"]}).validate(json.loads(text))


def test_every_operation_and_error_is_explained() -> None:
    assert re.findall(r"^### (\w+)$", PAGE, flags=re.MULTILINE) == list(Operation)
    listed = re.findall(r"^\| (\d+) \| `(\w+)` \|", PAGE, flags=re.MULTILINE)
    assert {(int(status), code) for status, code in listed} == {(code.status, code.value) for code in ErrorCode}
    explained = {name for name, _ in EXAMPLES}
    with_content = {f"{operation}Request" for operation in Operation} - {"resetRequest"}
    assert with_content <= explained


@dataclass
class Account:
    devices: dict[str, list[bytes]] = field(default_factory=dict)
    profile: list[Any] = field(default_factory=list)
    decisions: list[tuple[str, str | None, bool]] = field(default_factory=list)
    deleted: bool = False

    def add_device(self, client: str, key_packages: list[bytes]) -> None:
        self.devices.setdefault(client, []).extend(key_packages)

    def lose_device(self, client: str) -> None:
        del self.devices[client]

    def decide(self, requester: str, room: str | None, granted: bool) -> None:
        self.decisions.append((requester, room, granted))


class Chat:
    """What the page's adapter is written for."""

    domain = "a.example"

    def __init__(self) -> None:
        self.accounts: dict[str, Account] = {}
        self.places: dict[str, tuple[str, int]] = {}
        self.events = [
            SimpleNamespace(number=1, kind="fanout", sender="b.example", room="mimi://b.example/r/x", body=b"1")
        ]

    def forget_everybody(self) -> None:
        self.accounts.clear()

    def resolve(self, host: str, address: str, port: int) -> None:
        self.places[host] = address, port

    def trust(self, authority: str) -> None:
        assert authority in ("", "PEM")

    def account(self, user: str) -> Account:
        return self.accounts.setdefault(user, Account())

    def call_provider(self, client: str, provider: str, endpoint: str, about: str, body: bytes) -> tuple[int, bytes]:
        if provider not in self.places:
            raise ConnectionError(f"{provider} is unknown.")
        return 200, body + endpoint.encode()

    def device(self, client: str) -> Any:
        if not any(client in account.devices for account in self.accounts.values()):
            raise KeyError(client)
        return SimpleNamespace(wait_for_events=lambda after, _: [it for it in self.events if it.number > after])


@pytest.fixture
def chat() -> Chat:
    return Chat()


@pytest.fixture
def control(chat: Chat) -> Iterator[ControlClient]:
    [code] = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    names: dict[str, Any] = {}
    exec(code, names)
    with names["serve"](chat) as server:
        server.RequestHandlerClass.log_message = lambda *_: None
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        with ControlClient(f"http://127.0.0.1:{server.server_port}") as client:
            yield client
        server.shutdown()
        thread.join()


def test_the_adapter_of_the_page_does_what_it_says(control: ControlClient, chat: Chat) -> None:
    assert control.describe().operations == set(Operation) - {Operation.ROOMS}
    control.reset()
    control.peers({"b.example": ("127.0.0.1", 40123)}, trust="PEM")
    assert chat.places == {"b.example": ("127.0.0.1", 40123)}
    control.users(
        BOB,
        clients=[ClientDevice(PHONE, (b"key package",))],
        profile=[ControlledField("nick", "bob", searchable=True)],
        consent=[ConsentDecision(ALICE, granted=True)],
        deleted=False,
    )
    assert chat.accounts[BOB.text].devices == {PHONE.text: [b"key package"]}
    assert chat.accounts[BOB.text].decisions == [(ALICE.text, None, True)]
    control.users(BOB, clients=[ClientDevice(DESK)])
    control.users(BOB, lost=[DESK])
    assert chat.accounts[BOB.text].devices.keys() == {PHONE.text}
    assert control.requests(PHONE, "update", "b.example", "x", b"body ").body == b"body update"
    assert control.requests(PHONE, "update", "c.example", "x", b"").failure == "c.example is unknown."
    assert [delivery.body for delivery in control.deliveries(PHONE)] == [b"1"]
    assert control.deliveries(PHONE, after=1) == ()


def test_the_adapter_of_the_page_says_what_it_can_not_do(control: ControlClient) -> None:
    with pytest.raises(ControlNotSupportedError, match="by which searches"):
        control.users(BOB, search_types={SearchIdentifierType.handle})
    with pytest.raises(ControlNotSupportedError, match="no relay for Oblivious HTTP"):
        control.requests(PHONE, OBLIVIOUS_GATEWAY, "b.example", "b.example", b"")
    with pytest.raises(ControlNotSupportedError, match="There is no /rooms here"):
        control.rooms(MimiUri("mimi://a.example/r/x"), PHONE, b"", b"")
    with pytest.raises(ControlRefusedError, match="not_found"):
        control.deliveries(PHONE)
