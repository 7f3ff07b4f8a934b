"""Which user and which client an MLS credential stands for (AMB-024).

The drafts leave it open. Taken here: the identity of a basic credential is the client's URI, and an x509
credential carries client and user as URIs in the subjectAltName of its first certificate. A client URI of two
segments, ``/d/alice/ClientA1``, names its user; for one of a single segment somebody has to know, and the caller
hands that knowledge in. An explicit user URI in a certificate wins over the client URI's first segment: in
draft-mahy-mimi-identity's own example the two differ.

Signatures and trust are not looked at; these functions read names.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509

from mimi_conformance.reference.identity.certificate import subject_alternative_names
from mimi_conformance.reference.identity.errors import CredentialError, IdentifierError
from mimi_conformance.reference.identity.uri import SCHEME, IdentifierType, MimiUri

UserOfClient = Callable[[MimiUri], MimiUri | None]
"""Knows the user of a client whose URI does not say, or returns None."""


def nobody_knows(_client: MimiUri) -> MimiUri | None:
    """The `UserOfClient` of somebody who has never heard of any client."""
    return None


@dataclass(frozen=True, slots=True)
class ClientIdentity:
    """Whom a credential stands for.

    Attributes:
        user: the user, under the real name or a pseudonym.
        client: the client; None when the credential names the user only and a setting allows that. Such
            clients are told apart by their signature keys.
    """

    user: MimiUri
    client: MimiUri | None


@dataclass(frozen=True, slots=True)
class CredentialMapping:
    """How credentials are turned into users and clients.

    Attributes:
        user_of_client: asked for the user of a client whose URI has a single segment.
        accept_user_alone: whether a credential may name the user instead of the client.
    """

    user_of_client: UserOfClient = nobody_knows
    accept_user_alone: bool = False

    def identify_basic(self, identity: bytes) -> ClientIdentity:
        """Whom a basic credential stands for (RFC 9420 5.3).

        Args:
            identity: the ``identity`` field of the credential.

        Raises:
            CredentialError: it names nobody, or somebody else's kind.
        """
        return self._identify([_parse(identity)])

    def identify_x509(self, certificates: Sequence[bytes]) -> ClientIdentity:
        """Whom an x509 credential stands for (RFC 9420 5.3).

        Args:
            certificates: the DER bytes of each certificate of the credential, that of the client first.

        Raises:
            CredentialError: it names nobody, several clients, several users, or cannot be read.
        """
        if not certificates:
            raise CredentialError("the x509 credential holds no certificate")
        try:
            certificate = x509.load_der_x509_certificate(certificates[0])
        except ValueError as error:
            raise CredentialError(f"the first certificate of the x509 credential cannot be read: {error}") from error
        names = subject_alternative_names(certificate)
        uris = [] if names is None else names.get_values_for_type(x509.UniformResourceIdentifier)
        return self._identify([_parse(uri) for uri in uris if uri.lower().startswith(SCHEME)])

    def _identify(self, uris: list[MimiUri]) -> ClientIdentity:
        clients = [uri for uri in uris if uri.type is IdentifierType.CLIENT]
        users = [uri for uri in uris if uri.names_user]
        for kind, found in (("client", clients), ("user", users)):
            if len(found) > 1:
                raise CredentialError(f"the credential names more than one {kind}: {_listed(found)}")
        if not clients:
            if users and self.accept_user_alone:
                return ClientIdentity(users[0], None)
            raise CredentialError(f"the credential names no client; its MIMI URIs are: {_listed(uris) or 'none'}")
        [client] = clients
        user = users[0] if users else client.user_of_client() or self.user_of_client(client)
        if user is None:
            raise CredentialError(f"the credential names the client {client}, and its user is unknown")
        if user.provider != client.provider:
            raise CredentialError(f"the client {client} and the user {user} belong to different providers")
        return ClientIdentity(user, client)


def _parse(text: str | bytes) -> MimiUri:
    try:
        return MimiUri.parse(text)
    except IdentifierError as error:
        raise CredentialError(f"the credential holds something that is no identifier: {error}") from error


def _listed(uris: Sequence[MimiUri]) -> str:
    return ", ".join(map(str, uris))


DEFAULT_MAPPING: Final = CredentialMapping()
"""The reading that the reference takes, for somebody who knows no clients."""
