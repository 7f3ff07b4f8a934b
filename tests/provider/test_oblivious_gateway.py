"""The oblivious gateway: its keys, what it opens, what it refuses in the open and what only the client can read."""

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mimi_conformance.reference.oblivious_http.binary_message import Request, Response, decode, encode
from mimi_conformance.reference.oblivious_http.encapsulation import decode_key_configurations
from mimi_conformance.reference.provider.asset_url import AssetUrl
from mimi_conformance.reference.provider.download_settings import DownloadSettings
from mimi_conformance.reference.provider.messages import GATEWAY_PATH, Answer
from mimi_conformance.reference.provider.proxy_download import ObliviousDownload
from tests.exercised import exercises
from tests.provider.conftest import make_provider

HOSTS = {"b.example": frozenset({"assets.b.example"})}
GET = Request("GET", "https", "assets.b.example", "/1")


class Gateway:
    """The gateway of a.example, as a client sees it through a relay."""

    def __init__(self, world) -> None:
        world.use(make_provider(downloads=DownloadSettings(HOSTS)))
        self.world = world

    def ask(self, method: str, body: bytes = b"", content_type: str = "message/ohttp-req", **options):
        headers = (("host", "a.example"), ("from", "mimi@b.example"), ("content-type", content_type))
        return self.world.ask(method, GATEWAY_PATH, body, **{"headers": headers} | options)

    @property
    def key(self):
        [configuration] = decode_key_configurations(self.ask("GET").body)
        return configuration

    def send(self, request: bytes):
        """What the gateway says to a binary request: a download, or the response that only the client can read."""
        encapsulated, context = self.key.encapsulate(request, os.urandom)
        answer = self.ask("POST", encapsulated)
        if isinstance(answer, ObliviousDownload):
            return answer
        assert (answer.status, answer.content_type, answer.reason) == (200, "message/ohttp-res", "")
        return decode(context.open_response(answer.body))


@pytest.fixture
def gateway(world):
    return Gateway(world)


@exercises("PROTO-5.10.3-03")
def test_the_keys_are_where_rfc_9540_says(gateway):
    answer = gateway.ask("GET")
    assert (answer.status, answer.content_type) == (200, "application/ohttp-keys")
    assert len(decode_key_configurations(answer.body)) == 1
    assert gateway.ask("HEAD") == answer


def test_the_key_is_that_of_the_provider(gateway):
    assert gateway.key.public_key == gateway.world.provider.keys.oblivious_http.public_key


@pytest.mark.parametrize(
    "request_",
    [
        GET,
        Request("GET", "https", "", "/1", (("host", "assets.b.example"),)),
        Request("GET", "https", "assets.b.example", "/1", (("host", "assets.b.example"), ("cookie", "id=1"))),
        Request("GET", "HTTPS", "Assets.B.Example:443", "/1"),
    ],
)
def test_an_asset_of_a_peer_is_fetched(gateway, request_):
    assert gateway.send(encode(request_, padding=32)).asset.url == AssetUrl("assets.b.example", "/1")


def test_a_response_is_for_the_client_of_its_request(gateway):
    encapsulated, context = gateway.key.encapsulate(encode(GET), os.urandom)
    download = gateway.ask("POST", encapsulated)
    answer = gateway.world.provider.sealed(download.context, 200, (("content-type", "image/png"),), b"a cat")
    assert (answer.status, answer.headers, answer.content_type) == (200, (), "message/ohttp-res")
    opened = decode(context.open_response(answer.body))
    assert opened == Response(200, (("content-type", "image/png"),), b"a cat")
    again = gateway.world.provider.sealed(download.context, 200, (), b"")
    assert again.body[:16] != answer.body[:16]


