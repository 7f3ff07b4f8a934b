"""proxyDownload: assets of our peers, fetched by the target as a hub (PROTO 5.10.2)."""

from random import Random
from urllib.parse import unquote

import pytest

from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.answer import Reply
from mimi_conformance.mocks.peers.asset_host import AssetHost
from mimi_conformance.suites.target.judgement import checks, expect, feature, other_reading, role
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import described, expect_accepted, expect_refusal, must_accept
from mimi_conformance.suites.transport.downloads import PROXY, download, must_download
from mimi_conformance.suites.transport.outgoing import sent_for_client

pytestmark = feature("proxy-download")

CAT = Random(1).randbytes(100_000)
FORWARDING = ("forwarded", "x-forwarded-for", "x-real-ip", "referer", "origin", "cookie")
"""Header fields that can say for whom a request is made."""


@checks("PROTO-5.10-03", "PROTO-5.10.2-01", "PROTO-5.10.2-06")
@role("hub")
@pytest.mark.parametrize("content", [pytest.param(CAT, id="100-kB"), pytest.param(b"", id="nothing")])
def test_the_response_to_a_download_is_the_asset(world: World, content: bytes) -> None:
    """A provider whose client wants an asset of another provider gets it from the hub, octet for octet."""
    with world.new_asset_host(world.other_peer) as host:
        exchange = download(world.peer, host.keep(content))
    expect_accepted(exchange, "PROTO-5.10-03", "PROTO-5.10.2-01")
    same = exchange.response_body == content
    expect(same, "PROTO-5.10.2-06", expected=f"the {len(content)} octets of the asset", got=exchange.response_body)


@checks("PROTO-5.10.2-02")
@role("hub")
@pytest.mark.parametrize("query", ["?size=%2Fbig&a=b", "?x=https%3A%2F%2Fc.example%2F"])
def test_the_whole_url_of_the_asset_is_asked_for(world: World, query: str) -> None:
    """What stands in the URL of proxyDownload is the asset's URL, whose octets the asset host sees as they were."""
    with world.new_asset_host(world.other_peer) as host:
        must_download(world.peer, host)
        url = host.on("/a%20cat/%2E%2e;v=1", Reply(200, CAT)) + query
        mark = world.recorder.mark()
        exchange = download(world.peer, url)
        targets = [each.request_target for each in host.received(mark)]
    wanted = url.removeprefix(f"https://{host.domain}")
    expect(targets == [wanted], expected=f"one request for {wanted}", got=targets or described(exchange))


@checks("PROTO-5.10.2-02")
@role("hub")
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_download_is_a_get(world: World, method: str) -> None:
    """A request with another method than GET (or HEAD) is refused."""
    with world.new_asset_host(world.other_peer) as host:
        must_download(world.peer, host)
        expect_refusal(download(world.peer, host.keep(CAT), method))


@checks("PROTO-5.10.2-04", "PROTO-5.10.2-07")
@role("hub")
def test_a_host_that_is_no_asset_host_is_not_asked(world: World) -> None:
    """The hub refuses a URL whose host is not where one of its peers keeps assets, and asks nobody for it."""
    with world.new_asset_host(world.other_peer) as host, world.new_asset_host(None) as stranger:
        must_download(world.peer, host)
        expect_not_asked(world, stranger, stranger.keep(CAT), "PROTO-5.10.2-04", status="PROTO-5.10.2-07")


@checks("PROTO-5.10.2-05", "PROTO-5.10.2-07")
@role("hub")
@pytest.mark.parametrize(
    "trick",
    [
        pytest.param("https://{host}@{stranger}{path}", id="user-info"),
        pytest.param("https://{host}:443@{stranger}{path}", id="user-info-with-port"),
        pytest.param("https://{stranger}\\@{host}{path}", id="backslash"),
        pytest.param("https://{stranger}#@{host}{path}", id="fragment"),
        pytest.param("https://{stranger}{path}?https://{host}/", id="query"),
        pytest.param("https://{stranger}%2F@{host}{path}", id="percent-encoded-slash"),
    ],
)
def test_no_trick_leads_to_another_host(world: World, trick: str) -> None:
    """However a URL is written, no host is asked for it but one where a peer keeps assets."""
    with world.new_asset_host(world.other_peer) as host, world.new_asset_host(None) as stranger:
        must_download(world.peer, host)
        stranger.on("/", Reply(200, CAT))
        stranger.on("//", Reply(200, CAT))
        path = stranger.keep(CAT).removeprefix(f"https://{stranger.domain}")
        host.on(path, Reply(200, b"not what was asked for"))
        url = trick.format(host=host.domain, stranger=stranger.domain, path=path)
        expect_not_asked(world, stranger, url, "PROTO-5.10.2-05", status="PROTO-5.10.2-07")


