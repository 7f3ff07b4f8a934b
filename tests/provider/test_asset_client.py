"""Where the hub connects to for an asset: to public addresses, to those it looked at, and to what was mapped."""

import asyncio
from contextlib import ExitStack

import httpcore
import pytest

from mimi_conformance.reference.provider.asset_client import AssetClient, is_public
from mimi_conformance.reference.provider.asset_url import AssetUrl
from mimi_conformance.reference.provider.download_settings import DownloadSettings
from mimi_conformance.reference.provider.messages import Refusal
from tests.provider.asset_host import AssetHost, asset

URL = AssetUrl("assets.b.example", "/1")
PUBLIC = "93.184.215.14"
ANOTHER_PUBLIC = "2606:2800:21f:cb07:6820:80da:af6b:8b2c"


@pytest.mark.parametrize("address", [PUBLIC, ANOTHER_PUBLIC, "8.8.8.8", "1.1.1.1"])
def test_public_addresses(address):
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b:1::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "4000::1",
    ],
)
def test_addresses_that_are_not_public(address):
    assert not is_public(address)


class Names:
    """A name service that gives one answer after the other."""

    def __init__(self, *answers) -> None:
        self.answers = list(answers)
        self.asked = []

    async def __call__(self, host):
        self.asked.append(host)
        answer = self.answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer


@pytest.fixture
def host(authority):
    with ExitStack() as stack:
        host = AssetHost(authority.issue("assets.b.example"), authority, {"/1": asset(b"a cat")})
        stack.enter_context(host.server)
        yield host


@pytest.fixture
def dialled(host, monkeypatch):
    """Where connections go to, all of which end at the host; what is in ``dead`` does not answer."""
    connect = httpcore.AnyIOBackend.connect_tcp
    places = []

    async def dial(self, address, port, *options):
        places.append((address, port))
        if address in dead:
            raise httpcore.ConnectError("nobody there")
        return await connect(self, *host.server.address, *options)

    dead = set()
    monkeypatch.setattr(httpcore.AnyIOBackend, "connect_tcp", dial)
    dial.places, dial.dead = places, dead
    return dial


def get(peers, names, url=URL) -> bytes:
    async def run():
        async with AssetClient(DownloadSettings(), peers.client, names).get(url) as answer:
            return b"".join([chunk async for chunk in answer.content])

    return asyncio.run(run())


def test_the_connection_goes_to_the_address_that_was_looked_at(world, host, dialled):
    names = Names([PUBLIC], ["127.0.0.1"])
    assert get(world.peers, names) == b"a cat"
    assert (names.asked, dialled.places) == (["assets.b.example"], [(PUBLIC, 443)])
    [request] = host.requests
    assert dict(request["headers"]) == {b"host": b"assets.b.example", b"accept-encoding": b"identity"}


def test_the_next_address_is_tried_when_one_does_not_answer(world, dialled):
    dialled.dead.add(PUBLIC)
    assert get(world.peers, Names([PUBLIC, ANOTHER_PUBLIC])) == b"a cat"
    assert dialled.places == [(PUBLIC, 443), (ANOTHER_PUBLIC, 443)]


@pytest.mark.parametrize(
    ("answer", "status", "reason"),
    [
        (["127.0.0.1"], 403, "at 127.0.0.1, which is no public address"),
        ([PUBLIC, "10.0.0.1"], 403, "at 10.0.0.1"),
        (["::ffff:127.0.0.1"], 403, "no public address"),
        ([], 502, "has no address"),
        (OSError("Name or service not known"), 502, "Name or service not known"),
    ],
)
def test_a_name_that_leads_elsewhere_is_not_followed(world, dialled, answer, status, reason):
    with pytest.raises(Refusal, match=reason) as refused:
        get(world.peers, Names(answer))
    assert (refused.value.status, dialled.places) == (status, [])


def test_when_no_address_answers_the_host_can_not_be_reached(world, dialled):
    dialled.dead.update({PUBLIC, ANOTHER_PUBLIC})
    with pytest.raises(Refusal, match="nobody there") as refused:
        get(world.peers, Names([PUBLIC, ANOTHER_PUBLIC]))
    assert refused.value.status == 502


def test_a_mapped_host_needs_no_name_service(world, host):
    world.peers.add_peers({"assets.b.example": host.server.address})
    assert get(world.peers, Names()) == b"a cat"


def test_a_host_with_the_certificate_of_another_is_not_asked(world, host):
    world.peers.add_peers({"assets.c.example": host.server.address})
    with pytest.raises(Refusal, match="certificate") as refused:
        get(world.peers, Names(), AssetUrl("assets.c.example", "/1"))
    assert (refused.value.status, host.requests) == (502, [])


def test_the_system_resolves_names_when_nobody_else_does(world):
    async def run():
        async with AssetClient(DownloadSettings(), world.peers.client).get(AssetUrl("localhost", "/1")):
            pass

    with pytest.raises(Refusal, match="no public address"):
        asyncio.run(run())
