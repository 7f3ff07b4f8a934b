"""Each bad certificate is refused: a server's by the peer that asks, a client's by the server that is asked."""

import contextlib
import datetime as dt
import socket
import ssl
import threading

import pytest
from cryptography.x509.oid import ExtendedKeyUsageOID

from mimi_conformance.mocks.network.authority import CertificateAuthority
from mimi_conformance.mocks.network.exchange import Direction, Failure
from mimi_conformance.reference.provider.server import TLSServer, server_tls_context

URL = "https://c.example/.well-known/mimi-protocol-directory"
DAY = dt.timedelta(days=1)


def expired(network, domain):
    return network.issue(domain, not_after=dt.datetime.now(dt.UTC) - DAY)


def not_yet_valid(network, domain):
    return network.issue(domain, not_before=dt.datetime.now(dt.UTC) + DAY)


def of_another_authority(network, domain):
    return network.issue(domain, authority=CertificateAuthority.create())


def for_signing_code(network, domain):
    return network.issue(domain, usages=[ExtendedKeyUsageOID.CODE_SIGNING])


INVALID_IN_ANY_ROLE = [expired, not_yet_valid, of_another_authority, for_signing_code]


@pytest.mark.parametrize("make", INVALID_IN_ANY_ROLE)
def test_client_certificate_that_is_not_valid_is_refused_in_tls(b, network, make):
    exchange = b.send("GET", URL, identity=make(network, "b.example"))

    # asyncio's server closes the connection without the alert; others send it (test_alert_of_a_refusing_server).
    assert exchange.refused_in_transport
    assert exchange.status is None
    assert exchange.certificate_names == ("b.example",)


def test_a_client_without_certificate_gets_in_and_is_on_record_as_such(b, network):
    mark = network.recorder.mark()
    exchange = b.send("GET", URL, anonymous=True)

    assert exchange.status == 200
    assert exchange.certificate_names is None
    arrived = next(each for each in network.recorder.since(mark) if each.direction is Direction.TO_PEER)
    assert arrived.certificate_names is None


def test_requiring_server_refuses_a_client_without_certificate(b, c, network):
    async def never_asked(scope, receive, send):
        raise AssertionError("a client without a certificate got in")

    with TLSServer(
        never_asked,
        certificate_chain=c.identity.certificate_chain,
        private_key=c.identity.private_key,
        client_authorities=network.trust,
    ) as server:
        network.addresses["c-strict.example"] = server.address
        exchange = b.send("GET", "https://c-strict.example/", anonymous=True, server_name="c.example")

    assert exchange.refused_in_transport


@pytest.mark.parametrize("make", INVALID_IN_ANY_ROLE)
def test_server_certificate_that_is_not_valid_is_refused_by_us(b, c, network, make):
    good = c.identity
    c.present(make(network, "c.example"))
    try:
        exchange = b.send("GET", URL)
    finally:
        c.present(good)

    assert exchange.failure is Failure.CERTIFICATE_REFUSED
    assert not exchange.refused_in_transport
    assert b.send("GET", URL).status == 200


@pytest.mark.parametrize(
    "names", [["d.example"], [], ["*.c.example"], ["*.example.c.example"]], ids=["other", "none", "below", "deep"]
)
def test_server_certificate_for_another_name_is_refused_by_us(b, c, network, names):
    good = c.identity
    c.present(network.issue(*names, common_name="c.example"))
    try:
        exchange = b.send("GET", URL)
    finally:
        c.present(good)

    assert exchange.failure is Failure.CERTIFICATE_REFUSED


@pytest.mark.parametrize("names", [["*.c.example"], ["x.example", "mimi.c.example"]], ids=["wildcard", "second"])
def test_server_certificate_that_names_the_host_somehow_is_accepted(b, c, network, names):
    network.addresses["mimi.c.example"] = c.address
    good = c.identity
    c.present(network.issue(*names))
    try:
        exchange = b.send("GET", URL.replace("c.example", "mimi.c.example"))
    finally:
        c.present(good)

    assert exchange.status == 200


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_alert_of_a_refusing_server_is_told_from_a_mere_close(b, c, network, version):
    context = server_tls_context(
        c.identity.certificate_chain, c.identity.private_key, network.trust, require_client_certificate=True
    )
    context.minimum_version = context.maximum_version = version
    server = socket.create_server(("127.0.0.1", 0))

    def refuse_and_read_on():
        with server, server.accept()[0] as connection:
            tls = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            with tls:
                with contextlib.suppress(ssl.SSLError):
                    tls.do_handshake()
                # What stays unread when a socket is closed makes TCP reset the connection, and the alert is lost.
                while socket.socket.recv(tls, 1024):
                    pass

    thread = threading.Thread(target=refuse_and_read_on)
    thread.start()
    network.addresses["alert.example"] = server.getsockname()
    exchange = b.send("GET", "https://alert.example/", anonymous=True, server_name="c.example")
    thread.join()

    assert exchange.failure is Failure.TLS_REFUSED
    assert exchange.error.startswith("tls refused: ")


def test_the_name_to_verify_can_be_another_than_the_host(b, c, network):
    network.addresses["mimi.c.example"] = c.address
    url = "https://mimi.c.example/.well-known/mimi-protocol-directory"

    assert b.send("GET", url).failure is Failure.CERTIFICATE_REFUSED
    assert b.send("GET", url, server_name="c.example").status == 200


def test_another_identity_takes_another_connection(b, network):
    mark = network.recorder.mark()
    b.send("GET", URL)
    b.send("GET", URL, identity=network.issue("d.example", "e.example"))
    b.send("GET", URL)

    arrived = [each for each in network.recorder.since(mark) if each.direction is Direction.TO_PEER]
    assert [each.certificate_names for each in arrived] == [
        ("b.example",),
        ("d.example", "e.example"),
        ("b.example",),
    ]
