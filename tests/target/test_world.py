"""The world offers users, inboxes and peers, from the control interface or the fixtures, and says what is missing."""

import pickle
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mimi_conformance.mocks.control.client import ControlClient
from mimi_conformance.mocks.network.exchange import Direction
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.instance import Parts
from mimi_conformance.reference.provider.messages import Endpoint
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.reference.provider.server import ASGIApp, Receive, Scope, Send
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.identifier import (
    IdentifierRequest,
    IdentifierResponse,
    QueryElement,
    SearchIdentifierType,
)
from mimi_conformance.suites.target.description import TargetDescription
from mimi_conformance.suites.target.judgement import Blocked, Inconclusive, NotDeclared
from mimi_conformance.suites.target.laboratory import LaboratoryError, open_laboratory, require_enough_for
from mimi_conformance.suites.target.reference_target import ReferenceTarget
from mimi_conformance.suites.target.sections import ControlDescription, CredentialIdentity, Reach
from mimi_conformance.suites.target.users import (
    Consent,
    Fixtures,
    ProfileEntry,
    ProfileType,
    RoomEntry,
    TargetRoom,
    TargetUser,
)
from mimi_conformance.suites.target.world import World, open_world

NICK = ProfileEntry(ProfileType.NICK)
BOB = TargetUser(
    "bob",
    MimiUri("mimi://a.example/u/bob"),
    clients=(MimiUri("mimi://a.example/d/bob/phone"),),
    key_packages=True,
    consent=(Consent("b.example"),),
    profile=(ProfileEntry(ProfileType.NICK, "bob"), ProfileEntry(ProfileType.EMAIL, "bob@a.example", searchable=False)),
)


@pytest.fixture(scope="module")
def target() -> Iterator[TargetDescription]:
    with ReferenceTarget() as running:
        yield running.description


@pytest.fixture
def world(target: TargetDescription) -> Iterator[World]:
    with open_world(target) as world:
        yield world


@pytest.fixture
def poor_world(target: TargetDescription) -> Iterator[World]:
    """Without a control interface; with one fixture."""
    description = replace(
        target,
        control=None,
        peers=replace(target.peers, reach=Reach.NONE),
        fixtures=Fixtures(
            {"bob": BOB}, {"hall": TargetRoom("hall", MimiUri("mimi://a.example/r/hall"), RoomEntry.OPEN)}
        ),
    )
    with open_world(description) as world:
        yield world


def query(nick: str) -> IdentifierRequest:
    return IdentifierRequest((QueryElement(search_type=SearchIdentifierType.nick, search_value=nick.encode()),))


def consent_request(requester: MimiUri, target: MimiUri) -> ConsentEntry:
    return ConsentEntry(
        consent_operation=ConsentOperation.request,
        requester_uri=IdentifierUri.of(requester.text),
        target_uri=IdentifierUri.of(target.text),
    )


def test_a_new_user_has_what_was_asked_for(world: World) -> None:
    alice = world.peer_user()
    bob = world.user(profile=[NICK], key_packages=True, consent_for=alice.uri)
    [entry] = bob.profile
    found = IdentifierResponse.decode(world.peer.identifier_query(query(entry.value)).response_body)
    assert [uri.text for uri in found.uri] == [bob.uri.text]
    assert len(world.claim(bob, alice)) == len(bob.clients) == 1


def test_no_two_users_share_a_name(world: World) -> None:
    users = [world.user(profile=[NICK, ProfileEntry(ProfileType.PHONE)]) for _ in range(3)]
    assert len({entry.value for user in users for entry in user.profile}) == 6
    assert all(len(user.name) == len(users[0].name) for user in users)


def test_consent_can_be_changed_and_key_packages_run_out_and_come_back(world: World) -> None:
    alice = world.peer_user()
    bob = world.user(clients=1)
    world.decide(bob, alice.uri, granted=True)
    with pytest.raises(Blocked, match=f"KeyPackages of {bob.name}"):
        world.claim(bob, alice)
    world.add_key_packages(bob, bob.clients[0])
    world.claim(bob, alice)
    world.delete(bob)
    with pytest.raises(Blocked, match="user_deleted"):
        world.claim(bob, alice)


