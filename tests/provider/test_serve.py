"""``mimi-conformance serve`` as another process: it starts, prints, stops, and forgets nothing when it is killed."""

import itertools
import json
import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from mimi_conformance.command_line import main
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Outgoing
from mimi_conformance.reference.provider.outgoing import PeerError
from mimi_conformance.reference.provider.sqlite_storage import SQLiteStorage
from tests.provider.conftest import WaitingClient

ALICE = MimiUri.user("a.example", "alice")
PHONE = MimiUri.client("a.example", "alice", "phone")
DEADLINE_SECONDS = 20


def arguments(identity, authority, folder: Path, **changes) -> list[str]:
    options = {
        "domain": "a.example",
        "certificate": identity.certificate_chain,
        "key": identity.private_key,
        "trust": authority.trust,
        "port": 0,
        "database": folder / "mimi.sqlite",
    } | changes
    named = ((f"--{name.replace('_', '-')}", str(value)) for name, value in options.items())
    return ["serve", *itertools.chain.from_iterable(named)]


class Served:
    """A running ``serve``; its lines arrive as it prints them."""

    def __init__(self, process: subprocess.Popen) -> None:
        self.process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        listens = self.line(r"listens on https://127\.0\.0\.1:(\d+)")
        self.said, self.address = listens.string, ("127.0.0.1", int(listens[1]))

    def _read(self) -> None:
        with self.process.stdout as lines:
            for line in lines:
                self._lines.put(line)

    def line(self, pattern: str) -> re.Match:
        """The next line that matches; its end is not part of it."""
        while True:
            found = re.search(pattern, self._lines.get(timeout=DEADLINE_SECONDS).rstrip("\n"))
            if found:
                return found


