"""The preflight tells what is wrong with the configuration, each thing in its own sentence."""

import contextlib
import http.server
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from mimi_conformance.mocks.network.authority import CertificateAuthority, Identity
from mimi_conformance.mocks.network.laboratory import PEER_FOLDER, TARGET_FOLDER
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.server import ASGIApp, Receive, Scope, Send, TLSServer
from mimi_conformance.reference.provider.url_template import UrlStyle
from mimi_conformance.suites.target import reachability
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.finding import Finding, Outcome
from mimi_conformance.suites.target.preflight import lost, preflight
from mimi_conformance.suites.target.reachability import certified_domain
from mimi_conformance.suites.target.reading import WrongValueError
from mimi_conformance.suites.target.reference_target import ReferenceTarget
from mimi_conformance.suites.target.sections import ControlDescription, Reach
from mimi_conformance.suites.target.users import Fixtures, ProfileEntry, ProfileType, TargetUser

LONGEST_PREFLIGHT_SECONDS = 11.0


def at(description: TargetDescription, port: int) -> TargetDescription:
    return replace(description, provider=replace(description.provider, url=f"https://127.0.0.1:{port}"))


def problem(description: TargetDescription) -> Finding:
    """The only problem that the preflight finds."""
    started = time.monotonic()
    [found] = [finding for finding in preflight(description) if finding.outcome is Outcome.PROBLEM]
    assert time.monotonic() - started < LONGEST_PREFLIGHT_SECONDS
    return found


@contextmanager
def serving(app: ASGIApp, identity: Identity, authorities: Path) -> Iterator[int]:
    with TLSServer(
        app,
        certificate_chain=identity.certificate_chain,
        private_key=identity.private_key,
        client_authorities=authorities,
    ) as server:
        yield server.address[1]


