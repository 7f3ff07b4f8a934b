"""What a credential claims, for preauthorisation to compare byte for byte (POLICY 4, AMB-150)."""

from collections.abc import Iterator

from cryptography import x509
from cryptography.hazmat import asn1

from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.registries import CredentialType
from mimi_conformance.reference.wire.room_policy.roles import Claim, ClaimId


def claims_of(credential: Credential) -> frozenset[Claim]:
    """The claims of a credential.

    Those of an x509 credential are the extensions of its first certificate, each under its object identifier, and
    for the subjectAltName each name in it as well, everything in DER. No other credential claims anything.

    Raises:
        CredentialError: the first certificate of an x509 credential cannot be read, or there is none.

    """
    if credential.certificates is None:
        return frozenset()
    if not credential.certificates:
        raise CredentialError("the x509 credential holds no certificate")
    try:
        certificate = x509.load_der_x509_certificate(credential.certificates[0].cert_data)
        return frozenset(_claims(certificate))
    except ValueError as error:
        raise CredentialError(f"the first certificate of the x509 credential cannot be read: {error}") from error


def _claims(certificate: x509.Certificate) -> Iterator[Claim]:
    for extension in certificate.extensions:
        claim_id = ClaimId(CredentialType.x509, asn1.encode_der(extension.oid))
        yield Claim(claim_id, extension.value.public_bytes())
        if isinstance(extension.value, x509.SubjectAlternativeName):
            for name in extension.value:
                sequence_of_one = x509.SubjectAlternativeName([name]).public_bytes()
                yield Claim(claim_id, bytes(asn1.decode_der(asn1.TLV, sequence_of_one).data))
