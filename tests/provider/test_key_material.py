"""keyMaterial: whom it serves, what it hands out, and that it hands out nothing twice (PROTO 5.2)."""

import threading
from dataclasses import replace
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.crypto.cipher_suite import SUPPORTED_CIPHER_SUITES, parameters
from mimi_conformance.reference.mls.crypto.labelled import sign_with_label
from mimi_conformance.reference.provider.claims import LABEL
from mimi_conformance.reference.provider.local import ClientChange, UserChange
from mimi_conformance.reference.provider.users import ConsentDecision
from mimi_conformance.reference.wire.mls.credential import Credential, MultiCredential
from mimi_conformance.reference.wire.mls.group import RequiredCapabilities
from mimi_conformance.reference.wire.mls.leaf_node import Capabilities, Lifetime
from mimi_conformance.reference.wire.mls.registries import (
    CipherSuite,
    CredentialType,
    ExtensionType,
    ProposalType,
    ProtocolVersion,
)
from mimi_conformance.reference.wire.protocol.common import IdentifierUri, Protocol
from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialClientCode,
    KeyMaterialRequest,
    KeyMaterialRequestTBS,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)
from tests.exercised import exercises
from tests.provider.conftest import make_provider

UserCode = KeyMaterialUserCode
ClientCode = KeyMaterialClientCode
ALICE = MimiUri.user("a.example", "alice")
PHONE = MimiUri.client("a.example", "alice", "phone")
DESK = MimiUri.client("a.example", "alice", "desk")
BOB = MimiUri.user("b.example", "bob")
CLUBHOUSE = MimiUri.room("b.example", "clubhouse")
SUITE, P256, CHACHA = SUPPORTED_CIPHER_SUITES[:3]
GREASE = CipherSuite(0x0A0A)
NOTHING = RequiredCapabilities()
BOBS = Credential.basic(b"mimi://b.example/d/bob/phone")


def signed_request(
    *,
    requester=BOB,
    target=ALICE,
    room=CLUBHOUSE,
    suites=(SUITE,),
    required=NOTHING,
    credential=BOBS,
    signing_suite=SUITE,
    label=LABEL,
    after_signing=lambda request: request,
) -> bytes:
    scheme = parameters(signing_suite).signature
    private_key = scheme.new_private_key(Random(1).randbytes)
    request = KeyMaterialRequest(
        Protocol.mls10,
        IdentifierUri.of(str(requester)),
        IdentifierUri.of(str(target)),
        IdentifierUri.of(str(room or "")),
        tuple(suites),
        required,
        scheme.public_key(private_key),
        credential,
        b"",
    )
    tbs = KeyMaterialRequestTBS.taken_from(request).encode()
    signature = sign_with_label(signing_suite, private_key, label, tbs)
    return after_signing(replace(request, key_material_request_signature=signature)).encode()


def consent(world, granted=True, room=None):
    world.service.change_user(UserChange(ALICE, consent=(ConsentDecision(BOB, ALICE, room, granted),)))


def give(world, client, *key_packages):
    world.service.change_user(UserChange(ALICE, clients=(ClientChange(client, key_packages),)))


@pytest.fixture
def ready(world):
    """A provider whose user has consented, with one KeyPackage for each client."""
    consent(world)
    give(world, PHONE, world.key_package(PHONE))
    give(world, DESK, world.key_package(DESK))
    return world


def claim(world, *, subject=ALICE.text, source="b.example", now=None, **options):
    answer = world.post("keyMaterial", subject, signed_request(**options), source=source, now=now or world.now)
    assert answer.status == 200, answer.reason
    return KeyMaterialResponse.decode(answer.body)


def refused(world, status: int, *, subject=ALICE.text, source="b.example", **options):
    before = world.dump()
    answer = world.post("keyMaterial", subject, signed_request(**options), source=source)
    assert answer.status == status
    assert world.dump() == before


def codes(response):
    return response.user_status, [client.client_status for client in response.clients]