def test_key_packages_for_a_room_need_consent_for_it(world: World) -> None:
    alice, room = world.peer_user(), world.new_room()
    bob = world.user(key_packages=True, consent_for=alice.uri, room=room)
    assert world.claim(bob, alice, room)
    with pytest.raises(Blocked, match="no_consent"):
        world.claim(bob, alice)


def test_an_inbox_shows_what_came_since_it_was_opened(world: World) -> None:
    bob = world.user(clients=1)
    first, second, third = (consent_request(world.peer_user().uri, bob.uri) for _ in range(3))
    world.peer.request_consent(first)
    inbox = world.inbox(bob.clients[0])
    assert inbox.all() == ()
    world.peer.request_consent(second)
    world.peer.request_consent(third)
    before = inbox.until(lambda delivery: delivery.body == third.encode())
    assert [delivery.body for delivery in before] == [second.encode()]
    assert inbox.wait_for(lambda delivery: delivery.body == first.encode(), seconds=0.0) is None


def test_a_fence_that_does_not_come_is_inconclusive(target: TargetDescription) -> None:
    hasty = replace(target, settings=replace(target.settings, delivery_seconds=0.05))
    with open_world(hasty) as world:
        inbox = world.inbox(world.user(clients=1).clients[0])
        with pytest.raises(Inconclusive, match="should have come last"):
            inbox.until(lambda _: True)


def test_a_peer_sees_what_the_target_sends_it(world: World) -> None:
    bob = world.user(clients=1)
    mark = world.other_peer.mark()
    outcome = world.control.requests(
        bob.clients[0], "identifierQuery", world.other_peer.domain, world.other_peer.domain, query("x").encode()
    )
    assert outcome.status == 200
    exchange = world.other_peer.wait_for("identifierQuery", since=mark)
    assert exchange is not None
    assert exchange.direction is Direction.TO_PEER
    assert world.other_peer.received("identifierQuery", since=mark) == (exchange,)
    assert world.peer.received(since=mark) == ()
    assert world.peer.wait_for("identifierQuery", since=mark, seconds=0.0) is None


def test_a_test_begins_with_well_behaved_peers(world: World) -> None:
    world.peer.peer.advertise({})
    world.start_test()
    bob = world.user(clients=1)
    assert world.control.requests(
        bob.clients[0], "identifierQuery", world.peer.domain, world.peer.domain, query("x").encode()
    ).status


def test_certificates_are_good_or_bad_as_asked(world: World) -> None:
    url = world.peer.url("identifierQuery", world.domain)
    as_peer = world.peer.send("POST", url, body=query("x").encode(), identity=world.issue(world.peer.domain))
    assert as_peer.status == 200
    untrusted = world.peer.send("POST", url, body=b"", identity=world.issue_untrusted(world.peer.domain))
    assert untrusted.refused_in_transport


def test_workers_have_peers_of_their_own(target: TargetDescription) -> None:
    with open_world(target, 0) as first, open_world(target, 1) as second:
        assert first.peer.domain == "b.example"
        assert second.peer.domain == "b1.example"
        for world in (first, second):
            bob = world.user(clients=1)
            assert world.control.requests(
                bob.clients[0], "identifierQuery", world.peer.domain, world.peer.domain, query("x").encode()
            ).status


def test_without_a_control_interface_a_fixture_serves(poor_world: World) -> None:
    alice = poor_world.peer_user()
    assert poor_world.user(profile=[NICK], key_packages=True, consent_for=alice.uri) == BOB
    assert poor_world.user(profile=[ProfileEntry(ProfileType.EMAIL, searchable=False)]) == BOB
    assert poor_world.user(no_consent_for=MimiUri("mimi://c.example/u/x")) == BOB
    assert poor_world.room(RoomEntry.OPEN).name == "hall"


