"""requestConsent and updateConsent (mimi-protocol-06, section 5.7)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, optional
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataDictionary
from mimi_conformance.reference.wire.mls.key_package import KeyPackage
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.structure import Struct


class ConsentOperation(Enumeration):
    """What happens to a user's consent (mimi-protocol-06, section 5.7)."""

    cancel = 0
    request = 1
    grant = 2
    revoke = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentEntry(Struct):
    """The body of both consent endpoints (mimi-protocol-06, section 5.7).

    The drafts never declare `RoomId`; it is an IdentifierUri (AMB-112).
    """

    consent_operation: ConsentOperation
    requester_uri: IdentifierUri
    target_uri: IdentifierUri
    room_id: optional[IdentifierUri] = None
    client_key_packages: Annotated[tuple[KeyPackage, ...] | None, When("consent_operation", ConsentOperation.grant)] = (
        None
    )
    consent_extensions: AppDataDictionary = NO_APP_DATA

    @property
    def scope(self) -> "ConsentScope":
        """Whose consent this is about, for whom and where."""
        return ConsentScope.taken_from(self)


@dataclass(frozen=True, slots=True)
class ConsentScope(Struct):
    """Whose consent, for whom and where: what makes two entries the same matter (mimi-protocol-06, section 5.7)."""

    requester_uri: IdentifierUri
    target_uri: IdentifierUri
    room_id: optional[IdentifierUri] = None
