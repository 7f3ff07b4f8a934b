import datetime as dt
import stat

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from mimi_conformance.mocks.network.authority import AuthorityError, CertificateAuthority, Identity
from mimi_conformance.reference.identity.certificate import authenticates, provider_domains


@pytest.fixture(scope="module")
def authority():
    return CertificateAuthority.create()


def verify_as_client(authority, identity, *, at=None):
    builder = PolicyBuilder().store(Store([authority.certificate])).time(at or dt.datetime.now(dt.UTC))
    return builder.build_client_verifier().verify(identity.certificate, [])


def test_certificate_satisfies_a_strict_verifier_in_both_roles(authority, tmp_path):
    identity = authority.issue(["b.example"], tmp_path)

    verify_as_client(authority, identity)
    server = PolicyBuilder().store(Store([authority.certificate])).build_server_verifier(x509.DNSName("b.example"))
    assert server.verify(identity.certificate, [])


def test_identity_names_every_domain_it_was_issued_for(authority, tmp_path):
    authority.issue(["b.example", "*.c.example"], tmp_path)

    identity = Identity.load(tmp_path)

    assert identity.domains == ("b.example", "*.c.example")
    assert authenticates(identity.certificate, "b.example")
    assert authenticates(identity.certificate, "chat.c.example")


def test_expired_certificate_needs_one_argument_and_is_refused(authority, tmp_path):
    yesterday = dt.datetime.now(dt.UTC) - dt.timedelta(days=1)
    identity = authority.issue(["b.example"], tmp_path, not_after=yesterday)

    with pytest.raises(VerificationError):
        verify_as_client(authority, identity)
    assert verify_as_client(authority, identity, at=yesterday - dt.timedelta(hours=1))


def test_certificate_that_is_not_yet_valid_is_refused(authority, tmp_path):
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(days=1)
    identity = authority.issue(["b.example"], tmp_path, not_before=tomorrow)

    with pytest.raises(VerificationError):
        verify_as_client(authority, identity)


def test_certificate_of_another_authority_is_refused(authority, tmp_path):
    identity = CertificateAuthority.create().issue(["b.example"], tmp_path)

    with pytest.raises(VerificationError):
        verify_as_client(authority, identity)


def test_certificate_for_another_usage_is_refused(authority, tmp_path):
    identity = authority.issue(["b.example"], tmp_path, usages=[ExtendedKeyUsageOID.SERVER_AUTH])

    with pytest.raises(VerificationError):
        verify_as_client(authority, identity)


def test_common_name_alone_names_no_domain(authority, tmp_path):
    identity = authority.issue([], tmp_path, common_name="b.example")

    assert provider_domains(identity.certificate) == ()
    assert identity.certificate.subject.rfc4514_string() == "CN=b.example"


def test_other_names_stand_beside_the_domains(authority, tmp_path):
    uri = x509.UniformResourceIdentifier("mimi://b.example")
    identity = authority.issue(["b.example"], tmp_path, other_names=[uri])

    names = identity.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [x509.DNSName("b.example"), uri]


def test_authority_survives_on_disk_with_a_key_only_its_owner_reads(authority, tmp_path):
    certificate_file = authority.save(tmp_path / "authority")

    loaded = CertificateAuthority.load(tmp_path / "authority")

    verify_as_client(authority, loaded.issue(["b.example"], tmp_path))
    assert x509.load_pem_x509_certificate(certificate_file.read_bytes()) == authority.certificate
    for key in (tmp_path / "authority" / "ca.key", tmp_path / "key.pem"):
        assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_saving_again_tightens_a_key_that_everybody_could_read(authority, tmp_path):
    authority.save(tmp_path)
    (tmp_path / "ca.key").chmod(0o644)

    authority.save(tmp_path)

    assert stat.S_IMODE((tmp_path / "ca.key").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("chain.pem", None, "Can't read .*chain.pem: No such file"),
        ("chain.pem", b"-----BEGIN NOTHING-----", "chain.pem holds no PEM certificate"),
        ("key.pem", b"garbage", "key.pem holds no PEM private key"),
    ],
)
def test_identity_that_cannot_be_used_is_named_with_its_file(authority, tmp_path, file, content, reason):
    authority.issue(["b.example"], tmp_path)
    (tmp_path / file).unlink()
    if content is not None:
        (tmp_path / file).write_bytes(content)

    with pytest.raises(AuthorityError, match=reason):
        Identity.load(tmp_path)


def test_key_of_another_certificate_is_named(authority, tmp_path):
    authority.issue(["b.example"], tmp_path / "b")
    authority.issue(["c.example"], tmp_path / "c")
    (tmp_path / "c" / "key.pem").replace(tmp_path / "b" / "key.pem")

    with pytest.raises(AuthorityError, match=r"key.pem is not the private key of the certificate in .*chain.pem"):
        Identity.load(tmp_path / "b")


def test_authority_without_its_key_is_an_error(authority, tmp_path):
    authority.save(tmp_path)
    (tmp_path / "ca.key").unlink()

    with pytest.raises(AuthorityError, match=r"ca\.key"):
        CertificateAuthority.load(tmp_path)
