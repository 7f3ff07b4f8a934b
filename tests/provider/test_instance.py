"""Two whole providers over real sockets: directories, certificates, consent there and back."""

import asyncio
import json
import socket
from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider import peer_connections
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.instance import Parts, ReferenceInstance
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.messages import Answer, Endpoint, Outgoing
from mimi_conformance.reference.provider.outgoing import PeerError
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.server import TLSConfigurationError, TLSServer
from mimi_conformance.reference.provider.url_template import UrlStyle
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest
from tests.exercised import exercises
from tests.provider.conftest import WaitingClient

ALICE = MimiUri.user("a.example", "alice")
ALICES = MimiUri.client("a.example", "alice", "phone")
BOB = MimiUri.user("b.example", "bob")
BOBS = MimiUri.client("b.example", "bob", "phone")
ROOM = "mimi://b.example/r/clubhouse"


def instance(domain, identity, authority, **options) -> ReferenceInstance:
    return ReferenceInstance(
        domain,
        certificate_chain=identity.certificate_chain,
        private_key=identity.private_key,
        trust=authority.trust,
        **options,
    )


@pytest.fixture
def a_and_b(authority, a_example, b_example):
    with instance("a.example", a_example, authority) as a, instance("b.example", b_example, authority) as b:
        a.service.add_peers({"b.example": b.address})
        b.service.add_peers({"a.example": a.address})
        a.service.change_user(UserChange(ALICE, clients=(ClientChange(ALICES),)))
        b.service.change_user(UserChange(BOB, clients=(ClientChange(BOBS),)))
        yield a, b


@pytest.fixture
def client(authority, a_example):
    client = WaitingClient("a.example", a_example, authority)
    yield client
    client.close()


@exercises("PROTO-5.7-03", "PROTO-5.7-33", "PROTO-8-08")
def test_consent_goes_there_and_back(a_and_b, world):
    a, b = a_and_b
    request, grant = world.entry("request", ALICE, BOB).encode(), world.entry("grant", ALICE, BOB).encode()
    assert a.service.request(ALICES, Endpoint.REQUEST_CONSENT, "b.example", BOB.text, request).status == 201
    [seen] = b.service.deliveries(BOBS, wait_seconds=5)
    assert (seen.provider, seen.body) == ("a.example", request)
    assert b.service.request(BOBS, Endpoint.UPDATE_CONSENT, "a.example", ALICE.text, grant).status == 201
    [seen] = a.service.deliveries(ALICES, wait_seconds=5)
    assert (seen.provider, seen.body) == ("b.example", grant)


def test_an_answer_with_a_body_comes_back(a_and_b):
    a, _ = a_and_b
    body = IdentifierRequest(()).encode()
    answer = a.service.request(ALICES, Endpoint.IDENTIFIER_QUERY, "b.example", "b.example", body)
    assert (answer.status, answer.body) == (200, b"\1\0\0\0")


def test_an_endpoint_that_the_directory_lacks_is_named(a_and_b, monkeypatch):
    a, b = a_and_b
    lists_all = b.working.provider.directory()
    lacking = {endpoint: url for endpoint, url in lists_all.items() if endpoint is not Endpoint.UPDATE}
    monkeypatch.setattr(b.working.provider, "directory", lambda: lacking)
    with pytest.raises(PeerError, match=r"directory of b\.example has no update\."):
        a.service.request(ALICES, Endpoint.UPDATE, "b.example", ROOM, b"")


@exercises("PROTO-4.1-12")
def test_a_server_with_the_certificate_of_another_provider_is_not_talked_to(client, authority, c_example):
    with instance("c.example", c_example, authority) as impostor:
        client.add_peers({"b.example": impostor.address})
        with pytest.raises(PeerError, match="certificate"):
            client.directory("b.example")


