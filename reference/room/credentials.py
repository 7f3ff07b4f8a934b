"""Whom an MLS credential stands for: a client and its user, or a server (AMB-024, AMB-142)."""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from mimi_conformance.reference.identity.certificate import provider_domains
from mimi_conformance.reference.identity.credential import ClientIdentity, CredentialMapping
from mimi_conformance.reference.identity.domain import provider_domain
from mimi_conformance.reference.identity.errors import CredentialError, IdentifierError
from mimi_conformance.reference.identity.uri import IdentifierType, MimiUri
from mimi_conformance.reference.mls.crypto.signature_scheme import signature_public_key
from mimi_conformance.reference.wire.mls.credential import Credential


def client_identity(credential: Credential, mapping: CredentialMapping) -> ClientIdentity:
    """The user and the client that a member's credential stands for (AMB-024).

    Raises:
        CredentialError: it stands for nobody, or it is of a kind that names nobody.

    """
    if credential.identity is not None:
        return mapping.identify_basic(credential.identity)
    if credential.certificates is not None:
        return mapping.identify_x509([certificate.cert_data for certificate in credential.certificates])
    if credential.pseudonymous is not None:
        pseudonyms = credential.pseudonymous.user_pseudonym, credential.pseudonymous.client_pseudonym
        try:
            user, client = (MimiUri.parse(pseudonym.uri) for pseudonym in pseudonyms)
        except IdentifierError as error:
            raise CredentialError(f"a pseudonym is no identifier: {error}") from error
        return ClientIdentity(user, client)
    raise CredentialError(f"a credential of type {credential.credential_type.name} names no client here")


def server_domains(credential: Credential) -> tuple[str, ...]:
    """The domains of the providers that a server's credential names: none for that of a client (AMB-142).

    A basic credential is the provider's URI, or its domain; an x509 one holds domains as dNSNames.
    """
    if credential.identity is not None:
        text = credential.identity.decode("latin-1")
        try:
            uri = MimiUri(text)
        except IdentifierError:
            return (text,) if _is_domain(text) else ()
        return (uri.provider,) if uri.type is IdentifierType.PROVIDER else ()
    try:
        certificate = _end_entity(credential)
        return () if certificate is None else tuple(filter(_is_domain, provider_domains(certificate)))
    except CredentialError:
        return ()


def server_domain(credential: Credential, hub: str) -> str:
    """The domain that a server's credential stands for here: the hub's, if it names that; empty if it names none."""
    domains = server_domains(credential)
    return hub if hub in domains else next(iter(domains), "")


def certified_key(credential: Credential) -> bytes | None:
    """The MLS signature key that a credential is for; None for a basic one, which is for any.

    Raises:
        CredentialError: the certificate, or its key, cannot be read.

    """
    if credential.pseudonymous is not None:
        return credential.pseudonymous.signature_public_key
    certificate = _end_entity(credential)
    if certificate is None:
        return None
    try:
        key = signature_public_key(certificate.public_key())
    except (ValueError, UnsupportedAlgorithm) as error:
        raise CredentialError(f"the certificate's key cannot be read: {error}") from error
    if key is None:
        raise CredentialError("the certificate's key is none that MLS signs with")
    return key


def _is_domain(text: str) -> bool:
    try:
        provider_domain(text)
    except IdentifierError:
        return False
    return True


def _end_entity(credential: Credential) -> x509.Certificate | None:
    if not credential.certificates:
        return None
    try:
        return x509.load_der_x509_certificate(credential.certificates[0].cert_data)
    except ValueError as error:
        raise CredentialError(f"the certificate cannot be read: {error}") from error
