"""What the target does as a client of its peers: From, Host, certificates, their directories (PROTO 4.1, 5.1)."""

import datetime as dt
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import urlsplit

import pytest
from starlette.responses import PlainTextResponse

from mimi_conformance.mocks.control.client import RequestOutcome
from mimi_conformance.mocks.control.server import ControlServer
from mimi_conformance.mocks.network.authority import Identity
from mimi_conformance.mocks.network.exchange import Exchange
from mimi_conformance.mocks.peers.answer import Reply
from mimi_conformance.mocks.peers.directory import DIRECTORY, templates_of
from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.provider.server import Receive, Scope, Send
from mimi_conformance.reference.provider.url_template import variable
from mimi_conformance.reference.wire.protocol.identifier import IdentifierRequest, SearchIdentifierType
from mimi_conformance.suites.target.addressed_peer import AddressedPeer
from mimi_conformance.suites.target.judgement import blocked, checks, expect, feature, other_reading, role
from mimi_conformance.suites.target.world import World
from mimi_conformance.suites.transport.outgoing import sent_for_client
from mimi_conformance.suites.transport.queries import condition

QUERY = IdentifierRequest((condition(SearchIdentifierType.handle, "im:somebody"),)).encode()
JSON = (("Content-Type", "application/json"),)
A_DAY = dt.timedelta(days=1)


def ask(world: World, peer: AddressedPeer) -> tuple[tuple[Exchange, ...], RequestOutcome]:
    """Let a client of the target query our peer: what then comes there, the directory's GET aside, and the outcome."""
    client = world.user(clients=1).clients[0]
    mark = peer.mark()
    outcome = world.control.requests(client, "identifierQuery", peer.domain, peer.domain, QUERY)
    calls = tuple(exchange for exchange in peer.received(since=mark) if exchange.endpoint != DIRECTORY)
    return calls, outcome


def must_call(world: World, peer: AddressedPeer) -> Exchange:
    """The query of a client of the target as it comes to our peer; blocked when it does not."""
    client = world.user(clients=1).clients[0]
    return sent_for_client(world, client, peer, endpoint="identifierQuery", about=peer.domain, body=QUERY)


def must_call_someone_new(world: World) -> None:
    """Go on only when the target calls providers that it has never met."""
    with world.new_peer() as stranger:
        must_call(world, stranger)


@checks("PROTO-4.1-02", "PROTO-4.1-06", "ARCH-6-02")
def test_from_names_the_provider_that_sends(world: World) -> None:
    """A request has one From field, with the domain of the provider that it comes from."""
    senders = must_call(world, world.peer).request_header("from")
    expect(len(senders) == 1, expected="one From field", got=senders)
    domain = senders[0].rpartition("@")[2].strip("<> \t")
    domains = world.description.provider.domains
    expect(domain in domains, expected=f"the domain {' or '.join(domains)} in From", got=senders[0])


@checks("PROTO-4.1-07")
def test_from_is_a_bare_address(world: World) -> None:
    """The mailbox in From is an addr-spec, without a display name and without angle brackets."""
    for sender in must_call(world, world.peer).request_header("from"):
        expect(re.fullmatch(r'[^\s<>(),"@]+@[^\s<>(),"@]+', sender), expected="a bare addr-spec", got=sender)


@checks("PROTO-4.1-08")
def test_the_local_part_of_from_is_mimi(world: World) -> None:
    """The mailbox in From is that of mimi at the provider."""
    for sender in must_call(world, world.peer).request_header("from"):
        local_part = sender.rpartition("@")[0].rpartition("<")[2]
        expect("mimi" in local_part, expected="the local part mimi", got=sender)
        if local_part != "mimi":
            other_reading("AMB-019", f"the local part is {local_part}")


@checks("PROTO-4.1-02", "PROTO-4.1-03")
def test_host_names_the_provider_that_is_asked(world: World) -> None:
    """A request has one Host field, with the domain of the provider that it is for; a port may follow."""
    hosts = must_call(world, world.peer).request_header("host")
    names = [urlsplit(f"//{host}").hostname for host in hosts]
    expect(names == [world.peer.domain], expected=f"one Host field, {world.peer.domain}", got=hosts)


@checks("PROTO-4.1-14")
def test_the_target_shows_a_certificate_of_its_own_domain(world: World) -> None:
    """A provider authenticates itself to the server that it calls."""
    names = must_call(world, world.peer).certificate_names
    wanted = {name for domain in world.description.provider.domains for name in (domain, _wildcard(domain))}
    expect(wanted & set(names or ()), expected=f"a client certificate for {world.domain}", got=names or "none")


def _wildcard(domain: str) -> str:
    return f"*.{domain.partition('.')[2]}"


@contextmanager
def showing(peer: AddressedPeer, identity: Identity) -> Iterator[None]:
    """Let our peer show another certificate for the length of the block."""
    own = peer.peer.identity
    peer.peer.present(identity)
    try:
        yield
    finally:
        peer.peer.present(own)


