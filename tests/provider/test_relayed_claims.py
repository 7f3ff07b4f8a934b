"""Claims for the rooms of a hub, which passes them on and notes where KeyPackages come from (PROTO 5.2, 4.3.1)."""

from dataclasses import replace

import pytest

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.labelled import sign_with_label
from mimi_conformance.reference.mls.key_package import key_package_ref
from mimi_conformance.reference.provider.claims import LABEL
from mimi_conformance.reference.provider.messages import (
    Answer,
    Endpoint,
    LocalRequestError,
    Outgoing,
    Relay,
    Unanswered,
)
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.mls.registries import CipherSuite
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.key_material import (
    ClientKeyMaterial,
    KeyMaterialClientCode,
    KeyMaterialRequest,
    KeyMaterialRequestTBS,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)
from tests.exercised import exercises
from tests.mls.group_examples import LIFETIME, SUITE
from tests.provider.hub_scene import HUB, ROOM, Hub, asker
from tests.room.house import client, domain, user

CAROL = MimiUri.user("c.example", "carol")


@pytest.fixture
def hub() -> Hub:
    return Hub().found({"alice": 4, "bob": 2}, "alice1", "bob1")


def request_of(name: str, target: str = "carol", room: MimiUri | None = ROOM) -> KeyMaterialRequest:
    """A claim of a client for the KeyPackages of a user."""
    requester = client(name)
    to_sign = KeyMaterialRequestTBS(
        Protocol.mls10,
        IdentifierUri(user(name)),
        IdentifierUri(user(target)),
        IdentifierUri(b"" if room is None else bytes(room)),
        (SUITE,),
        RequiredCapabilities(),
        requester.as_member().key_package.key_package.leaf_node.signature_key,
        requester.credential,
    )
    signature = sign_with_label(SUITE, requester.signature_private_key, LABEL, to_sign.encode())
    return KeyMaterialRequest.taken_from(to_sign, key_material_request_signature=signature)


def ask(hub: Hub, request: KeyMaterialRequest, source: str) -> Answer | Relay:
    subject = request.target_user.text
    if "." in source:
        return hub.ask(Endpoint.KEY_MATERIAL, request.encode(), source, subject)
    outgoing = Outgoing(HUB, Endpoint.KEY_MATERIAL, subject, request.encode())
    with hub.storage.transaction() as transaction:
        return hub.provider.answer_to_own_request(transaction, hub.uri(source), outgoing, hub.now)


def response_with(*key_packages: KeyPackage, target: MimiUri = CAROL) -> bytes:
    clients = tuple(
        ClientKeyMaterial(
            client_status=KeyMaterialClientCode.success,
            client_uri=IdentifierUri(each.leaf_node.credential.identity or b""),
            key_package=each,
        )
        for each in key_packages
    )
    code = KeyMaterialUserCode.success
    return KeyMaterialResponse(Protocol.mls10, code, IdentifierUri(bytes(target)), clients).encode()


def answer_to(hub: Hub, outcome: Answer | Unanswered, name: str = "bob1") -> Answer:
    """What the hub answers to a claim when another provider has answered to it."""
    relay = ask(hub, request_of(name), asker(name))
    assert isinstance(relay, Relay)
    with hub.storage.transaction() as transaction:
        return hub.provider.answer_to_relayed(transaction, relay, outcome, hub.now)


def origin(hub: Hub, key_package: KeyPackage) -> str | None:
    with hub.storage.transaction() as transaction:
        return transaction.provider_of_key_package(key_package_ref(key_package))


@exercises("PROTO-3.2-02", "PROTO-5.2-04", "PROTO-3.3-02")
@pytest.mark.parametrize("name", ["alice1", "bob1"])
def test_a_claim_for_a_user_of_another_provider_goes_there_as_it_came(hub, name):
    request = request_of(name)
    relay = ask(hub, request, asker(name))
    assert isinstance(relay, Relay)
    assert relay.outgoing == Outgoing("c.example", Endpoint.KEY_MATERIAL, CAROL.text, request.encode())


@exercises("PROTO-5.2-47", "PROTO-5.2-43", "PROTO-3.2-05", "PROTO-3.3-02", "PROTO-3.3-03", "PROTO-4.3.1-06")
@pytest.mark.parametrize("name", ["alice1", "bob1"])
def test_the_answer_comes_back_as_it_is_and_the_hub_knows_where_its_key_packages_are_from(hub, name):
    packages = [client(each).key_package().key_package for each in ("carol1", "carol2")]
    body = response_with(*packages)
    assert answer_to(hub, Answer(200, body), name) == Answer(200, body)
    assert [origin(hub, each) for each in packages] == ["c.example"] * 2