@pytest.mark.parametrize(
    ("wish", "missing"),
    [
        ({"profile": [ProfileEntry(ProfileType.EMAIL)]}, "fixture a user with a searchable email"),
        ({"profile": [ProfileEntry(ProfileType.NICK, "bo")]}, "a searchable nick of the test's choice"),
        ({"profile": [ProfileEntry(ProfileType.NICK, searchable=False)]}, "a hidden nick"),
        ({"clients": 2}, "fixture a user with 2 clients"),
        (
            {"key_packages": True, "consent_for": MimiUri("mimi://c.example/u/x")},
            "KeyPackages, consent for users of c.example",
        ),
        (
            {"consent_for": MimiUri("mimi://b.example/u/x"), "room": MimiUri("mimi://b.example/r/x")},
            "consent for users of b.example in one room only",
        ),
        ({"no_consent_for": MimiUri("mimi://b.example/u/x")}, "no consent for users of b.example"),
        ({"search_types": {SearchIdentifierType.handle}}, "found by handle only"),
    ],
)
def test_a_missing_fixture_is_named(poor_world: World, wish: dict[str, object], missing: str) -> None:
    with pytest.raises(Blocked) as raised:
        poor_world.user(**wish)  # type: ignore[arg-type]
    assert missing in str(raised.value)


def test_what_needs_a_control_interface_is_blocked_without(poor_world: World) -> None:
    assert not poor_world.has_control
    for needs_control in (
        lambda: poor_world.inbox(BOB.clients[0]),
        lambda: poor_world.decide(BOB, BOB.uri, granted=True),
        lambda: poor_world.control,
    ):
        with pytest.raises(Blocked, match="control interface"):
            needs_control()
    with pytest.raises(Blocked, match="a room to enter by join-code"):
        poor_world.room(RoomEntry.JOIN_CODE)


def test_what_the_control_interface_can_not_do_is_blocked(world: World) -> None:
    with pytest.raises(Blocked, match="GroupInfo"):
        world.control.rooms(MimiUri("mimi://a.example/r/x"), MimiUri("mimi://a.example/d/x"), b"no GroupInfo", b"")


def test_x509_credentials_are_blocked_and_others_follow_the_setting(target: TargetDescription) -> None:
    settings = replace(target.settings, credential_identity=CredentialIdentity.BASIC_USER_URI)
    with open_world(replace(target, settings=settings)) as world:
        alice = world.peer_user()
        assert bytes(alice.uri) in world.credential(alice).encode()
    settings = replace(target.settings, credential_identity=CredentialIdentity.X509)
    with open_world(replace(target, settings=settings)) as world, pytest.raises(Blocked, match="x509"):
        world.user(key_packages=True)


class HostsNoRooms(Provider):
    """Leaves an endpoint out of its directory."""

    def directory(self) -> dict[Endpoint, str]:
        return {endpoint: url for endpoint, url in super().directory().items() if endpoint is not Endpoint.UPDATE}


def test_an_endpoint_that_is_not_listed_is_not_declared_when_nobody_described_it_or_the_roles_have_none() -> None:
    with ReferenceTarget(parts=Parts(provider=HostsNoRooms)) as running:
        target = running.description
        with open_world(target) as world, pytest.raises(Blocked, match="lists no update"):
            world.peer.url("update", "mimi://a.example/r/x")
        with open_world(replace(target, wire_only=True)) as world, pytest.raises(NotDeclared, match="endpoint update"):
            world.peer.call("update", "mimi://a.example/r/x", b"")
        follower = replace(target, provider=replace(target.provider, roles=frozenset({Role.FOLLOWER})))
        with open_world(follower) as world, pytest.raises(NotDeclared, match="endpoint update"):
            world.peer.call("update", "mimi://a.example/r/x", b"")


