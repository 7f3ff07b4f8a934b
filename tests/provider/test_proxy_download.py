"""proxyDownload: which assets a hub fetches for its peers, and what of an answer it passes on."""

from http import HTTPStatus

import pytest

from mimi_conformance.reference.identity.errors import IdentifierError
from mimi_conformance.reference.provider.asset_url import AssetUrl
from mimi_conformance.reference.provider.download_settings import DownloadSettings
from mimi_conformance.reference.provider.messages import Refusal
from mimi_conformance.reference.provider.proxy_download import Asset, ProxyDownload
from tests.exercised import exercises
from tests.provider.conftest import make_provider

HOSTS = {"b.example": frozenset({"assets.b.example", "cdn.example"}), "c.example": frozenset({"assets.c.example"})}
ASSET = "https://assets.b.example/1"
ALL_HOSTS = frozenset({"assets.b.example", "cdn.example", "assets.c.example"})
URL = AssetUrl.parse(ASSET)


@pytest.fixture
def hub(world):
    world.use(make_provider(downloads=DownloadSettings(HOSTS)))
    return world


def download(world, url: str, **options):
    encoded = "".join(f"%{octet:02X}" for octet in url.encode())
    return world.ask("GET", f"/v1/proxyDownload/{encoded}", **options)


@pytest.mark.parametrize("url", [ASSET, "https://assets.c.example/x?y=%2F", "HTTPS://CDN.EXAMPLE:443/1"])
@pytest.mark.parametrize("source", ["b.example", "c.example"])
def test_an_asset_of_any_peer_is_fetched_for_any_peer(hub, url, source):
    assert download(hub, url, source=source) == ProxyDownload(Asset(AssetUrl.parse(url), ALL_HOSTS))


@exercises("PROTO-5.10.2-04")
@pytest.mark.parametrize(
    "url",
    [
        "https://b.example/1",
        "https://evil.example/1",
        "https://evil.assets.b.example/1",
        "https://assets.b.example.evil.example/1",
        "https://assets-b.example/1",
        "https://localhost/1",
        "https://a.example/v1/proxyDownload/x",
    ],
)
def test_nothing_but_an_asset_host_can_be_reached(hub, url):
    assert download(hub, url).status == 403


@exercises("PROTO-5.10.2-05")
@pytest.mark.parametrize(
    "url",
    [
        "http://assets.b.example/1",
        "https://assets.b.example@evil.example/1",
        "https://evil@assets.b.example/1",
        "https://assets.b.example:22/1",
        "https://assets.b.example./1",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/",
        "1",
        "mimi://a.example/u/alice",
    ],
)
def test_what_is_no_url_of_an_asset_is_refused(hub, url):
    answer = download(hub, url)
    assert answer.status == 400
    assert b"is not the URL of an asset" in answer.body


def test_without_configured_hosts_everything_is_refused(world):
    assert download(world, ASSET).status == 403


def test_asset_hosts_are_learned_and_outlive_a_reset(world):
    world.service.add_peers({}, asset_hosts={"b.example": ["assets.b.example"], "c.example": []})
    world.service.add_peers({}, asset_hosts={"b.example": ["assets.b.example", "cdn.example"]})
    world.service.reset()
    assert download(world, ASSET) == ProxyDownload(Asset(URL, frozenset({"assets.b.example", "cdn.example"})))


def test_an_asset_host_has_to_have_a_name(world):
    with pytest.raises(IdentifierError):
        world.service.add_peers({}, asset_hosts={"b.example": ["assets.b.example", "127.0.0.1"]})
    assert download(world, ASSET).status == 403


@exercises("PROTO-5.10.2-02")
@pytest.mark.parametrize("method", ["POST", "HEAD", "PUT", "CONNECT"])
def test_an_asset_can_only_be_got(hub, method):
    answer = hub.ask(method, "/v1/proxyDownload/https%3A%2F%2Fassets.b.example%2F1")
    assert (answer.status, dict(answer.headers)["Allow"]) == (405, "GET")


def test_a_url_that_is_not_encoded_altogether_leads_nowhere(hub):
    assert hub.ask("GET", "/v1/proxyDownload/https://assets.b.example/1").status == 404


def test_who_asks_has_to_be_a_provider_like_everywhere(hub):
    assert download(hub, ASSET, certificate=None).status == 403
    assert download(hub, ASSET, certificate=hub.certificates["c.example"]).status == 403
    assert download(hub, ASSET, headers=(("host", "a.example"),)).status == 400
    assert download(hub, ASSET, headers=(("host", "evil.example"), ("from", "mimi@b.example"))).status == 421


@pytest.mark.parametrize("hosts", [{"b.example": {"127.0.0.1"}}, {"B.example": set()}, {"b.example": {"x:1"}}])
def test_only_names_can_be_configured(hosts):
    with pytest.raises(IdentifierError):
        DownloadSettings(hosts)


def test_what_tells_of_the_content_is_passed_on_and_nothing_else(hub):
    fields = (
        ("content-type", "image/png"),
        ("content-length", "5"),
        ("cache-control", "max-age=60"),
        ("set-cookie", "id=1"),
        ("server", "b"),
        ("connection", "close"),
    )
    assert hub.provider.passed_on(URL, 200, fields, 5) == fields[:3]


@pytest.mark.parametrize(
    ("status", "answered"),
    [(404, 404), (410, 410), (503, 503), (204, 502), (206, 502), (304, 502), (302, 502), (600, 502), (499, 502)],
)
def test_the_errors_of_an_asset_host_are_passed_on_and_other_answers_are_none(hub, status, answered):
    with pytest.raises(Refusal) as refused:
        hub.provider.passed_on(URL, status, (), 5)
    assert refused.value.status == answered


def test_an_asset_may_not_be_larger_than_allowed(hub):
    with pytest.raises(Refusal, match="more than 4 bytes") as refused:
        hub.provider.passed_on(URL, 200, (("content-length", "5"),), 4)
    assert refused.value.status == HTTPStatus.BAD_GATEWAY


def test_redirections_are_followed_to_asset_hosts(hub):
    for location, url in [("https://cdn.example/2", "https://cdn.example/2"), ("/2", "https://assets.b.example/2")]:
        redirected = hub.provider.redirected(Asset(URL, ALL_HOSTS), location)
        assert (str(redirected.url), redirected.hosts) == (url, ALL_HOSTS)


@exercises("PROTO-5.10.2-05")
@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/1",
        "http://assets.b.example/1",
        "https://127.0.0.1/",
        "//evil.example/1",
        "https://assets.b.example@evil.example/",
        "https://assets.b.example:8443/",
        "\thttps://evil.example",
    ],
)
def test_redirections_are_followed_nowhere_else(hub, location):
    with pytest.raises(Refusal, match=r"assets\.b\.example redirects to another place") as refused:
        hub.provider.redirected(Asset(URL, ALL_HOSTS), location)
    assert refused.value.status == HTTPStatus.BAD_GATEWAY
