import datetime as dt

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding

from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.room.claims import claims_of
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.registries import CredentialType
from mimi_conformance.reference.wire.room_policy.roles import Claim, ClaimId
from tests.exercised import exercises

ALTERNATIVE_NAME = ClaimId(CredentialType.x509, bytes.fromhex("0603551d11"))
DEPARTMENT = x509.ObjectIdentifier("1.3.6.1.4.1.99999.1")
KEY = Ed25519PrivateKey.generate()
DAY = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def certificate(*extensions: x509.ExtensionType) -> Credential:
    name = x509.Name([])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(DAY)
        .not_valid_after(DAY + dt.timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return Credential.x509(builder.sign(KEY, None).public_bytes(Encoding.DER))


@exercises("POLICY-4-04", "POLICY-4-07")
def test_each_alternative_name_of_a_certificate_is_a_claim() -> None:
    names = x509.SubjectAlternativeName(
        [x509.UniformResourceIdentifier("mimi://a.example/d/alice/1"), x509.DNSName("hr.a.example")]
    )
    assert claims_of(certificate(names)) == {
        Claim(ALTERNATIVE_NAME, names.public_bytes()),
        Claim(ALTERNATIVE_NAME, b"\x86\x1amimi://a.example/d/alice/1"),
        Claim(ALTERNATIVE_NAME, b"\x82\x0chr.a.example"),
    }


def test_each_extension_of_a_certificate_is_a_claim_under_its_object_identifier() -> None:
    [claim] = claims_of(certificate(x509.UnrecognizedExtension(DEPARTMENT, b"\x0c\x02HR")))
    identifier = bytes.fromhex("06 09 2b 06 01 04 01 86 8d 1f 01")
    assert claim == Claim(ClaimId(CredentialType.x509, identifier), b"\x0c\x02HR")


def test_a_basic_credential_claims_nothing() -> None:
    assert claims_of(Credential.basic(b"mimi://a.example/d/alice/1")) == frozenset()


@pytest.mark.parametrize("credential", [Credential.x509(), Credential.x509(b"no certificate")])
def test_a_credential_without_a_certificate_is_an_error(credential: Credential) -> None:
    with pytest.raises(CredentialError, match="certificate"):
        claims_of(credential)


def test_a_certificate_with_damaged_extensions_is_an_error() -> None:
    damaged = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x05\x82")
    with pytest.raises(CredentialError, match="cannot be read"):
        claims_of(certificate(damaged))