@exercises("PROTO-5.10.3-02")
@pytest.mark.parametrize(
    ("request_", "status", "reason"),
    [
        (Request("GET", "https", "evil.example", "/1"), 403, "is not where a peer"),
        (Request("GET", "http", "assets.b.example", "/1"), 400, "scheme"),
        (Request("GET", "https", "assets.b.example:22", "/1"), 400, "port"),
        (Request("GET", "https", "evil@assets.b.example", "/1"), 400, "form"),
        (Request("GET", "https", "assets.b.example", "@evil.example/"), 400, "form"),
        (Request("GET", "https", "assets.b.example", "*"), 400, "form"),
        (Request("GET", "https", "127.0.0.1", "/1"), 400, "IP addresses"),
        (Request("GET", "https", "", "/1"), 400, "for 0 hosts"),
        (Request("GET", "https", "assets.b.example", "/1", (("host", "evil.example"),)), 400, "for 2 hosts"),
        (Request("GET", "https", "assets.b.example", "/1", content=b"x"), 400, "content"),
        (Request("GET", "https", "assets.b.example", "/1", (("expect", "100-continue"),)), 417, "expected"),
        (Request("POST", "https", "assets.b.example", "/1"), 405, "POST is not possible"),
        (Request("CONNECT", "https", "assets.b.example", "/1"), 405, "CONNECT is not possible"),
        (Response(200), 400, "is a response"),
    ],
)
def test_what_is_refused_in_a_request_only_its_client_can_read(gateway, request_, status, reason):
    response = gateway.send(encode(request_))
    assert (response.status, reason in response.content.decode()) == (status, True)
    assert ("content-type", "text/plain; charset=utf-8") in response.headers
    assert (("allow", "GET") in response.headers) == (status == 405)


def test_a_request_that_can_not_be_read_is_refused_inside(gateway):
    response = gateway.send(b"\7")
    assert (response.status, b"message/bhttp at offset 0" in response.content) == (400, True)


def test_what_can_not_be_opened_is_refused_in_the_open(gateway):
    encapsulated, _ = gateway.key.encapsulate(encode(GET), os.urandom)
    for forged in (b"", encapsulated[:-1], encapsulated[:20], encapsulated[:-1] + b"x"):
        answer = gateway.ask("POST", forged)
        assert (answer.status, answer.content_type) == (400, "text/plain; charset=utf-8")


def test_another_key_is_a_problem_that_has_a_name(gateway):
    encapsulated, _ = gateway.key.encapsulate(encode(GET), os.urandom)
    answer = gateway.ask("POST", b"\2" + encapsulated[1:])
    assert (answer.status, answer.content_type) == (400, "application/problem+json")
    assert json.loads(answer.body) == {
        "type": "https://iana.org/assignments/http-problem-types#ohttp-key",
        "title": "There is no key 2 for the KEM 0x0020.",
    }


@pytest.mark.parametrize("content_type", ["", "application/octet-stream", "message/ohttp-res", "message/bhttp"])
def test_another_kind_of_content_is_refused(gateway, content_type):
    encapsulated, _ = gateway.key.encapsulate(encode(GET), os.urandom)
    assert gateway.ask("POST", encapsulated, content_type).status == 415
    assert isinstance(gateway.ask("POST", encapsulated, "Message/OHTTP-Req; a=b"), ObliviousDownload)


def test_a_relay_has_to_be_a_provider_like_everybody(gateway):
    encapsulated, _ = gateway.key.encapsulate(encode(GET), os.urandom)
    assert gateway.ask("POST", encapsulated, certificate=None).status == 403
    assert gateway.ask("GET", certificate=gateway.world.certificates["c.example"]).status == 403
    assert gateway.ask("POST", encapsulated, headers=(("host", "a.example"),)).status == 400
    assert gateway.ask("PUT", encapsulated).status == 405


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100, deadline=None)
@given(st.binary(max_size=100), st.booleans())
def test_any_bytes_are_answered_and_change_nothing(gateway, data, encapsulated):
    before = gateway.world.dump()
    answer = gateway.send(data) if encapsulated else gateway.ask("POST", data)
    assert isinstance(answer, Answer | Response)
    assert 400 <= answer.status < 500
    assert gateway.world.dump() == before