def test_a_folder_with_one_identity_gives_one_peer_that_can_issue_nothing(target: TargetDescription) -> None:
    identity = target.peers.folder / "peer" / "b.example"
    described = TargetDescription.for_url("https://a.example", target.provider.trust, identity)
    url_only = replace(described, provider=replace(described.provider, url=target.provider.url))
    with open_world(url_only) as world:
        assert world.peer.directory().members
        with pytest.raises(Blocked, match="second peer"):
            _ = world.other_peer
        with pytest.raises(Blocked, match="the key of our peers' authority"):
            world.issue("b.example")


@pytest.fixture
def without_key(target: TargetDescription, tmp_path: Path) -> TargetDescription:
    """A target whose peers have certificates, and nobody to issue more."""
    shutil.copytree(target.peers.folder / "peer", tmp_path / "peer")
    return replace(target, control=None, peers=replace(target.peers, folder=tmp_path, reach=Reach.NONE))


@pytest.mark.parametrize("folder", [".", "peer"])
def test_peers_keep_their_certificates_without_the_key_of_their_authority(
    without_key: TargetDescription, folder: str
) -> None:
    peers = replace(without_key.peers, folder=without_key.peers.folder / folder)
    with open_laboratory(replace(without_key, peers=peers), 0) as laboratory:
        assert not laboratory.can_issue
        assert [peer.identity.domains for peer in laboratory.peers] == [("b.example",), ("c.example",)]


def test_a_peer_that_nobody_has_a_certificate_for_is_named(without_key: TargetDescription) -> None:
    described = replace(without_key, peers=replace(without_key.peers, domains={"d.example": ("127.0.0.1", 0)}))
    with pytest.raises(LaboratoryError, match=r"d\.example has no certificate in .* no ca.key"), open_world(described):
        pass


def test_a_peer_shows_nobody_elses_certificate(without_key: TargetDescription) -> None:
    folder = without_key.peers.folder / "peer" / "b.example"
    described = replace(without_key, peers=replace(without_key.peers, folder=folder))
    with pytest.raises(LaboratoryError, match=r"is for b\.example, not for c\.example"), open_world(described):
        pass


def test_too_few_certificates_for_so_many_workers(without_key: TargetDescription) -> None:
    told = replace(without_key, peers=replace(without_key.peers, reach=Reach.HOST_MAP))
    require_enough_for(told, 1)
    with pytest.raises(LaboratoryError, match=r"b1\.example has no certificate"):
        require_enough_for(told, 2)
    require_enough_for(without_key, 2)  # nobody looks for them, so that they can all have the same names


def test_too_few_domains_for_so_many_workers(target: TargetDescription) -> None:
    own = replace(target, control=None, peers=replace(target.peers, reach=Reach.OWN_DOMAINS))
    with open_world(own, 0) as world:
        assert world.other_peer.domain == "c.example"
    with pytest.raises(LaboratoryError, match="fewer than 2 workers"), open_world(own, 1):
        pass


def test_a_control_interface_that_fails_keeps_the_world_closed(target: TargetDescription) -> None:
    lost = replace(target, control=ControlDescription("http://127.0.0.1:1"))
    with pytest.raises(LaboratoryError, match="can't be told where our peers are"), open_world(lost):
        pass


def test_a_description_survives_the_way_to_another_process(target: TargetDescription) -> None:
    assert pickle.loads(pickle.dumps(target)) == target


def test_the_reference_lets_go_of_everything() -> None:
    with ReferenceTarget() as running:
        description = running.description
    assert not Path(description.place).exists()
    assert description.control is not None
    with ControlClient(description.control.url) as control, pytest.raises(Exception, match="can't be asked"):
        control.describe()


def test_a_defect_of_the_control_interface_is_put_around_it() -> None:
    asked = []

    def listening(app: ASGIApp) -> ASGIApp:
        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            asked.append(scope["path"])
            await app(scope, receive, send)

        return wrapped

    with ReferenceTarget(wrap_control=listening) as running, open_world(running.description):
        pass
    assert asked == ["/peers"]