def test_what_one_server_has_shown_counts_for_no_other_name_at_its_address(client, authority, b_example):
    with instance("b.example", b_example, authority) as b:
        client.add_peers({"b.example": b.address, "c.example": b.address})
        assert "notify" in client.directory("b.example")
        with pytest.raises(PeerError, match="certificate"):
            client.directory("c.example")


def test_a_server_of_an_unknown_authority_is_trusted_once_told(client, stranger, authority):
    theirs = stranger.issue("b.example")
    with instance("b.example", theirs, authority) as b:
        client.add_peers({"b.example": b.address})
        with pytest.raises(PeerError, match="certificate"):
            client.directory("b.example")
        client.add_peers({}, stranger.trust.read_text())
        assert "notify" in client.directory("b.example")


def test_a_client_of_an_unknown_authority_is_trusted_once_told(a_example, stranger, authority):
    theirs = stranger.issue("b.example")
    with (
        instance("a.example", a_example, authority) as a,
        instance("b.example", theirs, authority) as b,
    ):
        b.service.add_peers({"a.example": a.address})
        b.service.change_user(UserChange(BOB, clients=(ClientChange(BOBS),)))
        query = (BOBS, Endpoint.IDENTIFIER_QUERY, "a.example", "a.example", IdentifierRequest(()).encode())
        with pytest.raises(PeerError):
            b.service.request(*query)
        a.service.add_peers({}, stranger.trust.read_text())
        assert b.service.request(*query).status == 200


def test_text_without_certificates_is_no_authority(a_and_b):
    with pytest.raises(TLSConfigurationError, match="no PEM certificate"):
        a_and_b[0].service.add_peers({}, "trust me")


class Scripted:
    """A server that answers every request with the same directory or status, and keeps the requests."""

    def __init__(self) -> None:
        self.answer = (200, b"{}")
        self.seen: list[tuple[str, dict[bytes, bytes]]] = []

    async def __call__(self, scope, receive, send):
        self.seen.append((scope["raw_path"].decode(), dict(scope["headers"])))
        status, body = self.answer
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": body})


def serving(app, identity, authority) -> TLSServer:
    return TLSServer(
        app,
        certificate_chain=identity.certificate_chain,
        private_key=identity.private_key,
        client_authorities=authority.trust,
    )


@pytest.fixture
def scripted(client, authority, b_example):
    app = Scripted()
    with serving(app, b_example, authority) as server:
        client.add_peers({"b.example": server.address})
        yield app


def directory(**templates: object) -> tuple[int, bytes]:
    return 200, json.dumps(templates).encode()


def outgoing(endpoint: Endpoint, subject: str) -> Outgoing:
    return Outgoing("b.example", endpoint, subject, b"")


@exercises("PROTO-4.1-06", "PROTO-4.1-07", "PROTO-4.1-08")
def test_requests_name_both_providers_and_keep_the_path_as_it_is(client, scripted):
    scripted.answer = directory(notify="https://b.example/v1/notify{roomId}")
    client.send(outgoing(Endpoint.NOTIFY, ROOM))
    path, headers = scripted.seen[-1]
    assert path == "/v1/notifymimi%3A%2F%2Fb.example%2Fr%2Fclubhouse"
    assert (headers[b"host"], headers[b"from"]) == (b"b.example", b"mimi@a.example")


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("https://b.example/c/{targetUser}", "/c/mimi%3A%2F%2Fb.example%2Fu%2Fbob"),
        ("https://b.example/c/{targetDomain}", "/c/b.example"),
    ],
)
def test_consent_templates_are_filled_by_the_name_of_their_variable(client, scripted, template, path):
    scripted.answer = directory(requestConsent=template, unknown={"member": 1})
    assert client.url(outgoing(Endpoint.REQUEST_CONSENT, BOB.text)) == f"https://b.example{path}"


