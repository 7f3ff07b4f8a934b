"""Defects in how identifier queries are read and answered (PROTO 5.8)."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.provider.messages import Answer, Call
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.query_policy import Condition
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.users import User
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA
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

SOMEBODY = (IdentifierUri.of("mimi://a.example/u/somebody"),)
NOTHING = Answer(HTTPStatus.OK)


class Answering(Provider):
    """Answers queries in another way; the class that derives from this one says which."""

    def identifier_response(
        self, transaction: Transaction, source: str, conditions: tuple[Condition, ...]
    ) -> IdentifierResponse:
        return self.other(super().identifier_response(transaction, source, conditions))

    def other(self, response: IdentifierResponse) -> IdentifierResponse:
        """What is answered instead."""
        raise NotImplementedError


@defect("answers-long-queries-with-nothing", breaks=("PROTO-5.8-03", "PROTO-5.8-30"))
class AnswersLongQueriesWithNothing(Provider):
    """Answers queries of more than one element with an empty body."""

    def answer_to_identifier_query(self, transaction: Transaction, call: Call) -> Answer:
        answer = super().answer_to_identifier_query(transaction, call)
        conditions = self.conditions(call.body)
        return NOTHING if conditions is not None and len(conditions) > 1 else answer


@defect("knows-no-search-in-vcards", breaks=("PROTO-5.8-04", "PROTO-5.8-06"))
class KnowsNoSearchInVcards(Provider):
    """Answers queries with an element of type 8, which has a property name, with an empty body."""

    def answer_to_identifier_query(self, transaction: Transaction, call: Call) -> Answer:
        answer = super().answer_to_identifier_query(transaction, call)
        types = [condition.type for condition in self.conditions(call.body) or ()]
        return NOTHING if SearchIdentifierType.vcard_field in types else answer


@defect("answers-without-extensions", breaks=("PROTO-5.8-17",))
class AnswersWithoutExtensions(Provider):
    """Leaves the extension dictionary out of a response."""

    def answer_to_identifier_query(self, transaction: Transaction, call: Call) -> Answer:
        answer = super().answer_to_identifier_query(transaction, call)
        return replace(answer, body=answer.body.removesuffix(NO_APP_DATA.encode()))


@defect("answers-not-found-with-nothing", breaks=("PROTO-5.8-30",))
class AnswersNotFoundWithNothing(Provider):
    """Answers with an empty body when nobody is found."""

    def answer_to_identifier_query(self, transaction: Transaction, call: Call) -> Answer:
        answer = super().answer_to_identifier_query(transaction, call)
        code = IdentifierResponse.decode(answer.body).response_code
        return NOTHING if code is IdentifierQueryCode.not_found else answer


@defect("counts-query-codes-from-one", breaks=("PROTO-5.8-19",))
class CountsQueryCodesFromOne(Answering):
    """Says 1 for success, 2 for notFound and so on."""

    def other(self, response: IdentifierResponse) -> IdentifierResponse:
        return replace(response, response_code=IdentifierQueryCode((response.response_code + 1) % 5))


@defect("succeeds-without-names", breaks=("PROTO-5.8-17", "PROTO-5.8-20"))
class SucceedsWithoutNames(Answering):
    """Says success, and does not say who was found."""

    def other(self, response: IdentifierResponse) -> IdentifierResponse:
        return IdentifierResponse(response.response_code)


@defect("always-succeeds", breaks=("PROTO-5.8-20",))
class AlwaysSucceeds(Answering):
    """Says success, also when nobody was found."""

    def other(self, response: IdentifierResponse) -> IdentifierResponse:
        return replace(response, response_code=IdentifierQueryCode.success)


@defect("names-somebody-in-any-case", breaks=("PROTO-5.8-21", "PROTO-5.8-22", "PROTO-5.8-23", "PROTO-5.8-24"))
class NamesSomebodyInAnyCase(Answering):
    """Names somebody whatever the code says."""

    def other(self, response: IdentifierResponse) -> IdentifierResponse:
        return replace(response, uri=response.uri or SOMEBODY)


@defect("returns-strangers-as-well", breaks=("PROTO-5.8-18",))
class ReturnsStrangersAsWell(Answering):
    """Names one user more than were found."""

    def other(self, response: IdentifierResponse) -> IdentifierResponse:
        return replace(response, uri=response.uri + SOMEBODY)


@defect("mixes-up-names-and-values", breaks=("PROTO-5.8-25",))
class MixesUpNamesAndValues(Provider):
    """Puts the value of a profile field where its name belongs."""

    def shared_profile(self, user: User) -> UserProfile:
        profile = super().shared_profile(user)
        mixed_up = (
            ProfileField(each.field_source, each.field_value.decode(), each.field_name.encode())
            for each in profile.fields
        )
        return replace(profile, fields=tuple(mixed_up))


@defect("calls-every-field-a-claim", breaks=("PROTO-5.8-26",))
class CallsEveryFieldAClaim(Provider):
    """Gives OpenID Connect as the source of vCard properties, too."""

    def shared_profile(self, user: User) -> UserProfile:
        profile = super().shared_profile(user)
        return replace(
            profile, fields=tuple(replace(each, field_source=FieldSource.oidc_std_claim) for each in profile.fields)
        )


@defect("answers-a-query-once", breaks=("PROTO-5.8-02",))
class AnswersAQueryOnce(Provider):
    """Finds nobody when it is asked the same again."""

    def __init__(self, *values: Any) -> None:
        super().__init__(*values)
        self._answered: set[tuple[Condition, ...]] = set()

    def matches(self, user: User, conditions: tuple[Condition, ...]) -> bool:
        matches = super().matches(user, conditions) and conditions not in self._answered
        if matches:
            self._answered.add(conditions)
        return matches


@defect("does-not-read-extended-queries", breaks=("PROTO-5.8-28",))
class DoesNotReadExtendedQueries(Provider):
    """Takes a component that it does not know for a field that it does not support."""

    def conditions(self, body: bytes) -> tuple[Condition, ...] | None:
        conditions = super().conditions(body)
        extended = conditions is not None and IdentifierRequest.decode(body).id_request_extensions != NO_APP_DATA
        return None if extended else conditions


@defect("searches-for-other-providers", breaks=("PROTO-5.8-29",))
class SearchesForOtherProviders(Provider):
    """Answers queries whatever domain the path names."""

    def check_queried_domain(self, call: Call) -> None:
        pass


@defect("reads-queries-as-latin-1", breaks=("PROTO-5.8-27",))
class ReadsQueriesAsLatin1(Provider):
    """Takes the octets of a query for Latin-1."""

    def condition(self, element: QueryElement) -> Condition:
        name = element.claim_name or element.property_name or b""
        return Condition(element.search_type, element.search_value.decode("latin-1"), name.decode("latin-1"))
