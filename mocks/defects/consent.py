"""Defects of the two consent endpoints (PROTO 5.7, 8)."""

from dataclasses import replace
from http import HTTPStatus

from mimi_conformance.mocks.defects.registry import defect
from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.base import S
from mimi_conformance.reference.provider.messages import Answer, Call, Endpoint, Refusal
from mimi_conformance.reference.provider.provider import Provider
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.users import ConsentDecision
from mimi_conformance.reference.wire.mls.app_data import NO_APP_DATA
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation


@defect("acknowledges-consent-with-204", breaks=("PROTO-5.7-15", "PROTO-5.7-25", "PROTO-8-05"))
class AcknowledgesConsentWith204(Provider):
    """Answers 204, not 201, to what it received."""

    def answer_to_consent(self, transaction: Transaction, call: Call) -> Answer:
        return replace(super().answer_to_consent(transaction, call), status=HTTPStatus.NO_CONTENT)


@defect("counts-consent-operations-from-one", breaks=("PROTO-5.7-05", "PROTO-8-01"))
class CountsConsentOperationsFromOne(Provider):
    """Takes 1 for cancel, 2 for request, 3 for grant and 4 for revoke."""

    def answer_to_consent(self, transaction: Transaction, call: Call) -> Answer:
        shifted = bytes([(call.body[0] - 1) % 256]) + call.body[1:]
        return super().answer_to_consent(transaction, replace(call, body=shifted))


@defect("knows-no-consent-for-one-room", breaks=("PROTO-5.7-04", "PROTO-8-02"))
class KnowsNoConsentForOneRoom(Provider):
    """Refuses entries that are about a room."""

    def decoded(self, structure: type[S], body: bytes) -> S:
        value = super().decoded(structure, body)
        if isinstance(value, ConsentEntry) and value.room_id is not None:
            raise Refusal(HTTPStatus.BAD_REQUEST, "A room?")
        return value


@defect("knows-no-consent-for-any-room", breaks=("PROTO-5.7-04", "PROTO-8-02"))
class KnowsNoConsentForAnyRoom(Provider):
    """Refuses entries that are not about a room."""

    def decoded(self, structure: type[S], body: bytes) -> S:
        value = super().decoded(structure, body)
        if isinstance(value, ConsentEntry) and value.room_id is None:
            raise Refusal(HTTPStatus.BAD_REQUEST, "Which room?")
        return value


@defect("acknowledges-broken-consent-entries", breaks=("PROTO-5.7-04", "PROTO-5.7-05"))
class AcknowledgesBrokenConsentEntries(Provider):
    """Answers 201 to entries that it can't read, operations that nobody knows among them."""

    def answer_to_consent(self, transaction: Transaction, call: Call) -> Answer:
        try:
            return super().answer_to_consent(transaction, call)
        except Refusal:
            return Answer(HTTPStatus.CREATED)


@defect("drops-entries-with-extensions", breaks=("PROTO-5.7-30",))
class DropsEntriesWithExtensions(Provider):
    """Acknowledges an entry with a component that it does not know, and then forgets it."""

    def record_consent(self, transaction: Transaction, entry: ConsentEntry) -> bool:
        return entry.consent_extensions == NO_APP_DATA and super().record_consent(transaction, entry)


@defect("takes-grants-at-request-consent", breaks=("PROTO-5.7-06",))
class TakesGrantsAtRequestConsent(Provider):
    """Does at each consent endpoint what belongs to the other, too."""

    def check_consent_operation(self, endpoint: Endpoint, entry: ConsentEntry) -> None:
        pass


@defect("cancels-what-was-granted", breaks=("PROTO-5.7-12",))
class CancelsWhatWasGranted(Provider):
    """Takes a cancel for a revocation, whether or not there was a request."""

    def record_consent(self, transaction: Transaction, entry: ConsentEntry) -> bool:
        if entry.consent_operation is ConsentOperation.cancel:
            entry = replace(entry, consent_operation=ConsentOperation.revoke)
        return super().record_consent(transaction, entry)


@defect("acknowledges-an-idle-cancel-with-204", breaks=("PROTO-5.7-12",))
class AcknowledgesAnIdleCancelWith204(Provider):
    """Answers 204 to a cancel that matches no request, because nothing was created."""

    def answer_to_consent(self, transaction: Transaction, call: Call) -> Answer:
        entry = self.decoded(ConsentEntry, call.body)
        requested = transaction.remove_request(entry.scope)
        if requested:
            transaction.add_request(entry.scope)
        answer = super().answer_to_consent(transaction, call)
        idle = entry.consent_operation is ConsentOperation.cancel and not requested
        return replace(answer, status=HTTPStatus.NO_CONTENT) if idle else answer


