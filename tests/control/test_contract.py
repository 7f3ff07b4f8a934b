"""The contract, round trip: what the client asks, the reference's adapter does, and both hold it against the schema."""

from collections.abc import Iterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from mimi_conformance.mocks.control.client import (
    ClientDevice,
    ConsentDecision,
    ControlClient,
    ControlledField,
    ControlNotSupportedError,
    ControlRefusedError,
)
from mimi_conformance.mocks.control.contract import (
    ContractError,
    ErrorCode,
    Operation,
    check,
    from_text,
    schema,
    to_text,
)
from mimi_conformance.mocks.control.reference_adapter import create_control_app
from mimi_conformance.mocks.control.server import ControlServer
from mimi_conformance.mocks.network.network import Network
from mimi_conformance.mocks.peers.answer import Reply
from mimi_conformance.mocks.peers.directory import OBLIVIOUS_GATEWAY
from mimi_conformance.mocks.peers.peer import Peer
from mimi_conformance.mocks.peers.user import PeerUser
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES
from mimi_conformance.reference.provider.instance import ReferenceInstance
from mimi_conformance.reference.provider.roles import Role
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.identifier import (
    IdentifierQueryCode,
    IdentifierRequest,
    IdentifierResponse,
    QueryElement,
    SearchIdentifierType,
)
from mimi_conformance.reference.wire.protocol.key_material import KeyMaterialResponse, KeyMaterialUserCode
from tests.provider.hub_scene import Hub
from tests.provider.test_hub_departures import CLIENTS, ROLES, ROLES_LIST
from tests.room.house import user

TOKEN = "a secret"
BOB = PeerUser("a.example", "bob", "phone")
ROOM = MimiUri("mimi://hub.example/r/cave")


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    with Network() as network:
        yield network


@pytest.fixture(scope="module")
def peer(network: Network, instance: ReferenceInstance) -> Peer:
    network.addresses["a.example"] = instance.address
    return network.add_peer("b.example")


@pytest.fixture(scope="module")
def instance(network: Network) -> Iterator[ReferenceInstance]:
    identity = network.issue("a.example")
    with ReferenceInstance(
        "a.example",
        certificate_chain=identity.certificate_chain,
        private_key=identity.private_key,
        trust=network.trust,
    ) as instance:
        yield instance


@pytest.fixture(scope="module")
def server(instance: ReferenceInstance) -> Iterator[ControlServer]:
    with ControlServer(create_control_app(instance.service, TOKEN)) as server:
        yield server


@pytest.fixture
def control(server: ControlServer, network: Network, peer: Peer) -> Iterator[ControlClient]:
    with ControlClient(server.url, TOKEN) as control:
        control.reset()
        control.peers(network.host_map)
        yield control


def query(nick: str) -> bytes:
    element = QueryElement(search_type=SearchIdentifierType.nick, search_value=nick.encode())
    return IdentifierRequest((element,)).encode()


def test_the_schema_is_one_and_has_both_sides_of_every_operation() -> None:
    Draft202012Validator.check_schema(schema())
    assert len(Operation) <= 8
    for operation in Operation:
        assert {f"{operation}Request", f"{operation}Response"} <= schema()["$defs"].keys()
    assert set(schema()["$defs"]["describeResponse"]["properties"]["operations"]["items"]["enum"]) == set(Operation)
    assert schema()["$defs"]["error"]["properties"]["error"]["enum"] == list(ErrorCode)


@given(st.binary())
def test_bytes_survive_as_text(data: bytes) -> None:
    text = to_text(data)
    assert from_text(text) == data
    check(Operation.REQUESTS, "Response", {"status": 200, "body": text})


@pytest.mark.parametrize("text", ["AAAA=", "A", "AAAAA", "+/", "a b"])
def test_what_is_no_base64url_breaks_the_contract(text: str) -> None:
    with pytest.raises(ContractError, match="body"):
        check(Operation.REQUESTS, "Response", {"status": 200, "body": text})


def test_describe_says_who_answers(control: ControlClient) -> None:
    server = control.describe()
    assert server.domains == ("a.example",)
    assert server.operations == set(Operation)


