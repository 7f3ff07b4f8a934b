"""The TLS server: who gets in, what the app sees, how fast it starts and stops."""

import asyncio
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mimi_conformance.reference.provider import server as server_module
from mimi_conformance.reference.provider.server import PEER_CERTIFICATE, TLSConfigurationError, TLSServer


async def show_certificate(scope, receive, send):
    """An app that answers with the certificate it was shown."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": scope["extensions"][PEER_CERTIFICATE] or b"none"})


def server_of(app, identity, authority, **options) -> TLSServer:
    return TLSServer(
        app,
        certificate_chain=identity.certificate_chain,
        private_key=identity.private_key,
        client_authorities=authority.trust,
        **options,
    )


@pytest.fixture
def server(a_example, authority) -> Iterator[TLSServer]:
    with server_of(show_certificate, a_example, authority) as running:
        yield running


def client_context(authority, identity=None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority.trust)
    context.verify_flags &= ~getattr(ssl, "VERIFY_X509_STRICT", 0)
    if identity is not None:
        context.load_cert_chain(identity.certificate_chain, identity.private_key)
    return context


def connect(server: TLSServer, context: ssl.SSLContext) -> ssl.SSLSocket:
    raw = socket.create_connection(server.address, timeout=5)
    return context.wrap_socket(raw, server_hostname="a.example")


def exchange(server: TLSServer, context: ssl.SSLContext, request: bytes) -> bytes:
    """Send ``request`` and return everything that comes back until the server closes."""
    with connect(server, context) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65536), b""))


GET = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"


def test_the_app_sees_the_peer_certificate(server, authority, b_example):
    answer = exchange(server, client_context(authority, b_example), GET)
    assert b_example.der in answer


def answer_or_nothing(server: TLSServer, context: ssl.SSLContext) -> bytes:
    """What comes back; under TLS 1.3 a refused client sees an alert, a reset or an early end (AMB-020)."""
    try:
        return exchange(server, context, GET)
    except OSError:
        return b""


def test_a_client_without_certificate_gets_no_answer(server, authority):
    assert answer_or_nothing(server, client_context(authority)) == b""


def test_a_client_certificate_of_an_unknown_authority_gets_no_answer(server, authority, stranger):
    assert answer_or_nothing(server, client_context(authority, stranger.issue("b.example"))) == b""


def test_a_certificate_can_be_optional(a_example, authority):
    with server_of(show_certificate, a_example, authority, require_client_certificate=False) as server:
        assert exchange(server, client_context(authority), GET).endswith(b"none\r\n0\r\n\r\n")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_tls_below_1_2_is_refused(server, authority, b_example):
    context = client_context(authority, b_example)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError):
        connect(server, context)


def test_responses_carry_the_date(server, authority, b_example):
    assert b"date: " in exchange(server, client_context(authority, b_example), GET)


def test_oversized_headers_are_refused(server, authority, b_example):
    request = b"GET / HTTP/1.1\r\nHost: a.example\r\nX: " + b"x" * (server_module.MAX_HEADER_BYTES + 10)
    assert exchange(server, client_context(authority, b_example), request).startswith(b"HTTP/1.1 400 ")


def test_headers_that_never_end_are_given_up_on(monkeypatch, a_example, b_example, authority):
    monkeypatch.setattr(server_module, "HEADER_TIMEOUT_SECONDS", 0.05)
    with (
        server_of(show_certificate, a_example, authority) as server,
        connect(server, client_context(authority, b_example)) as connection,
    ):
        connection.sendall(b"GET / HTTP/1.1\r\n")
        assert connection.recv(1) == b""


def test_a_malformed_chunk_is_answered_400_while_the_app_waits_for_the_body(a_example, b_example, authority):
    seen = []

    async def read_everything(scope, receive, send):
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
        seen.append(message["type"])

    request = b"POST / HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    with server_of(read_everything, a_example, authority) as server:
        answer = exchange(server, client_context(authority, b_example), request)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert seen == ["http.disconnect"]


def test_several_servers_live_in_one_process(a_example, b_example, authority):
    context = client_context(authority, b_example)
    servers = [server_of(show_certificate, a_example, authority) for _ in range(2)]
    with servers[0] as one, servers[1] as two:
        assert one.address != two.address
        for server in (one, two):
            client = http.client.HTTPSConnection("a.example", context=context)
            client.sock = connect(server, context)
            client.request("GET", "/")
            assert client.getresponse().read() == b_example.der
            client.close()


def test_starting_and_stopping_takes_less_than_a_tenth_of_a_second(a_example, authority):
    durations = []
    for _ in range(3):
        server = server_of(show_certificate, a_example, authority)
        before = time.perf_counter()
        server.start()
        server.stop()
        durations.append(time.perf_counter() - before)
    assert min(durations) < 0.1


def test_stopping_lets_a_request_finish(a_example, b_example, authority):
    arrived, stopping = threading.Event(), threading.Event()

    async def slow(scope, receive, send):
        arrived.set()
        await asyncio.get_running_loop().run_in_executor(None, stopping.wait)
        await show_certificate(scope, receive, send)

    server = server_of(slow, a_example, authority, grace_seconds=5)
    server.start()
    with connect(server, client_context(authority, b_example)) as connection:
        connection.sendall(GET)
        arrived.wait(5)
        stopper = threading.Thread(target=server.stop)
        stopper.start()
        stopping.set()
        assert connection.recv(16).startswith(b"HTTP/1.1 200")
    stopper.join(5)


def test_stopping_drops_a_request_that_never_ends(a_example, b_example, authority):
    arrived = threading.Event()

    async def endless(scope, receive, send):
        arrived.set()
        await asyncio.Event().wait()

    server = server_of(endless, a_example, authority, grace_seconds=0.05)
    server.start()
    with connect(server, client_context(authority, b_example)) as connection:
        connection.sendall(GET)
        arrived.wait(5)
        server.stop()
        assert connection.recv(1) == b""


def test_the_address_is_unknown_before_the_start(a_example, authority):
    server = server_of(show_certificate, a_example, authority)
    server.stop()
    with pytest.raises(RuntimeError, match="before it is started"):
        _ = server.address


def test_a_port_in_use_is_an_os_error(server, a_example, authority):
    with pytest.raises(OSError, match="in use"):
        server_of(show_certificate, a_example, authority, port=server.address[1]).start()


def test_unusable_files_are_named(tmp_path: Path, a_example, b_example, authority):
    def make(certificate: Path, key: Path, trust: Path | None) -> None:
        TLSServer(show_certificate, certificate_chain=certificate, private_key=key, client_authorities=trust)

    junk = tmp_path / "junk.pem"
    junk.write_text("not PEM")
    good = a_example.certificate_chain
    with pytest.raises(TLSConfigurationError, match="is not the private key of"):
        make(good, b_example.private_key, authority.trust)
    with pytest.raises(TLSConfigurationError, match=r"missing\.pem: No such file"):
        make(tmp_path / "missing.pem", a_example.private_key, authority.trust)
    with pytest.raises(TLSConfigurationError, match=r"junk\.pem"):
        make(junk, a_example.private_key, authority.trust)
    with pytest.raises(TLSConfigurationError, match=r"junk\.pem holds no PEM"):
        make(good, a_example.private_key, junk)
    with pytest.raises(TLSConfigurationError, match="needs the authorities"):
        make(good, a_example.private_key, None)