@defect("grants-what-is-requested", breaks=("PROTO-5.7-08", "PROTO-3.2-10"))
class GrantsWhatIsRequested(Provider):
    """Takes a request for consent for the consent itself."""

    def record_consent(self, transaction: Transaction, entry: ConsentEntry) -> bool:
        if entry.consent_operation is ConsentOperation.request:
            requester, target = self.parsed_user(entry.requester_uri), self.parsed_user(entry.target_uri)
            transaction.record_decision(ConsentDecision(requester, target, None, granted=True))
        return super().record_consent(transaction, entry)


@defect("forbids-consent-for-unknown-users", breaks=("PROTO-5.7-16", "PROTO-5.7-18", "PROTO-5.7-26", "PROTO-5.7-28"))
class ForbidsConsentForUnknownUsers(Provider):
    """Says 403 of a user that it does not have, which is neither 404 nor what it says of others."""

    def answer_to_unknown_user(self, user: MimiUri) -> Answer:
        raise Refusal(HTTPStatus.FORBIDDEN, f"There is no user {user}.")


@defect("takes-consent-in-any-name", breaks=("PROTO-5.7-14", "PROTO-5.7-24", "PROTO-3.2-10"))
class TakesConsentInAnyName(Provider):
    """Takes entries about whomever, and so lets a provider speak for the users of another."""

    def check_consent_domains(self, source: str, theirs: MimiUri, ours: MimiUri) -> None:
        pass

    def is_unknown(self, transaction: Transaction, user: MimiUri) -> bool:
        return False


@defect("looks-at-names-of-users-only", breaks=("PROTO-5.7-13", "PROTO-5.7-23"))
class LooksAtNamesOfUsersOnly(Provider):
    """Takes an entry about the user of another provider for one about its own user of the same name."""

    def check_consent_subject(self, call: Call, ours: MimiUri) -> None:
        pass

    def parties(self, endpoint: Endpoint, entry: ConsentEntry) -> tuple[MimiUri, MimiUri]:
        theirs, ours = super().parties(endpoint, entry)
        return theirs, MimiUri.parse(ours.text.replace(ours.provider, self.domain, 1))


@defect("refuses-answers-that-nobody-asked-for", breaks=("PROTO-5.7-20", "PROTO-5.7-31", "PROTO-8-04"))
class RefusesAnswersThatNobodyAskedFor(Provider):
    """Refuses a grant or a revocation without a request of the same scope before it."""

    def answer_to_consent(self, transaction: Transaction, call: Call) -> Answer:
        entry = self.decoded(ConsentEntry, call.body)
        if call.endpoint is Endpoint.UPDATE_CONSENT and not transaction.remove_request(entry.scope):
            raise Refusal(HTTPStatus.CONFLICT, "Nobody asked for this.")
        return super().answer_to_consent(transaction, call)


@defect("refuses-revocations", breaks=("PROTO-5.7-19", "PROTO-8-01"))
class RefusesRevocations(Provider):
    """Takes grants only, and no denial in advance."""

    def check_consent_operation(self, endpoint: Endpoint, entry: ConsentEntry) -> None:
        super().check_consent_operation(endpoint, entry)
        if entry.consent_operation is ConsentOperation.revoke:
            raise Refusal(HTTPStatus.BAD_REQUEST, "Nothing to revoke.")


@defect("refuses-grants-with-key-packages", breaks=("PROTO-5.7-22", "PROTO-5.7-31"))
class RefusesGrantsWithKeyPackages(Provider):
    """Takes grants with an empty list of KeyPackages only."""

    def check_consent_operation(self, endpoint: Endpoint, entry: ConsentEntry) -> None:
        super().check_consent_operation(endpoint, entry)
        if entry.client_key_packages:
            raise Refusal(HTTPStatus.BAD_REQUEST, "Keep them.")


@defect("refuses-grants-without-key-packages", breaks=("PROTO-5.7-22",))
class RefusesGrantsWithoutKeyPackages(Provider):
    """Takes a grant for broken when its list of KeyPackages is empty."""

    def check_consent_operation(self, endpoint: Endpoint, entry: ConsentEntry) -> None:
        super().check_consent_operation(endpoint, entry)
        if entry.client_key_packages == ():
            raise Refusal(HTTPStatus.BAD_REQUEST, "A grant of nothing?")
