import socket
import threading

import pytest

from mimi_conformance.mocks.faults import answering, sending
from mimi_conformance.mocks.network.exchange import Direction, Failure
from mimi_conformance.mocks.peers.answer import Reply
from mimi_conformance.reference.provider.server import TLSServer

ROOM = "mimi://b.example/r/clubhouse"
DEADLINE_SECONDS = 5


@pytest.fixture
def url(b, c):
    c.on("notify", Reply(201))
    return b.url("c.example", "notify", ROOM)


def arrived_since(network, mark):
    return network.recorder.wait_for(
        lambda each: each.direction is Direction.TO_PEER and each.finished, DEADLINE_SECONDS, since=mark
    )


def test_slow_body_arrives_whole_when_the_server_is_patient(b, network, url):
    mark = network.recorder.mark()
    exchange = sending.slow_body(b, url, b"abcde", seconds_between_bytes=0.002)

    assert exchange.status == 201
    assert exchange.fault == "slow body"
    assert exchange.request_body == b"abcde"
    assert arrived_since(network, mark).request_body == b"abcde"


def test_slow_body_stops_at_the_deadline(b, network, url):
    mark = network.recorder.mark()
    exchange = sending.slow_body(b, url, b"abcde", seconds_between_bytes=0.06, deadline_seconds=0.1)

    assert exchange.failure is Failure.TIMEOUT
    assert exchange.request_body == b"a"
    assert arrived_since(network, mark).failure is Failure.CLOSED_EARLY


def test_truncated_body_never_gets_an_answer_from_a_server_that_waits_for_the_rest(b, network, url):
    mark = network.recorder.mark()
    exchange = sending.truncated_body(b, url, b"abc", missing=2, deadline_seconds=1)

    assert exchange.status is None
    assert exchange.request_header("content-length") == ("5",)
    arrived = arrived_since(network, mark)
    assert arrived.request_body == b"abc"
    assert arrived.failure is Failure.CLOSED_EARLY


def test_oversize_body_ends_when_the_server_answers(b, c, network):
    async def refuse(scope, receive, send):
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    size = 1 << 30
    with TLSServer(
        refuse,
        certificate_chain=c.identity.certificate_chain,
        private_key=c.identity.private_key,
        client_authorities=network.trust,
    ) as server:
        network.addresses["small.example"] = server.address
        peer_url = "https://small.example/"
        identity = network.issue("small.example")
        server._tls_context.load_cert_chain(identity.certificate_chain, identity.private_key)
        exchange = sending.oversize_body(b, peer_url, size, deadline_seconds=DEADLINE_SECONDS)

    assert exchange.status == 413
    assert exchange.request_header("content-length") == (str(size),)
    assert 0 < len(exchange.request_body) < size


@pytest.mark.parametrize("send", [sending.without_host, sending.two_hosts])
def test_a_server_refuses_a_request_without_exactly_one_host(b, url, send):
    more = ["d.example"] if send is sending.two_hosts else []
    exchange = send(b, url, b"abc", *more)

    assert exchange.status == 400
    assert len(exchange.request_header("host")) == 2 * len(more)


def test_two_froms_arrive_both_in_order(b, network, url):
    mark = network.recorder.mark()
    assert sending.two_froms(b, url, b"abc", "mimi@d.example").status == 201
    assert arrived_since(network, mark).request_header("from") == ("mimi@b.example", "mimi@d.example")


def test_no_from_arrives_when_it_is_left_out(b, network, url):
    mark = network.recorder.mark()
    assert sending.without_from(b, url, b"abc").status == 201
    arrived = arrived_since(network, mark)
    assert arrived.request_header("from") == ()
    assert arrived.request_header("host") == ("c.example",)


def test_no_certificate_is_shown_when_it_is_left_out(b, network, url):
    mark = network.recorder.mark()
    exchange = sending.without_certificate(b, url, b"abc")

    assert (exchange.status, exchange.certificate_names) == (201, None)
    assert arrived_since(network, mark).certificate_names is None


def test_old_http_gets_an_answer(b, url):
    assert sending.old_http(b, url, b"abc").status == 201


def test_plain_http_gets_nothing_from_a_tls_port(b, network, url):
    mark = network.recorder.mark()
    exchange = sending.plain_http(b, url, b"abc")

    assert exchange.status is None
    assert exchange.failure in {Failure.CLOSED_EARLY, Failure.PROTOCOL_ERROR}
    assert [each.direction for each in network.recorder.since(mark)] == [Direction.TO_TARGET]


def test_silence_is_broken_by_nobody_before_the_deadline(b, url):
    exchange = sending.silence(b, url, deadline_seconds=0.05)

    assert exchange.failure is Failure.TIMEOUT
    assert exchange.request_body == b""


def test_faults_record_failures_of_the_network_like_any_request(b, network):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        network.addresses["closed.example"] = unused.getsockname()
    exchange = sending.slow_body(b, "https://closed.example/", b"abc")

    assert exchange.failure is Failure.CONNECTION_REFUSED
    assert exchange in network.recorder.exchanges


@pytest.mark.parametrize(
    ("answer", "failure", "status"),
    [
        (answering.connection_dropped(), Failure.CLOSED_EARLY, None),
        (answering.not_http(), Failure.PROTOCOL_ERROR, None),
        (answering.truncated(200, b"abc"), Failure.CLOSED_EARLY, 200),
    ],
    ids=lambda value: getattr(value, "fault", None),
)
def test_faulty_answers_are_recorded_at_both_ends(b, c, answer, failure, status):
    c.on("notify", answer)
    b.directory("c.example")
    mark = b.recorder.mark()

    exchange = b.notify("c.example", ROOM, b"abc")

    assert (exchange.failure, exchange.status) == (failure, status)
    arrived = b.recorder.wait_for(lambda each: each.direction is Direction.TO_PEER, DEADLINE_SECONDS, since=mark)
    assert arrived.fault == answer.fault
    assert arrived.status is None


def listener(behave):
    """A TCP port where ``behave`` gets the first connection."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve():
        with server, server.accept()[0] as connection:
            behave(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    return server.getsockname(), thread


def test_something_that_is_not_tls_is_a_protocol_error(b, network):
    address, thread = listener(lambda connection: connection.sendall(b"220 mail.example ESMTP\r\n"))
    network.addresses["mail.example"] = address

    assert b.send("GET", "https://mail.example/").failure is Failure.PROTOCOL_ERROR
    thread.join()


def test_a_server_that_accepts_and_hangs_is_a_timeout(b, network):
    done = threading.Event()
    address, thread = listener(lambda connection: done.wait(DEADLINE_SECONDS))
    network.addresses["hanging.example"] = address

    exchange = b.send("GET", "https://hanging.example/", deadline_seconds=0.05)

    done.set()
    thread.join()
    assert exchange.failure is Failure.TIMEOUT


def test_a_closed_port_is_a_refused_connection(b, network):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        network.addresses["closed.example"] = unused.getsockname()

    assert b.send("GET", "https://closed.example/").failure is Failure.CONNECTION_REFUSED


def test_a_name_that_nobody_knows_is_a_failed_resolution(b):
    assert b.send("GET", "https://nobody.invalid/").failure is Failure.NAME_RESOLUTION
