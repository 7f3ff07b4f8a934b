"""Certificates: only their names matter here, so they are self-signed."""

import datetime as dt
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

KEY = Ed25519PrivateKey.generate()
DAY = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)

CertificateWith = Callable[..., x509.Certificate]


def _certificate(*extensions: x509.ExtensionType, common_name: str) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(KEY.public_key())
        .serial_number(1)
        .not_valid_before(DAY)
        .not_valid_after(DAY + dt.timedelta(days=1))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    return builder.sign(KEY, None)


@pytest.fixture
def certificate_with() -> CertificateWith:
    """Makes a certificate whose subjectAltName holds the given names, or that has none."""

    def make(*names: x509.GeneralName, common_name: str = "somebody") -> x509.Certificate:
        return _certificate(*([x509.SubjectAlternativeName(names)] if names else []), common_name=common_name)

    return make


@pytest.fixture
def unreadable_certificate() -> x509.Certificate:
    """A certificate whose subjectAltName is not the ASN.1 that it should be."""
    return _certificate(
        x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x04\x01x"), common_name="a.example"
    )
