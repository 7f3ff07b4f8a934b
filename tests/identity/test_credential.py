from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from mimi_conformance.reference.identity.credential import (
    DEFAULT_MAPPING,
    ClientIdentity,
    CredentialMapping,
)
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.identity.uri import MimiUri

CertificateWith = Callable[..., x509.Certificate]

ALICE = MimiUri.user("a.example", "alice")
BOB = MimiUri.user("a.example", "bob")
ALICES_CLIENT = MimiUri.client("a.example", "alice", "ClientA1")
BARE_CLIENT = MimiUri.client("a.example", "ClientA1")


@pytest.fixture
def identify_x509(certificate_with: CertificateWith) -> Callable[..., ClientIdentity]:
    def identify(*uris: object, mapping: CredentialMapping = DEFAULT_MAPPING) -> ClientIdentity:
        certificate = certificate_with(*(x509.UniformResourceIdentifier(str(uri)) for uri in uris))
        return mapping.identify_x509([certificate.public_bytes(Encoding.DER), b"a certificate nobody looks at"])

    return identify


Identify = Callable[..., ClientIdentity]


def test_a_basic_credential_names_a_client_and_through_it_the_user() -> None:
    assert DEFAULT_MAPPING.identify_basic(bytes(ALICES_CLIENT)) == ClientIdentity(ALICE, ALICES_CLIENT)


def test_the_user_of_a_bare_client_is_whoever_the_caller_knows() -> None:
    known = CredentialMapping(user_of_client={BARE_CLIENT: ALICE}.get)
    assert known.identify_basic(bytes(BARE_CLIENT)) == ClientIdentity(ALICE, BARE_CLIENT)
    with pytest.raises(CredentialError, match="its user is unknown"):
        DEFAULT_MAPPING.identify_basic(bytes(BARE_CLIENT))


def test_a_credential_may_name_the_user_alone_only_by_setting() -> None:
    with pytest.raises(CredentialError, match="names no client"):
        DEFAULT_MAPPING.identify_basic(bytes(ALICE))
    assert CredentialMapping(accept_user_alone=True).identify_basic(bytes(ALICE)) == ClientIdentity(ALICE, None)


@pytest.mark.parametrize("identity", [b"", b"\xff", b"alice", b"mimi://a.example", b"mimi://a.example/r/clubhouse"])
def test_a_basic_credential_that_names_nobody_is_refused(identity: bytes) -> None:
    with pytest.raises(CredentialError):
        CredentialMapping(accept_user_alone=True).identify_basic(identity)


def test_an_x509_credential_names_client_and_user(identify_x509: Identify) -> None:
    opaque_client = MimiUri.client("a.example", "SvPfLlwBQi-6oddVRrkqpw", "04c7")
    assert identify_x509(opaque_client, ALICE) == ClientIdentity(ALICE, opaque_client)
    assert identify_x509(BARE_CLIENT, ALICE) == ClientIdentity(ALICE, BARE_CLIENT)
    assert identify_x509(ALICES_CLIENT) == ClientIdentity(ALICE, ALICES_CLIENT)


def test_uris_of_other_schemes_in_a_certificate_are_left_alone(identify_x509: Identify) -> None:
    assert identify_x509("im:alice@a.example", ALICES_CLIENT).client == ALICES_CLIENT


@pytest.mark.parametrize(
    ("uris", "reason"),
    [
        ((), "names no client"),
        (("https://a.example",), "names no client"),
        ((ALICE,), "names no client"),
        ((ALICES_CLIENT, BARE_CLIENT, ALICE), "more than one client"),
        ((ALICES_CLIENT, ALICE, BOB), "more than one user"),
        ((ALICES_CLIENT, MimiUri.user("b.example", "alice")), "different providers"),
        ((BARE_CLIENT,), "its user is unknown"),
        (("MIMI://a.example/d/alice/ClientA1",), "lower case"),
    ],
)
def test_what_keeps_an_x509_credential_from_naming_a_client_is_said(
    identify_x509: Identify, uris: tuple[object, ...], reason: str
) -> None:
    with pytest.raises(CredentialError, match=reason):
        identify_x509(*uris)


def test_a_user_of_another_provider_is_not_taken_from_the_callers_knowledge_either() -> None:
    mapping = CredentialMapping(user_of_client=lambda _: MimiUri.user("b.example", "alice"))
    with pytest.raises(CredentialError, match="different providers"):
        mapping.identify_basic(bytes(BARE_CLIENT))


def test_an_x509_credential_needs_a_readable_certificate(unreadable_certificate: x509.Certificate) -> None:
    for certificates in ([], [b""], [b"no certificate"], [unreadable_certificate.public_bytes(Encoding.DER)]):
        with pytest.raises(CredentialError):
            DEFAULT_MAPPING.identify_x509(certificates)


@given(st.binary())
def test_any_bytes_are_an_identity_or_a_credential_error(data: bytes) -> None:
    for identify in (DEFAULT_MAPPING.identify_basic, lambda certificate: DEFAULT_MAPPING.identify_x509([certificate])):
        try:
            identify(data)
        except CredentialError:
            continue
