"""identifierQuery (mimi-protocol-06, section 5.8)."""

from dataclasses import dataclass
from typing import Annotated

from mimi_conformance.reference.wire.declaration import When, opaque, string
from mimi_conformance.reference.wire.enumerations import Enumeration
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA, AppDataDictionary
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.structure import Struct


class SearchIdentifierType(Enumeration):
    """What a query element looks at (mimi-protocol-06, section 5.8)."""

    handle = 1
    nick = 2
    email = 3
    phone = 4
    partial_name = 5
    whole_profile = 6
    oidc_std_claim = 7
    vcard_field = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryElement(Struct):
    """One condition of a query; the draft's `select(type)` means `search_type` (mimi-protocol-06, section 5.8)."""

    search_type: SearchIdentifierType
    claim_name: Annotated[opaque | None, When("search_type", SearchIdentifierType.oidc_std_claim)] = None
    property_name: Annotated[opaque | None, When("search_type", SearchIdentifierType.vcard_field)] = None
    search_value: opaque


@dataclass(frozen=True, slots=True)
class IdentifierRequest(Struct):
    """A query, all of whose elements must match (mimi-protocol-06, section 5.8)."""

    query_elements: tuple[QueryElement, ...]
    id_request_extensions: AppDataDictionary = NO_APP_DATA


class IdentifierQueryCode(Enumeration):
    """How a query went (mimi-protocol-06, section 5.8)."""

    success = 0
    not_found = 1
    ambiguous = 2
    forbidden = 3
    unsupported_field = 4


class FieldSource(Enumeration):
    """Which vocabulary names a profile field (mimi-protocol-06, section 5.8)."""

    oidc_std_claim = 7
    vcard_field = 8


@dataclass(frozen=True, slots=True)
class ProfileField(Struct):
    """One field of a found user's profile (mimi-protocol-06, section 5.8)."""

    field_source: FieldSource
    field_name: string
    field_value: opaque


@dataclass(frozen=True, slots=True)
class UserProfile(Struct):
    """A found user and the fields it shares (mimi-protocol-06, section 5.8)."""

    stable_uri: IdentifierUri
    fields: tuple[ProfileField, ...]


@dataclass(frozen=True, slots=True)
class IdentifierResponse(Struct):
    """The answer to a query (mimi-protocol-06, section 5.8)."""

    response_code: IdentifierQueryCode
    uri: tuple[IdentifierUri, ...] = ()
    found_profiles: tuple[UserProfile, ...] = ()
    id_response_extensions: AppDataDictionary = NO_APP_DATA