def test_a_user_is_found_by_what_users_was_told(control: ControlClient, peer: Peer) -> None:
    fields = [ControlledField("nick", "bob", True), ControlledField("oidcStdClaim", "Bob", True, "name", True)]
    control.users(BOB.uri, profile=fields)
    found = peer.identifier_query("a.example", IdentifierRequest.decode(query("bob")))
    response = IdentifierResponse.decode(found.response_body)
    assert [uri.text for uri in response.uri] == [BOB.uri.text]
    assert [field.field_value for field in response.found_profiles[0].fields] == [b"Bob"]
    control.users(BOB.uri, search_types={SearchIdentifierType.handle})
    found = peer.identifier_query("a.example", IdentifierRequest.decode(query("bob")))
    assert IdentifierResponse.decode(found.response_body).response_code is IdentifierQueryCode.not_found


def test_consent_and_key_packages_reach_a_peer(control: ControlClient, peer: Peer) -> None:
    alice = peer.user("alice", "laptop")
    key_package = BOB.device.key_package().key_package
    control.users(BOB.uri, clients=[ClientDevice(BOB.device.uri, (key_package.encode(),))])

    def claim() -> KeyMaterialResponse:
        exchange = peer.key_material("a.example", alice.key_material_request(BOB.uri.text))
        return KeyMaterialResponse.decode(exchange.response_body)

    assert claim().user_status is KeyMaterialUserCode.no_consent
    control.users(BOB.uri, consent=[ConsentDecision(alice.uri, granted=True)])
    assert [client.key_package for client in claim().clients] == [key_package]
    control.users(BOB.uri, consent=[ConsentDecision(alice.uri, granted=False)])
    assert claim().user_status is KeyMaterialUserCode.no_consent
    control.users(BOB.uri, consent=[ConsentDecision(alice.uri, granted=True)], deleted=True)
    assert claim().user_status is KeyMaterialUserCode.user_deleted


def test_a_request_of_a_local_client_goes_out_and_its_answer_comes_back(control: ControlClient, peer: Peer) -> None:
    control.users(BOB.uri, clients=[ClientDevice(BOB.device.uri)])
    mark = peer.recorder.mark()
    outcome = control.requests(BOB.device.uri, "identifierQuery", peer.domain, peer.domain, query("x"))
    assert outcome.status == 200
    assert IdentifierResponse.decode(outcome.body).response_code is IdentifierQueryCode.not_found
    assert [it.request_body for it in peer.recorder.since(mark) if it.endpoint == "identifierQuery"] == [query("x")]


def test_a_request_that_can_not_be_sent_says_why(control: ControlClient) -> None:
    control.users(BOB.uri, clients=[ClientDevice(BOB.device.uri)])
    outcome = control.requests(BOB.device.uri, "identifierQuery", "nobody.invalid", "nobody.invalid", query("x"))
    assert outcome.status is None
    assert "nobody.invalid" in outcome.failure


def test_an_encapsulated_request_is_relayed_to_the_gateway(control: ControlClient, peer: Peer) -> None:
    control.users(BOB.uri, clients=[ClientDevice(BOB.device.uri)])
    peer.on(OBLIVIOUS_GATEWAY, Reply(200, b"sealed response"))
    mark = peer.recorder.mark()
    outcome = control.requests(BOB.device.uri, OBLIVIOUS_GATEWAY, peer.domain, peer.domain, b"sealed request")
    assert (outcome.status, outcome.body) == (200, b"sealed response")
    [relayed] = [it for it in peer.recorder.since(mark) if it.endpoint == OBLIVIOUS_GATEWAY and it.finished]
    assert relayed.request_body == b"sealed request"


def test_deliveries_come_to_whoever_waits_for_them(control: ControlClient, peer: Peer) -> None:
    control.users(BOB.uri, clients=[ClientDevice(BOB.device.uri)])
    assert control.deliveries(BOB.device.uri) == ()
    alice = MimiUri("mimi://b.example/u/alice")
    entry = ConsentEntry(
        consent_operation=ConsentOperation.request,
        requester_uri=IdentifierUri.of(alice.text),
        target_uri=BOB.identifier,
    )
    peer.request_consent("a.example", entry)
    [delivery] = control.deliveries(BOB.device.uri, wait_seconds=10)
    assert (delivery.kind, delivery.provider, delivery.room) == ("consent", "b.example", "")
    assert ConsentEntry.decode(delivery.body) == entry
    assert control.deliveries(BOB.device.uri, after=delivery.cursor) == ()


def test_reset_forgets_users(control: ControlClient) -> None:
    control.users(BOB.uri, clients=[ClientDevice(BOB.device.uri)])
    control.reset()
    with pytest.raises(ControlRefusedError) as raised:
        control.deliveries(BOB.device.uri)
    assert raised.value.code is ErrorCode.NOT_FOUND