@exercises(
    "ARCH-5.3-03",
    "PROTO-5.2-01",
    "PROTO-5.2-06",
    "PROTO-5.2-20",
    "PROTO-5.2-31",
    "PROTO-5.2-35",
    "PROTO-5.2-39",
    "PROTO-5.2-46",
)
def test_each_client_gives_one_key_package(ready):
    response = claim(ready)
    assert codes(response) == (UserCode.success, [ClientCode.success] * 2)
    assert response.user_uri.text == ALICE.text
    assert [client.client_uri.text for client in response.clients] == [PHONE.text, DESK.text]
    assert [client.key_package for client in response.clients] == [ready.key_package(c) for c in (PHONE, DESK)]


@exercises("PROTO-3.2-04", "PROTO-4.3.1-01", "PROTO-5.2-05", "PROTO-5.2-36", "PROTO-5.2-40")
def test_nothing_is_handed_out_twice(ready):
    claim(ready)
    exhausted = (UserCode.no_compatible_material, [ClientCode.key_material_exhausted] * 2)
    assert codes(claim(ready)) == exhausted


@exercises("PROTO-5.2-40")
def test_concurrent_claims_share_no_key_package(world):
    consent(world)
    give(world, PHONE, *(world.key_package(PHONE, seed) for seed in range(20)))
    found, lock = [], threading.Lock()

    def take() -> None:
        for _ in range(5):
            [client, _] = claim(world).clients
            with lock:
                found.append(client.key_package)

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 20
    assert len({key_package.encode() for key_package in found}) == 20


@exercises("PROTO-5.2-21", "PROTO-5.2-36")
def test_some_clients_are_partial_success(world):
    consent(world)
    give(world, PHONE, world.key_package(PHONE))
    expected = (UserCode.partial_success, [ClientCode.success, ClientCode.key_material_exhausted])
    assert codes(claim(world)) == expected


def test_a_user_without_clients_has_nothing_compatible(world):
    dave = MimiUri.user("a.example", "dave")
    decision = ConsentDecision(BOB, dave, None, granted=True)
    world.service.change_user(UserChange(dave, consent=(decision,)))
    response = claim(world, target=dave, subject=dave.text)
    assert codes(response) == (UserCode.no_compatible_material, [])


@exercises("PROTO-5.2-41")
def test_expired_and_future_key_packages_stay_where_they_are(world):
    consent(world)
    seconds = world.now // 1000
    give(
        world,
        PHONE,
        world.key_package(PHONE, 1, lifetime=Lifetime(0, seconds - 1)),
        world.key_package(PHONE, 2, lifetime=Lifetime(seconds + 1, seconds + 2)),
        current := world.key_package(PHONE, 3, lifetime=Lifetime(seconds, seconds)),
    )
    assert claim(world).clients[0].key_package == current
    assert claim(world).clients[0].client_status is ClientCode.key_material_exhausted


@exercises("PROTO-5.2-12")
def test_the_requesters_order_of_suites_decides(world):
    consent(world)
    give(world, PHONE, *(world.key_package(PHONE, suite=suite) for suite in (CHACHA, SUITE)))
    first = claim(world, suites=(GREASE, SUITE, CHACHA)).clients[0]
    assert first.key_package.cipher_suite is SUITE
    assert claim(world, suites=(SUITE, CHACHA)).clients[0].key_package.cipher_suite is CHACHA


@exercises("PROTO-5.2-12", "PROTO-5.2-23", "PROTO-5.2-32", "PROTO-5.2-37", "PROTO-5.2-38")
def test_other_suites_are_incompatible_and_not_used_up(ready):
    response = claim(ready, suites=(CHACHA,), signing_suite=CHACHA)
    assert codes(response) == (UserCode.no_compatible_material, [ClientCode.nothing_compatible] * 2)
    assert response.clients[0].client_capabilities == ready.key_package(PHONE).leaf_node.capabilities
    assert claim(ready).user_status is UserCode.success


REQUIRED = {
    "extension": RequiredCapabilities(extension_types=(ExtensionType.app_data_dictionary,)),
    "proposal": RequiredCapabilities(proposal_types=(ProposalType.app_data_update,)),
    "credential": RequiredCapabilities(credential_types=(CredentialType.x509,)),
}


