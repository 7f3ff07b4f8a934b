"""Certificates for the tests of this room, made once per session."""

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class IdentityFiles:
    certificate_chain: Path
    private_key: Path

    @property
    def der(self) -> bytes:
        certificate = x509.load_pem_x509_certificate(self.certificate_chain.read_bytes())
        return certificate.public_bytes(serialization.Encoding.DER)


class Authority:
    """A certificate authority that writes identities into a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder = folder
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(self._name, self._key.public_key())
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.trust = folder / f"{name}.pem"
        self.trust.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, *domains: str) -> IdentityFiles:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(x509.Name([]), key.public_key())
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(domain) for domain in domains]), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        files = IdentityFiles(self._folder / f"{domains[0]}.pem", self._folder / f"{domains[0]}.key")
        files.certificate_chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        files.private_key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return files

    def _builder(self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = dt.datetime.now(dt.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(hours=1))
            .not_valid_after(now + dt.timedelta(days=1))
        )


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "authority")


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that nobody trusts."""
    return Authority(tmp_path_factory.mktemp("stranger"), "stranger")


@pytest.fixture(scope="session")
def a_example(authority: Authority) -> IdentityFiles:
    return authority.issue("a.example")


@pytest.fixture(scope="session")
def b_example(authority: Authority) -> IdentityFiles:
    return authority.issue("b.example")