@contextmanager
def serve(identity, authority, folder: Path, **changes) -> Iterator[Served]:
    command = [sys.executable, "-m", "mimi_conformance", *arguments(identity, authority, folder, **changes)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            yield Served(process)
        finally:
            process.kill()


def prepare(folder: Path, world) -> None:
    """Put a user into the database, as an earlier run of the server would have."""
    storage = SQLiteStorage(folder / "mimi.sqlite")
    world.storage = storage
    world.use(world.provider)
    world.service.change_user(UserChange(ALICE, clients=(ClientChange(PHONE),)))
    storage.close()


def peer(identity, authority, address) -> WaitingClient:
    client = WaitingClient("b.example", identity, authority)
    client.add_peers({"a.example": address})
    return client


def request_consent(client: WaitingClient, body: bytes) -> Answer:
    return client.send(Outgoing("a.example", Endpoint.REQUEST_CONSENT, ALICE.text, body))


def test_what_was_answered_survives_kill_9(world, authority, a_example, b_example, tmp_path):
    prepare(tmp_path, world)
    entries = [world.entry("request", room=MimiUri.room("b.example", f"room{number}")).encode() for number in range(5)]
    with serve(a_example, authority, tmp_path) as served:
        client = peer(b_example, authority, served.address)
        for entry in entries:
            assert request_consent(client, entry).status == 201
        os.kill(served.process.pid, signal.SIGKILL)
        assert served.process.wait(DEADLINE_SECONDS) == -signal.SIGKILL
        client.close()
    storage = SQLiteStorage(tmp_path / "mimi.sqlite")
    with storage.transaction() as transaction:
        assert [delivery.body for delivery in transaction.deliveries(PHONE, 0)] == entries
    storage.close()


@pytest.fixture
def identities(authority, a_example, b_example):
    return authority, a_example, b_example


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_told_and_says_so(authority, a_example, tmp_path, number):
    with serve(a_example, authority, tmp_path) as served:
        served.process.send_signal(number)
        served.line("Stopped")
        assert served.process.wait(DEADLINE_SECONDS) == 0


def test_it_says_when_nobody_waits_for_anything(authority, a_example, tmp_path):
    with serve(a_example, authority, tmp_path, control_port=0) as served:
        served.line("control interface listens")
        served.process.send_signal(signal.SIGUSR1)
        served.line(r"^Followers have been told everything\.$")


def test_each_request_is_a_line_that_says_why_it_was_refused(authority, a_example, b_example, tmp_path):
    with serve(a_example, authority, tmp_path) as served:
        client = peer(b_example, authority, served.address)
        request_consent(client, b"\xff")
        client.close()
        served.line(r"mimi@b\.example GET /\.well-known/mimi-protocol-directory -> 200 \(\d+ ms\)$")
        served.line(r"mimi@b\.example POST /v1/requestConsent/mimi.* -> 400 \(\d+ ms\): The body is no ConsentEntry")


def test_the_asset_hosts_of_peers_are_options(authority, a_example, b_example, tmp_path):
    with serve(a_example, authority, tmp_path, asset_host="b.example=localhost") as served:
        client = peer(b_example, authority, served.address)
        answers = [
            client.send(Outgoing("a.example", Endpoint.PROXY_DOWNLOAD, f"https://{host}/1", b""))
            for host in ("localhost", "evil.example")
        ]
        client.close()
    assert [answer.status for answer in answers] == [403, 403]
    assert b"no public address" in answers[0].body
    assert b"not where a peer of a.example keeps its assets" in answers[1].body


@pytest.mark.parametrize(
    ("role", "says", "missing"),
    [
        ("hub", "as hub", {Endpoint.NOTIFY}),
        ("follower", "as follower", {Endpoint.UPDATE}),
        ("both", "as hub and follower", set()),
    ],
)
def test_it_serves_what_its_role_asks_for(identities, tmp_path, role, says, missing):
    authority, a_example, b_example = identities
    with serve(a_example, authority, tmp_path, role=role) as served:
        assert served.said.endswith(f" {says}, and remembers in {tmp_path / 'mimi.sqlite'}.")
        client = peer(b_example, authority, served.address)
        for endpoint in {Endpoint.NOTIFY, Endpoint.UPDATE} - missing:
            assert client.send(Outgoing("a.example", endpoint, "mimi://a.example/r/cave", b"")).status in (
                400,
                403,
                404,
            )
        for endpoint in missing:
            with pytest.raises(PeerError, match=f"has no {endpoint}"):
                client.send(Outgoing("a.example", endpoint, "mimi://a.example/r/cave", b""))
        client.close()


def test_the_control_interface_answers_when_asked_for(authority, a_example, tmp_path):
    with serve(a_example, authority, tmp_path, control_port=0, control_token="secret") as served:
        url = served.line(r"control interface listens on (http://\S+)\.")[1]
        request = urllib.request.Request(f"{url}/describe", b"{}", {"Authorization": "Bearer secret"})
        with urllib.request.urlopen(request, timeout=DEADLINE_SECONDS) as response:
            assert json.load(response)["domains"] == ["a.example"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"domain": "A.example"}, "is not a provider domain"),
        ({"certificate": "missing.pem"}, "Can't read missing.pem: No such file or directory."),
        ({"key": "{b}"}, "is not the private key of the certificate"),
        ({"domain": "b.example"}, "authenticates a.example, not b.example."),
        ({"host": "203.0.113.1"}, "Can't listen on 203.0.113.1:0: Cannot assign requested address."),
        ({"port": "70000"}, "70000 is not in the range"),
        ({"database": "/missing/mimi.sqlite"}, "unable to open database file"),
        ({"trust": "{a_key}"}, "holds no PEM certificate to trust"),
        ({"role": "king"}, "is not one of"),
        ({"asset_host": "assets.b.example"}, "write it as in b.example=assets.b.example"),
        ({"asset_host": "b.example=127.0.0.1"}, "'127.0.0.1' is not a provider domain"),
    ],
)
def test_bad_input_is_a_sentence_and_usage(identities, tmp_path, capsys, changes, sentence):
    authority, a_example, b_example = identities
    places = {"b": b_example.private_key, "a_key": a_example.private_key}
    changes = {name: value.format(**places) for name, value in changes.items()}
    with pytest.raises(SystemExit) as exit_:
        main(arguments(a_example, authority, tmp_path, **changes))
    assert exit_.value.code == 4
    assert sentence in " ".join(capsys.readouterr().err.split())


def test_a_port_in_use_is_a_sentence(authority, a_example, tmp_path, capsys):
    with socket.create_server(("127.0.0.1", 0)) as listener, pytest.raises(SystemExit) as exit_:
        main(arguments(a_example, authority, tmp_path, port=listener.getsockname()[1]))
    assert exit_.value.code == 4
    assert "Address already in use.\n" in capsys.readouterr().err