@contextmanager
def listening(deal_with: Callable[[socket.socket], None] | None = None) -> Iterator[int]:
    """A socket that accepts connections, and lets ``deal_with`` have each of them."""

    def accept() -> None:
        with contextlib.suppress(OSError):  # the test is over, or the other side is gone
            while deal_with is not None:
                connection = listener.accept()[0]
                with connection, contextlib.suppress(OSError):
                    deal_with(connection)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def answering(body: bytes, content_type: str = "application/json", **headers: str) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        fields = [(b"content-type", content_type.encode())]
        fields += [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": fields})
        await send({"type": "http.response.body", "body": body})

    return app


async def never_answering(scope: Scope, receive: Receive, send: Send) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


@pytest.fixture
def identity(laboratory: Path) -> Identity:
    return Identity.load(laboratory / TARGET_FOLDER)


def test_the_reference_is_ready_to_be_judged(reference: TargetDescription) -> None:
    findings = preflight(reference)
    assert {finding.name: finding.outcome for finding in findings} == dict.fromkeys(
        (
            "name resolution",
            "connection",
            "TLS",
            "client certificate",
            "clock",
            "directory",
            "URL templates",
            "control interface",
            "callback",
        ),
        Outcome.OK,
    )
    assert all(finding.exchanges for finding in findings if finding.name in ("directory", "callback", "URL templates"))


def test_a_name_that_does_not_resolve(description: TargetDescription) -> None:
    target = replace(description, provider=replace(description.provider, url="https://nowhere.invalid"))
    found = problem(target)
    assert found.name == "name resolution"
    assert "'nowhere.invalid'" in found.sentence


def test_a_closed_port(description: TargetDescription) -> None:
    with listening() as port:
        pass
    assert "Nothing listens at 127.0.0.1" in problem(at(description, port)).sentence


def test_a_server_that_accepts_and_says_nothing(
    description: TargetDescription, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reachability, "HANDSHAKE_SECONDS", 0.5)
    with listening() as port:
        assert "does not finish a TLS handshake" in problem(at(description, port)).sentence


def test_a_server_that_closes_in_the_handshake(description: TargetDescription) -> None:
    with listening(lambda _: None) as port:
        assert "the TLS handshake" in problem(at(description, port)).sentence


def test_a_server_that_speaks_plain_http(description: TargetDescription) -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(1)
        connection.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(4096):
            pass

    with listening(answer) as port:
        assert "does not speak TLS" in problem(at(description, port)).sentence


def test_a_server_that_accepts_tls_and_hangs(
    description: TargetDescription, identity: Identity, laboratory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mimi_conformance.suites.target.preflight.ANSWER_SECONDS", 0.5)
    with serving(never_answering, identity, laboratory / "ca.pem") as port:
        found = problem(at(description, port))
    assert "accepts TLS, and then does not answer" in found.sentence
    assert found.exchanges


def test_a_plain_web_server(description: TargetDescription, identity: Identity) -> None:
    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate_chain, identity.private_key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        found = problem(at(description, server.server_port))
        server.shutdown()
        thread.join()
    assert "does not look like the MIMI server of a.example" in found.sentence
    assert "status 404 with text/html" in found.sentence


@pytest.mark.parametrize("body", [b"<html>", b"[]", b"{}", b'{"openapi": "3.1.0"}', b"[" * 100_000])
def test_something_else_than_a_directory(
    description: TargetDescription, identity: Identity, laboratory: Path, body: bytes
) -> None:
    with serving(answering(body), identity, laboratory / "ca.pem") as port:
        assert problem(at(description, port)).name == "directory"


def test_a_certificate_of_another_authority(description: TargetDescription, laboratory: Path, tmp_path: Path) -> None:
    stranger = CertificateAuthority.create("somebody else")
    identity = stranger.issue(["a.example"], tmp_path / "target")
    with serving(answering(b"{}"), identity, laboratory / "ca.pem") as port:
        found = problem(at(description, port))
    assert "issued by CN=somebody else, does not lead to an authority in" in found.sentence
    assert str(description.provider.trust) in found.sentence


def test_a_certificate_for_another_domain(description: TargetDescription, laboratory: Path, tmp_path: Path) -> None:
    identity = CertificateAuthority.load(laboratory).issue(["x.example", "*.y.example"], tmp_path)
    with serving(answering(b"{}"), identity, laboratory / "ca.pem") as port:
        found = problem(at(description, port))
    assert "is for x.example, *.y.example, not for a.example" in found.sentence


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_certificate_at_the_wrong_time(
    description: TargetDescription, laboratory: Path, tmp_path: Path, hours: int
) -> None:
    start = datetime.now(UTC) + timedelta(hours=hours)
    identity = CertificateAuthority.load(laboratory).issue(
        ["a.example"], tmp_path, not_before=start, not_after=start + timedelta(hours=1)
    )
    with serving(answering(b"{}"), identity, laboratory / "ca.pem") as port:
        found = problem(at(description, port))
    assert f"is valid from {start:%Y-%m-%d %H:%M} to" in found.sentence
    assert "set the clock that is wrong" in found.sentence


def test_a_server_at_an_ip_address_is_known_by_its_certificate(
    identity: Identity, laboratory: Path, tmp_path: Path
) -> None:
    trust = laboratory / "ca.pem"
    ours = Identity.load(laboratory / PEER_FOLDER / "b.example")
    with serving(answering(b"{}"), identity, trust) as port:
        assert certified_domain(("127.0.0.1", port), trust, ours) == "a.example"
        other = CertificateAuthority.create("somebody else").save(tmp_path)
        with pytest.raises(WrongValueError, match="does not lead to an authority in"):
            certified_domain(("127.0.0.1", port), other, ours)
    with pytest.raises(WrongValueError, match=f"Nothing listens at 127.0.0.1:{port}; start the server"):
        certified_domain(("127.0.0.1", port), trust, ours)


def test_a_server_whose_certificate_names_nobody_needs_a_name(laboratory: Path, tmp_path: Path) -> None:
    trust = laboratory / "ca.pem"
    nameless = CertificateAuthority.load(laboratory).issue([], tmp_path, common_name="a.example")
    ours = Identity.load(laboratory / PEER_FOLDER / "b.example")
    with serving(answering(b"{}"), nameless, trust) as port, pytest.raises(WrongValueError, match="names no domain"):
        certified_domain(("127.0.0.1", port), trust, ours)


def test_a_server_that_does_not_trust_our_peers(
    description: TargetDescription, identity: Identity, tmp_path: Path
) -> None:
    stranger = CertificateAuthority.create("somebody else").save(tmp_path)
    with serving(answering(b"{}"), identity, stranger) as port:
        found = problem(at(description, port))
    assert found.name == "client certificate"
    assert f"make it trust the authority of our peers ({description.peers.folder / 'ca.pem'})" in found.sentence


@pytest.mark.parametrize(
    ("minutes", "outcome"),
    [(0.5, Outcome.OK), (-2, Outcome.NOTICE), (60, Outcome.PROBLEM), (-60, Outcome.PROBLEM)],
)
def test_a_clock_that_is_off(
    description: TargetDescription, identity: Identity, minutes: float, outcome: Outcome
) -> None:
    class Late(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response_only(200)
            self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(minutes=minutes), usegmt=True))
            self.end_headers()
            self.wfile.write(json.dumps({"identifierQuery": "https://a.example/{domain}"}).encode())

        def log_message(self, *_: object) -> None:
            pass

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate_chain, identity.private_key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Late) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        findings = {finding.name: finding for finding in preflight(at(description, server.server_port))}
        server.shutdown()
        thread.join()
    assert findings["clock"].outcome is outcome
    if abs(minutes) == 60:
        assert f"60 minutes {'ahead of' if minutes > 0 else 'behind'} ours" in findings["clock"].sentence


