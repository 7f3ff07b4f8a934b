"""requestConsent and updateConsent, and what consent there is (PROTO 5.7, 8)."""

from http import HTTPStatus

from mimi_conformance.reference.identity.uri import MimiUri
from mimi_conformance.reference.provider.base import ProviderBase
from mimi_conformance.reference.provider.inbox import DeliveryKind
from mimi_conformance.reference.provider.messages import Answer, Call, Endpoint, Refusal
from mimi_conformance.reference.provider.storage import Transaction
from mimi_conformance.reference.provider.users import ConsentDecision
from mimi_conformance.reference.wire.protocol.consent import ConsentEntry, ConsentOperation

OPERATIONS = {
    Endpoint.REQUEST_CONSENT: (ConsentOperation.request, ConsentOperation.cancel),
    Endpoint.UPDATE_CONSENT: (ConsentOperation.grant, ConsentOperation.revoke),
}


class ConsentEndpoint(ProviderBase):
    """Answers for both consent endpoints.

    At requestConsent the requester is the sender's user and the target ours; at updateConsent it is the other way
    round.
    """

    def answer_to_consent(self, transaction: Transaction, call: Call) -> Answer:
        """201 says that the entry was received, not that anybody saw it (AMB-009)."""
        entry = self.decoded(ConsentEntry, call.body)
        self.check_extensions(entry.consent_extensions)
        self.check_consent_operation(call.endpoint, entry)
        theirs, ours = self.parties(call.endpoint, entry)
        if entry.room_id is not None:
            self.parsed_room(entry.room_id)
        self.check_consent_subject(call, ours)
        self.check_consent_domains(call.source, theirs, ours)
        if self.is_unknown(transaction, ours):
            return self.answer_to_unknown_user(ours)
        if self.record_consent(transaction, entry):
            self.deliver_consent(transaction, call, ours)
        return Answer(HTTPStatus.CREATED)

    def check_consent_operation(self, endpoint: Endpoint, entry: ConsentEntry) -> None:
        """Refuse an operation that belongs to the other endpoint (AMB-108).

        Raises:
            Refusal: 400.

        """
        if entry.consent_operation not in OPERATIONS[endpoint]:
            raise Refusal(HTTPStatus.BAD_REQUEST, f"{entry.consent_operation.name} is no operation of {endpoint}.")

    def parties(self, endpoint: Endpoint, entry: ConsentEntry) -> tuple[MimiUri, MimiUri]:
        """The other provider's user and ours.

        Raises:
            Refusal: 400, one of them is no URI of a user.

        """
        requester, target = self.parsed_user(entry.requester_uri), self.parsed_user(entry.target_uri)
        return (requester, target) if endpoint is Endpoint.REQUEST_CONSENT else (target, requester)

    def check_consent_subject(self, call: Call, ours: MimiUri) -> None:
        """Refuse a path that names neither our user nor our domain (AMB-011, AMB-013).

        Raises:
            Refusal: 400.

        """
        if call.subject not in (ours.text, self.domain):
            raise Refusal(HTTPStatus.BAD_REQUEST, f"The path names {call.subject}, and the body {ours}.")

    def check_consent_domains(self, source: str, theirs: MimiUri, ours: MimiUri) -> None:
        """Refuse an entry about users of anybody but the sender and ourselves (AMB-109).

        Raises:
            Refusal: 403.

        """
        for user, domain in ((theirs, source), (ours, self.domain)):
            if user.provider != domain:
                raise Refusal(HTTPStatus.FORBIDDEN, f"{user} is no user of {domain}.")

    def is_unknown(self, transaction: Transaction, user: MimiUri) -> bool:
        """Whether there is no such user, or no longer."""
        known = transaction.user(user)
        return known is None or known.deleted

    def answer_to_unknown_user(self, user: MimiUri) -> Answer:
        """404, or 201 where existence is a secret (AMB-107)."""
        if self.settings.reveal_unknown_users:
            raise Refusal(HTTPStatus.NOT_FOUND, f"There is no user {user}.")
        return Answer(HTTPStatus.CREATED)

    def record_consent(self, transaction: Transaction, entry: ConsentEntry) -> bool:
        """Remember what an entry says, whoever sent it; False when it changes nothing that a user should see.

        A decision settles the request of the same scope; a cancel without a request does nothing (AMB-113).
        """
        match entry.consent_operation:
            case ConsentOperation.request:
                return transaction.add_request(entry.scope)
            case ConsentOperation.cancel:
                return transaction.remove_request(entry.scope)
            case ConsentOperation.grant | ConsentOperation.revoke:
                transaction.remove_request(entry.scope)
                transaction.record_decision(
                    ConsentDecision(
                        requester=self.parsed_user(entry.requester_uri),
                        target=self.parsed_user(entry.target_uri),
                        room=None if entry.room_id is None else self.parsed_room(entry.room_id),
                        granted=entry.consent_operation is ConsentOperation.grant,
                    )
                )
                return True

    def deliver_consent(self, transaction: Transaction, call: Call, user: MimiUri) -> None:
        """Show an entry to every client of our user."""
        known = transaction.user(user)
        if known is not None:
            transaction.deliver(known.clients, DeliveryKind.CONSENT, call.source, None, call.body)

    def has_consent(self, transaction: Transaction, requester: MimiUri, target: MimiUri, room: MimiUri | None) -> bool:
        """Whether ``requester`` may fetch KeyPackages of ``target`` for ``room``, or for no room in particular.

        The decision for the room counts before that for any room; of the same scope, the latest (AMB-110).
        """
        decisions = {decision.room: decision.granted for decision in transaction.decisions(requester, target)}
        return decisions.get(room, decisions.get(None, False))
