"""From and Host: who a request comes from and whom it is for (PROTO 4.1)."""

from collections.abc import Sequence
from urllib.parse import urlsplit

import pytest

from mimi_conformance.mocks.peers.peer import MEDIA_TYPE
from mimi_conformance.suites.target.judgement import checks, feature
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import expect_accepted, expect_turned_away, must_accept
from mimi_conformance.suites.transport.well_formed import at_every_endpoint, probe, well_formed

needs_the_query = feature("identifier-query")


def headers(*senders: str) -> Sequence[tuple[str, str]]:
    """The header fields of a request with these values of From, each in a field of its own."""
    return (*(("From", sender) for sender in senders), ("Content-Type", MEDIA_TYPE))


@checks("PROTO-4.1-09")
@at_every_endpoint
def test_a_request_without_from_is_refused(world: World, endpoint: str) -> None:
    """A request that does not say which provider it comes from is not served."""
    request = well_formed(world, endpoint)
    twin = request.must_be_served()
    expect_turned_away(request.send(headers=headers()), twin=twin)


@checks("PROTO-4.1-09")
@needs_the_query
@pytest.mark.parametrize("own_first", [True, False], ids=["our own first", "our own last"])
def test_a_request_with_two_froms_is_refused(world: World, own_first: bool) -> None:
    """A request that names two providers as its source is not served, though one of them is the sender."""
    request = probe(world)
    twin = request.must_be_served()
    senders = [f"mimi@{world.peer.domain}", f"mimi@other.{world.peer.domain}"]
    expect_turned_away(request.send(headers=headers(*(senders if own_first else reversed(senders)))), twin=twin)


@checks("PROTO-4.1-09")
@needs_the_query
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("", id="empty"),
        pytest.param("{domain}", id="no local part and no at"),
        pytest.param("@{domain}", id="an empty local part"),
        pytest.param("mimi@", id="no domain"),
        pytest.param("mimi@@{domain}", id="two ats"),
        pytest.param("mimi@other.{domain}, mimi@{domain}", id="two mailboxes"),
        pytest.param("mimi@{domain}/", id="a path after the domain"),
        pytest.param("<mimi@{domain}>", id="angle brackets"),
        pytest.param('"MIMI" <mimi@{domain}>', id="a display name"),
        pytest.param("postmaster@{domain}", id="another local part"),
    ],
)
def test_a_malformed_from_is_refused(world: World, value: str) -> None:
    """A From that is not the bare address of one provider's mimi names no provider, and nothing is served."""
    request = probe(world)
    twin = request.must_be_served()
    expect_turned_away(request.send(headers=headers(value.format(domain=world.peer.domain))), twin=twin)


@checks("PROTO-4.1-13", "PROTO-9-01", "ARCH-6-02")
@at_every_endpoint
def test_nobody_speaks_in_the_name_of_another_provider(world: World, endpoint: str) -> None:
    """A request is refused when the certificate of the connection is not that of the provider in From."""
    request = well_formed(world, endpoint, sender=world.other_peer)
    twin = request.must_be_served()
    expect_turned_away(request.send(identity=world.peer.peer.identity), twin=twin, taken=403)


@checks("PROTO-4.1-13")
@needs_the_query
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("elsewhere.{domain}", id="a subdomain"),
        pytest.param("elsewhere{domain}", id="a domain that ends alike"),
        pytest.param("{domain}.elsewhere", id="a domain that begins alike"),
    ],
)
def test_a_certificate_for_a_similar_domain_does_not_do(world: World, pattern: str) -> None:
    """A certificate authenticates the provider whose domain it carries, and none with a domain that looks like it."""
    request = probe(world)
    twin = must_accept(request.send(identity=world.issue(world.peer.domain)))
    identity = world.issue(pattern.format(domain=world.peer.domain))
    expect_turned_away(request.send(identity=identity), twin=twin, taken=403)


@checks("PROTO-4.1-04")
@needs_the_query
@pytest.mark.parametrize("port", [443, 8443, 1])
def test_a_port_in_host_does_not_matter(world: World, port: int) -> None:
    """The provider that a request is for is the name in Host, whatever port stands behind it."""
    request = probe(world)
    request.must_be_served()
    expect_accepted(request.send(host=f"{urlsplit(request.url).hostname}:{port}"))


@checks("PROTO-4.1-05")
@needs_the_query
@pytest.mark.parametrize(
    "pattern",
    [
        pytest.param("{peer}", id="the sender"),
        pytest.param("elsewhere.{host}", id="a subdomain"),
        pytest.param("elsewhere{host}", id="a domain that ends alike"),
        pytest.param("{host}.elsewhere", id="a domain that begins alike"),
    ],
)
def test_a_request_for_another_provider_is_refused(world: World, pattern: str) -> None:
    """A request whose Host names somebody else is not served."""
    request = probe(world)
    twin = request.must_be_served()
    host = pattern.format(peer=world.peer.domain, host=urlsplit(request.url).hostname)
    expect_turned_away(request.send(host=host), twin=twin)
