from mimi_conformance.mocks.peers.user import CIPHER_SUITE, PeerUser
from mimi_conformance.reference.mls.crypto.labelled import verify_with_label
from mimi_conformance.reference.mls.key_package import key_package_ref, verify_key_package
from mimi_conformance.reference.wire.mls.leaf_node import Lifetime
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation
from mimi_conformance.reference.wire.protocol.key_material import (
    KeyMaterialRequest,
    KeyMaterialRequestTBS,
    KeyMaterialResponse,
    KeyMaterialUserCode,
)

CATHY = "mimi://c.example/u/cathy"
ROOM = "mimi://b.example/r/clubhouse"


def test_a_user_has_the_same_keys_in_every_run():
    first, second = (PeerUser("b.example", "bob", "phone", "laptop") for _ in range(2))

    assert [device.signature_key for device in first.devices] == [device.signature_key for device in second.devices]
    assert len({device.signature_key for device in first.devices}) == 2
    assert PeerUser("b.example", "bill", "phone").device.signature_key != first.device.signature_key


def test_a_device_is_named_under_its_user(b):
    bob = b.user("bob", "phone", "laptop")

    assert str(bob.uri) == "mimi://b.example/u/bob"
    assert [str(device.uri) for device in bob.devices] == [
        "mimi://b.example/d/bob/phone",
        "mimi://b.example/d/bob/laptop",
    ]
    assert all(device.uri.user_of_client() == bob.uri for device in bob.devices)
    assert bob.device.credential.identity == b"mimi://b.example/d/bob/phone"
    assert b.user("bob", "phone", "laptop") is bob


def test_key_packages_are_valid_and_never_the_same(b):
    device = b.user("bob").device
    packages = [device.key_package().key_package for _ in range(2)]

    for package in packages:
        verify_key_package(package)
        assert package.leaf_node.signature_key == device.signature_key
    assert key_package_ref(packages[0]) != key_package_ref(packages[1])


def test_key_package_can_be_out_of_its_time(b):
    package = b.user("bob").device.key_package(lifetime=Lifetime(1, 2)).key_package

    assert package.leaf_node.lifetime == Lifetime(1, 2)
    verify_key_package(package)


def test_key_material_request_is_signed_by_the_users_client(b):
    bob = b.user("bob")
    request = bob.key_material_request(CATHY, ROOM)

    assert request.requesting_user.text == str(bob.uri)
    assert (request.target_user.text, request.room_id.text) == (CATHY, ROOM)
    assert request.acceptable_ciphersuites == (CIPHER_SUITE,)
    assert verify_with_label(
        CIPHER_SUITE,
        request.requester_signature_key,
        "KeyMaterialRequestTBS",
        KeyMaterialRequestTBS.taken_from(request).encode(),
        request.key_material_request_signature,
    )
    assert KeyMaterialRequest.decode(request.encode()) == request


def test_a_peer_gives_nobody_key_material_by_default(b):
    request = b.user("bob").key_material_request(CATHY)
    exchange = b.key_material("c.example", request)

    assert exchange.url == "https://c.example/v1/keyMaterial/mimi%3A%2F%2Fc.example%2Fu%2Fcathy"
    response = KeyMaterialResponse.decode(exchange.response_body)
    assert (response.user_status, response.user_uri.text, response.clients) == (
        KeyMaterialUserCode.no_consent,
        CATHY,
        (),
    )


def test_a_grant_carries_key_packages(b):
    bob = b.user("bob")
    entry = ConsentEntry(
        consent_operation=ConsentOperation.grant,
        requester_uri=IdentifierUri.of(CATHY),
        target_uri=bob.identifier,
        client_key_packages=(bob.device.key_package().key_package,),
    )

    exchange = b.update_consent("c.example", entry)

    assert exchange.status == 201
    assert ConsentEntry.decode(exchange.request_body) == entry
