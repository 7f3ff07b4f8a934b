"""Downloads over real sockets and mutual TLS: peer, hub and asset host; through the proxy, and through the gateway."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from random import Random
from urllib.parse import quote

import httpx
import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.oblivious_http.binary_message import Request, decode, encode
from mimi_conformance.reference.oblivious_http.encapsulation import decode_key_configurations
from mimi_conformance.reference.provider.base import ProviderSettings
from mimi_conformance.reference.provider.download_settings import DownloadSettings
from mimi_conformance.reference.provider.instance import ReferenceInstance
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.messages import GATEWAY_PATH, Endpoint, LocalRequestError, Outgoing
from tests.exercised import exercises
from tests.provider.asset_host import (
    AssetHost,
    asset,
    chunked,
    cut_short,
    endless,
    redirection,
    stalled,
    stalled_in_content,
    status,
)
from tests.provider.conftest import WaitingClient

HOST = "assets.b.example"
CAT = Random(1).randbytes(3_000_000)
LARGEST = 12_000_000  # more than the buffers of a connection on loopback
LARGEST_OBLIVIOUS = 3_500_000
DEADLINE_SECONDS = 20

SCRIPTS = {
    "/cat": asset(CAT, content_type="image/png", etag='"cat"', set_cookie="id=1"),
    "/empty": asset(b""),
    "/gzipped": asset(b"not unpacked on the way", content_encoding="gzip"),
    "/cat?size=%2Fbig": asset(b"a big cat"),
    "/chunked": chunked,
    "/missing": status(404),
    "/broken": status(500, content_type="text/html"),
    "/no-content": status(206),
    "/moved": redirection("/cat?size=%2Fbig"),
    "/moved-to-another-host": redirection("https://other.b.example/dog"),
    "/moved-away": redirection("https://evil.example/"),
    "/moved-for-ever": redirection("/moved-for-ever"),
    "/too-large": asset(bytes(LARGEST + 1)),
    "/endless": endless(bytes(65536)),
    "/stalled": stalled,
    "/stalled-in-content": stalled_in_content,
    "/cut-short": cut_short,
}


class Log:
    """What the hub says that it answered, which for a download may be after the answer has arrived."""

    def __init__(self) -> None:
        self._answers = []
        self._told = threading.Condition()

    def tell(self, served) -> None:
        with self._told:
            self._answers.append(served.answer)
            self._told.notify_all()

    def wait_for(self, wanted):
        with self._told:
            found = self._told.wait_for(lambda: [each for each in self._answers if wanted(each)], DEADLINE_SECONDS)
        assert found, "the hub did not say so"
        return found[0]


class Lab:
    """a.example is a hub, b.example has assets, and c.example wants them."""

    def __init__(self, hub: ReferenceInstance, host: AssetHost, peer: WaitingClient, log: Log) -> None:
        self.hub, self.host, self.peer, self.log = hub, host, peer, log
        self.http = httpx.Client(verify=peer.tls, trust_env=False, timeout=DEADLINE_SECONDS)

    def download(self, url: str):
        """As another provider downloads."""
        self.peer.add_peers({"a.example": self.hub.address})
        return self.peer.send(Outgoing("a.example", Endpoint.PROXY_DOWNLOAD, url, b""))

    def request(self, method: str, path: str, body: bytes = b"", **headers: str):
        """As c.example, without anything that a library does about answers: to see how they end."""
        address, port = self.hub.address
        return self.http.stream(
            method,
            f"https://{address}:{port}{path}",
            content=body,
            headers={"Host": "a.example", "From": "mimi@c.example", **headers},
            extensions={"sni_hostname": "a.example"},
        )

    def stream(self, path: str):
        return self.request("GET", f"/v1/proxyDownload/{quote(f'https://{HOST}{path}', safe='')}")

    def answer(self, path: str):
        with self.stream(path) as response:
            response.read()
        return response

    def gateway(self, method: str, body: bytes = b""):
        with self.request(method, GATEWAY_PATH, body, **{"Content-Type": "message/ohttp-req"}) as response:
            response.read()
        return response

    def oblivious(self, path: str, host: str = HOST):
        """What a client of c.example reads, whose relay c.example is."""
        [key] = decode_key_configurations(self.gateway("GET").content)
        encapsulated, context = key.encapsulate(encode(Request("GET", "https", host, path)), os.urandom)
        response = self.gateway("POST", encapsulated)
        assert (response.status_code, response.headers["content-type"]) == (200, "message/ohttp-res")
        return decode(context.open_response(response.content))


@pytest.fixture(scope="module")
def open_lab(authority, a_example, c_example):
    """Gives a lab whose hub has these settings."""
    host = AssetHost(authority.issue(HOST), authority, SCRIPTS)
    other = AssetHost(authority.issue("other.b.example"), authority, {"/dog": asset(b"a dog")})
    with ExitStack() as stack:
        stack.enter_context(host.server)
        stack.enter_context(other.server)

        def opened(**settings) -> Lab:
            log = Log()
            downloads = DownloadSettings(
                {"b.example": frozenset({HOST, "other.b.example", "down.b.example"})},
                **{"largest_bytes": LARGEST, "wait_seconds": DEADLINE_SECONDS} | settings,
            )
            hub = ReferenceInstance(
                ProviderSettings("a.example", downloads=downloads),
                certificate_chain=a_example.certificate_chain,
                private_key=a_example.private_key,
                trust=authority.trust,
                served=log.tell,
            )
            stack.enter_context(hub)
            addresses = {HOST: host.server.address, "other.b.example": other.server.address}
            hub.service.add_peers(addresses | {"down.b.example": ("127.0.0.1", 1)})
            lab = Lab(hub, host, WaitingClient("c.example", c_example, authority), log)
            stack.callback(lab.peer.close)
            stack.callback(lab.http.close)
            return lab

        yield opened


@pytest.fixture(scope="module")
def lab(open_lab):
    return open_lab(largest_oblivious_bytes=LARGEST_OBLIVIOUS)


@pytest.fixture(scope="module")
def impatient(open_lab):
    """A lab whose hub does not wait for long."""
    return open_lab(wait_seconds=1.0)


@pytest.fixture(autouse=True)
def fresh(lab):
    lab.host.requests.clear()
    lab.log._answers.clear()


@exercises("PROTO-5.10.2-01", "PROTO-5.10.2-06")
def test_the_body_is_the_asset_and_the_fields_tell_what_it_is(lab):
    response = lab.answer("/cat")
    assert (response.status_code, response.content) == (200, CAT)
    passed = {name: response.headers.get(name) for name in ("content-type", "content-length", "etag", "set-cookie")}
    assert passed == {"content-type": "image/png", "content-length": "3000000", "etag": '"cat"', "set-cookie": None}


@pytest.mark.parametrize(
    ("path", "content"), [("/empty", b""), ("/cat?size=%2Fbig", b"a big cat"), ("/chunked", b"one two three")]
)
def test_a_peer_finds_the_proxy_in_the_directory(lab, path, content):
    answer = lab.download(f"https://{HOST}{path}")
    assert (answer.status, answer.body) == (200, content)


def test_content_is_not_unpacked(lab):
    with lab.stream("/gzipped") as response:
        content = b"".join(response.iter_raw())
    assert (response.headers["content-encoding"], content) == ("gzip", b"not unpacked on the way")


@exercises("PROTO-5.10.2-08")
def test_the_asset_host_sees_the_hub_and_nothing_of_who_asks(lab):
    lab.download(f"https://{HOST}/empty")
    [request] = lab.host.requests
    names = [name for name, _ in request["headers"]]
    assert (request["method"], names) == ("GET", [b"host", b"accept-encoding"])
    assert "a.example" in str(request["extensions"])


@exercises("PROTO-5.10.2-07")
@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/missing", 404, "answers 404"),
        ("/broken", 500, "answers 500"),
        ("/no-content", 502, "answers 206"),
        ("/moved-away", 502, "redirects to another place"),
        ("/moved-for-ever", 502, "redirects more than 3 times"),
        ("/too-large", 502, "more than 12000000 bytes"),
    ],
)
def test_what_is_no_asset_is_a_status_and_a_sentence(lab, path, status, reason):
    answer = lab.download(f"https://{HOST}{path}")
    assert (answer.status, reason in answer.body.decode()) == (status, True)
    assert answer.content_type == "text/plain; charset=utf-8"


def test_a_host_that_is_down_is_a_sentence(lab):
    answer = lab.download("https://down.b.example/1")
    assert (answer.status, b"can't be reached" in answer.body) == (502, True)


@exercises("PROTO-5.10.2-04")
def test_a_url_that_is_not_allowed_asks_nobody(lab):
    assert lab.download("https://evil.example/cat").status == 403
    assert lab.host.requests == []


@pytest.mark.parametrize(("path", "content"), [("/moved", b"a big cat"), ("/moved-to-another-host", b"a dog")])
def test_redirections_are_followed_to_asset_hosts(lab, path, content):
    answer = lab.download(f"https://{HOST}{path}")
    assert (answer.status, answer.body) == (200, content)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/endless", "has more than 12000000 bytes"),
        ("/cut-short", "can't be reached"),
    ],
)
def test_an_asset_that_can_not_be_finished_does_not_look_finished(lab, path, reason):
    with lab.stream(path) as response:
        assert response.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            response.read()
    assert lab.log.wait_for(
        lambda answer: answer.reason.startswith("The asset is incomplete: ") and reason in answer.reason
    )


def test_nothing_is_fetched_for_a_peer_that_has_gone(lab):
    with lab.stream("/endless") as response:
        next(response.iter_raw(1))
    assert lab.log.wait_for(lambda answer: "went away" in answer.reason)


def test_what_was_answered_is_told_without_the_asset(lab):
    for path in ("/cat?size=%2Fbig", "/missing"):
        lab.answer(path)
    assert lab.log.wait_for(lambda answer: (answer.status, answer.body, answer.reason) == (200, b"", ""))
    assert lab.log.wait_for(lambda answer: (answer.status, answer.reason) == (404, f"{HOST} answers 404."))


@exercises("PROTO-5.10-03", "PROTO-5.10.3-01", "PROTO-5.10.3-06")
def test_an_oblivious_client_reads_the_asset_and_its_relay_does_not(lab):
    response = lab.oblivious("/cat")
    assert (response.status, response.content) == (200, CAT)
    assert dict(response.headers) == {"content-type": "image/png", "etag": '"cat"', "content-length": "3000000"}


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("/missing", 404, b"answers 404"),
        ("/moved-away", 502, b"redirects to another place"),
        ("/too-large", 502, b"more than 3500000 bytes"),
        ("/endless", 502, b"more than 3500000 bytes"),
        ("/cut-short", 502, b"can't be reached"),
    ],
)
def test_what_goes_wrong_behind_the_gateway_only_the_client_learns(lab, path, status, reason):
    response = lab.oblivious(path)
    assert (response.status, reason in response.content) == (status, True)


def test_a_host_that_is_no_asset_host_is_refused_behind_the_gateway(lab):
    response = lab.oblivious("/1", "evil.example")
    assert (response.status, lab.host.requests) == (403, [])


def test_a_host_that_does_not_answer_is_given_up_on(impatient):
    answer = impatient.answer("/stalled")
    assert (answer.status_code, "too slow" in answer.text) == (504, True)


def test_a_host_that_stops_in_the_middle_is_given_up_on(impatient):
    with impatient.stream("/stalled-in-content") as response, pytest.raises(httpx.RemoteProtocolError):
        response.read()
    assert impatient.log.wait_for(lambda answer: "is incomplete" in answer.reason and "too slow" in answer.reason)


@pytest.mark.parametrize("path", ["/stalled", "/stalled-in-content"])
def test_a_slow_host_behind_the_gateway_only_the_client_learns_of(impatient, path):
    response = impatient.oblivious(path)
    assert (response.status, b"too slow" in response.content) == (504, True)


def test_downloads_that_wait_for_others_wait_no_longer_than_allowed(open_lab):
    busy = open_lab(most_at_once=1, total_seconds=0.5)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: busy.answer("/stalled"), range(2)))
    assert [answer.status_code for answer in answers] == [504, 504]
    assert all("takes more than 0.5 seconds" in answer.text for answer in answers)


@exercises("PROTO-5.10.3-04", "PROTO-5.10.3-05")
def test_a_provider_relays_for_its_clients_and_learns_nothing(lab, authority, c_example):
    carol, phone = MimiUri.user("c.example", "carol"), MimiUri.client("c.example", "carol", "phone")
    with ReferenceInstance(
        "c.example",
        certificate_chain=c_example.certificate_chain,
        private_key=c_example.private_key,
        trust=authority.trust,
    ) as relay:
        relay.service.add_peers({"a.example": lab.hub.address})
        relay.service.change_user(UserChange(carol, clients=(ClientChange(phone),)))
        [key] = decode_key_configurations(relay.service.gateway_keys(phone, "a.example").body)
        encapsulated, context = key.encapsulate(encode(Request("GET", "https", HOST, "/cat")), os.urandom)
        answer = relay.service.relay(phone, "a.example", encapsulated)
        assert (answer.status, answer.content_type) == (200, "message/ohttp-res")
        assert decode(context.open_response(answer.body)).content == CAT
        for who, hub, reason in [
            (phone, "c.example", "can't hide from itself"),
            (MimiUri.client("c.example", "carol", "desk"), "a.example", "is no client"),
        ]:
            with pytest.raises(LocalRequestError, match=reason):
                relay.service.relay(who, hub, encapsulated)
