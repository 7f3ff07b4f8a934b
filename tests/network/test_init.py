"""``mimi-conformance init`` writes what the rest of the tool can use, and says what is to be done with it."""

import re
import shlex
import stat

import pytest

from mimi_conformance.command_line import main, serve
from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.reference.provider.server import TLSServer
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.sections import Reach


@pytest.fixture
def init(capsys):
    """Run the command; gives its exit code and what it printed."""

    def run(*arguments):
        with pytest.raises(SystemExit) as ended:
            main(["init", *map(str, arguments)])
        printed = capsys.readouterr()
        return ended.value.code, printed.out + printed.err

    return run


def files_in(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_what_it_writes_loads_as_a_target(init, tmp_path):
    folder = tmp_path / "lab"
    code, _ = init(folder, "--provider", "hub.example", "--url", "https://127.0.0.1:9443", "--peers", "x.example")

    target = TargetDescription.load(folder / "target.toml")

    assert code == 0
    assert target.provider.domain == "hub.example"
    assert target.provider.address == ("127.0.0.1", 9443)
    assert target.provider.trust == folder / "ca.pem"
    assert target.peers.folder == folder
    assert target.peers.domains == {"x.example": ("127.0.0.1", 0)}
    assert target.peers.reach is Reach.NONE


def test_it_writes_certificates_and_keeps_keys_to_their_owner(init, tmp_path):
    init(tmp_path, "--target-certificate")

    assert set(files_in(tmp_path)) == {
        "target.toml",
        "ca.pem",
        "ca.key",
        "peer/b.example/chain.pem",
        "peer/b.example/key.pem",
        "peer/c.example/chain.pem",
        "peer/c.example/key.pem",
        "target/chain.pem",
        "target/key.pem",
    }
    for key in [*tmp_path.rglob("key.pem"), tmp_path / "ca.key"]:
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_a_server_with_the_target_certificate_and_a_peer_meet(init, tmp_path):
    init(tmp_path, "--target-certificate")
    target = TargetDescription.load(tmp_path / "target.toml")

    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    server = TLSServer(
        answer,
        certificate_chain=tmp_path / "target" / "chain.pem",
        private_key=tmp_path / "target" / "key.pem",
        client_authorities=tmp_path / "ca.pem",
    )
    with server, Network(folder=target.peers.folder, trust=target.provider.trust) as network:
        network.addresses["a.example"] = server.address
        exchange = network.add_peer("b.example").send("GET", "https://a.example/")

    assert exchange.error is None
    assert exchange.status == 204


def test_the_command_that_lets_the_reference_stand_in_is_one_that_serve_understands(init, tmp_path):
    _, text = init(
        tmp_path, "--target-certificate", "--url", "https://127.0.0.1:9443", "--control", "http://[::1]:9000"
    )
    printed = next(line for line in text.splitlines() if "mimi-conformance serve" in line)

    _, _, *arguments = shlex.split(printed)
    parameters = serve.command.make_context("serve", arguments).params

    assert parameters["domain"] == "a.example"
    assert (parameters["port"], parameters["control_port"]) == (9443, 9000)
    assert parameters["trust"] == tmp_path / "ca.pem"
    assert Identity.load(parameters["key"].parent).certificate_chain == parameters["certificate"]


def test_it_says_whom_to_trust_and_the_three_ways_to_our_peers(init, tmp_path):
    _, text = init(tmp_path, "--listen", "127.0.0.7")

    assert str(tmp_path / "ca.pem") in text
    for way in ("host-map", "hosts-file", "own-domains"):
        assert way in text
    assert "127.0.0.7       b.example\n" in text
    assert "127.0.0.8       c.example\n" in text


@pytest.mark.parametrize("reach", ["hosts-file", "own-domains"])
def test_names_without_a_port_get_443_on_addresses_of_their_own(init, tmp_path, reach):
    init(tmp_path, "--reach", reach, "--listen", "::1")

    target = TargetDescription.load(tmp_path / "target.toml")
    assert target.peers.reach == reach
    assert target.peers.domains == {"b.example": ("::1", 443), "c.example": ("::2", 443)}


def test_a_control_interface_is_written_down_and_makes_a_host_map_possible(init, tmp_path):
    init(tmp_path, "--control", "http://127.0.0.1:9000")

    target = TargetDescription.load(tmp_path / "target.toml")
    assert target.control.url == "http://127.0.0.1:9000"
    assert target.peers.reach is Reach.HOST_MAP


def test_another_authority_can_be_named_for_the_server(init, tmp_path):
    init(tmp_path / "other")
    init(tmp_path / "lab", "--trust", tmp_path / "other" / "ca.pem")

    assert TargetDescription.load(tmp_path / "lab" / "target.toml").provider.trust == tmp_path / "other" / "ca.pem"


def test_it_overwrites_nothing_unless_forced(init, tmp_path):
    (tmp_path / "ca.pem").write_bytes(b"precious")

    code, text = init(tmp_path)

    assert code == 4
    assert f"{tmp_path / 'ca.pem'} is there already" in text
    assert files_in(tmp_path) == {"ca.pem": b"precious"}


def test_force_replaces_everything(init, tmp_path):
    init(tmp_path)
    before = files_in(tmp_path)

    code, _ = init(tmp_path, "--force")

    after = files_in(tmp_path)
    assert code == 0
    assert set(after) == set(before)
    assert all(after[name] != before[name] for name in before if name != "target.toml")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--provider", "A.example"], "'A.example' is not"),
        (["--peers", "b.example,b.example"], "names a domain twice"),
        (["--peers", "b.example,"], "'' is not"),
        (["--peers", "a.example"], "a.example is your server"),
        (["--url", "http://127.0.0.1:8443"], "MIMI servers speak HTTPS only"),
        (["--listen", "localhost"], "'localhost' is not an IP address"),
        (["--listen", "255.255.255.255", "--reach", "hosts-file"], "There are no 2 addresses"),
        (["--reach", "host-map"], r"there is no \[control\] table"),
        (["--reach", "telepathy"], "telepathy"),
        (["--trust", "absent.pem"], "absent.pem"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_mistake_is_a_sentence_and_leaves_nothing_behind(init, tmp_path, monkeypatch, arguments, reason):
    monkeypatch.chdir(tmp_path)
    code, text = init("lab", *arguments)

    assert code == 4
    assert "Traceback" not in text
    assert re.search(reason, " ".join(text.split()))
    assert files_in(tmp_path) == {}


def test_a_folder_that_cannot_be_made_is_named(init, tmp_path):
    (tmp_path / "file").write_text("not a folder")

    code, text = init(tmp_path / "file" / "lab")

    assert code == 4
    assert "Can't write" in text
    assert "Traceback" not in text
