"""Whom credentials stand for: clients and their users, or servers; and what MLS makes of it."""

from dataclasses import replace

import pytest
from cryptography import x509

from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING, CredentialMapping
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.mls.group.application import AuthenticationService
from mimi_conformance.reference.room.credentials import client_identity, server_domain, server_domains
from mimi_conformance.reference.room.mls_application import RoomAuthentication, room_application
from mimi_conformance.reference.wire.mls.credential import Credential, MultiCredential
from mimi_conformance.reference.wire.mls.registries import CredentialType
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.pseudonym import PseudonymousCredential
from tests.exercised import exercises
from tests.room.house import client
from tests.room.test_claims import certificate

USER, CLIENT = "mimi://b.example/u/bob", "mimi://b.example/d/bob/1"


def certified(*names: x509.GeneralName) -> Credential:
    return certificate(*([x509.SubjectAlternativeName(names)] if names else []))


def uris(*texts: str) -> tuple[x509.GeneralName, ...]:
    return tuple(x509.UniformResourceIdentifier(text) for text in texts)


def hosts(*names: str) -> tuple[x509.GeneralName, ...]:
    return tuple(x509.DNSName(name) for name in names)


def pseudonymous(user: bytes, of_client: bytes) -> Credential:
    names = PseudonymousCredential(IdentifierUri(of_client), IdentifierUri(user), b"key", b"")
    return Credential(credential_type=CredentialType.pseudonymous, pseudonymous=names)


MULTI = Credential(credential_type=CredentialType.multi, multi=MultiCredential(()))


@pytest.mark.parametrize(
    ("credential", "user", "of_client"),
    [
        (Credential.basic(CLIENT.encode()), USER, CLIENT),
        (certified(*uris(USER, CLIENT)), USER, CLIENT),
        (
            pseudonymous(b"mimi://b.example/p/f81d4fae", b"mimi://b.example/d/7dec11d0"),
            "mimi://b.example/p/f81d4fae",
            "mimi://b.example/d/7dec11d0",
        ),
    ],
)
@exercises("PROTO-7.5-02", "POLICY-5-19", "PROTO-6.1-04", "PROTO-6.1-05", "ARCH-6-04", "ARCH-2-01")
def test_a_members_credential_names_client_and_user(credential, user, of_client):
    identity = client_identity(credential, DEFAULT_MAPPING)
    assert (identity.user, identity.client) == (MimiUri(user), MimiUri(of_client))
    assert server_domains(credential) == ()


@pytest.mark.parametrize(
    "credential",
    [
        Credential.basic(b"mimi://b.example"),
        Credential.basic(b"bob"),
        certified(*hosts("b.example")),
        Credential.x509(),
        Credential.x509(b"no certificate"),
        pseudonymous(b"", b"mimi://b.example/d/7dec11d0"),
        MULTI,
    ],
)
def test_any_other_credential_names_no_client(credential):
    with pytest.raises(CredentialError):
        client_identity(credential, DEFAULT_MAPPING)


def test_a_mapping_says_whose_a_client_is_where_its_uri_does_not():
    known = CredentialMapping(user_of_client=lambda _client: MimiUri(USER))
    assert client_identity(Credential.basic(b"mimi://b.example/d/1"), known).user == MimiUri(USER)


@pytest.mark.parametrize(
    ("credential", "domains"),
    [
        (Credential.basic(b"mimi://b.example"), ("b.example",)),
        (Credential.basic(b"b.example"), ("b.example",)),
        (Credential.basic(b"B.example"), ()),
        (Credential.basic(b""), ()),
        (Credential.basic(b"\xff"), ()),
        (Credential.basic(b"mimi://b.example/r/room"), ()),
        (certified(*hosts("b.example", "mimi.b.example", "*.b.example")), ("b.example", "mimi.b.example")),
        (certified(), ()),
        (Credential.x509(), ()),
        (Credential.x509(b"no certificate"), ()),
        (MULTI, ()),
    ],
)
@exercises("PROTO-7.4-01", "ARCH-5.1-02", "ARCH-6-02")
def test_a_servers_credential_names_domains_of_its_provider(credential, domains):
    assert server_domains(credential) == domains


def test_a_server_stands_for_the_hub_if_it_names_that():
    both = certified(*hosts("b.example", "hub.example"))
    assert server_domain(both, "hub.example") == "hub.example"
    assert server_domain(both, "c.example") == "b.example"
    assert server_domain(MULTI, "c.example") == ""


class Nobody(AuthenticationService):
    def accepts(self, credential, signature_key):
        return False

    def accepts_successor(self, old, new):
        return False


@exercises("PROTO-7.5-02", "ARCH-6-04")
def test_members_and_servers_are_believed_and_nobody_else():
    room = room_application().authentication
    for credential in (Credential.basic(CLIENT.encode()), Credential.basic(b"b.example")):
        assert room.accepts(credential, b"key")
        assert not RoomAuthentication(trust=Nobody()).accepts(credential, b"key")
    assert not room.accepts(Credential.basic(b"\xff"), b"key")


@exercises("PROTO-7.5-02", "PROTO-7.5-03")
def test_a_member_stays_the_same_client_of_the_same_user():
    room, before = RoomAuthentication(), Credential.basic(CLIENT.encode())
    assert room.accepts_successor(before, certified(*uris(USER, CLIENT)))
    for other in (b"mimi://b.example/d/bob/2", b"mimi://b.example/d/bianca/1", b"mimi://b.example"):
        assert not room.accepts_successor(before, Credential.basic(other))
    assert not RoomAuthentication(trust=Nobody()).accepts_successor(before, before)


def test_mls_tells_clients_apart_by_their_uris():
    leaf_node = client("bob1").key_package().key_package.leaf_node
    assert room_application().client_of(leaf_node) == CLIENT.encode()
    alone = CredentialMapping(accept_user_alone=True)
    by_user = replace(leaf_node, credential=Credential.basic(USER.encode()))
    assert room_application(alone).client_of(by_user) is None
    assert room_application().client_of(by_user) is None