def test_the_other_style_of_url_templates(reference: TargetDescription) -> None:
    settings = replace(reference.settings, url_template_style=UrlStyle.SLASHES)
    assert 'set url_template_style = "encoded"' in problem(replace(reference, settings=settings)).sentence


def failing(status: int, body: bytes) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


def test_a_control_interface_that_answers_500() -> None:
    with ReferenceTarget(wrap_control=lambda _: failing(500, b"Traceback (most recent call last)")) as target:
        found = problem(target.description)
    assert found.name == "control interface"
    assert "answered `describe` with status 500" in found.sentence
    assert "Traceback" in found.sentence


def test_a_control_interface_that_is_not_there(reference: TargetDescription) -> None:
    with listening() as port:
        pass
    found = problem(replace(reference, control=ControlDescription(f"http://127.0.0.1:{port}")))
    assert f"The control interface at http://127.0.0.1:{port} can't be asked for `describe`" in found.sentence


def test_the_control_interface_of_somebody_else(reference: TargetDescription) -> None:
    with ReferenceTarget() as other:
        provider = replace(reference.provider, domains=(reference.provider.domain, "also.example"))
        found = problem(replace(reference, provider=provider, control=other.description.control))
    assert "is that of a.example, and not of also.example" in found.sentence


def test_a_target_that_can_not_call_our_peers() -> None:
    """The host map does not arrive, and the names mean nothing to DNS."""

    def deaf(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            await (failing(200, b"{}") if scope["path"] == "/peers" else app)(scope, receive, send)

        return wrapped

    with ReferenceTarget(wrap_control=deaf) as target:
        found = problem(target.description)
    assert found.name == "callback"
    assert "can't call our peer b.example" in found.sentence
    assert "it has to connect where the `peers` operation says" in found.sentence


def test_without_a_control_interface_nobody_asks_for_a_callback(reference: TargetDescription) -> None:
    peers = replace(reference.peers, reach=Reach.NONE)
    outcomes = {it.name: it.outcome for it in preflight(replace(reference, control=None, peers=peers))}
    assert outcomes["control interface"] is Outcome.UNKNOWN
    assert outcomes["callback"] is Outcome.UNKNOWN
    assert Outcome.PROBLEM not in outcomes.values()


def test_a_fixture_that_is_not_there(reference: TargetDescription) -> None:
    bob = TargetUser("bob", MimiUri("mimi://a.example/u/bob"), profile=(ProfileEntry(ProfileType.HANDLE, "im:bob@a"),))
    findings = {it.name: it for it in preflight(replace(reference, fixtures=Fixtures({"bob": bob})))}
    assert findings["fixture users.bob"].outcome is Outcome.NOTICE
    assert "mimi://a.example/u/bob is not found by the handle im:bob@a" in findings["fixture users.bob"].sentence


def test_a_port_of_ours_that_is_taken(description: TargetDescription) -> None:
    with listening() as port:
        peers = replace(description.peers, domains={"b.example": ("127.0.0.1", port)}, reach=Reach.OWN_DOMAINS)
        found = problem(replace(description, peers=peers))
    assert found.name == "our peers"
    assert found.sentence == (
        f"Our peer b.example can't listen at 127.0.0.1:{port} (Address already in use); end what listens there, or "
        "give it another address in [peers.domains]."
    )


def test_an_address_that_is_not_ours(description: TargetDescription) -> None:
    peers = replace(description.peers, domains={"b.example": ("192.0.2.1", 443)}, reach=Reach.OWN_DOMAINS)
    found = problem(replace(description, peers=peers))
    assert "can't listen at 192.0.2.1:443" in found.sentence
    assert "give it an IP address of this machine in [peers.domains]" in found.sentence


def test_a_target_that_answers_is_not_lost(reference: TargetDescription) -> None:
    assert lost(reference) == ()


def test_a_target_that_is_gone_is_lost_with_its_control_interface(description: TargetDescription) -> None:
    gone = replace(description, control=ControlDescription("http://127.0.0.1:1"))
    assert [finding.name for finding in lost(gone)] == [
        "after the tests, connection",
        "after the tests, control interface",
    ]


def test_a_target_that_has_begun_to_hang_is_lost(
    description: TargetDescription, identity: Identity, laboratory: Path
) -> None:
    with serving(never_answering, identity, laboratory / "ca.pem") as port:
        assert [finding.name for finding in lost(at(description, port))] == ["after the tests, HTTP"]