def test_a_room_is_made_of_the_group_of_a_local_client() -> None:
    hub = Hub()
    new = hub.new_room({"alice": 4}, "alice1", policy="moderated")
    room = new.room_id, new.creator, new.group_info.encode(), new.ratchet_tree.encode()
    with ControlServer(create_control_app(hub.service)) as server, ControlClient(server.url) as control:
        described = control.describe().hub_keys
        assert tuple(described) == SUPPORTED_CIPHER_SUITES
        for suite, keys in described.items():
            assert keys.external_sender == hub.provider.external_sender(suite).encode()
            assert keys.external_receiver == hub.provider.external_receiver(suite).encode()
            assert keys.franking_signature_key == hub.provider.franking_agent(suite).encode()
        control.rooms(*room, joining_codes=[b"sesame"], policy_envelope=["room_metadata"])
        assert hub.room().changeable == {"room_metadata"}
        with pytest.raises(ControlRefusedError) as raised:
            control.rooms(*room)
        assert raised.value.code is ErrorCode.CONFLICT
        for group_info in (new.group_info.encode()[:-1], new.group_info.encode()[:-1] + b"x"):
            with pytest.raises(ControlRefusedError) as raised:
                control.rooms(ROOM, new.creator, group_info, new.ratchet_tree.encode())
            assert raised.value.code is ErrorCode.INVALID_REQUEST


def test_a_lost_client_has_to_leave_its_rooms() -> None:
    hub = Hub().found(ROLES, *CLIENTS, components={"roles_list": ROLES_LIST})
    with ControlServer(create_control_app(hub.service)) as server, ControlClient(server.url) as control:
        with pytest.raises(ControlRefusedError, match="is no client of"):
            control.users(MimiUri.parse(user("adam")), lost=[hub.uri("alice1")])
        assert not hub.room().state.pending_changes
        control.users(MimiUri.parse(user("adam")), lost=[hub.uri("adam2")])
    assert len(hub.room().state.pending_changes) == 1


def test_a_follower_describes_no_hub() -> None:
    hub = Hub(roles=frozenset({Role.FOLLOWER}))
    new = hub.new_room({"alice": 4}, "alice1")
    with ControlServer(create_control_app(hub.service)) as server, ControlClient(server.url) as control:
        described = control.describe()
        assert described.operations == set(Operation) - {Operation.ROOMS}
        assert described.hub_keys == {}
        with pytest.raises(ControlNotSupportedError, match="has no rooms"):
            control.rooms(new.room_id, new.creator, new.group_info.encode(), new.ratchet_tree.encode())


@pytest.mark.parametrize(
    "change",
    [
        {"user": "mimi://else.example/u/bob"},
        {
            "user": "mimi://a.example/u/bob",
            "clients": [{"client": "mimi://a.example/d/bob/x", "key_packages": ["AAAA"]}],
        },
        {"user": "mimi://a.example/u/b ob"},
        {
            "user": "mimi://a.example/u/bob",
            "profile": [{"type": "nick", "value": "b", "searchable": True, "name": "x"}],
        },
        {"user": BOB.uri.text, "profile": [{"type": "vcardField", "value": "b", "searchable": True}]},
        {"user": BOB.uri.text, "verb": "delete"},
        {},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(server: ControlServer, change: object) -> None:
    response = httpx.post(f"{server.url}/users", json=change, headers={"Authorization": f"Bearer {TOKEN}"})
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_request"
    assert response.json()["detail"]


@pytest.mark.parametrize("authorization", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer \xff"}])
def test_without_the_token_nothing_is_done(server: ControlServer, authorization: dict[str, str]) -> None:
    headers = [(name.encode(), value.encode("latin-1")) for name, value in authorization.items()]
    response = httpx.post(f"{server.url}/reset", json={}, headers=headers)
    assert response.status_code == 401
    assert response.json()["error"] == "unauthorized"


def test_other_paths_methods_and_bodies_are_refused(server: ControlServer) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.post(f"{server.url}/frobnicate", json={}, headers=headers).json()["error"] == "not_found"
    assert httpx.get(f"{server.url}/describe", headers=headers).json()["error"] == "invalid_request"
    assert httpx.post(f"{server.url}/describe", content=b"{", headers=headers).json()["error"] == "invalid_request"
    assert httpx.post(f"{server.url}/describe", content=b"\xff", headers=headers).json()["error"] == "invalid_request"


def test_peers_that_are_told_with_a_broken_authority_are_refused(control: ControlClient) -> None:
    with pytest.raises(ControlRefusedError) as raised:
        control.peers({}, trust="no PEM")
    assert raised.value.code is ErrorCode.INVALID_REQUEST
