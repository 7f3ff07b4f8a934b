from collections.abc import Callable

import pytest
from cryptography import x509

from mimi_conformance.reference.identity.certificate import authenticates, provider_domains
from mimi_conformance.reference.identity.errors import CredentialError, IdentifierError

CertificateWith = Callable[..., x509.Certificate]


def test_the_domains_of_a_certificate_are_its_dns_names_in_lower_case(certificate_with: CertificateWith) -> None:
    certificate = certificate_with(
        x509.DNSName("A.Example"),
        x509.UniformResourceIdentifier("mimi://b.example"),
        x509.DNSName("*.c.example"),
        common_name="d.example",
    )
    assert provider_domains(certificate) == ("a.example", "*.c.example")


def test_the_common_name_counts_for_nothing(certificate_with: CertificateWith) -> None:
    certificate = certificate_with(common_name="a.example")
    assert provider_domains(certificate) == ()
    assert not authenticates(certificate, "a.example")


@pytest.mark.parametrize(
    ("presented", "domain", "match"),
    [
        ("a.example", "a.example", True),
        ("A.EXAMPLE", "a.example", True),
        ("a.example", "b.example", False),
        ("a.example", "x.a.example", False),
        ("x.a.example", "a.example", False),
        ("*.a.example", "mimi.a.example", True),
        ("*.a.example", "a.example", False),
        ("*.a.example", "x.mimi.a.example", False),
        ("*.a.example", "xn--mnchen-3ya.a.example", True),
        ("m*.a.example", "mimi.a.example", False),
        ("*mi.a.example", "mimi.a.example", False),
        ("mimi.*.example", "mimi.a.example", False),
        ("*.*.example", "mimi.a.example", False),
        ("*", "localhost", False),
        ("a.example.", "a.example", False),
        ("", "a.example", False),
    ],
)
def test_a_wildcard_is_the_whole_left_most_label_and_stands_for_one(
    certificate_with: CertificateWith, presented: str, domain: str, match: bool
) -> None:
    assert authenticates(certificate_with(x509.DNSName(presented)), domain) is match


def test_any_of_several_names_will_do(certificate_with: CertificateWith) -> None:
    certificate = certificate_with(x509.DNSName("a.example"), x509.DNSName("b.example"))
    assert authenticates(certificate, "a.example")
    assert authenticates(certificate, "b.example")
    assert not authenticates(certificate, "c.example")


def test_a_certificate_that_cannot_be_read_speaks_for_nobody(unreadable_certificate: x509.Certificate) -> None:
    with pytest.raises(CredentialError):
        provider_domains(unreadable_certificate)
    assert not authenticates(unreadable_certificate, "a.example")


def test_only_a_provider_domain_can_be_authenticated(certificate_with: CertificateWith) -> None:
    with pytest.raises(IdentifierError):
        authenticates(certificate_with(x509.DNSName("*.a.example")), "*.a.example")
