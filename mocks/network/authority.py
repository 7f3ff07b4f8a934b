"""A certificate authority for providers, and the certificates it issues, good and bad (PROTO 4.1).

    authority = CertificateAuthority.create()
    identity = authority.issue(["b.example"], folder)           # chain.pem and key.pem in that folder
    expired = authority.issue(["b.example"], other_folder, not_after=yesterday)

Every key is an EC P-256 key. Certificates carry what strict verifiers ask for (RFC 5280: key identifiers, critical
basic constraints and key usage), so that the only thing wrong with a bad one is what the caller asked for.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypedDict

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CERTIFICATE_FILE = "ca.pem"
KEY_FILE = "ca.key"
CHAIN_FILE = "chain.pem"
IDENTITY_KEY_FILE = "key.pem"

SERVER_AND_CLIENT = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
"""The extended key usages of a provider, which is a server to its peers and a client of theirs."""

_CLOCK_SKEW = dt.timedelta(hours=1)
_AGE_OF_AUTHORITY = dt.timedelta(days=365)
_LIFETIME = dt.timedelta(days=365)
_LIFETIME_OF_AUTHORITY = dt.timedelta(days=3650)


class CertificateOptions(TypedDict, total=False):
    """What may be wrong, or merely different, about a certificate; `CertificateAuthority.issue` explains each."""

    common_name: str | None
    other_names: Sequence[x509.GeneralName]
    not_before: dt.datetime | None
    not_after: dt.datetime | None
    usages: Sequence[x509.ObjectIdentifier]


class AuthorityError(ValueError):
    """A stored authority or identity can't be used; the message names the file and says why."""


@dataclass(frozen=True)
class Identity:
    """What a provider shows in a TLS handshake: PEM files of a certificate chain and its private key.

    ``domains`` are the names that the leaf certificate was issued for, as DNS names of its subject alternative name.
    """

    certificate_chain: Path
    private_key: Path
    domains: tuple[str, ...]

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The identity kept in ``folder`` as ``chain.pem`` and ``key.pem``.

        Raises:
            AuthorityError: a file is missing, is not PEM, or the key is not the leaf certificate's.
        """
        chain, key_file = folder / CHAIN_FILE, folder / IDENTITY_KEY_FILE
        certificate = _read_certificate(chain)
        _require_matching(_read_private_key(key_file), certificate, key_file, chain)
        return cls(chain, key_file, _dns_names(certificate))

    @property
    def certificate(self) -> x509.Certificate:
        """The leaf certificate."""
        return _read_certificate(self.certificate_chain)


class CertificateAuthority:
    """A root that issues provider certificates."""

    def __init__(self, certificate: x509.Certificate, private_key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._private_key = private_key

    @classmethod
    def create(cls, name: str = "mimi-conformance") -> Self:
        """A new authority with a fresh key, valid since a year ago, so that expired certificates were valid once."""
        private_key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = _now()
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(private_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _AGE_OF_AUTHORITY)
            .not_valid_after(now + _LIFETIME_OF_AUTHORITY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(certificate_authority=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(private_key.public_key()), critical=False)
            .sign(private_key, hashes.SHA256())
        )
        return cls(certificate, private_key)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The authority that ``save`` wrote into ``folder``.

        Raises:
            AuthorityError: a file is missing, is not PEM, or the key is not the certificate's.
        """
        certificate_file, key_file = folder / CERTIFICATE_FILE, folder / KEY_FILE
        certificate, private_key = _read_certificate(certificate_file), _read_private_key(key_file)
        _require_matching(private_key, certificate, key_file, certificate_file)
        if not isinstance(private_key, ec.EllipticCurvePrivateKey):
            raise AuthorityError(f"{key_file} is not an elliptic curve key.")
        return cls(certificate, private_key)

    def save(self, folder: Path) -> Path:
        """Write ``ca.pem``, and ``ca.key`` readable by its owner only. Give the path of ``ca.pem``."""
        folder.mkdir(parents=True, exist_ok=True)
        _write_private_key(folder / KEY_FILE, self._private_key)
        certificate_file = folder / CERTIFICATE_FILE
        certificate_file.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return certificate_file

    def issue(
        self,
        domains: Sequence[str],
        folder: Path,
        *,
        common_name: str | None = None,
        other_names: Sequence[x509.GeneralName] = (),
        not_before: dt.datetime | None = None,
        not_after: dt.datetime | None = None,
        usages: Sequence[x509.ObjectIdentifier] = SERVER_AND_CLIENT,
    ) -> Identity:
        """Issue a certificate with a new key, and write both into ``folder`` as ``chain.pem`` and ``key.pem``.

        Args:
            domains: DNS names for the subject alternative name, taken literally: ``*.example`` gives a wildcard.
                Without any, and without ``other_names``, there is no subject alternative name.
            folder: made when it is not there; an identity in it is overwritten.
            common_name: the subject; by default the first of ``domains``. Verifiers must not look at it (RFC 9525).
            other_names: further entries of the subject alternative name, such as URIs.
            not_before: timezone-aware; by default an hour ago, because clocks differ.
            not_after: timezone-aware; by default in a year. When it lies before ``not_before``'s default, that moves
                to a day earlier, so that an expired certificate needs one argument.
            usages: extended key usages; none leaves the extension out.
        """
        private_key = ec.generate_private_key(ec.SECP256R1())
        not_after = not_after or _now() + _LIFETIME
        not_before = not_before or min(_now() - _CLOCK_SKEW, not_after - dt.timedelta(days=1))
        subject = common_name or next(iter(domains), None)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)] if subject else []))
            .issuer_name(self.certificate.subject)
            .public_key(private_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(certificate_authority=False), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(private_key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._private_key.public_key()), critical=False
            )
        )
        if names := [*(x509.DNSName(domain) for domain in domains), *other_names]:
            # RFC 5280 4.2.1.6: critical when there is no subject to fall back on.
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=subject is None)
        if usages:
            builder = builder.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        certificate = builder.sign(self._private_key, hashes.SHA256())

        folder.mkdir(parents=True, exist_ok=True)
        identity = Identity(folder / CHAIN_FILE, folder / IDENTITY_KEY_FILE, tuple(domains))
        _write_private_key(identity.private_key, private_key)
        identity.certificate_chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return identity


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


def _key_usage(*, certificate_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificate_authority,
        key_cert_sign=certificate_authority,
        crl_sign=certificate_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _write_private_key(path: Path, private_key: ec.EllipticCurvePrivateKey) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_bytes(
        private_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise AuthorityError(f"Can't read {path}: {error.strerror}.") from error


def _read_certificate(path: Path) -> x509.Certificate:
    data = _read(path)
    try:
        return x509.load_pem_x509_certificates(data)[0]
    except ValueError as error:
        raise AuthorityError(f"{path} holds no PEM certificate.") from error


def _read_private_key(path: Path) -> PrivateKeyTypes:
    data = _read(path)
    try:
        return serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise AuthorityError(f"{path} holds no PEM private key without a password.") from error


def _require_matching(private_key: PrivateKeyTypes, certificate: x509.Certificate, key_file: Path, chain: Path) -> None:
    if private_key.public_key() != certificate.public_key():
        raise AuthorityError(f"{key_file} is not the private key of the certificate in {chain}.")


def _dns_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(names.get_values_for_type(x509.DNSName))