@checks("PROTO-5.10.2-05")
@role("hub")
@pytest.mark.parametrize("trick", ["http://{host}{path}", "https://{host}:{port}{path}"], ids=["http", "port"])
def test_an_asset_host_is_asked_only_by_https_at_its_port(world: World, trick: str) -> None:
    """A URL with another scheme than https, or with a port that nobody has named, is refused."""
    with world.new_asset_host(world.other_peer) as host:
        must_download(world.peer, host)
        path = host.keep(CAT).removeprefix(f"https://{host.domain}")
        expect_refusal(download(world.peer, trick.format(host=host.domain, path=path, port=host.address[1])))


@checks("PROTO-5.10.2-05")
@role("hub")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_redirection_leads_to_another_host(world: World, status: int) -> None:
    """The hub does not follow an asset host to one that is none."""
    with world.new_asset_host(world.other_peer) as host, world.new_asset_host(None) as stranger:
        must_download(world.peer, host)
        url = host.on("/moved", Reply(status, headers=(("Location", stranger.keep(CAT)),)))
        mark = world.recorder.mark()
        exchange = download(world.peer, url)
        asked = stranger.received(mark)
    expect(not asked, expected="nobody to be asked", got=asked)
    if exchange.status is not None and exchange.status // 100 == 3:
        other_reading("AMB-128", "redirections are passed on")


@checks("PROTO-5.10.2-07")
@role("hub")
@pytest.mark.parametrize("status", [404, 410, 500])
def test_an_asset_that_is_not_there_is_an_error(world: World, status: int) -> None:
    """What the asset host has no content for is answered with an HTTP error code."""
    with world.new_asset_host(world.other_peer) as host:
        must_download(world.peer, host)
        exchange = download(world.peer, host.on("/missing", Reply(status, b"a page of the asset host")))
    expect_error(exchange)


@checks("PROTO-5.10.2-08")
@role("hub")
def test_the_asset_host_learns_nothing_of_who_asks(world: World) -> None:
    """The request that reaches the asset host is the hub's own: nothing in it is of the provider that asked."""
    with world.new_asset_host(world.other_peer) as host:
        url = host.keep(CAT)
        mark = world.recorder.mark()
        must_accept(download(world.peer, url))
        [request, *_] = host.received(mark)
    told = [field for field in request.request_headers if _tells(field, world)]
    expect(not told, expected="a request that does not say for whom it is made", got=told)


@checks("PROTO-5.10.2-03")
@role("follower")
def test_a_download_reveals_neither_client_nor_room(world: World) -> None:
    """What a hub is asked for a client says which asset is wanted, and not by whom or for which room."""
    user = world.user(clients=1)
    url = f"https://assets.{world.peer.domain}/{world.new_name()}"
    request = sent_for_client(world, user.clients[0], world.peer, endpoint=PROXY, about=url, body=b"")
    secrets = {user.uri.text, user.clients[0].text, *(uri.text.rpartition("/")[2] for uri in (user.uri, *user.clients))}
    sent = unquote(f"{request.request_target} {request.request_headers} {request.request_body!r}")
    told = sorted(secret for secret in secrets if secret in sent)
    expect(not told, expected="a request that does not say who wants the asset", got=told)
    expect(request.subject == url, expected=f"the URL {url}", got=request.subject)


def expect_not_asked(world: World, stranger: AssetHost, url: str, rule: str, *, status: str) -> None:
    """Judge that the target neither asks a host that is no asset host nor gives anything for the URL."""
    mark = world.recorder.mark()
    exchange = download(world.peer, url)
    asked = stranger.received(mark)
    expect(not asked, rule, expected="nobody to be asked", got=asked)
    expect_error(exchange, status)


def expect_error(exchange: Exchange, *ids: str) -> None:
    """Judge that the answer has an HTTP error code; a closed connection is none."""
    failed = exchange.status is not None and exchange.status >= 400
    expect(failed, *ids, expected="an HTTP error code", got=described(exchange))


def _tells(field: tuple[str, str], world: World) -> bool:
    name, value = field
    return name.lower() in FORWARDING or (name.lower() != "host" and world.peer.domain in value)
