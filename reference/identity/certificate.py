"""Which provider a TLS certificate authenticates (PROTO 4.1, RFC 6125 and its successor RFC 9525).

Whether the chain leads to a trusted root, is in its time and allows the usage is TLS's business; here is only the
comparison of names. It looks at dNSName entries of the subjectAltName and nowhere else: the common name has
not counted since RFC 9525.
"""

from functools import lru_cache
from typing import Final

from cryptography import x509

from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.errors import CredentialError, IdentifierError

_WILDCARD: Final = "*."


def subject_alternative_names(certificate: x509.Certificate) -> x509.SubjectAlternativeName | None:
    """The subjectAltName extension of a certificate, or None.

    Raises:
        CredentialError: the extensions of the certificate cannot be read.
    """
    try:
        return certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise CredentialError(f"the certificate's extensions cannot be read: {error}") from error


def provider_domains(certificate: x509.Certificate) -> tuple[str, ...]:
    """The domains in a certificate's subjectAltName, in lower case; wildcards stay as they are (``*.example``).

    Raises:
        CredentialError: the extensions of the certificate cannot be read.
    """
    names = subject_alternative_names(certificate)
    return () if names is None else tuple(name.lower() for name in names.get_values_for_type(x509.DNSName))


@lru_cache(maxsize=1024)  # every request of a peer shows the same one
def authenticates(certificate: x509.Certificate, domain: str) -> bool:
    """Whether a certificate speaks for the provider at a domain.

    A wildcard stands for exactly one label, has to be the whole left-most label, and stands nowhere else. A
    certificate whose extensions cannot be read speaks for nobody.

    Raises:
        IdentifierError: ``domain`` is no provider domain.
    """
    provider_domain(domain)
    try:
        presented = provider_domains(certificate)
    except CredentialError:
        return False
    return any(_matches(name, domain) for name in presented)


def _matches(presented: str, domain: str) -> bool:
    try:
        if not presented.startswith(_WILDCARD):
            return provider_domain(presented) == domain
        parent = provider_domain(presented.removeprefix(_WILDCARD))
    except IdentifierError:
        return False  # a wildcard in another place, an IP address, something that is no name at all
    return domain.partition(".")[2] == parent