@exercises("PROTO-4.3.1-02", "PROTO-5.2-11", "PROTO-5.2-13", "PROTO-5.2-37")
@pytest.mark.parametrize("kind", REQUIRED)
def test_everything_required_must_be_supported(world, kind):
    consent(world)
    capabilities = Capabilities(
        (ProtocolVersion.mls10,),
        (SUITE,),
        (ExtensionType.app_data_dictionary,),
        (ProposalType.app_data_update,),
        (CredentialType.basic, CredentialType.x509),
    )
    capable = world.key_package(PHONE, 2, capabilities=capabilities)
    give(world, PHONE, world.key_package(PHONE, 1), capable)
    assert claim(world, required=REQUIRED[kind]).clients[0].key_package == capable
    assert claim(world, required=REQUIRED[kind]).clients[0].client_status is ClientCode.nothing_compatible


@exercises("PROTO-5.2-11")
def test_what_every_client_supports_need_not_be_listed(ready):
    required = RequiredCapabilities((ExtensionType.ratchet_tree,), (ProposalType.add,), (CredentialType.basic,))
    assert claim(ready, required=required).user_status is UserCode.success


@exercises("PROTO-5.2-24", "PROTO-5.2-27", "PROTO-5.2-28", "PROTO-5.2-33", "PROTO-5.2-45")
def test_an_unknown_user_is_said_to_be_unknown_or_nothing_is_said(ready):
    nobody = MimiUri.user("a.example", "nobody")
    elsewhere = MimiUri.user("c.example", "carol")
    for target in (nobody, elsewhere):
        assert codes(claim(ready, target=target, subject=target.text)) == (UserCode.user_unknown, [])
    ready.service.change_user(UserChange(ALICE, deleted=True))
    assert codes(claim(ready)) == (UserCode.user_deleted, [])
    ready.use(make_provider(reveal_unknown_users=False))
    for target in (nobody, ALICE):
        assert codes(claim(ready, target=target, subject=target.text)) == (UserCode.no_consent, [])


@exercises("PROTO-3.2-03", "PROTO-3.2-10", "PROTO-5.2-25", "PROTO-5.2-33")
def test_no_consent_no_material(world):
    give(world, PHONE, world.key_package(PHONE))
    assert codes(claim(world)) == (UserCode.no_consent, [])


@exercises("PROTO-5.2-09", "PROTO-5.2-26", "PROTO-5.7-21", "PROTO-8-02")
def test_consent_for_another_room_is_no_consent_for_this_room(ready):
    consent(ready, granted=False)
    consent(ready, room=MimiUri.room("b.example", "other"))
    assert codes(claim(ready)) == (UserCode.no_consent_for_this_room, [])
    assert codes(claim(ready, room=None)) == (UserCode.no_consent, [])


@exercises("PROTO-5.2-09", "PROTO-5.2-26")
def test_a_room_can_be_excepted_from_general_consent(ready):
    consent(ready, room=CLUBHOUSE, granted=False)
    assert claim(ready).user_status is UserCode.no_consent_for_this_room
    assert claim(ready, room=None).user_status is UserCode.success


def test_users_need_nobodys_consent_for_their_own_clients(world):
    give(world, DESK, world.key_package(DESK))
    alices = {"requester": ALICE, "credential": Credential.basic(bytes(PHONE)), "room": None}
    assert claim(world, source="a.example", **alices).user_status is UserCode.partial_success


@exercises("PROTO-5.2-48")
def test_revoking_consent_stops_the_supply(ready):
    give(ready, PHONE, ready.key_package(PHONE, 2))
    assert claim(ready).user_status is UserCode.success
    consent(ready, granted=False)
    assert claim(ready).user_status is UserCode.no_consent