@checks("PROTO-4.1-12")
@pytest.mark.parametrize("fault", ["another domain", "expired", "not yet valid", "unknown authority"])
def test_a_server_that_does_not_prove_its_domain_is_sent_nothing(world: World, fault: str) -> None:
    """The target does not talk to a server whose certificate fails to authenticate the provider that it looks for."""
    must_call(world, world.peer)
    domain, now = world.peer.domain, dt.datetime.now(dt.UTC)
    match fault:
        case "another domain":
            identity = world.issue(f"elsewhere.{domain}", common_name=domain)
        case "expired":
            identity = world.issue(domain, not_before=now - 3 * A_DAY, not_after=now - A_DAY)
        case "not yet valid":
            identity = world.issue(domain, not_before=now + A_DAY, not_after=now + 3 * A_DAY)
        case _:
            identity = world.issue_untrusted(domain)
    with showing(world.peer, identity):
        mark = world.peer.mark()  # what came before, over another connection, has seen another certificate
        ask(world, world.peer)
    received = world.peer.received(since=mark)
    expect(not received, expected="no request over this connection", got=[call.url for call in received])


@checks("PROTO-5.1-03")
def test_paths_are_taken_from_the_directory(world: World) -> None:
    """A request goes to the path that the other provider's directory lists, whatever it looks like."""
    must_call_someone_new(world)
    with world.new_peer() as peer:
        pattern = f"https://{peer.domain}/any/where/{{endpoint}}/{{{{{{variable}}}}}}/to/go"
        peer.peer.advertise(_templates(peer.domain, pattern))
        calls, outcome = ask(world, peer)
    came = [call.endpoint for call in calls]
    got = ", ".join(call.url for call in calls) or outcome.failure or f"nothing, and status {outcome.status}"
    expect(came == ["identifierQuery"], expected="one request, to the URL in the directory", got=got)


@checks("PROTO-5.1-03")
def test_hosts_are_taken_from_the_directory(world: World) -> None:
    """A request goes to the host that the other provider's directory lists, which need not be the provider's domain."""
    must_call_someone_new(world)
    with world.new_peer() as peer, world.new_peer() as other:
        # This host carries both names, so that it can be trusted by every reading of AMB-015.
        other.peer.present(world.issue(other.domain, peer.domain))
        document = json.dumps(templates_of(other.domain)).encode()
        peer.on(DIRECTORY, Reply(200, document, JSON))
        mark = other.mark()
        calls, outcome = ask(world, peer)
        received = other.received(since=mark)
    got = outcome.failure or f"status {outcome.status}, and {len(calls)} requests to {peer.domain}"
    expect([call.endpoint for call in received] == ["identifierQuery"], expected="one request to this host", got=got)


def _templates(domain: str, pattern: str) -> Mapping[str, str]:
    """The URL templates of a directory, each made by the same pattern."""
    return {
        endpoint: pattern.format(endpoint=endpoint, variable=variable(template))
        for endpoint, template in templates_of(domain).items()
    }


@checks("PROTO-5.1-15")
@pytest.mark.parametrize(
    "member",
    ["https://{domain}/v9/teleport/{{roomId}}", "not a URL", {"a": ["b", 1]}, None],
    ids=["a template", "a word", "an object", "null"],
)
def test_an_unknown_directory_member_is_ignored(world: World, member: object) -> None:
    """What the target does not know in a directory does not keep it from using what it knows."""
    must_call_someone_new(world)
    with world.new_peer() as peer:
        known = templates_of(peer.domain)
        unknown = member.format(domain=peer.domain) if isinstance(member, str) else member
        document = json.dumps({"teleport": unknown, **known, "x-teleport": unknown}).encode()
        peer.on(DIRECTORY, Reply(200, document, JSON))
        calls, outcome = ask(world, peer)
    got = outcome.failure or f"status {outcome.status}"
    expect([call.endpoint for call in calls] == ["identifierQuery"], expected="the request to be sent", got=got)


@checks("PROTO-4.1-01")
def test_a_url_without_tls_is_not_called(world: World) -> None:
    """A request never leaves over plain HTTP, not even when a directory asks for it."""
    must_call_someone_new(world)
    called = []

    async def plain(scope: Scope, receive: Receive, send: Send) -> None:
        called.append(scope["path"])
        await PlainTextResponse("no TLS here")(scope, receive, send)

    with ControlServer(plain) as server, world.new_peer() as peer:
        host = f"plain.{peer.domain}"
        world.control.peers({host: ("127.0.0.1", urlsplit(server.url).port or 0)})
        pattern = f"http://{host}/v1/{{endpoint}}/{{{{{{variable}}}}}}"
        document = json.dumps(_templates(peer.domain, pattern)).encode()
        peer.on(DIRECTORY, Reply(200, document, JSON))
        ask(world, peer)
    expect(not called, expected="no request over plain HTTP", got=called)


@checks("PROTO-4.3-03")
@role("follower")
@feature("key-material")
def test_a_clients_request_goes_to_the_hub_and_the_answer_comes_back(world: World) -> None:
    """A provider stands between its client and the hub of a room: both get what the other one sent."""
    user = world.user(clients=1)
    client = user.clients[0]
    player = PeerUser(world.domain, user.name, client.text.rpartition("/")[2])
    body = player.key_material_request(world.peer_user().uri.text, world.new_room().text).encode()
    mark = world.peer.mark()
    outcome = world.control.requests(client, "keyMaterial", world.peer.domain, world.peer_user().uri.text, body)
    call = next(iter(world.peer.received("keyMaterial", since=mark)), None)
    if call is None:
        blocked(f"a keyMaterial request of the target to {world.peer.domain}: {outcome.failure or outcome.status}")
    expect(call.request_body == body, expected=f"the client's request, {body.hex()}", got=call.request_body)
    answer = call.response_body
    expect(outcome.body == answer, expected=f"the hub's answer, {answer.hex()}", got=outcome.body)
