"""What a room is to MLS: its clients, its components, and who may be in it (RFC 9420, section 5.3.1)."""

from dataclasses import dataclass, field

from mimi_conformance.reference.identity.credential import DEFAULT_MAPPING, CredentialMapping
from mimi_conformance.reference.identity.errors import CredentialError
from mimi_conformance.reference.mls.group.application import Application, AuthenticationService, EveryCredential
from mimi_conformance.reference.room.components.registry import room_components
from mimi_conformance.reference.room.credentials import client_identity, server_domains
from mimi_conformance.reference.wire.mls.credential import Credential
from mimi_conformance.reference.wire.mls.leaf_node import LeafNode


@dataclass(frozen=True, slots=True)
class RoomAuthentication(AuthenticationService):
    """Believes credentials that name a client and its user, or a server, if somebody else believes them, too.

    Attributes:
        mapping: how credentials name clients and users.
        trust: says whose they are.

    """

    mapping: CredentialMapping = DEFAULT_MAPPING
    trust: AuthenticationService = field(default_factory=EveryCredential)

    def accepts(self, credential: Credential, signature_key: bytes) -> bool:
        """Whether the credential names somebody, and belongs to the owner of the key."""
        return self._names_somebody(credential) and self.trust.accepts(credential, signature_key)

    def accepts_successor(self, old: Credential, new: Credential) -> bool:
        """Whether both name the same client of the same user (PROTO 7.5)."""
        try:
            same = client_identity(old, self.mapping) == client_identity(new, self.mapping)
        except CredentialError:
            return False
        return same and self.trust.accepts_successor(old, new)

    def _names_somebody(self, credential: Credential) -> bool:
        if server_domains(credential):
            return True
        try:
            client_identity(credential, self.mapping)
        except CredentialError:
            return False
        return True


def room_application(
    mapping: CredentialMapping = DEFAULT_MAPPING,
    trust: AuthenticationService | None = None,
    maximum_lifetime: int = 2**64,
) -> Application:
    """The application of one room's MLS group. Each room has one of its own, which remembers its participant list.

    Args:
        mapping: how credentials name clients and users.
        trust: which credentials are to be believed; every one that names somebody, without it.
        maximum_lifetime: how long a KeyPackage may be valid in all, in seconds.

    """

    def client_of(leaf_node: LeafNode) -> bytes | None:
        try:
            client = client_identity(leaf_node.credential, mapping).client
        except CredentialError:
            return None
        return None if client is None else bytes(client)

    return Application(
        components=room_components(),
        authentication=RoomAuthentication(mapping, trust or EveryCredential()),
        client_of=client_of,
        maximum_lifetime=maximum_lifetime,
        dictionary_by_update_only=True,
    )
