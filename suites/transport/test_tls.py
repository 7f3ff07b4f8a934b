"""Mutual TLS: whom the target lets in, by the certificate that a peer shows (PROTO 4.1, 9)."""

import datetime as dt

import pytest

from mimi_conformance.mocks.faults.sending import plain_http
from mimi_conformance.mocks.network.exchange import Failure
from mimi_conformance.suites.target.judgement import checks, expect, feature, inconclusive
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.answers import described, expect_accepted, expect_turned_away, must_accept
from mimi_conformance.suites.transport.well_formed import probe

pytestmark = feature("identifier-query")

_A_DAY = dt.timedelta(days=1)


@checks("PROTO-4.1-01", "MLS-16.1-01")
def test_nothing_is_served_without_tls(world: World) -> None:
    """Plain HTTP on the port of HTTPS gets no service: TLS is not optional."""
    request = probe(world)
    request.must_be_served()
    exchange = plain_http(world.peer.peer, request.url, request.body, endpoint=request.endpoint)
    if exchange.failure is Failure.TIMEOUT:
        inconclusive("the target kept the connection open and said nothing")
    served = exchange.status is not None and exchange.status // 100 == 2
    expect(not served, expected="no service over plain HTTP", got=described(exchange))


@checks("PROTO-2-03", "PROTO-4.1-10")
def test_a_peer_without_a_certificate_is_refused(world: World) -> None:
    """TLS has to be mutual: a client that does not authenticate itself gets no service."""
    request = probe(world)
    twin = request.must_be_served()
    expect_turned_away(request.send(anonymous=True), twin=twin)


@checks("PROTO-4.1-11")
@pytest.mark.parametrize(
    "validity",
    [
        pytest.param((-3, -1), id="expired"),
        pytest.param((1, 3), id="not yet valid"),
    ],
)
def test_a_certificate_out_of_its_time_is_refused(world: World, validity: tuple[int, int]) -> None:
    """A certificate that has expired, or is not valid yet, authenticates nobody."""
    request = probe(world)
    twin = must_accept(request.send(identity=world.issue(world.peer.domain)))
    begin, end = (dt.datetime.now(dt.UTC) + days * _A_DAY for days in validity)
    identity = world.issue(world.peer.domain, not_before=begin, not_after=end)
    expect_turned_away(request.send(identity=identity), twin=twin)


@checks("PROTO-4.1-11")
def test_a_certificate_of_an_unknown_authority_is_refused(world: World) -> None:
    """A certificate that leads to no authority that the target trusts authenticates nobody, whatever it says."""
    request = probe(world)
    twin = request.must_be_served()
    expect_turned_away(request.send(identity=world.issue_untrusted(world.peer.domain)), twin=twin)


@checks("PROTO-4.1-15")
def test_a_certificate_may_carry_several_names(world: World) -> None:
    """The provider's domain may be any of the DNS names in the certificate, in any case."""
    request = probe(world)
    must_accept(request.send(identity=world.issue(world.peer.domain)))
    names = ("first." + world.peer.domain, world.peer.domain.upper(), "last." + world.peer.domain)
    expect_accepted(request.send(identity=world.issue(*names)))


@checks("PROTO-4.1-15")
@pytest.mark.parametrize(
    ("label", "common_name"),
    [
        pytest.param("*", "*", id="a wildcard for the subdomains"),
        pytest.param("elsewhere", "", id="the domain as common name only"),
    ],
)
def test_a_certificate_with_no_matching_dns_name_is_refused(world: World, label: str, common_name: str) -> None:
    """A wildcard stands for one more label, not for none; the common name does not count beside DNS names."""
    request = probe(world)
    domain = world.peer.domain
    twin = must_accept(request.send(identity=world.issue(domain)))
    identity = world.issue(f"{label}.{domain}", common_name=f"{common_name}.{domain}".removeprefix("."))
    expect_turned_away(request.send(identity=identity), twin=twin, taken=403)


@checks("ARCH-3-05")
def test_another_machine_of_a_provider_is_the_same_provider(world: World) -> None:
    """A provider may be many machines: a second key and certificate for its domain are as good as the first."""
    request = probe(world)
    request.must_be_served()
    expect_accepted(request.send(identity=world.issue(world.peer.domain)))