def test_a_claim_for_a_room_comes_from_its_hub(ready):
    refused(ready, 403, source="c.example")
    refused(ready, 403, room=MimiUri.room("c.example", "theirs"))
    carol = MimiUri.user("c.example", "carol")
    ready.service.change_user(UserChange(ALICE, consent=(ConsentDecision(carol, ALICE, None, granted=True),)))
    through_the_hub = {"requester": carol, "credential": Credential.basic(b"mimi://c.example/d/carol/1")}
    assert claim(ready, **through_the_hub).user_status is UserCode.success
    refused(ready, 403, room=None, **through_the_hub)


@exercises("PROTO-5.2-14", "PROTO-5.2-15")
@pytest.mark.parametrize("suites", [(SUITE, P256), (P256, SUITE), (GREASE, P256)])
def test_any_listed_suite_may_be_that_of_the_signature(ready, suites):
    assert claim(ready, suites=suites, signing_suite=P256).user_status is not UserCode.no_consent


@pytest.mark.parametrize(
    "options",
    [
        {"label": "KeyMaterialRequest"},
        {"signing_suite": P256},
        {"after_signing": lambda request: replace(request, room_id=IdentifierUri.of("mimi://b.example/r/other"))},
        {"after_signing": lambda request: replace(request, requester_signature_key=bytes(32))},
        {"after_signing": lambda request: replace(request, key_material_request_signature=b"")},
    ],
)
def test_a_signature_that_does_not_verify_is_refused(ready, options):
    refused(ready, 403, **options)


@pytest.mark.parametrize(
    "credential",
    [
        Credential.basic(b"mimi://b.example/d/carol/phone"),
        Credential.basic(b"mimi://c.example/d/bob/phone"),
        Credential.basic(b"mimi://b.example/u/bob"),
        Credential.basic(b"bob"),
        Credential.x509(b"junk"),
        Credential(credential_type=CredentialType.multi, multi=MultiCredential(())),
    ],
)
def test_a_credential_of_somebody_else_is_refused(ready, credential):
    refused(ready, 403, credential=credential)


def test_a_client_uri_without_user_is_taken_for_the_requesters(ready):
    assert claim(ready, credential=Credential.basic(b"mimi://b.example/d/phone")).user_status is UserCode.success


def certificate_of(authority, key: ed25519.Ed25519PrivateKey) -> bytes:
    names = ["mimi://b.example/d/bob/phone", "mimi://b.example/u/bob"]
    return authority.issue_for_uris(names, key.public_key())


def test_an_x509_credential_must_be_for_the_signature_key(ready, authority):
    scheme = parameters(SUITE).signature
    key = ed25519.Ed25519PrivateKey.from_private_bytes(scheme.new_private_key(Random(1).randbytes))
    assert claim(ready, credential=Credential.x509(certificate_of(authority, key))).user_status is UserCode.success
    other = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    refused(ready, 403, credential=Credential.x509(certificate_of(authority, other)))


def test_a_list_that_repeats_itself_is_tried_once(ready, monkeypatch):
    tried = []

    def count(suite, *rest):
        tried.append(suite)
        return False

    monkeypatch.setattr("mimi_conformance.reference.provider.claims.verify_with_label", count)
    refused(ready, 403, suites=(SUITE, P256) * 10_000)
    assert tried == [SUITE, P256]


@exercises("PROTO-5.2-10")
def test_an_empty_list_of_suites_is_refused(ready):
    refused(ready, 400, suites=())


@exercises("PROTO-5.2-18")
@pytest.mark.parametrize("subject", ["a.example", BOB.text, "mimi://a.example/u/Alice"])
def test_the_path_names_the_target(ready, subject):
    refused(ready, 400, subject=subject)


@pytest.mark.parametrize("room", ["mimi://b.example/u/bob", "clubhouse"])
def test_the_room_must_be_a_room(ready, room):
    refused(ready, 400, room=room)


@pytest.mark.parametrize("change", [lambda body: body[:-1], lambda body: body + b"\0", lambda body: b"\2" + body[1:]])
def test_a_body_that_is_no_request_is_refused(ready, change):
    assert ready.post("keyMaterial", ALICE.text, change(signed_request())).status == 400