@exercises("PROTO-3.2-06", "PROTO-5.2-44")
def test_a_welcome_goes_where_its_key_packages_came_from_and_that_is_forgotten(hub):
    package = client("carol1").key_package()
    answer_to(hub, Answer(200, response_with(package.key_package)))
    made = hub.made_commit("alice1", hub.listed({"carol": 2}), newcomers=[package])
    assert hub.update("alice1", hub.bundle(made)).response_code == 0
    [welcome] = [event.message.welcome for event in hub.notified("c.example") if event.message.welcome]
    assert welcome == made.welcome
    assert origin(hub, package.key_package) is None


@exercises("PROTO-5.2-44")
def test_where_key_packages_are_from_is_forgotten_once_they_have_expired(hub):
    old, new = (client(each).key_package().key_package for each in ("carol1", "carol2"))
    answer_to(hub, Answer(200, response_with(old)))
    hub.now = (LIFETIME.not_after + 1) * 1000
    answer_to(hub, Answer(200, response_with(new)))
    assert origin(hub, old) is None


def test_codes_and_refusals_come_back_as_they_are(hub):
    nothing = KeyMaterialResponse(Protocol.mls10, KeyMaterialUserCode.no_consent, IdentifierUri(bytes(CAROL)))
    for theirs in (Answer(200, nothing.encode()), Answer(404, b"Who?", "text/plain"), Answer(403)):
        assert answer_to(hub, theirs) == theirs


@pytest.mark.parametrize("outcome", [Answer(200, b"what?"), Answer(200), Unanswered("c.example is down.")])
def test_an_answer_that_can_not_be_passed_on_is_a_bad_gateway(hub, outcome):
    before = hub.dump()
    answer = answer_to(hub, outcome)
    assert answer.status == 502
    assert "c.example" in answer.reason
    assert hub.dump() == before


def test_nobody_draws_the_welcomes_of_others_to_itself(hub):
    dora = client("dora1").key_package().key_package
    answer_to(hub, Answer(200, response_with(dora)))
    assert origin(hub, dora) is None


def test_a_key_package_that_means_nothing_here_is_passed_on_without_a_note(hub):
    known = client("carol1").key_package().key_package
    unknown = replace(known, cipher_suite=CipherSuite(0x0A0A))
    nameless = replace(known, leaf_node=replace(known.leaf_node, credential=Credential.basic(b"carol")))
    body = response_with(unknown, nameless)
    assert answer_to(hub, Answer(200, body)) == Answer(200, body)
    assert origin(hub, nameless) is None


def test_a_claim_for_a_user_of_the_hub_itself_stays_there(hub):
    answer = ask(hub, request_of("bob1", "alice"), "b.example")
    assert isinstance(answer, Answer)
    assert KeyMaterialResponse.decode(answer.body).user_status is KeyMaterialUserCode.no_consent


@exercises("PROTO-5.2-16", "PROTO-5.2-17")
@pytest.mark.parametrize(
    ("name", "target", "change", "status"),
    [
        pytest.param("bob1", "carol", {"key_material_request_signature": b""}, 403, id="not signed"),
        pytest.param(
            "bob1", "carol", {"requester_credential": client("dora1").credential}, 403, id="another credential"
        ),
        pytest.param("dora1", "carol", {}, 403, id="not in the room"),
        pytest.param("dora1", "alice", {}, 403, id="not in the room, for a local user"),
    ],
)
def test_the_hub_passes_on_what_a_participant_has_signed_and_nothing_else(hub, name, target, change, status):
    before = hub.dump()
    answer = ask(hub, replace(request_of(name, target), **change), domain(name))
    assert isinstance(answer, Answer)
    assert answer.status == status
    assert hub.dump() == before


def test_a_claim_for_a_room_of_the_hub_comes_from_the_requesters_provider(hub):
    answer = ask(hub, request_of("bob1"), "c.example")
    assert isinstance(answer, Answer)
    assert answer.status == 403


def test_there_is_nothing_to_claim_for_a_room_that_is_not_there(hub):
    answer = ask(hub, request_of("bob1", room=MimiUri.room(HUB, "attic")), "b.example")
    assert isinstance(answer, Answer)
    assert answer.status == 404


@exercises("PROTO-5.2-03", "PROTO-3.3-01")
def test_own_clients_claim_for_a_room_through_its_hub(hub):
    elsewhere = MimiUri.room("b.example", "attic")
    with pytest.raises(LocalRequestError, match=r"b\.example"):
        hub.service.request(
            hub.uri("alice1"),
            Endpoint.KEY_MATERIAL,
            "c.example",
            CAROL.text,
            request_of("alice1", room=elsewhere).encode(),
        )