def test_the_directory_is_fetched_once_until_forgotten(client, scripted):
    for _ in range(2):
        client.directory("b.example")
    assert len(scripted.seen) == 1
    client.forget_directories()
    client.directory("b.example")
    assert len(scripted.seen) == 2


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((404, b""), "answers 404"),
        ((200, b"<html>"), "is not JSON"),
        ((200, b"[" * 100_000), "is not JSON"),
        ((200, b"[]"), "not a JSON object"),
        (directory(notify=7), "has no notify"),
        (directory(notify="http://b.example/{roomId}"), "not https"),
        (directory(notify="https://b.example/"), "exactly one simple variable"),
        (directory(notify="https://b.example:x/{roomId}"), "failed"),
        (directory(notify="https://:443/{roomId}"), "names no host"),
        ((302, b""), "answers 302"),
    ],
)
def test_a_directory_that_is_of_no_use_is_a_sentence(client, scripted, answer, reason):
    scripted.answer = answer
    with pytest.raises(PeerError, match=reason):
        client.send(outgoing(Endpoint.NOTIFY, ROOM))


def test_a_server_that_hangs_up_is_a_sentence(client):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client.add_peers({"b.example": listener.getsockname()})
        listener.close()
        with pytest.raises(PeerError, match=r"GET https://b\.example/.* failed"):
            client.directory("b.example")


class Shy(Provider):
    def answer_to_directory(self) -> Answer:
        return Answer(503)


def test_the_parts_and_the_settings_are_the_callers(authority, b_example, client):
    settings = replace(ProviderSettings("b.example"), url_style=UrlStyle.SLASHES)
    with instance(settings, b_example, authority, parts=Parts(provider=Shy)) as b:
        client.add_peers({"b.example": b.address})
        assert b.domain == "b.example"
        with pytest.raises(PeerError, match="answers 503"):
            client.directory("b.example")


def test_stopping_again_or_before_the_start_is_harmless(authority, b_example):
    for start in (True, False):
        b = instance("b.example", b_example, authority)
        if start:
            b.start()
        b.stop()
        b.stop()


def test_a_request_to_another_provider_needs_a_provider_that_runs(authority, a_example, world):
    a = instance("a.example", a_example, authority)
    a.service.change_user(UserChange(ALICE, clients=(ClientChange(ALICES),)))
    with pytest.raises(RuntimeError, match=r"provider a\.example is not running"):
        a.service.request(ALICES, Endpoint.IDENTIFIER_QUERY, "b.example", "b.example", IdentifierRequest(()).encode())
    a.stop()


def test_a_body_that_is_far_too_large_gets_its_answer(a_and_b, client):
    _, b = a_and_b
    client.add_peers({"b.example": b.address})
    answer = client.send(Outgoing("b.example", Endpoint.NOTIFY, ROOM, bytes(3 * b.settings.max_body_bytes)))
    assert answer.status == 413


def test_an_answer_that_never_ends_is_given_up_on(client, authority, b_example):
    async def drip(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(100):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await asyncio.Event().wait()

    client.client._total_seconds = 0.2
    with serving(drip, b_example, authority) as server:
        client.add_peers({"b.example": server.address})
        with pytest.raises(PeerError, match=r"was not answered in 0\.2 seconds"):
            client.directory("b.example")


def test_an_answer_that_would_fill_the_memory_is_given_up_on(client, scripted, monkeypatch):
    monkeypatch.setattr(peer_connections, "MAX_ANSWER_BYTES", 5)
    scripted.answer = (200, b"123456")
    with pytest.raises(PeerError, match="longer than 5 bytes"):
        client.directory("b.example")


def test_many_who_need_a_directory_at_once_fetch_it_once(client, scripted):
    scripted.answer = directory(notify="https://b.example/v1/notify/{roomId}")

    async def send_many():
        await asyncio.gather(*(client.client.send(outgoing(Endpoint.NOTIFY, ROOM)) for _ in range(5)))

    client.run(send_many())
    assert [path for path, _ in scripted.seen].count("/.well-known/mimi-protocol-directory") == 1
