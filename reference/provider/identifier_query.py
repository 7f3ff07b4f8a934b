"""identifierQuery: finding a user of ours by what is known about them (PROTO 5.8). Reads, never writes."""

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import unquote

from mimi_conformance.reference.provider.base import ProviderBase
from mimi_conformance.reference.provider.messages import Answer, Call, Refusal
from mimi_conformance.reference.provider.query_policy import Condition
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.users import ProfileEntry, User
from mimi_conformance.reference.wire.errors import DecodeError
from mimi_conformance.reference.wire.protocol.common import IdentifierUri
from mimi_conformance.reference.wire.protocol.identifier import (
    FieldSource,
    IdentifierQueryCode,
    IdentifierRequest,
    IdentifierResponse,
    ProfileField,
    QueryElement,
    SearchIdentifierType,
    UserProfile,
)

OIDC_NAME_CLAIMS = frozenset({"name", "given_name", "family_name", "middle_name", "nickname"})
VCARD_NAME_PROPERTIES = frozenset({"FN", "N", "NICKNAME"})
SOURCES = {
    SearchIdentifierType.oidc_std_claim: FieldSource.oidc_std_claim,
    SearchIdentifierType.vcard_field: FieldSource.vcard_field,
}


class IdentifierQueryEndpoint(ProviderBase):
    """Answers for identifierQuery."""

    def answer_to_identifier_query(self, transaction: Transaction, call: Call) -> Answer:
        """200 with an IdentifierResponse, whatever its code (AMB-116)."""
        self.check_queried_domain(call)
        conditions = self.conditions(call.body)
        if conditions is None:
            response = IdentifierResponse(IdentifierQueryCode.unsupported_field)
        else:
            response = self.identifier_response(transaction, call.source, conditions)
        return Answer(HTTPStatus.OK, response.encode())

    def check_queried_domain(self, call: Call) -> None:
        """Refuse a query for users of another provider (AMB-011).

        Raises:
            Refusal: 404.

        """
        if call.subject != self.domain:
            raise Refusal(HTTPStatus.NOT_FOUND, f"{call.subject} is not served here, but {self.domain} is.")

    def conditions(self, body: bytes) -> tuple[Condition, ...] | None:
        """What a query asks; None when it uses a search type that nobody knows, after which it can't be read (AMB-118).

        Raises:
            Refusal: 400, it can't be read.

        """
        try:
            request = IdentifierRequest.decode(body)
        except DecodeError as error:
            # The type is an element's first octet, so the fault can only be its value.
            if error.path.endswith("].search_type"):
                return None
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The body is no IdentifierRequest: {error}.") from error
        self.check_extensions(request.id_request_extensions)
        return tuple(self.condition(element) for element in request.query_elements)

    def condition(self, element: QueryElement) -> Condition:
        """An element of a query as text.

        Raises:
            Refusal: 400, the value or name is not UTF-8.

        """
        name = element.claim_name or element.property_name or b""
        try:
            return Condition(element.search_type, element.search_value.decode(), name.decode())
        except UnicodeDecodeError as error:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"A query element is not UTF-8: {error}.") from error

    def identifier_response(
        self, transaction: Transaction, source: str, conditions: tuple[Condition, ...]
    ) -> IdentifierResponse:
        """What the provider at ``source`` is told."""
        policy = self.settings.query_policy
        objection = policy.objection(source, conditions)
        if objection is not None:
            return IdentifierResponse(objection)
        found = tuple(user for user in transaction.users() if self.matches(user, conditions))
        if not found:
            return IdentifierResponse(IdentifierQueryCode.not_found)
        if policy.too_many(conditions, len(found)):
            return IdentifierResponse(IdentifierQueryCode.ambiguous)
        return IdentifierResponse(
            IdentifierQueryCode.success,
            tuple(IdentifierUri.of(user.uri.text) for user in found),
            tuple(profile for user in found if (profile := self.shared_profile(user)).fields),
        )

    def matches(self, user: User, conditions: tuple[Condition, ...]) -> bool:
        """Whether every condition finds the user; no conditions find nobody (AMB-118)."""
        return not user.deleted and bool(conditions) and all(self.meets(user, condition) for condition in conditions)

    def meets(self, user: User, condition: Condition) -> bool:
        """Whether one condition finds the user, as far as the user lets it."""
        return condition.type in user.search_types and any(
            self.entry_meets(entry, condition) for entry in self.searchable(user)
        )

    def searchable(self, user: User) -> Iterable[ProfileEntry]:
        """The profile entries that the user lets queries look at."""
        return (entry for entry in user.profile if entry.searchable)

    def entry_meets(self, entry: ProfileEntry, condition: Condition) -> bool:
        """Whether a profile entry is what a condition looks for, by the rule of its search type."""
        match condition.type:
            case SearchIdentifierType.nick:
                return condition.value in self.nicks(entry)
            case SearchIdentifierType.partial_name:
                return self.is_name(entry) and condition.value.casefold() in entry.value.casefold()
            case SearchIdentifierType.whole_profile:
                return condition.value in entry.value
            case _:
                return (
                    entry.type is condition.type
                    and self.same_name(entry, condition)
                    and (entry.value == condition.value)
                )

    def nicks(self, entry: ProfileEntry) -> tuple[str, ...]:
        """What an entry lets a nick search find: a nickname, or the user part of a handle."""
        match entry.type:
            case SearchIdentifierType.nick:
                return (entry.value,)
            case SearchIdentifierType.handle:
                return (user_part(entry.value),)
            case _:
                return ()

    def is_name(self, entry: ProfileEntry) -> bool:
        """Whether an entry holds the name of a person, or a part of it."""
        match entry.type:
            case SearchIdentifierType.nick:
                return True
            case SearchIdentifierType.oidc_std_claim:
                return entry.name in OIDC_NAME_CLAIMS
            case SearchIdentifierType.vcard_field:
                return entry.name.upper() in VCARD_NAME_PROPERTIES
            case _:
                return False

    def same_name(self, entry: ProfileEntry, condition: Condition) -> bool:
        """Whether both mean the same claim or property; vCard properties have no case (RFC 6350, 3.3)."""
        if entry.type is SearchIdentifierType.vcard_field:
            return entry.name.upper() == condition.name.upper()
        return entry.name == condition.name

    def shared_profile(self, user: User) -> UserProfile:
        """The fields that the user shows to whoever finds them."""
        return UserProfile(
            IdentifierUri.of(user.uri.text),
            tuple(
                ProfileField(SOURCES[entry.type], entry.name, entry.value.encode())
                for entry in user.profile
                if entry.shared and entry.type in SOURCES
            ),
        )


def user_part(handle: str) -> str:
    """The part of a handle URI that names the user: ``im:alice.smith@a.example`` and ``mimi://a.example/u/alice.smith``.

    What is no such URI is a user part as a whole.
    """
    if handle.startswith("mimi://"):
        return unquote(handle.rpartition("/")[2])
    _, _, address = handle.rpartition(":")
    return unquote(address.partition("@")[0])
